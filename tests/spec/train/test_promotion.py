"""From decisions to a candidate, and from a person's promotion to the next night."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from linkage import pipeline
from linkage.config import Config, Linkage
from linkage.decisions import Decisions, MentionKey, Verdict
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError, UsageError
from linkage.pairs import PERSONS, load
from linkage.promotions import Promotions
from linkage.store import OutFolder
from linkage.train import train
from tests.nights import Night

WHO = {"by": "anna", "reason": "it fits"}


@pytest.fixture
def folder(night: Night, tmp_path: Path) -> OutFolder:
    """A copy of a published night that a test may change."""
    shutil.copytree(night.out, tmp_path / "out", symlinks=True)
    return OutFolder(tmp_path / "out")


@pytest.fixture(scope="module")
def candidates(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published night with two candidates, which tests copy."""
    made = tmp_path_factory.mktemp("candidates") / "out"
    shutil.copytree(night.out, made, symlinks=True)
    for _ in range(2):
        propose(OutFolder(made))
    return made


@pytest.fixture
def proposed(candidates: Path, tmp_path: Path) -> tuple[OutFolder, str, str]:
    """A published night with the names of two candidates, which a test may change."""
    folder = OutFolder(Path(shutil.copytree(candidates, tmp_path / "proposed", symlinks=True)))
    first, second = sorted(path.stem for path in Promotions(folder).candidates())
    return folder, first, second


def propose(folder: OutFolder, **options: Any) -> dict[str, Any]:
    return train(folder, Config(), lambda _: None, **options)


def run(folder: OutFolder, night: Night, config: Config | None = None) -> str:
    return pipeline.run(config or Config(), night.inbox, folder.path, None, lambda _: None).status


def used(folder: OutFolder) -> str:
    name: str = json.loads(folder.published("model.json").read_text(encoding="utf-8"))["name"]
    return name


def decide(folder: OutFolder, verdict: Verdict, where: str, number: int) -> None:
    """Decide about compared pairs, each of which has its own mentions."""
    key = ", ".join(f"{side}.{c}" for side in "lr" for c in ("source_id", "record_kind", "record_id", "person_seq"))
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as db:
        rows = db.rows(
            f"SELECT {key} FROM pair p JOIN mention l ON l.mention_id = left_id "
            f"JOIN mention r ON r.mention_id = right_id WHERE {where} ORDER BY left_id, right_id"
        )
    seen: set[MentionKey] = set()
    for row in rows:
        keys = MentionKey(*row[:4]), MentionKey(*row[4:])
        if number and not seen & set(keys):
            seen |= set(keys)
            Decisions(folder).decide(*keys, verdict, by="anna", reason="looked")
            number -= 1
    assert not number


def test_a_candidate_is_written_and_nothing_uses_it(folder: OutFolder, night: Night) -> None:
    told = propose(folder)
    (path,) = Promotions(folder).candidates()
    content = json.loads(path.read_text(encoding="utf-8"))
    assert path.stem == told["candidate"] == content["name"]
    assert content["notes"]["parent"] == used(folder)
    assert content["notes"]["mentions"] == told["mentions"] > 0
    assert told["drift"]["weights"] == pytest.approx(0), "the night was fitted on the same mentions"
    assert Promotions(folder).current() is None
    assert run(folder, night) == "nothing_new"


def test_too_few_decisions_train_nothing_and_say_so_in_one_line(folder: OutFolder) -> None:
    decide(folder, Verdict.SAME, "match_weight > 12", 2)
    supervised = propose(folder)["supervised"]
    assert supervised == {
        "fitted": False,
        "reason": "no classifier fitted: 2 same and 0 different decisions, 50 of each are needed",
    }


def test_decisions_judge_both_models(folder: OutFolder) -> None:
    decide(folder, Verdict.SAME, "match_weight > 12", 3)
    decide(folder, Verdict.DIFFERENT, "match_weight < 9", 1)
    told = propose(folder)
    assert told["decisions"] == {"same": 3, "different": 1, "not_compared": 0, "waiting": 0}
    pairs = told["ledger"]["pairs"]
    assert [p["is_same"] for p in pairs] == [True, True, True, False]
    for model in ("old", "new"):
        found = told["ledger"][model]["sure"]
        assert found["true_links"] == 3
        assert found["false_links"] == sum(p[model] >= 0.9 for p in pairs if not p["is_same"])
        assert found["brier"] == pytest.approx(sum((p[model] - p["is_same"]) ** 2 for p in pairs) / 4)


