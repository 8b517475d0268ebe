"""What came tonight stands behind what the night found: how DuckDB keeps places, and when nobody may rely on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage import tonight
from linkage.engine.duckdb import DuckDBEngine

GROUP = 122_880
"""Rows of a row group."""


@pytest.fixture(autouse=True)
def small_ones_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tonight, "MANY", 1)


def begun(path: Path, rows: int = 10) -> DuckDBEngine:
    """Return a night on the file of another, from which rows were deleted."""
    with DuckDBEngine(path) as db:
        db.run(f"CREATE TABLE t AS SELECT range AS a, [range] AS l, NULL::INTEGER AS b FROM range({rows})")
        db.run("CREATE TABLE other AS SELECT 1 AS a")
        db.run("CHECKPOINT")
        db.run("SET max_vacuum_tasks = 0")
        db.run("DELETE FROM t WHERE a IN (3, 9)")
    db = DuckDBEngine(path)
    tonight.note(db)
    return db


@pytest.fixture
def night(tmp_path: Path) -> Iterator[DuckDBEngine]:
    with begun(tmp_path / "night.duckdb") as db:
        yield db


def test_rows_of_tonight_stand_behind_all_places(night: DuckDBEngine) -> None:
    night.run("DELETE FROM t WHERE a < 2; INSERT INTO t VALUES (3, [], NULL), (11, [], NULL)")
    night.run("DELETE FROM t WHERE a = 11; INSERT INTO t VALUES (12, [], NULL)")
    first = tonight.first(night, ["t", "not_there"])
    assert first == {"t": 10}
    assert night.rows("SELECT a FROM t WHERE rowid >= 10 ORDER BY a") == [(3,), (12,)]


def test_rows_of_an_open_transaction_do_too(night: DuckDBEngine) -> None:
    with night.transaction():
        night.run("INSERT INTO t VALUES (11, [], NULL)")
        assert night.rows("SELECT a FROM t WHERE rowid >= ?", [tonight.first(night, ["t"])["t"]]) == [(11,)]


BREAKS = {
    "made anew": "CREATE OR REPLACE TABLE t AS SELECT 1 AS a",
    "dropped and made": "DROP TABLE t; CREATE TABLE t (a INTEGER)",
    "changed in place": "UPDATE t SET b = 1 WHERE a = 5",
    "changed under another name": "UPDATE t AS other SET b = 1 WHERE a = 5",
    "changed by its whole name": 'UPDATE night.main."t" SET b = 1 WHERE a = 5',
    "changed beside others": "DELETE FROM t WHERE a = 1; WITH one AS (SELECT 5 AS a) update t SET b = 1 FROM one "
    "WHERE t.a = one.a",
    "a checkpoint": "INSERT INTO t VALUES (1, [], NULL); CHECKPOINT",
}


@pytest.mark.parametrize("what", BREAKS)
def test_nothing_is_told_of_a_table_whose_rows_may_be_others(what: str, night: DuckDBEngine) -> None:
    night.run(BREAKS[what])
    assert "t" not in tonight.first(night, ["t", "other"])


def test_a_change_in_place_of_no_row_is_none(night: DuckDBEngine) -> None:
    night.run("UPDATE t SET b = 1 WHERE a = 77; UPDATE t SET a = 1 WHERE a = 77")
    assert tonight.first(night, ["t"]) == {"t": 10}


def test_a_table_that_was_not_there_is_not_told_of(night: DuckDBEngine) -> None:
    night.run("CREATE TABLE late AS SELECT 1 AS a")
    assert tonight.first(night, ["t", "late"]) == {"t": 10}


def test_a_small_table_is_read_whole(night: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tonight, "MANY", 11)
    assert tonight.first(night, ["t"]) == {}


def test_nothing_is_told_where_nobody_noted(tmp_path: Path) -> None:
    with DuckDBEngine(tmp_path / "night.duckdb") as db:
        db.run("CREATE TABLE t AS SELECT 1 AS a")
        assert tonight.first(db, ["t"]) == {}


def test_a_checkpoint_moves_rows_behind_a_row_group_that_is_gone(tmp_path: Path) -> None:
    """This is why a checkpoint takes back what is told."""
    with begun(tmp_path / "night.duckdb", 2 * GROUP) as db:
        db.run(f"SET max_vacuum_tasks = 0; DELETE FROM t WHERE a < {GROUP}; INSERT INTO t VALUES (-1, [], NULL)")
        [(before,)] = db.rows("SELECT rowid FROM t WHERE a = -1")
        told = tonight.first(db, ["t"])["t"]
        db.run("CHECKPOINT")
        [(after,)] = db.rows("SELECT rowid FROM t WHERE a = -1")
        assert before == told == 2 * GROUP
        assert after < told


CHANGES = (
    "INSERT INTO t BY NAME SELECT a, [7] AS l, 1 AS b FROM t WHERE a % 3 = {0}",
    "INSERT INTO t (a) VALUES ({0})",
    "DELETE FROM t WHERE a % 4 = {0}",
    "DELETE FROM t WHERE rowid = {0}",
    "UPDATE t SET b = {0} WHERE a = {0}",
    "UPDATE t SET l = [{0}, 1] WHERE a = {0}",
    "ALTER TABLE t ADD COLUMN c{0} INTEGER",
    "CHECKPOINT",
    "BEGIN TRANSACTION; DELETE FROM t; INSERT INTO t (a) VALUES ({0}); ROLLBACK",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 5)), max_size=6, unique=True))
def test_all_other_rows_are_as_the_night_found_them(
    done: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with begun(tmp_path_factory.mktemp("any") / "night.duckdb") as db:
        found = set(db.rows("SELECT rowid, a, l[1], b FROM t"))
        for sql, number in done:
            db.run(sql.format(number))
        first = tonight.first(db, ["t"])
        assert not first or set(db.rows("SELECT rowid, a, l[1], b FROM t WHERE rowid < ?", [first["t"]])) <= found
