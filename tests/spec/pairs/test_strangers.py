"""Names that come from one place come together: how much more often, counted among people who are surely two."""

from __future__ import annotations

import random

import numpy as np
import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs.model import load
from linkage.pairs.persons import PERSONS
from linkage.pairs.spec import BANDS
from linkage.pairs.strangers import follows
from tests.mentions import mention, mention_table

ORIGINS = {"dutch": (["jansen", "bakker", "visser"], ["jan", "piet", "kees"]), "turkish": (["yilmaz"], ["mehmet"])}
SURNAMES = [name for names, _ in ORIGINS.values() for name in names]
GIVEN = [name for _, names in ORIGINS.values() for name in names]


def people(count: int, *, hang_together: bool, at: str | None = None) -> list[dict[str, object]]:
    dice = random.Random(1)
    found = []
    for number in range(count):
        origin = ORIGINS[dice.choice(["dutch", "dutch", "dutch", "turkish"])]
        surnames, given = origin if hang_together else (SURNAMES, GIVEN)
        born = f"{1940 + dice.randrange(70)}{1 + dice.randrange(12):02d}{1 + dice.randrange(28):02d}"
        postcode = at or f"{1000 + dice.randrange(9000)}AB"
        named = {"surname": dice.choice(surnames), "given_name": dice.choice(given)}
        found.append(mention(record_id=f"r{number}", birth_date=born, postcode=postcode, **named))
    return found


def told(rows: list[dict[str, object]]) -> np.ndarray:
    with DuckDBEngine() as db:
        mention_table(db, rows)
        return follows(db, PERSONS)


def test_names_of_one_origin_come_together() -> None:
    """Of pairs with one surname the Turkish quarter shares the given name, of the others one in three: half of all,
    where independence says one in four. All names here are of one band.
    """
    found = told(people(2000, hang_together=True))
    assert found[1, 1] == pytest.approx(1.0, abs=0.15)
    assert found.shape == (BANDS + 1, BANDS + 1) and (found[:, 2:] == 0).all()


def test_names_that_do_not_hang_together_are_as_likely_as_their_product() -> None:
    assert np.abs(told(people(2000, hang_together=False))).max() < 0.15


def test_people_of_one_house_say_nothing_of_strangers() -> None:
    """Father and son of one name live together; nobody else is counted, so nothing is known."""
    assert np.abs(told(people(500, hang_together=True, at="7901AB"))).max() == 0


def test_nobody_tells_nothing() -> None:
    assert np.abs(told([mention(record_id="r1", surname="jansen")])).max() == 0


def test_the_model_counts_it_in_the_chance_and_a_file_keeps_it() -> None:
    """Strangers who share both names are likelier, so their agreement is worth less; other patterns are untouched."""
    model = load(PERSONS).of(100_000)
    chance = model.tables["chance"]
    assert chance.follows is not None and chance.follows[3, 3] > 1, "the shipped model has learnt it"
    surname, given = (PERSONS.by_name[name] for name in ("surname", "given"))
    banded = [1 << c.shift | 3 << (c.shift + c.bits) for c in (surname, given)]
    both, one = np.array([banded[0] | banded[1]]), np.array([banded[1]])
    with_it = model.log_class("chance", both)[0], model.log_class("chance", one)[0]
    expected = chance.follows[3, 3]
    chance.follows = None
    assert with_it[0] - model.log_class("chance", both)[0] == pytest.approx(expected)
    assert with_it[1] == model.log_class("chance", one)[0]
