"""`fit-sources`: fits every source that the fold's data can carry and writes `sources/`; absent ones get a reason."""

import dataclasses
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from shortlist_models.errors import CodedError
from shortlist_models.exchange import EVENT_TYPES, Fold, read_fold, write_json, write_table
from shortlist_models.sources.co_visitation import co_visitation
from shortlist_models.sources.content import content_neighbors
from shortlist_models.sources.ials import fit_ials, unobserved_weight
from shortlist_models.sources.interactions import bound, collect_pairs, to_matrix
from shortlist_models.sources.item_item import ease_neighbors, walk_neighbors
from shortlist_models.sources.neighbors import NeighborLists
from shortlist_models.sources.settings import SourceSettings
from shortlist_models.sources.trending import trending_columns
from shortlist_models.sources.two_tower.examples import build_examples
from shortlist_models.sources.two_tower.export import export_item_tower, export_user_tower
from shortlist_models.sources.two_tower.train import train_towers


class SourceRun:
    """One fold's run: where files go, and the report that becomes sources.json."""

    def __init__(self, fold: Fold, settings: SourceSettings, seed: int) -> None:
        self.fold, self.settings, self.seed = fold, settings, seed
        self.out = fold.directory / "sources"
        self.present: dict[str, bool] = {}
        self.reasons: dict[str, str] = {}
        self.report: dict[str, dict] = {}
        self.extra: dict[str, dict] = {}
        self.item_factors: np.ndarray | None = None

    def matrix(self, half_life_days: float) -> sp.csr_matrix:
        pairs = bound(collect_pairs(self.fold, half_life_days), self.settings.actorsMax, self.settings.itemsPerActorMax)
        return to_matrix(pairs, self.fold.items)

    def absent(self, source: str, reason: str) -> None:
        self.present[source] = False
        self.reasons[source] = reason
        print(f"{source}: absent, {reason}", file=sys.stderr)

    def write_lists(self, file: str, lists: NeighborLists) -> dict:
        columns = {"item": lists.item, "neighbor": lists.neighbor, "score": lists.score}
        write_table(self.out / file, columns)
        return {"pairs": int(lists.item.size), "items": int(np.unique(lists.item).size)}


def fit_sources(directory: Path, settings: SourceSettings, seed: int) -> dict:
    """Fits all sources of the fold in `directory`; returns what sources.json holds.

    Errors: training_input_*, training_data_missing when there is neither an event nor an item to learn from.
    """
    fold = read_fold(directory)
    if fold.items == 0:
        raise CodedError("training_data_missing", missing="the catalogue has no items", needed="at least 1 item")
    if not (fold.weight > 0).any():
        raise CodedError(
            "training_data_missing",
            missing="no view, click, add_to_cart, wishlist or purchase before the cut-off",
            needed=f"at least 1 event for popularity, {settings.actorsMin} actors with two items for the rest",
        )
    run = SourceRun(fold, settings, seed)
    # Nothing of an earlier run may pass for this one's.
    shutil.rmtree(run.out, ignore_errors=True)
    run.out.mkdir()
    capable = int(np.unique(bound(collect_pairs(fold, 0), settings.actorsMax, 2).actor).size)
    reason = None
    if capable < settings.actorsMin:
        reason = f"needs {settings.actorsMin} actors with at least two different items, the data has {capable}"
    for source, step, collaborative in STEPS:
        if collaborative and reason:
            run.absent(source, reason)
            continue
        started = time.monotonic()
        report = step(run)
        if report is None:
            continue
        run.present[source] = True
        seconds = round(time.monotonic() - started, 2)
        run.report[source] = {**report, "seconds": seconds}
        print(f"{source}: {report} in {seconds} s", file=sys.stderr)
    result = {
        "present": run.present,
        "reasons": run.reasons,
        "dims": {"items": fold.items, "metadata": int(fold.metadata.shape[1]), "vector": settings.twoTower.dim},
        **run.extra,
        "parameters": _parameters_in_force(run),
        "seed": seed,
        "untilS": fold.until_s,
        "events": {EVENT_TYPES[code]: int(n) for code, n in enumerate(np.bincount(fold.type)) if n},
        "capableActors": capable,
        "report": run.report,
    }
    write_json(run.out / "sources.json", result)
    return result


def _parameters_in_force(run: SourceRun) -> dict:
    """The settings with what was derived from the data put in: serving reads profiles with these."""
    parameters = {**dataclasses.asdict(run.settings), "weightScale": run.fold.weight_scale}
    if "ials" in run.extra:
        parameters["ials"]["alpha0"] = run.extra["ials"]["alpha0"]
    return parameters


