from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from folds import PURCHASE, VIEW, taste_events, taste_metadata, write_fold

from shortlist_models.sources.settings import TwoTowerSettings
from shortlist_models.sources.two_tower.examples import build_examples, gather_history
from shortlist_models.sources.two_tower.export import export_item_tower, export_user_tower
from shortlist_models.sources.two_tower.model import ItemTower, UserTower, sampled_softmax
from shortlist_models.sources.two_tower.train import log_expected_draws, train_towers

QUICK = TwoTowerSettings(dim=16, stepsMax=60, batch=64, history=10)


def test_a_basket_never_sees_itself_in_its_history(tmp_path: Path) -> None:
    events = [(0, 1, PURCHASE, 9), (0, 2, PURCHASE, 5), (0, 3, PURCHASE, 5), (0, 4, PURCHASE, 5), (0, 5, VIEW, 1)]
    examples = build_examples(write_fold(tmp_path, events, 6))
    rows, types, ages = gather_history(examples, np.arange(examples.target.size), 4, np.random.default_rng(0))
    assert examples.ordered and examples.target.size == 4  # the first event has no history
    histories = {int(examples.row[target]): rows[at][types[at] > 0] for at, target in enumerate(examples.target)}
    for bought in (2, 3, 4):
        assert histories[bought].tolist() == [1]
    assert sorted(histories[5].tolist()) == [1, 2, 3, 4]
    np.testing.assert_allclose(ages[0][0], 4, rtol=1e-6)


def test_history_is_most_recent_first_and_never_of_another_actor(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, taste_events(4), 60)
    examples = build_examples(fold)
    rows, types, ages = gather_history(examples, np.arange(examples.target.size), 50, np.random.default_rng(0))
    valid = types > 0
    assert (np.diff(np.where(valid, ages, 1e9), axis=1)[valid[:, 1:]] >= 0).all()
    assert (valid.sum(1) == np.minimum(examples.end - examples.start, 50)).all()
    halves = (rows >= 30).astype(int)
    targets = (examples.row[examples.target] >= 30).astype(int)
    assert (halves[valid] == np.repeat(targets, valid.sum(1))).all()  # one actor has one taste


def test_data_without_order_uses_the_other_events_and_leaves_the_target_out(tmp_path: Path) -> None:
    events = [(actor, row, VIEW, 1.0) for actor in range(5) for row in range(actor, actor + 6)]
    examples = build_examples(write_fold(tmp_path, events, 12))
    assert not examples.ordered and examples.target.size == 30
    rows, types, _ = gather_history(examples, np.arange(30), 8, np.random.default_rng(0))
    targets = examples.row[examples.target]
    for at in range(30):
        history = rows[at][types[at] > 0]
        assert targets[at] not in history and set(history) <= set(range(targets[at] - 5, targets[at] + 6))
        assert history.size == 5


def test_padding_has_no_say_in_the_user_vector() -> None:
    torch.manual_seed(0)
    tower = UserTower(8).eval()
    vectors, types, ages = torch.randn(3, 6, 8), torch.tensor([[1, 7, 0, 0, 0, 0]] * 3), torch.rand(3, 6)
    other = vectors.clone()
    other[:, 2:] = 100.0
    with torch.inference_mode():
        assert torch.equal(tower(vectors, types, ages), tower(other, types, ages))
        changed = vectors.clone()
        changed[:, 1] += 1
        assert not torch.allclose(tower(vectors, types, ages), tower(changed, types, ages))


def test_logq_takes_the_punishment_off_popular_items() -> None:
    # One user whose targets follow a Zipf law. With the correction the scores become the log of popularity; without
    # it an item is pushed down as often as it is drawn, and the scores come out too flat.
    items = 50
    share = 1.0 / np.arange(1, items + 1)
    share /= share.sum()

    def learned(correct: bool) -> np.ndarray:
        random = np.random.default_rng(0)
        logits = torch.zeros(items, requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=0.02)
        expected = torch.from_numpy(log_expected_draws(share * 1000, 64)) if correct else torch.zeros(items)
        for _ in range(600):
            targets = random.choice(items, 64, p=share)
            drawn = torch.from_numpy(np.concatenate([targets, random.integers(0, items, 64)]))
            same = drawn[None, :] == drawn[:64, None]
            same[torch.arange(64), torch.arange(64)] = False
            loss = sampled_softmax(torch.ones(64, 1), logits[drawn, None], expected[drawn], same, temperature=1.0)
            optimizer.zero_grad()
            loss.mean().backward()
            optimizer.step()
        return logits.detach().numpy()

    slope_with, slope_without = (np.polyfit(np.log(share), learned(correct), 1)[0] for correct in (True, False))
    assert 0.8 < slope_with < 1.2
    assert slope_without < slope_with - 0.3


