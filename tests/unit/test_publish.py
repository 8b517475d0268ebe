"""The published databases hold declared tables only, in key order, with comments, without a log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import contracts, tonight
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
    declared = {"case_view": (GAP,), "restricted": (MENTION, contracts.table("in_step"))}
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


def test_ids_are_stored_as_they_are_and_stay_so(tmp_path: Path) -> None:
    an_id = "'P' || lpad(range::VARCHAR, 13, '0')"
    told = (
        "SELECT column_name, list(DISTINCT compression) FROM pragma_storage_info('person') "
        "WHERE column_name IN ('person_id', 'sex') AND segment_type <> 'VALIDITY' GROUP BY ALL ORDER BY ALL"
    )
    for night in range(2):
        with DuckDBEngine(tmp_path / "some.duckdb") as db:
            if not night:
                db.run(contracts.table("person").ddl())
            rows = f"range({night} * 200000, {night} * 200000 + 200000)"
            db.run(
                f"INSERT INTO person BY NAME SELECT {an_id} AS person_id, {an_id} AS sex, 1 AS mentions, "
                f"true AS known_at_police, true AS known_at_steunpunt FROM {rows}"
            )
            db.run("CHECKPOINT")
            found = dict(db.rows(told))
            assert found["person_id"] == ["Uncompressed"] and "Uncompressed" not in found["sex"]


def test_restricted_holds_both_zones_and_no_byte_of_the_scratch_table(db: DuckDBEngine, tmp_path: Path) -> None:
    publish.write(db, tmp_path)
    assert not list(tmp_path.glob("*view*.wal"))
    assert b"kanarie" not in (tmp_path / "restricted.duckdb").read_bytes()
    with DuckDBEngine(tmp_path / "restricted.duckdb", read_only=True) as view:
        assert view.rows("SELECT table_name FROM duckdb_tables() ORDER BY ALL") == [
            ("gap",),
            ("in_step",),
            ("mention",),
        ]
        assert view.rows("SELECT id FROM mention") == [(7,)]


def test_a_working_database_that_is_kept_holds_what_a_new_file_would(db: DuckDBEngine, tmp_path: Path) -> None:
    publish.write(db, tmp_path, anew=False)
    assert not (tmp_path / "restricted.duckdb").exists()
    assert db.rows("SELECT table_name, comment FROM duckdb_tables() WHERE table_name <> 'in_step' ORDER BY ALL") == [
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


def without_anew(db: DuckDBEngine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Publish by difference, and return the tables that were written anew all the same."""
    written: list[str] = []
    copy = publish._copy

    def watched(db: DuckDBEngine, table: Table, source: str, *, ordered: bool) -> None:
        written.append(table.name)
        copy(db, table, source, ordered=ordered)

    monkeypatch.setattr(publish, "_copy", watched)
    publish.write(db, folder, anew=False)
    return written


def many(db: DuckDBEngine) -> None:
    """Give the table of the case view so many rows that a few are a difference."""
    db.run("INSERT INTO gap SELECT 10 + range, '2024-01-01', 'GM' || (100 + range) FROM range(50)")


def published(folder: Path) -> list[tuple[object, ...]]:
    with DuckDBEngine(folder / "case_view.duckdb", read_only=True) as view:
        return view.rows("FROM gap")


