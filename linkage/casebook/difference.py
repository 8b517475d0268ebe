"""Bring a published table up to date: the rows that are others go and come, the rest stays where it is.

A row is told by a hash of all of its columns, and its place. Nobody has to say which rows a night changed: reading both
tables whole costs a fraction of sorting and compressing one. Where it is known which rows of the source were written
tonight (`linkage.tonight`), and the target has what it had before, hashes of the key do.
"""

from __future__ import annotations

from collections.abc import Sequence

from linkage.contracts import Table
from linkage.engine.base import Engine

MOST = 0.25
"""Share of the rows from which a table is better written anew: in the order of its key, with nothing left between."""
_OTHER = """
CREATE OR REPLACE TEMP TABLE other_row AS
SELECT was.place AS was, now.place AS now
FROM (SELECT rowid AS place, hash({columns}) AS said FROM {target}) AS was
FULL JOIN (SELECT rowid AS place, hash({columns}) AS said FROM {source}) AS now USING (said)
WHERE was.place IS NULL OR now.place IS NULL
"""
_GONE = """
CREATE OR REPLACE TEMP TABLE other_row AS
SELECT place AS was FROM (SELECT rowid AS place, hash({key}) AS said FROM {target})
ANTI JOIN (SELECT hash({key}) AS said FROM {source} WHERE rowid < {first}) USING (said)
"""


def bring(db: Engine, table: Table, source: str, target: str) -> bool:
    """Give ``target`` the rows of ``source``, two tables as they are declared, in the transaction of the caller.

    Returns False where that does not pay, or where the two do not have as many rows in the end (rows that occur twice,
    which no table with a key has): ``target`` is to be written anew then.
    """
    columns = _listed([column.name for column in table.columns])
    db.run(_OTHER.format(columns=columns, source=source, target=target))
    [(goes, comes)] = db.rows("SELECT count(was), count(now) FROM other_row")
    [(rows,)] = db.rows(f"SELECT count(*) FROM {source}")
    if max(goes, comes) > rows * MOST:
        return False
    if goes:
        db.run(f"DELETE FROM {target} WHERE rowid IN (SELECT was FROM other_row)")
    if comes:
        of_these = "rowid IN (SELECT now FROM other_row)"
        db.run(f"INSERT INTO {target} BY NAME SELECT {columns} FROM {source} WHERE {of_these}")
    return db.rows(f"SELECT count(*) FROM {target}") == [(rows,)]


def follow(db: Engine, table: Table, source: str, target: str, *, first: int) -> bool:
    """Give ``target``, a copy of what ``source`` was the night before, the rows of ``source`` now.

    ``first`` is the row id from which the rows of ``source`` are of tonight; all others are as they were. Returns False
    as `bring` does.
    """
    [(old, new)] = db.rows(
        f"SELECT count(*) FILTER (rowid < {first}), count(*) FILTER (rowid >= {first}) FROM {source}"
    )
    [(stood,)] = db.rows(f"SELECT count(*) FROM {target}")
    if max(stood - old, new) > (old + new) * MOST:
        return False
    if stood != old:
        db.run(_GONE.format(key=_listed(table.key), source=source, target=target, first=first))
        db.run(f"DELETE FROM {target} WHERE rowid IN (SELECT was FROM other_row)")
    if new:
        columns = _listed([column.name for column in table.columns])
        db.run(f"INSERT INTO {target} BY NAME SELECT {columns} FROM {source} WHERE rowid >= {first}")
    return db.rows(f"SELECT count(*) FROM {target}") == [(old + new,)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
