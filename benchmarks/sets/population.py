"""People in households at addresses: the truth that the files of `scale` are drawn from.

Arrays are of shape (persons,) unless said otherwise, and in the order of the households.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.sets.errors import LETTERS, Column, Ints

Table = tuple[Column, npt.NDArray[np.float64]]
"""Names, and the share of the people who bear them; both of shape (names,)."""

SHAPES = ((1, 0, 0.29), (2, 0, 0.28), (2, 1, 0.13), (2, 2, 0.14), (2, 3, 0.05), (1, 1, 0.06), (1, 2, 0.05))
"""Adults, children, share of the households."""
OWN_SURNAME = 0.12
"""Share of the partners who keep a surname of their own."""
TWIN = 0.03
"""Share of the younger siblings who are the twin of the one before them."""
JUNIOR = 0.04
"""Share of the sons with the first name of the head of the household."""
TODAY = int(np.datetime64("2025-01-01").astype(np.int64))
YEAR = 365.25

HOMES_PER_POSTCODE = 12
VACANT = 1.15
"""Addresses for each household."""
CITIES = 1200
AREAS = 9000
"""Postcodes begin with four digits, 1000 to 9999, of which every city has a run."""


@dataclass(frozen=True)
class Names:
    """The names that people may have, by how common they are."""

    surname: Table
    male: Table
    female: Table

    def draw(self, rng: np.random.Generator, table: str, size: int) -> Ints:
        """Return ``size`` places in a table, drawn by frequency."""
        total = np.cumsum(getattr(self, table)[1])
        return np.minimum(np.searchsorted(total, rng.random(size) * total[-1]), len(total) - 1)


@dataclass(frozen=True)
class People:
    """What is true of each person."""

    household: Ints
    address: Ints
    first_name: Column
    surname: Column
    born: Ints
    """Days since 1970."""
    sex: Column

    def take(self, rows: Ints) -> People:
        """Return some of them, in the order given."""
        return People(**{name: column[rows] for name, column in vars(self).items()})

    def replace(self, **columns: Any) -> People:
        """Return them with other columns."""
        return replace(self, **columns)


@dataclass(frozen=True)
class Addresses:
    """Where people live; arrays of shape (addresses,)."""

    postcode: Column
    number: Column
    city: Column


def populate(rng: np.random.Generator, names: Names, persons: int) -> tuple[People, Addresses]:
    """Return so many people, and the addresses of theirs and some more."""
    adults, children = _shapes(rng, persons)
    size = adults + children
    household = np.repeat(np.arange(len(size)), size)[:persons]
    role = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)[:persons]
    head = np.flatnonzero(role == 0)[household]
    child = role >= adults[household]
    sex = np.where(rng.random(persons) < 0.5, b"m", b"f").astype("S1")
    # A household of two adults has a man for its head; it makes no difference who is called that.
    couple = adults[household] == 2
    sex[couple & ~child] = np.where(role[couple & ~child] == 0, b"m", b"f")
    born = _births(rng, children[household], head, role, child)
    surname = names.surname[0][names.draw(rng, "surname", persons)]
    own = (role == 1) & ~child & (rng.random(persons) < OWN_SURNAME)
    surname = np.where(own, surname, surname[head])
    first_name = _first_names(rng, names, sex, child, head)
    addresses = _addresses(rng, names, int(len(size) * VACANT) + 1)
    home = rng.permutation(len(addresses.postcode))[: len(size)]
    return People(household, home[household], first_name, surname, born, sex), addresses


def _shapes(rng: np.random.Generator, persons: int) -> tuple[Ints, Ints]:
    """Return adults and children, shape (households,), of enough households for so many persons."""
    table = np.array(SHAPES)
    sizes = table[:, 0] + table[:, 1]
    enough = int(persons / (sizes @ table[:, 2] / table[:, 2].sum()) * 1.05) + 50
    shape = rng.choice(len(table), size=enough, p=table[:, 2] / table[:, 2].sum())
    needed = int(np.searchsorted(np.cumsum(sizes[shape]), persons)) + 1
    return table[shape[:needed], 0].astype(np.int64), table[shape[:needed], 1].astype(np.int64)


def _births(rng: np.random.Generator, children: Ints, head: Ints, role: Ints, child: npt.NDArray[np.bool_]) -> Ints:
    """Return birth days: partners are near each other in age, parents 20 to 40 years older than their children."""
    size = len(head)
    oldest = np.where(children > 0, 70, 95)
    youngest = np.where(children > 0, 25, 19)
    age = youngest + (oldest - youngest) * rng.beta(1.2, 1.5, size)
    age = age[head] + np.where(child | (role == 0), 0, np.clip(rng.normal(0, 4, size), -6, 25))
    age = np.where(child, np.maximum(age[head] - rng.uniform(20, 40, size), rng.uniform(0, 5, size)), age)
    born = (TODAY - age * YEAR).astype(np.int64)
    twin = np.flatnonzero((rng.random(size) < TWIN) & child & np.roll(child, 1) & (np.roll(head, 1) == head))
    born[twin] = born[twin - 1]
    return born


def _first_names(
    rng: np.random.Generator, names: Names, sex: Column, child: npt.NDArray[np.bool_], head: Ints
) -> Column:
    """Return first names by sex; some sons have that of the man at the head of their household."""
    size = len(sex)
    male = names.male[0][names.draw(rng, "male", size)]
    female = names.female[0][names.draw(rng, "female", size)]
    first = np.where(sex == b"m", male, female)
    # Parents do not give the name of one child to the next; another draw is all but sure to differ.
    again = np.flatnonzero(child & (np.roll(head, 1) == head) & (np.roll(first, 1) == first))
    first[again] = np.where(sex[again] == b"m", np.roll(male, 7)[again], np.roll(female, 7)[again])
    junior = np.flatnonzero(child & (sex == b"m") & (sex[head] == b"m") & (rng.random(size) < JUNIOR))
    first[junior] = first[head[junior]]
    return first


def _addresses(rng: np.random.Generator, names: Names, homes: int) -> Addresses:
    """Return addresses in streets that have a postcode each, in cities of which few are large."""
    streets = homes // HOMES_PER_POSTCODE + 1
    street = np.sort(rng.integers(streets, size=homes))
    area = np.sort(rng.integers(AREAS, size=streets))
    letters = LETTERS[rng.integers(len(LETTERS), size=(streets, 2))].view("S2").ravel()
    postcode = np.char.add((area + 1000).astype("S4"), letters)
    # Ranks by the inverse of size, as cities are; their runs of areas stand in an arbitrary order.
    weight = rng.permutation(1 / np.arange(1, CITIES + 1) ** 1.05)
    runs = np.cumsum(weight) / weight.sum() * AREAS
    city = _cities(rng, names)[np.searchsorted(runs, area + 0.5).clip(max=CITIES - 1)]
    first = np.floor(rng.exponential(45, streets)).astype(np.int64)
    within = np.arange(homes) - np.searchsorted(street, street)
    return Addresses(postcode[street], (first[street] + 1 + 2 * within).astype("S4"), city[street])


def _cities(rng: np.random.Generator, names: Names) -> Column:
    """Return made-up places, shape (CITIES,): a surname with an ending."""
    endings = np.array([b"ville", b"ton", b" city", b" springs", b"field", b"burg", b"", b" falls"])
    stems = rng.permutation(len(names.surname[0]))
    stems = np.resize(stems, CITIES)
    return np.char.add(names.surname[0][stems], endings[rng.integers(len(endings), size=CITIES)])
