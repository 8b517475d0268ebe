"""The log of a run: JSON lines with steps, counts and seconds; a value of a record has no way into it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from linkage import pipeline
from linkage.config import Config, Operations
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import GateFailed, StoreError
from linkage.ledger import Ledger
from linkage.pipeline.log import RunLog, logged
from linkage.store import OutFolder

CANARY = "ZQ7-KANARIE-achternaam-0003"


def lines(log: RunLog) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def test_a_step_is_told_with_its_seconds_and_the_tables_that_it_changed(tmp_path: Path) -> None:
    db = DuckDBEngine()
    night = SimpleNamespace(log=RunLog(tmp_path, "00001-a", keep=3), db=db)

    def persons(_: Any) -> None:
        db.run(f"CREATE TABLE person AS SELECT '{CANARY}' AS person_id FROM range(7)")
        db.run("CREATE TABLE _scratch AS SELECT 1")

    def households(_: Any) -> None:
        db.run("CREATE TABLE household AS FROM range(3)")

    for name, run in {"persons": persons, "households": households}.items():
        logged(pipeline.Step(name, run)).run(night)
    first, second = lines(night.log)
    assert (first["step"], first["rows"], first["run_id"]) == ("persons", {"person": 7}, "00001-a")
    assert (second["step"], second["rows"]) == ("households", {"household": 3})
    assert first["seconds"] >= 0
    assert CANARY not in night.log.path.read_text()
    assert night.log.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("error", "event", "message"),
    [
        (ValueError(CANARY), "failed", None),
        (KeyError(CANARY), "failed", None),
        (StoreError("ConversionException in: SELECT 1"), "failed", "ConversionException in: SELECT 1"),
        (GateFailed("gate delivery stopped the run"), "gate_failed", "gate delivery stopped the run"),
    ],
)
def test_what_stops_a_step_is_told_by_its_kind_and_only_our_own_message(
    tmp_path: Path, error: Exception, event: str, message: str | None
) -> None:
    night = SimpleNamespace(log=RunLog(tmp_path, "00001-a", keep=3), db=DuckDBEngine())

    def work(_: Any) -> None:
        raise error

    with pytest.raises(type(error)):
        logged(pipeline.Step("link", work)).run(night)
    [told] = lines(night.log)
    assert (told["event"], told["step"], told["error"]) == (event, "link", type(error).__name__)
    assert told["message"] == message
    assert CANARY not in night.log.path.read_text()


def test_the_logs_of_the_last_runs_are_kept_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("not ours")
    for number in range(6):
        RunLog(tmp_path, f"{number:05d}-a", keep=3).write("started")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "00003-a.jsonl", "00004-a.jsonl", "00005-a.jsonl", "other.txt"
    ]  # fmt: skip


def test_a_log_that_cannot_be_written_does_not_stop_the_night(tmp_path: Path) -> None:
    log = RunLog(tmp_path, "00001-a", keep=3)
    log.path.mkdir()
    log.write("started")


def test_a_run_that_died_is_named_when_the_next_one_starts(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    folder, config = OutFolder(tmp_path / "out"), Config(operations=Operations(log_folder=tmp_path / "logs"))
    with folder.lock():
        dead = Ledger(folder).begin(datetime.now(UTC), config)
    said: list[str] = []
    with pipeline.start(config, tmp_path / "inbox", folder.path, None, said.append) as night:
        night.is_done = True
    assert [line.split(":")[0] for line in said] == [f"run {dead} died"]
    told = lines(night.log)
    assert [line["event"] for line in told] == ["started", "died", "ended"]
    assert told[1]["died"] == dead
    said.clear()
    with pipeline.start(config, tmp_path / "inbox", folder.path, None, said.append) as night:
        night.is_done = True
    assert said == []
