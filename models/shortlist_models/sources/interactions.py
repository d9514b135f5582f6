"""Who met what, how much and when last: the actor x item matrix that every collaborative method starts from."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shortlist_models.exchange import DAY_S, Fold


@dataclass(frozen=True)
class Pairs:
    """Distinct (actor, row) pairs, sorted by actor then by last event time. `weight` is the sum of decayed weights."""

    actor: np.ndarray  # int32 [P]
    row: np.ndarray  # int32 [P]
    weight: np.ndarray  # float64 [P]
    last_s: np.ndarray  # float64 [P]

    def take(self, keep: np.ndarray) -> "Pairs":
        return Pairs(self.actor[keep], self.row[keep], self.weight[keep], self.last_s[keep])


def decay(age_s: np.ndarray, half_life_days: float) -> np.ndarray:
    """0.5^(age / half-life); a half-life of 0 means no decay."""
    if half_life_days == 0:
        return np.ones_like(age_s)
    return np.exp2(-age_s / (half_life_days * DAY_S))


def collect_pairs(fold: Fold, half_life_days: float) -> Pairs:
    """Events of interest (weight > 0) summed per actor and item; the strongest event type present weighs 1.

    Ages count from the newest event, not from the cut-off: a shop whose data is old decays no further for that.
    """
    keep = fold.weight > 0
    actor, row, time = fold.actor[keep], fold.row[keep], fold.time[keep]
    weight = fold.weight[keep].astype(np.float64) / fold.weight_scale
    weight = weight * decay(time.max(initial=0.0) - time, half_life_days)
    key, inverse = np.unique(actor.astype(np.int64) * max(fold.items, 1) + row, return_inverse=True)
    last_s = np.full(key.size, -np.inf)
    np.maximum.at(last_s, inverse, time)
    pair_actor = (key // max(fold.items, 1)).astype(np.int32)
    pair_row = (key % max(fold.items, 1)).astype(np.int32)
    order = np.lexsort((pair_row, last_s, pair_actor))
    summed = np.bincount(inverse, weights=weight, minlength=key.size)
    return Pairs(pair_actor[order], pair_row[order], summed[order], last_s[order])


def rank_from_end(actor: np.ndarray) -> np.ndarray:
    """For entries grouped by actor (equal actors adjacent): 0 for an actor's last entry, 1 for the one before, ..."""
    if actor.size == 0:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate(([True], actor[1:] != actor[:-1])))
    lengths = np.diff(np.append(starts, actor.size))
    ends = np.repeat(starts + lengths, lengths)
    return ends - 1 - np.arange(actor.size)


def bound(pairs: Pairs, actors_max: int, items_per_actor: int) -> Pairs:
    """Each actor's most recent items, and the most recently active actors with at least two items."""
    pairs = pairs.take(rank_from_end(pairs.actor) < items_per_actor)
    if pairs.actor.size == 0:
        return pairs
    counts = np.bincount(pairs.actor)
    active = np.flatnonzero(counts >= 2)
    if active.size > actors_max:
        latest = np.full(counts.size, -np.inf)
        np.maximum.at(latest, pairs.actor, pairs.last_s)
        active = active[np.argsort(-latest[active], kind="stable")[:actors_max]]
    wanted = np.zeros(counts.size, bool)
    wanted[active] = True
    return pairs.take(wanted[pairs.actor])


def to_matrix(pairs: Pairs, items: int) -> sp.csr_matrix:
    """float64 [actors present, items]; actors are renumbered 0.. in ascending order."""
    _, actor = np.unique(pairs.actor, return_inverse=True)
    actors = int(actor.max(initial=-1)) + 1
    return sp.csr_matrix((pairs.weight, (actor, pairs.row)), shape=(actors, items))
