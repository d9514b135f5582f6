"""Trains the ranker over lists. Deterministic for a seed on one machine and thread count."""

import copy
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch

from shortlist_models.ranker.metrics import ndcg
from shortlist_models.ranker.model import POSITIONS_MAX, Ranker, listwise_loss, pointwise_loss
from shortlist_models.ranker.rows import Rows
from shortlist_models.ranker.settings import RankerSettings

# Fewer lists make a step too noisy to follow.
LISTS_PER_BATCH_MIN = 4


@dataclass(frozen=True)
class Scaler:
    """z-score of each feature, fitted on training rows only.

    A constant feature has std inf: nothing was learned about it, so it stays 0 whatever it is when serving.
    """

    mean: np.ndarray  # float32 [F]
    std: np.ndarray  # float32 [F]

    def apply(self, features: np.ndarray, clip: float) -> np.ndarray:
        scaled = (features - self.mean) / self.std
        return np.clip(scaled, -clip, clip, out=scaled)


@dataclass(frozen=True)
class TrainedRanker:
    model: Ranker  # on the CPU, in evaluation mode
    scaler: Scaler
    epochs: int  # passes after which it was taken
    report: dict


def fit_scaler(features: np.ndarray) -> Scaler:
    """Means and deviations in float64, blockwise."""
    count = max(features.shape[0], 1)
    total, squares = np.zeros(features.shape[1]), np.zeros(features.shape[1])
    for at in range(0, features.shape[0], 100_000):
        total += features[at : at + 100_000].sum(0, dtype=np.float64)
    mean = total / count
    for at in range(0, features.shape[0], 100_000):
        squares += ((features[at : at + 100_000] - mean) ** 2).sum(0)
    std = np.sqrt(squares / count)
    constant = std < 1e-6 * np.maximum(1.0, np.abs(mean))
    return Scaler(mean.astype(np.float32), np.where(constant, np.inf, std).astype(np.float32))


def train_ranker(
    rows: Rows, held_out: Rows | None, settings: RankerSettings, seed: int, epochs: int | None = None
) -> TrainedRanker:
    """Trains on `rows`; with `held_out` the epoch of its best NDCG@10 is kept, without the last.

    NDCG and not the loss: probabilities drift before the order does, and calibration mends them.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    scaler = fit_scaler(rows.features)
    batches = _Batches(rows, scaler, settings, device)
    checks = _Batches(held_out, scaler, settings, device) if held_out else None
    epochs = epochs or int(np.clip(settings.rowsTrainedMax // max(rows.features.shape[0], 1), 2, settings.epochs))
    lists = _lists_per_batch(rows, settings)
    steps = epochs * int(np.ceil(rows.lists / lists))
    model = Ranker(rows.features.shape[1], settings).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learningRate, weight_decay=settings.weightDecay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=settings.learningRate, total_steps=steps + 1)
    best, best_epoch, best_ndcg = None, epochs, -np.inf
    history, started = [], time.monotonic()
    for epoch in range(1, epochs + 1):
        model.train()
        losses = []
        order = random.permutation(rows.lists)
        for at in range(0, order.size, lists):
            batch = batches.take(order[at : at + lists])
            position = batch.position * (torch.rand(batch.position.shape, device=device) >= settings.positionDropout)
            loss = _loss(model(batch.features, position), batch, settings)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        entry = {"epoch": epoch, "loss": round(float(np.mean(losses)), 5)}
        if checks:
            entry |= _check(model, checks, settings)
            if entry["heldOutNdcg10"] >= best_ndcg:
                best, best_epoch, best_ndcg = copy.deepcopy(model.state_dict()), epoch, entry["heldOutNdcg10"]
        history.append(entry)
        print(f"ranker {entry} of {epochs}, {time.monotonic() - started:.0f} s", file=sys.stderr)
    if best:
        model.load_state_dict(best)
    report = {"epochs": history, "device": device.type, "seconds": round(time.monotonic() - started, 1)}
    return TrainedRanker(model.cpu().eval(), scaler, best_epoch, report)


@dataclass(frozen=True)
class _Batch:
    features: torch.Tensor
    labels: torch.Tensor
    weight: torch.Tensor
    position: torch.Tensor
    segment: torch.Tensor
    lists: int


class _Batches:
    """Scaled rows on the training device, handed out by lists."""

    def __init__(self, rows: Rows, scaler: Scaler, settings: RankerSettings, device: torch.device) -> None:
        self.rows = rows
        weight = rows.weight
        if settings.propensityClipMax > 0:
            inverse = 1.0 / np.maximum(rows.propensity, 1e-6)
            weight = weight * np.where(rows.propensity < 1, np.minimum(inverse, settings.propensityClipMax), 1.0)
        self.features = torch.from_numpy(scaler.apply(rows.features, settings.clip)).to(device)
        self.labels = torch.from_numpy(rows.labels).to(device)
        self.weight = torch.from_numpy(weight.astype(np.float32)).to(device)
        self.position = torch.from_numpy(np.clip(rows.position, 0, POSITIONS_MAX).astype(np.int64)).to(device)

    def take(self, lists: np.ndarray) -> _Batch:
        offsets = self.rows.offsets
        sizes = offsets[lists + 1] - offsets[lists]
        ends = np.cumsum(sizes)
        index = np.repeat(offsets[lists] - (ends - sizes), sizes) + np.arange(ends[-1])
        at = torch.from_numpy(index).to(self.features.device)
        segment = torch.from_numpy(np.repeat(np.arange(lists.size), sizes)).to(self.features.device)
        return _Batch(self.features[at], self.labels[at], self.weight[at], self.position[at], segment, lists.size)


def _lists_per_batch(rows: Rows, settings: RankerSettings) -> int:
    mean_size = max(rows.features.shape[0] / max(rows.lists, 1), 1.0)
    wanted = max(settings.listsPerBatch, int(settings.rowsPerBatchMin / mean_size))
    return max(LISTS_PER_BATCH_MIN, min(wanted, rows.lists // settings.batchesPerEpochMin))


def _loss(logits: torch.Tensor, batch: _Batch, settings: RankerSettings) -> torch.Tensor:
    return pointwise_loss(logits, batch.labels, batch.weight, settings.conversionWeight) + (
        settings.listwiseWeight * listwise_loss(logits, batch.labels, batch.weight, batch.segment, batch.lists)
    )


def _check(model: Ranker, checks: _Batches, settings: RankerSettings) -> dict[str, float]:
    """Loss and NDCG@10 of the held-out lists, positions hidden as they are at serving."""
    model.eval()
    losses, sizes, values = [], [], []
    with torch.inference_mode():
        for at in range(0, checks.rows.lists, 256):
            batch = checks.take(np.arange(at, min(at + 256, checks.rows.lists)))
            logits = model(batch.features)
            losses.append(_loss(logits, batch, settings).item())
            sizes.append(batch.lists)
            p = torch.sigmoid(logits.double())
            values.append((p[:, 0] * settings.clickValue + p[:, 1] * settings.conversionValue).cpu().numpy())
    per_list = ndcg(np.concatenate(values), checks.rows)
    known = per_list[np.isfinite(per_list)]
    return {
        "heldOutLoss": round(float(np.average(losses, weights=sizes)), 5),
        "heldOutNdcg10": round(float(known.mean()), 5) if known.size else 0.0,
    }
