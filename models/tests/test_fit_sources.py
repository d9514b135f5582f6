import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from folds import VIEW, taste_events, taste_metadata, write_fold

from shortlist_models.errors import CodedError
from shortlist_models.exchange import read_table
from shortlist_models.sources.fit import fit_sources
from shortlist_models.sources.settings import SourceSettings

LISTS = ("co-visitation.arrow", "item-item.arrow", "content.arrow")


def test_every_source_is_written_and_named_present(fitted_fold: Path) -> None:
    about = json.loads((fitted_fold / "sources" / "sources.json").read_text())
    assert about["present"] == dict.fromkeys(about["present"], True) and about["reasons"] == {}
    assert {"trending", "content", "co_visitation", "item_item", "user_user", "ials", "two_tower"} <= set(
        about["present"]
    )
    assert np.fromfile(fitted_fold / "sources" / "ials-items.f32", "<f4").size == 60 * about["ials"]["dim"]


@pytest.mark.parametrize("file", LISTS)
def test_neighbor_lists_are_sorted_by_item_then_score(fitted_fold: Path, file: str) -> None:
    table = read_table(fitted_fold / "sources" / file)
    item, neighbor, score = (table[name].to_numpy() for name in ("item", "neighbor", "score"))
    assert (item.dtype, neighbor.dtype, score.dtype) == (np.int32, np.int32, np.float32)
    np.testing.assert_array_equal(np.lexsort((neighbor, -score, item)), np.arange(item.size))
    assert (item != neighbor).all() and item.size > 100


def test_a_second_run_with_the_seed_writes_the_same_bytes(
    fitted_fold: Path, tmp_path: Path, quick_settings: SourceSettings
) -> None:
    for file in fitted_fold.glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    fit_sources(tmp_path, quick_settings, seed=1)
    files = sorted(path.name for path in (fitted_fold / "sources").iterdir() if path.name != "sources.json")
    assert len(files) >= 9
    for name in files:
        assert (tmp_path / "sources" / name).read_bytes() == (fitted_fold / "sources" / name).read_bytes(), name


def test_few_actors_leave_popularity_and_content_and_say_what_is_missing(tmp_path: Path) -> None:
    write_fold(tmp_path, taste_events(1, actors=20), 60, taste_metadata(1))
    about = fit_sources(tmp_path, SourceSettings(), seed=1)
    assert about["present"]["trending"] and about["present"]["content"]
    assert not about["present"]["two_tower"] and not (tmp_path / "sources" / "user-tower.onnx").exists()
    assert about["reasons"]["ials"] == "needs 100 actors with at least two different items, the data has 20"
    popular = read_table(tmp_path / "sources" / "trending.arrow")
    assert "all" in popular["window"].to_pylist()


def test_a_source_that_is_absent_now_leaves_no_file_of_an_earlier_run(
    tmp_path: Path, quick_settings: SourceSettings
) -> None:
    write_fold(tmp_path, taste_events(1), 60, taste_metadata(1))
    fit_sources(tmp_path, quick_settings, seed=1)
    write_fold(tmp_path, taste_events(1, actors=20), 60, taste_metadata(1))
    fit_sources(tmp_path, quick_settings, seed=1)
    left = {path.name for path in (tmp_path / "sources").iterdir()}
    assert left == {"trending.arrow", "content.arrow", "sources.json"}


def test_without_metadata_new_items_have_no_tower_and_the_reason_says_so(
    tmp_path: Path, quick_settings: SourceSettings
) -> None:
    write_fold(tmp_path, taste_events(1), 60)
    about = fit_sources(tmp_path, quick_settings, seed=1)
    assert about["present"]["two_tower"] and not about["present"]["item_tower"] and not about["present"]["content"]
    assert "item-metadata.f32" in about["reasons"]["item_tower"]


def test_no_events_at_all_is_a_coded_error_that_names_what_is_needed(tmp_path: Path) -> None:
    write_fold(tmp_path, [], 10)
    with pytest.raises(CodedError) as caught:
        fit_sources(tmp_path, SourceSettings(), seed=1)
    assert caught.value.code == "training_data_missing"
    assert "100 actors" in str(caught.value)


def test_a_shop_of_views_says_that_a_view_is_its_strongest_event(
    fitted_fold: Path, tmp_path: Path, quick_settings: SourceSettings
) -> None:
    fitted = json.loads((fitted_fold / "sources" / "sources.json").read_text())
    assert fitted["parameters"]["weightScale"] == 5
    assert fitted["parameters"]["itemItem"]["damping"] == quick_settings.itemItem.damping
    events = [(actor, row, VIEW, age) for actor, row, _, age in taste_events(1)]
    write_fold(tmp_path, events, 60)
    about = fit_sources(tmp_path, quick_settings, seed=1)
    assert about["parameters"]["weightScale"] == 1
    histories = read_table(tmp_path / "sources" / "histories.arrow")["weight"].to_numpy()
    assert histories.max() > 0.9  # fresh views weigh nearly 1, as serving will read them


def test_a_large_catalogue_takes_the_walk_instead_of_ease(tmp_path: Path, quick_settings: SourceSettings) -> None:
    import dataclasses

    item_item = dataclasses.replace(quick_settings.itemItem, easeItemsMax=10)
    write_fold(tmp_path, taste_events(1), 60)
    about = fit_sources(tmp_path, dataclasses.replace(quick_settings, itemItem=item_item), seed=1)
    assert about["itemItem"]["kind"] == "walk" and about["report"]["item_item"]["items"] > 30


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "events.arrow").unlink(), "events.arrow"),
        (lambda folder: (folder / "events.arrow").write_bytes(b"not arrow"), "events.arrow"),
        (lambda folder: (folder / "fold.json").write_text("{"), "fold.json"),
        (lambda folder: (folder / "item-metadata.f32").write_bytes(b"123456789012"), "multiple of 10 items"),
    ],
)
def test_damaged_input_names_the_file(tmp_path: Path, damage: Callable[[Path], object], reason: str) -> None:
    write_fold(tmp_path, [(0, 1, VIEW, 1)], 10, np.ones((10, 2)))
    damage(tmp_path)
    with pytest.raises(CodedError, match=r"missing|cannot be used") as caught:
        fit_sources(tmp_path, SourceSettings(), seed=1)
    assert caught.value.code in ("training_input_missing", "training_input_invalid") and reason in str(caught.value)


def test_an_event_after_the_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodedError, match="at or after the cut-off"):
        write_fold(tmp_path, [(0, 1, VIEW, -0.5)], 10)
