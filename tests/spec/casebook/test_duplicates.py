"""Technical duplicates: one source, one address, a same person, within six hours."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.worlds import World

AS_OF = date(2025, 12, 31)
HOME = {"incident_postcode": "7901 AB", "incident_house_number": "12", "incident_house_letter": "a"}


def night(*entries: tuple[str, str, dict[str, Any]]) -> World:
    world = World()
    for number, (moment, people, values) in enumerate(entries, 1):
        world.incident(number, moment, *people.split(), **(HOME | values))
    return world.reconcile(AS_OF)


def duplicates(world: World) -> dict[str, str]:
    rows = world.db.rows(
        "SELECT right(incident_number, 1), right(duplicate_of, 1) FROM incident_status "
        "WHERE cause = 'technical_duplicate'"
    )
    return dict(rows)


SECOND: list[tuple[str, tuple[str, str, dict[str, Any]], bool]] = [
    ("the same night, place and person (T20)", ("2025-01-10 23:00:00", "anna bert", {}), True),
    ("six hours to the second", ("2025-01-11 02:00:00", "anna", {}), True),
    ("a second more", ("2025-01-11 02:00:01", "anna", {}), False),
    ("another person", ("2025-01-10 23:00:00", "cor", {}), False),
    ("another door", ("2025-01-10 23:00:00", "anna", {"incident_house_letter": "b"}), False),
    ("the same door in another spelling", ("2025-01-10 23:00:00", "anna", {"incident_postcode": "7901ab"}), True),
    ("no address", ("2025-01-10 23:00:00", "anna", {"incident_house_number": None}), False),
    ("another source", ("2025-01-10 23:00:00", "anna", {"source_id": "politie-on"}), False),
    ("one is no domestic violence", ("2025-01-10 23:00:00", "anna", {"dv_flag": False}), False),
]
"""What is entered after anna's incident of 20:00 at home, and whether it is that incident again."""


@pytest.fixture(scope="module")
def found() -> set[int]:
    """One world of all the pairs above, each at a number of its own."""
    world = World()
    for number, (_, (moment, people, values), _) in enumerate(SECOND, 1):
        home = {**HOME, "incident_house_number": str(number)}
        world.incident(2 * number, "2025-01-10 20:00:00", f"anna{number}", **home)
        world.incident(2 * number + 1, moment, *(f"{p}{number}" for p in people.split()), **(home | values))
    world.reconcile(AS_OF)
    rows = world.db.rows(
        "SELECT right(incident_number, 6), right(duplicate_of, 6) FROM incident_status "
        "WHERE cause = 'technical_duplicate'"
    )
    assert all(int(later) == int(earlier) + 1 for later, earlier in rows)
    return {int(earlier) // 2 for _, earlier in rows}


@pytest.mark.parametrize("number", range(1, len(SECOND) + 1), ids=[sentence for sentence, _, _ in SECOND])
def test_duplicate(found: set[int], number: int) -> None:
    assert (number in found) == SECOND[number - 1][2]


def test_six_hours_pass_on_a_clock_that_knows_summer_time() -> None:
    spring = night(("2025-03-29 23:30:00", "anna", {}), ("2025-03-30 06:30:00", "anna", {}))
    autumn = night(("2025-10-25 23:30:00", "anna", {}), ("2025-10-26 05:30:00", "anna", {}))
    assert (duplicates(spring), duplicates(autumn)) == ({"2": "1"}, {})


def test_a_chain_is_not_swallowed_whole() -> None:
    chain = night(*((f"2025-01-10 {hour:02d}:00:00", "anna", {}) for hour in (1, 6, 11)))
    assert duplicates(chain) == {"2": "1"}


def test_the_earliest_stays_and_keeps_the_report_of_both() -> None:
    world = (
        World().incident(2, "2025-01-10 20:00:00", "anna", **HOME).incident(1, "2025-01-10 22:00:00", "anna", **HOME)
    )
    world.report("R1", "2025-01-12", "anna").report("R2", "2025-02-20", "bea", reporter_reference="PL0100-2025000001")
    world.reconcile(AS_OF)
    assert duplicates(world) == {"1": "2"}
    assert world.status(2) == ("matched_reference", None, "R2", 41)
