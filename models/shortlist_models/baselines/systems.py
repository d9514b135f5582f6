"""The baselines: each turns a block of actors into scores over the whole catalogue.

Measured on the design's data with these definitions (Recall@20/NDCG@20, `all` and `new-only`), online-retail:
  popular .0607/.0876 .0373/.0397 | popular_28d .0899/.1353 .0779/.0862 | own_counts .2558/.3351
  item_cosine .1462/.1954 .0917/.0913 | ease .1994/.2627 .1062/.1051
gowalla (`untouched`): popular .0416/.0317 | item_cf .1568/.1213 | item_walk .1862/.1563
retailrocket as shipped (`untouched`, @10): popular .0386/.0212 | item_cosine .0649/.0408 | item_walk .1063/.0665
  co_visits .2259/.1385; with each actor's last purchase as cut-off: popular .0304/.0148 | co_visits .1086/.0707
"Bought" means purchase events where there are any, otherwise every event of interest.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from shortlist_models.baselines.strict import BuyersBefore, CoVisits
from shortlist_models.exchange import DAY_S, PURCHASE, Fold
from shortlist_models.sources.ials import fit_ials, solve_side, unobserved_weight
from shortlist_models.sources.interactions import collect_pairs
from shortlist_models.sources.item_item import ease_weights
from shortlist_models.sources.neighbors import blocked_products, concat, top_of_coo
from shortlist_models.sources.settings import IalsSettings

Scorer = Callable[[np.ndarray], np.ndarray]
EASE_ITEMS_MAX = 12_000


@dataclass(frozen=True)
class BaselineSettings:
    easeRegularisation: float = 250.0  # lambda, on the binary matrix
    cosineNeighbors: int = 100
    recentDays: float = 28.0  # of popular_28d
    coVisitSteps: int = 10  # events between two items that were met together
    coVisitSeconds: float = 600.0
    ials: IalsSettings = field(default_factory=IalsSettings)


class UnavailableError(Exception):
    """The fold cannot carry this system; the message says why."""


class Data:
    """The fold as actor x item matrices, one row more than actors: the last belongs to an actor without history."""

    def __init__(self, fold: Fold, settings: BaselineSettings, seed: int) -> None:
        self.fold, self.settings, self.seed = fold, settings, seed
        interest = fold.weight > 0
        bought = interest & (fold.type == PURCHASE)
        self.bought = bought if bought.any() else interest
        self.touched = self.binary(interest)
        self.owned = self.binary(self.bought)
        self.buyers = _column_sums(self.owned)
        # Ties: more distinct buyers, then more people who met it, then chance. Never a row number, which may carry
        # the order in which a data set was assembled.
        chance = np.random.default_rng(20).permutation(fold.items)
        self.tie_order = np.lexsort((chance, -_column_sums(self.touched), -self.buyers))
        # Other people's events from here on are unknown to KNOW_CUTOFFS, by actor.
        self.cutoffs = np.full(fold.actors + 1, np.inf)

    def matrix(self, keep: np.ndarray, values: np.ndarray) -> sp.csr_matrix:
        shape = (self.fold.actors + 1, self.fold.items)
        summed = sp.csr_matrix((values, (self.fold.actor[keep], self.fold.row[keep])), shape=shape)
        summed.sum_duplicates()
        return summed

    def binary(self, keep: np.ndarray) -> sp.csr_matrix:
        summed = self.matrix(keep, np.ones(int(keep.sum())))
        summed.data[:] = 1.0
        return summed


def _column_sums(matrix: sp.csr_matrix) -> np.ndarray:
    return np.asarray(matrix.sum(0)).ravel()


def _same_for_all(scores: np.ndarray) -> Scorer:
    return lambda actors: np.broadcast_to(scores, (actors.size, scores.size))


def popular(data: Data) -> Scorer:
    """Distinct buyers over all of the training period, or up to the actor's cut-off."""
    if np.isinf(data.cutoffs).all():
        return _same_for_all(data.buyers)
    before = BuyersBefore(data.fold, data.bought)
    return lambda actors: before.counts(data.cutoffs[actors])


