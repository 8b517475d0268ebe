"""Names of synthetic people: surnames with particles, given names with call names, by origin and birth cohort.

The shape follows the domain study: particles with 36 % of Dutch bearers (2.2), roepnaam apart from the official names
(2.4), Turkish, Moroccan, Surinamese and Polish spelling (2.3), name chains without given names (2.1). The lists are
our own (`data/*.toml`): weights fall with rank, and compounds of fronts and backs make the thousands of rare names.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from linkage.simulate.dice import Dice, Weighted

PARTICLE_BEARERS = 0.36
COMMON_SHARE = 0.5  # half of the Dutch bear a name of the hand-made list; the top thousand hold a third in reality
RARE_PARTICLES = 0.30
RANK_OFFSET = 12.0  # flattens the head: the commonest Dutch surname has about 1 in 200 people
# The words a particle may consist of: a name as listed is split before its first other word.
PARTICLES = frozenset(
    ("van", "de", "der", "den", "ten", "ter", "te", "'t", "in", "op", "uit", "aan", "over", "bij", "el", "al")
)
CHAIN_SHARE = 0.25  # of Syrians and Eritreans: registered as one chain without given names


@dataclass(frozen=True, slots=True)
class Surname:
    """A family name: the core for a man and for a woman, and the particle before it."""

    core: str
    prefix: str = ""
    female_core: str = ""

    def of(self, sex: str) -> str:
        """The core that a person of this sex bears."""
        return self.female_core if sex == "V" and self.female_core else self.core


def read_data(name: str) -> dict[str, Any]:
    """A data file of this package."""
    return tomllib.loads(resources.files("linkage.simulate").joinpath("data", name).read_text("utf-8"))


def split_particle(text: str) -> tuple[str, str]:
    """Prefix and core of a name as written in the lists: lower-case leading words are the prefix."""
    words = text.split()
    cut = 0
    while cut < len(words) - 1 and words[cut] in PARTICLES:
        cut += 1
    return " ".join(words[:cut]), " ".join(words[cut:])


def _parse_surname(text: str) -> Surname:
    male, _, female = text.strip().partition("/")
    prefix, core = split_particle(male)
    return Surname(core, prefix, female)


def _listed(block: str) -> list[str]:
    return [item.strip() for item in block.replace("\n", " ").split(",") if item.strip()]


def _by_rank(count: int) -> list[float]:
    return [1.0 / (rank + RANK_OFFSET) for rank in range(count)]


def _rare_surnames(section: dict[str, str]) -> Weighted[Surname]:
    particles = _listed(section["particles"])
    fronts, backs = _listed(section["fronts"]), _listed(section["backs"])
    names: list[Surname] = []
    for i, front in enumerate(fronts):
        for j, back in enumerate(backs):
            core = front + back
            names.append(Surname(core))
            names.append(Surname(core, particles[(i * 7 + j) % len(particles)]))
    # A stride through the list mixes fronts, so that common and rare are not alphabetical.
    order = [names[(k * 2_741) % len(names)] for k in range(len(names))]
    weights = [
        w * (RARE_PARTICLES if s.prefix else 1 - RARE_PARTICLES) for s, w in zip(order, _flat(order), strict=True)
    ]
    return Weighted(order, weights)


def _flat(names: list[Surname]) -> list[float]:
    return [1.0 / (rank + 400.0) for rank in range(len(names))]


def _common_dutch(block: str) -> Weighted[Surname]:
    names = [_parse_surname(text) for text in _listed(block)]
    weights = _by_rank(len(names))
    with_particle = sum(w for s, w in zip(names, weights, strict=True) if s.prefix)
    share = 2 * PARTICLE_BEARERS - RARE_PARTICLES  # so that both halves together give the share of bearers
    lift = share * (sum(weights) - with_particle) / (with_particle * (1 - share))
    return Weighted(names, [w * lift if s.prefix else w for s, w in zip(names, weights, strict=True)])


class NameBook:
    """All name lists, loaded once per sample."""

    def __init__(self) -> None:
        surnames = read_data("surnames.toml")
        given = read_data("given_names.toml")
        self._dutch_common = _common_dutch(surnames["dutch"]["common"])
        self._dutch_rare = _rare_surnames(surnames["dutch"])
        self._surnames: dict[str, Weighted[Surname]] = {}
        self._given: dict[tuple[str, str, str], Weighted[str]] = {}
        self.call_names: dict[str, tuple[str, ...]] = {}
        for origin, section in surnames.items():
            parsed = [_parse_surname(text) for text in _listed(section["common"])]
            self._surnames[origin] = Weighted(parsed, _by_rank(len(parsed)))
        variants = given.pop("variants")["groups"]
        for origin, cohorts in given.items():
            for cohort, sexes in cohorts.items():
                for sex, block in sexes.items():
                    self._given[origin, cohort, sex] = self._load_given(block)
        self.variants = {
            name: tuple(n for n in group.split() if n != name) for group in variants for name in group.split()
        }

    def _load_given(self, block: str) -> Weighted[str]:
        names: list[str] = []
        for item in block.split():
            official, _, calls = item.partition(":")
            names.append(official)
            if calls:
                known = self.call_names.get(official, ())
                self.call_names[official] = known + tuple(c for c in calls.split(",") if c not in known)
        return Weighted(names, _by_rank(len(names)))

    def surname(self, dice: Dice, origin: str) -> Surname:
        """A family name of this origin."""
        if origin == "dutch":
            return dice.draw(self._dutch_common if dice.chance(COMMON_SHARE) else self._dutch_rare)
        return dice.draw(self._surnames[origin])

    def given(self, dice: Dice, origin: str, sex: str, year: int, avoid: frozenset[str] = frozenset()) -> str:
        """One official given name; siblings do not share one."""
        cohort = "all"
        if origin == "dutch":
            cohort = "old" if year < 1962 else "middle" if year < 1994 else "young"
        table = self._given[origin, cohort, sex]
        for _ in range(8):
            name = dice.draw(table)
            if name not in avoid:
                return name
        return name

    def call_name(self, dice: Dice, official: str) -> str:
        """What a bearer of this official name is called at home."""
        known = self.call_names.get(official)
        return dice.pick(known) if known else official


def initials_of(given: str) -> str:
    """Initials by the BRP rule: one letter per name, one for a hyphenated name, Th, Ph, Ch and IJ to one letter."""
    return "".join(f"{name[0].upper()}." for name in given.split() if name[0].isalpha())
