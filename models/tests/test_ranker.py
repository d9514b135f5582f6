import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from folds import write_run

from shortlist_models.errors import CodedError
from shortlist_models.exchange import read_table, write_table
from shortlist_models.ranker.fit import fit_ranker
from shortlist_models.ranker.graph import Calibration, build_graph, with_calibration
from shortlist_models.ranker.inference import float_multiplications, optimised_operators, predict, session
from shortlist_models.ranker.model import listwise_loss
from shortlist_models.ranker.rows import read_layout, read_rows, split_held_out
from shortlist_models.ranker.settings import RankerSettings
from shortlist_models.ranker.train import fit_scaler, train_ranker

PRECISIONS = ("fp32", "int8")


def report(run: Path) -> dict:
    return json.loads((run / "ranker" / "ranker.json").read_text())


def test_it_learns_the_order_and_int8_keeps_it(fitted_run: Path) -> None:
    found = report(fitted_run)
    assert found["fp32"]["click"]["auc"] > 0.75
    assert abs(found["comparison"]["ndcg10Change"]) < 0.02
    assert found["comparison"]["top10Overlap"] > 0.93
    assert found["constantFeatures"] == ["item_5"]


def test_the_int8_graph_multiplies_in_int8_only(fitted_run: Path) -> None:
    int8 = onnx.load(str(fitted_run / "ranker" / "ranker.int8.onnx"))
    operators = optimised_operators(int8)
    assert float_multiplications(operators) == []
    assert operators["com.microsoft.QGemm"] == 3 and operators["QuantizeLinear"] == 1
    assert "DequantizeLinear" not in operators and "Relu" not in operators
    fp32 = optimised_operators(onnx.load(str(fitted_run / "ranker" / "ranker.fp32.onnx")))
    assert float_multiplications(fp32) == ["Gemm", "com.microsoft.FusedGemm"]


