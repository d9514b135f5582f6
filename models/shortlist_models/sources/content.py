"""Content neighbours: cosine of metadata vectors, exact for small catalogues, within category blocks above."""

import itertools

import numpy as np

from shortlist_models.exchange import Fold
from shortlist_models.sources.neighbors import NeighborLists, concat, top_of_coo, top_of_dense
from shortlist_models.sources.settings import ContentSettings


def content_neighbors(fold: Fold, settings: ContentSettings) -> NeighborLists:
    """Best neighbours by cosine of `item-metadata.f32`. Cost N^2 Dm up to `exactItemsMax`, N blockItems Dm above."""
    norms = np.linalg.norm(fold.metadata, axis=1, keepdims=True)
    vectors = fold.metadata / np.maximum(norms, 1e-12)
    if fold.items <= settings.exactItemsMax:
        return concat(
            [
                top_of_dense(vectors[at : at + 512] @ vectors.T, at, settings.neighbors)
                for at in range(0, fold.items, 512)
            ]
        )
    # Items of one category, cheap ones of one brand side by side, so that a block holds what could be alike.
    order = np.lexsort((fold.price, fold.brand, fold.category))
    parts = []
    for start, end in _blocks(fold.category[order], settings.blockItems):
        rows = order[start:end]
        inside = top_of_dense(vectors[rows] @ vectors[rows].T, 0, settings.neighbors)
        parts.append((rows[inside.item], rows[inside.neighbor], inside.score))
    item, neighbor, score = (np.concatenate(column) for column in zip(*parts, strict=True))
    return top_of_coo(item, neighbor, score, settings.neighbors)


def _blocks(category: np.ndarray, size: int) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(category, prepend=category[0] - 1))
    blocks = []
    for start, end in zip(edges, np.append(edges[1:], category.size), strict=True):
        pieces = int(np.ceil((end - start) / size))
        cuts = np.linspace(start, end, pieces + 1).astype(int)
        blocks += list(itertools.pairwise(cuts))
    return blocks
