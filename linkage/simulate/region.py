"""Who delivers in a simulated region, and where its people live: the shipped one, or that of a configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from linkage import municipalities
from linkage.config import Config
from linkage.errors import UsageError
from linkage.municipalities import counted_as
from linkage.partners import Partner, Period
from linkage.simulate.dice import Dice, Weighted
from linkage.simulate.names import read_data
from linkage.simulate.places import Atlas

OLD = "ashg_2010"
"""The profile of a steunpunt that exports as in 2010."""
SIMULATED = {"police": ("politie_bvh",), "steunpunt": ("veilig_thuis", OLD)}
POSTCODES = 4
"""Postcode areas of a town that nobody described."""
UNKNOWN_WEIGHT = 30.0


@dataclass(frozen=True)
class Desk:
    """A source, whose it is, and where it works when; without an area everywhere."""

    source: str
    name: str
    profile: str
    units: Weighted[str] = field(default_factory=lambda: Weighted(["0100"], [1]))
    areas: tuple[tuple[Period, frozenset[str]], ...] = ()

    @property
    def is_old(self) -> bool:
        """It exports as in 2010."""
        return self.profile == OLD

    def serves(self, code: str, on: date) -> bool:
        """Tell whether it works for a municipality on a day."""
        return not self.areas or any(period.holds(on) and code in codes for period, codes in self.areas)


class Region:
    """The sources of a region; this one is the shipped sample's."""

    police: Sequence[Desk] = (
        Desk(
            "politie-nn",
            "politie",
            "politie_bvh",
            Weighted(["0100", "01DR", "01ZW", "01ZO", "01NM"], [50, 15, 15, 12, 8]),
        ),
    )
    steunpunten: Sequence[Desk] = (
        Desk("vt-drenthe", "Veilig Thuis Drenthe", "veilig_thuis"),
        Desk("ashg-zuidwest", "ASHG Zuidwest", OLD),
    )
    old_share = 0.88
    old_municipalities = frozenset({"GM0119", "GM1690", "GM1701"})  # Meppel, De Wolden, Westerveld
    old_names: Sequence[str] = ("Meppel", "Westerveld", "De Wolden")
    old_reporters = ("pol. Hgv", "politie", "Pol. Meppel", "wijkagent", "pol.")
    transfers = ("lokaal team", "jeugdteam", "GGZ Drenthe", "Yorneo", "maatschappelijk werk")
    has_hard_cases = True

    def atlas(self) -> Atlas:
        """Return where people live."""
        return Atlas()

    def police_of(self, municipality: str, day: int) -> Desk:  # noqa: ARG002
        """Return the police unit of an incident."""
        return self.police[0]

    def steunpunt_of(self, dice: Dice, is_old: bool, municipality: str, day: int) -> Desk:  # noqa: ARG002
        """Return the steunpunt that a report of a family goes to."""
        return self.steunpunten[1] if is_old and dice.chance(self.old_share) else self.steunpunten[0]

    def advice_of(self, municipality: str, day: int) -> Desk:  # noqa: ARG002
        """Return the steunpunt that is asked for advice."""
        return self.steunpunten[0]

    def recipient(self, municipality: str, day: int) -> str:  # noqa: ARG002
        """Return whom the police name as the recipient of a care report."""
        return self.steunpunten[0].name

    def code_on(self, municipality: str, day: int) -> str:  # noqa: ARG002
        """Return the code that a record of a day has for a municipality."""
        return municipality

    def numbered_apart(self) -> list[set[str]]:
        """Return the sources that share one row of numbers for their reports and cases."""
        return [{desk.source for desk in self.steunpunten}]


