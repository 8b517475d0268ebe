"""The published databases hold declared tables only, in key order, with comments, without a log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import contracts
from linkage.casebook import publish
from linkage.contracts import Column, Table
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import ContractError

GAP = Table(
    name="gap",
    zone="case_view",
    comment="It's the gap",
    key=("code", "month"),
    columns=(
        Column("code", "VARCHAR", "Municipality", required=True),
        Column("month", "DATE", "First day", required=True),
        Column("unmatched", "BIGINT", "Incidents", required=True),
    ),
)
MENTION = Table("mention", "restricted", "Mentions", ("id",), (Column("id", "INTEGER", "Number", required=True),))


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBEngine]:
    """A working database with the two declared tables and one of the run's own."""
    declared = {"case_view": (GAP,), "restricted": (MENTION,)}
    monkeypatch.setattr(contracts, "tables", lambda zone: declared[zone])
    with DuckDBEngine(tmp_path / "work.duckdb") as engine:
        engine.run("CREATE TABLE gap (unmatched BIGINT, month DATE, code VARCHAR)")
        engine.run(
            "INSERT INTO gap VALUES (1, '2025-02-01', 'GM2'), (2, '2025-01-01', 'GM2'), (3, '2025-01-01', 'GM1')"
        )
        engine.run("CREATE TABLE mention AS SELECT 7::INTEGER AS id")
        engine.run("CREATE TABLE _scratch AS SELECT 'kanarie' AS note")
        yield engine


def test_case_view_holds_its_tables_in_key_order_with_comments(db: DuckDBEngine, tmp_path: Path) -> None:
    publish.write(db, tmp_path)
    with DuckDBEngine(tmp_path / "case_view.duckdb", read_only=True) as view:
        assert [row[2] for row in view.rows("SELECT * FROM gap")] == [3, 2, 1]
        assert view.rows("SELECT table_name, comment FROM duckdb_tables()") == [("gap", "It's the gap")]
        assert {row[0] for row in view.rows("SELECT comment FROM duckdb_columns() WHERE table_name = 'gap'")} == {
            "Municipality",
            "First day",
            "Incidents",
        }


def test_restricted_holds_both_zones_and_no_byte_of_the_scratch_table(db: DuckDBEngine, tmp_path: Path) -> None:
    publish.write(db, tmp_path)
    assert not list(tmp_path.glob("*view*.wal"))
    assert b"kanarie" not in (tmp_path / "restricted.duckdb").read_bytes()
    with DuckDBEngine(tmp_path / "restricted.duckdb", read_only=True) as view:
        assert view.rows("SELECT table_name FROM duckdb_tables() ORDER BY ALL") == [("gap",), ("mention",)]
        assert view.rows("SELECT id FROM mention") == [(7,)]


def test_a_working_database_that_is_kept_holds_what_a_new_file_would(db: DuckDBEngine, tmp_path: Path) -> None:
    publish.write(db, tmp_path, anew=False)
    assert not (tmp_path / "restricted.duckdb").exists()
    assert db.rows("SELECT table_name, comment FROM duckdb_tables() ORDER BY ALL") == [
        ("gap", "It's the gap"),
        ("mention", "Mentions"),
    ]
    assert db.rows("SELECT * FROM gap ORDER BY unmatched")[0][:1] == ("GM2",)
    assert [row[0] for row in db.rows("DESCRIBE gap")] == ["code", "month", "unmatched"]
    db.close()
    assert not (tmp_path / "work.duckdb.wal").exists()


def test_a_file_that_is_mostly_free_is_written_anew(db: DuckDBEngine, tmp_path: Path) -> None:
    db.run("CREATE TABLE _large AS SELECT hash(range) AS number FROM range(500000)")
    db.run("CHECKPOINT")
    publish.write(db, tmp_path, anew=False)
    assert (tmp_path / "restricted.duckdb").stat().st_size < (tmp_path / "work.duckdb").stat().st_size / 2


def test_the_working_database_is_the_default_again_and_open_for_the_next_file(db: DuckDBEngine, tmp_path: Path) -> None:
    publish.write(db, tmp_path)
    publish.write(db, tmp_path)
    assert db.rows("SELECT count(*) FROM _scratch") == [(1,)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP TABLE gap", "table gap of the case view was not made by any step"),
        ("ALTER TABLE gap ADD COLUMN surname VARCHAR", "table gap has undeclared columns: surname"),
        ("ALTER TABLE gap DROP COLUMN unmatched", "table gap lacks columns: unmatched"),
        ("ALTER TABLE mention ADD COLUMN surname VARCHAR", "table mention has undeclared columns: surname"),
        ("INSERT INTO gap VALUES (NULL, '2025-01-01', 'GM3')", "table gap breaks its contract"),
    ],
)
def test_a_table_that_breaks_its_contract_is_not_published(
    db: DuckDBEngine, tmp_path: Path, statement: str, message: str
) -> None:
    db.run(statement)
    with pytest.raises(ContractError, match=message):
        publish.write(db, tmp_path)
