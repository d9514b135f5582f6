"""Co-visitation: what people who met this item lately met too. The source that needs the least data."""

import numpy as np
import scipy.sparse as sp

from shortlist_models.exchange import DAY_S, Fold
from shortlist_models.sources.interactions import rank_from_end
from shortlist_models.sources.neighbors import NeighborLists, top_of_product
from shortlist_models.sources.settings import CoVisitationSettings


def recent_items(fold: Fold, settings: CoVisitationSettings) -> sp.csr_matrix:
    """float64 [A, N]: the strongest weight of each item among an actor's last `events` events inside the window."""
    keep = (fold.weight > 0) & (fold.time >= fold.until_s - settings.windowDays * DAY_S)
    order = np.argsort(fold.actor[keep], kind="stable")
    actor, row, weight = (values[keep][order] for values in (fold.actor, fold.row, fold.weight))
    last = rank_from_end(actor) < settings.events
    actor, row, weight = actor[last], row[last], weight[last]
    strongest_first = np.lexsort((-weight, row, actor))
    actor, row, weight = actor[strongest_first], row[strongest_first], weight[strongest_first]
    new = np.ones(actor.size, bool)
    new[1:] = (actor[1:] != actor[:-1]) | (row[1:] != row[:-1])
    _, actor = np.unique(actor[new], return_inverse=True)
    actors = int(actor.max(initial=-1)) + 1
    return sp.csr_matrix((weight[new].astype(np.float64), (actor, row[new])), shape=(actors, fold.items))


def co_visitation(fold: Fold, settings: CoVisitationSettings) -> NeighborLists:
    """score(i -> j) = sum over actors with both of weight(j), over sqrt(actors(i) actors(j)).

    Pairs of fewer than `pairsMin` actors drop out. The weight is view 1, add_to_cart 3, purchase 5, so what people
    went on to buy outranks what they only looked at. Bounded by `events` items per actor.
    """
    weighted = recent_items(fold, settings)
    binary = weighted.copy()
    binary.data = np.ones_like(binary.data)
    norm = np.sqrt(np.maximum(np.asarray(binary.sum(0)).ravel(), 1.0))
    # One sparse product gives both sums: pair counts in the real part, weights in the imaginary part.
    both = binary.astype(np.complex128)
    both.data = 1.0 + 1j * weighted.data

    def score(item: np.ndarray, neighbor: np.ndarray, product: np.ndarray) -> np.ndarray:
        enough = product.real >= settings.pairsMin - 0.5
        return np.where(enough, product.imag / (norm[item] * norm[neighbor]), 0.0)

    return top_of_product(binary.T.tocsr().astype(np.complex128), both, settings.neighbors, score)