def popular_28d(data: Data) -> Scorer:
    """Distinct buyers in the last 28 days before the cut-off."""
    recent = data.bought & (data.fold.time >= data.fold.until_s - data.settings.recentDays * DAY_S)
    return _same_for_all(_column_sums(data.binary(recent)))


def own_counts(data: Data) -> Scorer:
    """The actor's purchase events of the item; an import has one per invoice and item, so: distinct invoices."""
    counts = data.matrix(data.bought, np.ones(int(data.bought.sum())))
    return lambda actors: counts[actors].toarray()


def strongest(data: Data) -> sp.csr_matrix:
    """Strongest event of each actor and item: purchase 3, add_to_cart and wishlist 2, else 1; purchases only: all 1."""
    fold = data.fold
    keep = fold.weight > 0
    level = np.where(fold.type[keep] == PURCHASE, 3.0, np.where(fold.weight[keep] > 1, 2.0, 1.0))
    key = fold.actor[keep].astype(np.int64) * max(fold.items, 1) + fold.row[keep]
    distinct, inverse = np.unique(key, return_inverse=True)
    best = np.zeros(distinct.size)
    np.maximum.at(best, inverse, level)
    best /= best.min(initial=3.0)
    return sp.csr_matrix((best, (distinct // fold.items, distinct % fold.items)), shape=data.touched.shape)


def _neighbor_matrix(left: sp.csr_matrix, right: sp.csr_matrix, k: int) -> sp.csr_matrix:
    parts = []
    for first, block in blocked_products(left, right):
        coo = block.tocoo()
        parts.append(top_of_coo(coo.row + first, coo.col, coo.data, k))
    lists = concat(parts)
    return sp.csr_matrix((lists.score, (lists.item, lists.neighbor)), shape=(left.shape[0], right.shape[1]))


def item_cosine(data: Data) -> Scorer:
    """score(j) = sum over the actor's items i of level(i) cos(j, i), where j keeps its 100 nearest items only.

    cos on the binary actor x item matrix of every event of interest, the item itself left out.
    """
    unit = _unit_columns(data.touched)
    nearest = _neighbor_matrix(unit.T.tocsr(), unit, data.settings.cosineNeighbors)
    history, spread = strongest(data), nearest.T.tocsr()
    return lambda actors: (history[actors] @ spread).toarray()


def item_cf(data: Data) -> Scorer:
    """Item CF as BARS runs it: score(j) = m_j + sum over j's 100 nearest items i by cosine of s_ji (x_ui - m_i).

    s_j sums to 1; m is the share of actors who met the item, x is 1 where this one did.
    Source: BARS-Match, ItemCF on Gowalla, with its published settings (cosine, 100 neighbours, average bias).
    """
    unit = _unit_columns(data.touched)
    nearest = _neighbor_matrix(unit.T.tocsr(), unit, data.settings.cosineNeighbors)
    shares = sp.diags_array(1.0 / np.maximum(_column_sums(nearest.T), 1e-12)) @ nearest
    mean = _column_sums(data.touched) / max(data.fold.actors, 1)
    bias = mean - shares @ mean
    history, spread = data.touched, shares.T.tocsr()
    return lambda actors: (history[actors] @ spread).toarray() + bias


def item_walk(data: Data) -> Scorer:
    """score(j) = sum over i of the chance to walk i -> actor -> j, not truncated: the linear filter of GF-CF."""
    into = (_per_actor(data, -1.0) @ data.touched).tocsr()
    leave = sp.diags_array(1.0 / np.maximum(_column_sums(data.touched), 1.0)).tocsr()
    # [B, N] @ [N, A] @ [A, N], never the item x item matrix.
    back = (leave @ data.touched.T).tocsr()
    history = data.touched
    return lambda actors: (history[actors] @ back @ into).toarray()


def co_visits(data: Data) -> Scorer:
    """score(j) = how often j was met within 10 events and 10 minutes of an item that the actor met; ties by buyers."""
    visits = CoVisits(data.fold, data.settings.coVisitSteps, data.settings.coVisitSeconds)
    before, history = BuyersBefore(data.fold, data.bought), data.touched

    def score(actors: np.ndarray) -> np.ndarray:
        buyers = before.counts(data.cutoffs[actors])
        # Less than one visit: it decides between equal counts only, and by what was known at the time.
        return visits.counts(history[actors], data.cutoffs[actors]) + buyers / (1.0 + buyers.max(initial=0.0))

    return score


def _unit_columns(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return (matrix @ sp.diags_array(1.0 / np.sqrt(np.maximum(_column_sums(matrix.power(2)), 1e-12)))).tocsr()


def _per_actor(data: Data, power: float) -> sp.dia_array:
    sizes = np.maximum(np.asarray(data.touched.sum(1)).ravel(), 1.0)
    return sp.diags_array(sizes**power)


def ease(data: Data) -> Scorer:
    """EASE on the binary matrix, lambda 250, all of B: scores = x B."""
    if data.fold.items > EASE_ITEMS_MAX:
        raise UnavailableError(f"{data.fold.items} items, EASE inverts a dense matrix of at most {EASE_ITEMS_MAX}")
    weights = ease_weights(data.touched, data.settings.easeRegularisation)
    history = data.touched
    return lambda actors: history[actors] @ weights


def ials(data: Data) -> Scorer:
    """iALS with decayed weights, every actor folded in against the fitted items."""
    of = data.settings.ials
    pairs = collect_pairs(data.fold, of.halfLifeDays)
    matrix = sp.csr_matrix((pairs.weight, (pairs.actor, pairs.row)), shape=data.touched.shape)
    alpha0 = of.alpha0 or unobserved_weight(matrix[matrix.getnnz(1) > 0], of.unobservedRatio)
    _, items = fit_ials(matrix, of.dim, of.epochs, alpha0, of.regularisation, of.nu, data.seed)

    def score(actors: np.ndarray) -> np.ndarray:
        return solve_side(matrix[actors], items, alpha0, of.regularisation, of.nu) @ items.T

    return score


def two_tower(data: Data) -> Scorer:
    """The fold's own towers: user tower over the actor's last events, cosine with every item vector."""
    import onnxruntime as ort

    folder = data.fold.directory / "sources"
    if not (folder / "user-tower.onnx").exists():
        raise UnavailableError("the fold has no user-tower.onnx; run fit-sources first")
    tower = ort.InferenceSession(str(folder / "user-tower.onnx"), providers=["CPUExecutionProvider"])
    history, dim = tower.get_inputs()[1].shape[1], tower.get_outputs()[0].shape[1]
    vectors = np.fromfile(folder / "item-vectors.f32", "<f4").reshape(-1, dim)
    fold = data.fold
    events = np.flatnonzero(fold.weight > 0)
    order = events[np.argsort(fold.actor[events], kind="stable")]
    ends = np.searchsorted(fold.actor[order], np.arange(fold.actors + 1), side="right")
    starts = np.searchsorted(fold.actor[order], np.arange(fold.actors + 1), side="left")

    def score(actors: np.ndarray) -> np.ndarray:
        rows, types = np.zeros((2, actors.size, history), np.int32)
        ages = np.zeros((actors.size, history), np.float32)
        for at, actor in enumerate(actors):
            last = order[starts[actor] : ends[actor]][::-1][:history]
            rows[at, : last.size], types[at, : last.size] = fold.row[last], fold.type[last]
            ages[at, : last.size] = fold.until_s - fold.time[last]
        inputs = {"item_vectors": vectors, "rows": rows, "event_types": types, "ages_s": ages}
        return tower.run(None, inputs)[0] @ vectors.T

    return score


SYSTEMS: dict[str, Callable[[Data], Scorer]] = {
    "popular": popular,
    "popular_28d": popular_28d,
    "own_counts": own_counts,
    "item_cosine": item_cosine,
    "item_cf": item_cf,
    "item_walk": item_walk,
    "co_visits": co_visits,
    "ease": ease,
    "ials": ials,
    "two_tower": two_tower,
}

# The systems that can leave out what others did after an actor's cut-off.
KNOW_CUTOFFS = ("popular", "co_visits")
