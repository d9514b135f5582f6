import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from folds import CART, PURCHASE, VIEW, taste_events, write_fold

from shortlist_models.baselines.run import run_baselines
from shortlist_models.baselines.systems import SYSTEMS, BaselineSettings, Data, strongest
from shortlist_models.errors import CodedError
from shortlist_models.exchange import read_table

EVENTS = [
    # three invoices of item 2, one of item 1; item 0 most popular by buyers
    *[(0, 2, PURCHASE, age) for age in (40, 20, 10)],
    (0, 1, PURCHASE, 40),
    (1, 0, PURCHASE, 35),
    (2, 0, PURCHASE, 34),
    (3, 0, PURCHASE, 33),
    (3, 1, PURCHASE, 5),
    (3, 3, PURCHASE, 50),
]


def lists_of(folder: Path, request: dict, seed: int = 1) -> dict[tuple[str, str, int], list[int]]:
    (folder / "request.json").write_text(json.dumps(request))
    run_baselines(folder, folder / "request.json", folder / "out.arrow", {}, seed)
    table = read_table(folder / "out.arrow")
    assert table.schema.field("rows").type == pa.list_(pa.int32())
    keys = zip(*(table[name].to_pylist() for name in ("system", "mode", "actor")), strict=True)
    return dict(zip(keys, table["rows"].to_pylist(), strict=True))


def test_own_counts_are_invoices_then_buyers_then_the_popular(tmp_path: Path) -> None:
    write_fold(tmp_path, EVENTS, 4)
    found = lists_of(tmp_path, {"actors": [0, 3, -1], "systems": ["own_counts"]})
    assert found["own_counts", "all", 0] == [2, 1, 0, 3]
    assert found["own_counts", "all", 3][:2] == [0, 1]  # one invoice each: three buyers before two
    assert found["own_counts", "all", -1][:2] == [0, 1]  # nobody: the most popular


def test_popular_counts_buyers_of_all_time_or_of_four_weeks(tmp_path: Path) -> None:
    write_fold(tmp_path, EVENTS, 4)
    found = lists_of(tmp_path, {"actors": [1], "systems": ["popular", "popular_28d"]})
    assert found["popular", "all", 1][:2] == [0, 1]
    assert found["popular_28d", "all", 1][:2] == [1, 2]


def test_modes_leave_out_what_was_bought_or_touched(tmp_path: Path) -> None:
    write_fold(tmp_path, [*EVENTS, (0, 3, VIEW, 2)], 4)
    modes = ["all", "new-only", "untouched"]
    found = lists_of(tmp_path, {"actors": [0], "systems": ["popular"], "modes": modes})
    assert sorted(found["popular", "all", 0]) == [0, 1, 2, 3]
    assert found["popular", "new-only", 0] == [0, 3]
    assert found["popular", "untouched", 0] == [0]


def test_item_cosine_and_ease_equal_dense_formulas(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, [(a, r, PURCHASE, t) for a, r, _, t in taste_events(3, actors=50, items=20)], 20)
    data = Data(fold, BaselineSettings(cosineNeighbors=4), seed=1)
    x = np.zeros((51, 20))
    x[fold.actor, fold.row] = 1
    cosine = x.T @ x / np.sqrt(np.outer(x.sum(0), x.sum(0)).clip(1e-9))
    np.fill_diagonal(cosine, 0)
    for candidate in range(20):
        cosine[candidate, np.argsort(-cosine[candidate], kind="stable")[4:]] = 0
    np.testing.assert_allclose(SYSTEMS["item_cosine"](data)(np.arange(51)), x @ cosine.T, atol=1e-6)
    inverse = np.linalg.inv(x.T @ x + 250 * np.eye(20))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    np.testing.assert_allclose(SYSTEMS["ease"](data)(np.arange(51)), x @ weights, atol=1e-5)
    spread = x / np.maximum(x.sum(1), 1)[:, None]
    walk = (x / np.maximum(x.sum(0), 1)) @ x.T @ spread
    np.testing.assert_allclose(SYSTEMS["item_walk"](data)(np.arange(51)), walk, atol=1e-9)


def test_item_cf_is_a_mean_plus_what_neighbours_deviate_from_theirs(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, [(a, r, PURCHASE, t) for a, r, _, t in taste_events(3, actors=50, items=20)], 20)
    x = np.zeros((51, 20))
    x[fold.actor, fold.row] = 1
    mean = x.sum(0) / 50
    expected = np.zeros((51, 20))
    for item in range(20):
        cosine = x.T @ x[:, item] / np.sqrt((x.sum(0) * x[:, item].sum()).clip(1e-9))
        cosine[item] = 0
        nearest = np.argsort(-cosine, kind="stable")[:4]
        share = cosine[nearest] / cosine[nearest].sum()
        expected[:, item] = mean[item] + (x[:, nearest] - mean[nearest]) @ share
    found = SYSTEMS["item_cf"](Data(fold, BaselineSettings(cosineNeighbors=4), seed=1))(np.arange(51))
    np.testing.assert_allclose(found, expected, atol=1e-6)


