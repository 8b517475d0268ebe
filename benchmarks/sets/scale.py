"""Two files about one made-up population of households, in any size: ``scale_10k``, ``scale_100k``, ``scale_1m``.

Names have the frequencies of the United States census of 1990. Whoever lives at one address mostly shares a surname,
siblings may be twins and sons may be called after their father: pairs that look alike and are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.sets.errors import DIGITS, LETTERS, Column, Ints, misdate, mistype
from benchmarks.sets.population import Addresses, Names, People, populate
from benchmarks.sets.store import write
from benchmarks.sets.task import Comparison, Task

OVERLAP = 0.5
"""Share of each file whose persons are in the other file too."""
MOVED = 0.10
MARRIED = 0.04
"""Share of the women whose surname the second source knows as another."""
MISSING = {
    "first_name": 0.01, "surname": 0.01, "dob": 0.02, "sex": 0.02, "postcode": 0.04, "house_number": 0.05, "city": 0.06,
}  # fmt: skip
WRONG = (
    {"first_name": 0.02, "surname": 0.02, "dob": 0.01, "postcode": 0.01, "house_number": 0.01, "city": 0.02},
    {"first_name": 0.08, "surname": 0.08, "dob": 0.05, "postcode": 0.04, "house_number": 0.03, "city": 0.08},
)
"""Share of the values with an error, by source."""
ALPHABETS = {"house_number": DIGITS}

BLOCKING = (
    ("dob", "substr(first_name, 1, 1)"),
    ("surname", "postcode"),
    ("first_name", "surname"),
    ("postcode", "substr(dob, 1, 4)"),
    ("surname", "substr(dob, 6, 5)"),
    ("postcode", "house_number"),
)
TIGHT = (
    ("dob", "first_name"),
    ("dob", "surname"),
    ("surname", "postcode"),
    ("first_name", "surname", "substr(dob, 1, 4)"),
    ("postcode", "dob"),
    ("postcode", "house_number", "first_name"),
)
"""Rules for millions: pairs by two names alone grow with the square of the rows."""
MANY_ROWS = 2_000_000
COMPARISONS = (
    Comparison("first_name", "name", (0.92, 0.8), frequencies=True),
    Comparison("surname", "name", (0.92, 0.8), frequencies=True),
    Comparison("dob", "date", (1, 2)),
    Comparison("sex", "exact"),
    Comparison("postcode", "code", (1,)),
    Comparison("house_number", "exact"),
    Comparison("city", "name", (0.9,), frequencies=True),
)


@dataclass(frozen=True)
class Pair:
    """Both files, and which rows are one person."""

    left: pd.DataFrame
    right: pd.DataFrame
    truth: pd.DataFrame
    people: tuple[Ints, Ints]
    """Number of the person behind each row of both files."""


def task(name: str, rows: int = 0) -> Task:
    """Return how a set of this kind and size is to be linked."""
    return Task(
        name,
        "link",
        COMPARISONS,
        TIGHT if rows > MANY_ROWS else BLOCKING,
        training=(("first_name", "surname"), ("dob", "city")),
        sure=(("first_name", "surname", "dob"), ("surname", "dob", "postcode")),
        address=("postcode", "house_number", "city"),
        address_training=(("first_name", "surname"), ("dob", "substr(postcode, 1, 4)")),
    )


def build(folder: Path, name: str, rows: int, seed: int) -> None:
    """Write a set of two files of so many rows."""
    made = generate(census(), rows, seed)
    notes = {"seed": seed, "source": "generated; names by frequency in the United States census of 1990"}
    write(folder, task(name, rows), (made.left, made.right), made.truth, notes)


def census() -> Names:
    """Return the names of the package ``names``, which ships the tables of the United States census of 1990.

    88,799 surnames, 1,219 first names of men and 4,275 of women; a line is name, per cent, running total and rank.
    """
    folder = files("names")
    read = {}
    for file in ("all.last", "male.first", "female.first"):
        lines = [line.split() for line in (folder / f"dist.{file}").read_text(encoding="ascii").splitlines()]
        # The tails are all printed as 0.000 or 0.001 per cent, so nobody may weigh nothing.
        weights = np.maximum([float(line[1]) for line in lines], 0.0003)
        read[file] = (np.array([line[0].lower() for line in lines], "S"), weights / weights.sum())
    return Names(surname=read["all.last"], male=read["male.first"], female=read["female.first"])


def generate(names: Names, rows: int, seed: int) -> Pair:
    """Return two files of ``rows`` persons each, ``rows * OVERLAP`` of them in both; the same for the same seed."""
    rng = np.random.default_rng(seed)
    shared = int(rows * OVERLAP)
    people, addresses = populate(rng, names, 2 * rows - shared)
    order = rng.permutation(2 * rows - shared)
    chosen = (order[:rows], np.concatenate([order[:shared], order[rows:]]))
    later = marry(rng, names, move(rng, people, addresses))
    frames, who = [], []
    for source, (known, persons) in enumerate(zip((people, later), chosen, strict=True)):
        persons = rng.permutation(persons)
        frames.append(record(rng, known.take(persons), addresses, source))
        who.append(persons)
    return Pair(*frames, truth=matches(*who), people=(who[0], who[1]))


def matches(left: Ints, right: Ints) -> pd.DataFrame:
    """Return the rows, by left_id, that hold the same person; one row per person and file."""
    place = np.full(max(left.max(), right.max()) + 1, -1)
    place[right] = np.arange(len(right))
    found = np.flatnonzero(place[left] >= 0)
    return pd.DataFrame({"left_id": found, "right_id": place[left[found]]})


def move(rng: np.random.Generator, people: People, addresses: Addresses) -> People:
    """Return the people after `MOVED` of them took another address, half of these with their whole household."""
    homes = people.address.max() + 1
    whole = rng.random(homes) < MOVED / 2
    alone = rng.random(len(people.address)) < MOVED / 2
    anew = rng.integers(len(addresses.postcode), size=homes)
    address = np.where(whole[people.address], anew[people.address], people.address)
    address = np.where(alone, rng.integers(len(addresses.postcode), size=len(address)), address)
    return people.replace(address=address)


def marry(rng: np.random.Generator, names: Names, people: People) -> People:
    """Return the people after `MARRIED` of the women took another surname."""
    changed = np.flatnonzero((people.sex == b"f") & (rng.random(len(people.sex)) < MARRIED))
    surname = people.surname.copy()
    surname[changed] = names.surname[0][names.draw(rng, "surname", len(changed))]
    return people.replace(surname=surname)


def record(rng: np.random.Generator, people: People, addresses: Addresses, source: int) -> pd.DataFrame:
    """Return the rows that a source keeps of people, with its errors and gaps; text is None where missing."""
    wrong = WRONG[source]
    columns: dict[str, Column] = {
        "first_name": people.first_name,
        "surname": people.surname,
        "dob": iso(misdate(rng, people.born, wrong["dob"])),
        "sex": people.sex,
        "postcode": addresses.postcode[people.address],
        "house_number": addresses.number[people.address],
        "city": addresses.city[people.address],
    }
    frame: dict[str, npt.NDArray[np.object_] | Ints] = {"id": np.arange(len(people.sex))}
    for name, column in columns.items():
        if name in wrong and name != "dob":
            column = mistype(rng, column, wrong[name], ALPHABETS.get(name, LETTERS))
        text = column.astype("U").astype(object)
        text[(rng.random(len(text)) < MISSING[name]) | (column == b"")] = None
        frame[name] = text
    return pd.DataFrame(frame)


def iso(dates: Ints) -> Column:
    """Return days since 1970, shape (n,), as YYYY-MM-DD."""
    return dates.astype("datetime64[D]").astype("S10")
