import numpy as np

from shortlist_models.ranker.calibration import calibration_error, fit_platt, sigmoid
from shortlist_models.ranker.metrics import auc, ndcg, ranks_in_lists, top_overlap
from shortlist_models.ranker.rows import Rows


def lists(labels: list[list[float]], sizes: list[int]) -> Rows:
    count = len(labels)
    return Rows(
        np.zeros((count, 1), np.float32),
        np.concatenate(([0], np.cumsum(sizes))),
        np.array(labels, np.float32),
        np.ones(count, np.float32),
        np.zeros(count, np.int16),
        np.ones(count, np.float32),
        np.zeros(len(sizes), np.int32),
    )


def test_auc_is_the_share_of_ordered_pairs_with_ties_half_and_weights() -> None:
    scores, labels = np.array([0.1, 0.4, 0.4, 0.8]), np.array([0, 1, 0, 1])
    assert auc(scores, labels, np.ones(4)) == (1 + 0.5 + 1 + 1) / 4
    assert auc(scores, labels, np.array([3, 1, 1, 1])) == (3 + 0.5 + 3 + 1) / 8
    assert auc(scores, np.zeros(4), np.ones(4)) is None


def test_ndcg_takes_conversions_before_clicks_and_leaves_empty_lists_out() -> None:
    rows = lists([[1, 0], [1, 1], [0, 0], [1, 0], [0, 0], [0, 0]], [3, 2, 1])
    found = ndcg(np.array([3.0, 2.0, 1.0, 0.1, 0.9, 1.0]), rows)
    np.testing.assert_allclose(found[:2], [1 / np.log2(3), 1 / np.log2(3)])
    assert np.isnan(found[2])


def test_ndcg_ideal_stops_at_ten() -> None:
    rows = lists([[1, 0]] * 12, [12])
    np.testing.assert_allclose(ndcg(np.arange(12.0), rows), [1.0])


def test_ranks_restart_in_every_list_and_ties_keep_row_order() -> None:
    np.testing.assert_array_equal(ranks_in_lists(np.array([1, 5, 5, 2, 9]), np.array([0, 3, 5])), [2, 0, 1, 1, 0])


def test_overlap_looks_at_lists_longer_than_ten() -> None:
    values = np.arange(20.0)
    assert top_overlap(values, -values, np.array([0, 20])) == 0
    assert top_overlap(values, np.roll(values, 1), np.array([0, 20])) == 0.9
    assert top_overlap(values[:5], -values[:5], np.array([0, 5])) == 1


def test_platt_recovers_the_distortion_and_lowers_the_calibration_error() -> None:
    random = np.random.default_rng(0)
    true = random.normal(-2, 1.5, 40_000)
    labels = (random.random(true.size) < sigmoid(true)).astype(np.float64)
    distorted = (true - 1.0) * 2.0
    scale, bias = fit_platt(distorted, labels, np.ones(true.size))
    np.testing.assert_allclose([scale, bias], [0.5, 1.0], atol=0.05)
    weight = np.ones(true.size)
    before = calibration_error(sigmoid(distorted), labels, weight)
    assert calibration_error(sigmoid(scale * distorted + bias), labels, weight) < before / 5


def test_platt_uses_the_weights_that_undo_thinning() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(-2, 1, 60_000)
    labels = (random.random(logits.size) < sigmoid(logits)).astype(np.float64)
    keep = (labels == 1) | (random.random(logits.size) < 0.25)
    weight = np.where(labels[keep] == 1, 1.0, 4.0)
    scale, bias = fit_platt(logits[keep], labels[keep], weight)
    np.testing.assert_allclose([scale, bias], [1, 0], atol=0.08)


def test_too_few_positives_leave_the_logits_alone() -> None:
    assert fit_platt(np.arange(100.0), np.eye(1, 100)[0], np.ones(100)) == (1.0, 0.0)
