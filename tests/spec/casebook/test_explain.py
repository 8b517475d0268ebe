"""Why an incident has its status, and why two mentions are one person or two, told without a name."""

from __future__ import annotations

from datetime import date
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from linkage import cli_explain, pairs
from linkage.config import Config, Linkage
from linkage.errors import UsageError
from linkage.explain import explain, explain_pair, steps
from linkage.explain.recompute import recompute
from linkage.explain.steps import published_model
from linkage.pairs import PERSONS
from tests.nights import Night
from tests.worlds import World, fill

AS_OF = date(2025, 12, 31)


@pytest.fixture(scope="module")
def world() -> World:
    made = World().incident(1, "2025-01-10", "anna", "bert:verdachte", "nel:melder").incident(2, "2025-01-20", "anna")
    made.report("R0", "2024-12-01", "anna", closed_at="2024-12-20").report("R1", "2025-01-22", "anna", "bert")
    made.incident(3, "2025-01-10", "cor").report("R3", "2025-01-12", "dora").maybe("cor", "dora")
    made.incident("PL0900-2025000009", "2025-01-10", "eef", source_id="politie-on")
    made.incident("PL0900-2025000009", "2025-01-10", "fay").reconcile(AS_OF)
    left, right = (
        made.db.rows("SELECT mention_id FROM mention JOIN mention_person USING (mention_id) WHERE person_id = ?", [p])[
            0
        ][0]
        for p in ("p-cor", "p-dora")
    )
    pair = {"left_id": min(left, right), "right_id": max(left, right), "match_probability": 0.7}
    fill(made.db, "pair", [pair | {"match_weight": 1.2, "pattern": 5, "rules": 1}])
    return made


def told(world: World, number: int, **values: Any) -> dict[str, Any]:
    return explain(world.db, f"PL0100-2025{number:06d}", **values).as_dict()


def shown(what: Any) -> str:
    """Return what the terminal shows of an explanation."""
    terminal = Console(file=StringIO(), width=110, highlight=False)
    show = cli_explain.show_incident if hasattr(what, "incident") else cli_explain.show_pair
    show(terminal, what)
    assert isinstance(terminal.file, StringIO)
    return terminal.file.getvalue()


def test_an_unmatched_incident_tells_which_reports_answer_others(world: World) -> None:
    found = told(world, 1)
    assert (found["incident"]["status"], found["links"]) == ("unmatched", [])
    assert found["rule"] == "rule 8: none of the rules applies; what explains it first: no_trace"
    assert [(r["report_id"], r["why_not"]) for r in found["not_chosen"]] == [
        ("R1", "it answers PL0100-2025000002: a report answers the latest incident, or those it names"),
        ("R0", "it came before the incident"),
    ]
    assert [(p["person_id"], p["role"], p["standing"]) for p in found["persons"]] == [
        ("p-anna", "slachtoffer", "principal"),
        ("p-bert", "verdachte", "principal"),
        ("p-nel", "melder", "outsider"),
    ]


def test_a_matched_incident_tells_its_answer(world: World) -> None:
    found = told(world, 2)
    assert [(link["report_id"], link["is_answer"], link["delay_days"]) for link in found["links"]] == [("R1", True, 2)]
    assert found["rule"].startswith("rule 2")


def test_an_incident_to_review_tells_the_evidence(world: World) -> None:
    (pair,) = told(world, 3)["evidence"]
    assert (pair["person_id"], pair["other_person_id"], pair["is_same_person"]) == ("p-cor", "p-dora", False)
    assert [(p["comparison"], p["level"]) for p in pair["parts"]] == [
        ("start", ""),
        ("identifier", "equal"),
        ("source_person", "equal"),
    ]


def test_the_terminal_tells_the_same_and_names_nobody(world: World) -> None:
    found = explain(world.db, "PL0100-2025000003")
    text = shown(found)
    for word in ("review", "R3", "possible", "identifier equal", f"{found.evidence[0]['parts'][1]['weight']:+.1f}"):
        assert word in text
    names = {str(m[column]) for m in world.mentions for column in ("surname", "birth_date")}
    assert not [name for name in names if name in text]


