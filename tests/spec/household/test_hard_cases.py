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


def person(text: str, homes: dict[str, str], number: int) -> dict[str, Any]:
    """Return a person of a record as columns of a mention; names and house numbers are those of the case alone."""
    told = PERSON.fullmatch(text.strip())
    assert told, f"not a person: {text}"
    row: dict[str, Any] = {"name": f"{told['name']}{number:02d}" + (f":{told['role']}" if told["role"] else "")}
    row |= {key: told[key] for key in ("surname", "born") if told[key]}
    if told["home"]:
        postcode, house, suffix = address(homes[told["home"]], number)
        row |= {"postcode": postcode, "house_number": house, "house_suffix": suffix or None}
    if told["flag"] == "secret":
        row |= {"address_is_secret": True}
    elif told["flag"]:
        row |= {"address_type": told["flag"]}
    return row


def address(text: str, number: int) -> tuple[str, int, str]:
    postcode, house, *suffix = text.split()
    return postcode, int(house) + 100 * number, suffix[0] if suffix else ""


@pytest.fixture(scope="module")
def world() -> World:
    """One world of all cases, each with people and addresses of its own."""
    made = World()
    for number, case in enumerate(CASES):
        homes = FILE["homes"] | case.get("homes", {})
        for place, record in enumerate(case["records"], 1):
            head, people = record.split(": ", 1)
            day, kind = head.split()
            named = [person(text, homes, number) for text in people.split(", ")]
            if kind == "incident":
                made.incident(100 * number + place, day, *named)
            else:
                made.report(f"R{number}-{place}", day, *named, closed_at=case.get("closed"))
        made.listed += [address(text, number) for text in case.get("listed", ())]
    return made.households()


def households(world: World, number: int) -> set[frozenset[str]]:
    """Return the households of a case, without its number."""
    ours = [group for group in world.groups() if any(name.endswith(f"{number:02d}") for name in group)]
    return {frozenset(name.removesuffix(f"{number:02d}") for name in group) for group in ours}


def stays(world: World, number: int) -> list[str]:
    rows = world.db.rows(
        """WITH household AS (
               SELECT household_id, string_agg(DISTINCT person_id, ' ' ORDER BY person_id) AS together
               FROM household_member GROUP BY household_id)
           SELECT together, m.person_id, m.valid_from, m.sure_from, m.valid_until, m.sure_until, m.certainty
           FROM household_member m JOIN household USING (household_id) WHERE m.person_id LIKE ?
           ORDER BY 1, m.person_id, m.valid_from""",
        [f"%{number:02d}"],
    )
    told = []
    for together, who, since, sure_since, until, sure_until, certainty in rows:
        start = f"{since if sure_since != since else ''}" + (f"|{sure_since}" if sure_since else "")
        end = f"{until or ''}" + (f"|{sure_until}" if sure_until else "")
        told.append(
            f"{together}: {who} ".replace("p-", "").replace(f"{number:02d}", "") + f"{start}..{end} {certainty}"
        )
    return told


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_hard_case(world: World, number: int) -> None:
    case = CASES[number]
    assert households(world, number) == {frozenset(names.split()) for names in case["households"]}
    if "stays" in case:
        assert stays(world, number) == case["stays"]
