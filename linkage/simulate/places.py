"""Addresses of a region: municipalities with their CBS codes (domain study 2.7), towns, streets, houses.

Street, number, letter and addition are separate, as in the BAG (2.5); postcodes use letters that are issued (never SA,
SD or SS, nor the letters F, I, O, Q, U and Y). One building in ten is a block whose homes differ in the addition only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage.simulate.dice import Dice, Weighted
from linkage.simulate.names import read_data

SHELTERS = (("Assen", 5, 80), ("Emmen", 9, 66))  # town, street and number of the collective addresses
_LETTERS = "ABCDEGHJKLMNPRSTVWXZ"
_PAIRS = [a + b for a in _LETTERS for b in _LETTERS if a + b not in ("SA", "SD", "SS")]
STREETS_PER_THOUSAND = 6
HOUSES_PER_STREET = 98
HOUSES_PER_POSTCODE = 20
BLOCK_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class Address:
    """One home, or one institution."""

    street: str
    number: int
    letter: str
    addition: str
    postcode: str
    city: str
    municipality: str
    kind: str = "woon"


@dataclass(frozen=True, slots=True)
class Town:
    """A town with its streets."""

    name: str
    municipality: str
    codes: list[int]
    streets: list[str]


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality as the steunpunt knows it."""

    name: str
    code: str
    outside: bool
    towns: Weighted[Town] = field(repr=False)


def _streets_of(block: dict[str, str]) -> tuple[list[str], list[str]]:
    def listed(key: str) -> list[str]:
        return [s.strip() for s in block[key].replace("\n", " ").split(",") if s.strip()]

    fronts, backs = listed("fronts"), listed("backs")
    pool = listed("named") + [front + back for back in backs for front in fronts]
    return listed("shared"), pool


class Atlas:
    """Every municipality, and houses on request."""

    def __init__(self, places: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Draw the shipped region, or other ``places`` in the form of ``places.toml``."""
        data = read_data("places.toml")
        rows = data["municipality"] if places is None else places
        shared, pool = _streets_of(data["streets"])
        self.municipalities: list[Municipality] = []
        self.towns: dict[str, Town] = {}
        weights: list[float] = []
        for row in rows:
            self.municipalities.append(self._municipality(row, shared, pool))
            weights.append(float(row["weight"]))
        self._weighted = Weighted(self.municipalities, weights)
        self.inside = [m for m in self.municipalities if not m.outside]
        self.name_of = {m.code: m.name for m in self.municipalities}
        ends = [rows[0]["towns"][0][0], rows[-1]["towns"][0][0]]
        self._shelters = SHELTERS if places is None else tuple(
            (town, *place) for town, (_, *place) in zip(ends, SHELTERS, strict=True)
        )  # fmt: skip

    def _municipality(self, row: Mapping[str, Any], shared: list[str], pool: list[str]) -> Municipality:
        towns: list[Town] = []
        for name, thousands, codes in row["towns"]:
            count = max(12, thousands * STREETS_PER_THOUSAND)
            start = codes[0] * 37 % len(pool)
            streets = (shared + [pool[(start + k * 7) % len(pool)] for k in range(count)])[:count]
            towns.append(Town(name, row["code"], codes, list(dict.fromkeys(streets))))
            self.towns[name] = towns[-1]
        sizes = [float(t[1]) for t in row["towns"]]
        return Municipality(row["name"], row["code"], row.get("outside", False), Weighted(towns, sizes))

    def draw(self, dice: Dice) -> Municipality:
        """A municipality, by population."""
        return dice.draw(self._weighted)

    def house(self, dice: Dice, place: Municipality) -> Address:
        """A home in this municipality."""
        town = dice.draw(place.towns)
        street = dice.below(len(town.streets))
        number = 1 + dice.below(HOUSES_PER_STREET)
        letter, addition = "", ""
        kind = dice.random()
        if kind < BLOCK_SHARE:
            number = 1 + number // 10  # few buildings, many homes: neighbours differ in the addition only
            addition = dice.pick(("1", "2", "3", "4", "5", "6", "bis", "hs", "II", "III"))
        elif kind < BLOCK_SHARE + 0.06:
            letter = dice.pick("AABBC")
        return self._address(town, street, number, letter, addition)

    def neighbour(self, dice: Dice, home: Address) -> Address:
        """A home a few doors away."""
        town = self.towns[home.city]
        number = max(1, home.number + dice.pick((-4, -2, 2, 4, 6)))
        return self._address(town, town.streets.index(home.street), number, "", "")

    def shelter(self, dice: Dice) -> Address:
        """One of the region's two shelters: collective addresses."""
        place, street, number = self._shelters[dice.below(2)]
        town = self.towns[place]
        found = self._address(town, street, number, "", "")
        return Address(found.street, number, "", "", found.postcode, found.city, found.municipality, "opvang")

    def _address(self, town: Town, street: int, number: int, letter: str, addition: str) -> Address:
        slot = street * (HOUSES_PER_STREET // HOUSES_PER_POSTCODE + 1) + number // HOUSES_PER_POSTCODE
        code = town.codes[slot % len(town.codes)]
        pair = _PAIRS[(slot // len(town.codes) * 61 + code) % len(_PAIRS)]
        return Address(town.streets[street], number, letter, addition, f"{code}{pair}", town.name, town.municipality)
