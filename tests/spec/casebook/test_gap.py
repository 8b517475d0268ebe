"""The difference between incidents and reports taken apart, as a manager could read it."""

from __future__ import annotations

import pytest

from tests.worlds import World

PARTS = ("scope", "not_yet_arrived", "covered", "follow_ups", "missed_links", "false_links", "truly_absent")


def parts(world: World, municipality: str = "alle", period: str = "alle") -> dict[str, float]:
    """Return the parts of one municipality and period, rounded."""
    rows = world.db.rows(
        "SELECT part, expected FROM gap_part WHERE municipality_code = ? AND period = ?", [municipality, period]
    )
    return {part: round(expected, 1) for part, expected in rows}


@pytest.fixture(scope="module")
def region() -> World:
    """Two municipalities: what each incident is stands beside it."""
    world = World()
    world.incident(1, "2025-01-05 20:00:00", "anna", "bram:verdachte").report("R1", "2025-01-07 09:00:00", "anna")
    world.incident(2, "2025-01-06 20:00:00", "cor", "dina:verdachte")  # no report
    world.incident(3, "2025-01-08 20:00:00", "eef", record_status="ingetrokken")  # out of scope
    world.incident(4, "2025-02-01 20:00:00", "gijs", incident_municipality_code="GM0109")  # no report
    world.incident(5, "2025-03-25 20:00:00", "hans", incident_municipality_code="GM0109")  # young
    world.report("R2", "2025-02-10 09:00:00", "ine")  # of no incident
    return world.households().reconcile()


def test_the_parts_sum_to_the_raw_difference(region: World) -> None:
    told = parts(region)
    assert told["raw_difference"] == 5 - 2
    assert sum(told[name] for name in PARTS) == pytest.approx(told["raw_difference"], abs=0.3)
    rows = region.db.rows(
        "SELECT municipality_code, period, sum(expected) FILTER (part <> 'raw_difference'), "
        "sum(expected) FILTER (part = 'raw_difference') FROM gap_part GROUP BY ALL"
    )
    assert len(rows) == 1 + 2 + 3 + 4
    assert all(made == pytest.approx(raw, abs=1e-9) for _, _, made, raw in rows)


def test_what_is_counted_is_counted(region: World) -> None:
    told = parts(region)
    assert (told["scope"], told["covered"]) == (1, 0)
    assert told["follow_ups"] == 1 - 2, "one incident has a report, the police sent two"


def test_a_municipality_has_its_own_incidents(region: World) -> None:
    assert parts(region, "GM0109")["raw_difference"] == 2
    assert parts(region, "GM0118", "2025-01")["raw_difference"] == 3 - 1
    assert parts(region, "GM0118", "2025-02")["raw_difference"] == 0 - 1, "a month with a report and no incident"


def test_the_estimate_is_near_what_was_seen_where_nothing_speaks_against_it(region: World) -> None:
    [(judged, unmatched, absent, low, high, rate)] = region.db.rows(
        "SELECT judged, unmatched, absent, absent_low, absent_high, gap_rate FROM gap_estimate "
        "WHERE municipality_code = 'alle' AND period = 'alle'"
    )
    assert (judged, unmatched) == (3, 2)
    assert low <= absent <= high
    assert 1.5 <= absent <= 2.5
    assert rate == pytest.approx(absent / judged)


def test_totals_are_narrower_than_the_sum_of_their_cells() -> None:
    world = World()
    for number in range(1, 61):
        place = "GM0118" if number % 2 else "GM0109"
        world.incident(number, "2025-01-05 20:00:00", f"a{number}", incident_municipality_code=place)
        if number % 3:
            world.report(f"R{number}", "2025-01-07 09:00:00", f"a{number}")
    world.households().reconcile()
    widths = dict(
        world.db.rows("SELECT municipality_code, absent_high - absent_low FROM gap_estimate WHERE period = 'alle'")
    )
    assert 0 < widths["alle"] <= widths["GM0109"] + widths["GM0118"]


def test_a_region_in_which_nothing_counts_has_no_gap() -> None:
    world = World().incident(1, "2025-01-05 20:00:00", "anna", record_status="ingetrokken").households().reconcile()
    [told] = world.db.rows("SELECT judged, absent, gap_rate FROM gap_estimate WHERE period = 'alle' LIMIT 1")
    assert told == (0, 0.0, None)
    assert parts(world)["scope"] == parts(world)["raw_difference"] == 1
