"""What stopped a night on its figures, who let it pass, and which publications were rolled back.

The tables stand in the run ledger ``OUT/state/ledger.sqlite`` and only grow. An acceptance holds for the nights that
follow until one publishes, and only for what it saw: the same figure, moved the same way, hardly further. Whether it
was used up is read from the runs, so that no crash can leave it half used. ``audit.accept_persons`` may ask for two
people: a stop passes when so many different ones let it pass, in one stopped night or in several.
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
CREATE TABLE IF NOT EXISTS quorum (
  quorum_id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, persons INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rollback (
  rollback_id INTEGER PRIMARY KEY AUTOINCREMENT, rolled_back_at TEXT NOT NULL, rolled_back_by TEXT NOT NULL,
  reason TEXT NOT NULL, from_run_id TEXT NOT NULL, to_run_id TEXT NOT NULL, deliveries TEXT NOT NULL);
"""
TABLES = ("finding", "acceptance", "quorum", "rollback")

OPEN_RUN = """
SELECT f.run_id FROM finding AS f JOIN run AS r USING (run_id)
WHERE NOT EXISTS (SELECT 1 FROM run AS p WHERE p.number > r.number AND p.status IN ('published', 'nothing_new'))
"""

ACCEPTED = "SELECT a.accepted_by, f.* FROM acceptance AS a JOIN finding AS f USING (run_id)"


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

    def stopped(self, run_id: str, stops: Iterable[Stop], *, persons: int = 1) -> None:
        """Keep what stopped a run, and how many people must let it pass."""
        self._make()
        with sqlite.writing(self.path, WHAT) as db:
            db.executemany(
                "INSERT INTO finding VALUES (NULL, ?, ?, ?, ?, ?, ?)",
                [(run_id, s.measure, s.scope, s.name, s.change, s.told) for s in stops],
            )
            db.execute("INSERT INTO quorum VALUES (NULL, ?, ?)", (run_id, persons))

    def waiting(self) -> tuple[str, tuple[Stop, ...]] | None:
        """Return the newest run whose figures wait for a person, with its stops; None when none does."""
        rows = self._rows(f"SELECT * FROM finding WHERE run_id = ({OPEN_RUN} ORDER BY r.number DESC LIMIT 1)")
        if not rows:
            return None
        run_id, stops = str(rows[0]["run_id"]), tuple(_stop(row) for row in rows)
        return (run_id, stops) if self.missing(run_id, stops) else None

    def accept(self, *, by: str, reason: str) -> tuple[str, tuple[Stop, ...], int]:
        """Let the stops of the waiting run pass in the nights to come, until one publishes.

        Returns the run, its stops, and how many more people must let them pass. Raises `UsageError` when no run waits,
        a text is empty, or this person did so already.
        """
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        found = self.waiting()
        if found is None:
            raise UsageError("no run waits for an acceptance: see inbeeld status")
        run_id, stops = found
        before = self._accepted()
        if all(_supporters(stop, before) == _supporters(stop, [*before, (by, stop)]) for stop in stops):
            raise UsageError("--by accepted this already: another person must too (audit.accept_persons)")
        with sqlite.writing(self.path, WHAT) as db:
            db.execute("INSERT INTO acceptance VALUES (NULL, ?, ?, ?, ?)", (sqlite.now(), by, reason, run_id))
        return run_id, stops, self.missing(run_id, stops)

    def accepted(self, persons: int = 1) -> tuple[Stop, ...]:
        """Return the stops that so many people let pass and that no publication used up yet."""
        accepted = dict.fromkeys(stop for _, stop in self._accepted())
        passing = self.passing(accepted, persons)
        return tuple(stop for stop in accepted if stop in passing)

    def passing(self, stops: Iterable[Stop], persons: int) -> set[Stop]:
        """Return which of tonight's stops so many people let pass, in stopped nights that no publication used up."""
        accepted = self._accepted()
        return {stop for stop in stops if _supporters(stop, accepted) >= persons}

    def missing(self, run_id: str, stops: Iterable[Stop]) -> int:
        """Return how many more people must let pass what stopped a run."""
        accepted, persons = self._accepted(), self.persons(run_id)
        return max(0, *(persons - _supporters(stop, accepted) for stop in stops))

    def persons(self, run_id: str) -> int:
        """Return how many people must let pass what stopped a run."""
        rows = self._rows("SELECT persons FROM quorum WHERE run_id = ?", run_id, table="quorum")
        return int(rows[0]["persons"]) if rows else 1

    def _accepted(self) -> list[tuple[str, Stop]]:
        """Return who let which stops pass, of runs after which none published yet."""
        rows = self._rows(f"{ACCEPTED} WHERE run_id IN ({OPEN_RUN}) ORDER BY acceptance_id, finding_id")
        return [(str(row["accepted_by"]), _stop(row)) for row in rows]

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
        used = self._rows(f"{ACCEPTED} WHERE measure = 'owed_delivery' AND run_id NOT IN ({OPEN_RUN})")
        waivers = [(str(row["accepted_by"]), _stop(row)) for row in used]
        waived = {r["name"] for r in used if _supporters(_stop(r), waivers) >= self.persons(r["run_id"])}
        return sorted(
            d
            for d in ours
            if (d.source_id, d.delivery_id) not in there and f"{d.source_id}/{d.delivery_id}" not in waived
        )

    def _rows(self, sql: str, *values: object, table: str = "finding") -> list[Any]:
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
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


def _supporters(stop: Stop, accepted: Sequence[tuple[str, Stop]]) -> int:
    """Return how many different people let a stop pass."""
    return len({by.casefold() for by, seen in accepted if seen.covers(stop)})