def _trending(run: SourceRun) -> dict:
    columns = trending_columns(run.fold)
    write_table(run.out / "trending.arrow", columns)
    return {"rows": int(columns["row"].size)}


def _content(run: SourceRun) -> dict | None:
    if run.fold.metadata.shape[1] == 0:
        run.absent("content", "the fold has no item-metadata.f32")
        return None
    return run.write_lists("content.arrow", content_neighbors(run.fold, run.settings.content))


def _co_visitation(run: SourceRun) -> dict | None:
    lists = co_visitation(run.fold, run.settings.coVisitation)
    if lists.item.size == 0:
        of = run.settings.coVisitation
        run.absent("co_visitation", f"no two items share {of.pairsMin} actors in the last {of.windowDays:g} days")
        return None
    return run.write_lists("co-visitation.arrow", lists)


def _item_item(run: SourceRun) -> dict:
    settings = run.settings.itemItem
    matrix = run.matrix(settings.halfLifeDays)
    matrix.data **= settings.damping
    if run.fold.items <= settings.easeItemsMax:
        lists, kind = ease_neighbors(matrix, settings.regularisation, settings.neighbors), "ease"
    else:
        lists, kind = walk_neighbors(matrix, settings.shrink, settings.neighbors), "walk"
    run.extra["itemItem"] = {"kind": kind, "halfLifeDays": settings.halfLifeDays, "damping": settings.damping}
    return {"kind": kind, **run.write_lists("item-item.arrow", lists)}


def _user_user(run: SourceRun) -> dict:
    settings = run.settings.histories
    pairs = bound(collect_pairs(run.fold, settings.halfLifeDays), settings.actorsMax, settings.items)
    columns = {"actor": pairs.actor, "row": pairs.row, "weight": pairs.weight.astype(np.float32)}
    write_table(run.out / "histories.arrow", columns)
    return {"pairs": int(pairs.actor.size), "actors": int(np.unique(pairs.actor).size)}


def _ials(run: SourceRun) -> dict:
    of = run.settings.ials
    matrix = run.matrix(of.halfLifeDays)
    alpha0 = of.alpha0 or unobserved_weight(matrix, of.unobservedRatio)
    epochs = int(np.clip(of.solvesMax // max(sum(matrix.shape), 1), 1, of.epochs))
    _, items = fit_ials(matrix, of.dim, epochs, alpha0, of.regularisation, of.nu, run.seed)
    items.tofile(run.out / "ials-items.f32")
    run.item_factors = items
    run.extra["ials"] = {
        "dim": of.dim,
        "alpha0": alpha0,
        "lambda": of.regularisation,
        "nu": of.nu,
        "halfLifeDays": of.halfLifeDays,
        # c = event weight / weightScale, times 0.5^(age / halfLife), summed over a user's events with the item.
        "foldIn": "(alpha0 V'V + sum c v v' + lambda (n + alpha0 N)^nu I) u = sum c v; score = u . v",
    }
    return {"pairs": int(matrix.nnz), "actors": int(matrix.shape[0]), "epochs": epochs}


def _two_tower(run: SourceRun) -> dict | None:
    settings = run.settings.twoTower
    examples = build_examples(run.fold)
    if examples.target.size < settings.examplesMin:
        run.absent(
            "two_tower",
            f"needs {settings.examplesMin} events with an earlier event of the same actor, has {examples.target.size}",
        )
        return None
    start = run.item_factors if run.item_factors is not None and settings.dim == run.item_factors.shape[1] else None
    towers = train_towers(run.fold, examples, settings, run.seed, start)
    towers.vectors.tofile(run.out / "item-vectors.f32")
    export_user_tower(towers.user, settings.history, run.out / "user-tower.onnx")
    if towers.item.metadata is not None:
        export_item_tower(towers.item, run.out / "item-tower.onnx")
        run.present["item_tower"] = True
    else:
        run.absent("item_tower", "the fold has no item-metadata.f32: new items have no vector")
    return towers.report


# source, how it is fitted, whether it needs actors with several items
STEPS = (
    ("trending", _trending, False),
    ("content", _content, False),
    ("co_visitation", _co_visitation, True),
    ("item_item", _item_item, True),
    ("user_user", _user_user, True),
    ("ials", _ials, True),
    ("two_tower", _two_tower, True),
)
