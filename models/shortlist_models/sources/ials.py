"""iALS: weighted matrix factorisation by alternating closed-form solves.

Source: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008), with the
unobserved weight and frequency-scaled regularisation of Rendle et al., "Revisiting the Performance of iALS"
(RecSys 2022), equation 5. Per user u:
  (alpha0 G + sum_i c_ui v_i v_i' + r_u I) w_u = sum_i c_ui v_i,   G = V'V,  r_u = lambda (n_u + alpha0 N)^nu
with c_ui the decayed weight and n_u the number of the user's items; items likewise. Fold-in at
serving is one such solve.
"""

import numpy as np
import scipy.sparse as sp

BLOCK_FLOATS = 16_000_000  # gathered factors held at once: 64 MB


def solve_side(matrix: sp.csr_matrix, fixed: np.ndarray, alpha0: float, regularisation: float, nu: float) -> np.ndarray:
    """Solves every row of `matrix` [R, C] against `fixed` [C, d] float32; returns float32 [R, d]; empty rows get 0."""
    rows, dim = matrix.shape[0], fixed.shape[1]
    solved = np.zeros((rows, dim), np.float32)
    gram = alpha0 * (fixed.T @ fixed)
    sizes = np.diff(matrix.indptr)
    # Rows of like size go together, so that padding costs little.
    order = np.argsort(sizes, kind="stable")
    order = order[sizes[order] > 0]
    eye = np.eye(dim, dtype=np.float32)
    start = 0
    while start < order.size:
        end = start + 1
        while end < order.size and (end - start + 1) * (sizes[order[end]] + dim) * dim <= BLOCK_FLOATS:
            end += 1
        block = order[start:end]
        longest = int(sizes[block[-1]])
        at = matrix.indptr[block][:, None] + np.arange(longest)[None, :]
        valid = np.arange(longest)[None, :] < sizes[block][:, None]
        at = np.where(valid, at, 0)
        weight = np.where(valid, matrix.data[at], 0).astype(np.float32)
        vectors = fixed[matrix.indices[at]]
        weighted = vectors * weight[:, :, None]
        system = np.matmul(weighted.transpose(0, 2, 1), vectors)
        scale = regularisation * (sizes[block] + alpha0 * fixed.shape[0]) ** nu
        system += gram + scale[:, None, None].astype(np.float32) * eye
        solved[block] = np.linalg.solve(system, weighted.sum(1)[:, :, None])[:, :, 0]
        start = end
    return solved


def fit_ials(
    matrix: sp.csr_matrix, dim: int, epochs: int, alpha0: float, regularisation: float, nu: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Factors of X [A, N]: (actors [A, d], items [N, d]) float32. Items nobody met get the zero vector."""
    random = np.random.default_rng(seed)
    items = (random.standard_normal((matrix.shape[1], dim)) * 0.1 / np.sqrt(dim)).astype(np.float32)
    matrix = matrix.tocsr()
    transposed = matrix.T.tocsr()
    for _ in range(epochs):
        actors = solve_side(matrix, items, alpha0, regularisation, nu)
        items = solve_side(transposed, actors, alpha0, regularisation, nu)
    return solve_side(matrix, items, alpha0, regularisation, nu), items
