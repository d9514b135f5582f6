"""Decayed trending and popularity: the sources that always work and need no vectors."""

import numpy as np
import pyarrow as pa

from shortlist_models.exchange import DAY_S, Fold

WINDOWS = {"7d": (7.0, 0.3), "30d": (30.0, 0.1)}  # name: (days looked at, lambda per day)
OVERALL_MAX = 1000
CATEGORY_MAX = 200


def trending_scores(fold: Fold, days: float, decay_per_day: float) -> np.ndarray:
    """float64 [N]: sum over the window's events of weight * exp(-lambda * age in days)."""
    age_days = (fold.until_s - fold.time) / DAY_S
    inside = age_days <= days
    weight = fold.weight[inside] * np.exp(-decay_per_day * age_days[inside])
    return np.bincount(fold.row[inside], weights=weight, minlength=fold.items)


def popularity_scores(fold: Fold) -> np.ndarray:
    """float64 [N]: an actor counts once per item, by its strongest event (purchases only: distinct buyers)."""
    keep = fold.weight > 0
    key = fold.actor[keep].astype(np.int64) * max(fold.items, 1) + fold.row[keep]
    weight = fold.weight[keep] / fold.weight[keep].max(initial=1e-9)
    distinct, inverse = np.unique(key, return_inverse=True)
    strongest = np.zeros(distinct.size)
    np.maximum.at(strongest, inverse, weight)
    return np.bincount(distinct % max(fold.items, 1), weights=strongest, minlength=fold.items)


def trending_columns(fold: Fold) -> dict[str, pa.Array | np.ndarray]:
    """Columns of trending.arrow: window, category ('' = overall), row, score; best first within each list."""
    window, category, rows, scores = [], [], [], []

    def append(name: str, of: str, candidates: np.ndarray, score: np.ndarray, limit: int) -> None:
        candidates = candidates[score[candidates] > 0]
        best = candidates[np.lexsort((candidates, -score[candidates]))][:limit]
        window.extend([name] * best.size)
        category.extend([of] * best.size)
        rows.append(best)
        scores.append(score[best])

    by_category = [np.flatnonzero(fold.category == code) for code in range(len(fold.categories))]
    lists = {name: trending_scores(fold, days, rate) for name, (days, rate) in WINDOWS.items()}
    lists["all"] = popularity_scores(fold)
    for name, score in lists.items():
        append(name, "", np.arange(fold.items), score, OVERALL_MAX)
        for code, label in enumerate(fold.categories):
            if label:
                append(name, label, by_category[code], score, CATEGORY_MAX)
    return {
        "window": pa.array(window, pa.utf8()),
        "category": pa.array(category, pa.utf8()),
        "row": np.concatenate(rows).astype(np.int32),
        "score": np.concatenate(scores).astype(np.float32),
    }
