import numpy as np
import pytest
import scipy.sparse as sp

from shortlist_models.sources.ials import fit_ials, solve_side, unobserved_weight

ALPHA0, LAMBDA, NU = 0.1, 0.02, 0.7


def small_matrix() -> sp.csr_matrix:
    random = np.random.default_rng(0)
    return sp.csr_matrix((1 + random.random((25, 14))) * (random.random((25, 14)) < 0.3))


@pytest.mark.parametrize("dim", [2, 5, 40])
def test_one_side_equals_the_dense_normal_equations_row_by_row(dim: int) -> None:
    # Rows of fewer items than `dim` take the small system of Woodbury's identity, the others the full one.
    matrix = small_matrix()
    fixed = np.random.default_rng(1).normal(size=(14, dim)).astype(np.float32)
    solved = solve_side(matrix, fixed, ALPHA0, LAMBDA, NU)
    dense = matrix.toarray()
    for row in range(dense.shape[0]):
        seen = dense[row] > 0
        c = np.diag(dense[row])
        ridge = LAMBDA * (seen.sum() + ALPHA0 * 14) ** NU
        system = ALPHA0 * fixed.T @ fixed + fixed.T @ c @ fixed + ridge * np.eye(dim)
        np.testing.assert_allclose(solved[row], np.linalg.solve(system, fixed.T @ dense[row]), atol=2e-4)


def test_each_epoch_lowers_the_objective() -> None:
    matrix = small_matrix()
    dense = matrix.toarray()

    def objective(users: np.ndarray, items: np.ndarray) -> float:
        scores = users.astype(np.float64) @ items.T
        fit = (dense * (1 - scores) ** 2).sum() + ALPHA0 * (scores**2).sum()
        user_ridge = LAMBDA * ((dense > 0).sum(1) + ALPHA0 * dense.shape[1]) ** NU
        item_ridge = LAMBDA * ((dense > 0).sum(0) + ALPHA0 * dense.shape[0]) ** NU
        return fit + (user_ridge * (users**2).sum(1)).sum() + (item_ridge * (items**2).sum(1)).sum()

    values = [objective(*fit_ials(matrix, 6, epochs, ALPHA0, LAMBDA, NU, seed=0)) for epochs in (1, 3, 9)]
    assert values[0] > values[1] > values[2]


def test_an_actor_without_items_and_an_item_without_actors_get_zero_vectors() -> None:
    matrix = small_matrix().tolil()
    matrix[3, :] = 0
    matrix[:, 5] = 0
    users, items = fit_ials(sp.csr_matrix(matrix), 6, 2, ALPHA0, LAMBDA, NU, seed=0)
    assert not users[3].any() and not items[5].any()


def test_the_unobserved_weight_keeps_its_ratio_when_the_catalogue_grows() -> None:
    matrix = small_matrix()
    wide = sp.csr_matrix(sp.hstack([matrix, sp.csr_matrix((25, 14 * 9))]))
    alpha0 = unobserved_weight(matrix, 25)
    np.testing.assert_allclose(alpha0 * 14, 25 * matrix.sum() / 25)
    np.testing.assert_allclose(unobserved_weight(wide, 25), alpha0 / 10)
