"""A published file that is brought up to date night after night holds what one that is written anew would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import contracts
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
