"""The colour of a household: the rule with its factors, and what becomes of a colour that a person gave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from linkage.colours import Override
from tests.spec.families.tables import AS_OF, again, describe, told
from tests.worlds import World


def happen(world: World, name: str, number: int, *ago: int, **values: Any) -> None:
    for place, days in enumerate(ago):
        world.incident(100 * number + place, str(AS_OF - timedelta(days=days)), name, **values)


def test_the_colour_of_a_household_and_the_factors_that_made_it() -> None:
    world = World()
    happen(world, "one", 1, 10)
    happen(world, "two", 2, 10, 20)
    happen(world, "three", 3, 10, 20, 30)
    happen(world, "four", 4, 10, 20, 30, 40)
    happen(world, "weapon", 5, 10, weapon_used="J")
    happen(world, "no_weapon", 10, 10, weapon_used="onbekend")
    happen(world, "injury", 6, 10, mk_code="F551")
    happen(world, "order", 7, 10, exclusion_order=True, weapon_used="J")
    happen(world, "long_ago", 8, 1000, 1010, 1020, 1030, exclusion_order=True)
    happen(world, "acute", 9, 10)
    world.report("R1", "2025-12-29", "acute", safety_outcome="acuut_onveilig")
    world.report("R2", "2025-12-29", "acute_alone", safety_outcome="acuut_onveilig")
    world.report("R3", "2025-12-29", "report_alone", safety_outcome="veilig")
    describe(world)
    expected = {
        "one": ("green", ["one_incident"]),
        "two": ("yellow", ["two_incidents"]),
        "three": ("orange", ["three_incidents"]),
        "four": ("red", ["four_incidents"]),
        "weapon": ("orange", ["weapon", "one_incident"]),
        "no_weapon": ("green", ["one_incident"]),
        "injury": ("orange", ["injury", "one_incident"]),
        "order": ("red", ["exclusion_order", "weapon", "one_incident"]),
        "long_ago": ("green", ["older_incidents"]),
        "acute": ("red", ["acutely_unsafe", "one_incident"]),
        "acute_alone": ("red", ["acutely_unsafe"]),
        "report_alone": None,
    }
    assert told(world, "household_colour", "severity, factors", *expected) == expected
    assert told(world, "unified_case", "severity", "four", "report_alone") == {"four": "red", "report_alone": None}
    assert told(world, "incident", "severity", "weapon", "acute") == {"weapon": "orange", "acute": "red"}


def test_the_colour_of_a_month_ago_knows_nothing_of_what_came_since() -> None:
    world = World()
    happen(world, "up", 1, 10, 40)
    happen(world, "new", 2, 10)
    happen(world, "down", 3, 720, 740)
    describe(world)
    columns = "severity_month_ago, severity_by_rule"
    assert told(world, "household_colour", columns, "up", "new", "down") == {
        "up": ("green", "yellow"),
        "new": (None, "green"),
        "down": ("yellow", "green"),
    }


def given(world: World, number: int, name: str, severity: str, until: date = date(2026, 6, 30)) -> Override:
    """Return an override of the household of a person as it is now, given before the next run."""
    [(household,)] = world.db.rows("SELECT household_id FROM household_member WHERE person_id = ?", [f"p-{name}"])
    records = world.db.rows(
        "SELECT source_id, record_kind, record_id FROM record_household WHERE household_id = ?", [household]
    )
    return Override(number, "2025-12-31", household, severity, until, "run-0", tuple((a, b, c) for a, b, c in records))


def outcomes(world: World) -> list[tuple[Any, ...]]:
    return world.db.rows("SELECT override_id, outcome FROM household_override ORDER BY ALL")


def test_a_person_may_raise_or_lower_the_colour_until_a_day() -> None:
    world = World()
    happen(world, "calm", 1, 10)
    happen(world, "often", 2, 10, 20, 30, 40)
    happen(world, "over", 3, 10)
    world.report("R1", "2025-12-01", "no_rule")
    describe(world)
    overrides = [
        given(world, 1, "calm", "red"),
        given(world, 2, "often", "yellow"),
        given(world, 3, "over", "red", date(2025, 12, 30)),
        given(world, 4, "no_rule", "orange"),
    ]
    again(world, overrides)
    columns = "severity, severity_by_rule, override_id"
    assert told(world, "household_colour", columns, "calm", "often", "over", "no_rule") == {
        "calm": ("red", "green", 1),
        "often": ("yellow", "red", 2),
        "over": ("green", "green", None),
        "no_rule": ("orange", None, 4),
    }
    assert outcomes(world) == [(1, "applied"), (2, "applied"), (3, "expired"), (4, "applied")]
    assert told(world, "unified_case", "severity", "often") == {"often": "yellow"}
    again(world)
    assert told(world, "unified_case", "severity", "often") == {"often": "red"}


def test_the_latest_override_of_a_household_counts() -> None:
    world = World()
    happen(world, "anna", 1, 10)
    describe(world)
    again(world, [given(world, 1, "anna", "red"), given(world, 2, "anna", "orange")])
    assert outcomes(world) == [(1, "superseded"), (2, "applied")]
    assert told(world, "household_colour", "severity", "anna") == {"anna": "orange"}


def test_after_a_merge_an_override_raises_the_colour_and_lowers_none() -> None:
    """Anna's family was red by a person, Bert's green; they turn out to be one family, orange by the rule."""
    world = World()
    happen(world, "anna", 1, 10)
    happen(world, "bert", 2, 15, weapon_used="J")
    describe(world)
    raised, lowered = given(world, 1, "anna", "red"), given(world, 2, "bert", "green")
    world.report("R1", "2025-12-30", "anna", "bert")
    describe(world, overrides=[lowered])
    assert (told(world, "household_colour", "severity", "anna"), outcomes(world)) == (
        {"anna": "orange"},
        [(2, "changed")],
    )
    again(world, [raised, lowered])
    assert told(world, "household_colour", "severity, override_id", "anna") == {"anna": ("red", 1)}
    assert outcomes(world) == [(1, "applied"), (2, "changed")]
    ended = Override(**{**vars(lowered), "override_id": 3, "severity": "red", "until_date": date(2025, 12, 30)})
    again(world, [raised, ended])
    assert outcomes(world) == [(1, "applied"), (3, "expired")]


def test_after_a_split_both_families_keep_what_raised_them() -> None:
    world = World().report("R1", "2025-12-01", "anna", "bert", case="C1")
    happen(world, "anna", 1, 10)
    happen(world, "bert", 2, 15)
    describe(world)
    override = given(world, 1, "anna", "red")
    apart = World()
    apart.db = world.db
    happen(apart, "anna", 1, 10)
    happen(apart, "bert", 2, 15)
    describe(apart, overrides=[override])
    assert told(apart, "household_colour", "severity", "anna", "bert") == {"anna": "red", "bert": "red"}
    again(apart, [Override(**{**vars(override), "severity": "green"})])
    assert {outcome for _, outcome in outcomes(apart)} == {"changed"}


def test_an_override_waits_while_its_records_are_gone() -> None:
    world = World()
    happen(world, "anna", 1, 10)
    describe(world)
    override = given(world, 1, "anna", "red")
    gone = World().incident(900, "2025-12-01", "zoe")
    gone.db = world.db
    describe(gone, overrides=[override])
    assert outcomes(gone) == [(1, "waiting")]
    assert told(gone, "household_colour", "severity", "zoe") == {"zoe": "green"}
