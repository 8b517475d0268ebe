"""The small SQLite files of ``OUT/state``: opened for a moment, written durably, errors without values.

What people leave in them, who and why, is checked here, so that it reads the same whatever they did.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from linkage.errors import StoreError, UsageError

LONGEST = 1000
"""Characters of a name or a reason."""


@contextmanager
def writing(path: Path, what: str) -> Iterator[sqlite3.Connection]:
    """Open a file for one transaction that is on disk when the block ends; raises `StoreError` that says ``what``."""
    try:
        db = sqlite3.connect(path)
        try:
            db.execute("PRAGMA synchronous = FULL")
            db.row_factory = sqlite3.Row
            with db:
                yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StoreError(f"{what} state/{path.name} cannot be written: {_reason(error)}") from None


@contextmanager
def reading(path: Path, what: str) -> Iterator[sqlite3.Connection]:
    """Open a file that nothing here may change; raises `StoreError` that says ``what``.

    A process that died while it wrote leaves a journal, which whoever reads next rolls back: for that it must be
    allowed to write.
    """
    try:
        db = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)
        try:
            db.execute("PRAGMA query_only = ON")
            db.row_factory = sqlite3.Row
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StoreError(f"{what} state/{path.name} cannot be read: {_reason(error)}") from None


def said(given: str, option: str) -> str:
    """Return who or why as it is kept, on one line; raises `UsageError` for an empty or a long text."""
    text = " ".join(given.split())
    if not text or len(text) > LONGEST:
        raise UsageError(f"{option} must have 1 to {LONGEST} characters")
    return text


def now() -> str:
    """Return this moment as it is kept: UTC, to the second."""
    return datetime.now(UTC).isoformat("T", "seconds")


def append_only(db: sqlite3.Connection, table: str) -> None:
    """Let the file itself refuse to change or delete a row of ``table``, whose key is ``<table>_id``."""
    for verb in ("UPDATE", "DELETE"):
        db.executescript(_GUARD.format(table=table, verb=verb, when=""))
    # INSERT OR REPLACE deletes without asking the trigger on DELETE.
    when = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {table}_id = NEW.{table}_id)"
    db.executescript(_GUARD.format(table=table, verb="INSERT", when=when))


_REASONS = {
    "SQLITE_FULL": "no space left on its disk, free some and run again",
    "SQLITE_IOERR": "its disk is full or fails",
    "SQLITE_BUSY": "another program holds it, run again when it is done",
    "SQLITE_READONLY": "this user may not write there",
    "SQLITE_CANTOPEN": "it is not there, or this user may not open it",
    "SQLITE_CORRUPT": "it is damaged, restore it from the backup of state/",
    "SQLITE_NOTADB": "it is damaged, restore it from the backup of state/",
}


def _reason(error: sqlite3.Error) -> str:
    """Return what went wrong by SQLite's code: its text may quote a value."""
    code = getattr(error, "sqlite_errorname", "")
    return next((f"{told} ({code})" for name, told in _REASONS.items() if code.startswith(name)), type(error).__name__)


_GUARD = """
CREATE TRIGGER IF NOT EXISTS {table}_{verb} BEFORE {verb} ON {table} {when}
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
"""
