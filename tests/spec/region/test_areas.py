"""Several police units and steunpunten in one run: whose report is expected, and what is not known yet."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest

from linkage.config import Config
from linkage.municipalities import known
from linkage.partners import Register
from tests.spec.region.registers import WHOLE, rows
from tests.worlds import World, fill

pytestmark = pytest.mark.usefixtures("without_interval")

AS_OF = date(2024, 12, 31)
NOTHING = WHOLE.partition("[[agreements]]")[0].replace("until = 2024-12-31", "until = 2024-06-30")
"""The partners, of whom one steunpunt follows on the other at Uitgeest (GM0450)."""
BOTH = WHOLE.partition("[[agreements]]")[0]
"""… and both work there for half a year."""


def region(text: str, **covers: str) -> World:
    """Return a world under a register; ``covers`` tells until which day each source delivered."""
    world = World(Config(cooperation=Register(**tomllib.loads(text))))
    delivered = {"politie-nh": "2024-12-31", "vt-one": "2024-12-31", "vt-two": "2024-12-31"}
    delivered |= {source.replace("_", "-"): day for source, day in covers.items()}
    told = [
        {"source_id": source, "delivery_id": "d", "content_hash": source, "run_id": "r", "status": "accepted"}
        | {"covers_until": until}
        for source, until in delivered.items()
        if until
    ]
    fill(world.db, "delivery", told)
    return world


EXPECTED = """
municipality  reported    expected
GM0361        2024-01-05  vt-one
GM0450        2024-06-30  vt-two
GM0450        2024-07-01  vt-one
GM0398        2021-06-01  vt-one
GM0118        2024-07-01  -
"""


def test_which_steunpunt_is_expected_comes_from_municipality_and_day() -> None:
    world, told = region(NOTHING), rows(EXPECTED, 3)
    for number, (code, reported, _) in enumerate(told, 1):
        world.incident(number, reported, f"p{number}", incident_municipality_code=code, source_id="politie-nh")
    found = world.reconcile(AS_OF).db.rows(
        "SELECT reported_municipality_code, strftime(reported_at, '%Y-%m-%d'), coalesce(expected_steunpunt, '-') "
        "FROM incident ORDER BY incident_number"
    )
    assert [list(row) for row in found] == told


def test_where_two_work_both_are_expected() -> None:
    world = region(BOTH).incident(1, "2024-09-01", "anna", incident_municipality_code="GM0450")
    assert world.reconcile(AS_OF).db.rows("SELECT expected_steunpunt FROM incident") == [("vt-one|vt-two",)]


WAITS = """
its steunpunten delivered until  status     age
2024-12-31                       unmatched  91
2024-11-11                       pending    41
2024-11-12                       unmatched  42
2024-09-01                       pending    0
nothing                          pending    0
2024-12-31,2024-10-15            pending    14
2024-10-15,2024-12-31            pending    14
2024-12-31,nothing               pending    0
2024-12-31,2024-12-31            unmatched  91
nobody                           unmatched  91
"""


def test_what_a_silent_steunpunt_would_know_waits_and_is_no_gap() -> None:
    """Of 1 October, known on 31 December; every row is a municipality of its own, where one works, two do or nobody."""
    told = [line.split() for line in WAITS.strip().splitlines()[1:]]
    still = [code for code, place in known().items() if place.valid_until is None]
    world, partners = World(), []
    delivered = [{"source_id": "politie-nh", "covers_until": "2024-12-31"}]
    for number, (code, (covers, *_)) in enumerate(zip(still, told, strict=False), 1):
        world.incident(number, "2024-10-01", f"p{number}", incident_municipality_code=code, source_id="politie-nh")
        for until in covers.split(",") if covers != "nobody" else ():
            source = f"vt-{len(partners)}"
            area = {"municipalities": [code]}
            partners.append({"id": source, "name": source, "kind": "steunpunt", "areas": [area]})
            partners[-1]["sources"] = {source: "veilig_thuis"}
            delivered += [{"source_id": source, "covers_until": until}] if until != "nothing" else []
    world.config = Config(cooperation=Register.model_validate({"partners": partners}))
    key = {"delivery_id": "d", "run_id": "r", "status": "accepted"}
    fill(world.db, "delivery", [key | {"content_hash": row["source_id"]} | row for row in delivered])
    found = world.reconcile(AS_OF).db.rows("SELECT status, age_days FROM incident_status ORDER BY incident_number")
    assert [(covers, *row) for (covers, *_), row in zip(told, found, strict=True)] == [
        (covers, status, int(age)) for covers, status, age in told
    ]


def test_a_source_that_a_steunpunt_no_longer_uses_holds_nothing_back() -> None:
    text = BOTH.replace('vt-one = "veilig_thuis"', 'vt-one = "veilig_thuis", vt-before = "ashg_2010"')
    world = region(text, vt_before="2024-06-30").incident(1, "2024-10-01", "anna", incident_municipality_code="GM0361")
    assert world.reconcile(AS_OF).status()[0] == "unmatched"


def test_a_report_that_is_there_answers_all_the_same() -> None:
    world = region(BOTH, vt_one="2024-09-01").incident(1, "2024-10-01", "anna", incident_municipality_code="GM0361")
    world.report("R1", "2024-10-03", "anna", source_id="vt-two", municipality_code="GM0450")
    assert world.reconcile(AS_OF).status()[:3] == ("matched_timely", None, "R1")


def test_two_steunpunten_with_the_same_numbers_stay_two() -> None:
    """The same report and case number at both: other people, another incident each; and a person whom both know."""
    world = region(BOTH)
    same: dict[str, Any] = {"case": "ZD-1"}
    world.incident(1, "2024-09-01", "anna", source_id="politie-nh")
    world.incident(2, "2024-09-01", "bea", source_id="politie-nh")
    world.incident(3, "2024-11-01", "anna", source_id="politie-nn")
    world.report("M1", "2024-09-03", "anna", source_id="vt-one", **same)
    world.report("M1", "2024-09-05", "bea", source_id="vt-two", **same)
    world.report("M2", "2024-11-02", "anna", source_id="vt-two", case="ZD-2")
    db = world.reconcile(AS_OF).db
    told = db.rows("SELECT incident_number, report_source_id, report_id, delay_days FROM incident_status ORDER BY 1")
    assert [row[1:] for row in told] == [("vt-one", "M1", 2), ("vt-two", "M1", 4), ("vt-two", "M2", 1)]
    assert db.rows("SELECT count(*) FROM case_report") == [(3,)]
    assert db.rows("SELECT count(DISTINCT household_id), count(DISTINCT (source_id, case_id)) FROM case_report") == [
        (2, 3)
    ]


def test_a_family_that_moves_keeps_its_household_and_both_regions_answer() -> None:
    world = region(BOTH)
    world.incident(
        1, "2024-05-01", "anna", "cor:verdachte", incident_municipality_code="GM0450", source_id="politie-nh"
    )
    world.incident(
        2, "2024-11-01", "anna", "cor:verdachte", incident_municipality_code="GM0361", source_id="politie-nn"
    )
    world.report("A1", "2024-05-03", "anna", "cor", source_id="vt-two", municipality_code="GM0450")
    world.report("B1", "2024-11-04", "anna", "cor", source_id="vt-one", municipality_code="GM0361")
    db = world.reconcile(AS_OF).db
    assert db.rows("SELECT count(DISTINCT household_id) FROM incident") == [(1,)]
    told = db.rows(
        "SELECT expected_steunpunt, report_source_id FROM incident "
        "JOIN incident_status USING (source_id, incident_number) ORDER BY reported_at"
    )
    assert told == [("vt-two", "vt-two"), ("vt-one", "vt-one")]


def test_without_a_register_nobody_is_waited_for() -> None:
    world = World().incident(1, "2024-10-01", "anna", incident_municipality_code="GM0361")
    fill(world.db, "delivery", [])
    assert world.reconcile(AS_OF).status()[:2] == ("unmatched", "no_trace")
    assert world.db.rows("SELECT count(*) FROM partner_area") == [(0,)]
