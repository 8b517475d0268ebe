"""One family as the case view has it: how it stands today, who belongs to it, and what happened in both chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from linkage import contracts
from linkage.engine.base import Engine
from linkage.errors import UsageError

PARTS = (
    ("household_in_view", ""),
    ("household_today", ""),
    ("household_colour", ""),
    ("household_member", "person_id, valid_from"),
    ("household_child", "person_id"),
    ("household_known_at", "source_id"),
    ("household_tag", "tag, evidence"),
    ("report_term", "due_on, source_id, report_id, term"),
    ("household_handover", "handed_at, source_id, record_id"),
    ("household_closure", "closed_at"),
    ("case_timeline", "occurred_at, kind, source_id, record_id, summary"),
)
"""Tables that speak of a household, with the order of their rows; without one there is a single row."""


@dataclass(frozen=True)
class Family:
    """A household with its rows in each of `PARTS`, by column."""

    household_id: str
    asked: str
    parts: dict[str, list[dict[str, Any]]]

    def one(self, table: str) -> dict[str, Any]:
        """Return the row of a table that has one for each household; empty for a household without a dossier."""
        return next(iter(self.parts[table]), {})

    def as_dict(self) -> dict[str, Any]:
        """Return all of it under the names of the tables."""
        return {"household_id": self.household_id, "asked": self.asked, **self.parts}


def tell(view: Engine, household: str) -> Family:
    """Return a household of a published ``case_view.duckdb``; an id of an earlier night leads to today's.

    Raises `UsageError` for an id that never was one, or that leads to more households than one, and for a publication
    of a version without families.
    """
    if missing := [name for name, _ in PARTS if not view.has(name)]:
        raise UsageError(f"the publication has no table {missing[0]}: run `inbeeld run` once more")
    today = _today(view, household)
    parts = {}
    for name, order in PARTS:
        columns = [c.name for c in contracts.table(name).columns if c.name != "household_id"]
        by = f" ORDER BY {order}" if order else ""
        rows = view.rows(f"SELECT {', '.join(columns)} FROM {name} WHERE household_id = ?{by}", [today])
        parts[name] = [dict(zip(columns, row, strict=True)) for row in rows]
    return Family(today, household, parts)


def _today(view: Engine, household: str) -> str:
    if view.rows("SELECT 1 FROM household WHERE household_id = ?", [household]):
        return household
    leads = "SELECT household_id FROM household_id_today WHERE old_id = ? ORDER BY household_id"
    found = [str(row[0]) for row in view.rows(leads, [household])]
    if len(found) > 1:
        raise UsageError(f"{household} was divided: ask for {' or '.join(found)}")
    if not found:
        raise UsageError(f"no household {household} in the case view: take an id from column household_id")
    return found[0]
