"""Write the published databases: fresh files that hold declared tables only, with comments, checkpointed.

Both are written anew every night. A table that is deleted or changed in place leaves its bytes in a DuckDB
file, so what a source withdrew is only gone from a file that never held it.
"""

from __future__ import annotations

from pathlib import Path

from linkage import contracts
from linkage.contracts import Table
from linkage.engine.base import Engine
from linkage.errors import ContractError, StoreError

CATALOG = "publication"


def write_case_view(db: Engine, target: Path) -> None:
    """Write ``target`` with the tables of zone ``case_view``, and ``restricted.duckdb`` beside it.

    The analysts' tables have a primary key and lie in its order; the restricted ones lie as they came.
    Raises `ContractError` for a table that is missing, a column that is not declared, a key that is
    not unique.
    """
    public, restricted = contracts.tables("case_view"), contracts.tables("restricted")
    for table in public:
        if not db.has(table.name):
            raise ContractError(f"table {table.name} of the case view was not made by any step")
    kept = [table for table in (*public, *restricted) if db.has(table.name)]
    for table in kept:
        _check_columns(db, table)
    _write(db, target, public, keyed=True)
    _write(db, target.with_name("restricted.duckdb"), kept, keyed=False)


def _write(db: Engine, target: Path, tables: list[Table] | tuple[Table, ...], *, keyed: bool) -> None:
    target.unlink(missing_ok=True)
    # 'latest' stamps the file into its log: a foreign .wal beside it is refused instead of replayed.
    db.run(f"ATTACH '{_quoted(target)}' AS {CATALOG} (STORAGE_VERSION 'latest')")
    db.run("SET preserve_insertion_order = true")
    try:
        for table in tables:
            _copy(db, table, keyed=keyed)
        db.run(f"CHECKPOINT {CATALOG}")
    finally:
        db.run("SET preserve_insertion_order = false")
        db.run(f"DETACH {CATALOG}")


def _copy(db: Engine, table: Table, *, keyed: bool) -> None:
    keyed = keyed and bool(table.key)
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    key = ", ".join(f'"{name}"' for name in table.key)
    database = db.rows("SELECT current_database()")[0][0]
    source = f'"{database}".main."{table.name}"'
    # DDL and comments name the table only: for a moment the new file is the default database.
    db.run(f"USE {CATALOG}")
    try:
        db.run(table.ddl())
        order = f" ORDER BY {key}" if keyed else ""
        db.run(f'INSERT INTO "{table.name}" BY NAME SELECT {columns} FROM {source}{order}')
        if keyed:
            db.run(f'ALTER TABLE "{table.name}" ADD PRIMARY KEY ({key})')
        for comment in table.comments():
            db.run(comment)
    except StoreError as error:
        if "ConstraintException" not in str(error):
            raise
        raise ContractError(
            f"table {table.name} breaks its contract: its key is not unique, or a required column is empty"
        ) from None
    finally:
        db.run(f'USE "{database}"')


def _check_columns(db: Engine, table: Table) -> None:
    rows = db.rows(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND database_name = current_database()",
        [table.name],
    )
    found, declared = {str(row[0]) for row in rows}, {column.name for column in table.columns}
    if found - declared:
        raise ContractError(f"table {table.name} has undeclared columns: {', '.join(sorted(found - declared))}")
    if declared - found:
        raise ContractError(f"table {table.name} lacks columns: {', '.join(sorted(declared - found))}")


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
