"""Tags by coded fields alone; hand-overs and what the records show of them since."""

from __future__ import annotations

from typing import Any

import pytest

from linkage import contracts, definitions
from linkage.errors import ContractError
from tests.spec.families.tables import describe, told
from tests.worlds import World

OLD, YOUNG = {"born": "19550101"}, {"born": "19950101"}


def test_tags_of_a_household_with_what_gave_them() -> None:
    world = World()
    world.report(
        "R1",
        "2025-01-10",
        {"name": "elder", **YOUNG},
        nature_of_violence=["ouderenmishandeling", "geweld_tegen_ouders"],
    )
    world.report("R2", "2025-02-10", "elder", nature_of_violence=["ouderenmishandeling"])
    world.report("R3", "2025-01-10", {"name": "victim:slachtoffer", **OLD}, "son:pleger")
    world.incident(4, "2025-01-10", {"name": "mother:benadeelde", **OLD}, "boy:verdachte", relation_type="Kind-ouder ")
    world.incident(5, "2025-01-10", {"name": "stranger", **OLD}, "thief:verdachte", relation_type="onbekend")
    world.incident(
        6, "2025-01-10", {"name": "young", **YOUNG}, {"name": "father:verdachte", **OLD}, relation_type="ouder-kind"
    )
    world.report(
        "R7", "2025-01-10", {"name": "divorced", **YOUNG}, additional_info=["complexe_scheiding", "eergerelateerd"]
    )
    world.report(
        "R8", "2025-01-10", {"name": "bride", **YOUNG}, additional_info=["huwelijksdwang", "eergerelateerd", "middelen"]
    )
    world.report("R9", "2025-01-10", {"name": "girl", **YOUNG}, additional_info=["loverboys", "seksueel_geweld"])
    world.incident(10, "2025-01-10", {"name": "raped", **YOUNG}, mk_code="F521", dv_form="Seksueel")
    world.incident(11, "2025-01-10", "withdrawn", mk_code="F521", record_status="ingetrokken")
    world.incident(12, "2025-01-10", "hit", mk_code="F550", dv_form="lichamelijk")
    describe(world)
    names = ("elder", "victim", "mother", "stranger", "young", "divorced", "bride", "girl", "raped", "withdrawn", "hit")
    assert told(world, "household_tag", "tag, evidence, records", *names) == {
        "elder": ("elder_abuse", "nature_of_violence", 2),
        "victim": ("elder_abuse", "victim_from_age", 1),
        "mother": ("elder_abuse", "victim_from_age", 1),
        "stranger": None,
        "young": None,
        "divorced": [("complex_divorce", "additional_info", 1), ("honour_related", "additional_info", 1)],
        "bride": ("honour_related", "additional_info", 1),
        "girl": [("sexual_violence", "additional_info", 1), ("trafficking", "additional_info", 1)],
        "raped": [("sexual_violence", "dv_form", 1), ("sexual_violence", "mk_code", 1)],
        "withdrawn": None,
        "hit": None,
    }


def test_a_child_on_two_reports_is_at_risk_and_two_children_on_one_each_are_not() -> None:
    kim, tim = {"name": "kim:getuige_kind", "born": "20150301"}, {"name": "tim:getuige_kind", "born": "20160301"}
    world = World()
    world.report("R1", "2025-01-10", "anna", kim).report("R2", "2025-06-10", case="C-R1")
    world.report("R3", "2025-01-10", "bea", tim)
    world.report("R4", "2025-01-10", "cor", {"name": "grown:getuige_kind", "born": "20070301"})
    world.report("R5", "2025-06-10", case="C-R4")
    describe(world)
    assert told(world, "household_tag", "tag, records", "anna", "bea", "cor") == {
        "anna": ("child_at_risk", 2),
        "bea": None,
        "cor": None,
    }


@pytest.mark.parametrize("section", ["tags", "terms"])
def test_a_tag_or_a_term_that_no_code_list_knows_is_refused(section: str, tmp_path: Any, monkeypatch: Any) -> None:
    text = (contracts.SCHEMAS / "family.toml").read_text(encoding="utf-8")
    (tmp_path / "family.toml").write_text(f'{text}\n[{section}.unheard]\nnl = "?"\n', encoding="utf-8")
    lists = {name: contracts.codes(name) for name in ("family_tag", "term")}
    monkeypatch.setattr(contracts, "SCHEMAS", tmp_path)
    monkeypatch.setattr(contracts, "codes", lists.__getitem__)
    with pytest.raises(ContractError, match=rf"family.toml: {section} are not those"):
        definitions.family.__wrapped__()


HANDED = {"transfer_at": "2025-12-01 10:00:00"}
TRANSFERS = [
    ("nothing since", {"transfer_to": "lokaal team"}, ("lokaal_team", "open", 30)),
    ("closed a day later", {"transfer_to": "Jeugdteam", "closed_at": "2025-12-02"}, ("jeugdhulp", "closed", None)),
    ("closed after the day of the run", {"transfer_to": "RvdK", "closed_at": "2026-01-05"}, ("raad", "open", 30)),
    ("watched", {"transfer_to": "GGZ Drenthe", "monitoring_start": "2025-12-10"}, ("ggz", "monitored", None)),
    (
        "watched no more, and the case is open",
        {"transfer_to": "", "monitoring_start": "2025-12-10", "monitoring_end": "2025-12-20"},
        ("onbekend", "open", 30),
    ),
    ("to whom the source alone knows", {"transfer_to": "Jan de Vries"}, ("anders", "open", 30)),
]


@pytest.fixture(scope="module")
def handed() -> World:
    """A transfer of each kind, of a family of its own."""
    told = World()
    for number, (_, values, _) in enumerate(TRANSFERS):
        told.report(f"R{number}", "2025-11-10", f"anna{number}", **HANDED, **values)
    return describe(told)


@pytest.mark.parametrize("number", range(len(TRANSFERS)), ids=[s for s, _, _ in TRANSFERS])
def test_a_transfer_and_what_became_of_it(number: int, handed: World) -> None:
    query = "SELECT recipient, state, days_open FROM household_handover WHERE record_id = ?"
    assert handed.db.rows(query, [f"R{number}"]) == [TRANSFERS[number][2]]


def test_a_care_report_waits_until_a_report_answers_its_incident() -> None:
    world = World()
    world.incident(1, "2025-11-01", "answered").care(1, "Z1").report("R1", "2025-11-03", "answered")
    world.incident(2, "2025-11-01", "unheard").care(2, "Z2")
    world.incident(3, "2025-11-01", "failed").care(3, "Z3")
    world.report("R4", "2025-10-01", "covered").incident(4, "2025-11-01", "covered").care(4, "Z4")
    world.incident(5, "2025-11-01", "gone", record_status="ingetrokken").care(5, "Z5")
    world.tables["care_report"][2] |= {"delivery_status": "mislukt", "sent_at": "2025-11-02 09:00:00"}
    describe(world)
    names = ("answered", "unheard", "failed", "covered", "gone")
    assert told(world, "household_handover", "kind, state, days_open", *names) == {
        "answered": ("care_report", "answered", None),
        "unheard": ("care_report", "open", 60),
        "failed": ("care_report", "failed", 59),
        "covered": ("care_report", "covered", None),
        "gone": None,
    }
    assert told(world, "household_today", "handovers_open, oldest_handover_days", "unheard") == {"unheard": (1, 60)}
