"""A municipality ends, another takes over: what a record counts as, and what is said of a code of another day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import municipalities, quality
from linkage.config import Config, Region
from linkage.errors import ContractError
from linkage.intake.values import Municipality as Named
from tests.worlds import World

DAYS = st.dates(date(2009, 1, 1), date(2030, 12, 31))
CODES = st.sampled_from(sorted(municipalities.known()))

COUNTED = """
code    on          counts as
GM0393  2018-12-31  GM0393     Haarlemmerliede en Spaarnwoude was still there
GM0393  2019-01-01  GM0394     Haarlemmermeer took over
GM0398  2021-12-31  GM0398     Heerhugowaard
GM0398  2022-01-01  GM1980     Dijk en Waard took over from Heerhugowaard
GM0416  2022-01-01  GM1980     … and from Langedijk
GM1980  2021-06-01  GM1980     before its first day: nothing else that it could be
GM0365  2015-01-01  GM0361     Graft-De Rijp, Alkmaar
GM0051  2014-01-01  GM1921     Skarsterlân, De Friese Meren
GM0051  2015-07-01  GM1940     … which got another code a year later
GM0118  2025-03-14  GM0118     Hoogeveen
GM9999  2025-03-14  GM9999     nobody knows it: it stays what it is
"""

KNOWN = """
code    on          is there
GM0393  2018-12-31  yes
GM0393  2019-01-01  no
GM1980  2021-12-31  no
GM1980  2022-01-01  yes
GM0037  2025-03-14  yes
"""


def rows(table: str) -> list[list[str]]:
    """Return the lines of a table below its head, as words."""
    return [line.split() for line in table.strip().splitlines()[1:]]


@pytest.mark.parametrize(("code", "on", "counts_as"), [row[:3] for row in rows(COUNTED)])
def test_what_a_code_counts_as(code: str, on: str, counts_as: str) -> None:
    assert municipalities.counted_as(code, date.fromisoformat(on)) == counts_as


@pytest.mark.parametrize(("code", "on", "is_there"), rows(KNOWN))
def test_when_a_municipality_is_there(code: str, on: str, is_there: str) -> None:
    assert municipalities.known()[code].is_there(date.fromisoformat(on)) == (is_there == "yes")


@given(CODES, DAYS)
def test_what_counts_is_there_or_will_be_and_counts_as_itself(code: str, on: date) -> None:
    counted = municipalities.counted_as(code, on)
    assert municipalities.counted_as(counted, on) == counted
    ended = municipalities.known()[counted].valid_until
    assert ended is None or on < ended


@given(CODES, DAYS, st.integers(0, 4000))
def test_later_days_go_on_from_where_earlier_ones_were(code: str, on: date, days: int) -> None:
    later = on + timedelta(days)
    assert municipalities.counted_as(municipalities.counted_as(code, on), later) == municipalities.counted_as(
        code, later
    )


@pytest.mark.parametrize(
    ("periods", "message"),
    [
        ({"GM3": ["", "", ""]}, "GM3 is not among the codes"),
        ({"GM1": ["", "2019-13-01", ""]}, "GM1 is not .day, day, code."),
        ({"GM1": ["2019-01-01"]}, "GM1 is not .day, day, code."),
        ({"GM1": ["2019-01-01", "2018-01-01", ""]}, "GM1 ends before it begins"),
        ({"GM1": ["", "2019-01-01", "GM7"]}, "GM1 leads to no municipality"),
        ({"GM1": ["2019-01-01", "", "GM2"]}, "GM1 leads to no municipality, or never ends"),
        ({"GM1": ["", "2019-01-01", "GM2"], "GM2": ["", "2020-01-01", "GM1"]}, "leads back to itself"),
    ],
)
def test_a_list_that_cannot_be_is_named(periods: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        municipalities.read({"GM1": "One", "GM2": "Two"}, periods)


@pytest.mark.parametrize("spelling", ["GM0037", "0037", "37", "Stadskanaal", " stadskanaal "])
def test_a_municipality_of_the_whole_country_has_a_name(spelling: str) -> None:
    assert municipalities.name(Named()(spelling.strip())) == "Stadskanaal"


def merged(region: tuple[str, ...] = ()) -> World:
    """Return incidents at Heerhugowaard before and after Dijk en Waard took over, and one report."""
    world = World(Config(region=Region(municipality_codes=region)))
    world.incident(1, "2021-12-30", "anna", incident_municipality_code="GM0398")
    world.incident(2, "2022-02-01", "bea", incident_municipality_code="GM1980")
    world.incident(3, "2022-02-02", "cor", incident_municipality_code="GM0416")
    world.incident(4, "2022-02-03", "dirk", incident_municipality_code="GM0999")
    return world.report("R1", "2022-01-02", "anna", municipality_code="GM1980")


@pytest.mark.parametrize(
    ("as_of", "counts"),
    [
        (date(2021, 12, 31), {"GM0398": 1, "GM0416": 1, "GM0999": 1, "GM1980": 1}),
        (date(2022, 3, 31), {"GM1980": 3, "GM0999": 1}),
    ],
)
def test_incidents_count_under_the_municipality_of_the_day_of_the_run(as_of: date, counts: dict[str, int]) -> None:
    db = merged().reconcile(as_of).db
    assert dict(db.rows("SELECT municipality_code, sum(incidents) FROM gap GROUP BY ALL")) == counts
    told = db.rows("SELECT reported_municipality_code FROM incident ORDER BY incident_number")
    assert [code for (code,) in told] == ["GM0398", "GM1980", "GM0416", "GM0999"]


@pytest.mark.usefixtures("without_interval")
@pytest.mark.parametrize("region", [("GM1980",), ("GM0398", "GM0416")])
def test_a_region_holds_what_its_municipalities_were_and_became(region: tuple[str, ...]) -> None:
    found = merged(region).reconcile(date(2022, 3, 31)).statuses()
    assert [number for number, status in found.items() if status == "excluded"] == ["4"]


@pytest.mark.usefixtures("without_interval")
def test_a_code_of_another_day_is_found_and_nothing_is_lost() -> None:
    db = merged().reconcile(date(2022, 3, 31)).db
    [check] = [
        c for c in quality.suite("case_view", Config(), "r").checks if c.id == "incident.municipality_known_on_date"
    ]
    assert check.severity == quality.WARN
    assert db.rows(f"SELECT count(*) FROM ({check.rows})") == [(2,)]  # Langedijk after its end, and a code of nobody
    assert db.rows("SELECT count(*) FROM incident") == [(4,)]
