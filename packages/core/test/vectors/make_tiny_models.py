"""Writes the tiny ONNX models of the release tests: the signatures of real ones, a few kB each.

    .venv/bin/python packages/core/test/vectors/make_tiny_models.py

Weights are drawn from a fixed seed. Widths: 4 item, 3 user and 5 cross features; vectors of 8; metadata of 96, as in this build.
`broken/` holds models that load in ONNX Runtime and must be refused by us.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

HERE = Path(__file__).parent / "tiny-models"
ITEM, USER, CROSS, DIM, METADATA, EVENTS = 4, 3, 5, 8, 96, 50
F32, I32 = TensorProto.FLOAT, TensorProto.INT32


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=dtype), name)


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def save(path, nodes, inputs, outputs, weights):
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def ranker(path, *, item=ITEM, heads=2, logits="logits", item_rows="item_rows", scale=1.0, bias=0.0):
    random = np.random.default_rng(7)
    sizes = [item + USER + CROSS, 32, 16, heads]
    nodes = [
        helper.make_node("Gather", ["item_features", item_rows], ["item"], axis=0),
        helper.make_node("Gather", ["user_features", "request_index"], ["user"], axis=0),
        helper.make_node("Concat", ["item", "user", "cross_features"], ["x0"], axis=1),
    ]
    weights = []
    for layer, (rows, columns) in enumerate(pairwise(sizes)):
        last = layer == len(sizes) - 2
        weights += [
            tensor(f"w{layer}", random.normal(0, rows**-0.5, (rows, columns))),
            tensor(f"b{layer}", random.normal(0, 0.1, columns)),
        ]
        gemm = f"g{layer}"
        nodes.append(helper.make_node("Gemm", [f"x{layer}", f"w{layer}", f"b{layer}"], [gemm]))
        if not last:
            nodes.append(helper.make_node("Relu", [gemm], [f"x{layer + 1}"]))
    weights += [tensor("scale", np.full(heads, scale)), tensor("bias", np.full(heads, bias))]
    nodes += [
        helper.make_node("Mul", [gemm, "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], [logits]),
    ]
    inputs = [
        value("item_features", F32, ["n", item]),
        value("user_features", F32, ["b", USER]),
        value("cross_features", F32, ["k", CROSS]),
        value(item_rows, I32, ["k"]),
        value("request_index", I32, ["k"]),
    ]
    save(path, nodes, inputs, [value(logits, F32, ["k", heads])], weights)


class Rows(CalibrationDataReader):
    def __init__(self):
        random = np.random.default_rng(11)
        feed = {
            "item_features": random.normal(size=(64, ITEM)).astype(np.float32),
            "user_features": random.normal(size=(8, USER)).astype(np.float32),
            "cross_features": random.normal(size=(512, CROSS)).astype(np.float32),
            "item_rows": random.integers(0, 64, 512).astype(np.int32),
            "request_index": random.integers(0, 8, 512).astype(np.int32),
        }
        self.feeds = iter([feed])

    def get_next(self):
        return next(self.feeds, None)


def user_tower(path, *, dim=DIM):
    random = np.random.default_rng(13)
    nodes = [
        helper.make_node("Gather", ["item_vectors", "rows"], ["events"], axis=0),
        helper.make_node("Gather", ["type_weights", "event_types"], ["by_type"], axis=0),
        helper.make_node("Mul", ["ages_s", "decay"], ["minus_age"]),
        helper.make_node("Exp", ["minus_age"], ["by_age"]),
        helper.make_node("Mul", ["by_type", "by_age"], ["weights"]),
        helper.make_node("Unsqueeze", ["weights", "axis_one"], ["row_weights"]),
        helper.make_node("MatMul", ["row_weights", "events"], ["pooled_3d"]),
        helper.make_node("Squeeze", ["pooled_3d", "axis_one"], ["pooled"]),
        helper.make_node("Gemm", ["pooled", "w", "b"], ["mapped"]),
        helper.make_node("LpNormalization", ["mapped"], ["user_vectors"], axis=1, p=2),
    ]
    weights = [
        tensor("type_weights", [0, 1, 1, 0, 3, 0, 2, 5, 0, 0, 0]),
        tensor("decay", -1e-6),
        tensor("axis_one", [1], np.int64),
        tensor("w", np.eye(dim) + random.normal(0, 0.05, (dim, dim))),
        tensor("b", random.normal(0, 0.01, dim)),
    ]
    inputs = [
        value("item_vectors", F32, ["n", dim]),
        value("rows", I32, ["b", EVENTS]),
        value("event_types", I32, ["b", EVENTS]),
        value("ages_s", F32, ["b", EVENTS]),
    ]
    save(path, nodes, inputs, [value("user_vectors", F32, ["b", dim])], weights)


def item_tower(path):
    random = np.random.default_rng(17)
    nodes = [
        helper.make_node("MatMul", ["metadata", "w"], ["mapped"]),
        helper.make_node("LpNormalization", ["mapped"], ["vectors"], axis=1, p=2),
    ]
    weights = [tensor("w", random.normal(0, 1, (METADATA, DIM)))]
    save(path, nodes, [value("metadata", F32, ["k", METADATA])], [value("vectors", F32, ["k", DIM])], weights)


def external(source, path):
    """The same ranker with one tensor moved out of the file, to a place outside the release."""
    model = onnx.load(source)
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in {"location": "../../outside.bin", "offset": "0", "length": "1536"}.items():
        weight.external_data.add(key=key, value=text)
    path.write_bytes(model.SerializeToString())


def unknown_operator(source, path):
    model = onnx.load(source)
    model.graph.node[-1].op_type = "NotAnOperator"
    path.write_bytes(model.SerializeToString())


def future_opset(source, path):
    model = onnx.load(source)
    model.opset_import[0].version = 9999
    path.write_bytes(model.SerializeToString())


def main():
    broken = HERE / "broken"
    ranker(HERE / "ranker.fp32.onnx")
    quantize_static(
        HERE / "ranker.fp32.onnx",
        HERE / "ranker.int8.onnx",
        Rows(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["Gemm"],
    )
    user_tower(HERE / "user-tower.onnx")
    item_tower(HERE / "item-tower.onnx")
    ranker(broken / "wrong-input-width.onnx", item=ITEM + 1)
    ranker(broken / "wrong-input-name.onnx", item_rows="rows")
    ranker(broken / "wrong-output-name.onnx", logits="scores")
    ranker(broken / "one-head.onnx", heads=1)
    ranker(broken / "constant.onnx", scale=0.0, bias=0.5)
    ranker(broken / "not-a-number.onnx", bias=float("nan"))
    ranker(broken / "shifted.onnx", bias=0.001)
    external(HERE / "ranker.fp32.onnx", broken / "external-data.onnx")
    unknown_operator(HERE / "ranker.fp32.onnx", broken / "unknown-operator.onnx")
    future_opset(HERE / "ranker.fp32.onnx", broken / "future-opset.onnx")
    user_tower(broken / "tower-wrong-dim.onnx", dim=DIM // 2)


if __name__ == "__main__":
    main()
