"""The ranker's rows: features of all folds, grouped into lists (requests), with labels and weights."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shortlist_models.errors import CodedError
from shortlist_models.exchange import column, read_json, read_table


@dataclass(frozen=True)
class FeatureLayout:
    """Names in the order item | user | cross; the graph takes the three parts apart."""

    hash: str
    item: list[str]
    user: list[str]
    cross: list[str]

    @property
    def names(self) -> list[str]:
        return [*self.item, *self.user, *self.cross]


@dataclass(frozen=True)
class Rows:
    """R rows sorted by list; list l holds rows offsets[l]..offsets[l + 1] - 1."""

    features: np.ndarray  # float32 [R, F]
    offsets: np.ndarray  # int64 [L + 1]
    labels: np.ndarray  # float32 [R, 2]: click, conversion
    weight: np.ndarray  # float32 [R]; > 1 where a negative stands for several thinned ones
    position: np.ndarray  # int16 [R]; <= 0 unknown
    propensity: np.ndarray  # float32 [R]
    fold: np.ndarray  # int32 [L], index of the list's fold in time order

    @property
    def lists(self) -> int:
        return self.offsets.size - 1

    def list_of_row(self) -> np.ndarray:
        return np.repeat(np.arange(self.lists), np.diff(self.offsets))

    def take_lists(self, lists: np.ndarray) -> "Rows":
        sizes = np.diff(self.offsets)[lists]
        offsets = np.concatenate(([0], np.cumsum(sizes)))
        rows = np.repeat(self.offsets[lists] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return Rows(
            self.features[rows],
            offsets,
            self.labels[rows],
            self.weight[rows],
            self.position[rows],
            self.propensity[rows],
            self.fold[lists],
        )


def read_layout(run: Path) -> FeatureLayout:
    """Reads features.json. Errors: training_input_missing, training_input_invalid."""
    about = read_json(run / "features.json")
    try:
        return FeatureLayout(str(about["hash"]), list(about["item"]), list(about["user"]), list(about["cross"]))
    except KeyError as name:
        raise CodedError(
            "training_input_invalid", file=str(run / "features.json"), reason=f"{name} is missing"
        ) from name


def read_rows(run: Path, layout: FeatureLayout, rows_max: int, seed: int) -> tuple[Rows, list[str]]:
    """Rows of every fold that has them, folds by cut-off; and the folds' names. Features must be finite.

    Errors: training_input_missing, training_input_invalid, training_data_missing.
    """
    folds = []
    for about in sorted((run / "folds").glob("*/fold.json")):
        if (about.parent / "ranker-rows.arrow").exists():
            folds.append((float(read_json(about)["until_s"]), about.parent))
    folds.sort()
    if not folds:
        raise CodedError(
            "training_data_missing", missing="no fold has ranker-rows.arrow", needed="ranker rows of at least one fold"
        )
    tables = [read_table(path / "ranker-rows.arrow") for _, path in folds]
    total = sum(table.num_rows for table in tables)
    share = min(1.0, rows_max / max(total, 1))
    if share < 1:
        print(f"ranker: {total} rows, keeping {share:.0%} of the lists", file=sys.stderr)
    random = np.random.default_rng(seed)
    parts = [
        _read_fold(path, table, index, layout, share, random)
        for index, ((_, path), table) in enumerate(zip(folds, tables, strict=True))
    ]
    return _concat(parts), [path.name for _, path in folds]


def _read_fold(
    path: Path, table: object, index: int, layout: FeatureLayout, share: float, random: np.random.Generator
) -> Rows:
    rows_path, features_path = path / "ranker-rows.arrow", path / "ranker-features.f32"
    width = len(layout.names)
    ids = column(table, "list", np.int32, rows_path)
    if not features_path.exists():
        raise CodedError("training_input_missing", file=str(features_path))
    if features_path.stat().st_size != ids.size * width * 4:
        reason = f"{features_path.stat().st_size} bytes, expected {ids.size} rows x {width} features x 4"
        raise CodedError("training_input_invalid", file=str(features_path), reason=reason)
    order = np.argsort(ids, kind="stable")
    starts = np.flatnonzero(np.diff(ids[order], prepend=ids[order[:1]] - 1)) if ids.size else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, ids.size))
    kept = random.random(starts.size) < share if share < 1 else np.ones(starts.size, bool)
    order = order[np.repeat(kept, sizes)]
    matrix = np.memmap(features_path, "<f4", "r", shape=(ids.size, width)) if ids.size else np.zeros((0, width), "<f4")
    features = np.ascontiguousarray(matrix[order], dtype=np.float32)
    bad = ~np.isfinite(features).all(0)
    if bad.any():
        names = ", ".join(np.array(layout.names)[bad])
        raise CodedError("training_input_invalid", file=str(features_path), reason=f"not finite: {names}")

    def values(name: str, dtype: type) -> np.ndarray:
        return column(table, name, dtype, rows_path)[order]

    return Rows(
        features,
        np.concatenate(([0], np.cumsum(sizes[kept]))),
        np.stack([values("click", np.float32), values("conversion", np.float32)], axis=1),
        values("weight", np.float32),
        values("position", np.int16),
        values("propensity", np.float32),
        np.full(int(kept.sum()), index, np.int32),
    )


def _concat(parts: list[Rows]) -> Rows:
    offsets, total = [np.zeros(1, np.int64)], 0
    for part in parts:
        offsets.append(part.offsets[1:] + total)
        total += int(part.offsets[-1])
    return Rows(
        np.concatenate([part.features for part in parts]),
        np.concatenate(offsets),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.position for part in parts]),
        np.concatenate([part.propensity for part in parts]),
        np.concatenate([part.fold for part in parts]),
    )


def split_held_out(rows: Rows, share: float) -> tuple[np.ndarray, np.ndarray]:
    """List numbers (trained on, held out): the last fold is held out, or of a single fold its last lists."""
    last = rows.fold.max()
    held_out = rows.fold == last
    if held_out.all():
        held_out = np.arange(rows.lists) >= int(rows.lists * (1 - share))
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
