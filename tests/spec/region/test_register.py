"""The register of partners and agreements: rows in, decisions out."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from linkage import register as decide
from linkage.config import load
from linkage.errors import ConfigError
from linkage.municipalities import counted_as
from tests.spec.region.registers import WHOLE, register, rows

DAYS = st.dates(date(2022, 1, 1), date(2026, 12, 31))

DELIVERIES = """
day         source       profile       kinds                 decision
2023-06-01  politie-nh   politie_bvh   incident,care_report  taken in
2024-06-30  politie-nh   politie_bvh   incident,care_report  taken in
2024-07-01  politie-nh   politie_bvh   incident              taken in
2024-07-01  politie-nh   politie_bvh   incident,care_report  no care_report: police-2023 ended with 2024-06-30
2022-12-31  politie-nh   politie_bvh   incident              no incident: police-2023 begins on 2023-01-01
2030-01-01  politie-nh   politie_bvh   incident              taken in
2024-08-15  vt-two       veilig_thuis  case_report           taken in
2024-08-16  vt-two       veilig_thuis  case_report           no case_report: vt-two ended with 2024-08-15
2024-08-16  vt-two       veilig_thuis  -                     taken in
2024-08-16  vt-one       ashg_2010     case_report           another profile
2024-08-16  vt-one       veilig_thuis  incident              no incident: there is none
2024-08-16  politie-xx   politie_bvh   incident              no such source
"""

RECEIVED = """
day         partner  product  decision
2024-05-01  police   lists    GM0361,GM0450,GM1980 identifying police-2023
2024-06-30  police   lists    GM0361,GM0450,GM1980 identifying police-2023
2024-07-01  police   lists    not: police-2023 ended with 2024-06-30
2024-06-30  vt-one   page     GM0361,GM1980 identifying vt-one
2024-07-01  vt-one   page     GM0361,GM0450,GM1980 identifying vt-one
2021-07-01  vt-one   page     GM0361,GM1980 identifying vt-one
2024-08-15  vt-two   page     GM0450 pseudonymous vt-two
2024-08-16  vt-two   page     not: vt-two ended with 2024-08-15
2024-12-31  om       agenda   not: om-alkmaar begins on 2025-01-01
2025-01-01  om       agenda   GM0361,GM1980 pseudonymous om-alkmaar
2025-01-01  om       lists    not: no agreement
"""

SERVED = """
municipality  day         kind       by
GM0450        2024-06-30  steunpunt  vt-two
GM0450        2024-07-01  steunpunt  vt-one,vt-two
GM0450        2025-01-01  steunpunt  vt-one
GM0450        2024-06-30  police     police
GM0398        2022-03-01  steunpunt  vt-one
GM0416        2022-03-01  police     police
GM0118        2024-06-30  steunpunt  -
"""


@pytest.mark.parametrize(("day", "source", "profile", "kinds", "decision"), rows(DELIVERIES, 5))
def test_who_may_deliver(day: str, source: str, profile: str, kinds: str, decision: str) -> None:
    delivered = () if kinds == "-" else kinds.split(",")
    told = decide.refusal(register(), source, profile, delivered, date.fromisoformat(day))
    assert told == (None if decision == "taken in" else TOLD.get(decision) or refused(day, source, decision))


TOLD = {
    "no such source": "the register names no partner with this source: add it, with an agreement, and run again",
    "another profile": "the register gives this source the profile veilig_thuis: correct one of them",
}


def refused(day: str, source: str, decision: str) -> str:
    """Return the whole line from ``no KIND: WHY``."""
    kind, _, why = decision.removeprefix("no ").partition(": ")
    partner = {"politie-nh": "police"}.get(source, source)
    return (
        f"no agreement lets {partner} deliver {kind} records on {day} ({why}): "
        "enter the agreement in the register, and run again"
    )


@pytest.mark.parametrize(("day", "partner", "product", "decision"), rows(RECEIVED, 4))
def test_who_receives_what(day: str, partner: str, product: str, decision: str) -> None:
    [grant] = decide.granted(register(), partner, product, date.fromisoformat(day))
    if grant.agreement is None:
        assert f"not: {grant.reason}" == decision
    else:
        assert f"{','.join(grant.municipalities)} {grant.agreement.form} {grant.agreement.id}" == decision


@pytest.mark.parametrize(("code", "day", "kind", "by"), rows(SERVED, 4))
def test_who_works_for_a_municipality(code: str, day: str, kind: str, by: str) -> None:
    found = decide.serving(register(), kind, code, date.fromisoformat(day))
    assert ",".join(partner.id for partner in found) == by.replace("-", "", by == "-")


def test_without_a_register_everybody_delivers_and_nobody_is_handed_anything() -> None:
    empty = register("")
    assert decide.refusal(empty, "anybody", "politie_bvh", ["incident"], date(2025, 1, 1)) is None
    assert list(decide.grants(empty, date(2025, 1, 1))) == []


@given(DAYS)
def test_what_is_given_stands_in_an_agreement_that_holds_and_everything_else_says_why_not(day: date) -> None:
    for grant in decide.grants(register(), day):
        if grant.agreement is None:
            assert grant.reason
            assert not any(
                a.holds(day) and grant.product in a.receives
                for a in register().agreements
                if a.partner == grant.partner.id
            )
        else:
            assert grant.agreement.holds(day)
            assert grant.product in grant.agreement.receives
            assert all(counted_as(code, day) == code for code in grant.municipalities)


@given(DAYS, st.integers(1, 60))
def test_an_agreement_that_ends_later_never_takes_a_delivery_away(day: date, days: int) -> None:
    text = WHOLE.replace("until = 2024-08-15", f"until = {date(2024, 8, 15) + timedelta(days)}")
    before, after = (
        decide.refusal(r, "vt-two", "veilig_thuis", ["case_report"], day) for r in (register(), register(text))
    )
    assert after is None or before is not None


def wrong(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (wrong("from = 2024-07-01\ndelivers", "from = 2024-06-30\ndelivers"),
         "agreements police-2023 and police-2024 both give police incident: end one before the other begins"),
        (wrong('id = "vt-two"', 'id = "vt-one"'), "partner vt-one is listed twice"),
        (wrong('id = "police-2024"', 'id = "police-2023"'), "agreement police-2023 is listed twice"),
        (wrong("vt-two = ", "vt-one = "), "source vt-one belongs to vt-one and to vt-two: give it to one of them"),
        (wrong('partner = "om"', 'partner = "omm"'), "agreement om-alkmaar: omm is unknown, did you mean om?"),
        (wrong('sources = { vt-two = "veilig_thuis" }', ""), "agreement vt-two: vt-two delivers but has no sources"),
        (wrong('municipalities = ["GM0361", "GM0398"]\n', ""),
         "agreement om-alkmaar: of which municipalities? neither it nor om names any"),
        (wrong("politie_bvh", "politie_bhv"), "politie_bhv is unknown, did you mean politie_bvh?"),
        (wrong('kind = "prosecution"', 'kind = "OM"'), "OM is unknown, use police, steunpunt"),
        (wrong("GM0450", "GM4500"), "GM4500 is no municipality"),
        (wrong("until = 2024-06-30", "until = 2022-06-30"), "until 2022-06-30 lies before from 2023-01-01"),
    ],
)  # fmt: skip
def test_a_register_that_cannot_be_is_named(text: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        register(text)
    assert message in str(caught.value)


def test_two_agreements_may_give_the_same_of_different_municipalities() -> None:
    more = WHOLE + '\n[[agreements]]\nid = "om-2"\npartner = "om"\nlegal_basis = "x"\nreceives = ["agenda"]\n'
    found = decide.granted(register(more + 'municipalities = ["GM0450"]\n'), "om", "agenda", date(2025, 6, 1))
    assert [grant.municipalities for grant in found] == [("GM0361", "GM1980"), ("GM0450",)]
    with pytest.raises(ValidationError, match="both give om agenda"):
        register(more + 'municipalities = ["GM0450", "GM0361"]\n')


def test_the_configuration_tells_the_place_of_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "inbeeld.toml").write_text(
        '[[cooperation.partners]]\nid = "a"\nname = "A"\nkind = "police"\n'
        '[[cooperation.partners]]\nid = "b"\nname = "B"\nkind = "polise"\nsourcs = {}\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "inbeeld.toml")
    assert str(caught.value) == (
        "inbeeld.toml: cooperation.partners[2].kind: polise is unknown, did you mean police?; "
        "inbeeld.toml: unknown key cooperation.partners[2].sourcs, did you mean cooperation.partners.sources?"
    )
