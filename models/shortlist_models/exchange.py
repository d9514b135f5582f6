"""Files that TypeScript and Python exchange: Arrow IPC files for tables, little-endian row-major `.f32` matrices.

A fold directory holds `items.arrow`, `item-metadata.f32`, `events.arrow` (sorted by time, nothing at or after the
cut-off) and `fold.json {name, until_s, items, events, actors}`. Times are unix seconds.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from shortlist_models.errors import CodedError

DAY_S = 86_400.0
# Index = code on the wire; mirrors packages/core/src/contracts/events.ts. 0 is padding.
EVENT_TYPES = (
    "",
    "view",
    "click",
    "impression",
    "add_to_cart",
    "remove_from_cart",
    "wishlist",
    "purchase",
    "rating",
    "hide",
    "search",
)
PURCHASE = EVENT_TYPES.index("purchase")


@dataclass(frozen=True)
class Fold:
    """One fold's data in memory. Event arrays share one order: ascending time."""

    directory: Path
    name: str
    until_s: float
    items: int
    actors: int
    category: np.ndarray  # int32 [N], index into categories
    categories: list[str]
    brand: np.ndarray  # int32 [N]
    price: np.ndarray  # float32 [N]
    metadata: np.ndarray  # float32 [N, Dm]; Dm is 0 where the shop has no metadata
    actor: np.ndarray  # int32 [E]
    row: np.ndarray  # int32 [E]
    type: np.ndarray  # uint8 [E]
    time: np.ndarray  # float64 [E]
    weight: np.ndarray  # float32 [E]; > 0 speaks of interest

    @property
    def weight_scale(self) -> float:
        """Weight of the strongest event type in the data: it counts as 1 wherever interest is summed, served too."""
        return float(self.weight.max(initial=0.0)) or 1.0


def read_table(path: Path) -> pa.Table:
    """The whole Arrow IPC file at `path`. Errors: training_input_missing, training_input_invalid."""
    if not path.exists():
        raise CodedError("training_input_missing", file=str(path))
    try:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid as reason:
        raise CodedError("training_input_invalid", file=str(path), reason=str(reason)) from reason


def write_table(path: Path, columns: dict[str, pa.Array | np.ndarray]) -> None:
    """Writes columns as one uncompressed Arrow IPC file."""
    table = pa.table(columns)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_json(path: Path) -> dict:
    """The JSON object at `path`. Errors: training_input_missing, training_input_invalid."""
    if not path.exists():
        raise CodedError("training_input_missing", file=str(path))
    try:
        return json.loads(path.read_text())
    except ValueError as reason:
        raise CodedError("training_input_invalid", file=str(path), reason=str(reason)) from reason


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")


def column(table: pa.Table, name: str, dtype: type, path: Path) -> np.ndarray:
    """One column as a numpy array of `dtype`, without nulls. Errors: training_input_invalid."""
    if name not in table.column_names:
        raise CodedError("training_input_invalid", file=str(path), reason=f"column {name} is missing")
    values = table.column(name)
    if values.null_count:
        raise CodedError("training_input_invalid", file=str(path), reason=f"column {name} has nulls")
    return values.to_numpy().astype(dtype, copy=False)


def read_fold(directory: Path) -> Fold:
    """Reads and checks a fold: rows inside the catalogue, times sorted and before the cut-off.

    Errors: training_input_missing, training_input_invalid.
    """
    about = read_json(directory / "fold.json")
    items_path, events_path = directory / "items.arrow", directory / "events.arrow"
    items, events = read_table(items_path), read_table(events_path)
    category, categories = _codes(items, "category")
    fold = Fold(
        directory=directory,
        name=str(about.get("name", directory.name)),
        until_s=float(about["until_s"]),
        items=items.num_rows,
        actors=0,
        category=category,
        categories=categories,
        brand=_codes(items, "brand")[0],
        price=column(items, "price", np.float32, items_path),
        metadata=_read_metadata(directory / "item-metadata.f32", items.num_rows),
        actor=column(events, "actor", np.int32, events_path),
        row=column(events, "row", np.int32, events_path),
        type=column(events, "type", np.uint8, events_path),
        time=column(events, "time", np.float64, events_path),
        weight=column(events, "weight", np.float32, events_path),
    )
    object.__setattr__(fold, "actors", max(int(about.get("actors", 0)), int(fold.actor.max(initial=-1)) + 1))
    _check_events(fold, events_path)
    return fold


def _codes(items: pa.Table, name: str) -> tuple[np.ndarray, list[str]]:
    encoded = items.column(name).cast(pa.string()).combine_chunks().fill_null("").dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int32), encoded.dictionary.to_pylist()


def _read_metadata(path: Path, items: int) -> np.ndarray:
    if not path.exists():
        return np.zeros((items, 0), np.float32)
    values = np.fromfile(path, "<f4")
    if items == 0 or values.size % items:
        raise CodedError(
            "training_input_invalid", file=str(path), reason=f"{values.size} values are no multiple of {items} items"
        )
    return values.reshape(items, -1)


def _check_events(fold: Fold, path: Path) -> None:
    def refuse(reason: str) -> None:
        raise CodedError("training_input_invalid", file=str(path), reason=reason)

    if fold.row.size == 0:
        return
    if fold.row.min() < 0 or fold.row.max() >= fold.items:
        refuse(f"a row lies outside 0..{fold.items - 1}")
    if fold.actor.min() < 0:
        refuse("an actor is negative")
    if not np.isfinite(fold.time).all() or not np.isfinite(fold.weight).all():
        refuse("a time or weight is not finite")
    if (np.diff(fold.time) < 0).any():
        refuse("events are not sorted by time")
    if fold.time[-1] >= fold.until_s:
        refuse(f"an event lies at or after the cut-off {fold.until_s}")
