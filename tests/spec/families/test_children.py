"""Children by the days on which they can be born, on the day of the run: 31 December 2025."""

from __future__ import annotations

from datetime import date

import pytest

from tests.spec.families.tables import describe
from tests.worlds import World

BORN = [
    ("born on 1 January 2008: 17 on the last day of the year", "20080101", ("certain", "12-17")),
    ("born on 31 December 2007: 18 today", "20071231", None),
    ("of 2008, the day unknown: 17 in any case", "2008", ("certain", "12-17")),
    ("of 2007, the day unknown: 18 in any case", "2007", None),
    ("of 2025", "2025", ("certain", "0-3")),
    ("born on 31 December 2021: 4 today", "20211231", ("certain", "4-11")),
    ("born on 1 January 2022: 3 for another day", "20220101", ("certain", "0-3")),
    ("of 2013, the day unknown: 12 in any case", "2013", ("certain", "12-17")),
]


@pytest.fixture(scope="module")
def world() -> World:
    """A child of each birth date, in a family of its own."""
    told = World()
    for number, (_, born, _) in enumerate(BORN):
        child = {"name": f"kim{number}:getuige", "born": born, "relation": "kind"}
        told.incident(number + 1, "2025-12-30", f"anna{number}", child)
    return describe(told)


@pytest.mark.parametrize("number", range(len(BORN)), ids=[s for s, _, _ in BORN])
def test_a_child_by_its_birth_date(number: int, world: World) -> None:
    expected = BORN[number][2]
    rows = world.db.rows("SELECT certainty, age_band FROM household_child WHERE person_id = ?", [f"p-kim{number}"])
    assert rows == ([expected] if expected else [])


def test_a_child_may_be_uncertain_by_its_birth_date_its_membership_or_its_age() -> None:
    """On 30 June: of 2007 is 17 or 18; of 2021 is 3 or 4; without a date, but named as a child, nobody knows."""
    world = World()
    world.incident(1, "2025-01-10", "anna", {"name": "half:getuige", "born": "2007", "relation": "kind"})
    world.incident(2, "2025-01-10", "bea", {"name": "three:getuige", "born": "2021", "relation": "kind"})
    world.report("R3", "2025-01-10", "cor", {"name": "dateless:getuige_kind", "born": None, "relation": "kind"})
    world.report("R4", "2005-01-10", "dirk", {"name": "grown:getuige_kind", "born": None, "relation": "kind"})
    describe(world, date(2025, 6, 30))
    rows = world.db.rows("SELECT substr(person_id, 3), certainty, age_band FROM household_child ORDER BY ALL")
    assert rows == [
        ("dateless", "possible", "unknown"),
        ("half", "possible", "unknown"),
        ("three", "certain", "unknown"),
    ]
    counted = world.db.rows("SELECT sum(children_certain), sum(children_possible) FROM household_today")
    assert counted == [(1, 2)]


def test_a_child_of_parents_who_parted_is_a_child_of_both_households() -> None:
    kim = {"name": "kim", "born": "20150301"}
    world = describe(
        World()
        .incident(1, "2025-01-10", "anna", "bert:verdachte", kim)
        .incident(2, "2025-06-10", "zoe", "yves:verdachte", kim)
    )
    rows = world.db.rows(
        "SELECT count(*), count(DISTINCT household_id), count(DISTINCT person_id) FROM household_child"
    )
    assert rows == [(2, 2, 1)]


def test_who_left_the_household_is_no_child_of_it() -> None:
    kim = {"name": "kim:getuige_kind", "born": "20150301", "member_from": "2024-01-01", "member_to": "2025-03-01"}
    world = describe(World().report("R1", "2025-01-10", "anna", kim))
    assert world.db.rows("SELECT count(*) FROM household_child") == [(0,)]
