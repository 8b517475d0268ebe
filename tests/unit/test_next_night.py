"""The night after one that published: what it takes over of it, and what not."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from duckdb import DuckDBPyConnection, OutOfMemoryException

from linkage import basis, contracts, pipeline, quality, tonight
from linkage.casebook import publish
from linkage.config import Config
from linkage.contracts import Table
from linkage.engine import duckdb
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError
from linkage.intake import take
from linkage.pipeline import since
from linkage.quality.proofs import Since
from tests.nights import Night


@pytest.fixture
def yesterday(night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """A published night, after which there is always something to do."""
    monkeypatch.setattr(since, "nothing_new", lambda _: False)
    return Night(shutil.copytree(night.folder, tmp_path / "night", symlinks=True))


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are written anew."""
    written: list[str] = []
    write = publish._write

    def watched(db: DuckDBEngine, target: Path, tables: Sequence[Table], **how: Any) -> None:
        written.append(target.name)
        write(db, target, tables, **how)

    monkeypatch.setattr(publish, "_write", watched)
    return written


def run(night: Night, *, from_scratch: bool = False) -> list[str]:
    told: list[str] = []
    pipeline.run(Config(), night.inbox, night.out, None, told.append, from_scratch=from_scratch)
    return told


def differing(out: Path) -> list[str]:
    """Return the tables of the case view that are not as in the restricted file."""
    with DuckDBEngine() as db:
        for name in ("case_view", "restricted"):
            db.run(f"ATTACH '{out / name}.duckdb' AS {name} (READ_ONLY)")
        both = (
            "FROM case_view.main.{0} EXCEPT ALL FROM restricted.main.{0}",
            "FROM restricted.main.{0} EXCEPT ALL FROM case_view.main.{0}",
        )
        names = [table.name for table in contracts.tables("case_view")]
        return [name for name in names if any(db.rows(query.format(name)) for query in both)]


def in_step(out: Path) -> set[str]:
    """Return the tables that are said to have the same places in both files."""
    with DuckDBEngine(out / "restricted.duckdb", read_only=True) as db:
        return {str(name) for (name,) in db.rows("SELECT table_name FROM in_step")}


def test_it_brings_the_case_view_up_to_date_and_leaves_yesterdays_as_it_was(yesterday: Night, anew: list[str]) -> None:
    file = (yesterday.out / "case_view.duckdb").resolve()
    before = file.read_bytes()
    run(yesterday)
    assert anew == []
    assert file.read_bytes() == before
    assert (yesterday.out / "case_view.duckdb").resolve() != file
    assert differing(yesterday.out) == []


def test_a_case_view_that_somebody_changed_is_written_anew_and_told(yesterday: Night, anew: list[str]) -> None:
    with DuckDBEngine(yesterday.out / "case_view.duckdb") as db:
        db.run("DELETE FROM incident")
    told = run(yesterday)
    assert anew == ["case_view.duckdb"]
    assert [line for line in told if "case_view.duckdb is not as the night before left it" in line]
    assert differing(yesterday.out) == []
    assert in_step(yesterday.out) == set()


def test_from_scratch_writes_both_files_anew(yesterday: Night, anew: list[str]) -> None:
    run(yesterday, from_scratch=True)
    assert anew == ["restricted.duckdb", "case_view.duckdb"]
    assert differing(yesterday.out) == []
    assert in_step(yesterday.out) == {table.name for table in contracts.tables("case_view")}


def threads(db: DuckDBEngine) -> int:
    return int(db.rows("SELECT current_setting('threads')")[0][0])


def test_it_begins_with_one_thread_and_a_night_from_scratch_with_all(yesterday: Night) -> None:
    for from_scratch, wanted in ((False, 1), (True, 2)):
        with pipeline.start(Config(), yesterday.inbox, yesterday.out, from_scratch=from_scratch) as begun:
            assert threads(begun.db) == wanted


def test_it_takes_all_threads_for_many_rows(yesterday: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    for many, wanted in ((1_000, 1), (-1, 2)):
        monkeypatch.setattr(take, "MANY", many)
        with pipeline.start(Config(), yesterday.inbox, yesterday.out) as begun:
            pipeline.take_in(begun)
            assert threads(begun.db) == wanted


def test_it_takes_all_threads_for_a_stage_that_is_made_anew() -> None:
    with DuckDBEngine(threads=2) as db:
        basis.keep(db, "stage", "as it was")
        db.narrow()
        assert basis.holds(db, "stage", "as it was", ())
        assert threads(db) == 1
        assert not basis.holds(db, "stage", "another", ())
        assert threads(db) == 2


def memory(db: DuckDBEngine) -> int:
    return int(db.rows("SELECT parse_formatted_bytes(current_setting('memory_limit'))")[0][0])


def test_it_takes_little_memory_until_there_is_much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "LEAST_MEMORY", 30 << 20)
    for limit, wanted in (("50MiB", 30 << 20), ("20MiB", 20 << 20)):
        with DuckDBEngine(memory_limit=limit) as db:
            usual = memory(db)
            db.narrow()
            assert memory(db) == wanted
            db.widen()
            assert memory(db) == usual


def test_it_takes_as_much_memory_as_its_store_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "LEAST_MEMORY", 10 << 20)
    with DuckDBEngine(tmp_path / "store.duckdb") as db:
        db.run("CREATE TABLE large AS SELECT hash(i) AS h, md5(CAST(i AS VARCHAR)) AS m FROM range(1_000_000) t(i)")
        db.run("CHECKPOINT")
        db.narrow()
        size = (tmp_path / "store.duckdb").stat().st_size
        assert size > 20 << 20
        assert memory(db) == pytest.approx(size, rel=0.01)


