"""Ranking and probability metrics of one scoring of the held-out rows."""

import numpy as np

from shortlist_models.ranker.calibration import calibration_error, sigmoid
from shortlist_models.ranker.rows import Rows

TOP = 10
HEADS = ("click", "conversion")


def auc(scores: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float | None:
    """Weighted share of (positive, negative) pairs in the right order, ties half; None for one class only."""
    values, inverse = np.unique(scores, return_inverse=True)
    positive = np.bincount(inverse, weight * labels, values.size)
    negative = np.bincount(inverse, weight * (1 - labels), values.size)
    pairs = positive.sum() * negative.sum()
    if pairs == 0:
        return None
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / pairs)


def logloss(probabilities: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float:
    p = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return float(-(weight * (labels * np.log(p) + (1 - labels) * np.log1p(-p))).sum() / weight.sum())


def ranks_in_lists(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """0 for the highest value of its list; ties by row order. int64 [R]."""
    lists = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    order = np.lexsort((-values, lists))
    ranks = np.empty(values.size, np.int64)
    ranks[order] = np.arange(values.size) - offsets[:-1][lists]
    return ranks


def ndcg(values: np.ndarray, rows: Rows) -> np.ndarray:
    """NDCG@10 of every list: gain 1 for a conversion, or for a click in lists without conversion; NaN where neither."""
    lists = rows.list_of_row()
    conversions = np.bincount(lists, rows.labels[:, 1], rows.lists)
    gain = np.where(conversions[lists] > 0, rows.labels[:, 1], rows.labels[:, 0])
    rank = ranks_in_lists(values, rows.offsets)
    discount = 1.0 / np.log2(np.arange(TOP) + 2)
    gained = np.where(rank < TOP, gain * discount[np.minimum(rank, TOP - 1)], 0.0)
    relevant = np.bincount(lists, gain, rows.lists).astype(int)
    ideal = np.concatenate(([np.nan], np.cumsum(discount)))[np.minimum(relevant, TOP)]
    return np.bincount(lists, gained, rows.lists) / ideal


def top_overlap(first: np.ndarray, second: np.ndarray, offsets: np.ndarray) -> float:
    """Mean over lists longer than 10 of the share of rows that both orders put into the top 10; 1 if none is."""
    lists = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    both = (ranks_in_lists(first, offsets) < TOP) & (ranks_in_lists(second, offsets) < TOP)
    long = np.diff(offsets) > TOP
    return float((np.bincount(lists, both, offsets.size - 1)[long] / TOP).mean()) if long.any() else 1.0


def describe(logits: np.ndarray, rows: Rows, values: np.ndarray) -> dict:
    """AUC, logloss and ECE per head, NDCG@10 over lists with a positive."""
    per_list = ndcg(values, rows)
    judged = per_list[np.isfinite(per_list)]
    result: dict = {
        "ndcg10": float(judged.mean()) if judged.size else None,
        "ndcg10StandardError": float(judged.std(ddof=1) / np.sqrt(judged.size)) if judged.size > 1 else None,
    }
    for head, name in enumerate(HEADS):
        p, y = sigmoid(logits[:, head]), rows.labels[:, head]
        result[name] = {
            "auc": auc(logits[:, head], y, rows.weight),
            "logloss": logloss(p, y, rows.weight),
            "ece": calibration_error(p, y, rows.weight),
            "meanProbability": float(np.average(p, weights=rows.weight)),
            "meanLabel": float(np.average(y, weights=rows.weight)),
        }
    return result