def test_the_case_view_of_the_night_before_is_brought_up_to_date_where_rows_are_others(
    db: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(db)
    publish.write(db, tmp_path, anew=False)
    before = published(tmp_path)
    db.run("DELETE FROM gap WHERE code = 'GM100'; UPDATE gap SET unmatched = 0 WHERE code = 'GM1'")
    db.run("INSERT INTO gap BY NAME SELECT 'GM0' AS code, DATE '2024-01-01' AS month, 99 AS unmatched")
    assert without_anew(db, tmp_path, monkeypatch) == []
    stayed = [row for row in before if row[0] not in ("GM1", "GM100")]
    assert published(tmp_path)[: len(stayed)] == stayed
    assert sorted(published(tmp_path)) == sorted(db.rows("SELECT code, month, unmatched FROM gap"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gap SET unmatched = -unmatched WHERE unmatched < 30",
        "INSERT INTO gap FROM gap WHERE code = 'GM100'",
    ],
    ids=["most rows are others", "a row stands twice"],
)
def test_where_a_difference_does_not_do_the_table_is_written_anew(
    db: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    many(db)
    publish.write(db, tmp_path, anew=False)
    db.run(statement)
    assert without_anew(db, tmp_path, monkeypatch) == ["gap"]
    assert published(tmp_path) == db.rows("SELECT code, month, unmatched FROM gap ORDER BY code, month")


@pytest.mark.parametrize(
    "published_by_another_version",
    [
        "COMMENT ON TABLE gap IS 'The gap of old'",
        "COMMENT ON COLUMN gap.month IS NULL",
        "ALTER TABLE gap ALTER unmatched TYPE INTEGER",
        "ALTER TABLE gap ALTER unmatched DROP NOT NULL",
        "ALTER TABLE gap ADD COLUMN late INTEGER",
        "ALTER TABLE gap DROP COLUMN unmatched",
        "DROP TABLE gap",
    ],
)
def test_a_table_that_is_declared_otherwise_is_written_anew(
    db: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published_by_another_version: str
) -> None:
    many(db)
    publish.write(db, tmp_path, anew=False)
    with DuckDBEngine(tmp_path / "case_view.duckdb") as view:
        view.run(published_by_another_version)
        view.run("CREATE TABLE of_old AS SELECT 1 AS number")
    assert without_anew(db, tmp_path, monkeypatch) == ["gap"]
    with DuckDBEngine(tmp_path / "case_view.duckdb", read_only=True) as view:
        assert publish._shapes(view) == {"gap": publish._shape(GAP)}
    assert published(tmp_path) == db.rows("SELECT code, month, unmatched FROM gap ORDER BY code, month")


def test_a_case_view_that_is_mostly_free_is_written_anew(db: DuckDBEngine, tmp_path: Path) -> None:
    many(db)
    publish.write(db, tmp_path, anew=False)
    with DuckDBEngine(tmp_path / "case_view.duckdb") as view:
        view.run("CREATE TEMP TABLE kept AS FROM gap")
        view.run("CREATE TABLE _large AS SELECT hash(range) AS number FROM range(500000)")
        view.run("CHECKPOINT")
        # It stands behind the large table, so that the file cannot be cut off where that ends.
        view.run(f"{GAP.ddl()}; INSERT INTO gap FROM kept; {GAP.comments()}")
    large = (tmp_path / "case_view.duckdb").stat().st_size
    publish.write(db, tmp_path, anew=False)
    assert (tmp_path / "case_view.duckdb").stat().st_size < large / 2
    assert len(published(tmp_path)) == 53


def test_what_went_is_in_neither_file_when_one_of_them_is_written_anew(
    db: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(db)
    db.run("INSERT INTO gap VALUES (0, '2025-01-01', 'kanarievogel')")
    publish.write(db, tmp_path, anew=False)
    db.run("DELETE FROM gap WHERE code = 'kanarievogel'")
    publish.write(db, tmp_path, anew=False)
    assert b"kanarievogel" in (tmp_path / "case_view.duckdb").read_bytes()
    current = "SELECT current_database()"
    monkeypatch.setattr(publish, "_is_loose", lambda db: db.rows(current) != [(publish.CATALOG,)])
    publish.write(db, tmp_path, anew=False)
    assert {f.name: b"kanarievogel" in f.read_bytes() for f in tmp_path.glob("[cr]*.duckdb")} == {
        "case_view.duckdb": False,
        "restricted.duckdb": False,
    }


GROUP = 122_880
"""Rows of a row group."""


def groups(db: DuckDBEngine, number: int) -> None:
    """Give the table of the case view whole row groups, in the order of the key."""
    db.run(GAP.ddl())
    db.run(f"INSERT INTO gap SELECT 'GM' || (1000000 + range), DATE '2025-01-01', range FROM range({number * GROUP})")
    db.run(GAP.comments())


def test_rows_that_move_because_a_whole_row_group_went_are_not_taken_for_older_ones(
    db: DuckDBEngine, tmp_path: Path
) -> None:
    groups(db, 6)
    publish.write(db, tmp_path, anew=False)
    tonight.note(db)
    db.run(f"DELETE FROM gap WHERE unmatched < {GROUP} OR unmatched = {3 * GROUP}")
    db.run(f"INSERT INTO gap VALUES ('GM{1000000 + 3 * GROUP}', '2025-01-01', 0)")
    assert tonight.first(db, ["gap"]) == {"gap": 6 * GROUP}
    publish.write(db, tmp_path, anew=False)
    assert db.rows("SELECT max(rowid) < ? FROM gap", [6 * GROUP]) == [(True,)]
    assert sorted(published(tmp_path)) == sorted(db.rows("FROM gap"))


def test_tables_of_which_a_whole_row_group_went_stand_in_step_no_longer(db: DuckDBEngine, tmp_path: Path) -> None:
    groups(db, 6)
    publish.write(db, tmp_path)
    db.close()
    with DuckDBEngine(tmp_path / "restricted.duckdb") as db:
        assert db.rows("FROM in_step") == [("gap", 6 * GROUP)]
        for gone, stands in ((f"unmatched = {3 * GROUP}", [("gap", 6 * GROUP)]), (f"unmatched < {GROUP}", [])):
            tonight.note(db)
            db.run(f"DELETE FROM gap WHERE {gone}")
            publish.write(db, tmp_path, anew=False)
            assert db.rows("FROM in_step") == stands
        assert sorted(published(tmp_path)) == sorted(db.rows("FROM gap"))


def test_a_required_column_that_is_empty_in_a_new_row_is_not_published(db: DuckDBEngine, tmp_path: Path) -> None:
    many(db)
    publish.write(db, tmp_path, anew=False)
    # The working table takes a null that its declaration does not.
    db.run("CREATE OR REPLACE TABLE gap AS SELECT unmatched, month, code FROM gap")
    db.run("INSERT INTO gap VALUES (NULL, '2025-01-01', 'GM3')")
    with pytest.raises(ContractError, match="table gap breaks its contract"):
        publish._bring(db, tmp_path / "case_view.duckdb", (GAP,), {}, {})


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
