import numpy as np
import scipy.sparse as sp

from shortlist_models.sources.item_item import ease_neighbors, ease_weights, mean_diagonal, walk_neighbors


def small_matrix() -> sp.csr_matrix:
    random = np.random.default_rng(0)
    return sp.csr_matrix(random.random((30, 12)) * (random.random((30, 12)) < 0.3))


def test_ease_solves_each_columns_constrained_ridge_regression() -> None:
    # Independent of the closed form: column j is the ridge regression of item j on all other items.
    x = small_matrix().toarray()
    lam = 0.7
    weights = ease_weights(sp.csr_matrix(x), lam)
    for column in range(x.shape[1]):
        others = np.delete(np.arange(x.shape[1]), column)
        a = x[:, others]
        expected = np.linalg.solve(a.T @ a + lam * np.eye(others.size), a.T @ x[:, column])
        np.testing.assert_allclose(weights[others, column], expected, atol=1e-5)
    assert not np.diag(weights).any()


def test_ease_lists_keep_the_largest_entries_of_a_row_with_their_sign() -> None:
    matrix = small_matrix()
    weights = ease_weights(matrix, 0.5 * mean_diagonal(matrix))
    lists = ease_neighbors(matrix, 0.5, k=4)
    for item in range(matrix.shape[1]):
        mine = lists.item == item
        expected = np.argsort(-np.abs(weights[item]))[:4]
        assert set(lists.neighbor[mine]) == set(expected)
        assert (np.diff(lists.score[mine]) <= 0).all()
        np.testing.assert_allclose(lists.score[mine], weights[item, lists.neighbor[mine]])
    assert (lists.score < 0).any()


def test_walk_scores_are_the_chance_to_reach_an_item_over_a_shared_actor() -> None:
    x = (small_matrix().toarray() > 0).astype(float)
    lists = walk_neighbors(sp.csr_matrix(x), shrink=0.0, k=50)
    per_actor = np.maximum(x.sum(1), 1)
    mass = (x / per_actor[:, None]).sum(0)
    expected = (x.T / per_actor) @ x / mass[:, None]
    for item, neighbor, score in zip(lists.item, lists.neighbor, lists.score, strict=True):
        np.testing.assert_allclose(score, expected[item, neighbor], rtol=1e-5)
    np.fill_diagonal(expected, 0)
    assert lists.item.size == (expected > 0).sum()
