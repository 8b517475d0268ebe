"""What explains that an incident stayed unmatched, and the numbers that managers see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.worlds import World

AS_OF = date(2025, 12, 31)
HOME = {"postcode": "7901AB", "house_number": 12}

Build = Callable[[World], object]


def incident(*people: Any, **values: Any) -> Build:
    return lambda w: w.incident(1, "2025-01-10", *people, **values)


def both(person: dict[str, Any], other: dict[str, Any]) -> Build:
    """Build an incident and, three days later, a report on somebody else."""
    return lambda w: w.incident(1, "2025-01-10", person).report("R1", "2025-01-13", other)


CASES: list[tuple[str, Build, str]] = [
    ("no name", incident({"name": "anna", "surname": None}), "no_names"),
    ("no birth date of anybody", incident({"name": "anna", "born": None}), "no_birth_date"),
    ("a year is no birth date", incident({"name": "anna", "born": "1980"}), "no_birth_date"),
    ("a postcode that is none", incident({"name": "anna", "told_postcode": "7901 SS"}), "invalid_postcode"),
    (
        "a name with an error and the same birth date",
        both(
            {"name": "anna", "surname": "bruijnzeel", "born": "19800203"},
            {"name": "bea", "surname": "bruinzeel", "born": "19800203"},
        ),
        "near_hit_name",
    ),
    (
        "the same name and a birth date with an error",
        both(
            {"name": "anna", "surname": "bakker", "given_name": "anna", "born": "19800203"},
            {"name": "bea", "surname": "bakker", "given_name": "anna", "born": "19800302"},
        ),
        "near_hit_date",
    ),
    ("the address is known", both({"name": "anna", **HOME}, {"name": "bea", **HOME}), "known_under_other_member"),
    (
        "the household is known through another member, whose report answers a later incident",
        lambda w: (
            w.incident(1, "2025-01-10", "anna")
            .report("R0", "2024-01-01", "anna", "bert", closed_at="2024-02-01")
            .incident(2, "2025-01-20", "bert")
            .report("R1", "2025-01-21", "bert")
        ),
        "known_under_other_member",
    ),
    (
        "the same people at the same address, in a report that answers a later incident, explain nothing",
        lambda w: (
            w.incident(1, "2025-01-10", {"name": "anna", **HOME})
            .incident(2, "2025-01-20", {"name": "anna", **HOME})
            .report("R1", "2025-01-21", {"name": "anna", **HOME})
        ),
        "no_trace",
    ),
    (
        "somebody lives where no report comes from",
        lambda w: w.incident(1, "2025-01-10", {"name": "anna", "address_municipality_code": "GM0014"}).report(
            "R1", "2025-01-13", "zoe"
        ),
        "other_region",
    ),
    (
        "advice on the same day in the same municipality",
        lambda w: w.incident(1, "2025-01-10", "anna").report("R1", "2025-01-10", contact_type="advies"),
        "advice_same_day_place",
    ),
    (
        "advice on the day after",
        lambda w: w.incident(1, "2025-01-10", "anna").report("R1", "2025-01-11", contact_type="advies"),
        "no_trace",
    ),
]


@pytest.mark.parametrize(("sentence", "build", "expected"), CASES, ids=[sentence for sentence, _, _ in CASES])
def test_cause(sentence: str, build: Build, expected: str) -> None:
    world = World()
    build(world)
    assert world.reconcile(AS_OF).status(1)[:2] == ("unmatched", expected)


def test_children_involved_and_ages() -> None:
    world = World().incident(1, "2025-01-10", "anna", {"name": "kim", "born": "20150301"}, children_count=3)
    world.incident(2, "2025-01-10", "bea", children_count=2).incident(3, "2025-01-10", "cor", children_present="N")
    world.incident(4, "2025-01-10", "dirk", children_present="J").incident(5, "2025-01-10", "els")
    world.incident(6, "2025-01-10", {"name": "eve", "born": "20070110"}, {"name": "fay", "born": "20070111"})
    world.incident(7, "2025-01-10", {"name": "gus", "born": "2007"}, {"name": "hal", "born": "2010"})
    world.incident(8, "2025-02-28", {"name": "leo", "born": "20080229"}).reconcile(AS_OF)
    told = world.db.rows("SELECT children_involved FROM incident ORDER BY incident_number")
    assert [count for (count,) in told] == [1, 2, 0, 1, None, 1, 1, 1]
    ages = world.db.rows(
        "SELECT substr(person_id, 3), age_at_event, is_child FROM involvement "
        "WHERE right(record_id, 1) IN ('6', '7', '8') ORDER BY ALL"
    )
    assert ages == [
        ("eve", 18, False),
        ("fay", 17, True),
        ("gus", None, None),
        ("hal", 14, True),
        ("leo", 16, True),
    ]


def test_a_dossier_holds_what_both_chains_know() -> None:
    world = World().incident(1, "2025-01-10", "anna", exclusion_order=True, exclusion_from="2025-01-10")
    world.incident(2, "2025-03-10", "anna", dv_flag=False).incident(3, "2025-05-01", "anna")
    world.report("R1", "2025-01-12", "anna", {"name": "kim", "born": "20150301"}, closed_at="2025-02-12")
    world.report("R2", "2025-01-13", contact_type="advies").reconcile(AS_OF)
    assert world.db.rows(
        "SELECT incidents, case_reports, open_case, persons, children, unmatched_incidents, known_at_police, "
        "known_at_steunpunt FROM unified_case"
    ) == [(2, 1, False, 2, 1, 1, True, True)]
    told = world.db.rows("SELECT kind, record_id, summary FROM case_timeline ORDER BY occurred_at, kind")
    assert told == [
        ("exclusion_order", "PL0100-2025000001", "until=onbekend"),
        ("incident", "PL0100-2025000001", "status=matched_timely"),
        ("report", "R1", "reporter=politie"),
        ("closed", "R1", "closed"),
        ("incident", "PL0100-2025000002", "status=excluded"),
        ("incident", "PL0100-2025000003", "status=unmatched"),
    ]


def test_the_gap_counts_every_review_both_ways() -> None:
    world = World().incident(1, "2025-01-01", "anna").incident(2, "2025-01-31 23:59:59", "bea")
    world.incident(3, "2025-01-15", "cor").report("R3", "2025-01-16", "cor").incident(4, "2025-01-15")
    world.incident(5, "2025-01-15", "dirk").report("R5", "2025-01-16", "eef").maybe("dirk", "eef")
    world.incident(6, "2025-02-01 00:00:00", "fay").report("R6", "2025-02-03", "fay")
    world.incident(7, "2025-12-30", "gus", incident_municipality_code=None).reconcile(AS_OF)
    rows = world.db.rows("SELECT * FROM gap")
    assert [row[:-2] for row in rows] == [
        ("GM0118", date(2025, 1, 1), 5, 1, 0, 0, 1, 0, 2, 1, 2 / 3),
        ("GM0118", date(2025, 2, 1), 1, 1, 0, 0, 0, 0, 0, 0, 0.0),
        ("onbekend", date(2025, 12, 1), 1, 0, 0, 0, 0, 1, 0, 0, None),
    ]
    low, high = rows[0][-2:]
    assert low <= 2 / 4 and high >= 3 / 4, "the fitted interval is never narrower than the reviews leave it"
    assert rows[2][-2:] == (None, None)
