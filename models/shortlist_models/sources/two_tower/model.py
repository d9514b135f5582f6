"""The two towers. Both end on the unit sphere, so that cosine, inner product and HNSW agree."""

import torch
from torch import nn
from torch.nn import functional

from shortlist_models.exchange import EVENT_TYPES

METADATA_HIDDEN = 128
AGE_HIDDEN = 16
USER_HIDDEN = 128


class ItemTower(nn.Module):
    """normalise(id embedding + MLP(metadata)). An item without its id (new, or dropped) lives on metadata alone."""

    def __init__(self, items: int, metadata_dim: int, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(items, dim)
        nn.init.normal_(self.embedding.weight, std=0.5 / dim**0.5)
        self.metadata = (
            nn.Sequential(nn.Linear(metadata_dim, METADATA_HIDDEN), nn.ReLU(), nn.Linear(METADATA_HIDDEN, dim))
            if metadata_dim
            else None
        )

    def begin_at(self, factors: torch.Tensor) -> None:
        """Starts the id embeddings at the directions of `factors` [N, d]; items with a zero row keep their start."""
        known = factors.norm(dim=1) > 1e-6
        with torch.no_grad():
            self.embedding.weight[known] = functional.normalize(factors[known], dim=1).to(self.embedding.weight)

    def forward(self, rows: torch.Tensor, metadata: torch.Tensor, keep_id: torch.Tensor) -> torch.Tensor:
        """rows int64 [K], metadata [K, Dm], keep_id [K] of 0 or 1 -> unit vectors [K, d]."""
        vectors = self.embedding(rows) * keep_id[:, None]
        if self.metadata is not None:
            vectors = vectors + self.metadata(metadata)
        return functional.normalize(vectors, dim=-1, eps=1e-6)


class UserTower(nn.Module):
    """Softmax-weighted pooling of recent item vectors, then an MLP beside a residual.

    An event's logit = q . v + bias(type) + MLP(log1p(age in days)). One learned slot joins every pool: it is what a
    user without history gets, and it tempers short histories. No user id: strangers and sessions share the path.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, 1, bias=False)
        self.type_bias = nn.Embedding(len(EVENT_TYPES), 1)
        self.age = nn.Sequential(nn.Linear(1, AGE_HIDDEN), nn.ReLU(), nn.Linear(AGE_HIDDEN, 1))
        self.empty_vector = nn.Parameter(torch.randn(dim) * 0.1)
        self.empty_logit = nn.Parameter(torch.zeros(1))
        self.mlp = nn.Sequential(nn.Linear(dim, USER_HIDDEN), nn.ReLU(), nn.Linear(USER_HIDDEN, dim))
        nn.init.zeros_(self.type_bias.weight)

    def forward(self, vectors: torch.Tensor, types: torch.Tensor, ages_days: torch.Tensor) -> torch.Tensor:
        """vectors [B, H, d], types int64 [B, H] (0 = padding), ages_days [B, H] -> unit vectors [B, d]."""
        logits = self.query(vectors)[..., 0] + self.type_bias(types)[..., 0]
        logits = logits + self.age(torch.log1p(ages_days)[..., None])[..., 0]
        logits = torch.where(types > 0, logits, torch.full_like(logits, -1e9))
        batch = logits.shape[0]
        weights = torch.softmax(torch.cat([logits, self.empty_logit.expand(batch, 1)], dim=1), dim=1)
        pooled = (weights[:, None, :-1] @ vectors)[:, 0] + weights[:, -1:] * self.empty_vector
        return functional.normalize(pooled + self.mlp(pooled), dim=-1, eps=1e-6)


def sampled_softmax(
    users: torch.Tensor,
    candidates: torch.Tensor,
    log_q: torch.Tensor,
    same_item: torch.Tensor,
    temperature: float,
) -> torch.Tensor:
    """Loss per example [B]: cross-entropy of candidate b for user b among all candidates, with logQ correction.

    users [B, d], candidates [B + U, d] (first the batch's targets, then uniform draws), log_q [B + U] = log of how
    often a candidate is expected in such a draw, same_item bool [B, B + U] = accidental hits to leave out.
    Source: Yi et al., "Sampling-Bias-Corrected Neural Modeling" (RecSys 2019), section 3; mixed negatives after Yang
    et al. (WWW 2020). Without logQ popular items are punished for being drawn often (a test shows it).
    """
    logits = users @ candidates.T / temperature - log_q[None, :]
    logits = logits.masked_fill(same_item, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(users.shape[0], device=users.device), reduction="none")
