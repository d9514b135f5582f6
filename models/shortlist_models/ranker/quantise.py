"""Static INT8: U8 activations, S8 weights per output channel, QDQ format, on the MLP's nodes only."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from shortlist_models.ranker.graph import RAW
from shortlist_models.ranker.inference import feeds, float_multiplications, optimised_operators
from shortlist_models.ranker.rows import FeatureLayout

READ_ROWS = 500


class _Reader(CalibrationDataReader):
    def __init__(self, features: np.ndarray, layout: FeatureLayout) -> None:
        self.parts: Iterator = iter(
            feeds(features[at : at + READ_ROWS], layout) for at in range(0, features.shape[0], READ_ROWS)
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.parts, None)


def quantise(
    model: onnx.ModelProto, features: np.ndarray, layout: FeatureLayout, reduce_range: bool
) -> onnx.ModelProto:
    """INT8 twin of a ranker graph, activation ranges (MinMax) from real rows [R, F].

    The last layer keeps a float output: 256 levels over the range of all logits would tie neighbours in a list.
    A broken invariant (an fp32 matrix product left after optimisation) raises.
    """
    # onnxruntime warns about its optional pre-processing, which a graph without shapes to fold does not need.
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, str(source))
        quantize_static(
            str(source),
            str(target),
            _Reader(features, layout),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Gemm", "Relu"],
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=reduce_range,
            calibrate_method=CalibrationMethod.MinMax,
        )
        quantised = onnx.load(str(target))
    _float_output(quantised)
    onnx.checker.check_model(quantised, full_check=True)
    left = float_multiplications(optimised_operators(quantised))
    if left:
        raise RuntimeError(f"the INT8 ranker still multiplies in fp32: {left}")
    return quantised


def _float_output(model: onnx.ModelProto) -> None:
    """Removes the quantise/dequantise pair behind the last layer."""
    graph = model.graph
    heads = next(node for node in graph.node if node.name == "heads")
    quantize = next(
        node for node in graph.node if node.op_type == "QuantizeLinear" and node.input[0] == heads.output[0]
    )
    dequantize = next(
        node for node in graph.node if node.op_type == "DequantizeLinear" and node.input[0] == quantize.output[0]
    )
    heads.output[0] = RAW
    for node in graph.node:
        for at, name in enumerate(node.input):
            if name == dequantize.output[0]:
                node.input[at] = RAW
    graph.node.remove(quantize)
    graph.node.remove(dequantize)
    used = {name for node in graph.node for name in node.input}
    for constant in [constant for constant in graph.initializer if constant.name not in used]:
        graph.initializer.remove(constant)
