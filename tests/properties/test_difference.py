"""A published file that is brought up to date night after night holds what one that is written anew would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import contracts, tonight
from linkage.casebook import publish
from linkage.contracts import Column, Table
from linkage.engine.duckdb import DuckDBEngine

TABLE = Table(
    "fact", "case_view", "Facts", ("number", "part"),
    (
        Column("number", "INTEGER", "Number", required=True), Column("part", "VARCHAR", "Part", required=True),
        Column("text", "VARCHAR", "Text"), Column("other", "VARCHAR", "Text beside it"),
        Column("share", "DOUBLE", "Share"), Column("day", "DATE", "Day"),
        Column("is_so", "BOOLEAN", "Whether"), Column("places", "VARCHAR[]", "Places"),
    ),
)  # fmt: skip

Row = tuple[object, ...]
words = st.none() | st.sampled_from(["", "a", "b", "ab", "é" * 30])
values = st.tuples(
    words, words, st.none() | st.sampled_from([0.0, 0.5, 1e300]),
    st.none() | st.just(date(2025, 3, 30)), st.none() | st.booleans(),
    st.none() | st.lists(words, max_size=2),
)  # fmt: skip
keys = st.tuples(st.integers(0, 30), st.sampled_from("ab"))
nights = st.lists(st.dictionaries(keys, st.none() | values, max_size=6), min_size=1, max_size=4)
"""What becomes of rows in each night: None takes a row away."""


def rows_of(path: Path) -> list[Row]:
    with DuckDBEngine(path, read_only=True) as db:
        return db.rows("FROM fact ORDER BY ALL")


def look_of(path: Path) -> list[Row]:
    with DuckDBEngine(path, read_only=True) as db:
        return db.rows(
            "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() ORDER BY column_index"
        ) + db.rows("SELECT table_name, comment FROM duckdb_tables()")


def write(db: DuckDBEngine, folder: Path, rows: Sequence[Row]) -> None:
    db.run(TABLE.ddl())
    db.insert("fact", rows)
    publish.write(db, folder, anew=False)


@settings(deadline=None, max_examples=10)
@given(first=st.dictionaries(keys, values, min_size=8, max_size=30), later=nights)
def test_by_difference_is_as_anew(first: dict[Row, Row], later: list[dict[Row, Row | None]]) -> None:
    facts, brought = dict(first), []
    bring = publish.difference.bring

    def watched(*told: object) -> bool:
        brought.append(bring(*told))  # type: ignore[arg-type]
        return brought[-1]

    with (
        TemporaryDirectory() as name,
        mock.patch.object(contracts, "tables", lambda zone: (TABLE,) if zone == "case_view" else ()),
        mock.patch.object(publish.difference, "bring", watched), DuckDBEngine() as db,
    ):  # fmt: skip
        by_difference, anew = Path(name, "a"), Path(name, "b")
        for folder in (by_difference, anew):
            folder.mkdir()
        for night in [{}, *later]:
            for key, row in night.items():
                facts.pop(key, None) if row is None else facts.update({key: row})
            rows = [(*key, *row) for key, row in facts.items()]
            write(db, by_difference, rows)
            (anew / "case_view.duckdb").unlink(missing_ok=True)
            write(db, anew, rows)
            assert rows_of(by_difference / "case_view.duckdb") == rows_of(anew / "case_view.duckdb")
            assert look_of(by_difference / "case_view.duckdb") == look_of(anew / "case_view.duckdb")
    assert len(brought) == len(later)


changes = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sets(keys, min_size=1, max_size=5)),
        st.tuples(st.just("give"), st.dictionaries(keys, values, min_size=1, max_size=5)),
        st.tuples(st.just("rewrite"), st.dictionaries(keys, values, min_size=1, max_size=2)),
        st.tuples(st.just("empty"), st.none()),
        st.tuples(st.just("make anew"), st.none()),
    ),
    max_size=3,
)
"""What a night does to the table, in order; rewriting changes rows where they stand."""


def change(db: DuckDBEngine, what: str, told: object) -> None:
    """Do one thing to the working table."""
    if what == "empty":
        db.run("DELETE FROM fact")
    elif what == "make anew":
        db.run("CREATE TEMP TABLE kept AS FROM fact")
        db.run(TABLE.ddl())
        db.run("INSERT INTO fact FROM kept")
        db.run("DROP TABLE kept")
    elif what == "rewrite":
        assert isinstance(told, dict)
        for key, row in told.items():
            db.run("UPDATE fact SET text = ?, share = ? WHERE number = ? AND part = ?", [row[0], row[2], *key])
    else:
        assert isinstance(told, dict | set)
        for key in told:
            db.run("DELETE FROM fact WHERE number = ? AND part = ?", list(key))
        if isinstance(told, dict):
            db.insert("fact", [(*key, *row) for key, row in told.items()])


@settings(deadline=None, max_examples=15)
@given(first=st.dictionaries(keys, values, min_size=12, max_size=30), later=st.lists(changes, min_size=1, max_size=4))
def test_by_the_rows_of_tonight_is_as_the_working_table(first: dict[Row, Row], later: list[list[tuple]]) -> None:  # type: ignore[type-arg]
    with (
        TemporaryDirectory() as name, mock.patch.object(tonight, "MANY", 1),
        mock.patch.object(contracts, "tables", lambda zone: (TABLE,) if zone == "case_view" else ()),
    ):  # fmt: skip
        work, view = Path(name, "work.duckdb"), Path(name, "case_view.duckdb")
        for number, night in enumerate([[("give", first)], *later]):
            with DuckDBEngine(work) as db:
                if not number:
                    db.run(TABLE.ddl())
                tonight.note(db)
                for what, told in night:
                    change(db, what, told)
                publish.write(db, Path(name), anew=False)
                stands = db.rows("FROM fact ORDER BY ALL")
            assert rows_of(view) == stands


def test_the_rows_of_tonight_are_enough_where_none_was_rewritten() -> None:
    followed: list[bool] = []
    follow = publish.difference.follow

    def watched(*told: object, first: int) -> bool:
        followed.append(follow(*told, first=first))  # type: ignore[arg-type]
        return followed[-1]

    with (
        TemporaryDirectory() as name, mock.patch.object(tonight, "MANY", 1),
        mock.patch.object(contracts, "tables", lambda zone: (TABLE,) if zone == "case_view" else ()),
        mock.patch.object(publish.difference, "follow", watched),
    ):  # fmt: skip
        rows = {(n, "a"): ("x", "y", 0.5, None, True, ["z"]) for n in range(20)}
        for number in range(4):
            with DuckDBEngine(Path(name, "work.duckdb")) as db:
                if not number:
                    db.run(TABLE.ddl())
                tonight.note(db)
                change(db, "give", rows if not number else {(number, "a"): rows[1, "a"]})
                if number == 3:
                    change(db, "rewrite", {(7, "a"): ("other", None, 1.0)})
                publish.write(db, Path(name), anew=False)
    assert followed == [True, True]