def test_expected_draws_count_batch_and_uniform_halves() -> None:
    np.testing.assert_allclose(np.exp(log_expected_draws(np.array([3, 1, 0, 0]), 8)), [8, 4, 2, 2], rtol=1e-6)


def test_same_seed_same_vectors_other_seed_others(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, taste_events(4), 60, taste_metadata(4))
    examples = build_examples(fold)
    first, again, other = (train_towers(fold, examples, QUICK, seed).vectors for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_training_finds_the_two_tastes(tmp_path: Path) -> None:
    fold = write_fold(tmp_path, taste_events(4), 60)  # no metadata: only behaviour tells the halves apart
    towers = train_towers(fold, build_examples(fold), TwoTowerSettings(dim=16, stepsMax=200, learningRate=0.01), 1)
    assert towers.report["lossLast"] < towers.report["lossFirst"]
    cosine = towers.vectors @ towers.vectors.T
    assert cosine[:15, :15].mean() > cosine[:15, 30:45].mean() + 0.3


@pytest.mark.parametrize("history", [1, 50])
def test_user_tower_onnx_equals_torch_with_padding_and_without_events(tmp_path: Path, history: int) -> None:
    torch.manual_seed(1)
    tower = UserTower(64).eval()
    random = np.random.default_rng(0)
    table = random.normal(size=(40, 64)).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    types = random.integers(1, 9, (5, history)).astype(np.int32)
    types[1, history // 2 :] = 0
    types[2] = 0  # nobody
    rows = np.where(types > 0, random.integers(0, 40, types.shape), 0).astype(np.int32)
    ages = random.uniform(0, 1e7, types.shape).astype(np.float32)
    export_user_tower(tower, history, tmp_path / "user-tower.onnx")
    session = ort.InferenceSession(str(tmp_path / "user-tower.onnx"))
    inputs = {"item_vectors": table, "rows": rows, "event_types": types, "ages_s": ages}
    found = session.run(["user_vectors"], inputs)[0]
    with torch.inference_mode():
        days = torch.from_numpy(ages / np.float32(86_400))
        expected = tower(torch.from_numpy(table)[torch.from_numpy(rows).long()], torch.from_numpy(types).long(), days)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    # Alone (padded to two) and in company: the same bits.
    for at in range(5):
        pair = {name: value if name == "item_vectors" else value[[at, at]] for name, value in inputs.items()}
        np.testing.assert_array_equal(session.run(None, pair)[0][0], found[at])


def test_item_tower_onnx_equals_the_metadata_path_of_torch(tmp_path: Path) -> None:
    torch.manual_seed(1)
    tower = ItemTower(10, 8, 64).eval()
    metadata = taste_metadata(1)[:10]
    export_item_tower(tower, tmp_path / "item-tower.onnx")
    found = ort.InferenceSession(str(tmp_path / "item-tower.onnx")).run(None, {"metadata": metadata})[0]
    with torch.inference_mode():
        expected = tower(torch.arange(10), torch.from_numpy(metadata), torch.zeros(10)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_new_item_gets_a_vector_near_its_kind_from_metadata_alone(fitted_fold: Path) -> None:
    vectors = np.fromfile(fitted_fold / "sources" / "item-vectors.f32", "<f4").reshape(60, 64)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    new = vectors[59]  # no events; its metadata says second half
    assert (vectors[30:50] @ new).mean() > (vectors[:20] @ new).mean() + 0.2
    session = ort.InferenceSession(str(fitted_fold / "sources" / "item-tower.onnx"))
    metadata = np.fromfile(fitted_fold / "item-metadata.f32", "<f4").reshape(60, -1)
    np.testing.assert_allclose(session.run(None, {"metadata": metadata[59:]})[0][0], new, atol=1e-5)
