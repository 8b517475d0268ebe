"""How often strangers live in one building at two additions: counted, because a sample of random pairs shows none."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs.estimate import Samples, estimate
from linkage.pairs.fitting import Counts
from linkage.pairs.model import load
from linkage.pairs.neighbours import LEVEL, neighbours
from linkage.pairs.persons import PERSONS
from tests.mentions import mention, mention_table

AT = ("address", PERSONS.by_name["address"].number(LEVEL))
HOME = tuple[str | None, int | None, str | None]


def counted(homes: list[HOME]) -> dict[tuple[str, int], float]:
    rows = [mention(postcode=p, house_number=n, house_suffix=s) for p, n, s in homes]
    with DuckDBEngine() as db:
        mention_table(db, rows)
        return neighbours(db, PERSONS)


def test_of_four_people_in_one_building_and_two_elsewhere() -> None:
    homes: list[HOME] = [("7811AB", 1, "A"), ("7811AB", 1, "A"), ("7811AB", 1, "B"), ("7811AB", 1, None)]
    elsewhere: list[HOME] = [("7811AB", 2, "A"), ("7811AC", 1, "A")]
    assert counted(homes + elsewhere) == {AT: pytest.approx(5 / 15)}


def test_as_many_as_pairs_looked_at_one_by_one() -> None:
    dice = random.Random(3)
    homes: list[HOME] = [
        (dice.choice(["7811AB", "7811AC", None]), dice.choice([1, 2, None]), dice.choice([None, "A", "B", "C"]))
        for _ in range(60)
    ]
    known = [home for home in homes if home[0]]
    apart = sum(a[:2] == b[:2] and None not in a[:2] and a[2] != b[2] for a, b in combinations(known, 2))
    assert counted(homes) == {AT: pytest.approx(apart / (len(known) * (len(known) - 1) / 2))}


def test_nobody_has_an_address() -> None:
    assert counted([(None, None, None)] * 3) == {}


def test_the_model_takes_what_was_counted_and_not_what_was_drawn() -> None:
    """A million random pairs of which none shows neighbours, where one pair in ten thousand is."""
    nothing = Counts(np.zeros(1, dtype=np.int64), np.ones(1))
    other_city = PERSONS.by_name["address"].number("different") << PERSONS.by_name["address"].shift
    drawn = Counts(np.array([other_city]), np.array([1e6]))
    model = estimate(load(PERSONS).of(1000), nothing, Samples(drawn, counted={AT: 1e-4}))
    chance = model.tables["chance"].by_name["address"]
    assert chance[AT[1]] == pytest.approx(1e-4, rel=0.05)
    assert chance[1:].sum() == pytest.approx(1.0)