MINUTE = 1 / 1440
VISITS = [
    # Actor 1 met 0 and 1 together early, actor 2 met 0 and 2 late, and 3 half an hour after that; actor 0 asks.
    (0, 0, VIEW, 30),
    (1, 0, VIEW, 20),
    (1, 1, PURCHASE, 20 - MINUTE),
    (2, 0, VIEW, 10),
    (2, 2, PURCHASE, 10 - 9 * MINUTE),
    (2, 3, PURCHASE, 10 - 40 * MINUTE),
    (3, 2, PURCHASE, 5),
]


def test_co_visits_are_near_in_time_and_steps(tmp_path: Path) -> None:
    data = Data(write_fold(tmp_path, VISITS, 5), BaselineSettings(), 1)
    np.testing.assert_array_equal(np.floor(SYSTEMS["co_visits"](data)(np.array([0])))[0], [0, 1, 1, 0, 0])
    one_step = Data(data.fold, BaselineSettings(coVisitSteps=1, coVisitSeconds=3600), 1)
    np.testing.assert_array_equal(np.floor(SYSTEMS["co_visits"](one_step)(np.array([2])))[0], [1, 1, 2, 1, 0])


def test_with_a_cut_off_what_others_did_later_is_unknown(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, VISITS, 5)
    early, late = fold.until_s - 15 * 86_400, fold.until_s - 7 * 86_400
    request = {"actors": [0], "systems": ["popular", "co_visits"], "modes": ["untouched"], "top": 2}
    whole = lists_of(tmp_path, request)
    assert whole["popular", "untouched", 0][0] == 2 and whole["co_visits", "untouched", 0] == [2, 1]
    at_early = lists_of(tmp_path, {**request, "cutoffs": [early]})
    assert at_early["popular", "untouched", 0][0] == 1 and at_early["co_visits", "untouched", 0][0] == 1
    counts = Data(fold, BaselineSettings(), 1)
    counts.cutoffs[0] = early
    np.testing.assert_array_equal(SYSTEMS["popular"](counts)(np.array([0]))[0], [0, 1, 0, 0, 0])
    counts.cutoffs[0] = late
    np.testing.assert_array_equal(SYSTEMS["popular"](counts)(np.array([0]))[0], [0, 1, 1, 1, 0])
    with pytest.raises(CodedError, match="ease cannot follow"):
        lists_of(tmp_path, {**request, "systems": ["ease"], "cutoffs": [early]})
    with pytest.raises(CodedError, match="2 cut-offs for 1 actors"):
        lists_of(tmp_path, {**request, "cutoffs": [early, late]})


def test_levels_are_view_one_cart_two_purchase_three_and_one_in_a_purchase_only_shop(tmp_path: Path) -> None:
    mixed = write_fold(tmp_path / "a", [(0, 0, VIEW, 1), (0, 1, CART, 1), (0, 1, VIEW, 1), (0, 2, PURCHASE, 1)], 3)
    np.testing.assert_array_equal(strongest(Data(mixed, BaselineSettings(), 1))[0].toarray()[0], [1, 2, 3])
    bought = write_fold(tmp_path / "b", [(0, 0, PURCHASE, 1), (0, 2, PURCHASE, 1)], 3)
    np.testing.assert_array_equal(strongest(Data(bought, BaselineSettings(), 1))[0].toarray()[0], [1, 0, 1])


def test_every_system_answers_for_known_actors_and_strangers(fitted_fold: Path) -> None:
    (fitted_fold / "request.json").write_text(json.dumps({"actors": [0, 1, -1], "top": 20}))
    reasons = run_baselines(fitted_fold, fitted_fold / "request.json", fitted_fold / "out.arrow", {}, 1)
    table = read_table(fitted_fold / "out.arrow")
    assert reasons == {} and set(table["system"].to_pylist()) == set(SYSTEMS)
    for system, rows in zip(table["system"].to_pylist(), table["rows"].to_pylist(), strict=True):
        assert len(set(rows)) == 20, system


def test_the_towers_know_an_actors_taste(fitted_fold: Path) -> None:
    found = lists_of(fitted_fold, {"actors": [0, 1], "systems": ["two_tower"], "top": 10})
    assert np.mean([row >= 30 for row in found["two_tower", "all", 0]]) > 0.8  # even actors like the second half
    assert np.mean([row < 30 for row in found["two_tower", "all", 1]]) > 0.8


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"actors": [0], "systems": ["magic"]}, "magic"),
        ({"actors": [99]}, "-1..3"),
        ({"actors": [0], "modes": ["x"]}, "x"),
    ],
)
def test_an_unknown_name_or_actor_is_refused(tmp_path: Path, request_: dict, reason: str) -> None:
    write_fold(tmp_path, EVENTS, 4)
    with pytest.raises(CodedError, match=reason):
        lists_of(tmp_path, request_)
