"""Colours that people gave to households in the place of the rule's: who, when, why, and until when.

They live in ``OUT/state/colours.sqlite``, outside the publication, and only grow: an override is undone by a
withdrawal, a further entry. A household is named by the records that it had when somebody looked at it, not by its id
alone, so that an override survives merges, splits and a rebuild, and waits when its records are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from linkage import contracts, sqlite
from linkage.errors import UsageError, no_output_folder

if TYPE_CHECKING:
    from linkage.engine.base import Engine
    from linkage.store import OutFolder

WHAT = "the ledger of colours"
RULE = "rule"
"""What a person says who wants the colour of the rule back."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS override (
  override_id INTEGER PRIMARY KEY AUTOINCREMENT, given_at TEXT NOT NULL, given_by TEXT NOT NULL,
  household_id TEXT NOT NULL, severity TEXT NOT NULL, until_date TEXT NOT NULL, reason TEXT NOT NULL,
  run_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS override_record (
  override_record_id INTEGER PRIMARY KEY AUTOINCREMENT, override_id INTEGER NOT NULL REFERENCES override,
  source_id TEXT NOT NULL, record_kind TEXT NOT NULL, record_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS withdrawal (
  withdrawal_id INTEGER PRIMARY KEY AUTOINCREMENT, override_id INTEGER NOT NULL UNIQUE REFERENCES override,
  withdrawn_at TEXT NOT NULL, withdrawn_by TEXT NOT NULL, reason TEXT NOT NULL);
"""
TABLES = ("override", "override_record", "withdrawal")

Record = tuple[str, str, str]
"""source_id, record_kind and record_id."""


@dataclass(frozen=True)
class Override:
    """One entry; ``run_id`` is the run whose publication the person looked at, ``records`` what the household had then.

    ``withdrawn_at`` is None while it stands.
    """

    override_id: int
    given_at: str
    household_id: str
    severity: str
    until_date: date
    run_id: str
    records: tuple[Record, ...]
    withdrawn_at: str | None = None


class Colours:
    """The overrides of one output folder. They may be written while a run is going: the next one reads them."""

    def __init__(self, folder: OutFolder) -> None:
        self.folder = folder
        self.path = folder.state / "colours.sqlite"

    def give(self, restricted: Engine, household_id: str, severity: str, *, until: date, by: str, reason: str) -> int:
        """Add an override for a published household and return its number.

        Raises `UsageError` for a colour that there is not, a household that is not published, a day that is over, an
        empty text.
        """
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        if severity not in contracts.codes("severity").codes:
            raise UsageError(f"COLOUR must be one of {', '.join(contracts.codes('severity').codes)}, or {RULE}")
        as_of, run_id = self._publication()
        if until < as_of:
            raise UsageError(f"--until must not lie before {as_of}, the day of the publication")
        records = _records(restricted, household_id)
        self._make()
        with sqlite.writing(self.path, WHAT) as db:
            row = (sqlite.now(), by, household_id, severity, until.isoformat(), reason, run_id)
            number = db.execute("INSERT INTO override VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
            db.executemany(
                "INSERT INTO override_record VALUES (NULL, ?, ?, ?, ?)", [(number, *record) for record in records]
            )
        assert number is not None
        return number

    def withdraw(self, restricted: Engine, household_id: str, *, by: str, reason: str) -> tuple[int, ...]:
        """Undo all overrides that were given to a household or reach it since, by further entries.

        Raises `UsageError` when none stands, or a text is empty.
        """
        by, reason = sqlite.said(by, "--by"), sqlite.said(reason, "--reason")
        reach: set[int] = set()
        if restricted.has("household_override"):
            query = "SELECT override_id FROM household_override WHERE household_id = ?"
            reach = {int(row[0]) for row in restricted.rows(query, [household_id])}
        standing = tuple(
            o.override_id for o in self.active() if o.household_id == household_id or o.override_id in reach
        )
        if not standing:
            raise UsageError("nobody gave this household a colour that still stands: see inbeeld colours")
        with sqlite.writing(self.path, WHAT) as db:
            db.executemany(
                "INSERT INTO withdrawal VALUES (NULL, ?, ?, ?, ?)",
                [(number, sqlite.now(), by, reason) for number in standing],
            )
        return standing

    def all(self) -> list[Override]:
        """Return every override ever given, in the order in which they were given."""
        if not self.path.exists():
            return []
        with sqlite.reading(self.path, WHAT) as db:
            rows = db.execute(
                "SELECT o.*, w.withdrawn_at FROM override AS o LEFT JOIN withdrawal AS w USING (override_id) "
                "ORDER BY override_id"
            ).fetchall()
            records: dict[int, list[Record]] = {}
            for number, *record in db.execute(
                "SELECT override_id, source_id, record_kind, record_id FROM override_record ORDER BY override_record_id"
            ):
                records.setdefault(number, []).append((record[0], record[1], record[2]))
        return [
            Override(
                override_id=row["override_id"],
                given_at=row["given_at"],
                household_id=row["household_id"],
                severity=row["severity"],
                until_date=date.fromisoformat(row["until_date"]),
                run_id=row["run_id"],
                records=tuple(records.get(row["override_id"], ())),
                withdrawn_at=row["withdrawn_at"],
            )
            for row in rows
        ]

    def active(self) -> list[Override]:
        """Return the overrides that nobody withdrew, also those whose last day is over."""
        return [o for o in self.all() if o.withdrawn_at is None]

    def _publication(self) -> tuple[date, str]:
        manifest = self.folder.manifest()
        if manifest is None:
            raise no_output_folder(self.folder.path)
        return date.fromisoformat(manifest["as_of"]), str(manifest["run_id"])

    def _make(self) -> None:
        with sqlite.writing(self.path, WHAT) as db:
            db.executescript(SCHEMA)
            for table in TABLES:
                sqlite.append_only(db, table)


def _records(restricted: Engine, household_id: str) -> list[Record]:
    """Return the records of a published household; raises `UsageError` that says where an id that is gone leads."""
    found = restricted.rows(
        "SELECT source_id, record_kind, record_id FROM record_household WHERE household_id = ? ORDER BY ALL",
        [household_id],
    )
    if found:
        return [(str(s), str(k), str(r)) for s, k, r in found]
    today = restricted.rows("SELECT household_id FROM household_id_today WHERE old_id = ? ORDER BY ALL", [household_id])
    if today:
        raise UsageError(f"this household is now {', '.join(str(row[0]) for row in today)}: give that id")
    raise UsageError("HOUSEHOLD is not among the published households that stand on a record: look in unified_case")
