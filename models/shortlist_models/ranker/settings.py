"""Parameters of `fit-ranker`; `--config` overrides by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RankerSettings:
    hidden1: int = 256
    hidden2: int = 128
    clip: float = 4.0  # z-scores are cut here: without it INT8 loses what heavy tails take from its range
    dropout: float = 0.1
    learningRate: float = 1e-3
    weightDecay: float = 1e-2
    listsPerBatch: int = 48
    rowsPerBatchMin: int = 1024  # short lists: more of them join a batch
    batchesPerEpochMin: int = 30  # little data: fewer lists join a batch, so that there are steps enough to learn
    epochs: int = 9
    rowsTrainedMax: int = 13_500_000  # rows x epochs: with more rows than a ninth of this, epochs get fewer (least 2)
    rowsMax: int = 2_000_000  # more rows: whole lists are left out at random
    conversionWeight: float = 2.0  # of the conversion head's cross-entropy, the click head's being 1
    listwiseWeight: float = 0.5  # of the in-request softmax
    positionDropout: float = 0.1  # share of rows whose position is hidden in training
    propensityClipMax: float = 0.0  # inverse-propensity weights up to this; 0: position logit only
    heldOutShare: float = 0.2  # of the lists, the last ones, where there is one fold only
    listsMin: int = 20
    positivesMin: int = 50  # rows with a click or conversion
    refit: bool = True  # after the report, train on all folds for the epochs found best
    reduceRange: bool = (
        True  # 7-bit weights: the same sums on processors without VNNI, whose 16-bit adds would saturate
    )
    calibrationRows: int = 10_000  # real rows that activation ranges are taken from
    clickValue: float = 0.2  # of the value that lists are ordered by, as in contracts/parameters.ts
    conversionValue: float = 1.0
