"""How a family came in view: which chain saw it first, repeats before the first report, what came after a closure."""

from __future__ import annotations

from tests.spec.families.tables import describe, told
from tests.worlds import World


def test_which_chain_saw_a_household_first_and_how_often_violence_was_repeated_before_a_report() -> None:
    world = describe(
        World()
        .incident(1, "2025-01-10", "once")
        .report("R1", "2025-01-12", "once")
        .incident(2, "2025-01-10", "thrice")
        .incident(3, "2025-02-10", "thrice")
        .incident(4, "2025-03-10", "thrice")
        .report("R2", "2025-03-10", "thrice")
        .incident(5, "2025-04-10", "thrice")
        .report("R3", "2025-01-09", "day_before")
        .incident(6, "2025-01-10", "day_before")
        .report("R4", "2025-01-01", "school_first")
        .incident(7, "2025-01-10", "school_first")
        .incident(8, "2025-01-10", "never")
        .incident(9, "2025-02-10", "never")
        .report("R5", "2025-01-10", "no_police")
        .incident(10, "2025-01-01", "not_violence", dv_flag=False)
        .incident(11, "2025-01-05", "not_violence")
        .report("R6", "2025-01-08", "not_violence")
    )
    columns = "came_first, incidents_before_report, incidents, reports, days_to_view"
    names = ("once", "thrice", "day_before", "school_first", "never", "no_police", "not_violence")
    assert told(world, "household_in_view", columns, *names) == {
        "once": ("incident", 1, 1, 1, 2),
        "thrice": ("incident", 3, 4, 1, 59),
        "day_before": ("incident", 0, 1, 1, 0),
        "school_first": ("report", 0, 1, 1, None),
        "never": ("no_report", 2, 2, 0, None),
        "no_police": ("no_incident", 0, 0, 1, None),
        "not_violence": ("incident", 1, 1, 1, 3),
    }


def test_what_came_after_the_last_open_case_was_closed() -> None:
    world = describe(
        World()
        .report("R1", "2025-01-01", "again", closed_at="2025-02-01")
        .incident(1, "2025-01-20", "again")
        .incident(2, "2025-02-21", "again")
        .incident(3, "2025-03-21", "again")
        .report("R2", "2025-03-23", "again", closed_at="2025-05-01")
        .report("R3", "2025-01-01", "calm", closed_at="2025-02-01")
        .report("R4", "2025-01-01", "two_cases", closed_at="2025-02-01")
        .report("R5", "2025-01-15", "two_cases", closed_at="2025-04-01")
        .report("R6", "2025-01-01", "still_open")
    )
    columns = "CAST(CAST(closed_at AS DATE) AS VARCHAR), is_first_of_year, days_to_incident, days_to_report"
    names = ("again", "calm", "two_cases", "still_open")
    assert told(world, "household_closure", columns, *names) == {
        "again": [
            ("2025-02-01", True, 20, 50),
            ("2025-05-01", False, None, None),
        ],
        "calm": ("2025-02-01", True, None, None),
        "two_cases": ("2025-04-01", True, None, None),
        "still_open": None,
    }


def test_who_knows_a_family_is_yes_or_no_and_no_reporter_is_known_for_calling() -> None:
    world = describe(
        World()
        .incident(1, "2025-01-10", "both", "neighbour:melder")
        .report("R1", "2025-01-12", "both")
        .incident(2, "2025-01-10", "police_only")
        .report("R2", "2025-01-12", "old_steunpunt", source_id="ashg")
    )
    assert told(world, "household_known_at", "source_id", "both", "police_only", "old_steunpunt", "neighbour") == {
        "both": ["politie-nn", "vt-drenthe"],
        "police_only": "politie-nn",
        "old_steunpunt": "ashg",
        "neighbour": None,
    }


def test_how_a_household_stands_today() -> None:
    world = describe(
        World()
        .incident(1, "2025-10-02", "alone")
        .incident(2, "2025-12-11", "alone")
        .incident(3, "2025-12-21", "ordered", exclusion_order=True, exclusion_until="2026-01-04")
        .report("R1", "2025-12-22", "ordered")
        .incident(4, "2025-11-01", "free_again", exclusion_order=True, exclusion_until="2025-11-11")
        .report("R2", "2025-11-02", "free_again", closed_at="2025-12-01")
    )
    columns = (
        "days_since_incident, days_out_of_view, unmatched_incidents, is_open_case, CAST(exclusion_until AS VARCHAR)"
    )
    assert told(world, "household_today", columns, "alone", "ordered", "free_again") == {
        "alone": (20, 90, 1, False, None),
        "ordered": (10, None, 0, True, "2026-01-04"),
        "free_again": (60, None, 0, False, None),
    }


def test_a_withdrawn_record_leaves_no_trace_of_itself() -> None:
    """The report is withdrawn: the family is out of view again, without tag, term, hand-over or knowledge."""
    withdrawn = {"record_status": "ingetrokken", "additional_info": ["eergerelateerd"], "transfer_at": "2025-02-01"}
    world = World().incident(1, "2025-01-10", "anna")
    world.report("R1", "2025-01-12", **withdrawn)
    describe(world)
    assert told(world, "household_in_view", "came_first, reports", "anna") == {"anna": ("no_report", 0)}
    for table in ("household_tag", "household_closure", "household_handover", "report_term"):
        assert world.db.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
