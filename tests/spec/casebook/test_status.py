"""The status of an incident, rule by rule: each case is a family of its own in one small world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from linkage.config import Config
from tests.worlds import World

AS_OF = date(2025, 12, 31)
DAY = date(2025, 1, 10)
"""The day on which most incidents of these cases are reported."""

Build = Callable[[World, int], object]
Expected = tuple[Any, ...]
CASES: list[tuple[str, Build, Expected]] = []


def days(after: int, time: str = "12:00:00", since: date = DAY) -> str:
    """Return the moment so many days after the incident."""
    return f"{since + timedelta(days=after)} {time}"


def case(sentence: str, build: Build, *expected: Any) -> None:
    """Add a case; expected are status, cause, report and delay, what is left out being null."""
    CASES.append((sentence, build, (*expected, *([None] * (4 - len(expected))))))


def simple(after: int) -> Build:
    """Build one incident and a report on the same person so many days later."""
    return lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(after), f"a{n}")


def named(after: int, reference: Callable[[int], str], **values: Any) -> Build:
    """Build an incident and a report on strangers that refers to it."""
    return lambda w, n: w.incident(n, days(0), f"a{n}", **values).report(
        f"R{n}", days(after), f"b{n}", reporter_reference=reference(n)
    )


def whole(n: int) -> str:
    return f"PL0100-2025{n:06d}"


# 1. Excluded, the first reason that applies
case(
    "a withdrawn incident is excluded",
    lambda w, n: w.incident(n, days(0), record_status="ingetrokken"),
    "excluded",
    "withdrawn",
)
case(
    "an incident that is not domestic violence is excluded, report or not",
    lambda w, n: w.incident(n, days(0), f"a{n}", dv_flag=False).report(f"R{n}", days(2), f"a{n}"),
    "excluded",
    "not_dv",
)
case("an incident that names nobody is excluded", lambda w, n: w.incident(n, days(0)), "excluded", "no_person_data")
case(
    "an incident of which the only person row is blank is excluded",
    lambda w, n: w.incident(n, days(0), {"name": f"a{n}", "surname": None, "born": None}),
    "excluded",
    "no_person_data",
)
case(
    "an incident without a mark of domestic violence counts: only N excludes",
    lambda w, n: w.incident(n, days(0), f"a{n}", dv_flag=None).report(f"R{n}", days(2), f"a{n}"),
    "matched_timely",
    None,
    "R{n}",
    2,
)

# 2. Linked through persons, by the days between
case("a report on the day before is in time", simple(-1), "matched_timely", None, "R{n}", -1)
case("a report two days before is no answer", simple(-2), "covered_open_case")
case("a report on the same day is in time", simple(0), "matched_timely", None, "R{n}", 0)
case("a report after 7 days is in time", simple(7), "matched_timely", None, "R{n}", 7)
case("a report after 8 days is late", simple(8), "matched_late", None, "R{n}", 8)
case("a report after 42 days is late", simple(42), "matched_late", None, "R{n}", 42)
case("a report after 43 days is very late", simple(43), "matched_very_late", None, "R{n}", 43)
case(
    "a report after 365 days is no answer here, the data end before",
    simple(355),
    "matched_very_late",
    None,
    "R{n}",
    355,
)
case(
    "days are calendar days: one minute before midnight to one minute after is a day",
    lambda w, n: w.incident(n, days(0, "23:59:00"), f"a{n}").report(f"R{n}", days(8, "00:01:00"), f"a{n}"),
    "matched_late",
    None,
    "R{n}",
    8,
)
case(
    "the night the clock goes forward is a day",
    lambda w, n: w.incident(n, "2025-03-29 23:30:00", f"a{n}").report(f"R{n}", "2025-04-05 00:10:00", f"a{n}"),
    "matched_timely",
    None,
    "R{n}",
    7,
)
case(
    "the night the clock goes back is a day",
    lambda w, n: w.incident(n, "2025-10-25 23:30:00", f"a{n}").report(f"R{n}", "2025-11-02 00:10:00", f"a{n}"),
    "matched_late",
    None,
    "R{n}",
    8,
)
case(
    "suspect and victim may be told the other way round (T27)",
    lambda w, n: w.incident(n, days(0), f"a{n}:verdachte", f"b{n}:slachtoffer").report(
        f"R{n}", days(3), f"a{n}:slachtoffer", f"b{n}:pleger"
    ),
    "matched_timely",
    None,
    "R{n}",
    3,
)
case(
    "a neighbour who reports it links nothing",
    lambda w, n: w.incident(n, days(0), f"a{n}", f"n{n}:melder").report(f"R{n}", days(3), f"n{n}"),
    "unmatched",
    "no_trace",
)
case(
    "a child who saw it links",
    lambda w, n: w.incident(n, days(0), f"a{n}", {"name": f"k{n}:getuige", "born": "20160506"}).report(
        f"R{n}", days(3), {"name": f"k{n}", "born": "20160506"}
    ),
    "matched_timely",
    None,
    "R{n}",
    3,
)
case(
    "another member of the household links",
    lambda w, n: (
        w.incident(n, days(0), f"a{n}", f"b{n}:verdachte")
        .incident(900_000 + n, days(-400), f"b{n}:verdachte", f"c{n}")
        .report(f"R{n}", days(3), f"c{n}")
    ),
    "matched_timely",
    None,
    "R{n}",
    3,
)
case(
    "advice never answers, though it names people in free text (T25)",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(
        f"R{n}", days(3), contact_type="advies", reporter_reference=f"mevrouw a{n} {whole(n)}"
    ),
    "unmatched",
    "no_trace",
)
case(
    "a withdrawn report does not answer (T24)",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(
        f"R{n}", days(3), reporter_reference=whole(n), record_status="ingetrokken"
    ),
    "unmatched",
    "no_trace",
)

# 3. Reference
case("a report that names the number answers, whoever it names", named(3, whole), "matched_reference", None, "R{n}", 3)
case(
    "spaces for hyphens are repaired", named(3, lambda n: f" PL0100 2025{n:06d} "), "matched_reference", None, "R{n}", 3
)
case("lower case is repaired", named(3, lambda n: f"pl0100-2025{n:06d}"), "matched_reference", None, "R{n}", 3)
case("a missing unit is repaired", named(3, lambda n: f"2025{n:06d}"), "matched_reference", None, "R{n}", 3)
case("a sequence is no part of the number", named(3, lambda n: f"{whole(n)}-1"), "matched_reference", None, "R{n}", 3)
case(
    "words around the number do no harm",
    named(3, lambda n: f"pol. {whole(n)} (CORV)"),
    "matched_reference",
    None,
    "R{n}",
    3,
)
case("another unit is another number", named(3, lambda n: f"PL0900-2025{n:06d}"), "unmatched", "no_trace")
case("a reference counts from the day before", named(-1, whole), "matched_reference", None, "R{n}", -1)
case("a reference two days before does not agree", named(-2, whole), "unmatched", "no_trace")
case(
    "the number of a care report stands for its incident (T21)",
    lambda w, n: (
        w.incident(n, days(0), f"a{n}")
        .care(n, f"ZOF2025-{n:07d}")
        .report(f"R{n}", days(3), f"b{n}", reporter_reference=f"zof2025 {n:07d}")
    ),
    "matched_reference",
    None,
    "R{n}",
    3,
)
case(
    "a reference outranks an earlier report on the same persons",
    lambda w, n: (
        w.incident(n, days(0), f"a{n}")
        .report(f"Q{n}", days(1), f"a{n}")
        .report(f"R{n}", days(60), f"a{n}", reporter_reference=whole(n))
    ),
    "matched_reference",
    None,
    "R{n}",
    60,
)
case(
    "a report that names an older incident does not answer the latest",
    lambda w, n: (
        w.incident(n, days(5), f"a{n}")
        .incident(900_000 + n, days(0), f"a{n}")
        .report(f"R{n}", days(7), f"a{n}", reporter_reference=whole(900_000 + n))
    ),
    "unmatched",
    "no_trace",
)

# 4. One report answers one incident
case(
    "an older incident of the family is not erased by a later report",
    lambda w, n: (
        w.incident(n, days(0), f"a{n}").incident(900_000 + n, days(20), f"a{n}").report(f"R{n}", days(22), f"a{n}")
    ),
    "unmatched",
    "no_trace",
)
case(
    "the first report to come answers",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(2), f"a{n}").report(f"S{n}", days(4), f"a{n}"),
    "matched_timely",
    None,
    "R{n}",
    2,
)
case(
    "a school's report answers when the police sent none",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(2), f"a{n}", reporter_category="onderwijs"),
    "matched_timely",
    None,
    "R{n}",
    2,
)
case(
    "beside a report of the police a school's report is only possible",
    lambda w, n: (
        w.incident(n, days(0), f"a{n}")
        .report(f"S{n}", days(2), f"a{n}", reporter_category="onderwijs")
        .report(f"R{n}", days(4), f"a{n}")
    ),
    "matched_timely",
    None,
    "R{n}",
    4,
)

# 5. Covered by an open case
case(
    "an incident during an open case of the household is covered (T22)",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(-30), f"a{n}"),
    "covered_open_case",
)
case(
    "a school reported first and the case is open: covered (T23)",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(-20), f"a{n}", reporter_category="onderwijs"),
    "covered_open_case",
)
case(
    "a case that was closed the day before does not cover",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(-30), f"a{n}", closed_at=days(-1)),
    "unmatched",
    "no_trace",
)
case(
    "a case that closes the day after covers",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(-30), f"a{n}", closed_at=days(1)),
    "covered_open_case",
)
case(
    "an open case comes before a very late report",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"Q{n}", days(-30), f"a{n}").report(f"R{n}", days(50), f"a{n}"),
    "covered_open_case",
)
case(
    "a late report comes before an open case",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"Q{n}", days(-30), f"a{n}").report(f"R{n}", days(30), f"a{n}"),
    "matched_late",
    None,
    "R{n}",
    30,
)

# 6. Review and pending
case(
    "a possible person is for review",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(3), f"b{n}").maybe(f"a{n}", f"b{n}"),
    "review",
)
case(
    "a possible person beyond a year is no candidate",
    lambda w, n: w.incident(n, days(0), f"a{n}").report(f"R{n}", days(-2), f"b{n}").maybe(f"a{n}", f"b{n}"),
    "unmatched",
    "no_trace",
)
case(
    "a possible report that answers a later incident for sure is not for review",
    lambda w, n: (
        w.incident(n, days(0), f"a{n}")
        .incident(900_000 + n, days(2), f"b{n}")
        .report(f"R{n}", days(3), f"b{n}")
        .maybe(f"a{n}", f"b{n}")
    ),
    "unmatched",
    "no_trace",
)
case("41 days is too young to judge", lambda w, n: w.incident(n, days(-41, since=AS_OF), f"a{n}"), "pending")
case("42 days is old enough", lambda w, n: w.incident(n, days(-42, since=AS_OF), f"a{n}"), "unmatched", "no_trace")


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    for number, (_, build, _) in enumerate(CASES, 1):
        build(made, number)
    return made.reconcile(AS_OF)


@pytest.mark.parametrize("number", range(1, len(CASES) + 1), ids=[sentence for sentence, _, _ in CASES])
def test_status(world: World, number: int) -> None:
    status, cause, report, delay = CASES[number - 1][2]
    assert world.status(number) == (status, cause, report.format(n=number) if report else None, delay)


def test_a_year_is_the_limit() -> None:
    late = World().incident(1, "2024-01-10", "anna").report("R1", "2025-01-09", "anna")
    late.incident(2, "2024-01-10", "bea").report("R2", "2025-01-10", "bea")
    late.reconcile(AS_OF)
    assert late.status(1) == ("matched_very_late", None, "R1", 365)
    assert late.status(2)[:2] == ("unmatched", "no_trace")


def test_a_region_excludes_what_lies_outside() -> None:
    config = Config(region={"municipality_codes": ["GM0118"]})
    found = World(config).incident(1, days(0), "anna").incident(2, days(0), "bea", incident_municipality_code="GM0106")
    found.incident(3, days(0), "cor", incident_municipality_code=None).reconcile(AS_OF)
    assert found.status(1)[0] == "unmatched"
    assert found.status(2)[:2] == found.status(3)[:2] == ("excluded", "outside_region")


def test_limits_are_configuration() -> None:
    config = Config(limits={"timely_days": 3, "late_days": 5, "very_late_days": 9, "early_days": 0})
    found = World(config)
    for number, after in enumerate((-1, 0, 3, 4, 5, 6, 9, 10), 1):
        found.incident(number, days(0), f"a{number}").report(
            f"R{number}", days(after), f"a{number}", closed_at=days(after)
        )
    statuses = found.reconcile(AS_OF).statuses()
    assert [statuses[str(number)] for number in range(1, 9)] == [
        "unmatched",
        "matched_timely",
        "matched_timely",
        "matched_late",
        "matched_late",
        "matched_very_late",
        "matched_very_late",
        "unmatched",
    ]


def test_a_reference_may_name_several_incidents() -> None:
    found = World().incident(1, days(0), "anna").incident(2, days(1), "anna").incident(3, days(2), "anna")
    found.report("R1", days(3), "anna", reporter_reference=f"{whole(1)} en {whole(2)}").reconcile(AS_OF)
    assert found.links() == {("1", "R1", "reference"), ("2", "R1", "reference")}


def test_ten_digits_that_two_incidents_end_in_name_none() -> None:
    found = World().incident("PL0100-2025000001", days(0), "anna").incident("PL0900-2025000001", days(0), "bea")
    found.report("R1", days(3), "cor", reporter_reference="2025000001").reconcile(AS_OF)
    assert found.links() == set()


def test_two_reports_of_one_night_answer_one_incident() -> None:
    found = World().incident(1, days(0), "anna").care(1, "ZOF1").care(1, "ZOF2")
    found.report("R1", days(1), "anna", case="C1").report("R2", days(1, "13:00:00"), case="C1").reconcile(AS_OF)
    assert found.links() == {("1", "R1", "probabilistic"), ("1", "R2", "probabilistic")}


@pytest.mark.parametrize(
    ("answering", "expected"),
    [("all", "matched_timely"), ("police_first", "matched_timely"), ("police_only", "review")],
)
def test_whose_report_answers_is_configuration(answering: str, expected: str) -> None:
    found = World(Config(casebook={"answering": answering})).incident(1, days(0), "anna")
    found.report("R1", days(1), "anna", reporter_category="onderwijs").reconcile(AS_OF)
    assert found.status(1)[0] == expected


def test_an_equal_bsn_makes_a_link_deterministic() -> None:
    known = {"name": "anna", "bsn_hmac": "x"}
    found = World().incident(1, days(0), known).report("R1", days(1), known).reconcile(AS_OF)
    assert found.links() == {("1", "R1", "deterministic")}


def test_a_withdrawn_incident_loses_its_report_to_the_one_before() -> None:
    found = World().incident(1, days(0), "anna").incident(2, days(1), record_status="ingetrokken")
    found.report("R1", days(2), "anna").reconcile(AS_OF)
    assert found.statuses() == {"1": "matched_timely", "2": "excluded"}


def test_a_withdrawn_incident_has_no_link_although_a_report_names_it() -> None:
    found = World().incident(2, days(1), record_status="ingetrokken")
    found.report("R1", days(2), "anna", reporter_reference=whole(2)).reconcile(AS_OF)
    assert found.statuses() == {"2": "excluded"}
    assert found.links() == set()


def test_a_region_may_have_care_reports_and_no_report_that_refers_to_anything() -> None:
    found = World().incident(1, days(0), "anna").care(1, "ZM-A1").report("R1", days(1), "anna").reconcile(AS_OF)
    assert found.statuses() == {"1": "matched_timely"}


@pytest.mark.parametrize(("later", "expected"), [("vt-drenthe", "vt-drenthe"), ("vt-zuid", "vt-zuid")])
def test_a_report_whose_case_covers_an_incident_is_named_with_its_source(later: str, expected: str) -> None:
    """Two steunpunten may give reports the same number."""
    earlier = {"vt-drenthe": "vt-zuid", "vt-zuid": "vt-drenthe"}[later]
    found = World().incident(1, days(9), "anna")
    for source, day in ((earlier, 1), (later, 2)):
        found.report("R1", days(day), "anna", source_id=source, reporter_category="onderwijs")
    found.reconcile(AS_OF)
    told = found.db.rows("SELECT covering_report_id, covering_report_source_id FROM incident_status")
    assert told == [("R1", expected)]
