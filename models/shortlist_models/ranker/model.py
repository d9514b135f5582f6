"""The MLP and its loss."""

import torch
from torch import nn
from torch.nn import functional

from shortlist_models.ranker.settings import RankerSettings

POSITIONS_MAX = 50


class Ranker(nn.Module):
    """z-scored features [R, F] -> logits [R, 2] (click, conversion).

    Position enters as an additive shallow logit in training only: what the place on the page earned is not credited
    to the item. Position 0 (unknown, hidden, serving) adds nothing.
    Source: Zhao et al., "Recommending What Video to Watch Next" (RecSys 2019), section 4.3.
    """

    def __init__(self, features: int, settings: RankerSettings) -> None:
        super().__init__()
        self.hidden1 = nn.Linear(features, settings.hidden1)
        self.hidden2 = nn.Linear(settings.hidden1, settings.hidden2)
        self.heads = nn.Linear(settings.hidden2, 2)
        self.dropout = nn.Dropout(settings.dropout)
        self.position = nn.Embedding(POSITIONS_MAX + 1, 2, padding_idx=0)
        nn.init.zeros_(self.position.weight)

    def forward(self, features: torch.Tensor, position: torch.Tensor | None = None) -> torch.Tensor:
        hidden = self.dropout(functional.relu(self.hidden1(features)))
        hidden = self.dropout(functional.relu(self.hidden2(hidden)))
        logits = self.heads(hidden)
        return logits if position is None else logits + self.position(position)


def pointwise_loss(
    logits: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor, conversion_weight: float
) -> torch.Tensor:
    """BCE(click) + conversion_weight * BCE(conversion), weighted means: weights undo the thinning of negatives."""
    losses = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    per_head = (losses * weight[:, None]).sum(0) / weight.sum()
    return per_head[0] + conversion_weight * per_head[1]


def listwise_loss(
    logits: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor, segment: torch.Tensor, lists: int
) -> torch.Tensor:
    """Mean over lists and heads of the softmax cross-entropy of a list's positives among the list's rows.

    A row that stands for w rows counts w times in the denominator. Lists without positives are left out of a head.
    segment int64 [R]: the list 0..lists-1 of each row. Source: JRC, Sheng et al. (KDD 2023), the ranking half.
    """
    total, used = logits.new_zeros(()), 0
    shifted = logits + torch.log(weight.clamp_min(1e-6))[:, None]
    for head in range(logits.shape[1]):
        scores, positive = shifted[:, head], labels[:, head]
        top = torch.full((lists,), -torch.inf, device=logits.device)
        top = top.scatter_reduce(0, segment, scores.detach(), "amax")
        sums = torch.zeros(lists, device=logits.device).index_add(0, segment, torch.exp(scores - top[segment]))
        log_share = scores - top[segment] - torch.log(sums)[segment]
        positives = torch.zeros(lists, device=logits.device).index_add(0, segment, positive)
        has = positives > 0
        if not bool(has.any()):
            continue
        per_row = -log_share * positive / positives.clamp_min(1.0)[segment]
        total = total + per_row.sum() / has.sum()
        used += 1
    return total / max(used, 1)
