"""The run ledger: what happened every night, also in the nights that published nothing.

It lives in ``OUT/state/ledger.sqlite``, outside the publication, because a failed run must leave a trace
while its working database is swept. The publication stays the truth about which deliveries were taken in:
at the start of every run the ledger is made to agree with it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from linkage import contracts, sqlite
from linkage.engine.base import Engine
from linkage.errors import StoreError
from linkage.store import OutFolder

if TYPE_CHECKING:
    from linkage.config import Config

ALL = 1_000_000
WELL = ("published", "nothing_new")
"""How a run ends that did its work."""
LOCAL = ZoneInfo("Europe/Amsterdam")

SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
  number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, started_at TEXT NOT NULL, ended_at TEXT,
  status TEXT NOT NULL, as_of TEXT, config_hash TEXT NOT NULL, version TEXT NOT NULL,
  message TEXT NOT NULL DEFAULT '', counts TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS accepted (
  content_hash TEXT PRIMARY KEY, source_id TEXT NOT NULL, delivery_id TEXT NOT NULL,
  run_id TEXT NOT NULL, extracted_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refused (
  source_id TEXT NOT NULL, delivery_id TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,
  extracted_at TEXT, first_run_id TEXT NOT NULL, last_run_id TEXT NOT NULL, PRIMARY KEY (source_id, delivery_id));
CREATE TABLE IF NOT EXISTS check_result (run_id TEXT NOT NULL, gate TEXT NOT NULL, result TEXT NOT NULL);
"""

REFUSE = """
INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  first_run_id = iif(message = excluded.message, first_run_id, excluded.first_run_id),
  reason = excluded.reason, message = excluded.message, extracted_at = excluded.extracted_at,
  last_run_id = excluded.last_run_id
"""

OUTSTANDING = """
SELECT source_id, delivery_id, message FROM refused AS r
WHERE first_run_id = last_run_id OR NOT EXISTS (
  SELECT 1 FROM accepted AS a WHERE a.source_id = r.source_id AND
    CASE WHEN r.extracted_at IS NULL THEN a.run_id >= r.first_run_id ELSE a.extracted_at > r.extracted_at END)
ORDER BY source_id, delivery_id
"""


class Refusal(Protocol):
    """What the ledger keeps of a delivery that was set aside."""

    @property
    def source_id(self) -> str: ...  # noqa: D102

    @property
    def delivery_id(self) -> str: ...  # noqa: D102

    @property
    def reason(self) -> str: ...  # noqa: D102

    @property
    def message(self) -> str: ...  # noqa: D102

    @property
    def extracted_at(self) -> datetime | None: ...  # noqa: D102


