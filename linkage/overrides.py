"""What stopped a night on its figures, who let it pass, and which publications were rolled back.

The tables stand in the run ledger ``OUT/state/ledger.sqlite`` and only grow. An acceptance holds for the nights that
follow until one publishes, and only for what it saw: the same figure, moved the same way, hardly further. Whether it
was used up is read from the runs, so that no crash can leave it half used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linkage import sqlite
from linkage.errors import UsageError, no_output_folder
from linkage.ledger import Ledger
from linkage.store import OutFolder

WHAT = "the run ledger"
WORSE = 1.25
"""An acceptance covers a change up to this much larger than the one that was seen: the next night has other data."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS finding (
  finding_id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, measure TEXT NOT NULL, scope TEXT NOT NULL,
  name TEXT NOT NULL, change REAL, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS acceptance (
  acceptance_id INTEGER PRIMARY KEY AUTOINCREMENT, accepted_at TEXT NOT NULL, accepted_by TEXT NOT NULL,
  reason TEXT NOT NULL, run_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rollback (
  rollback_id INTEGER PRIMARY KEY AUTOINCREMENT, rolled_back_at TEXT NOT NULL, rolled_back_by TEXT NOT NULL,
  reason TEXT NOT NULL, from_run_id TEXT NOT NULL, to_run_id TEXT NOT NULL, deliveries TEXT NOT NULL);
"""
TABLES = ("finding", "acceptance", "rollback")

OPEN_RUN = """
SELECT f.run_id FROM finding AS f JOIN run AS r USING (run_id)
WHERE NOT EXISTS (SELECT 1 FROM run AS p WHERE p.number > r.number AND p.status IN ('published', 'nothing_new'))
"""


@dataclass(frozen=True)
class Stop:
    """One figure that stopped a night; ``told`` is its line, without a value of a record."""

    measure: str
    scope: str
    name: str
    change: float | None
    told: str

    def covers(self, other: Stop) -> bool:
        """Tell whether who accepted this one accepted the other as well."""
        if (self.measure, self.scope, self.name) != (other.measure, other.scope, other.name):
            return False
        if self.change is None or other.change is None:
            return self.change is None and other.change is None
        return self.change * other.change >= 0 and abs(other.change) <= WORSE * abs(self.change)


@dataclass(frozen=True, order=True)
class Owed:
    """A delivery that a rollback set back, by the names of its folders."""

    source_id: str
    delivery_id: str
    content_hash: str


class Overrides:
    """The stops, acceptances and rollbacks of one output folder. Who writes holds the folder's lock."""

    def __init__(self, folder: OutFolder) -> None:
        self.folder = folder
        self.path = folder.state / "ledger.sqlite"

    def stopped(self, run_id: str, stops: Iterable[Stop]) -> None:
        """Keep what stopped a run."""
        self._make()
        with sqlite.writing(self.path, WHAT) as db:
            db.executemany(
                "INSERT INTO finding VALUES (NULL, ?, ?, ?, ?, ?, ?)",
                [(run_id, s.measure, s.scope, s.name, s.change, s.told) for s in stops],
            )

    def waiting(self) -> tuple[str, tuple[Stop, ...]] | None:
        """Return the newest run whose figures wait for a person, with its stops; None when none does."""
        rows = self._rows(f"SELECT * FROM finding WHERE run_id = ({OPEN_RUN} ORDER BY r.number DESC LIMIT 1)")
        if not rows:
            return None
        run_id = str(rows[0]["run_id"])
        if self._rows("SELECT 1 FROM acceptance WHERE run_id = ?", run_id):
            return None
        return run_id, tuple(_stop(row) for row in rows)

    def accept(self, *, by: str, reason: str) -> tuple[str, tuple[Stop, ...]]:
        """Let the stops of the waiting run pass in the nights to come, until one publishes.

        Raises `UsageError` when no run waits, or a text is empty.
        """
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        found = self.waiting()
        if found is None:
            raise UsageError("no run waits for an acceptance: see inbeeld status")
        with sqlite.writing(self.path, WHAT) as db:
            db.execute("INSERT INTO acceptance VALUES (NULL, ?, ?, ?, ?)", (sqlite.now(), by, reason, found[0]))
        return found

    def accepted(self) -> tuple[Stop, ...]:
        """Return the stops that a person let pass and that no publication used up yet."""
        rows = self._rows(
            f"SELECT * FROM finding WHERE run_id IN (SELECT run_id FROM acceptance) AND run_id IN ({OPEN_RUN})"
        )
        return tuple(_stop(row) for row in rows)

    def acceptances(self) -> list[dict[str, Any]]:
        """Return every acceptance, in the order in which they were made."""
        return [dict(row) for row in self._rows("SELECT * FROM acceptance ORDER BY acceptance_id")]

    def rolled_back(self, *, by: str, reason: str, before: str, after: str, deliveries: Sequence[Owed]) -> None:
        """Write down that the publication returns from one run to another, and what is to be taken in again."""
        told = json.dumps([asdict(d) for d in sorted(deliveries)])
        self._make()
        with sqlite.writing(self.path, WHAT) as db:
            row = (sqlite.now(), sqlite.said(by, "--by"), sqlite.said(reason, "--reason"), before, after, told)
            db.execute("INSERT INTO rollback VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)

    def rollbacks(self) -> list[dict[str, Any]]:
        """Return every rollback, in the order in which they were made."""
        rows = self._rows("SELECT * FROM rollback ORDER BY rollback_id")
        return [dict(row) | {"deliveries": json.loads(row["deliveries"])} for row in rows]

    def owed(self) -> list[Owed]:
        """Return the deliveries that rollbacks set back and that are not in the publication again.

        A delivery of the same folder with other content takes its place; one that a person accepted to go without is
        owed no longer.
        """
        ours = {Owed(**d) for rollback in self.rollbacks() for d in rollback["deliveries"]}
        there = {(r["source_id"], r["delivery_id"]) for r in self._rows("SELECT source_id, delivery_id FROM accepted")}
        waived = {
            str(r["name"])
            for r in self._rows(
                "SELECT name FROM finding WHERE measure = 'owed_delivery' "
                f"AND run_id IN (SELECT run_id FROM acceptance) AND run_id NOT IN ({OPEN_RUN})"
            )
        }
        return sorted(
            d
            for d in ours
            if (d.source_id, d.delivery_id) not in there and f"{d.source_id}/{d.delivery_id}" not in waived
        )

    def _rows(self, sql: str, *values: object) -> list[Any]:
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'finding'").fetchone():
                return []
            return db.execute(sql, values).fetchall()

    def _make(self) -> None:
        if not Ledger(self.folder).path.exists():
            raise no_output_folder(self.folder.path)
        with sqlite.writing(self.path, WHAT) as db:
            db.executescript(SCHEMA)
            for table in TABLES:
                sqlite.append_only(db, table)


def _stop(row: Any) -> Stop:
    return Stop(row["measure"], row["scope"], row["name"], row["change"], row["told"])
