"""Households of made-up families: no protected address joins anybody, stays never overlap, no order matters."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.worlds import World

NAMES = ("berg", "dam", "vos")
OPEN = [("7901AB", n) for n in range(1, 13)]
PROTECTED = [("7902CD", n) for n in range(1, 13)]
"""By a secret, as a shelter, as a postal address, by the list; each said by one record in three only."""

Record = tuple[str, int, str, list[dict[str, Any]]]


def drawn(seed: int) -> list[Record]:
    """Return records of many people of three surnames who move between open and protected addresses."""
    dice = random.Random(seed)
    records: list[Record] = []
    for number in range(1, 101):
        day = f"202{dice.randrange(3, 6)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 28):02d}"
        kind = dice.choice(("incident", "incident", "case"))
        records.append(
            (kind, number, day, [party(dice, n) for n in dice.sample(range(120), dice.choice((1, 1, 1, 2)))])
        )
    return records


def party(dice: random.Random, number: int) -> dict[str, Any]:
    role = dice.choice(("verdachte", "slachtoffer", "betrokkene", "getuige", "melder"))
    row: dict[str, Any] = {"name": f"p{number}:{role}", "surname": NAMES[number % 3]}
    if number % 5 == 0:
        row["born"] = "20160101"
    place = dice.choice((*OPEN, *PROTECTED, None))
    if place is not None:
        row |= {
            "postcode": place[0],
            "house_number": place[1],
            "house_suffix": "a" if place[1] % 5 == 0 and dice.random() < 0.5 else None,
        }
    if place in PROTECTED and dice.random() < 0.34:
        row |= ({}, {"address_is_secret": True}, {"address_type": "opvang"}, {"address_type": "brief"})[place[1] % 4]
    return row


def world(records: list[Record], *, with_protected: bool = True) -> World:
    made = World()
    made.listed = [("7902CD", number, "") for number in (4, 8, 12)]
    for kind, number, day, people in records:
        told = [dict(person) for person in people]
        if not with_protected:
            for person in told:
                if person.get("postcode") in said(records, person):
                    person.update(postcode=None, house_number=None, house_suffix=None, address_is_secret=None)
        if kind == "incident":
            made.incident(number, day, *told)
        else:
            made.report(f"R{number}", day, *told)
    return made.households()


def said(records: list[Record], person: dict[str, Any]) -> set[str]:
    """Return the postcode of a person's address when a record, or the list, says that it is protected."""
    if person.get("postcode") != "7902CD":
        return set()
    number, suffix = person["house_number"], person["house_suffix"]
    for *_, people in records:
        for other in people:
            is_said = other.get("address_is_secret") or other.get("address_type") in ("opvang", "brief")
            if is_said and other["house_number"] == number and other["house_suffix"] in (None, suffix):
                return {"7902CD"}
    return {"7902CD"} if number % 4 == 0 else set()


@pytest.mark.parametrize("seed", range(3))
def test_a_protected_address_joins_nobody(seed: int) -> None:
    """The same records without these addresses join at least as much: they part people at most, as a move does."""
    records = drawn(seed)
    without = world(records, with_protected=False).groups()
    assert [group for group in world(records).groups() if not any(group <= other for other in without)] == []


def test_the_made_up_addresses_would_join_people_if_they_were_not_protected() -> None:
    records = drawn(0)
    bare = [
        (
            kind,
            number,
            day,
            [{k: v for k, v in p.items() if k not in ("address_is_secret", "address_type")} for p in ps],
        )
        for kind, number, day, ps in records
    ]
    made = World()
    for kind, number, day, people in bare:
        made.incident(number, day, *people) if kind == "incident" else made.report(f"R{number}", day, *people)
    without = world(records, with_protected=False).groups()
    assert [group for group in made.households().groups() if not any(group <= other for other in without)]


@pytest.mark.parametrize("seed", range(2))
def test_stays_are_in_order_and_never_overlap(seed: int) -> None:
    made = world(drawn(100 + seed))
    assert (
        made.db.rows(
            """SELECT * FROM household_member
           WHERE valid_until < valid_from OR sure_from < valid_from OR sure_until < sure_from
              OR sure_until > valid_until OR (sure_from IS NULL) <> (sure_until IS NULL)
              OR (certainty = 'past') <> (valid_until IS NOT NULL) OR (certainty = 'sure' AND sure_from IS NULL)"""
        )
        == []
    )
    assert (
        made.db.rows(
            """SELECT * FROM household_member one JOIN household_member other USING (household_id, person_id)
           WHERE one.valid_from < other.valid_from
             AND (one.valid_until IS NULL OR one.valid_until > other.valid_from)"""
        )
        == []
    )
    [(people, members)] = made.db.rows(
        "SELECT count(DISTINCT person_id), (SELECT count(DISTINCT person_id) FROM household_member) FROM mention_person"
    )
    assert people == members, "everybody is a member somewhere"


def test_a_record_stands_with_its_household_under_its_number() -> None:
    [(records, under_another)] = world(drawn(5)).db.rows(
        "SELECT count(DISTINCT record_id), count(*) FILTER (r.record_no <> m.record_no) "
        "FROM record_household r JOIN mention m USING (source_id, record_kind, record_id)"
    )
    assert records > 0
    assert under_another == 0


def test_the_order_of_delivery_changes_no_stay() -> None:
    records = drawn(7)
    one, other = (
        world(order).db.rows("SELECT * FROM household_member ORDER BY ALL") for order in (records, records[::-1])
    )
    assert one == other
