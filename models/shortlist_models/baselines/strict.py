"""What was known when: baselines that see other people's events only up to a moment of each actor.

A split that holds out everybody's last purchase tells of the future: what others did after the actor's own last
purchase is in the training data. With a cut-off per actor it is not. The actor's own events need none, since such
splits mask whatever the actor met.
"""

import numpy as np
import scipy.sparse as sp

from shortlist_models.exchange import Fold
from shortlist_models.sources.interactions import rank_from_end


class BuyersBefore:
    """Distinct buyers of every item before a moment."""

    def __init__(self, fold: Fold, bought: np.ndarray) -> None:
        actor, row, time = fold.actor[bought], fold.row[bought], fold.time[bought]
        # Events are in order of time: the first of a pair is when the item won this buyer.
        _, first = np.unique(actor.astype(np.int64) * max(fold.items, 1) + row, return_index=True)
        first.sort()
        self.row, self.time, self.items = row[first], time[first], fold.items

    def counts(self, cutoffs: np.ndarray) -> np.ndarray:
        """float64 [B, N] for cut-offs [B], unix seconds."""
        ends = np.searchsorted(self.time, cutoffs, side="left")
        counts = np.zeros((cutoffs.size, self.items))
        running, done = np.zeros(self.items), 0
        for at in np.argsort(ends, kind="stable"):
            np.add.at(running, self.row[done : ends[at]], 1.0)
            done = ends[at]
            counts[at] = running
        return counts


class CoVisits:
    """Pairs of items that one actor met within so many events and seconds, by when the later one was met."""

    def __init__(self, fold: Fold, steps: int, seconds: float) -> None:
        events = np.flatnonzero(fold.weight > 0)
        order = events[np.argsort(fold.actor[events], kind="stable")]
        left = rank_from_end(fold.actor[order])
        items, other, times = [], [], []
        for step in range(1, steps + 1):
            first = np.flatnonzero(left >= step)
            a, b = order[first], order[first + step]
            near = (fold.time[b] - fold.time[a] <= seconds) & (fold.row[a] != fold.row[b])
            a, b = a[near], b[near]
            items += [fold.row[a], fold.row[b]]
            other += [fold.row[b], fold.row[a]]
            times += [fold.time[b], fold.time[b]]
        item, time = np.concatenate(items), np.concatenate(times)
        by_item = np.lexsort((time, item))
        self.other, self.time = np.concatenate(other)[by_item], time[by_item]
        self.starts = np.searchsorted(item[by_item], np.arange(fold.items + 1))
        self.items = fold.items

    def counts(self, history: sp.csr_matrix, cutoffs: np.ndarray) -> np.ndarray:
        """float64 [B, N]: how often each item was met beside those of `history` [B, N] before the cut-off [B]."""
        counts = np.zeros((cutoffs.size, self.items))
        for at, cutoff in enumerate(cutoffs):
            for item in history.indices[history.indptr[at] : history.indptr[at + 1]]:
                start, end = self.starts[item], self.starts[item + 1]
                known = start + np.searchsorted(self.time[start:end], cutoff, side="left")
                np.add.at(counts[at], self.other[start:known], 1.0)
        return counts
