"""Trains the two towers on next-item targets. Deterministic for a seed on one machine and thread count."""

import sys
import time
from dataclasses import dataclass

import numpy as np
import torch

from shortlist_models.exchange import Fold
from shortlist_models.sources.settings import TwoTowerSettings
from shortlist_models.sources.two_tower.examples import Examples, gather_history
from shortlist_models.sources.two_tower.model import ItemTower, UserTower, sampled_softmax


@dataclass(frozen=True)
class TrainedTowers:
    """Towers on the CPU in evaluation mode, item vectors float32 [N, d], and what training looked like."""

    user: UserTower
    item: ItemTower
    vectors: np.ndarray
    report: dict


def log_expected_draws(target_counts: np.ndarray, batch: int) -> np.ndarray:
    """log of an item's expected number among `batch` in-batch targets and `batch` uniform draws; float32 [N]."""
    share = target_counts / max(target_counts.sum(), 1)
    return np.log(batch * share + batch / target_counts.size).astype(np.float32)


def train_towers(
    fold: Fold, examples: Examples, settings: TwoTowerSettings, seed: int, start: np.ndarray | None = None
) -> TrainedTowers:
    """Trains on the fold's examples; see `settings.py` for what each parameter does.

    start: float32 [N, d] factors of another model (iALS) that the id embeddings begin at; None begins at random.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    item = ItemTower(fold.items, fold.metadata.shape[1], settings.dim).to(device)
    if start is not None:
        item.begin_at(torch.from_numpy(start))
    user = UserTower(settings.dim).to(device)
    metadata = torch.from_numpy(fold.metadata).to(device)
    batch = min(settings.batch, max(32, examples.target.size // 8))
    per_epoch = max(1, examples.target.size // batch)
    steps = max(1, min(settings.epochs * per_epoch, settings.stepsMax))
    optimizer, schedule = _optimizer(item, user, settings, steps)
    targets = examples.row[examples.target]
    log_q = torch.from_numpy(log_expected_draws(np.bincount(targets, minlength=fold.items), batch)).to(device)
    weight = np.where(examples.repeated, settings.repeatWeight, 1.0).astype(np.float32)
    losses: list[float] = []
    started = time.monotonic()
    order = np.zeros(0, np.int64)
    for step in range(steps):
        if order.size < batch:
            order = random.permutation(examples.target.size)
        chosen, order = order[:batch], order[batch:]
        rows, types, ages = gather_history(examples, chosen, settings.history, random)
        _drop_events(types, settings, random)
        rows[types == 0] = 0
        drawn = random.integers(0, fold.items, batch)
        candidates = np.concatenate([targets[chosen], drawn])
        # Only the items of this step pass the item tower: catalogues of a million items cost no more than small ones.
        unique, local = np.unique(np.concatenate([candidates, rows.ravel()]), return_inverse=True)
        local_t = torch.from_numpy(local).to(device)
        rows_t = torch.from_numpy(unique).to(device)
        keep_id = torch.from_numpy((random.random(unique.size) >= settings.idDropout).astype(np.float32)).to(device)
        if item.metadata is None:
            keep_id.fill_(1)
        vectors = item(rows_t, metadata[rows_t], keep_id)
        history = vectors[local_t[candidates.size :]].view(chosen.size, settings.history, -1)
        users = user(history, torch.from_numpy(types).to(device), torch.from_numpy(ages).to(device))
        candidates_t = torch.from_numpy(candidates).to(device)
        same = candidates_t[None, :] == candidates_t[: chosen.size, None]
        same[torch.arange(chosen.size), torch.arange(chosen.size)] = False
        per_example = sampled_softmax(
            users, vectors[local_t[: candidates.size]], log_q[candidates_t], same, settings.temperature
        )
        weights = torch.from_numpy(weight[chosen]).to(device)
        loss = (per_example * weights).sum() / weights.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0 or step + 1 == steps:
            print(f"two-tower step {step + 1}/{steps} loss {np.mean(losses[-100:]):.3f}", file=sys.stderr)
    report = {
        "examples": int(examples.target.size),
        "ordered": examples.ordered,
        "steps": steps,
        "batch": batch,
        "device": device.type,
        "lossFirst": float(np.mean(losses[: max(1, steps // 20)])),
        "lossLast": float(np.mean(losses[-max(1, steps // 20) :])),
        "seconds": round(time.monotonic() - started, 2),
    }
    user, item = user.cpu().eval(), item.cpu().eval()
    return TrainedTowers(user, item, item_vectors(item, fold, np.bincount(targets, minlength=fold.items) > 0), report)


def item_vectors(item: ItemTower, fold: Fold, trained: np.ndarray) -> np.ndarray:
    """float32 [N, d] unit vectors; items that were never a target take the metadata-only path of new items."""
    vectors = np.empty((fold.items, item.embedding.embedding_dim), np.float32)
    keep_id = trained.astype(np.float32) if item.metadata is not None else np.ones(fold.items, np.float32)
    with torch.inference_mode():
        for at in range(0, fold.items, 65_536):
            rows = torch.arange(at, min(at + 65_536, fold.items))
            part = item(rows, torch.from_numpy(fold.metadata[at : at + 65_536]), torch.from_numpy(keep_id)[rows])
            vectors[at : at + 65_536] = part.numpy()
    return vectors


def _drop_events(types: np.ndarray, settings: TwoTowerSettings, random: np.random.Generator) -> None:
    types[random.random(types.shape) < settings.eventDropout] = 0
    types[random.random(types.shape[0]) < settings.historyDropout] = 0


def _optimizer(
    item: ItemTower, user: UserTower, settings: TwoTowerSettings, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    parameters = [*item.parameters(), *user.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learningRate, weight_decay=settings.weightDecay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=settings.learningRate, total_steps=steps + 1, pct_start=0.1
    )
    return optimizer, schedule
