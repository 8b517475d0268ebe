"""The hard cases of households (domain study 2.6 and 2.8), as rows that a reader can check: see hard_cases.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.worlds import World

FILE = tomllib.loads(Path(__file__).with_name("hard_cases.toml").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = FILE["case"]
PERSON = re.compile(
    r"(?P<name>\w+)(:(?P<role>\w+))?(=(?P<surname>\w+))?(\((?P<born>\d+)\))?(@(?P<home>\w)(/(?P<flag>\w+))?)?"
)


def person(text: str, homes: dict[str, str]) -> dict[str, Any]:
    """Return a person of a record as columns of a mention."""
    told = PERSON.fullmatch(text.strip())
    assert told, f"not a person: {text}"
    row: dict[str, Any] = {"name": told["name"] + (f":{told['role']}" if told["role"] else "")}
    row |= {key: told[key] for key in ("surname", "born") if told[key]}
    if told["home"]:
        postcode, number, *suffix = homes[told["home"]].split()
        row |= {"postcode": postcode, "house_number": int(number), "house_suffix": suffix[0] if suffix else None}
    if told["flag"] == "secret":
        row |= {"address_is_secret": True}
    elif told["flag"]:
        row |= {"address_type": told["flag"]}
    return row


def build(case: dict[str, Any]) -> World:
    world, homes = World(), FILE["homes"] | case.get("homes", {})
    for number, record in enumerate(case["records"], 1):
        head, people = record.split(": ", 1)
        day, kind = head.split()
        named = [person(text, homes) for text in people.split(", ")]
        if kind == "incident":
            world.incident(number, day, *named)
        else:
            world.report(f"R{number}", day, *named, closed_at=case.get("closed"))
    for address in case.get("listed", ()):
        postcode, number, *suffix = address.split()
        world.listed.append((postcode, int(number), suffix[0] if suffix else ""))
    return world.households()


def stays(world: World) -> list[str]:
    rows = world.db.rows(
        """SELECT string_agg(DISTINCT o.person_id, ' ' ORDER BY o.person_id), m.person_id, m.valid_from, m.sure_from,
                  m.valid_until, m.sure_until, m.certainty
           FROM household_member m JOIN household_member o USING (household_id) GROUP BY ALL
           ORDER BY 1, m.person_id, m.valid_from"""
    )
    told = []
    for together, who, since, sure_since, until, sure_until, certainty in rows:
        start = f"{since if sure_since != since else ''}" + (f"|{sure_since}" if sure_since else "")
        end = f"{until or ''}" + (f"|{sure_until}" if sure_until else "")
        told.append(f"{together}: {who} {start}..{end} {certainty}".replace("p-", ""))
    return told


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_hard_case(case: dict[str, Any]) -> None:
    world = build(case)
    assert world.groups() == {frozenset(names.split()) for names in case["households"]}
    if "stays" in case:
        assert stays(world) == case["stays"]
