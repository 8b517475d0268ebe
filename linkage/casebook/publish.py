"""Write the published databases: declared tables only, with comments, checkpointed.

The analysts' file is written anew every night. The restricted one is several times as much and hardly changes, so most
nights keep the working database as it is. A table that is replaced or deleted in place leaves its bytes in a DuckDB
file until they are used again, so what a source withdrew is only gone from a file that never held it: every so many
nights, before the last generation that still shows it as a row would go, this file is written anew too.
"""

from __future__ import annotations

from pathlib import Path

from linkage import contracts
from linkage.contracts import Table
from linkage.engine.base import Engine
from linkage.errors import ContractError, StoreError

CATALOG = "publication"


def write(db: Engine, folder: Path, *, anew: bool = True) -> None:
    """Write ``case_view.duckdb`` into ``folder``, and ``restricted.duckdb`` beside it unless the working one is kept.

    The case view has the tables of its zone, each in the order of its key; the restricted file those of both zones, as
    they came. Without ``anew`` the working database itself is put in order, for the caller to close and
    to take, unless most of its file is free.
    Raises `ContractError` for a table that is missing, a column that is not declared, a required one that is empty.
    """
    public, restricted = contracts.tables("case_view"), contracts.tables("restricted")
    there = _columns(db)
    for table in public:
        if table.name not in there:
            raise ContractError(f"table {table.name} of the case view was not made by any step")
    kept = [table for table in (*public, *restricted) if table.name in there]
    for table in kept:
        _check_columns(table, there[table.name])
    _write(db, folder / "case_view.duckdb", public, ordered=True)
    if not anew:
        _put_in_order(db, kept, there)
    if anew or _is_loose(db):
        _write(db, folder / "restricted.duckdb", kept, ordered=False)


def _is_loose(db: Engine) -> bool:
    """Tell whether more of the working database's file is free than is used."""
    sizes = "SELECT used_blocks, free_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    [(used, free)] = db.rows(sizes)
    return bool(free > used)


def _put_in_order(db: Engine, kept: list[Table], there: dict[str, list[str]]) -> None:
    """Drop what is not declared, comment what is, and bring all of it into the file."""
    for name in sorted(set(there) - {table.name for table in kept}):
        db.run(f'DROP TABLE "{name}"')
    for table in kept:
        with db.transaction():
            if there[table.name] != [column.name for column in table.columns]:
                _rebuild(db, table)
            db.run(table.comments())
    db.run("CHECKPOINT")


def _rebuild(db: Engine, table: Table) -> None:
    """Give a table the order of columns that is declared."""
    db.run(f'ALTER TABLE "{table.name}" RENAME TO "_{table.name}"')
    db.run(table.ddl())
    db.run(f'INSERT INTO "{table.name}" BY NAME FROM "_{table.name}"')
    db.run(f'DROP TABLE "_{table.name}"')


def _write(db: Engine, target: Path, tables: list[Table] | tuple[Table, ...], *, ordered: bool) -> None:
    target.unlink(missing_ok=True)
    # 'latest' stamps the file into its log: a foreign .wal beside it is refused instead of replayed.
    db.run(f"ATTACH '{_quoted(target)}' AS {CATALOG} (STORAGE_VERSION 'latest')")
    db.run("SET preserve_insertion_order = true")
    database = db.rows("SELECT current_database()")[0][0]
    # DDL and comments name the table only: for a moment the new file is the default database.
    db.run(f"USE {CATALOG}")
    try:
        for table in tables:
            # One transaction a table: each comment would be one of its own, all tables in one would fill the memory.
            with db.transaction():
                _copy(db, table, f'"{database}".main."{table.name}"', ordered=ordered)
        db.run(f"CHECKPOINT {CATALOG}")
    finally:
        db.run(f'USE "{database}"')
        db.run("SET preserve_insertion_order = false")
        db.run(f"DETACH {CATALOG}")


def _copy(db: Engine, table: Table, source: str, *, ordered: bool) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    key = ", ".join(f'"{name}"' for name in table.key)
    order = f" ORDER BY {key}" if ordered and key else ""
    try:
        db.run(table.ddl())
        db.run(f'INSERT INTO "{table.name}" BY NAME SELECT {columns} FROM {source}{order}')
        db.run(table.comments())
    except StoreError as error:
        if "ConstraintException" not in str(error):
            raise
        raise ContractError(f"table {table.name} breaks its contract: a required column is empty") from None


def _columns(db: Engine) -> dict[str, list[str]]:
    """Return the columns of every table, in order."""
    rows = db.rows(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal "
        "ORDER BY table_name, column_index"
    )
    found: dict[str, list[str]] = {}
    for table, name in rows:
        found.setdefault(str(table), []).append(str(name))
    return found


def _check_columns(table: Table, there: list[str]) -> None:
    found, declared = set(there), {column.name for column in table.columns}
    if found - declared:
        raise ContractError(f"table {table.name} has undeclared columns: {', '.join(sorted(found - declared))}")
    if declared - found:
        raise ContractError(f"table {table.name} lacks columns: {', '.join(sorted(declared - found))}")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
