"""`fit-ranker`: train, quantise, calibrate, compare on held-out lists, refit; writes ranker/ with graphs and report."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import onnx

from shortlist_models.errors import CodedError
from shortlist_models.exchange import write_json
from shortlist_models.ranker.calibration import calibration_error, fit_platt, sigmoid
from shortlist_models.ranker.graph import Calibration, build_graph, multiply_adds, with_calibration
from shortlist_models.ranker.inference import compare_speed, optimised_operators, predict
from shortlist_models.ranker.metrics import HEADS, describe, top_overlap
from shortlist_models.ranker.quantise import quantise
from shortlist_models.ranker.rows import FeatureLayout, Rows, read_layout, read_rows, split_held_out
from shortlist_models.ranker.settings import RankerSettings
from shortlist_models.ranker.train import TrainedRanker, train_ranker

SPEED_ROWS = 500


def fit_ranker(run: Path, settings: RankerSettings, seed: int) -> dict:
    """Fits the ranker of the run in `run`; returns what ranker.json holds.

    Errors: training_input_*, training_data_missing, training_data_too_small.
    """
    layout = read_layout(run)
    rows, folds = read_rows(run, layout, settings.rowsMax, seed)
    _require_enough(rows, settings)
    trained_lists, held_out_lists = split_held_out(rows, settings.heldOutShare)
    training, held_out = rows.take_lists(trained_lists), rows.take_lists(held_out_lists)
    _require_enough(training, settings, part="training part")
    print(f"ranker: {training.lists} lists for training, {held_out.lists} held out", file=sys.stderr)
    trained = train_ranker(training, held_out, settings, seed)
    graphs = _both_precisions(trained, training, layout, settings, seed)
    calibrations, report = _calibrate_and_compare(graphs, held_out, layout, settings, seed)
    if settings.refit:
        trained = dataclasses.replace(
            train_ranker(rows, None, settings, seed, epochs=trained.epochs), report=trained.report
        )
        graphs = _both_precisions(trained, rows, layout, settings, seed)
    graphs = {name: with_calibration(graph, calibrations[name]) for name, graph in graphs.items()}
    out = run / "ranker"
    out.mkdir(exist_ok=True)
    for name, graph in graphs.items():
        onnx.save(graph, str(out / f"ranker.{name}.onnx"))
    result = {
        "featureHash": layout.hash,
        "dims": {"item": len(layout.item), "user": len(layout.user), "cross": len(layout.cross)},
        "multiplyAddsPerRow": multiply_adds(graphs["fp32"]),
        "rows": {"training": training.features.shape[0], "heldOut": held_out.features.shape[0]},
        "lists": {"training": training.lists, "heldOut": held_out.lists},
        "positives": {"click": int(rows.labels[:, 0].sum()), "conversion": int(rows.labels[:, 1].sum())},
        "folds": folds,
        "refit": settings.refit,
        "bestEpoch": trained.epochs,
        "training": trained.report,
        **report,
        "calibration": {
            name: {"scale": calibration.scale.tolist(), "bias": calibration.bias.tolist()}
            for name, calibration in calibrations.items()
        },
        "operators": {name: optimised_operators(graph) for name, graph in graphs.items()},
        "speedMicroseconds": {"rows": SPEED_ROWS, **compare_speed(graphs, _speed_rows(held_out), layout)},
        "constantFeatures": [
            name for name, flat in zip(layout.names, np.ptp(rows.features, axis=0) == 0, strict=True) if flat
        ],
        "parameters": dataclasses.asdict(settings),
        "seed": seed,
    }
    write_json(out / "ranker.json", result)
    _print_summary(result)
    return result


def _require_enough(rows: Rows, settings: RankerSettings, part: str = "rows") -> None:
    positive = rows.labels.max(axis=1) > 0 if rows.labels.size else np.zeros(0, bool)
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if rows.lists < settings.listsMin or positives < settings.positivesMin or negatives < settings.positivesMin:
        raise CodedError(
            "training_data_too_small",
            model="ranker",
            needed=f"{settings.listsMin} lists, {settings.positivesMin} positive and as many negative rows",
            have=f"{rows.lists} lists, {positives} positive and {negatives} negative rows in the {part}",
        )


def _both_precisions(
    trained: TrainedRanker, rows: Rows, layout: FeatureLayout, settings: RankerSettings, seed: int
) -> dict[str, onnx.ModelProto]:
    """The uncalibrated fp32 graph and its INT8 twin, ranges from rows that the model was trained on."""
    count = rows.features.shape[0]
    sample = np.random.default_rng(seed).choice(count, min(settings.calibrationRows, count), replace=False)
    fp32 = build_graph(trained, layout, settings.clip)
    return {"fp32": fp32, "int8": quantise(fp32, rows.features[np.sort(sample)], layout, settings.reduceRange)}


def _calibrate_and_compare(
    graphs: dict[str, onnx.ModelProto], held_out: Rows, layout: FeatureLayout, settings: RankerSettings, seed: int
) -> tuple[dict[str, Calibration], dict]:
    """Calibrates each precision on held-out lists. The report's figures come from lists the calibration did not see."""
    half = np.random.default_rng(seed).permutation(held_out.lists)
    checked = held_out.take_lists(np.sort(half[: held_out.lists // 2]))
    fitted = held_out.take_lists(np.sort(half[held_out.lists // 2 :]))
    calibrations, report, values = {}, {}, {}
    for name, graph in graphs.items():
        logits = predict(graph, checked.features, layout)
        honest = _platt(predict(graph, fitted.features, layout), fitted)
        calibrated = logits * honest.scale + honest.bias
        p = sigmoid(calibrated)
        values[name] = p[:, 0] * settings.clickValue + p[:, 1] * settings.conversionValue
        report[name] = describe(calibrated, checked, values[name])
        for head, label in enumerate(HEADS):
            before = calibration_error(sigmoid(logits[:, head]), checked.labels[:, head], checked.weight)
            report[name][label]["eceBefore"] = before
        # What ships is fitted on every held-out row.
        calibrations[name] = _platt(predict(graph, held_out.features, layout), held_out)
    fp32, int8 = report["fp32"]["ndcg10"], report["int8"]["ndcg10"]
    report["comparison"] = {
        "ndcg10Change": (int8 - fp32) / fp32 if fp32 and int8 is not None else None,
        "top10Overlap": top_overlap(values["fp32"], values["int8"], checked.offsets),
        "loglossChange": {head: report["int8"][head]["logloss"] - report["fp32"][head]["logloss"] for head in HEADS},
    }
    return calibrations, report


def _platt(logits: np.ndarray, rows: Rows) -> Calibration:
    fits = [fit_platt(logits[:, head], rows.labels[:, head], rows.weight) for head in range(len(HEADS))]
    scale, bias = zip(*fits, strict=True)
    return Calibration(np.array(scale, np.float32), np.array(bias, np.float32))


def _speed_rows(rows: Rows) -> np.ndarray:
    return np.resize(rows.features, (SPEED_ROWS, rows.features.shape[1]))


def _print_summary(result: dict) -> None:
    for name in ("fp32", "int8"):
        heads = {
            head: {key: round(value, 4) for key, value in result[name][head].items() if value is not None}
            for head in HEADS
        }
        print(f"ranker {name}: ndcg10 {result[name]['ndcg10']}, {heads}", file=sys.stderr)
    print(f"ranker int8 against fp32: {result['comparison']}", file=sys.stderr)
    print(f"ranker speed: {result['speedMicroseconds']}", file=sys.stderr)
