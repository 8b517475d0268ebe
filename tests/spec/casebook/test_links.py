"""Which incident a report answers, why, and how surely: rows in, rows out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linkage.config import Config
from tests.worlds import World

AS_OF = date(2025, 12, 31)
FIRST, SECOND = "2025-01-10", "2025-01-13"
"""Two nights of one family, three days apart."""


def two_nights(**config: Any) -> World:
    """Return two nights of anna, and a region of sixty families of whom a report came two days later."""
    world = World(Config(casebook=config)).incident(1, FIRST, "anna").incident(2, SECOND, "anna")
    for n in range(100, 160):
        world.incident(n, FIRST, f"f{n}").report(f"F{n}", "2025-01-12", f"f{n}")
    return world


def links(world: World) -> dict[tuple[str, str], tuple[str, str]]:
    """Return class and reason of the links of anna's incidents, by incident and report."""
    rows = world.db.rows("SELECT incident_number, report_id, link_class, reason FROM incident_link")
    return {(i[-1], r): (kind, why) for i, r, kind, why in rows if i[-6:] in ("000001", "000002")}


def chances(world: World) -> dict[tuple[str, str], float]:
    """Return the probability of every candidate of anna's incidents, by incident and report."""
    rows = world.db.rows(
        "SELECT incident_number, report_id, match_probability FROM link_candidate UNION ALL "
        "SELECT incident_number, report_id, match_probability FROM incident_link WHERE reason <> 'number'"
    )
    return {(i[-1], r): chance for i, r, chance in rows if i[-6:] in ("000001", "000002")}


REFERENCES = [
    ("as the police write it", "PL0100-2025000001", "number"),
    ("spaces and case", " pl0100 2025000001", "number_repaired"),
    ("a sequence behind it", "PL0100-2025000001-1", "number_repaired"),
    ("no unit", "2025000001", "number_without_unit"),
    ("a care report", "ZOF2025-0000001", "care_report_number"),
    ("a care report, typed in another way", "zof2025 0000001", "care_report_number_repaired"),
    ("both numbers: the plainest is told", "ZOF2025-0000001, PL0100-2025000001", "number_repaired"),
]


@pytest.fixture(scope="module")
def referred() -> dict[str, tuple[str, str, float]]:
    """Class, reason and probability of the link of each reference above, each in a family of its own."""
    world = World()
    for n, (_, typed, _) in enumerate(REFERENCES, 1):
        world.incident(n, FIRST, f"a{n}").care(n, f"ZOF2025-{n:07d}")
        world.report(f"R{n}", "2025-01-12", f"b{n}", reporter_reference=typed.replace("000001", f"{n:06d}"))
    world.reconcile(AS_OF)
    rows = world.db.rows("SELECT report_id, link_class, reason, match_probability FROM incident_link")
    return {report: (kind, reason, chance) for report, kind, reason, chance in rows}


@pytest.mark.parametrize("number", range(1, len(REFERENCES) + 1), ids=[r[0] for r in REFERENCES])
def test_a_reference_says_whether_it_was_repaired(referred: dict[str, tuple[str, str, float]], number: int) -> None:
    assert referred[f"R{number}"] == ("reference", REFERENCES[number - 1][2], 1.0)


def test_the_latest_incident_is_answered_and_the_other_is_told_as_a_candidate() -> None:
    """The contract: one report answers the latest incident. What it is likely about is told beside it."""
    world = two_nights().report("R1", "2025-01-14", "anna").report("R2", "2025-01-14", "anna").reconcile(AS_OF)
    assert links(world) == {("2", r): ("probabilistic", "latest_of_persons") for r in ("R1", "R2")}
    assert world.status(1)[0] == "unmatched"
    found = chances(world)
    assert all(0.3 < found[i, r] < 0.7 for i in "12" for r in ("R1", "R2")), found


def test_where_the_settings_say_likeliest_a_number_frees_the_other_night() -> None:
    """R2 names the second night, so that R1 is about the first, though the second is the latest."""
    for rule, answered in (("latest", "2"), ("likeliest", "1")):
        world = two_nights(assignment=rule).report("R1", "2025-01-14", "anna")
        world.report("R2", "2025-01-15", "anna", reporter_reference="PL0100-2025000002").reconcile(AS_OF)
        assert links(world) == {
            (answered, "R1"): ("probabilistic", f"{rule}_of_persons"),
            ("2", "R2"): ("reference", "number"),
        }
        found = chances(world)
        assert found["1", "R1"] > 0.8
        assert found.get(("2", "R1"), 0.0) < 0.01, "below a chance in a hundred it is no candidate"


def test_a_report_a_year_later_is_hardly_about_it_though_it_answers() -> None:
    world = two_nights().report("R1", "2025-12-20", "anna").reconcile(AS_OF)
    assert world.status(2)[0] == "matched_very_late"
    assert world.db.rows("SELECT match_probability < 0.6 FROM incident_link WHERE report_id = 'R1'") == [(True,)]


def test_a_doubtful_answer_is_only_possible_where_the_likeliest_is_asked() -> None:
    world = two_nights(assignment="likeliest")
    for r in "123":
        world.report(f"R{r}", "2025-02-20", "anna")
    world.reconcile(AS_OF)
    assert {kind for kind, _ in links(world).values()} <= {"possible"}


def test_another_reporter_beside_the_police_says_so() -> None:
    world = two_nights().report("R1", "2025-01-14", "anna")
    world.report("S1", "2025-01-14", "anna", reporter_category="onderwijs").reconcile(AS_OF)
    assert links(world)["2", "S1"] == ("possible", "other_reporter")


def test_a_household_without_a_shared_person_says_so() -> None:
    world = World().incident(1, FIRST, "anna", "bert:verdachte")
    world.incident("PL0100-2024000001", "2024-01-01", "bert:verdachte", "cor")
    world.report("R1", "2025-01-12", "cor").reconcile(AS_OF)
    assert links(world)["1", "R1"] == ("household", "latest_of_household")


def test_a_possible_person_says_so_and_keeps_both_probabilities() -> None:
    world = World().incident(1, FIRST, "anna").report("R1", "2025-01-12", "dora").maybe("anna", "dora", 0.7)
    world.reconcile(AS_OF)
    assert links(world) == {("1", "R1"): ("possible", "possible_person")}
    [(persons, about)] = world.db.rows("SELECT persons_probability, match_probability FROM incident_link")
    assert persons == 0.7
    assert 0 < about < 1


def test_the_order_of_delivery_changes_no_probability() -> None:
    def build(order: list[int]) -> list[tuple[Any, ...]]:
        world = World()
        for n in order:
            world.incident(n, f"2025-01-{n + 10}", f"p{n % 3}").report(f"R{n}", f"2025-01-{n + 12}", f"p{n % 3}")
        world.reconcile(AS_OF)
        return world.db.rows("SELECT * FROM incident_link ORDER BY ALL")

    assert build([1, 2, 3, 4, 5, 6]) == build([6, 3, 1, 5, 2, 4])
