"""Who looked at whom: the audit log of the review page, ``OUT/state/review.sqlite``.

It only grows: the file refuses to change or delete a row, and every row carries the hash of the one before it, so
that a copy from which somebody took a row tells so (NEN 7513 asks who, what, when and why). Objects are opaque ids
and never a value of a record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from linkage import sqlite
from linkage.errors import no_output_folder

if TYPE_CHECKING:
    import sqlite3

    from linkage.store import OutFolder

WHAT = "the log of the review page"
FILE = "review.sqlite"

SCHEMA = """
CREATE TABLE IF NOT EXISTS trail (
  trail_id INTEGER PRIMARY KEY AUTOINCREMENT, done_at TEXT NOT NULL, done_by TEXT NOT NULL, role TEXT NOT NULL,
  action TEXT NOT NULL, object TEXT NOT NULL, why TEXT NOT NULL, chain TEXT NOT NULL);
"""
START = "0" * 64


class Action(StrEnum):
    """What somebody did."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    IDLE = "idle"
    VIEW_PAIR = "view_pair"
    VIEW_PERSON = "view_person"
    VIEW_INCIDENT = "view_incident"
    OPEN_ADDRESS = "open_address"
    DECIDE = "decide"
    SECOND = "second_opinion"
    SPLIT = "split"
    WITHDRAW = "withdraw"
    VIEW_TRAIL = "view_trail"
    REFUSED = "refused"


@dataclass(frozen=True)
class Entry:
    """One row of the log."""

    trail_id: int
    done_at: str
    done_by: str
    role: str
    action: str
    object: str
    why: str
    chain: str


class Trail:
    """The log of one output folder; ``now`` is the clock."""

    def __init__(self, folder: OutFolder, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.folder = folder
        self.path = folder.state / FILE
        self.now = now

    def write(self, by: str, role: str, action: Action, subject: str = "", why: str = "") -> None:
        """Add a row; raises `StoreError` when it cannot be kept, and then nothing may be shown."""
        if not self.folder.state.is_dir():
            raise no_output_folder(self.folder.path)
        with sqlite.writing(self.path, WHAT) as db:
            db.executescript(SCHEMA)
            sqlite.append_only(db, "trail")
            db.execute("BEGIN IMMEDIATE")
            told = (self.now().astimezone(UTC).isoformat("T", "seconds"), by, role, str(action), subject, why)
            db.execute("INSERT INTO trail VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", (*told, _link(_last(db), told)))

    def entries(self, most: int = 1_000_000) -> list[Entry]:
        """Return the newest rows, the newest first."""
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            if not has(db, "trail"):
                return []
            rows = db.execute("SELECT * FROM trail ORDER BY trail_id DESC LIMIT ?", (most,)).fetchall()
        return [Entry(**dict(row)) for row in rows]

    def broken_at(self) -> int | None:
        """Return the number of the first row that does not follow from the one before it, None when all do."""
        before = START
        for place, entry in enumerate(reversed(self.entries()), 1):
            if entry.trail_id != place or entry.chain != _link(before, astuple(entry)[1:7]):
                return entry.trail_id
            before = entry.chain
        return None


def has(db: sqlite3.Connection, table: str) -> bool:
    """Tell whether a table is there."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def _last(db: sqlite3.Connection) -> str:
    found = db.execute("SELECT chain FROM trail ORDER BY trail_id DESC LIMIT 1").fetchone()
    return str(found[0]) if found else START


def _link(before: str, told: tuple[Any, ...]) -> str:
    return hashlib.sha256(json.dumps([before, *told]).encode()).hexdigest()
