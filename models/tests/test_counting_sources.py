"""Co-visitation, trending, popularity, content and histories against brute force over the events."""

import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
from folds import CART, PURCHASE, VIEW, WEIGHTS, taste_events, taste_metadata, write_fold

from shortlist_models.exchange import read_table
from shortlist_models.sources.co_visitation import co_visitation
from shortlist_models.sources.content import content_neighbors
from shortlist_models.sources.settings import ContentSettings, CoVisitationSettings
from shortlist_models.sources.trending import popularity_scores, trending_columns, trending_scores


def test_co_visitation_equals_brute_force_over_actors(tmp_path: Path) -> None:
    events = taste_events(5, actors=40, items=20, each=9)
    fold = write_fold(tmp_path, events, 20)
    lists = co_visitation(fold, CoVisitationSettings(events=6, windowDays=45, neighbors=1000))
    together, weight, seen = defaultdict(int), defaultdict(float), defaultdict(int)
    for actor in range(40):
        mine = sorted((e for e in events if e[0] == actor and e[3] <= 45), key=lambda e: e[3])[:6]
        strongest: dict[int, float] = {}
        for _, row, kind, _ in mine:
            strongest[row] = max(strongest.get(row, 0), WEIGHTS[kind])
        for row in strongest:
            seen[row] += 1
        for a, b in itertools.permutations(strongest, 2):
            together[a, b] += 1
            weight[a, b] += strongest[b]
    expected = {pair: weight[pair] / np.sqrt(seen[pair[0]] * seen[pair[1]]) for pair in together if together[pair] >= 2}
    found = dict(zip(zip(lists.item.tolist(), lists.neighbor.tolist(), strict=True), lists.score, strict=True))
    assert found.keys() == expected.keys() and len(found) > 20
    for pair, score in expected.items():
        np.testing.assert_allclose(found[pair], score, rtol=1e-5)


def test_co_visitation_keeps_the_best_neighbors_in_order(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, taste_events(5, actors=80, items=20), 20)
    wide = co_visitation(fold, CoVisitationSettings(neighbors=1000))
    short = co_visitation(fold, CoVisitationSettings(neighbors=3))
    for item in range(20):
        np.testing.assert_array_equal(short.neighbor[short.item == item], wide.neighbor[wide.item == item][:3])
    order = np.lexsort((short.neighbor, -short.score, short.item))
    np.testing.assert_array_equal(order, np.arange(order.size))


def test_trending_decays_by_the_day_and_forgets_what_is_older_than_the_window(tmp_path: Path) -> None:
    events = [(0, 0, VIEW, 1.0), (1, 0, PURCHASE, 2.5), (2, 1, CART, 6.9), (3, 1, PURCHASE, 7.5)]
    fold = write_fold(tmp_path, events, 3)
    expected = [np.exp(-0.3) + 5 * np.exp(-0.3 * 2.5), 3 * np.exp(-0.3 * 6.9), 0]
    np.testing.assert_allclose(trending_scores(fold, 7.0, 0.3), expected, rtol=1e-9)


def test_popularity_of_a_purchase_only_shop_counts_distinct_buyers(tmp_path: Path) -> None:
    events = [(0, 0, PURCHASE, 1), (0, 0, PURCHASE, 2), (1, 0, PURCHASE, 3), (1, 2, PURCHASE, 4)]
    np.testing.assert_allclose(popularity_scores(write_fold(tmp_path, events, 3)), [2, 0, 1])


def test_popularity_counts_an_actor_once_by_the_strongest_event(tmp_path: Path) -> None:
    events = [(0, 0, VIEW, 1), (0, 0, PURCHASE, 2), (1, 0, VIEW, 3), (1, 1, CART, 4)]
    np.testing.assert_allclose(popularity_scores(write_fold(tmp_path, events, 2)), [1.2, 0.6], rtol=1e-6)


def test_trending_lists_are_sorted_and_stay_inside_their_category(tmp_path: Path) -> None:
    categories = ["mugs" if row % 3 else "hats" for row in range(20)]
    fold = write_fold(tmp_path, taste_events(2, actors=30, items=20), 20, categories=categories)
    columns = trending_columns(fold)
    window, category = columns["window"].to_pylist(), columns["category"].to_pylist()
    assert set(window) == {"7d", "30d", "all"} and set(category) == {"", "mugs", "hats"}
    groups = defaultdict(list)
    for name, of, row, score in zip(window, category, columns["row"], columns["score"], strict=True):
        assert of in ("", categories[row])
        groups[name, of].append(score)
    assert all(scores == sorted(scores, reverse=True) for scores in groups.values())


def test_content_neighbors_are_the_nearest_by_cosine(tmp_path: Path) -> None:
    metadata = taste_metadata(3)
    fold = write_fold(tmp_path, [(0, 0, VIEW, 1)], 60, metadata)
    lists = content_neighbors(fold, ContentSettings(neighbors=5))
    cosine = metadata @ metadata.T
    np.fill_diagonal(cosine, -1)
    for item in range(60):
        expected = np.argsort(-cosine[item])[:5]
        np.testing.assert_array_equal(lists.neighbor[lists.item == item], expected)


def test_content_of_a_large_catalogue_stays_inside_the_category(tmp_path: Path) -> None:
    categories = ["mugs" if row % 3 else "hats" for row in range(60)]
    fold = write_fold(tmp_path, [(0, 0, VIEW, 1)], 60, taste_metadata(3), categories)
    lists = content_neighbors(fold, ContentSettings(neighbors=4, exactItemsMax=10, blockItems=15))
    assert all(categories[a] == categories[b] for a, b in zip(lists.item, lists.neighbor, strict=True))
    assert np.unique(lists.item).size == 60 and (lists.item != lists.neighbor).all()


def test_histories_hold_recent_items_of_actors_with_at_least_two(fitted_fold: Path) -> None:
    table = read_table(fitted_fold / "sources" / "histories.arrow")
    actors, counts = np.unique(table["actor"].to_numpy(), return_counts=True)
    assert counts.min() >= 2 and actors.size > 100
    assert (table["weight"].to_numpy() > 0).all()
