"""ONNX files of the towers, built node by node: one small file each, opset fixed, tables stay graph inputs."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from shortlist_models.exchange import DAY_S
from shortlist_models.sources.two_tower.model import ItemTower, UserTower

OPSET = 17
IR_VERSION = 9


def save_graph(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, np.ndarray],
) -> None:
    """Checks and writes one graph with its weights inside the file."""
    initializers = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="shortlist"
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def tensor(value: torch.Tensor) -> np.ndarray:
    return value.detach().cpu().numpy().astype(np.float32)


def linear(nodes: list[onnx.NodeProto], constants: dict, name: str, layer: torch.nn.Linear, source: str) -> str:
    """Appends MatMul + Add (any rank) for a torch Linear; returns the output's name."""
    constants[f"{name}.w"] = tensor(layer.weight).T
    nodes.append(helper.make_node("MatMul", [source, f"{name}.w"], [f"{name}.product"], name=f"{name}.matmul"))
    if layer.bias is None:
        return f"{name}.product"
    constants[f"{name}.b"] = tensor(layer.bias)
    nodes.append(helper.make_node("Add", [f"{name}.product", f"{name}.b"], [f"{name}.out"], name=f"{name}.add"))
    return f"{name}.out"


def normalise(nodes: list[onnx.NodeProto], constants: dict, source: str, output: str) -> None:
    """Appends source / max(|source|, 1e-6), as torch.nn.functional.normalize does."""
    constants["norm.least"] = np.float32(1e-6).reshape(1)
    nodes += [
        helper.make_node("ReduceL2", [source], ["norm.length"], axes=[1], keepdims=1),
        helper.make_node("Max", ["norm.length", "norm.least"], ["norm.safe"]),
        helper.make_node("Div", [source, "norm.safe"], [output]),
    ]


def export_item_tower(tower: ItemTower, path: Path) -> None:
    """metadata f32 [K, Dm] -> vectors f32 [K, d]: the metadata-only path, for items that training never saw."""
    if tower.metadata is None:
        raise ValueError("an item tower without metadata has no path for new items")
    first, last = tower.metadata[0], tower.metadata[2]
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {}
    hidden = linear(nodes, constants, "hidden", first, "metadata")
    nodes.append(helper.make_node("Relu", [hidden], ["hidden.relu"]))
    normalise(nodes, constants, linear(nodes, constants, "vector", last, "hidden.relu"), "vectors")
    inputs = [helper.make_tensor_value_info("metadata", TensorProto.FLOAT, ["K", first.in_features])]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["K", last.out_features])]
    save_graph(path, nodes, inputs, outputs, constants)


def export_user_tower(tower: UserTower, history: int, path: Path) -> None:
    """item_vectors [N, d], rows int32 [B, H], event_types int32 [B, H], ages_s [B, H] -> user_vectors [B, d]."""
    dim = tower.empty_vector.shape[0]
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {
        "type_bias": tensor(tower.type_bias.weight)[:, 0],
        "seconds_to_days": np.float32(1 / DAY_S).reshape(1),
        "one": np.float32(1).reshape(1),
        "zero": np.zeros(1, np.int32),
        "hidden_logit": np.float32(-1e9).reshape(1),
        "empty_logit": tensor(tower.empty_logit).reshape(1, 1),
        "empty_vector": tensor(tower.empty_vector).reshape(1, 1, dim),
        "axis.last": np.array([-1], np.int64),
        "axis.1": np.array([1], np.int64),
        "column.one": np.array([1], np.int64),
        "slot.shape": np.array([1, dim], np.int64),
    }

    def node(kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    node("Gather", ["item_vectors", "rows"], "history", axis=0)
    score = node("Squeeze", [linear(nodes, constants, "query", tower.query, "history"), "axis.last"], "score.query")
    bias = node("Gather", ["type_bias", "event_types"], "score.type", axis=0)
    days = node("Mul", ["ages_s", "seconds_to_days"], "days")
    node("Unsqueeze", [node("Log", [node("Add", [days, "one"], "days.plus")], "days.log"), "axis.last"], "days.column")
    node("Relu", [linear(nodes, constants, "age.hidden", tower.age[0], "days.column")], "age.relu")
    age = node("Squeeze", [linear(nodes, constants, "age.out", tower.age[2], "age.relu"), "axis.last"], "score.age")
    logits = node("Add", [node("Add", [score, bias], "score.sum"), age], "logits.raw")
    valid = node("Greater", ["event_types", "zero"], "valid")
    node("Where", [valid, logits, "hidden_logit"], "logits")
    # The learned slot is one more column of logits and one more row of vectors.
    node("Shape", ["rows"], "batch", start=0, end=1)
    node("Concat", ["batch", "column.one"], "batch.1", axis=0)
    node("Expand", ["empty_logit", "batch.1"], "empty.logits")
    node("Softmax", [node("Concat", ["logits", "empty.logits"], "logits.all", axis=1)], "weights", axis=1)
    node("Concat", ["batch", "slot.shape"], "batch.slot", axis=0)
    node("Expand", ["empty_vector", "batch.slot"], "empty.vectors")
    node("Concat", ["history", "empty.vectors"], "pool", axis=1)
    node("MatMul", [node("Unsqueeze", ["weights", "axis.1"], "weights.row"), "pool"], "pooled.row")
    pooled = node("Squeeze", ["pooled.row", "axis.1"], "pooled")
    node("Relu", [linear(nodes, constants, "mlp.hidden", tower.mlp[0], pooled)], "mlp.relu")
    moved = linear(nodes, constants, "mlp.out", tower.mlp[2], "mlp.relu")
    normalise(nodes, constants, node("Add", [pooled, moved], "moved"), "user_vectors")
    inputs = [
        helper.make_tensor_value_info("item_vectors", TensorProto.FLOAT, ["N", dim]),
        helper.make_tensor_value_info("rows", TensorProto.INT32, ["B", history]),
        helper.make_tensor_value_info("event_types", TensorProto.INT32, ["B", history]),
        helper.make_tensor_value_info("ages_s", TensorProto.FLOAT, ["B", history]),
    ]
    outputs = [helper.make_tensor_value_info("user_vectors", TensorProto.FLOAT, ["B", dim])]
    save_graph(path, nodes, inputs, outputs, constants)
