"""A publication of an earlier version: the first run makes it anew, also when nothing came in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from linkage import pipeline
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.pipeline import since
from tests.nights import Night


def status_of_a_run(night: Night) -> tuple[str, list[str]]:
    told: list[str] = []
    return pipeline.run(Config(), night.inbox, night.out, None, told.append).status, told


def test_a_table_that_the_night_before_did_not_have_is_reason_enough(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Night(shutil.copytree(night.folder, tmp_path / "night", symlinks=True))
    assert status_of_a_run(copy)[0] == "nothing_new"
    recall = since.recall

    def of_an_older_version(night: pipeline.Night) -> None:
        recall(night)
        night.db.run("ALTER TABLE household_today DROP COLUMN as_of")

    monkeypatch.setattr(since, "recall", of_an_older_version)
    status, told = status_of_a_run(copy)
    assert status == "published"
    assert "the published night was made by another version: it is made anew" in told
    monkeypatch.undo()
    assert status_of_a_run(copy)[0] == "nothing_new"
    with DuckDBEngine(copy.out / "case_view.duckdb", read_only=True) as view:
        assert view.rows("SELECT count(as_of) > 0 FROM household_today") == [(True,)]
