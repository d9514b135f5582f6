"""Parameters of `fit-sources`; `--config` overrides by name. Defaults were chosen on held-out months."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TwoTowerSettings:
    dim: int = 64  # size of user and item vectors
    temperature: float = 0.07  # divides the cosine before the softmax
    history: int = 50  # most recent events the user tower sees
    idDropout: float = 0.15  # share of items that train on metadata alone, so that new items work
    historyDropout: float = 0.05  # share of examples that train without a history, so that strangers get a vector
    eventDropout: float = 0.2  # share of history events hidden in training, against learning single pairs by heart
    repeatWeight: float = 0.5  # weight of a target the actor met before; repeats have their own source
    batch: int = 512  # examples a step; as many uniform negatives join the in-batch ones
    learningRate: float = 2e-3  # top of the one-cycle schedule
    weightDecay: float = 1e-2
    epochs: int = 12  # most passes over the examples
    stepsMax: int = 600  # bounds the training time whatever the data size (about 25 ms a step on one core)
    examplesMin: int = 200  # fewer targets with a history: the source is absent


@dataclass(frozen=True)
class IalsSettings:
    dim: int = 64
    epochs: int = 14  # most; a large catalogue takes fewer, see solvesMax
    solvesMax: int = 3_000_000  # actors and items solved in all epochs together: about a minute
    alpha0: float = 0.0  # weight of every unobserved (and observed) pair; 0: unobservedRatio sets it
    unobservedRatio: float = 25.0  # alpha0 x items, in units of an average actor's observed weight
    regularisation: float = 0.003  # lambda of the papers
    nu: float = 1.0  # exponent of the frequency-scaled regularisation
    halfLifeDays: float = 60.0  # an event loses half its weight in this time


@dataclass(frozen=True)
class ItemItemSettings:
    easeItemsMax: int = 10_000  # above, the cubic solve is replaced by shrunk item-to-item walks
    halfLifeDays: float = 60.0
    damping: float = 0.5  # exponent on a decayed count: someone's tenth purchase says less than the first
    regularisation: float = 2.0  # EASE's lambda in units of the Gram matrix' mean diagonal
    shrink: float = 5.0  # pseudo-count that pulls rarely seen items' similarities to zero (above easeItemsMax)
    neighbors: int = 200


@dataclass(frozen=True)
class CoVisitationSettings:
    events: int = 50  # last events an actor contributes
    windowDays: float = 90.0
    pairsMin: int = 2  # fewer actors with both items: no neighbour
    neighbors: int = 50


@dataclass(frozen=True)
class ContentSettings:
    neighbors: int = 50
    exactItemsMax: int = 50_000  # above, items are compared within blocks of one category
    blockItems: int = 5_000


@dataclass(frozen=True)
class HistorySettings:
    halfLifeDays: float = 60.0
    items: int = 200  # most recent distinct items of an actor
    actorsMax: int = 200_000  # most recently active actors kept


@dataclass(frozen=True)
class SourceSettings:
    actorsMin: int = 100  # actors with at least two items, below which collaborative sources are absent
    actorsMax: int = 300_000  # most recently active actors that collaborative models learn from
    itemsPerActorMax: int = 300  # most recent distinct items of an actor that they learn from
    twoTower: TwoTowerSettings = field(default_factory=TwoTowerSettings)
    ials: IalsSettings = field(default_factory=IalsSettings)
    itemItem: ItemItemSettings = field(default_factory=ItemItemSettings)
    coVisitation: CoVisitationSettings = field(default_factory=CoVisitationSettings)
    content: ContentSettings = field(default_factory=ContentSettings)
    histories: HistorySettings = field(default_factory=HistorySettings)
