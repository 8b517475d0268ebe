"""Write the published databases: declared tables only, with comments, checkpointed.

Both hardly change from night to night, so most nights keep the working database as it is for the restricted file, and
bring a copy of the analysts' file of the night before up to date. A row that is replaced or deleted in place leaves its
bytes in a DuckDB file until they are used again, so what a source withdrew is only gone from a file that never held it:
every so many nights, before the last generation that still shows it as a row would go, both are written anew. Then rows
of the case view stand at the same places in both, and what goes, comes and changes in the one is told to the other by
places, for as long as that is so: table ``in_step`` of the restricted file says of which tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from linkage import contracts, tonight
from linkage.casebook import difference
from linkage.contracts import Table
from linkage.engine.base import Engine
from linkage.errors import ContractError, StoreError
from linkage.tonight import Written

CATALOG = "publication"
_SHAPES = """
SELECT t.table_name, any_value(t.comment), list(c.column_name ORDER BY c.column_index),
  list(c.data_type ORDER BY c.column_index), list(NOT c.is_nullable ORDER BY c.column_index),
  list(c.comment ORDER BY c.column_index)
FROM duckdb_tables() AS t JOIN duckdb_columns() AS c USING (table_oid, database_oid)
WHERE t.database_name = current_database() AND t.schema_name = 'main' AND NOT t.internal
GROUP BY t.table_name ORDER BY t.table_name
"""


Shape = tuple[str | None, tuple[tuple[str, str, bool, str | None], ...]]
"""The comment of a table, and of each column the name, the type, whether it is required, and the comment."""


def write(db: Engine, folder: Path, *, anew: bool = True) -> None:
    """Write ``case_view.duckdb`` into ``folder``, and ``restricted.duckdb`` beside it unless the working one is kept.

    The case view has the tables of its zone, the restricted file those of both zones. Without ``anew`` a copy of the
    case view of the night before that lies in ``folder`` is brought up to date, and the working database itself is put
    in order, for the caller to close and to take; unless most of a file is free. What is written anew has the rows of
    the case view in the order of the key, in both files, and others as they came.
    Raises `ContractError` for a table that is missing, a column that is not declared, a required one that is empty.
    """
    public, restricted = contracts.tables("case_view"), contracts.tables("restricted")
    stood = difference.in_step(db)
    there = _shapes(db)
    for table in public:
        if table.name not in there:
            raise ContractError(f"table {table.name} of the case view was not made by any step")
    kept = [table for table in (*public, *restricted) if table.name in there]
    for table in kept:
        _check_columns(table, [name for name, *_ in there[table.name][1]])
    view = folder / "case_view.duckdb"
    brought: dict[str, int] | None = None
    if not anew:
        # Else DuckDB packs row groups that lost a few rows, which costs more than all the rest of a checkpoint.
        db.run("SET max_vacuum_tasks = 0")
        if view.exists():
            brought = _bring(db, view, public, tonight.written(db, [table.name for table in public]), stood)
        difference.keep_in_step(db, brought or {})
        _put_in_order(db, kept, there)
        # Both are anew in the same nights: what is to be gone from the one file is not to stay in the other.
        anew = _is_loose(db)
    if anew:
        _write_both(db, view, folder / "restricted.duckdb", public, kept)
    elif brought is None:
        _write(db, view, public, ordered=public)


def _write_both(db: Engine, view: Path, restricted: Path, public: Sequence[Table], kept: Sequence[Table]) -> None:
    """Write both files anew: rows of the case view are sorted once, and stand at the same places in both."""
    rows = " UNION ALL ".join(f"SELECT '{table.name}', count(*) FROM \"{table.name}\"" for table in public)
    difference.keep_in_step(db, {str(name): int(number) for name, number in db.rows(rows)})
    _write(db, restricted, kept, ordered=[table for table in kept if table.zone == "case_view"])
    db.run(f"ATTACH '{_quoted(restricted)}' AS written (READ_ONLY)")
    try:
        _write(db, view, public, source="written")
    finally:
        db.run("DETACH written")


def _is_loose(db: Engine) -> bool:
    """Tell whether more of the current database's file is free than is used."""
    sizes = "SELECT used_blocks, free_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    [(used, free)] = db.rows(sizes)
    return bool(free > used)


def _put_in_order(db: Engine, kept: list[Table], there: dict[str, Shape]) -> None:
    """Drop what is not declared, comment what is, and bring all of it into the file."""
    for name in sorted(set(there) - {table.name for table in kept}):
        db.run(f'DROP TABLE "{name}"')
    for table in kept:
        if [name for name, *_ in there[table.name][1]] != [column.name for column in table.columns]:
            with db.transaction():
                _rebuild(db, table)
    with db.transaction():
        for table in kept:
            if there[table.name] != _shape(table):
                db.run(table.comments())
    db.run("CHECKPOINT")


