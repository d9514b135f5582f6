"""Runs a ranker graph the way serving does: one thread, tables as inputs; and says what the optimiser made of it."""

import collections
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from shortlist_models.ranker.rows import FeatureLayout

BATCH = 4096


def session(model: onnx.ModelProto, optimised: Path | None = None) -> ort.InferenceSession:
    """A sequential single-thread CPU session, as in serving; `optimised` receives the graph that really runs."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    if optimised:
        options.optimized_model_filepath = str(optimised)
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def feeds(features: np.ndarray, layout: FeatureLayout) -> dict[str, np.ndarray]:
    """Graph inputs for rows [K, F], each row with its own table entries."""
    items, users = len(layout.item), len(layout.user)
    index = np.arange(features.shape[0], dtype=np.int32)
    return {
        "item_features": np.ascontiguousarray(features[:, :items]),
        "user_features": np.ascontiguousarray(features[:, items : items + users]),
        "cross_features": np.ascontiguousarray(features[:, items + users :]),
        "item_rows": index,
        "request_index": index,
    }


def predict(model: onnx.ModelProto, features: np.ndarray, layout: FeatureLayout) -> np.ndarray:
    """logits float32 [R, 2]."""
    running = session(model)
    parts = [
        running.run(None, feeds(features[at : at + BATCH], layout))[0] for at in range(0, features.shape[0], BATCH)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)


def optimised_operators(model: onnx.ModelProto) -> dict[str, int]:
    """Operator histogram of the graph after ORT's optimisation: what is fused, what stayed in fp32."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimised.onnx"
        session(model, path)
        nodes = onnx.load(str(path)).graph.node
    counts = collections.Counter(f"{node.domain}.{node.op_type}".lstrip(".") for node in nodes)
    return dict(sorted(counts.items()))


def float_multiplications(operators: dict[str, int]) -> list[str]:
    """Operators of a histogram that multiply matrices in fp32; an INT8 graph must have none."""
    return [name for name in operators if name.split(".")[-1] in {"Gemm", "MatMul", "FusedGemm", "FusedMatMul"}]


def compare_speed(
    models: dict[str, onnx.ModelProto], features: np.ndarray, layout: FeatureLayout, repeats: int = 200
) -> dict[str, dict[str, float]]:
    """Microseconds per call on the given rows, the models taking turns: median, 10th and 90th percentile, minimum."""
    sessions = {name: session(model) for name, model in models.items()}
    inputs = feeds(features, layout)
    times: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(repeats + 20):
        for name, running in sessions.items():
            started = time.perf_counter()
            running.run(None, inputs)
            if turn >= 20:
                times[name].append((time.perf_counter() - started) * 1e6)
    return {
        name: {
            "median": round(float(np.median(values)), 1),
            "p10": round(float(np.percentile(values, 10)), 1),
            "p90": round(float(np.percentile(values, 90)), 1),
            "min": round(min(values), 1),
        }
        for name, values in times.items()
    }
