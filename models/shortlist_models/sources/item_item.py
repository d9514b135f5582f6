"""Item-to-item lists from the actor x item matrix: EASE where the catalogue is small, shrunk walks above.

Source: EASE, Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019), equation 8: with
G = X'X + lambda I and P = G^-1, B = I - P / diag(P) column-wise, diagonal zero; a user's scores are x B.
Deviations: damped decayed counts instead of ones, and of a row only the entries of largest size are kept. Negative
ones are among them: without them held-out recall fell from .201 to .194, with them it stays near the full matrix.
Above `easeItemsMax`: a walk item -> actor -> item (P3, Cooper et al., WWW 2014), shrunk for rare items. On Gowalla
it beats plain cosine by far, because people who met everything say little (`baselines/` measures both).
"""

import numpy as np
import scipy.sparse as sp
import torch

from shortlist_models.sources.neighbors import NeighborLists, largest_of_dense, top_of_product


def ease_weights(matrix: sp.csr_matrix, regularisation: float) -> np.ndarray:
    """EASE's B, float32 [N, N], from X [A, N]; `regularisation` is added to the Gram diagonal. Cubic in N."""
    gram = (matrix.T @ matrix).toarray().astype(np.float32 if matrix.shape[1] > 5_000 else np.float64)
    gram[np.diag_indices_from(gram)] += regularisation
    # PyTorch's solver, because its threads do not spin (see __main__.py).
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(torch.from_numpy(gram))).numpy()
    weights = inverse / -np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    return weights.astype(np.float32)


def mean_diagonal(matrix: sp.csr_matrix) -> float:
    """Mean of diag(X'X) over the items that were met at all: the scale of a sensible EASE lambda."""
    diagonal = np.asarray(matrix.multiply(matrix).sum(0)).ravel()
    return float(diagonal[diagonal > 0].mean()) if (diagonal > 0).any() else 1.0


def ease_neighbors(matrix: sp.csr_matrix, regularisation: float, k: int) -> NeighborLists:
    """The k largest entries of each row of B, by size. `regularisation` in units of the Gram matrix' mean diagonal."""
    return largest_of_dense(ease_weights(matrix, regularisation * mean_diagonal(matrix)), k)


def walk_neighbors(matrix: sp.csr_matrix, shrink: float, k: int) -> NeighborLists:
    """score(i -> j) = sum over actors of x_ui x_uj / |x_u| divided by (|x_i| + shrink): sparse, any catalogue size."""
    binary = matrix.copy()
    binary.data = np.ones_like(binary.data)
    per_actor = np.asarray(binary.sum(1)).ravel()
    per_item = np.asarray(binary.sum(0)).ravel()
    spread = (sp.diags_array(1.0 / np.maximum(per_actor, 1.0)) @ matrix).tocsr()
    total = np.asarray(spread.sum(0)).ravel() + shrink * (spread.sum() / max(per_item.sum(), 1.0))
    return top_of_product(
        matrix.T.tocsr(), spread, k, lambda item, _, product: product / np.maximum(total[item], 1e-12)
    )