def test_int8_weights_are_signed_with_one_scale_per_output_and_activations_unsigned(fitted_run: Path) -> None:
    model = onnx.load(str(fitted_run / "ranker" / "ranker.int8.onnx"))
    constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in model.graph.initializer}
    by_output = {node.output[0]: node for node in model.graph.node}
    for gemm in (node for node in model.graph.node if node.op_type == "Gemm"):
        activation, weight = by_output[gemm.input[0]], by_output[gemm.input[1]]
        assert constants[weight.input[0]].dtype == np.int8
        assert constants[weight.input[1]].shape == (constants[weight.input[0]].shape[1],)
        assert constants[activation.input[2]].dtype == np.uint8


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_rows_score_does_not_depend_on_its_batch(fitted_run: Path, precision: str) -> None:
    running = session(onnx.load(str(fitted_run / "ranker" / f"ranker.{precision}.onnx")))
    random = np.random.default_rng(0)
    items = random.normal(size=(200, 20)).astype(np.float32)
    users = random.normal(size=(8, 12)).astype(np.float32)
    cross = random.normal(size=(500, 16)).astype(np.float32)
    rows, requests = random.integers(0, 200, 500).astype(np.int32), random.integers(0, 8, 500).astype(np.int32)

    def score(index: np.ndarray) -> np.ndarray:
        inputs = {"item_features": items, "user_features": users, "cross_features": cross[index]}
        return running.run(None, {**inputs, "item_rows": rows[index], "request_index": requests[index]})[0]

    everything = score(np.arange(500))
    for _ in range(60):
        size = int(random.integers(1, 40))
        index = random.choice(500, size, replace=False)
        padded = np.resize(index, -(-size // 16) * 16)  # the agreed padding: a multiple of 16 rows
        np.testing.assert_array_equal(score(padded)[:size], everything[index])


def test_the_graph_equals_torch(fitted_run: Path) -> None:
    layout = read_layout(fitted_run)
    rows, _ = read_rows(fitted_run, layout, 10**6, seed=1)
    settings = RankerSettings(epochs=1)
    trained = train_ranker(rows, None, settings, seed=1)
    found = predict(build_graph(trained, layout, settings.clip), rows.features[:300], layout)
    with torch.inference_mode():
        expected = trained.model(torch.from_numpy(trained.scaler.apply(rows.features[:300], settings.clip)))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_calibration_is_the_last_step_of_the_graph(fitted_run: Path) -> None:
    layout = read_layout(fitted_run)
    rows, _ = read_rows(fitted_run, layout, 10**6, seed=1)
    model = onnx.load(str(fitted_run / "ranker" / "ranker.int8.onnx"))
    plain = predict(with_calibration(model, Calibration.identity()), rows.features[:100], layout)
    fitted = report(fitted_run)["calibration"]["int8"]
    expected = plain * np.float32(fitted["scale"]) + np.float32(fitted["bias"])
    np.testing.assert_allclose(predict(model, rows.features[:100], layout), expected, atol=1e-5)


def test_position_is_used_in_training_and_gone_from_the_graph(fitted_run: Path) -> None:
    layout = read_layout(fitted_run)
    rows, _ = read_rows(fitted_run, layout, 10**6, seed=1)
    trained = train_ranker(rows, None, RankerSettings(), seed=1)
    click = trained.model.position.weight.detach()[:, 0]
    assert not trained.model.position.weight[0].any()
    assert click[1:4].mean() > click[18:25].mean() + 0.1  # the top of the page got clicks the items did not earn
    inputs = {value.name for value in build_graph(trained, layout, 4.0).graph.input}
    assert inputs == {"item_features", "user_features", "cross_features", "item_rows", "request_index"}


def test_training_is_reproducible_by_seed(fitted_run: Path, tmp_path: Path) -> None:
    again = write_run(tmp_path / "run", lists=200)
    fit_ranker(again, RankerSettings(), seed=1)
    for precision in PRECISIONS:
        file = f"ranker.{precision}.onnx"
        assert (again / "ranker" / file).read_bytes() == (fitted_run / "ranker" / file).read_bytes()


def test_a_constant_feature_stays_silent_when_it_moves_at_serving() -> None:
    features = np.array([[1, 5], [2, 5], [3, 5]], np.float32)
    scaled = fit_scaler(features).apply(np.array([[2, 5], [2, 900]], np.float32), 4.0)
    np.testing.assert_array_equal(scaled, 0)


def test_the_last_fold_is_held_out_and_of_one_fold_the_last_lists(tmp_path: Path) -> None:
    several, _ = read_rows(write_run(tmp_path / "a", folds=3), read_layout(tmp_path / "a"), 10**6, 1)
    training, held_out = split_held_out(several, 0.2)
    assert several.fold[held_out].tolist() == [2] * 60 and training.size == 120
    single, _ = read_rows(write_run(tmp_path / "b", folds=1), read_layout(tmp_path / "b"), 10**6, 1)
    training, held_out = split_held_out(single, 0.2)
    assert held_out.tolist() == list(range(48, 60)) and training.size == 48


def test_rows_beyond_the_limit_leave_as_whole_lists(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    rows, _ = read_rows(run, read_layout(run), rows_max=1000, seed=1)
    assert 400 < rows.features.shape[0] < 1600
    assert (np.diff(rows.offsets) == 24).all()


def test_thinned_negatives_count_by_their_weight_in_the_listwise_loss() -> None:
    logits = torch.tensor([[1.0, 0.2], [0.5, 0.1], [-0.3, 0.7]])
    labels = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    thinned = listwise_loss(logits[:2], labels[:2], torch.tensor([1.0, 3.0]), torch.zeros(2, dtype=torch.int64), 1)
    spelled_out = listwise_loss(
        logits[[0, 1, 1, 1]], labels[[0, 1, 1, 1]], torch.ones(4), torch.zeros(4, dtype=torch.int64), 1
    )
    torch.testing.assert_close(thinned, spelled_out)
    expected = -torch.log_softmax(logits[:, 0], 0)[0]
    whole = listwise_loss(logits, labels, torch.ones(3), torch.zeros(3, dtype=torch.int64), 1)
    torch.testing.assert_close(whole, expected)


def _without_labels(run: Path) -> None:
    for path in run.glob("folds/*/ranker-rows.arrow"):
        table = read_table(path)
        columns = {name: table[name].to_numpy().copy() for name in table.column_names}
        path.unlink()  # the table is a memory map of it
        write_table(path, {**columns, **{name: np.zeros(table.num_rows, np.uint8) for name in ("click", "conversion")}})


def test_one_class_only_is_a_coded_error_with_what_is_needed(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    _without_labels(run)
    with pytest.raises(CodedError) as caught:
        fit_ranker(run, RankerSettings(), seed=1)
    assert caught.value.code == "training_data_too_small"
    assert "50 positive" in caught.value.details["needed"] and "0 positive" in caught.value.details["have"]


def test_no_rows_at_all_is_a_coded_error(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    for path in run.glob("folds/*/ranker-rows.arrow"):
        path.unlink()
    with pytest.raises(CodedError) as caught:
        fit_ranker(run, RankerSettings(), seed=1)
    assert caught.value.code == "training_data_missing"


def test_a_short_feature_file_and_a_nan_are_refused_by_name(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    path = run / "folds" / "fold-1" / "ranker-features.f32"
    features = np.fromfile(path, "<f4").reshape(-1, 48)
    features[7, 21] = np.nan
    features.tofile(path)
    with pytest.raises(CodedError, match="not finite: user_1"):
        fit_ranker(run, RankerSettings(), seed=1)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CodedError, match="expected 1440 rows x 48 features"):
        fit_ranker(run, RankerSettings(), seed=1)
