"""What the tables of a stage rest on besides their rows: while it stays as it is, a night brings them up to date in
place; when the code or a setting changes, the stage makes them anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from linkage import contracts
from linkage.engine.base import Engine

TABLE = "stage_basis"


def fingerprint(db: Engine, code: str, *told: object) -> str:
    """Return a hash of the code of a stage, of settings, and of the engine's version, whose ``hash`` may change."""
    return hashlib.sha256(repr((code, told, db.rows("SELECT version()")[0][0])).encode()).hexdigest()


@cache
def code(*files: Path) -> str:
    """Return a hash of source files: nobody has to think of a number to raise."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def holds(db: Engine, stage: str, found: str, tables: Iterable[str]) -> bool:
    """Tell whether a stage's tables are there as declared, and rest on what it would make them of tonight.

    Where they do not, the engine is told that there is much to do.
    """
    told = [stage, found]
    if all(contracts.table(name).is_in(db) for name in (TABLE, *tables)) and db.rows(
        f"SELECT 1 FROM {TABLE} WHERE stage = ? AND fingerprint = ?", told
    ):
        return True
    db.widen()
    return False


def of_stage(db: Engine, stage: str) -> str | None:
    """Return what a stage's tables rest on, for the stage that reads them; None where they rest on nothing."""
    found = db.rows(f"SELECT fingerprint FROM {TABLE} WHERE stage = ?", [stage]) if db.has(TABLE) else []
    return str(found[0][0]) if found else None


def forget(db: Engine, stage: str) -> None:
    """Let a stage's tables rest on nothing while they are being changed."""
    if not contracts.table(TABLE).is_in(db):
        db.run(contracts.table(TABLE).ddl())
    db.run(f"DELETE FROM {TABLE} WHERE stage = ?", [stage])


def keep(db: Engine, stage: str, found: str) -> None:
    """Write down what a stage's tables rest on, once they are made."""
    forget(db, stage)
    db.run(f"INSERT INTO {TABLE} VALUES (?, ?)", [stage, found])
