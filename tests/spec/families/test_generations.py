"""Violence from generation to generation: who counts, and that only an aggregate leaves which gives nobody back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from linkage import families
from linkage.disclosure import PROTECTION, Relations, attack
from linkage.engine.duckdb import DuckDBEngine
from linkage.families import renewed
from linkage.pipeline import generations
from tests.spec.families.tables import AS_OF, describe
from tests.worlds import World

FIGURES = ("grown_children", "returned", "as_suspect", "as_victim", "next_generation")
CHILD = {"born": "20000301"}


Tell = Callable[[World, str], object]
"""Lets something happen to people of a municipality of their own; its code ends their names."""


def three(world: World, place: str) -> None:
    """Gran was hit by opa when mother was ten; mother is hit by her partner, and has a child."""
    mother = {"name": f"mother{place}", "municipality_code": place}
    gran, partner = f"gran{place}", f"partner{place}:verdachte"
    was = {**mother, **CHILD, "name": f"mother{place}:getuige", "relation": "kind"}
    son = {"name": f"son{place}:getuige", "born": "20220301", "relation": "kind"}
    world.incident(int(place), "2010-06-01", gran, f"opa{place}:verdachte", was)
    world.incident(int(place) + 1, "2025-06-01", mother, partner, son)


def kim(place: str, role: str, **values: Any) -> Any:
    return {"name": f"kim{place}:{role}", "municipality_code": place, **values}


def later(role: str, child: Any = None, adult: Any = None, **incident: Any) -> Tell:
    """Let Kim be named as a child, and as an adult in this role on an incident of 2025 between Anna and Bert."""

    def tell(world: World, place: str) -> None:
        world.report(f"R{place}", "2010-06-01", f"gran{place}", kim(place, "getuige_kind", **(child or CHILD)))
        others = (f"anna{place}", f"bert{place}:verdachte")
        world.incident(int(place), "2025-06-01", kim(place, role, **(adult or {})), *others, **incident)

    return tell


def once(received: str, role: str, **values: Any) -> Tell:
    """Let Kim be named once."""
    return lambda world, place: world.report(f"R{place}", received, f"gran{place}", kim(place, role, **values))


BSN, YEAR, DAY = {"bsn_hmac": "b"}, {"born": "2000"}, {"born": "20000301"}
CASES: list[tuple[str, Tell, tuple[int, ...]]] = [
    ("three generations", three, (1, 1, 0, 1, 1)),
    ("a child who is grown and was not named again", once("2010-06-01", "getuige_kind", **CHILD), (1, 0, 0, 0, 0)),
    ("a child who is a child", once("2025-06-01", "getuige_kind", born="20150301"), (0, 0, 0, 0, 0)),
    ("who was grown already", once("2025-06-01", "pleger", **CHILD), (0, 0, 0, 0, 0)),
    ("a child who is a suspect as an adult", later("verdachte"), (1, 1, 1, 0, 0)),
    ("a child who is a victim as an adult", later("benadeelde"), (1, 1, 0, 1, 0)),
    ("a child who only witnesses something as an adult", later("getuige"), (1, 0, 0, 0, 0)),
    ("an incident that is no domestic violence", later("verdachte", dv_flag=False), (1, 0, 0, 0, 0)),
    ("a link by a year of birth alone is not strong enough", later("verdachte", YEAR, DAY), (1, 0, 0, 0, 0)),
    (
        "… unless the BSN is the same",
        later("verdachte", {**YEAR, **BSN}, {**DAY, **BSN}),
        (1, 1, 1, 0, 0),
    ),
]


@pytest.fixture(scope="module")
def counted() -> dict[str, tuple[int, ...]]:
    """The exact counts of each municipality, in the order of `FIGURES`."""
    world = World()
    for number, (_, tell, _) in enumerate(CASES, 1):
        tell(world, f"{100 * number}")
    found = families.generations(describe(world).db, as_of=AS_OF)
    return {place: tuple(counts[figure] for figure in FIGURES) for place, counts in found}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[s for s, _, _ in CASES])
def test_who_counts(number: int, counted: dict[str, tuple[int, ...]]) -> None:
    assert counted.get(f"{100 * (number + 1)}", (0,) * len(FIGURES)) == CASES[number][2]


@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_who_is_18_is_told_by_the_day_of_birth(year: int) -> None:
    """On every day of years around leap days, as the engine counts years."""
    with DuckDBEngine() as db:
        told = db.rows(
            """
            SELECT day, max(born)
            FROM (SELECT make_date($1, 1, 1) + CAST(unnest(generate_series(0, 365)) AS INTEGER) AS day)
            JOIN (SELECT make_date($1 - 19, 12, 1) + CAST(unnest(generate_series(0, 430)) AS INTEGER) AS born)
                ON born + INTERVAL 18 YEAR <= day GROUP BY day
            """,
            [year],
        )
    assert len(told) == 366
    assert {day: renewed.last_born(day) for day, _ in told} == dict(told)


def region(**places: tuple[int, ...]) -> list[tuple[str, dict[str, int]]]:
    return [(place, dict(zip(FIGURES, counts, strict=True))) for place, counts in places.items()]


REGION = region(A=(320, 61, 30, 41, 22), B=(203, 38, 20, 24, 12), C=(58, 4, 3, 2, 1), D=(44, 13, 11, 12, 0))


def test_what_is_published_is_rounded_or_withheld_and_gives_no_small_count_back() -> None:
    rows = generations.released(REGION, AS_OF)
    assert len(rows) == len(FIGURES) * 5
    given = {(figure, code): persons for figure, _, code, persons, *_ in rows}
    assert given["grown_children", "all"] == 625
    assert given["returned", "C"] is None
    assert given["next_generation", "D"] is None
    assert all(persons is None or (persons >= 10 and persons % 5 == 0) for persons in given.values())
    assert any(persons is not None for (figure, _), persons in given.items() if figure == "returned")
    number = {(figure, scope, code): place for place, (figure, scope, code, *_) in enumerate(rows)}
    known = Relations(
        sums=[(number[f, "all", "all"], tuple(number[f, "municipality", p] for p, _ in REGION)) for f in FIGURES],
        at_most=[
            (number["returned", *where], (number["grown_children", *where],)) for where in {c[1:] for c in number}
        ],
    )
    published = np.array([np.nan if persons is None else float(persons) for *_, persons, _, _, _ in rows])
    low, high = attack(published, known)
    for (figure, scope, code), place in number.items():
        exact = sum(c[figure] for p, c in REGION if scope == "all" or p == code)
        assert low[place] <= exact <= high[place]
        assert exact >= 10 or high[place] - low[place] >= PROTECTION, (figure, code)


def test_shares_are_made_of_rounded_counts() -> None:
    [row] = [r for r in generations.released(REGION, AS_OF) if r[0] == "returned" and r[2] == "A"]
    assert row[3:6] == (60, 60 / 320, False)


def test_a_region_without_anybody_gives_nothing() -> None:
    rows = generations.released([], AS_OF)
    assert [(persons, share, is_withheld) for *_, persons, share, is_withheld, _ in rows] == [(None, None, True)] * 5