class Configured(Region):
    """The region of a configuration: its municipalities, police units and steunpunten, each with its days.

    Records carry the municipality of their day: where one ended within the sample, codes change with it.
    """

    old_reporters = ("politie", "pol.", "wijkagent", "Pol.", "politie")
    transfers = ("lokaal team", "jeugdteam", "GGZ", "jeugdbescherming", "maatschappelijk werk")
    has_hard_cases = False

    def __init__(self, config: Config) -> None:
        listed = config.cooperation.partners
        self.codes = config.region.municipality_codes or tuple(
            dict.fromkeys(code for p in listed for area in p.areas for code in area.municipalities)
        )
        self.police = tuple(_desks(listed, "police"))
        self.steunpunten = tuple(_desks(listed, "steunpunt"))
        for kind, desks in (("police", self.police), ("steunpunt", self.steunpunten)):
            if not desks:
                raise UsageError(f"the configuration has no partner of kind {kind} with a source to simulate")
        if not self.codes:
            raise UsageError("the configuration names no municipality: see region.municipality_codes")
        self.old_municipalities = frozenset(
            code
            for code in self.codes
            if any(
                d.is_old and any(counted_as(code, date.max) in codes for _, codes in d.areas) for d in self.steunpunten
            )
        )
        self.old_names = [municipalities.name(code) for code in sorted(self.old_municipalities)] or ["-"]

    def atlas(self) -> Atlas:
        """Return the towns of the municipalities: described ones, or one of the municipality's name."""
        known = {row["code"]: row for row in read_data("places.toml")["municipality"]}
        # Where those that it took over are named as well, theirs are the towns of a municipality that began.
        over = {counted_as(code, date.max) for code in self.codes if counted_as(code, date.max) != code}
        lived = [code for code in self.codes if code not in over or not _began(code)]
        return Atlas([{**known.get(code, _row(code)), "outside": False} for code in lived])

    def police_of(self, municipality: str, day: int) -> Desk:
        """Return the police unit of an incident: the one that works there on the day, or the first."""
        return self._at(self.police, municipality, date.fromordinal(day))[0]

    def steunpunt_of(self, dice: Dice, is_old: bool, municipality: str, day: int) -> Desk:  # noqa: ARG002
        """Return the steunpunt that a report goes to: one of those that work there on the day."""
        return dice.pick(self._at(self.steunpunten, municipality, date.fromordinal(day)))

    def advice_of(self, municipality: str, day: int) -> Desk:
        """Return the steunpunt that is asked for advice: one that tells of it by report."""
        found = self._at(self.steunpunten, municipality, date.fromordinal(day))
        return next((desk for desk in found if not desk.is_old), found[0])

    def recipient(self, municipality: str, day: int) -> str:
        """Return whom the police name as the recipient of a care report."""
        return self._at(self.steunpunten, municipality, date.fromordinal(day))[0].name

    def code_on(self, municipality: str, day: int) -> str:
        """Return the code that a record of a day has for a municipality."""
        return counted_as(municipality, date.fromordinal(day))

    def numbered_apart(self) -> list[set[str]]:
        """Return the sources that share numbers: none, so that the same ones are used by several."""
        return [{desk.source} for desk in self.steunpunten]

    def _at(self, desks: Sequence[Desk], code: str, on: date) -> list[Desk]:
        return [desk for desk in desks if desk.serves(counted_as(code, date.max), on)] or [desks[0]]


def _desks(listed: Sequence[Partner], kind: str) -> Iterator[Desk]:
    number = 0
    for partner in listed:
        areas = tuple(
            (area, frozenset(counted_as(code, date.max) for code in area.municipalities)) for area in partner.areas
        )
        for source, profile in partner.sources.items() if partner.kind == kind else ():
            if profile not in SIMULATED[kind]:
                raise UsageError(f"source {source}: no deliveries of profile {profile} can be simulated")
            number += 1
            yield Desk(source, partner.name, profile, Weighted([f"{number}000", f"{number}0A1"], [3, 1]), areas)


def _began(code: str) -> bool:
    return municipalities.known()[code].valid_from is not None


def _row(code: str) -> Mapping[str, Any]:
    """Describe a municipality by one town of its name, with postcodes that only follow from its code."""
    first = 1_000 + int(code.removeprefix("GM")) * 37 % 8_900
    towns = [[municipalities.name(code), 10, [first + n for n in range(POSTCODES)]]]
    return {"name": municipalities.name(code), "code": code, "weight": UNKNOWN_WEIGHT, "towns": towns}
