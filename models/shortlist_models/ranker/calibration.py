"""Platt calibration of each head: p = sigmoid(scale * logit + bias), folded into the graph after quantisation."""

import numpy as np

POSITIVES_MIN = 20  # fewer in the calibration rows: the head's logits stay as they are


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(logits.astype(np.float64), -60, 60)))


def fit_platt(logits: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """(scale > 0, bias) of lowest weighted logloss, by Newton steps. logits, labels, weight: [R].

    Source: Platt, "Probabilistic Outputs for Support Vector Machines" (1999), without its label smoothing, which
    thousands of rows do not need.
    """
    x, y, w = (values.astype(np.float64) for values in (logits, labels, weight))
    if y.sum() < POSITIVES_MIN or (1 - y).sum() < POSITIVES_MIN:
        return 1.0, 0.0
    scale, bias = 1.0, 0.0
    w = w / w.sum()
    for _ in range(50):
        p = sigmoid(scale * x + bias)
        gradient = np.array([(w * (p - y) * x).sum(), (w * (p - y)).sum()])
        curve = w * p * (1 - p)
        hessian = np.array([[(curve * x * x).sum(), (curve * x).sum()], [(curve * x).sum(), curve.sum()]])
        step = np.linalg.solve(hessian + 1e-9 * np.eye(2), gradient)
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-12))
        scale, bias = scale - step[0], bias - step[1]
        if np.abs(step).max() < 1e-8:
            break
    # A head whose logits order rows the wrong way must not be turned round silently: it keeps its order.
    return (float(scale), float(bias)) if scale > 1e-3 else (1.0, 0.0)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, weight: np.ndarray, bins: int = 15) -> float:
    """ECE: weighted mean of |mean label - mean probability| over bins of equal row count."""
    order = np.argsort(probabilities, kind="stable")
    error = 0.0
    for part in np.array_split(order, bins):
        if part.size:
            w = weight[part].astype(np.float64)
            error += abs((w * (labels[part] - probabilities[part])).sum())
    return float(error / weight.sum(dtype=np.float64))
