"""`baselines`: ranked lists of every asked-for system and mode for the actors of a request."""

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from shortlist_models.baselines.systems import KNOW_CUTOFFS, SYSTEMS, BaselineSettings, Data, UnavailableError
from shortlist_models.config import apply
from shortlist_models.errors import CodedError
from shortlist_models.exchange import read_fold, read_json, write_table

BLOCK_SCORES = 20_000_000  # scores held at once: 160 MB
# What a mode leaves out of an actor's lists.
MODES = ("all", "new-only", "untouched")


def run_baselines(directory: Path, request_path: Path, out: Path, overrides: dict, seed: int) -> dict[str, str]:
    """Writes `out` (system utf8, mode utf8, actor int32, rows list<int32>, best first); returns why systems are absent.

    Request: `{actors: [int], cutoffs?: [unix seconds], systems?: [name], modes?: [name], top?: 100}`. An actor is a
    number of the fold's events, or -1 for somebody without history. Modes: `all` ranks everything, `new-only` leaves
    out what the actor bought, `untouched` whatever the actor met. `cutoffs`, one for each actor: other people's events
    from then on are unknown; only KNOW_CUTOFFS can be asked for so. Every list is filled up with the most popular; ties
    too go by popularity.
    Errors: training_input_*, training_config_invalid.
    """
    fold = read_fold(directory)
    request = read_json(request_path)
    actors = np.asarray(request.get("actors", []), dtype=np.int64)
    names = _known("systems", request.get("systems", list(SYSTEMS)), SYSTEMS)
    modes = _known("modes", request.get("modes", ["all"]), MODES)
    top = int(request.get("top", 100))
    if actors.size and (actors.min() < -1 or actors.max() >= fold.actors):
        raise CodedError(
            "training_input_invalid", file=str(request_path), reason=f"actors lie in -1..{fold.actors - 1}"
        )
    data = Data(fold, apply(BaselineSettings(), overrides), seed)
    _set_cutoffs(data, request, actors, names)
    masks = {"all": None, "new-only": data.owned, "untouched": data.touched}
    reasons: dict[str, str] = {}
    columns: dict[str, list] = {"system": [], "mode": [], "actor": [], "rows": []}
    for name in names:
        started = time.monotonic()
        try:
            scorer = SYSTEMS[name](data)
        except UnavailableError as reason:
            reasons[name] = str(reason)
            print(f"{name}: absent, {reason}", file=sys.stderr)
            continue
        block = max(1, BLOCK_SCORES // max(fold.items, 1))
        for at in range(0, actors.size, block):
            part = actors[at : at + block]
            # -1 is the last row of every matrix: no history.
            history = np.where(part < 0, fold.actors, part)
            scores = scorer(history)
            for mode in modes:
                columns["rows"] += ranked(scores, masks[mode], history, data.tie_order, top)
                columns["system"] += [name] * part.size
                columns["mode"] += [mode] * part.size
                columns["actor"].append(part)
        print(f"{name}: {actors.size} actors in {time.monotonic() - started:.1f} s", file=sys.stderr)
    flat = np.concatenate([np.zeros(0, np.int32), *columns["rows"]]).astype(np.int32)
    offsets = np.concatenate(([0], np.cumsum([rows.size for rows in columns["rows"]]))).astype(np.int32)
    write_table(
        out,
        {
            "system": pa.array(columns["system"], pa.utf8()),
            "mode": pa.array(columns["mode"], pa.utf8()),
            "actor": np.concatenate([np.zeros(0, np.int32), *columns["actor"]]).astype(np.int32),
            "rows": pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat)),
        },
    )
    return reasons


def _set_cutoffs(data: Data, request: dict, actors: np.ndarray, names: list[str]) -> None:
    if "cutoffs" not in request:
        return
    blind = [name for name in names if name not in KNOW_CUTOFFS]
    if blind:
        raise CodedError("training_config_invalid", setting="cutoffs", reason=f"{', '.join(blind)} cannot follow them")
    cutoffs = np.asarray(request["cutoffs"], np.float64)
    if cutoffs.shape != actors.shape:
        reason = f"{cutoffs.size} cut-offs for {actors.size} actors"
        raise CodedError("training_config_invalid", setting="cutoffs", reason=reason)
    data.cutoffs[actors] = cutoffs


def ranked(
    scores: np.ndarray, mask: sp.csr_matrix | None, actors: np.ndarray, tie_order: np.ndarray, top: int
) -> list[np.ndarray]:
    """The `top` best rows of each score vector [B, N], masked ones left out, equal scores in `tie_order`."""
    lists = []
    position = np.empty_like(tie_order)
    position[tie_order] = np.arange(tie_order.size)
    for line, actor in zip(scores, actors, strict=True):
        values = line[tie_order].astype(np.float64)
        if mask is not None:
            values[position[mask.indices[mask.indptr[actor] : mask.indptr[actor + 1]]]] = -np.inf
        k = min(top, values.size)
        least = np.partition(values, values.size - k)[values.size - k]
        above = np.flatnonzero(values > least)
        level = np.flatnonzero(values == least)[: k - above.size]
        chosen = np.concatenate([above, level])
        chosen = chosen[values[chosen] > -np.inf]
        # Stable over ascending positions: equal scores keep the tie order.
        chosen = np.sort(chosen)
        lists.append(tie_order[chosen[np.argsort(-values[chosen], kind="stable")]].astype(np.int32))
    return lists


def _known(field: str, names: list[str], known: object) -> list[str]:
    unknown = [name for name in names if name not in known]
    if unknown:
        reason = f"unknown {', '.join(map(str, unknown))}; known are {', '.join(known)}"
        raise CodedError("training_config_invalid", setting=field, reason=reason)
    return names