NEEDS = "SELECT len(list(i)) FROM range({}) t(i)"
"""A query whose result has to lie in memory as a whole."""


def test_a_statement_that_needs_more_memory_gets_what_the_settings_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "LEAST_MEMORY", 10 << 20)
    with DuckDBEngine(memory_limit="60MiB", threads=2) as db:
        db.narrow()
        assert db.rows(NEEDS.format(1_000)) == [(1_000,)]
        assert threads(db) == 1
        assert db.rows(NEEDS.format(1_000_000)) == [(1_000_000,)]
        assert threads(db) == 2
        with pytest.raises(StoreError, match=r"machine\.memory_limit is 60MiB: raise it and run again"):
            db.rows(NEEDS.format(50_000_000))


def test_a_transaction_that_runs_out_of_memory_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "LEAST_MEMORY", 10 << 20)
    with DuckDBEngine(memory_limit="60MiB") as db:
        db.run("CREATE TABLE kept (i INTEGER)")
        db.narrow()
        with pytest.raises(StoreError, match="run again with --from-scratch"), db.transaction():
            db.run("INSERT INTO kept VALUES (1)")
            db.rows(NEEDS.format(1_000_000))
        assert db.rows("SELECT count(*) FROM kept") == [(0,)]
        assert db.rows(NEEDS.format(1_000_000)) == [(1_000_000,)]  # tried again: it is no longer in a transaction


def test_a_transaction_that_cannot_be_committed_is_not_tried_again() -> None:
    class Short:
        """Has no memory to commit with."""

        def __init__(self, connection: DuckDBPyConnection) -> None:
            self.connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

        def execute(self, sql: str, *params: Any) -> Any:
            if sql == "COMMIT":
                raise OutOfMemoryException("no memory")
            return self.connection.execute(sql, *params)

    with DuckDBEngine() as db:
        db.run("CREATE TABLE kept (i INTEGER)")
        db.narrow()
        db.connection, usual = cast("DuckDBPyConnection", Short(db.connection)), db.connection
        with pytest.raises(StoreError, match="run again with --from-scratch"), db.transaction():
            db.run("INSERT INTO kept VALUES (1)")
        db.connection = usual
        assert threads(db) == 1
        assert db.rows("SELECT count(*) FROM kept") == [(0,)]


def test_a_gate_that_could_not_be_computed_gets_what_the_settings_allow(
    yesterday: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    expectations = quality._great_expectations()
    measure, left_out = expectations.measure, []

    def counted(*asked: Any) -> Any:
        found = measure(*asked)
        left_out.append(sum(one.failing_rows is None for one in found.values()))
        return found

    monkeypatch.setattr(expectations, "measure", counted)
    with pipeline.start(Config(), yesterday.inbox, yesterday.out) as begun:
        begun.db.run("SET memory_limit = '3MB'")
        verdict = quality.check(begun.db, Config(), gate="case_view", run_id="again")
        assert threads(begun.db) == Config().machine.threads
    first, second = left_out
    assert first > 0
    assert second == 0
    assert verdict.passed


def test_it_leaves_the_search_for_garbage_as_it_found_it(yesterday: Night) -> None:
    usual = gc.get_threshold()
    with pipeline.start(Config(), yesterday.inbox, yesterday.out):
        assert gc.get_threshold()[0] > usual[0]
    assert gc.get_threshold() == usual
    with pytest.raises(ZeroDivisionError), pipeline.start(Config(), yesterday.inbox, yesterday.out):
        _ = 1 / 0
    assert gc.get_threshold() == usual


def test_what_a_gate_checked_is_what_is_published(yesterday: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gates of the next night rest on it."""
    checked: dict[str, object] = {}
    check = pipeline._gate

    def watched(night: pipeline.Night, gate: str) -> None:
        check(night, gate)
        for table in {c.table for c in quality.suite(gate, night.config, night.run_id).checks if night.db.has(c.table)}:
            checked[table] = said(night.db, table)

    def said(db: DuckDBEngine, name: str) -> object:
        columns = ", ".join(column.name for column in contracts.table(name).columns)
        return db.rows(f"SELECT count(*), bit_xor(hash({columns})) FROM {name}")

    monkeypatch.setattr(pipeline, "_gate", watched)
    run(yesterday)
    with yesterday.restricted() as db:
        late = {"audit", "check_result", "hand_out", "run"}
        assert len(checked) > 35
        assert [name for name in checked if name not in late and said(db, name) != checked[name]] == []


def test_its_gates_look_at_the_rows_of_tonight(yesterday: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tonight, "MANY", 1)
    known: dict[str, Since] = {}
    measure = quality._measure

    def watched(db: DuckDBEngine, wanted: quality.Suite, since: Since) -> tuple[quality.Result, ...]:
        known[wanted.gate] = since
        return measure(db, wanted, since)

    monkeypatch.setattr(quality, "_measure", watched)
    run(yesterday)
    assert {"police_person", "steunpunt_report"} <= known["delivery"].first.keys()
    assert set(known["mentions"].first) == {"mention"}
    assert all(since.right for since in known.values())
    run(yesterday, from_scratch=True)
    assert [since.first for since in known.values()] == [{}, {}, {}]
