"""One fitted fold and one fitted run, shared by the tests that look at results."""

import json
from pathlib import Path

import pytest
import torch
from folds import taste_events, taste_metadata, write_fold, write_run

from shortlist_models.config import apply
from shortlist_models.ranker.fit import fit_ranker
from shortlist_models.ranker.settings import RankerSettings
from shortlist_models.sources.fit import fit_sources
from shortlist_models.sources.settings import SourceSettings

# Kernels pick other sums with other thread counts; one thread makes runs comparable, and is faster at this size.
torch.set_num_threads(1)

QUICK = {"twoTower": {"stepsMax": 120, "batch": 128, "learningRate": 0.01}, "ials": {"dim": 16, "epochs": 4}}


@pytest.fixture(scope="session")
def quick_settings() -> SourceSettings:
    return apply(SourceSettings(), QUICK)


@pytest.fixture(scope="session")
def fitted_fold(tmp_path_factory: pytest.TempPathFactory, quick_settings: SourceSettings) -> Path:
    folder = tmp_path_factory.mktemp("run") / "fold-0"
    # Item 59 (second half) has no events: what a new item looks like.
    events = [event for event in taste_events(1) if event[1] != 59]
    write_fold(folder, events, 60, taste_metadata(1))
    fit_sources(folder, quick_settings, seed=1)
    return folder


@pytest.fixture(scope="session")
def fitted_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("ranker") / "run", lists=200)
    fit_ranker(folder, RankerSettings(), seed=1)
    assert json.loads((folder / "ranker" / "ranker.json").read_text())["seed"] == 1
    return folder
