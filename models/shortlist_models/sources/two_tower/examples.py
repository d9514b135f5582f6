"""Training examples: one per event of interest, with the history that was known strictly before it."""

from dataclasses import dataclass

import numpy as np

from shortlist_models.exchange import DAY_S, Fold

STRICT_SHARE_MIN = 0.05  # fewer targets than this with an earlier event: the data has no usable order


@dataclass(frozen=True)
class Examples:
    """Events grouped by actor in time order, and for each target the slice of them that is its history."""

    row: np.ndarray  # int32 [E]
    type: np.ndarray  # uint8 [E]
    time: np.ndarray  # float64 [E]
    target: np.ndarray  # int64 [T], index into the event arrays
    start: np.ndarray  # int64 [T], history = events start..end-1, of which the last are used
    end: np.ndarray  # int64 [T]
    repeated: np.ndarray  # bool [T], the actor had met the target item before
    ordered: bool  # False: times carry no order, histories are the actor's other events


def build_examples(fold: Fold) -> Examples:
    """Targets are events of interest with at least one event strictly earlier, so that baskets never leak.

    Where the data has no order (all of an actor's events at one time, as in a set of check-ins), the history is the
    actor's other events; `gather_history` leaves the target item out of it.
    """
    keep = fold.weight > 0
    order = np.argsort(fold.actor[keep], kind="stable")
    actor, row, kind, time = (values[keep][order] for values in (fold.actor, fold.row, fold.type, fold.time))
    count = actor.size
    index = np.arange(count)
    new_actor = np.ones(count, bool)
    new_actor[1:] = actor[1:] != actor[:-1]
    new_time = new_actor.copy()
    new_time[1:] |= time[1:] != time[:-1]
    actor_start = np.maximum.accumulate(np.where(new_actor, index, 0))
    same_time_start = np.maximum.accumulate(np.where(new_time, index, 0))
    strict = same_time_start > actor_start
    ordered = bool(strict.mean() >= STRICT_SHARE_MIN) if count else True
    if ordered:
        target = np.flatnonzero(strict)
        start, end = actor_start[target], same_time_start[target]
    else:
        starts = np.flatnonzero(new_actor)
        sizes = np.diff(np.append(starts, count))
        target = np.flatnonzero(np.repeat(sizes > 1, sizes))
        start, end = actor_start[target], np.repeat(starts + sizes, sizes)[target]
    return Examples(row, kind, time, target, start, end, _repeated(actor, row, fold.items)[target], ordered)


def _repeated(actor: np.ndarray, row: np.ndarray, items: int) -> np.ndarray:
    _, first = np.unique(actor.astype(np.int64) * max(items, 1) + row, return_index=True)
    repeated = np.ones(actor.size, bool)
    repeated[first] = False
    return repeated


def gather_history(
    examples: Examples, chosen: np.ndarray, length: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Histories of the chosen examples, most recent first: rows int64, types int64 (0 = padding), ages in days.

    Each [B, length]. Ages count from the target's time. Unordered data: a random part of the actor's other events.
    """
    start, end = examples.start[chosen], examples.end[chosen]
    target = examples.target[chosen]
    offset = np.arange(1, length + 1)[None, :]
    if examples.ordered:
        at = end[:, None] - offset
        valid = at >= start[:, None]
    else:
        size = (end - start)[:, None]
        shift = random.integers(0, size)
        at = start[:, None] + (shift + offset) % size
        valid = offset <= size
    at = np.where(valid, at, 0)
    rows = examples.row[at]
    if not examples.ordered:
        valid &= rows != examples.row[target][:, None]
    types = np.where(valid, examples.type[at], 0)
    ages = np.where(valid, np.maximum(examples.time[target][:, None] - examples.time[at], 0), 0) / DAY_S
    return np.where(valid, rows, 0).astype(np.int64), types.astype(np.int64), ages.astype(np.float32)
