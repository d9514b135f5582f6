"""The ranker: rows of all folds -> MLP with a click and a conversion head -> calibrated fp32 and INT8 ONNX."""
