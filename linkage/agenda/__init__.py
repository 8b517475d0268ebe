"""The agenda of the periodic consultation between steunpunt, police and prosecution.

Households in the order of stated reasons, each with its points; the sum decides, and equal sums go by id. It is read
from the published case view alone, so that no name and no address can reach it, and says of each organisation only
whether it knows the household. Who asks for one organisation gets that organisation's own record numbers beside it, and
nobody else's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from linkage import definitions
from linkage.engine.base import Engine
from linkage.errors import UsageError

FACTS = Path(__file__).with_name("facts.sql")
NUMBERS = 5
"""Own record numbers that are shown of a household, the latest first."""


@dataclass(frozen=True)
class Ground:
    """A reason that holds of a household, with its points."""

    code: str
    points: int
    count: int | None
    """How many there are, of a reason that counts each."""


@dataclass(frozen=True)
class Item:
    """One household of the agenda."""

    place: int
    household_id: str
    points: int
    severity: str | None
    overridden_until: date | None
    grounds: tuple[Ground, ...]
    children_certain: int
    children_possible: int
    is_open_case: bool
    last_event_on: date
    next_due_on: date | None
    exclusion_until: date | None
    known_at: tuple[str, ...]
    own_numbers: tuple[str, ...]


@dataclass(frozen=True)
class Agenda:
    """The agenda of one publication; ``eligible`` counts all households that have enough points for it."""

    as_of: date
    run_id: str
    organisation: str | None
    sources: tuple[str, ...]
    most: int
    least: int
    eligible: int
    items: tuple[Item, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)


def draw_up(
    view: Engine,
    *,
    run_id: str,
    most: int | None = None,
    organisation: str | None = None,
    own: Sequence[str] | None = None,
) -> Agenda:
    """Return the agenda from a published ``case_view.duckdb``.

    ``most`` is how many households at most; None takes that of the definition. ``organisation`` is for whom the agenda
    is: the record numbers of its ``own`` sources stand beside each household; without them it is a source itself.
    Raises `UsageError` when the publication knows no families, no such source is one of its, or ``most`` is not
    positive.
    """
    if not view.has("household_today"):
        raise UsageError("the publication was made by a version without families: run `inbeeld run` once more")
    if most is not None and most < 1:
        raise UsageError("--most must be at least 1")
    sources = tuple(str(row[0]) for row in view.rows("SELECT DISTINCT source_id FROM household_known_at ORDER BY ALL"))
    mine = [source for source in own or ([organisation] if organisation else []) if source in sources]
    if organisation is not None and not mine:
        raise UsageError(f"--for must be a source that knows households: {', '.join(sources)}")
    defined = definitions.agenda()
    most = most or defined.most
    ranked = [one for one in _ranked(view, defined) if one[1] >= defined.least]
    told = _told(view, [household for household, _, _ in ranked[:most]], mine)
    items = tuple(
        Item(place, household, points, grounds=grounds, **told[household])
        for place, (household, points, grounds) in enumerate(ranked[:most], 1)
    )
    [(as_of,)] = view.rows("SELECT max(as_of) FROM household_today") or [(None,)]
    return Agenda(as_of, run_id, organisation, sources, most, defined.least, len(ranked), items)


def _ranked(view: Engine, defined: definitions.Agenda) -> list[tuple[str, int, tuple[Ground, ...]]]:
    """Return every household with a reason, its points and its reasons: most points first, then by id."""
    reasons, facts = defined.reasons, defined.facts
    names, query = ", ".join(facts), FACTS.read_text(encoding="utf-8")
    found = []
    for household, *values in view.rows(f"SELECT household_id, {names} FROM ({query})"):
        fact = dict(zip(facts, values, strict=True))
        grounds = tuple(
            Ground(one.code, points, int(fact[one.fact]) if one.each else None)
            for one in reasons
            if (points := one.value(fact[one.fact]))
        )
        if grounds:
            found.append((str(household), sum(ground.points for ground in grounds), grounds))
    return sorted(found, key=lambda one: (-one[1], one[0]))


_TOLD = """
SELECT t.household_id, c.severity, c.overridden_until, t.children_certain, t.children_possible, t.is_open_case,
       CAST(u.last_event_at AS DATE) AS last_event_on, t.next_due_on, t.exclusion_until,
       coalesce(k.known_at, []) AS known_at
FROM household_today t JOIN unified_case u USING (household_id) LEFT JOIN household_colour c USING (household_id)
LEFT JOIN (SELECT household_id, list(source_id ORDER BY source_id) AS known_at FROM household_known_at GROUP BY ALL) k
    USING (household_id)
WHERE list_contains($1, t.household_id)
"""

_NUMBERS = """
SELECT household_id, number FROM (
    SELECT household_id, incident_number AS number, reported_at AS moment FROM incident
    WHERE list_contains($2, source_id) AND record_status IS DISTINCT FROM 'ingetrokken'
    UNION ALL
    SELECT household_id, case_id, max(received_at) FROM case_report
    WHERE list_contains($2, source_id) AND case_id IS NOT NULL
    GROUP BY household_id, case_id
)
WHERE list_contains($1, household_id) ORDER BY household_id, moment DESC, number
"""


def _told(view: Engine, households: list[str], own_sources: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what stands beside the reasons of each household."""
    if not households:
        return {}
    own: dict[str, list[str]] = {}
    if own_sources:
        for household, number in view.rows(_NUMBERS, [households, list(own_sources)]):
            own.setdefault(str(household), []).append(str(number))
    names = ("severity", "overridden_until", "children_certain", "children_possible", "is_open_case", "last_event_on",
             "next_due_on", "exclusion_until", "known_at")  # fmt: skip
    told = {str(row[0]): dict(zip(names, row[1:], strict=True)) for row in view.rows(_TOLD, [households])}
    for household, values in told.items():
        values["known_at"] = tuple(values["known_at"])
        values["own_numbers"] = tuple(own.get(household, ())[:NUMBERS])
    return told