def test_decisions_are_counted_in_the_candidate(folder: OutFolder) -> None:
    decide(folder, Verdict.DIFFERENT, "match_weight BETWEEN 3 AND 9", 5)
    propose(folder)
    (path,) = Promotions(folder).candidates()
    without, told = (load(PERSONS, file) for file in (folder.published("model.json"), path))
    assert told.rates["same"] < without.rates["same"]
    assert told.rates["family"] > without.rates["family"]


def test_with_enough_decisions_classifiers_are_fitted(folder: OutFolder) -> None:
    decide(folder, Verdict.SAME, "match_weight > 12", 12)
    decide(folder, Verdict.DIFFERENT, "match_weight < 9", 5)
    supervised = propose(folder, enough=5)["supervised"]
    assert supervised["fitted"]
    assert list(supervised["out_of_fold"]) == [
        "model",
        "line",
        "isotonic",
        "LogisticRegressionClassifier",
        "NaiveBayesClassifier",
        "SVMClassifier",
    ]


@pytest.mark.slow
def test_a_promoted_model_is_used_until_somebody_goes_back(folder: OutFolder, night: Night) -> None:
    before, promotions = used(folder), Promotions(folder)
    decide(folder, Verdict.SAME, "match_weight > 12", 12)
    decide(folder, Verdict.DIFFERENT, "match_weight < 9", 5)
    candidate = propose(folder, enough=5)["candidate"]
    promotions.promote(candidate, **WHO)
    assert run(folder, night) == "published", "nothing was delivered, but the model is another one"
    assert used(folder) == candidate
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as db:
        assert db.rows("SELECT verdict, outcome, count(*) FROM decision GROUP BY ALL ORDER BY ALL") == [
            ("different", "applied", 5),
            ("same", "applied", 12),
        ]
    assert run(folder, night) == "nothing_new"
    promotions.back(**WHO)
    assert run(folder, night) == "published"
    assert used(folder) == before
    assert run(folder, night) == "nothing_new"
    assert [p.promoted_by for p in promotions.all()] == ["inbeeld", "anna", "anna"]
    with pytest.raises(UsageError, match="no model to go back to"):
        promotions.back(**WHO)


def test_back_goes_back_step_by_step(proposed: tuple[OutFolder, str, str]) -> None:
    folder, first, second = proposed
    promotions = Promotions(folder)
    assert (first[-2:], second[-2:]) == ("_1", "_2")
    promotions.promote(first, **WHO)
    promotions.promote(second, **WHO)
    assert promotions.back(**WHO).model == f"{first}.json"
    assert promotions.back(**WHO).model.startswith("night_")


@pytest.mark.slow
def test_a_model_in_the_settings_outranks_a_promoted_one(proposed: tuple[OutFolder, str, str], night: Night) -> None:
    folder, first, second = proposed
    promotions = Promotions(folder)
    promotions.promote(first, **WHO)
    run(folder, night, Config(linkage=Linkage(model_file=promotions.models / f"{second}.json")))
    assert used(folder) == second


@pytest.mark.slow
def test_a_promoted_model_that_was_changed_is_not_used(proposed: tuple[OutFolder, str, str], night: Night) -> None:
    folder, first, _ = proposed
    promotions = Promotions(folder)
    entry = promotions.promote(first, **WHO)
    path = promotions.models / entry.model
    path.write_text(path.read_text(encoding="utf-8").replace('"rates"', '"rates" '), encoding="utf-8")
    with pytest.raises(StoreError, match="gone or was changed"):
        run(folder, night)


@pytest.mark.parametrize("candidate", ["candidate_2020-01-01_1", "../../state/key", ""])
def test_only_a_candidate_is_promoted(proposed: tuple[OutFolder, str, str], candidate: str) -> None:
    with pytest.raises(UsageError, match="none of the candidates"):
        Promotions(proposed[0]).promote(candidate, **WHO)


def test_the_log_only_grows(proposed: tuple[OutFolder, str, str]) -> None:
    folder, first, _ = proposed
    promotions = Promotions(folder)
    promotions.promote(first, **WHO)
    with sqlite3.connect(promotions.path) as db:
        for change in ("UPDATE promotion SET promoted_by = 'x'", "DELETE FROM promotion"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                db.execute(change)


def test_nothing_published_nothing_trained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no published case view"):
        propose(OutFolder(tmp_path))