@pytest.mark.parametrize(
    ("number", "message"),
    [("PL0100-2099000001", "no incident has this number"), ("PL0900-2025000009", "several sources")],
)
def test_a_number_that_does_not_lead_to_one_incident(world: World, number: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        explain(world.db, number)
    assert explain(world.db, "PL0900-2025000009", "politie-on").incident["source_id"] == "politie-on"


SAME = {
    "surname": "terpstra",
    "surname_sound": "trpstr",
    "given_name": "wietske",
    "initials": "w",
    "born": "19800402",
    "sex": "V",
    "postcode": "7901AB",
    "house_number": 12,
    "bsn_hmac": "h1",
}
OTHER = {
    "birth": {"born": "19630817"},
    "given": {"given_name": "klaas", "initials": "k"},
    "address": {},
    "identifier": {"bsn_hmac": "h2"},
}


MOVED = {"postcode": "7812XY", "house_number": 7}
"""One address would make one household, and that a link."""


def one_of_each(seen: dict[str, Any]) -> World:
    """Return a world in which an incident and a report in time name two people alike but for address and ``seen``."""
    alike = {column: value for column, value in SAME.items() if column != "bsn_hmac" or "bsn_hmac" in seen}
    made = World().incident(1, "2025-01-10", {"name": "gaby"} | alike)
    made.report("R1", "2025-01-12", {"name": "hes"} | alike | MOVED | seen)
    for number in range(40):
        made.incident(100 + number, "2025-01-10", f"other{number}")
    return made.reconcile(AS_OF)


@pytest.mark.parametrize("comparison", OTHER)
def test_why_not_names_the_comparison_that_cost_most(comparison: str) -> None:
    (found,) = told(one_of_each(OTHER[comparison]), 1)["shortfalls"]
    assert (found["left"]["person_id"], found["right"]["person_id"]) == ("p-gaby", "p-hes")
    assert (found["report_id"], found["delay_days"], found["is_stored"]) == ("R1", 2, False)
    assert found["costliest"]["comparison"] == comparison
    assert found["costliest"]["best_level"] == "equal"
    assert comparison in found["why_not"]


def test_the_lift_is_what_the_weight_would_gain() -> None:
    (found,) = told(one_of_each(OTHER["birth"]), 1)["shortfalls"]
    (whole,) = told(one_of_each({}), 1)["shortfalls"]
    gain = whole["match_weight"] - found["match_weight"]
    # The other birth date made the shared one rarer: its band may be the next one, of two bits.
    assert found["costliest"]["lift"] == pytest.approx(gain, abs=2.5)
    (identified,) = told(one_of_each({"bsn_hmac": "h1"}), 1)["shortfalls"]
    assert "alike enough" in identified["why_not"]


def test_a_report_that_came_too_late_and_people_of_the_incident_are_no_candidates() -> None:
    far = World().incident(1, "2025-01-10", {"name": "gaby"} | SAME)
    far.report("R1", "2026-02-12", {"name": "hes"} | SAME).reconcile(date(2026, 12, 31))
    assert told(far, 1)["shortfalls"] == []
    near = World().incident(1, "2025-01-10", {"name": "gaby"} | SAME, {"name": "hes"} | SAME | OTHER["birth"])
    near.incident(2, "2025-01-11", "hes").report("R1", "2025-01-12", {"name": "hes"} | SAME).reconcile(AS_OF)
    assert told(near, 1)["shortfalls"] == []
    assert "Nobody on a report" in shown(explain(far.db, "PL0100-2025000001"))


def test_a_candidate_that_no_rule_finds_is_said_so() -> None:
    apart = {"surname_sound": "klsn", "surname": "klaassen", "house_number": 99, "initials": "k", "given_name": "klaas"}
    made = World().incident(1, "2025-01-10", {"name": "gaby", "born": "19800402"})
    made.report("R1", "2025-01-12", {"name": "hes", "born": "19800402"} | apart).reconcile(AS_OF)
    (found,) = told(made, 1)["shortfalls"]
    assert found["rules"] == ()
    assert found["why_not"].startswith("no blocking rule brings the two together")


@pytest.mark.slow
def test_the_parts_of_every_pair_of_a_night_sum_to_its_score(night: Night) -> None:
    with night.restricted() as db:
        model = published_model(db, night.model)
        [(count,)] = db.rows("SELECT count(*) FROM pair")
        patterns = db.rows("SELECT DISTINCT pattern, match_weight FROM pair")
    assert count > 500
    for pattern, weight in patterns:
        parts = steps(model, pattern)
        assert abs(sum(part.weight for part in parts) - weight) < 1e-9
        assert abs(parts[-1].after - weight) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("use_relations", [True, False])
def test_every_pair_of_a_night_compared_anew_shows_the_same_pattern(night: Night, use_relations: bool) -> None:
    """All compared pairs, also those that no table keeps: the context is told from the cores that the night kept."""
    with night.in_memory("mention") as db:
        pairs.link(db, Config(linkage=Linkage(use_relations=use_relations)), lambda _: None)
        kept = {(a, b): pattern for a, b, pattern in db.rows("SELECT left_id, right_id, pattern FROM pair_score")}
        anew = recompute(db, kept)
    assert anew.keys() == kept.keys()
    assert [pair for pair in kept if kept[pair] != anew[pair].pattern] == []
    level = PERSONS.by_name["context"].level_of(np.array(list(kept.values())))
    assert len(np.unique(level)) > 3 if use_relations else (level == 0).all()


@pytest.mark.slow
def test_the_cores_of_the_night_are_published(night: Night) -> None:
    with night.restricted() as db:
        kept = {(a, b): pattern for a, b, pattern in db.rows("SELECT left_id, right_id, pattern FROM pair")}
        anew = recompute(db, kept)
    assert {pair: found.pattern for pair, found in anew.items()} == kept


@pytest.mark.slow
def test_a_pair_is_explained_by_mentions_and_by_persons(night: Night) -> None:
    with night.restricted() as db:
        key = "concat_ws(':', m.source_id, m.record_kind, m.record_id, m.person_seq)"
        ((left, right, weight),) = db.rows(
            f"""SELECT (SELECT {key} FROM mention m WHERE mention_id = left_id),
            (SELECT {key} FROM mention m WHERE mention_id = right_id), match_weight FROM pair ORDER BY ALL LIMIT 1"""
        )
        found = explain_pair(db, left, right, model=night.model)
        assert (str(found.left), str(found.right), found.is_stored) == (left, right, True)
        assert found.match_weight == pytest.approx(weight, abs=1e-9)
        assert f"weight {weight:+.1f}" in shown(found)
        one, other = (row[0] for row in db.rows("SELECT person_id FROM person ORDER BY person_id LIMIT 2"))
        persons = explain_pair(db, one, other, model=night.model)
        assert (persons.left.person_id, persons.right.person_id) == (one, other)
        assert sum(part.weight for part in persons.parts) == pytest.approx(persons.match_weight, abs=1e-9)
        with pytest.raises(UsageError, match="both mentions are the same one"):
            explain_pair(db, left, left, model=night.model)
        with pytest.raises(UsageError, match="PERSON_B is not among"):
            explain_pair(db, one, "PNOBODY", model=night.model)
