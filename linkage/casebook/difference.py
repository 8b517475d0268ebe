"""Bring a published table up to date: the rows that are others go and come, the rest stays where it is.

A row is told by a hash of all of its columns, and its place. Nobody has to say which rows a night changed: reading both
tables whole costs a fraction of sorting and compressing one. Where it is known which rows of the source were written
tonight (`linkage.tonight`), and the target has what it had before, hashes of the key do; where the target has each row
at the place that it has in the source (table ``in_step``), places do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from linkage import contracts
from linkage.contracts import Table
from linkage.engine.base import Engine
from linkage.tonight import Written

MOST = 0.25
"""Share of the rows from which a table is better written anew: in the order of its key, with nothing left between."""
_OTHER = """
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

IN_STEP = "in_step"


def in_step(db: Engine) -> dict[str, int]:
    """Return the tables that stand in step with those of the case view of the night before, with their places."""
    if contracts.table(IN_STEP).is_in(db):
        return {str(name): int(places) for name, places in db.rows(f"FROM {IN_STEP}")}
    db.run(contracts.table(IN_STEP).ddl())
    return {}


def keep_in_step(db: Engine, tables: Mapping[str, int]) -> None:
    """Write down the tables that stand in step with those of the case view, with their places."""
    db.run(f"DELETE FROM {IN_STEP}")
    db.insert(IN_STEP, sorted(tables.items()))


def bring(db: Engine, table: Table, source: str, target: str) -> bool:
    """Give ``target`` the rows of ``source``, two tables as they are declared, in the transaction of the caller.

    Returns False where that does not pay, or where the two would not have as many rows in the end (rows that occur
    twice, which no table with a key has): ``target`` is to be written anew then.
    """
    columns = _listed([column.name for column in table.columns])
    [(rows, stood)] = db.rows(f"SELECT (SELECT count(*) FROM {source}), (SELECT count(*) FROM {target})")
    other = db.arrays(_OTHER.format(columns=columns, source=source, target=target))
    goes, comes = (np.ma.compressed(other[name]) for name in ("was", "now"))
    if max(len(goes), len(comes)) > rows * MOST or stood - len(goes) + len(comes) != rows:
        return False
    _take(db, target, goes)
    if len(comes):
        db.register("other_row", pd.DataFrame({"now": comes}))
        of_these = "rowid IN (SELECT now FROM other_row)"
        db.run(f"INSERT INTO {target} BY NAME SELECT {columns} FROM {source} WHERE {of_these}")
    return True


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


def step(db: Engine, table: Table, source: str, target: str, told: Written) -> bool:
    """Give ``target``, with each row at the place where ``source`` had it the night before, the rows of ``source`` now.

    They stand in step again then. ``told`` is what was written of ``source`` tonight. Returns False, with nothing done,
    where the two cannot have stood in step, or where `bring` would give up.
    """
    stood, stand = _places(db, target), _places(db, source)
    new = int((stand >= told.first).sum())
    is_gone = np.zeros(told.first, bool)
    is_gone[stood] = True
    is_gone[stand[stand < told.first]] = False
    gone = np.flatnonzero(is_gone)
    if len(stood) - len(gone) + new != len(stand) or max(len(gone), new) > len(stand) * MOST:
        return False
    _take(db, target, gone)
    columns = [column.name for column in table.columns]
    if changed := [name for name in told.columns if name in columns]:
        values = ", ".join(f'"{name}" = now."{name}"' for name in changed)
        is_other = " OR ".join(f'was."{name}" IS DISTINCT FROM now."{name}"' for name in changed)
        db.run(f"UPDATE {target} AS was SET {values} FROM {source} AS now WHERE was.rowid = now.rowid AND ({is_other})")
    if new:
        db.run(f"INSERT INTO {target} BY NAME SELECT {_listed(columns)} FROM {source} WHERE rowid >= {told.first}")
    return True


def _take(db: Engine, target: str, places: Any) -> None:
    """Delete the rows at some places."""
    if len(places):
        db.register("other_row", pd.DataFrame({"was": places}))
        db.run(f"DELETE FROM {target} WHERE rowid IN (SELECT was FROM other_row)")


def _places(db: Engine, table: str) -> Any:
    # Cheaper than to let the engine join them: they need no hash, and half the bytes do.
    return db.arrays(f"SELECT CAST(rowid AS INTEGER) AS place FROM {table}")["place"].data


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
