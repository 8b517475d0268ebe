"""The indicators K1-K25: a few records in, the figures out.

A ``@story`` happens in a municipality of its own; its figures stand above it.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from linkage import indicators
from tests.spec.kpi.tables import AS_OF, STORIES, Place, Tell, lines, measure, story, table
from tests.worlds import World

DECIDED: list[dict[str, object]] = [
    {"decision_id": 1, "verdict": "same", "left_id": 0, "right_id": 1, "outcome": "applied"},
    {"decision_id": 2, "verdict": "different", "left_id": 2, "right_id": 3, "outcome": "applied"},
    {"decision_id": 3, "verdict": "same", "left_id": 4, "right_id": 5, "outcome": "applied"},
    {"decision_id": 4, "verdict": "unsure", "left_id": 6, "right_id": 7, "outcome": "applied"},
    {"decision_id": 5, "verdict": "same", "left_id": 8, "right_id": 9, "outcome": "waiting"},
]
SCORED: list[dict[str, object]] = [
    {"left_id": 0, "right_id": 1, "match_probability": 0.7, "match_weight": 1.2, "pattern": 1},
    {"left_id": 2, "right_id": 3, "match_probability": 0.95, "match_weight": 4.2, "pattern": 2},
]


@pytest.fixture(scope="module")
def region() -> World:
    """One incident of each status at least, in two municipalities; as of 31 December 2025."""
    return measure(
        World()
        .incident(1, "2025-01-10", "anna", police_unit_code="01DR")
        .report("R1", "2025-01-12", "anna", reporter_reference="PL0100-2025000001", closed_at="2025-02-01")
        .incident(2, "2025-02-10", "bea", police_unit_code="01DR")
        .report("R2", "2025-02-15", "bea", closed_at="2025-03-01")
        .incident(3, "2025-03-10", "cor", police_unit_code="01ZW")
        .care(3, "Z3")
        .report("R3", "2025-04-01", "cor")
        .incident(4, "2025-04-10", "cor")  # known: the case of R3 is open
        .incident(5, "2025-05-10", "dirk", police_unit_code="01ZW")
        .report("R5", "2025-07-10", "dirk", reporter_category="onderwijs")
        .incident(6, "2025-06-10", "emma")
        .report("R6", "2025-06-12", "emmie")
        .maybe("emma", "emmie")
        .incident(7, "2025-12-20", "fien")
        .incident(8, "2024-07-10", "gijs", incident_municipality_code="GM0114")
        .incident(9, "2025-12-01", "huib", incident_municipality_code="GM0114")
        .incident(10, "2025-08-10", "ivo", dv_flag=False)
        .incident(11, "2025-10-12", "jan")
        .incident(12, "2025-10-10", {"name": "kim", "born": None}),
        decision=DECIDED,
        pair=SCORED,
    )


@pytest.fixture(scope="module")
def places() -> World:
    """All stories, each in a municipality of its own."""
    world = World()
    for number, (_, tell, _) in enumerate(STORIES, 1):
        tell(Place(world, number))
    return measure(world)


def test_k01_the_gap_stands_beside_the_incidents_of_known_families(region: World) -> None:
    assert table(region, "K01") == lines("incidents unmatched 3 = 3 \n incidents covered_open_case 1 = 1")
    assert table(region, "K01", "municipality", "2024") == "GM0114 incidents unmatched 1 = 1"


def test_k02_the_gap_is_a_share_of_what_can_be_judged_and_has_bounds(region: World) -> None:
    assert table(region, "K02") == lines(
        """
        rate 3 of 8 = 38% censored 1
        low 3 of 9 = 33%
        high 4 of 9 = 44%
        """
    )


def test_k03_the_net_difference_is_no_count_of_unmatched_incidents(region: World) -> None:
    """Eleven incidents count; four reports are of the police: 1, 2, 3 and 6."""
    assert table(region, "K03") == "net 11 of 4 = 7"


@story("K03", "net 1 of 2 = -1")
def the_net_difference_may_be_negative(place: Place) -> None:
    place.report("R1", "2025-01-12", "anna").report("R2", "2025-01-13", "bea").incident(1, "2025-03-01", "cor")


def test_k04_counts_an_open_case_as_no_report(region: World) -> None:
    assert table(region, "K04") == "rate 4 of 8 = 50% censored 3"


def test_k05_every_incident_has_one_status(region: World) -> None:
    assert table(region, "K05") == lines(
        """
        status matched_reference 1 of 12 = 8%
        status matched_timely 1 of 12 = 8%
        status matched_late 1 of 12 = 8%
        status covered_open_case 1 of 12 = 8%
        status matched_very_late 1 of 12 = 8%
        status review 1 of 12 = 8%
        status pending 2 of 12 = 17%
        status unmatched 3 of 12 = 25%
        status excluded 1 of 12 = 8%
        """
    )


@story(
    "K06",
    """
    unmatched 15-42 1 of 6 = 17%
    unmatched 43-90 2 of 6 = 33%
    unmatched 91-180 2 of 6 = 33%
    unmatched >180 1 of 6 = 17%
    pending 0-7 1 of 5 = 20%
    pending 8-14 2 of 5 = 40%
    pending 15-42 2 of 5 = 40%
    """,
)
def what_waits_stands_apart_from_the_gap(place: Place) -> None:
    for number, age in enumerate((7, 8, 14, 15, 41, 42, 43, 90, 91, 180, 181)):
        place.incident(number, str(AS_OF - timedelta(days=age)), f"anna-{age}")


def test_k07_the_time_to_the_first_report(region: World) -> None:
    """2, 5, 22 and 61 calendar days; 0, 4, 16 and 42 working days (Ascension and Whit Monday fall in the last)."""
    assert table(region, "K07") == lines(
        """
        days median - of 4 = 13.5
        days p75 - of 4 = 31.75
        days p90 - of 4 = 49.3
        working_days median - of 4 = 10
        working_days p75 - of 4 = 22.5
        working_days p90 - of 4 = 34.2
        censored 2 of 11 = 18%
        """
    )


@story(
    "K07",
    """
    days median - of 1 = 0
    days p75 - of 1 = 0
    days p90 - of 1 = 0
    working_days median - of 1 = 0
    working_days p75 - of 1 = 0
    working_days p90 - of 1 = 0
    censored 0 of 1 = 0%
    """,
)
def a_report_of_the_day_before_came_at_once(place: Place) -> None:
    place.incident(1, "2025-03-11", "anna").report("R1", "2025-03-10", "anna")


@story("K08", "in_time 1 of 3 = 33% censored 1")
def the_assessment_ends_within_five_working_days(place: Place) -> None:
    """Good Friday is 18 April 2025, Easter Monday the 21st: five working days from Tuesday the 15th end on the 24th."""
    place.report("R1", "2025-04-15", "anna", safety_assessment_end="2025-04-24")
    place.report("R2", "2025-04-15", "bea", safety_assessment_end="2025-04-25")
    place.report("R3", "2025-04-15", "cor")  # open and overdue
    place.report("R4", "2025-12-29", "dirk", safety_assessment_end="2025-12-30")  # too young to be judged
    place.report("A1", "2025-04-15", "emma", source_id="ashg")  # a source that never delivers it


def test_k08_has_the_norm_of_the_sector_and_k09_too(places: World) -> None:
    norms = places.db.rows("SELECT DISTINCT kpi_code, norm FROM kpi WHERE norm IS NOT NULL ORDER BY ALL")
    assert norms == [("K08", 0.9), ("K09", 0.8)]


@pytest.mark.parametrize("code", ["K08", "K09", "K23"])
def test_what_no_source_delivers_is_not_computed(region: World, code: str) -> None:
    assert table(region, code).endswith(" = not_delivered")


@story("K09", "in_time 2 of 4 = 50% censored 1")
def the_service_ends_within_ten_weeks(place: Place) -> None:
    place.report("R1", "2025-01-01", "anna", service_start="2025-01-10", service_end="2025-03-21")  # 70 days
    place.report("R2", "2025-01-01", "bea", service_start="2025-01-10", service_end="2025-03-22")
    place.report("R3", "2025-01-01", "cor", service_start="2025-01-10")  # goes on
    place.report("R4", "2025-01-01", "dirk", service_start="2025-10-22", service_end="2025-11-01")  # 70 days ago
    place.report("R5", "2025-01-01", "emma", service_start="2025-10-23", service_end="2025-11-01")
    place.report("R6", "2025-01-01", "fien")  # no service


@story(
    "K10",
    """
    households 0 1 of 3 = 33% censored 1
    households 2 1 of 3 = 33% censored 1
    households 4+ 1 of 3 = 33% censored 1
    """,
)
def how_often_the_police_came_before_the_first_report(place: Place) -> None:
    place.incident(1, "2023-01-01", "zoe").report("R0", "2024-12-31", "yan")  # a day short of 24 months of look-back
    place.incident(2, "2024-06-01", "anna").incident(3, "2025-03-01", "anna").report("R1", "2025-03-01", "anna")
    place.incident(4, "2025-04-01", "anna").report("R2", "2025-04-02", "anna")  # after the first
    place.report("R3", "2025-01-01", "bea")
    for number in range(5, 10):
        place.incident(number, f"2025-0{number}-01", "cor")
    place.report("R4", "2025-10-01", "cor")


@story(
    "K11",
    """
    households 2 of 3 = 67%
    colour red 1 of 2 = 50%
    colour orange 1 of 2 = 50%
    """,
)
def many_incidents_and_nobody_reported(place: Place) -> None:
    for number, day in enumerate(("2025-01-01", "2025-02-01", "2025-03-01"), 1):
        place.incident(number, day, "anna").incident(10 + number, day, "bea").incident(20 + number, day, "cor")
    place.report("R1", "2025-06-01", "bea").incident(30, "2025-01-01", "dirk").incident(31, "2025-02-01", "dirk")
    place.incident(24, "2025-04-01", "cor")


def test_k12_late_by_unit_and_channel(region: World) -> None:
    assert table(region, "K12") == "late 2 of 4 = 50%"
    assert table(region, "K12", "unit") == lines(
        """
        01DR late 0 of 2 = 0%
        01ZW late 2 of 2 = 100%
        onbekend late 0 of 0 = nothing_to_count
        """
    )
    assert table(region, "K12", "channel") == lines("geen late 1 of 3 = 33% \n onbekend late 1 of 1 = 100%")


def test_k13_by_reporter(region: World) -> None:
    """Of report 6 nobody knows for sure that it is about incident 6."""
    assert table(region, "K13", "reporter") == lines("onderwijs without 0 of 1 = 0% \n politie without 1 of 4 = 25%")


@story("K13", "without 2 of 4 = 50% censored 1")
def reports_without_an_incident(place: Place) -> None:
    place.incident(1, "2025-03-10", "anna").report("R1", "2025-03-12", "anna")
    place.report(
        "R2", "2025-02-09", "anna", reporter_category="onderwijs"
    )  # 29 days before an incident of the household
    place.report("R3", "2025-02-01", "anna", reporter_category="onderwijs")  # 37 days before
    place.report("R4", "2025-05-01", "bea")
    place.report("R5", "2025-12-02", "cor")  # an incident may still come within 30 days


@story(
    "K14",
    """
    named 1 = 1
    household 2 = 2
    unregistered 1 = 1
    incidents yes 2 of 4 = 50%
    incidents no 1 of 4 = 25%
    incidents unknown 1 of 4 = 25%
    """,
)
def children_on_incidents_and_in_their_households(place: Place) -> None:
    """Koen is named, twice; Lot is not, but lives there; Mia was 18 that day; of Nel only the year is known."""
    place.incident(1, "2025-03-10", "anna", {"name": "koen", "born": "20150101"})
    place.incident(2, "2025-04-10", "anna", {"name": "koen", "born": "20150101"})
    place.report("R1", "2025-03-12", "anna", {"name": "lot", "born": "20180101"})
    place.incident(3, "2025-03-10", "bea", {"name": "mia", "born": "20070310"})
    place.incident(4, "2025-03-10", "cor", {"name": "nel", "born": "2007"})


@story(
    "K15",
    """
    unreported 2 of 5 = 40% censored 1
    unseen 1 of 5 = 20% censored 1
    """,
)
def children_whom_nobody_reported(place: Place) -> None:
    child = {"born": "20150101"}
    place.incident(1, "2025-03-10", "anna", {"name": "koen", **child})
    place.incident(2, "2025-03-10", "bea", {"name": "lot", **child}).care(2, "Z2")
    place.incident(3, "2025-03-10", "cor", {"name": "mia", **child}).report("R3", "2025-03-12", "cor")
    place.incident(4, "2025-05-10", "cor", {"name": "mia", **child})  # the case of R3 is open
    place.incident(5, "2025-03-10", "dirk")  # no child
    place.incident(6, "2025-12-20", "emma", {"name": "nel", **child})  # waits
    place.incident(7, "2025-03-10", "fien", {"name": "otto", **child}, care_report_made=True)


@story(
    "K16",
    """
    incident_90 1 of 3 = 33% censored 1
    incident_180 2 of 3 = 67% censored 1
    incident_365 2 of 3 = 67% censored 1
    report_90 0 of 3 = 0% censored 1
    report_180 1 of 3 = 33% censored 1
    report_365 1 of 3 = 33% censored 1
    """,
)
def what_follows_a_closure(place: Place) -> None:
    place.report("R1", "2024-01-01", "anna", closed_at="2024-02-01").incident(1, "2024-05-01", "anna")  # after 90 days
    place.report("R2", "2024-01-01", "bea", closed_at="2024-02-01").incident(2, "2024-05-02", "bea")  # after 91 days
    place.report("R3", "2024-01-01", "cor", closed_at="2024-02-01")
    place.report("R4", "2024-06-01", "cor", closed_at="2024-07-01")  # the second closure of that year
    place.report("R5", "2024-01-01", "dirk", closed_at="2024-02-01")
    place.report("R6", "2024-01-15", "dirk")  # another case is open: not closed
    place.report("R7", "2025-01-01", "emma", closed_at="2025-11-01")  # too young


@story(
    "K17",
    """
    derived 2 of 6 = 33%
    registered 1 of 5 = 20%
    differ 1 of 4 = 25%
    """,
)
def re_reports_by_linkage_and_by_register(place: Place) -> None:
    place.report("R1", "2024-01-01", "anna", closed_at="2024-02-01", prior_involvement="eerste")
    place.report("R2", "2024-06-01", "anna", closed_at="2024-09-01", prior_involvement="eerste")  # is a re-report
    place.report("R3", "2024-07-01", "anna", closed_at="2024-09-01", prior_involvement="vervolgmelding")
    place.report("R4", "2024-12-01", "anna", closed_at="2025-01-01", prior_involvement="hermelding")
    place.report("R5", "2024-12-01", "bea", prior_involvement="onbekend")
    place.report("A1", "2024-12-01", "cor", source_id="ashg")  # a source that does not register it


def test_k18_the_causes_sum_to_the_gap(region: World) -> None:
    assert table(region, "K18") == lines("cause no_birth_date 1 of 3 = 33% \n cause no_trace 2 of 3 = 67%")


@story("K19", "")
def fields_of_two_sources(place: Place) -> None:
    place.incident(1, "2025-03-10", {"name": "anna", "born": None}, "bea", relation_type="partner", source_id="pol-19")
    place.incident(2, "2025-03-20", "cor", risk_level="onbekend", source_id="pol-19")
    place.report("R1", "2025-03-12", "anna", source_id="vt-19", reporter_category="onbekend")


def test_k19_how_many_fields_are_filled_and_valid(places: World) -> None:
    assert table(places, "K19", "source", "2025-03", "pol-19") == lines(
        """
        person surname 3 of 3 = 100%
        person birth_date 2 of 3 = 67%
        person role 3 of 3 = 100%
        incident dv_flag 2 of 2 = 100%
        incident relation_type 1 of 2 = 50%
        incident municipality 2 of 2 = 100%
        """
    )
    assert table(places, "K19", "source", "2025-03", "vt-19") == lines(
        """
        person surname 1 of 1 = 100%
        person role 1 of 1 = 100%
        report municipality 1 of 1 = 100%
        """
    )


@story("K20", "incidents 1 of 2 = 50% \n clients 1 of 2 = 50%")
def what_was_entered_twice(place: Place) -> None:
    home = {"incident_postcode": "7901AB", "incident_house_number": "12"}
    place.incident(1, "2025-03-10 20:00:00", "anna", **home).incident(2, "2025-03-10 21:00:00", "anna", **home)
    anna, bea = ({"name": name, "municipality_code": place.code} for name in ("anna", "bea"))
    place.report("R1", "2025-03-12", anna | {"source_person_id": "C1"}, bea | {"source_person_id": "C2"})
    place.report("R2", "2025-05-12", anna | {"source_person_id": "C9"})


@story(
    "K21",
    """
    colour red 1 of 4 = 25%
    colour yellow 1 of 4 = 25%
    colour green 2 of 4 = 50%
    movement up 1 of 4 = 25%
    movement same 1 of 4 = 25%
    movement down 1 of 4 = 25%
    movement new 1 of 4 = 25%
    """,
)
def colours_and_how_they_moved_in_a_month(place: Place) -> None:
    place.incident(1, "2025-03-10", "anna").incident(2, "2025-12-10", "anna")  # was green, is yellow
    place.incident(3, "2025-12-10", "bea")  # is new
    place.incident(4, "2023-12-10", "cor").incident(5, "2025-06-10", "cor")  # was yellow: the first grew too old
    place.incident(6, "2025-06-10", "dirk", exclusion_order=True)


@story("K22", "transfers 1 = 1 censored 1 \n unconfirmed = not_delivered")
def nobody_delivers_a_confirmation(place: Place) -> None:
    place.report("R1", "2025-03-12", "anna", transfer_at="2025-04-01")
    place.report("R2", "2025-12-01", "bea", transfer_at="2025-12-20")


@story("K23", "feedback 1 of 2 = 50%")
def the_police_hear_back(place: Place) -> None:
    ended = {"safety_assessment_end": "2025-03-20"}
    place.report("R1", "2025-03-12", "anna", feedback_at="2025-03-25", **ended)
    place.report("R2", "2025-03-12", "bea", **ended)
    place.report("R3", "2025-03-12", "cor", feedback_at="2025-03-25")  # the assessment goes on
    place.report("R4", "2025-03-12", "dirk", reporter_category="onderwijs", feedback_at="2025-03-25", **ended)


def test_k24_what_waits_for_reviewers_and_what_they_reversed(region: World) -> None:
    """One turned a sure link, one joined what the model had not seen, one was in doubt before, one stays unsure."""
    assert table(region, "K24") == lines(
        """
        pairs_open 1 = 1
        incidents_open 1 = 1
        decided 4 = 4
        overturned 2 of 3 = 67%
        median_days = not_delivered
        """
    )


def test_k25_has_no_truth_on_a_real_night(region: World) -> None:
    assert table(region, "K25") == lines("precision = no_truth \n recall = no_truth \n f1 = no_truth")


@pytest.mark.parametrize(
    ("number", "code", "tell", "expected"),
    [
        pytest.param(number, code, tell, expected, id=f"{code} {tell.__name__.replace('_', ' ')}")  # type: ignore[attr-defined]
        for number, (code, tell, expected) in enumerate(STORIES, 1)
        if expected
    ],
)
def test_a_place_has_the_figures_of_its_story(places: World, number: int, code: str, tell: Tell, expected: str) -> None:
    assert table(places, code, "municipality", place=f"GM{9000 + number}") == lines(expected)


def test_there_are_twenty_five_and_each_says_what_it_is() -> None:
    found = indicators.indicators()
    assert [one.code for one in found] == [f"K{number:02d}" for number in range(1, 26)]
    for one in found:
        assert all((one.nl, one.en, one.numerator, one.denominator, one.window, one.edge, one.audience, one.figures)), (
            one
        )


def test_every_row_tells_its_window_and_its_limits(region: World) -> None:
    assert region.db.rows("SELECT DISTINCT as_of, late_days, timely_days FROM kpi") == [(date(2025, 12, 31), 42, 7)]
    assert region.db.rows(
        "SELECT DISTINCT period, window_start, window_end FROM kpi WHERE kpi_code = 'K01' ORDER BY period"
    ) == [
        ("2024", date(2024, 7, 10), date(2024, 12, 31)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("all", date(2024, 7, 10), date(2025, 12, 31)),
    ]
