"""Small folds and runs for the tests, written through the same files that the TypeScript side writes."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from shortlist_models.exchange import DAY_S, Fold, read_fold, write_table

UNTIL_S = 1_700_000_000.0
VIEW, CART, PURCHASE = 1, 4, 7
WEIGHTS = {VIEW: 1.0, CART: 3.0, PURCHASE: 5.0}


def write_fold(
    folder: Path,
    events: list[tuple[int, int, int, float]],
    items: int,
    metadata: np.ndarray | None = None,
    categories: list[str] | None = None,
) -> Fold:
    """events: (actor, row, type code, age in days). Sorted here, as the export does."""
    folder.mkdir(parents=True, exist_ok=True)
    events = sorted(events, key=lambda event: -event[3])
    write_table(
        folder / "items.arrow",
        {
            "row": np.arange(items, dtype=np.int32),
            "item_id": pa.array([f"item-{row}" for row in range(items)], pa.utf8()),
            "title": pa.array([f"Item {row}" for row in range(items)], pa.utf8()),
            "category": pa.array(categories or ["things"] * items, pa.utf8()),
            "brand": pa.array([""] * items, pa.utf8()),
            "price": np.full(items, 10, np.float32),
            "created_at": np.zeros(items),
            "available": pa.array([True] * items),
        },
    )
    if metadata is not None:
        metadata.astype("<f4").tofile(folder / "item-metadata.f32")
    actor, row, kind, age = (np.array([event[at] for event in events]) for at in range(4))
    write_table(
        folder / "events.arrow",
        {
            "actor": actor.astype(np.int32),
            "row": row.astype(np.int32),
            "type": kind.astype(np.uint8),
            "time": UNTIL_S - age.astype(np.float64) * DAY_S,
            "weight": np.array([WEIGHTS[int(code)] for code in kind], np.float32),
        },
    )
    about = {"name": folder.name, "until_s": UNTIL_S, "items": items, "events": len(events)}
    (folder / "fold.json").write_text(json.dumps({**about, "actors": int(actor.max(initial=-1)) + 1}))
    return read_fold(folder)


def taste_events(seed: int, actors: int = 160, items: int = 60, each: int = 12) -> list[tuple[int, int, int, float]]:
    """Actors of two tastes: one likes the first half of the items, one the second; item popularity falls off."""
    random = np.random.default_rng(seed)
    half = items // 2
    share = 1.0 / np.arange(1, half + 1)
    share /= share.sum()
    events = []
    for actor in range(actors):
        first = 0 if actor % 2 else half
        for row in random.choice(half, size=each, p=share):
            kind = int(random.choice([VIEW, CART, PURCHASE], p=[0.7, 0.2, 0.1]))
            events.append((actor, first + int(row), kind, float(random.uniform(0.01, 60))))
    return events


def taste_metadata(seed: int, items: int = 60, dim: int = 8) -> np.ndarray:
    """Unit vectors whose first value says which half an item belongs to."""
    vectors = np.random.default_rng(seed).normal(0, 0.3, (items, dim))
    vectors[:, 0] = np.where(np.arange(items) < items // 2, 1.0, -1.0)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def write_run(folder: Path, folds: int = 2, lists: int = 60, rows: int = 24, seed: int = 3) -> Path:
    """A run whose labels follow known weights over features of very different scale; one feature is constant."""
    random = np.random.default_rng(seed)
    names = {"item": [f"item_{at}" for at in range(20)], "user": [f"user_{at}" for at in range(12)]}
    names["cross"] = [f"cross_{at}" for at in range(16)]
    width = 48
    truth = random.normal(0, 0.4, width)
    (folder / "folds").mkdir(parents=True)
    (folder / "features.json").write_text(json.dumps({"hash": "test", **names, "metadataDim": 8}))
    for index in range(folds):
        fold = folder / "folds" / f"fold-{index}"
        fold.mkdir()
        features = random.normal(size=(lists * rows, width))
        features[:, 20:32] = np.repeat(random.normal(size=(lists, 12)), rows, axis=0)
        features[:, 5] = 1.0
        position = np.tile(np.arange(1, rows + 1), lists)
        p = 1 / (1 + np.exp(-(features @ truth - 1.5)))
        click = random.random(p.size) < p / np.log2(position + 1)
        conversion = click & (random.random(p.size) < 0.5)
        features[:, :4] *= 100
        features.astype("<f4").tofile(fold / "ranker-features.f32")
        write_table(
            fold / "ranker-rows.arrow",
            {
                "list": np.repeat(np.arange(lists), rows).astype(np.int32),
                "row": np.zeros(p.size, np.int32),
                "click": click.astype(np.uint8),
                "conversion": conversion.astype(np.uint8),
                "weight": np.ones(p.size, np.float32),
                "position": position.astype(np.int16),
                "propensity": np.ones(p.size, np.float32),
            },
        )
        (fold / "fold.json").write_text(json.dumps({"name": fold.name, "until_s": UNTIL_S + index}))
    return folder
