"""What a night has to tell anew although the record itself says what it said: each told as a run from scratch does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linkage import casebook
from linkage.casebook import weigh
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import household
from linkage.entities import touched as touched_families
from linkage.pairs import PERSONS
from linkage.pairs.coding import write_bands
from tests.properties.test_touched_households import keep, tell_what_changed
from tests.properties.test_touched_incidents import (
    ADDRESS,
    FIRST,
    SECOND,
    TABLES,
    tell_all_records,
    tell_changed_records,
)
from tests.worlds import World, birthday, mint, surname

HOME = {"postcode": "9401AB", "house_number": "5", "street": "Brink", "city": "Assen"}
AS_P3 = {"surname": surname("p3"), "born": birthday("p3")}
"""What is told of p3, also where it turns out to be somebody else."""
OF_THE_FIRST = (
    "SELECT {} FROM incident_status s JOIN incident i USING (source_id, incident_number) "
    "LEFT JOIN incident_base b USING (source_id, incident_number) LEFT JOIN incident_hint h USING (incident_no) "
    "LEFT JOIN incident_link l USING (incident_number, report_id) WHERE incident_number LIKE '%000001'"
)
TWICE = "SELECT status FROM incident_status WHERE incident_number LIKE '%000003'"


def family(made: World) -> World:
    """Let p1 and p3 live together, as an incident long ago told."""
    return made.incident(11, "2025-01-20", {"name": "p1", **HOME}, {"name": "p3:verdachte", **HOME})


def closing(made: World, night: int) -> None:
    """Let a closing be told that was long before. The report is too old to be about the incident."""
    made.report("R1", "2025-03-01", "p1", closed_at="2025-04-01" if night else None).incident(1, "2025-11-20", "p1")


def closing_by_the_day(made: World, night: int) -> None:
    """Let nothing be told but the day of a closing."""
    made.report("R1", "2025-03-01", "p1", closed_at="2026-01-15")


def coming_of_age(made: World, night: int) -> None:
    """Let somebody come of age by the last day that is told of."""
    made.incident(1, "2025-10-01", "p1", {"name": "p3:kind", "born": "20071123"})
    if night:
        made.incident(3, "2025-11-25", "p4")


def age_told_elsewhere(made: World, night: int) -> None:
    """Let a report say how old somebody on an incident was who is told without a birth date there."""
    made.incident(1, "2025-10-01", {"name": "p1", "born": None})
    made.report("R1", "2025-10-02", {"name": "p1", "born": "1990" if night else "2010"})


def entered_again(made: World, night: int) -> None:
    """Let an earlier entry of the same night come later. No report is about it."""
    made.incident(3, "2025-11-01 13:00:00", "p1", **ADDRESS)
    if night:
        made.incident(4, "2025-11-01 12:00:00", "p1", **ADDRESS)


def entered_once(made: World, night: int) -> None:
    """Let an entry no longer be another one's duplicate, of whom a report was about an earlier incident."""
    withdrawn = {"record_status": "ingetrokken"} if night else {}
    made.incident(4, "2025-11-01 12:00:00", "p1", **ADDRESS, **withdrawn)
    made.incident(5, "2025-10-20", "p3").report("R5", "2025-11-05", "p3")
    made.incident(3, "2025-11-01 13:00:00", "p1", "p3", **ADDRESS)


def at_home(made: World, night: int) -> None:
    """Let an incident come of somebody whose family has a report of another one."""
    made.incident(1, "2025-10-01", {"name": "p1", **HOME}, {"name": "p3", **HOME})
    made.report("R1", "2025-11-10", {"name": "p1", **HOME})
    if night:
        made.incident(3, "2025-11-05", {"name": "p3", **HOME})


def another_day_of_a_later_report(made: World, night: int) -> None:
    """Let the second report of a case come on another day. Its people tell the day of the first."""
    made.incident(1, "2025-11-20", "p1").report("R1", "2025-03-01", "p1", case="C1")
    made.report("R3", "2025-11-22" if night else "2025-06-01", case="C1")


