"""Twins, parents with the name of their child, and wrong BSNs, through linking and resolving as a whole.

Each case is a family told in several records: a letter is a human, and what a record says of one is the human's
own values with what the case changes. A star marks a human who may stay divided for a person to join: a wrong BSN
weighs against, and a mention with one may need a decision. Records of other families stand around it, so that
values have a frequency.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import linkage
from linkage import pairs
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import resolve
from tests.mentions import mention, mention_table
from tests.worlds import birthday, surname

Values = dict[str, Any]
Row = tuple[str, str, Values]
"""Record, human, and what this record says otherwise."""

MODEL = max((Path(linkage.__file__).parent / "models").glob("model_*.json"))
HOME = {"surname": "berg", "postcode": "7901AB", "house_number": 12, "street": "dorpsstraat", "city": "hoogeveen"}
TWIN = {**HOME, "birth_date": "20150402", "sex": "V"}
ADULT = {**HOME, "birth_date": "19800402", "sex": "V"}
MAN = {**HOME, "sex": "M"}
BARE = {"given_name": None, "initials": "j"}
CASES: list[tuple[str, dict[str, Values], list[Row], str]] = [
    (
        "twin sisters on two records",
        {"a": {**TWIN, "given_name": "lisa"}, "b": {**TWIN, "given_name": "emma"}},
        [("1", "a", {}), ("1", "b", {}), ("2", "a", {}), ("2", "b", {})],
        "a b",
    ),
    (
        "twin sisters who are never named together",
        {"a": {**TWIN, "given_name": "lisa"}, "b": {**TWIN, "given_name": "emma"}},
        [("1", "a", {}), ("2", "b", {}), ("3", "a", {}), ("4", "b", {})],
        "a b",
    ),
    (
        "twins never named together (of two names with one initial most are one child's full and call name)",
        {"a": {**TWIN, "given_name": "lisa"}, "b": {**TWIN, "given_name": "emma"}},
        [("1", "a", {}), ("2", "b", {}), ("3", "a", {}), ("4", "b", {})],
        "a b",
    ),
    (
        "twins with one initial, once by their initial only: it joins neither",
        {"a": {**TWIN, "given_name": "lisa"}, "b": {**TWIN, "given_name": "lotte"}, "x": {**TWIN, "initials": "l"}},
        [("1", "a", {}), ("1", "b", {}), ("2", "a", {}), ("2", "b", {}), ("3", "x", {})],
        "a b x",
    ),
    (
        "boy and girl",
        {"a": {**TWIN, "given_name": "lisa"}, "b": {**TWIN, "given_name": "luuk", "sex": "M"}},
        [("1", "a", {}), ("1", "b", {}), ("2", "a", {}), ("3", "b", {})],
        "a b",
    ),
    (
        "father and son of one name",
        {
            "a": {**MAN, "given_name": "jan", "birth_date": "19700310"},
            "b": {**MAN, "given_name": "jan", "birth_date": "20010822"},
        },
        [("1", "a", {}), ("1", "b", {}), ("2", "a", {}), ("2", "b", {}), ("3", "b", {})],
        "a b",
    ),
    (
        "father and son by initials, never named together",
        {
            "a": {**MAN, "initials": "j", "birth_date": "19700310"},
            "b": {**MAN, "initials": "j", "birth_date": "20010822"},
        },
        [("1", "a", {}), ("2", "b", {}), ("3", "a", {}), ("4", "b", {})],
        "a b",
    ),
    (
        "father and son, once without a birth date: it joins neither",
        {
            "a": {**MAN, "given_name": "jan", "birth_date": "19700310"},
            "b": {**MAN, "given_name": "jan", "birth_date": "20010822"},
            "x": {**MAN, "given_name": "jan"},
        },
        [("1", "a", {}), ("1", "b", {}), ("2", "a", {}), ("2", "b", {}), ("3", "x", {})],
        "a b x",
    ),
    (
        "a mother's BSN typed for her child",
        {
            "a": {**ADULT, "given_name": "anna", "bsn_hmac": "m"},
            "b": {**TWIN, "given_name": "lisa", "bsn_hmac": "c"},
        },
        [("1", "a", {}), ("1", "b", {"bsn_hmac": "m"}), ("2", "a", {}), ("2", "b", {}), ("3", "b", {})],
        "a b*",
    ),
    (
        "a wrong BSN that passes the test",
        {"a": {**ADULT, "given_name": "anna", "bsn_hmac": "m"}},
        [("1", "a", {}), ("2", "a", {}), ("3", "a", {"bsn_hmac": "wrong"})],
        "a*",
    ),
    (
        "namesakes with two BSNs and two birth dates",
        {
            "a": {**ADULT, "given_name": "anna", "bsn_hmac": "m"},
            "b": {**ADULT, "given_name": "anna", "bsn_hmac": "n", "birth_date": "19551130", "postcode": "9711XY"},
        },
        [("1", "a", {}), ("2", "b", {}), ("3", "a", {}), ("4", "b", {})],
        "a b",
    ),
]


def others() -> list[Values]:
    """Return families of three, each on two records; one in twenty has the given names of the cases."""
    rows = []
    for number in range(80):
        family = surname(f"family {number}")
        for record in ("x", "y"):
            for who, sex in (("anna", "V"), ("jan", "M"), ("lisa", "V")):
                name = who if number % 20 == 0 else surname(f"{who} {number}")
                address = {"postcode": f"7{number + 100}CD", "house_number": number + 1, "city": "hoogeveen"}
                born = {"birth_date": birthday(f"{number} {who}"), "sex": sex, "given_name": name}
                rows.append({"record_id": f"O{number}{record}", "surname": family, **address, **born})
    return rows


@pytest.mark.parametrize(("humans", "told", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_family(humans: dict[str, Values], told: list[Row], expected: str) -> None:
    rows = [{"record_id": record, **humans[who], **otherwise} for record, who, otherwise in told]
    seats: dict[str, int] = defaultdict(int)
    made = []
    for row in rows + others():
        seats[row["record_id"]] += 1
        made.append(mention(person_seq=seats[row["record_id"]], event_date="2025-03-01", **row))
    config = Config(linkage={"model_file": MODEL})
    with DuckDBEngine() as db:
        mention_table(db, made)
        pairs.link(db, config, lambda _: None)
        resolve(db, config, run_id="r", mint=str.__add__, progress=lambda _: None)
        persons = [p for (p,) in db.rows("SELECT person_id FROM mention_person ORDER BY mention_id")]
    found: dict[str, set[str]] = defaultdict(set)
    for (_, who, _), person in zip(told, persons, strict=False):
        found[person].add(who)
    together = ["".join(sorted(group)) for group in found.values()]
    assert set(together) == {who.strip("*") for who in expected.split()}, "nobody is mixed with somebody else"
    assert {who for who in together if together.count(who) > 1} <= {who[0] for who in expected.split() if "*" in who}
