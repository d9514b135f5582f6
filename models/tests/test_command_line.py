"""The process as the TypeScript side starts it: exit codes and the one JSON line on stderr."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from folds import write_fold

from shortlist_models.config import apply, parse_json
from shortlist_models.errors import CodedError
from shortlist_models.sources.settings import SourceSettings

MODELS = Path(__file__).parent.parent


def run(*arguments: str) -> tuple[int, dict]:
    command = [sys.executable, "-m", "shortlist_models", *arguments]
    done = subprocess.run(command, cwd=MODELS, capture_output=True, text=True, check=False)
    lines = done.stderr.strip().splitlines()
    return done.returncode, json.loads(lines[-1])["error"]


def test_too_little_data_exits_2_with_one_coded_line(tmp_path: Path) -> None:
    write_fold(tmp_path, [], 10)
    status, error = run("fit-sources", "--fold", str(tmp_path))
    assert status == 2 and error["code"] == "training_data_missing" and "needed" in error["details"]


def test_a_missing_run_exits_2_and_names_the_file(tmp_path: Path) -> None:
    status, error = run("fit-ranker", "--run", str(tmp_path))
    assert status == 2 and error["code"] == "training_input_missing" and "features.json" in error["message"]


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ('{"ials": {"dims": 3}}', "ials.dims"),
        ('{"ials": {"dim": "many"}}', "ials.dim"),
        ('{"ials": {"dim": 2.5}}', "ials.dim"),
        ('{"actorsMin": -1}', "actorsMin"),
        ('{"actorsMin": true}', "actorsMin"),
        ('{"ials": 3}', "ials"),
        ("{", "--config"),
        ("[1]", "--config"),
        ("@/nowhere.json", "--config"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(text: str, setting: str) -> None:
    with pytest.raises(CodedError) as caught:
        apply(SourceSettings(), parse_json(text))
    assert caught.value.code == "training_config_invalid" and caught.value.details["setting"] == setting


def test_parameters_override_by_name_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"ials": {"dim": 32}, "actorsMin": 7}')
    settings = apply(SourceSettings(), parse_json(f"@{tmp_path / 'config.json'}"))
    assert (settings.ials.dim, settings.actorsMin, settings.ials.epochs) == (32, 7, SourceSettings().ials.epochs)
