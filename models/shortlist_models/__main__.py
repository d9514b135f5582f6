"""Command line of the training half: `python -m shortlist_models <verb>`. Progress on stderr, one coded error at most.

Exit 0 done, 2 bad input or too little data (one JSON line with the code on stderr), 1 a bug.
"""

import argparse
import json
import os
import sys
import traceback
from pathlib import Path

THREADS = "SHORTLIST_TRAIN_THREADS"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="shortlist_models", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, purpose in (
        ("fit-sources", "fit every retrieval source of one fold"),
        ("fit-ranker", "fit, quantise and calibrate the ranker of one run"),
        ("baselines", "ranked lists of the baselines for given actors"),
    ):
        command = verbs.add_parser(verb, help=purpose)
        command.add_argument("--run" if verb == "fit-ranker" else "--fold", type=Path, required=True, dest="directory")
        command.add_argument("--config", help="JSON object, or @file, over the defaults")
        command.add_argument("--seed", type=int, default=1)
        if verb == "baselines":
            command.add_argument("--request", type=Path, required=True)
            command.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    # Set before numpy and torch load; two threads by default, since a laptop serves while it trains.
    threads = os.environ.get(THREADS, str(min(2, os.cpu_count() or 1)))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, threads)
    # Threads that spin while they wait made training many times slower beside other busy processes. PyTorch's can be
    # told to sleep; numpy's cannot, and two of them took six times the processor time of one for iALS' small solves.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from shortlist_models.errors import CodedError

    try:
        _run(options)
    except CodedError as error:
        return _fail(2, error.code, str(error), error.details)
    except Exception as error:
        traceback.print_exc()
        return _fail(1, "internal", f"{type(error).__name__}: {error}", {})
    return 0


def _run(options: argparse.Namespace) -> None:
    # Imported here: argument errors and --help answer at once, without loading torch.
    from shortlist_models.config import apply, parse_json

    overrides = parse_json(options.config)
    if options.verb == "fit-sources":
        from shortlist_models.sources.fit import fit_sources
        from shortlist_models.sources.settings import SourceSettings

        fit_sources(options.directory, apply(SourceSettings(), overrides), options.seed)
    elif options.verb == "fit-ranker":
        from shortlist_models.ranker.fit import fit_ranker
        from shortlist_models.ranker.settings import RankerSettings

        fit_ranker(options.directory, apply(RankerSettings(), overrides), options.seed)
    else:
        from shortlist_models.baselines.run import run_baselines

        run_baselines(options.directory, options.request, options.out, overrides, options.seed)


def _fail(status: int, code: str, message: str, details: dict) -> int:
    error = {"code": code, "message": message, "details": {name: str(value) for name, value in details.items()}}
    print(json.dumps({"error": error}), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
