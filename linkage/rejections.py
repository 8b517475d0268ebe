"""What was refused, and what became of it: ``OUT/state/rejections.sqlite``, which only grows.

A night that publishes nothing leaves no ``rejected_row`` behind, and a delivery that is taken in at last takes the
place of its refusals. So every attempt at a delivery is kept here, with where its rejected rows stand and why, also
one that was in order when a gate stopped the night; and every repair with who made it. No value of a record is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage import sqlite
from linkage.engine.base import Engine
from linkage.store import OutFolder

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS attempt (
  source_id TEXT NOT NULL, delivery_id TEXT NOT NULL, content_hash TEXT NOT NULL, reason TEXT NOT NULL,
  message TEXT NOT NULL, rows INTEGER, rejected INTEGER, first_run_id TEXT NOT NULL, last_run_id TEXT NOT NULL,
  PRIMARY KEY (source_id, delivery_id, content_hash, reason));
CREATE TABLE IF NOT EXISTS refused_row (
  source_id TEXT NOT NULL, delivery_id TEXT NOT NULL, content_hash TEXT NOT NULL, file_name TEXT NOT NULL,
  line_number INTEGER NOT NULL, byte_offset INTEGER NOT NULL, byte_length INTEGER NOT NULL, reason TEXT NOT NULL,
  column_name TEXT, PRIMARY KEY (source_id, delivery_id, content_hash, file_name, line_number));
CREATE TABLE IF NOT EXISTS repair (
  number INTEGER PRIMARY KEY, repaired_at TEXT NOT NULL, repaired_by TEXT NOT NULL, reason TEXT NOT NULL,
  source_id TEXT NOT NULL, delivery_id TEXT NOT NULL, repaired_as TEXT NOT NULL, files TEXT NOT NULL);
"""
PLACE = ("file_name", "line_number", "byte_offset", "byte_length", "reason", "column_name")


@dataclass(frozen=True)
class Row:
    """Where a rejected row stands and why."""

    file_name: str
    line_number: int
    byte_offset: int
    byte_length: int
    reason: str
    column_name: str | None


@dataclass(frozen=True)
class Attempt:
    """A delivery of some content that was refused (or, without a reason, taken in by a stopped run), once or often."""

    source_id: str
    delivery_id: str
    content_hash: str
    reason: str
    message: str
    rows: int | None
    rejected: int | None
    first_run_id: str
    last_run_id: str


@dataclass(frozen=True)
class Repair:
    """A delivery that was put into the inbox again with repaired files."""

    number: int
    repaired_at: str
    repaired_by: str
    reason: str
    source_id: str
    delivery_id: str
    repaired_as: str
    files: str


class Rejections:
    """The history of one output folder; each entry is one transaction."""

    def __init__(self, folder: OutFolder) -> None:
        self.path = folder.state / "rejections.sqlite"

    def keep(self, db: Engine, run_id: str) -> None:
        """Copy what this run refused out of the working database, which may be swept."""
        self._keep(db, run_id, "status = 'refused'")

    def keep_stopped(self, db: Engine, run_id: str) -> None:
        """Copy the rejected rows of what this run took in, when a gate stopped it: nothing is published that has them.

        Such an attempt has no reason: the delivery as a whole was in order.
        """
        if db.has("delivery"):
            self._keep(db, run_id, "status = 'accepted' AND rejected > 0")

    def _keep(self, db: Engine, run_id: str, which: str) -> None:
        attempts = db.rows(
            "SELECT source_id, delivery_id, content_hash, coalesce(reason, ''), coalesce(message, ''), rows, rejected "
            f"FROM delivery WHERE {which} AND run_id = ? ORDER BY ALL",
            [run_id],
        )
        if not attempts:
            return
        rows = db.rows(
            f"""SELECT r.source_id, r.delivery_id, r.content_hash, {", ".join(f"r.{name}" for name in PLACE)}
                FROM rejected_row AS r SEMI JOIN (SELECT * FROM delivery WHERE {which} AND run_id = ?)
                USING (source_id, delivery_id, content_hash)""",
            [run_id],
        )
        with self._writing() as history:
            history.executescript(SCHEMA)
            history.executemany(
                "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "message = excluded.message, rows = excluded.rows, rejected = excluded.rejected, "
                "last_run_id = excluded.last_run_id",
                [(*row, run_id, run_id) for row in attempts],
            )
            history.executemany("INSERT OR IGNORE INTO refused_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def attempts(self) -> list[Attempt]:
        """Return all attempts, those of the newest run first."""
        return [
            Attempt(*row)
            for row in self._rows("SELECT * FROM attempt ORDER BY last_run_id DESC, source_id, delivery_id, reason")
        ]

    def rows(self, attempt: Attempt) -> list[Row]:
        """Return the rejected rows that are known of an attempt, in the order of the files."""
        found = self._rows(
            f"SELECT {', '.join(PLACE)} FROM refused_row WHERE (source_id, delivery_id, content_hash) = (?, ?, ?) "
            "ORDER BY file_name, line_number",
            (attempt.source_id, attempt.delivery_id, attempt.content_hash),
        )
        return [Row(*row) for row in found]

    def repair(self, source_id: str, delivery_id: str, *, repaired_as: str, files: str, by: str, reason: str) -> None:
        """Write down that a repair is about to be put into the inbox; ``reason`` may be empty, ``by`` may not."""
        by, reason = sqlite.said(by, "--by"), reason and sqlite.said(reason, "--reason")
        with self._writing() as history:
            history.executescript(SCHEMA)
            history.execute(
                "INSERT INTO repair (repaired_at, repaired_by, reason, source_id, delivery_id, repaired_as, files) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (sqlite.now(), by, reason, source_id, delivery_id, repaired_as, files),
            )

    def repairs(self) -> list[Repair]:
        """Return all repairs, the oldest first."""
        return [Repair(*row) for row in self._rows("SELECT * FROM repair ORDER BY number")]

    def _rows(self, sql: str, params: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, "the history of refusals") as history:
            return [tuple(row) for row in history.execute(sql, params).fetchall()]

    def _writing(self) -> AbstractContextManager[sqlite3.Connection]:
        return sqlite.writing(self.path, "the history of refusals")
