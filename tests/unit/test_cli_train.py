"""The verbs of the models say in one line that there is nothing to show, and refuse what they cannot mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage import cli_train
from linkage.promotions import Promotions
from linkage.store import OutFolder
from tests.command import call
from tests.nights import Night


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder with two candidates, of which nobody promoted one."""
    generation = tmp_path / "out" / "generations" / "1"
    generation.mkdir(parents=True)
    (generation / "manifest.json").write_text("{}")
    (generation / "model.json").write_text("{}")
    (tmp_path / "out" / "current").symlink_to("generations/1")
    models = tmp_path / "out" / "state" / "models"
    models.mkdir(parents=True)
    for number, mentions in ((10, 9), (2, 8)):
        notes = {"as_of": "2025-03-13", "mentions": mentions, "parent": "shipped"}
        (models / f"candidate_2025-03-13_{number}.json").write_text(json.dumps({"notes": notes}))
    return tmp_path / "out"


def test_models_lists_candidates_in_their_order_and_what_is_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    assert call(monkeypatch, "models", "--out", str(out)) == 0
    assert "Nobody promoted a model" in capsys.readouterr().out
    who = ["--by", "anna", "--reason", "KANARIE", "--out", str(out)]
    assert call(monkeypatch, "promote", "candidate_2025-03-13_2", *who) == 0
    assert capsys.readouterr().out == "Promotion 2: the next run uses candidate_2025-03-13_2.json\n"
    assert call(monkeypatch, "models", "--out", str(out), "--json") == 0
    told = capsys.readouterr().out
    shown = json.loads(told)
    assert shown["in_use"] == "candidate_2025-03-13_2.json"
    assert [(row["candidate"], row["in_use"]) for row in shown["candidates"]] == [
        ("candidate_2025-03-13_2", "yes"),
        ("candidate_2025-03-13_10", ""),
    ]
    assert [row["promoted_by"] for row in shown["promotions"]] == ["inbeeld", "anna"]
    assert "KANARIE" not in told, "a reason stays in state/"


def test_a_candidate_that_cannot_be_read_is_listed_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    (out / "state" / "models" / "candidate_2025-03-13_2.json").write_text("torn")
    assert call(monkeypatch, "models", "--out", str(out)) == 0
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give a CANDIDATE or --back"),
        (["candidate_2025-03-13_2", "--back"], "give a CANDIDATE or --back"),
        (["KANARIE"], "CANDIDATE is none of the candidates"),
        (["--back"], "there is no model to go back to"),
    ],
)
def test_promote_refuses_what_it_cannot_mean(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    out: Path,
    arguments: list[str],
    message: str,
) -> None:
    code = call(monkeypatch, "promote", *arguments, "--by", "anna", "--reason", "it fits", "--out", str(out))
    said = capsys.readouterr().err
    assert (code, said.count("\n")) == (2, 1)
    assert message in said
    assert "KANARIE" not in said
    assert Promotions(OutFolder(out)).current() is None


def test_train_says_in_one_line_that_nothing_was_published(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call(monkeypatch, "train", "--out", str(tmp_path)) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_train_shows_what_moved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], night: Night, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(night.out, tmp_path / "out", symlinks=True)
    assert call(monkeypatch, "train", "--out", str(tmp_path / "out")) == 0
    said = capsys.readouterr().out
    assert "No classifier fitted: 0 same and 0 different decisions" in said
    assert "Stability index: weights 0.000" in said
    assert "Next: inbeeld promote candidate_" in said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"calibration": "none"}, "Calibration: none, a line in log odds does no better on 40 decided pairs"),
        ({"calibration": "line", "slope": 0.9, "intercept": -0.5}, "every weight times 0.90 and -0.50 bits, from 40"),
    ],
)
def test_what_the_line_did_is_told_in_words(told: dict[str, object], said: str) -> None:
    assert said in cli_train._line({"listed": 40} | told)


def test_a_model_that_moved_much_is_told_so() -> None:
    assert [cli_train._moved(x) for x in (0.02, 0.2, 1.8)] == [
        "little moved",
        "look closely",
        "another population or a bad candidate",
    ]
