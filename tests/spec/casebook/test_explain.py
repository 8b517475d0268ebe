"""Why an incident has its status, told without a name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from linkage.errors import UsageError
from linkage.explain import explain
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
    fill(made.db, "pair", [pair | {"match_weight": 1.2, "pattern": 5}])
    return made


def told(world: World, number: int, **values: Any) -> dict[str, Any]:
    return explain(
        world.db, f"PL0100-2025{number:06d}", describe=lambda *_: [("surname", "equal", 4.5)], **values
    ).as_dict()


def test_an_unmatched_incident_tells_which_reports_answer_others(world: World) -> None:
    found = told(world, 1)
    assert (found["incident"]["status"], found["links"]) == ("unmatched", [])
    assert "no_trace" in found["rule"] or "known" in found["rule"]
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
    assert pair["parts"] == [{"comparison": "surname", "level": "equal", "weight": 4.5}]


def test_the_text_tells_the_same_and_names_nobody(world: World) -> None:
    text = explain(world.db, "PL0100-2025000003", describe=lambda *_: [("surname", "equal", 4.5)]).text()
    for word in ("review", "R3", "possible", "surname equal", "+4.5"):
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
