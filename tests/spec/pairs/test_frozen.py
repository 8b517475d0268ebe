"""Which model a night uses: weights change only when a person promotes them, or while the model is young."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import pairs
from linkage.config import Config
from linkage.pairs.model import load
from linkage.pairs.persons import PERSONS


def model_file(folder: Path, name: str, mentions: int) -> Path:
    model = load(PERSONS)
    model.name, model.notes = name, {"mentions": mentions}
    path = folder / f"{name}.json"
    path.write_text(model.to_json(), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("mentions", "expected", "frozen"),
    [
        (pairs.YOUNG, "yesterday", True),
        (pairs.YOUNG - 1, load(PERSONS).name, False),
    ],
    ids=["a grown model stays", "a young one is fitted anew, from the shipped prior and not from itself"],
)
def test_the_model_of_the_night_before(tmp_path: Path, mentions: int, expected: str, frozen: bool) -> None:
    model, is_frozen = pairs._model(Config(), model_file(tmp_path, "yesterday", mentions), print)
    assert (model.name, is_frozen) == (expected, frozen)


def test_a_configured_model_outranks_the_night_before(tmp_path: Path) -> None:
    config = Config(linkage={"model_file": model_file(tmp_path, "promoted", 1)})
    model, is_frozen = pairs._model(config, model_file(tmp_path, "yesterday", pairs.YOUNG), print)
    assert (model.name, is_frozen) == ("promoted", True)


def test_without_a_night_before_the_shipped_model_is_the_prior(tmp_path: Path) -> None:
    model, is_frozen = pairs._model(Config(), tmp_path / "missing.json", print)
    assert (model.name, is_frozen) == (load(PERSONS).name, False)


def test_a_model_of_an_earlier_version_is_fitted_anew(tmp_path: Path) -> None:
    file = model_file(tmp_path, "yesterday", pairs.YOUNG)
    file.write_text(file.read_text(encoding="utf-8").replace('"taken"', '"took"'), encoding="utf-8")
    told: list[str] = []
    model, is_frozen = pairs._model(Config(), file, told.append)
    assert (model.name, is_frozen) == (load(PERSONS).name, False)
    assert told == ["the model of the night before is of another version: it is fitted anew"]