def somebody_else_of_the_family(made: World, night: int) -> None:
    """Let a report turn out to be about somebody else of one family. Neither the incident nor the report changes."""
    family(made).incident(1, "2025-11-20", {"name": "p1", **HOME})
    made.report("R1", "2025-11-22", {"name": "p1" if night else "p3", **HOME, **AS_P3})


def no_longer_another_member(made: World, night: int) -> None:
    """Let a report that answers a later incident turn out to be about the person of an earlier one as well."""
    family(made).incident(1, "2025-11-01", {"name": "p1", **HOME}).incident(3, "2025-11-20", "p3")
    made.report("R1", "2025-11-22", "p3", {"name": "p1" if night else "p3", **HOME, **AS_P3})


def a_report_of_another_member(made: World, night: int) -> None:
    """Let a report of the family be one after all; whom it names shares nothing with the incident that it explains."""
    family(made).incident(1, "2025-11-01", {"name": "p1", **HOME}).incident(3, "2025-11-20", "p3")
    made.report("R1", "2025-03-01", "p3", case="C1", closed_at="2025-04-01")
    made.report("R3", "2025-11-22", case="C1", contact_type="melding" if night else "advies")


def after(
    happens: Callable[[World, int], None], told: str, *, only_touched: bool
) -> tuple[list[list[Any]], dict[str, object]]:
    """Return what is told in the first of two nights and in the second, and all tables after it."""
    db, found = DuckDBEngine(), []
    for night, as_of in enumerate((FIRST, SECOND)):
        made = World(Config())
        made.db = db
        happens(made, night)
        made.incident(2, "2025-11-20", "p2").report("R2", "2025-11-21", "p2").load()
        if night and only_touched:
            tell_what_changed(db)
            tell_changed_records(db)
        elif not night:
            tell_all_records(db)
            write_bands(db, PERSONS)
        household.build(db, Config(), run_id=str(night), mint=mint)
        casebook.build(db, Config(), as_of=as_of, progress=lambda _: None)
        found.append(db.rows(told))
        if not night:
            keep(db)
    return found, {name: db.rows(f"FROM {name} ORDER BY ALL") for name in TABLES}


@pytest.mark.parametrize(
    ("happens", "told", "was", "now"),
    [
        (closing, "status, covering_report_id", ("covered_open_case", "R1"), ("unmatched", None)),
        (closing_by_the_day, "SELECT open_case FROM unified_case WHERE incidents = 0", (True,), (False,)),
        (coming_of_age, "SELECT children FROM unified_case WHERE persons = 2", (1,), (0,)),
        (entered_again, TWICE, ("unmatched",), ("excluded",)),
        (entered_once, TWICE, ("excluded",), ("matched_timely",)),
        (at_home, "status", ("matched_late",), ("unmatched",)),
        (another_day_of_a_later_report, "status, report_id", ("covered_open_case", None), ("matched_timely", "R3")),
        (somebody_else_of_the_family, "reason", ("latest_of_household",), ("latest_of_persons",)),
        (no_longer_another_member, "known_under_other_member", (True,), (False,)),
        (a_report_of_another_member, "known_under_other_member", (False,), (True,)),
        (age_told_elsewhere, "children_involved", (1,), (None,)),
    ],
    ids=lambda told: getattr(told, "__name__", ""),
)
def test_what_is_told_elsewhere_or_by_the_day_is_told_anew(
    happens: Callable[[World, int], None],
    told: str,
    was: tuple[object, ...],
    now: tuple[object, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weigh, "YOUNG", 0)
    monkeypatch.setattr(touched_families, "MOST", 1.0)
    asked = told if told.startswith("SELECT") else OF_THE_FIRST.format(told)
    found, tables = after(happens, asked, only_touched=True)
    assert found == [[was], [now]]
    assert after(happens, asked, only_touched=False) == (found, tables)
