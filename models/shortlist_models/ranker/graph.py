"""The ranker as an ONNX graph, built node by node. Resident tables are inputs: the graph gathers what it needs."""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shortlist_models.ranker.rows import FeatureLayout
from shortlist_models.ranker.train import TrainedRanker

OPSET = 17
IR_VERSION = 9
SCALE, BIAS, RAW = "calibration_scale", "calibration_bias", "logits_raw"


@dataclass(frozen=True)
class Calibration:
    """Per head (click, conversion): logits = scale * raw + bias."""

    scale: np.ndarray  # float32 [2]
    bias: np.ndarray  # float32 [2]

    @staticmethod
    def identity() -> "Calibration":
        return Calibration(np.ones(2, np.float32), np.zeros(2, np.float32))


def build_graph(trained: TrainedRanker, layout: FeatureLayout, clip: float) -> onnx.ModelProto:
    """item_features [N, Di], user_features [B, Du], cross_features [K, Dc], item_rows, request_index int32 [K] ->
    logits f32 [K, 2]: Gather, Concat, z-score, clip, three Gemms with ReLU between, calibration."""
    model, scaler = trained.model, trained.scaler
    constants = {
        "feature_mean": scaler.mean,
        "feature_inverse_std": (1.0 / scaler.std).astype(np.float32),
        "clip_low": np.float32(-clip),
        "clip_high": np.float32(clip),
        SCALE: np.ones(2, np.float32),
        BIAS: np.zeros(2, np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["item_features", "item_rows"], ["item_part"], "gather_items", axis=0),
        helper.make_node("Gather", ["user_features", "request_index"], ["user_part"], "gather_users", axis=0),
        helper.make_node("Concat", ["item_part", "user_part", "cross_features"], ["features"], "concat", axis=1),
        helper.make_node("Sub", ["features", "feature_mean"], ["centred"], "centre"),
        helper.make_node("Mul", ["centred", "feature_inverse_std"], ["scaled"], "scale"),
        helper.make_node("Clip", ["scaled", "clip_low", "clip_high"], ["clipped"], "clip"),
    ]
    source = "clipped"
    for name, layer in (("hidden1", model.hidden1), ("hidden2", model.hidden2), ("heads", model.heads)):
        # [in, out], so that Gemm needs no transpose and per-channel scales run over axis 1.
        constants[f"{name}_weight"] = np.ascontiguousarray(layer.weight.detach().numpy().T)
        constants[f"{name}_bias"] = layer.bias.detach().numpy()
        output = RAW if name == "heads" else f"{name}_sum"
        nodes.append(helper.make_node("Gemm", [source, f"{name}_weight", f"{name}_bias"], [output], name))
        if name != "heads":
            source = f"{name}_out"
            nodes.append(helper.make_node("Relu", [output], [source], f"{name}_relu"))
    nodes += [
        helper.make_node("Mul", [RAW, SCALE], ["logits_scaled"], "calibrate_scale"),
        helper.make_node("Add", ["logits_scaled", BIAS], ["logits"], "calibrate_bias"),
    ]
    inputs = [
        helper.make_tensor_value_info("item_features", TensorProto.FLOAT, ["N", len(layout.item)]),
        helper.make_tensor_value_info("user_features", TensorProto.FLOAT, ["B", len(layout.user)]),
        helper.make_tensor_value_info("cross_features", TensorProto.FLOAT, ["K", len(layout.cross)]),
        helper.make_tensor_value_info("item_rows", TensorProto.INT32, ["K"]),
        helper.make_tensor_value_info("request_index", TensorProto.INT32, ["K"]),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["K", 2])]
    initializers = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "ranker", inputs, outputs, initializers)
    built = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="shortlist"
    )
    onnx.checker.check_model(built, full_check=True)
    return built


def with_calibration(model: onnx.ModelProto, calibration: Calibration) -> onnx.ModelProto:
    """A copy of the graph with its two calibration constants replaced."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for constant in changed.graph.initializer:
        if constant.name == SCALE:
            constant.CopyFrom(numpy_helper.from_array(calibration.scale, SCALE))
        elif constant.name == BIAS:
            constant.CopyFrom(numpy_helper.from_array(calibration.bias, BIAS))
    return changed


def multiply_adds(model: onnx.ModelProto) -> int:
    """Multiply-adds per row in the Gemm layers."""
    shapes = {constant.name: tuple(constant.dims) for constant in model.graph.initializer}
    return sum(int(np.prod(shapes[node.input[1]])) for node in model.graph.node if node.op_type == "Gemm")
