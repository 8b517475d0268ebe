"""Legal terms on working days: report in, due day and state out; the day of the run is 31 December 2025."""

from __future__ import annotations

from typing import Any

import pytest

from tests.spec.families.tables import describe
from tests.worlds import World

TERMS: list[tuple[str, str, str, dict[str, Any], tuple[Any, ...]]] = [
    # 3 March 2025 is a Monday
    (
        "Monday to Monday",
        "assessment",
        "2025-03-03",
        {"safety_assessment_end": "2025-03-10"},
        ("2025-03-10", "met", False),
    ),
    (
        "a day late",
        "assessment",
        "2025-03-03",
        {"safety_assessment_end": "2025-03-11"},
        ("2025-03-10", "missed", False),
    ),
    ("never done", "assessment", "2025-03-03", {}, ("2025-03-10", "missed", True)),
    ("never done and closed", "assessment", "2025-03-03", {"closed_at": "2025-04-01"}, ("2025-03-10", "missed", False)),
    (
        "received on a Saturday, the days count from Monday",
        "assessment",
        "2025-03-08",
        {"safety_assessment_end": "2025-03-14"},
        ("2025-03-14", "met", False),
    ),
    (
        "over Easter: Good Friday 18 April and Easter Monday do not count",
        "assessment",
        "2025-04-16",
        {"safety_assessment_end": "2025-04-25"},
        ("2025-04-25", "met", False),
    ),
    (
        "done on the Saturday after the fifth day: no working day more has passed",
        "assessment",
        "2025-03-07",
        {"safety_assessment_end": "2025-03-15"},
        ("2025-03-14", "met", False),
    ),
    # Christmas: 25 and 26 December; New Year's Day
    ("the last day is today", "assessment", "2025-12-22", {}, ("2025-12-31", "running", True)),
    ("over the year's end", "assessment", "2025-12-29", {}, ("2026-01-06", "running", True)),
    (
        "done after the day of the run is not done yet",
        "assessment",
        "2025-12-29",
        {"safety_assessment_end": "2026-01-02"},
        ("2026-01-06", "running", True),
    ),
    (
        "ten weeks from the start of the service",
        "investigation",
        "2025-03-03",
        {"service_start": "2025-03-05", "service_end": "2025-05-14"},
        ("2025-05-14", "met", False),
    ),
    (
        "ten weeks and a day",
        "investigation",
        "2025-03-03",
        {"service_start": "2025-03-05", "service_end": "2025-05-15"},
        ("2025-05-14", "missed", False),
    ),
    (
        "ten weeks that end on Ascension Day run to the Friday",
        "investigation",
        "2025-03-03",
        {"service_start": "2025-03-20", "service_end": "2025-05-30"},
        ("2025-05-30", "met", False),
    ),
    (
        "an investigation that runs",
        "investigation",
        "2025-12-01",
        {"service_start": "2025-12-15"},
        ("2026-02-23", "running", True),
    ),
    ("told in time", "informing", "2025-03-03", {"informed_at": "2025-03-20 10:00:00"}, ("2025-03-31", "met", False)),
    (
        "told late: perhaps the term was extended",
        "informing",
        "2025-03-03",
        {"informed_at": "2025-04-10 10:00:00"},
        ("2025-03-31", "undecided", False),
    ),
    ("not told: perhaps safety forbids it", "informing", "2025-03-03", {}, ("2025-03-31", "undecided", True)),
    (
        "a service that starts far from all records, by a mistyped year, does not vanish",
        "investigation",
        "2025-03-03",
        {"service_start": "2055-03-05"},
        ("2055-05-14", "running", True),
    ),
    (
        "long before all records: ten weeks that end on a Saturday run to the Monday",
        "investigation",
        "2025-03-03",
        {"service_start": "1915-03-06", "service_end": "1915-05-17"},
        ("1915-05-17", "met", False),
    ),
]


@pytest.fixture(scope="module")
def world() -> World:
    """All reports of the table, each of a family of its own."""
    told = World()
    for number, (_, _, received, values, _) in enumerate(TERMS):
        told.report(f"R{number}", received, f"anna{number}", **values)
    return describe(told)


@pytest.mark.parametrize("number", range(len(TERMS)), ids=[t[0] for t in TERMS])
def test_a_term(number: int, world: World) -> None:
    _, term, _, _, expected = TERMS[number]
    query = "SELECT CAST(due_on AS VARCHAR), state, is_open FROM report_term WHERE report_id = ? AND term = ?"
    assert world.db.rows(query, [f"R{number}", term]) == [expected]


def test_a_service_that_never_started_has_no_term(world: World) -> None:
    rows = world.db.rows("SELECT term FROM report_term WHERE report_id = 'R0' ORDER BY term")
    assert rows == [("assessment",), ("informing",)]


def test_a_source_whose_profile_does_not_hold_the_end_of_a_term_has_none() -> None:
    """The steunpunt of 2010 delivers no assessments: that it did none cannot be said."""
    world = World().report("R1", "2025-03-03", "anna").report("R2", "2025-03-03", "bea", source_id="ashg")
    world.db.run("CREATE TABLE delivery (source_id VARCHAR, profile VARCHAR, status VARCHAR)")
    world.db.insert("delivery", [("vt-drenthe", "veilig_thuis", "accepted"), ("ashg", "ashg_2010", "accepted")])
    describe(world)
    assert world.db.rows("SELECT DISTINCT source_id FROM report_term") == [("vt-drenthe",)]


def test_overdue_terms_are_those_that_somebody_can_still_act_on() -> None:
    world = World()
    world.report("R1", "2025-03-03", "anna")
    world.report("R2", "2025-03-03", "bea", closed_at="2025-04-01")
    world.report("R3", "2025-12-29", "cor")
    describe(world)
    rows = world.db.rows(
        "SELECT substr(person_id, 3), terms_overdue, terms_running, CAST(next_due_on AS VARCHAR) "
        "FROM household_today JOIN household_member USING (household_id) ORDER BY ALL"
    )
    assert rows == [("anna", 1, 0, None), ("bea", 0, 0, None), ("cor", 0, 2, "2026-01-06")]
