"""Neighbour lists (item -> its best neighbours) and the blocked sparse product that makes them in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

BLOCK_PAIRS = 20_000_000  # products held at once: about 0.5 GB


@dataclass(frozen=True)
class NeighborLists:
    """COO lists sorted by (item, score descending, neighbour); an item is never its own neighbour."""

    item: np.ndarray  # int32 [M]
    neighbor: np.ndarray  # int32 [M]
    score: np.ndarray  # float32 [M]


def concat(parts: list[NeighborLists]) -> NeighborLists:
    if not parts:
        return NeighborLists(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32))
    return NeighborLists(
        np.concatenate([part.item for part in parts]),
        np.concatenate([part.neighbor for part in parts]),
        np.concatenate([part.score for part in parts]),
    )


def top_of_coo(item: np.ndarray, neighbor: np.ndarray, score: np.ndarray, k: int) -> NeighborLists:
    """The k highest-scored neighbours of each item, ties by row number; scores <= 0 and the item itself drop out."""
    keep = (score > 0) & (item != neighbor)
    # Rounded before sorting: what is a tie in the file must be a tie here.
    item, neighbor, score = item[keep], neighbor[keep], score[keep].astype(np.float32)
    order = np.lexsort((neighbor, -score, item))
    item, neighbor, score = item[order], neighbor[order], score[order]
    if item.size:
        starts = np.flatnonzero(np.concatenate(([True], item[1:] != item[:-1])))
        rank = np.arange(item.size) - np.repeat(starts, np.diff(np.append(starts, item.size)))
        item, neighbor, score = item[rank < k], neighbor[rank < k], score[rank < k]
    return NeighborLists(item.astype(np.int32), neighbor.astype(np.int32), score)


def top_of_dense(scores: np.ndarray, first_item: int, k: int) -> NeighborLists:
    """The same for a dense block [R, N]: `scores[r, j]` is how well j follows item `first_item + r`."""
    rows, items = scores.shape
    # One more than k, since the item itself may be among them.
    wide = min(k + 1, items)
    best = np.argpartition(-scores, wide - 1, axis=1)[:, :wide]
    item = np.repeat(np.arange(first_item, first_item + rows), wide)
    return top_of_coo(item, best.ravel(), np.take_along_axis(scores, best, 1).ravel(), k)


def largest_of_dense(weights: np.ndarray, k: int) -> NeighborLists:
    """Each row's k entries of largest absolute value, negative ones too, still sorted by value; zeros drop out."""
    items = weights.shape[1]
    k = min(k, items)
    best = np.argpartition(-np.abs(weights), k - 1, axis=1)[:, :k]
    item = np.repeat(np.arange(weights.shape[0]), k)
    neighbor, score = best.ravel(), np.take_along_axis(weights, best, 1).ravel()
    keep = (score != 0) & (item != neighbor)
    item, neighbor, score = item[keep], neighbor[keep], score[keep]
    order = np.lexsort((neighbor, -score, item))
    return NeighborLists(item[order].astype(np.int32), neighbor[order].astype(np.int32), score[order])


def blocked_products(left: sp.csr_matrix, right: sp.csr_matrix) -> Iterator[tuple[int, sp.csr_matrix]]:
    """left @ right in row blocks whose products number about BLOCK_PAIRS: yields (first row, block)."""
    right_sizes = np.diff(right.indptr)
    pairs = np.concatenate(([0], np.cumsum(right_sizes[left.indices])))[left.indptr]
    first = 0
    while first < left.shape[0]:
        last = int(np.searchsorted(pairs, pairs[first] + BLOCK_PAIRS, side="right")) - 1
        last = min(max(last, first + 1), left.shape[0])
        yield first, (left[first:last] @ right).tocsr()
        first = last


def top_of_product(
    left: sp.csr_matrix,
    right: sp.csr_matrix,
    k: int,
    score: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> NeighborLists:
    """Neighbours from left [N, A] @ right [A, N]; `score(item, neighbor, product)` turns products into scores."""
    parts = []
    for first, block in blocked_products(left, right):
        coo = block.tocoo()
        item = coo.row + first
        parts.append(top_of_coo(item, coo.col, score(item, coo.col, coo.data), k))
    return concat(parts)