class Ledger:
    """The ledger of one output folder. Writing methods expect that the caller holds the folder's lock."""

    def __init__(self, folder: OutFolder) -> None:
        self.folder = folder
        self.path = folder.state / "ledger.sqlite"

    def begin(self, started_at: datetime, config: Config) -> str:
        """Write a new run down as running and return its id, after setting right what a dead run left."""
        from linkage import __version__

        with self._writing() as db:
            db.executescript(SCHEMA)
            self._follow_publication(db)
            number = max(
                self.folder.next_number(), db.execute("SELECT coalesce(max(number), 0) + 1 FROM run").fetchone()[0]
            )
            run_id = f"{number:05d}-{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            db.execute(
                "INSERT INTO run (number, run_id, started_at, status, config_hash, version) VALUES (?, ?, ?, ?, ?, ?)",
                (number, run_id, _utc(started_at), "running", config_hash(config), __version__),
            )
        return run_id

    def end(
        self,
        run_id: str,
        status: str,
        *,
        message: str,
        ended_at: datetime,
        as_of: date | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Write down how a run ended."""
        with self._writing() as db:
            db.execute(
                "UPDATE run SET status = ?, message = ?, ended_at = ?, as_of = ?, counts = ? WHERE run_id = ?",
                (
                    status,
                    message,
                    _utc(ended_at),
                    as_of.isoformat() if as_of else None,
                    json.dumps(dict(counts or {}), sort_keys=True),
                    run_id,
                ),
            )

    def seen(self) -> set[str]:
        """Return the content hashes of the deliveries that the publication holds."""
        with self._reading() as db:
            return {row[0] for row in db.execute("SELECT content_hash FROM accepted")}

    def refuse(self, run_id: str, refused: Iterable[Refusal]) -> None:
        """Keep the deliveries that this run set aside; those that it no longer met are forgotten."""
        with self._writing() as db:
            for d in refused:
                extracted = _utc(d.extracted_at) if d.extracted_at else None
                db.execute(REFUSE, (d.source_id, d.delivery_id, d.reason, d.message, extracted, run_id, run_id))
            db.execute("DELETE FROM refused WHERE last_run_id <> ?", (run_id,))

    def accept(self, run_id: str) -> None:
        """Let the ledger follow the publication of this run, which is what says that they were taken in."""
        with self._writing() as db:
            self._follow_publication(db, finished=run_id)

    def follow(self) -> None:
        """Make the accepted deliveries those of the publication, after a rollback."""
        with self._writing() as db:
            self._follow_publication(db, finished="")

    def outstanding(self, inbox: Path | None = None) -> list[tuple[str, str, str]]:
        """Return source, delivery and message of refused deliveries that still wait for the data team.

        Each is named in the run that first refuses it, and from then on until its folder is gone or
        its source has a later delivery that was accepted.
        """
        with self._reading() as db:
            rows = db.execute(OUTSTANDING).fetchall()
        return [(str(s), str(d), str(m)) for s, d, m in rows if inbox is None or (inbox / s / d).exists()]

    def keep_checks(self, db: Engine, run_id: str, gate: str) -> None:
        """Copy this run's check results of one gate out of the working database, which may be swept."""
        if not db.has("check_result"):
            return
        found = db.frame("SELECT * FROM check_result WHERE run_id = ? AND gate = ?", [run_id, gate])
        rows = json.loads(found.to_json(orient="records", date_format="iso"))
        with self._writing() as ledger:
            ledger.execute("DELETE FROM check_result WHERE run_id = ? AND gate = ?", (run_id, gate))
            ledger.executemany(
                "INSERT INTO check_result VALUES (?, ?, ?)",
                [(run_id, gate, json.dumps(row, sort_keys=True)) for row in rows],
            )

    def checks(self, run_id: str) -> list[dict[str, Any]]:
        """Return the check results of one run, as its gates wrote them."""
        with self._reading() as db:
            rows = db.execute("SELECT result FROM check_result WHERE run_id = ? ORDER BY rowid", (run_id,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def runs(self, limit: int = 10) -> list[dict[str, Any]]:
        """Return the newest runs, newest first; a running one whose process is gone reads as crashed."""
        with self._reading() as db:
            rows = db.execute("SELECT * FROM run ORDER BY number DESC LIMIT ?", (limit,)).fetchall()
        is_free = self.folder.holder() is None
        found = [dict(row) | {"counts": json.loads(row["counts"])} for row in rows]
        for row in found:
            if row["status"] == "running" and is_free:
                row["status"] = "crashed"
        return found

    def write_run_table(self, db: Engine, run_id: str, *, as_of: date, ended_at: datetime) -> None:
        """Write table ``run``: all earlier runs, and this one as published, for it is written last.

        The check results of nights that published nothing come along.
        """
        self._recall_checks(db)
        table = contracts.table("run")
        db.run(table.ddl())
        runs = self.runs(limit=ALL)
        for row in runs:
            row["started_at"], row["ended_at"] = _local(row["started_at"]), _local(row["ended_at"])
            if row["run_id"] == run_id:
                row |= {"ended_at": _local(_utc(ended_at)), "status": "published", "as_of": as_of.isoformat()}
        db.insert(table.name, [[row[column.name] for column in table.columns] for row in runs])

    def _recall_checks(self, db: Engine) -> None:
        """Bring the check results of nights that published nothing back into ``check_result``."""
        table = contracts.table("check_result")
        if not table.is_in(db):
            db.run(table.ddl())
        known = {row[0] for row in db.rows("SELECT DISTINCT run_id FROM check_result")}
        for run in self.runs(limit=ALL):
            results = self.checks(run["run_id"]) if run["run_id"] not in known else []
            db.insert(table.name, [[result.get(column.name) for column in table.columns] for result in results])

    def _follow_publication(self, db: sqlite3.Connection, finished: str | None = None) -> None:
        """Make the accepted deliveries those of the publication, and end the runs that died."""
        manifest = self.folder.manifest()
        db.execute("DELETE FROM accepted")
        if manifest is not None:
            db.executemany("INSERT INTO accepted VALUES (?, ?, ?, ?, ?)", self._published_deliveries())
            db.execute(
                "UPDATE run SET status = 'published', as_of = ? WHERE run_id = ? AND status = 'running'",
                (manifest["as_of"], manifest["run_id"]),
            )
        if finished is None:
            db.execute("UPDATE run SET status = 'crashed', message = 'the process died' WHERE status = 'running'")

    def _published_deliveries(self) -> list[tuple[str, ...]]:
        try:
            return _published_deliveries(self.folder.published("restricted.duckdb"))
        except StoreError:
            if current := self.folder.current():
                self.folder.verify(current, "restricted.duckdb")  # a file that was changed is told so, and what to do
            raise

    def _writing(self) -> AbstractContextManager[sqlite3.Connection]:
        return sqlite.writing(self.path, "the run ledger")

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        return sqlite.reading(self.path, "the run ledger")


def config_hash(config: Config) -> str:
    """Return twelve hex digits that change when any setting does."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _published_deliveries(restricted: Path) -> list[tuple[str, ...]]:
    from linkage.engine.duckdb import DuckDBEngine

    with DuckDBEngine(restricted, read_only=True, memory_limit="256MB", threads=1) as db:
        rows = db.rows(
            "SELECT content_hash, source_id, delivery_id, run_id, version FROM delivery "
            "WHERE status = 'accepted' ORDER BY content_hash"
        )
    # version tells the moment in UTC; extracted_at is wall time, and there is one hour a year that comes twice.
    return [(*map(str, row[:4]), _utc(datetime.fromisoformat(row[4].split()[0]))) for row in rows]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat("T", "seconds")


def _local(moment: str | None) -> datetime | None:
    """Return a moment of the ledger as wall time in Amsterdam, the way the case view writes times."""
    return datetime.fromisoformat(moment).astimezone(LOCAL).replace(tzinfo=None) if moment else None