def _rebuild(db: Engine, table: Table) -> None:
    """Give a table the order of columns that is declared; its rows come in any order."""
    db.run(f'ALTER TABLE "{table.name}" RENAME TO "_{table.name}"')
    db.run(table.ddl())
    db.run(f'INSERT INTO "{table.name}" BY NAME FROM "_{table.name}"')
    db.run(f'DROP TABLE "_{table.name}"')
    db.run(f"DELETE FROM {difference.IN_STEP} WHERE table_name = '{table.name}'")


def _write(
    db: Engine, target: Path, tables: Sequence[Table], *, ordered: Sequence[Table] = (), source: str | None = None
) -> None:
    """Write a file anew, from the current database or another one; some tables in the order of their key."""
    db.widen()
    target.unlink(missing_ok=True)
    with _attached(db, target) as database:
        for table in tables:
            # One transaction a table: each comment would be one of its own, all tables in one would fill the memory.
            with db.transaction():
                _copy(db, table, f'"{source or database}".main."{table.name}"', ordered=table in ordered)
        db.run(f"CHECKPOINT {CATALOG}")


def _bring(
    db: Engine, target: Path, tables: Sequence[Table], written: Mapping[str, Written], stood: Mapping[str, int]
) -> dict[str, int] | None:
    """Bring a file of the night before up to date; None when most of it is free in the end.

    ``written`` has what was written tonight of some tables, ``stood`` those that stood in step with this file, with
    their places. Returns those that do so now.
    """
    ours = tonight.places(db)
    with _attached(db, target) as database:
        there, places = _shapes(db), tonight.places(db)
        for name in sorted(set(there) - {table.name for table in tables}):
            db.run(f'DROP TABLE "{name}"')
        in_step, others = [], []
        with db.transaction():
            for table in tables:
                source, published = (f'"{catalog}".main."{table.name}"' for catalog in (database, CATALOG))
                told, is_like = written.get(table.name), there.get(table.name) == _shape(table)
                stands = is_like and told and told.first == places[table.name] == stood.get(table.name)
                with _contract(table):
                    if stands and told and difference.step(db, table, source, published, told):
                        in_step.append(table.name)
                    elif not is_like or not _differ(db, table, source, published, told):
                        others.append(table)
        for table in others:
            with db.transaction():
                _copy(db, table, f'"{database}".main."{table.name}"', ordered=True)
        theirs = tonight.places(db)
        db.run(f"CHECKPOINT {CATALOG}")
        # What is written may have moved: row groups of which all rows are deleted are gone from a file.
        still = tonight.places(db)
        in_step = [name for name in in_step if ours[name] == theirs[name] == still[name]]
        return None if _is_loose(db) else {name: ours[name] for name in in_step}


def _differ(db: Engine, table: Table, source: str, published: str, told: Written | None) -> bool:
    if told and not told.columns and table.key:
        return difference.follow(db, table, source, published, first=told.first)
    return difference.bring(db, table, source, published)


@contextmanager
def _attached(db: Engine, target: Path) -> Iterator[str]:
    """Let a file be the database that statements speak of for a moment; yields the name of the one they left."""
    # 'latest' stamps the file into its log: a foreign .wal beside it is refused instead of replayed.
    db.run(f"ATTACH '{_quoted(target)}' AS {CATALOG} (STORAGE_VERSION 'latest')")
    db.run("SET preserve_insertion_order = true")
    database = str(db.rows("SELECT current_database()")[0][0])
    # DDL and comments name the table only.
    db.run(f"USE {CATALOG}")
    try:
        yield database
    finally:
        db.run(f'USE "{database}"')
        db.run("SET preserve_insertion_order = false")
        db.run(f"DETACH {CATALOG}")


def _copy(db: Engine, table: Table, source: str, *, ordered: bool) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    key = ", ".join(f'"{name}"' for name in table.key)
    order = f" ORDER BY {key}" if ordered and key else ""
    with _contract(table):
        db.run(table.ddl())
        db.run(f'INSERT INTO "{table.name}" BY NAME SELECT {columns} FROM {source}{order}')
        db.run(table.comments())


@contextmanager
def _contract(table: Table) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        if "ConstraintException" not in str(error):
            raise
        raise ContractError(f"table {table.name} breaks its contract: a required column is empty") from None


def _shape(table: Table) -> Shape:
    """Return what a table should look like in a database."""
    columns = ((c.name, c.type, c.required, " ".join(c.comment.split())) for c in table.columns)
    return " ".join(table.comment.split()), tuple(columns)


def _shapes(db: Engine) -> dict[str, Shape]:
    """Return what every table of the current database looks like."""
    found: dict[str, Shape] = {}
    for table, comment, *columns in db.rows(_SHAPES):
        found[str(table)] = comment, tuple(zip(*columns, strict=True))
    return found


def _check_columns(table: Table, there: list[str]) -> None:
    found, declared = set(there), {column.name for column in table.columns}
    if found - declared:
        raise ContractError(f"table {table.name} has undeclared columns: {', '.join(sorted(found - declared))}")
    if declared - found:
        raise ContractError(f"table {table.name} lacks columns: {', '.join(sorted(declared - found))}")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
