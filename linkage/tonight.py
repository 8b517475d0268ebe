"""Which rows of a table were written tonight: they stand behind those that the night found.

A night begins on a copy of the last published file. What DuckDB 1.5 does with it was found by trying, and is held by
tests/unit/test_tonight.py:

- the row id is the place in the table, and ``estimated_size`` counts all places, those of deleted rows as well. Rows
  that are added get places behind all that were taken, in an open transaction far behind;
- a table that is made anew has another ``table_oid``, a column that is added leaves it as it was;
- an UPDATE leaves rows at their place, and ``pragma_storage_info`` tells of which columns there was one; where it
  changes a list, it deletes the rows and adds them;
- a checkpoint drops row groups of which every row is deleted, so that all behind them move. What was written since the
  last one is not ``persistent``: the note itself tells whether there was one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from linkage.engine.base import Engine

NOTE = "night_began"
"""Table that names the tables of the beginning of the night; no part of what is published."""

MANY = 10_000
"""Rows from which it pays to look at those of tonight apart."""
_TABLES = (
    "SELECT * FROM duckdb_tables() "
    "WHERE database_name = current_database() AND schema_name = current_schema() AND NOT temporary"
)


def note(db: Engine) -> None:
    """Write down where the tables of a file end: what comes behind is of tonight."""
    db.run(f"CREATE OR REPLACE TABLE {NOTE} AS SELECT table_name, table_oid, estimated_size AS places FROM ({_TABLES})")


@dataclass(frozen=True)
class Written:
    """What a night wrote of a table: rows from a row id on, and, of the others, values of some columns in place."""

    first: int
    columns: tuple[str, ...] = ()


def written(db: Engine, tables: Collection[str]) -> dict[str, Written]:
    """Return what was written tonight of tables whose other rows and values are as the night found them.

    Left out are tables that are new or made anew, and small ones.
    """
    found = ends(db, tables)
    # To ask it of a wide table that nobody read yet is to load all that describes its columns.
    asked = " UNION ALL ".join(
        f"SELECT '{name}', list(DISTINCT column_name ORDER BY column_name) FILTER (has_updates) "
        f"FROM pragma_storage_info('{name}')"
        for name in found.keys() & db.updated
    )
    changed = {str(name): tuple(columns or ()) for name, columns in db.rows(asked)} if asked else {}
    return {name: Written(places, changed.get(name, ())) for name, places in found.items()}


def first(db: Engine, tables: Collection[str]) -> dict[str, int]:
    """Return, for tables whose other rows are as the night found them, the row id from which rows are of tonight.

    Left out are tables that are new or made anew, those with rows that were changed in place, and small ones.
    """
    return {name: told.first for name, told in written(db, tables).items() if not told.columns}


def ends(db: Engine, tables: Collection[str]) -> dict[str, int]:
    """Return where tables ended when the night began: of those that nothing changes in place, the rest is of tonight.

    Left out are tables that are new or made anew, and small ones.
    """
    if not db.has(NOTE) or db.rows(f"SELECT 1 FROM pragma_storage_info('{NOTE}') WHERE persistent"):
        return {}
    noted = db.rows(
        f"SELECT table_name, places FROM {NOTE} SEMI JOIN ({_TABLES}) USING (table_name, table_oid) "
        f"WHERE places >= {MANY}"
    )
    return {str(name): int(places) for name, places in noted if name in tables}


def places(db: Engine) -> dict[str, int]:
    """Return how many places each table has, those of deleted rows as well."""
    return {str(name): int(number) for name, number in db.rows(f"SELECT table_name, estimated_size FROM ({_TABLES})")}
