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
ZONES = {"case_view": (TABLE,), "restricted": (contracts.table("in_step"),)}

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
        mock.patch.object(contracts, "tables", lambda zone: ZONES[zone]),
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


def rows_by_place(path: Path) -> list[Row]:
    with DuckDBEngine(path, read_only=True) as db:
        return db.rows("SELECT rowid, * FROM fact ORDER BY ALL")


def places_kept(path: Path) -> list[Row]:
    with DuckDBEngine(path, read_only=True) as db:
        return db.rows("SELECT places FROM in_step")


@settings(deadline=None, max_examples=30)
@given(
    first=st.dictionaries(keys, values, min_size=12, max_size=30),
    later=st.lists(changes, min_size=1, max_size=4),
    is_in_step=st.booleans(),
)
def test_by_the_rows_of_tonight_is_as_the_working_table(
    first: dict[Row, Row],
    later: list[list[tuple]],
    is_in_step: bool,  # type: ignore[type-arg]
) -> None:
    with (
        TemporaryDirectory() as name, mock.patch.object(tonight, "MANY", 1),
        mock.patch.object(contracts, "tables", lambda zone: ZONES[zone]),
    ):  # fmt: skip
        work, view = Path(name, "work.duckdb"), Path(name, "case_view.duckdb")
        for number, night in enumerate([[("give", first)], *later]):
            with DuckDBEngine(work) as db:
                if not number:
                    db.run(TABLE.ddl())
                tonight.note(db)
                for what, told in night:
                    change(db, what, told)
                publish.write(db, Path(name), anew=is_in_step and not number)
                stands = db.rows("FROM fact ORDER BY ALL")
            if (written := Path(name, "restricted.duckdb")).exists():
                written.rename(work)
            assert rows_of(view) == stands
            if places_kept(work):
                assert rows_by_place(view) == rows_by_place(work)


def nights_of(*changes: tuple[str, object], is_in_step: bool) -> list[str]:
    """Do nights with one change each after a first one; return by what the case view was brought up to date."""
    done: list[str] = []

    def watched(name: str) -> object:
        real = getattr(publish.difference, name)

        def by(*told: object, **more: object) -> bool:
            done.append(name)
            if not (is_done := bool(real(*told, **more))):
                done.append("not")
            return is_done

        return mock.patch.object(publish.difference, name, by)

    with (
        TemporaryDirectory() as name, mock.patch.object(tonight, "MANY", 1),
        mock.patch.object(contracts, "tables", lambda zone: ZONES[zone]),
        watched("bring"), watched("follow"), watched("step"),  # type: ignore[attr-defined]
    ):  # fmt: skip
        work = Path(name, "work.duckdb")
        for number, (what, told) in enumerate([("give", ROWS), *changes]):
            with DuckDBEngine(work) as db:
                if not number:
                    db.run(TABLE.ddl())
                tonight.note(db)
                change(db, what, told)
                publish.write(db, Path(name), anew=is_in_step and not number)
            if (written := Path(name, "restricted.duckdb")).exists():
                written.rename(work)
            assert rows_of(Path(name, "case_view.duckdb")) == rows_of(work)
    return done


ROWS = {(n, "a"): ("x", "y", 0.5, None, True, ["z"]) for n in range(20)}
GIVEN = ("give", {(1, "a"): ROWS[1, "a"]})
REWRITTEN = ("rewrite", {(7, "a"): ("other", None, 1.0)})


def test_the_rows_of_tonight_are_enough_where_none_was_rewritten() -> None:
    assert nights_of(GIVEN, GIVEN, REWRITTEN, is_in_step=False) == ["follow", "follow", "bring"]


def test_tables_that_were_written_together_are_kept_in_step_also_where_rows_are_rewritten() -> None:
    assert nights_of(GIVEN, REWRITTEN, ("take", {(3, "a")}), is_in_step=True) == ["step"] * 3


def test_a_table_that_falls_out_of_step_is_brought_up_to_date_by_its_rows() -> None:
    assert nights_of(("make anew", None), GIVEN, is_in_step=True) == ["bring", "follow"]


def test_tables_of_which_different_rows_were_taken_do_not_stand_in_step() -> None:
    with (
        TemporaryDirectory() as name, mock.patch.object(tonight, "MANY", 1),
        mock.patch.object(contracts, "tables", lambda zone: ZONES[zone]), DuckDBEngine(Path(name, "work.duckdb")) as db,
    ):  # fmt: skip
        view = Path(name, "case_view.duckdb")
        db.run(TABLE.ddl())
        change(db, "give", ROWS)
        publish.write(db, Path(name), anew=False)
        change(db, "take", {(3, "a")})
        with DuckDBEngine(view) as published:
            change(published, "take", {(4, "a")})
        tonight.note(db)
        publish.difference.keep_in_step(db, {"fact": len(ROWS)})
        change(db, "take", {(5, "a")})
        publish.write(db, Path(name), anew=False)
        assert rows_of(view) == db.rows("FROM fact ORDER BY ALL")


def test_tables_with_other_places_than_were_noted_do_not_stand_in_step() -> None:
    with (
        TemporaryDirectory() as name, mock.patch.object(tonight, "MANY", 1),
        mock.patch.object(contracts, "tables", lambda zone: ZONES[zone]), DuckDBEngine(Path(name, "work.duckdb")) as db,
    ):  # fmt: skip
        db.run(TABLE.ddl())
        change(db, "give", dict(reversed(ROWS.items())))
        publish.write(db, Path(name), anew=False)  # in the order of the key, and so in another
        tonight.note(db)
        publish.difference.keep_in_step(db, {"fact": len(ROWS) + 1})
        change(db, "take", {(5, "a")})
        publish.write(db, Path(name), anew=False)
        assert rows_of(Path(name, "case_view.duckdb")) == db.rows("FROM fact ORDER BY ALL")
