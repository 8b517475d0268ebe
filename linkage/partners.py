"""The register of partners and agreements, as the configuration holds it: who there is, and what was agreed with whom.

Every day is a whole one, and ``until`` is the last: an agreement until 31 December ends with it. What follows from a
register is decided in ``linkage/register.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from rapidfuzz import process

from linkage import contracts, municipalities

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
"""An id, which becomes the name of a folder."""
Text = Annotated[str, Field(min_length=1, max_length=200)]
Record = Literal["incident", "care_report", "case_report"]
Product = Literal["lists", "page", "export", "agenda"]
Form = Literal["identifying", "pseudonymous"]
KINDS = {
    "police_incident": "incident",
    "police_person": "incident",
    "care_report": "care_report",
    "steunpunt_report": "case_report",
    "steunpunt_person": "case_report",
}
"""The kind of record that the rows of a table belong to."""


class Section(BaseModel):
    """A table of the register; keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Period(Section):
    """Something that holds on some days: from the first to the last; without one it always did, or goes on."""

    since: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Period:
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"until {self.until} lies before from {self.since}")
        return self

    def holds(self, on: date) -> bool:
        """Tell whether it holds on a day."""
        return (self.since or date.min) <= on <= (self.until or date.max)

    def meets(self, other: Period) -> bool:
        """Tell whether both hold on some day."""
        return max(self.since or date.min, other.since or date.min) <= min(
            self.until or date.max, other.until or date.max
        )


class Area(Period):
    """Municipalities that a partner works for."""

    municipalities: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("municipalities")
    @classmethod
    def _are_known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return known_codes(codes)


class Partner(Section):
    """An organisation that delivers or receives."""

    id: Name
    name: Text
    kind: str
    sources: dict[Name, str] = {}
    """Its sources, each with the profile of its deliveries."""
    areas: tuple[Area, ...] = ()
    """Where it works: of a steunpunt, the municipalities whose incidents it is expected to have a report of."""

    @field_validator("kind")
    @classmethod
    def _is_a_kind(cls, kind: str) -> str:
        return _one_of(kind, tuple(contracts.codes("partner_kind").codes))

    @field_validator("sources")
    @classmethod
    def _have_profiles(cls, sources: dict[str, str]) -> dict[str, str]:
        return {source: _one_of(profile, contracts.profiles()) for source, profile in sources.items()}


class Agreement(Period):
    """What a partner may deliver and receive, on which basis, from when until when."""

    id: Name
    partner: str
    legal_basis: Text
    delivers: tuple[Record, ...] = ()
    receives: tuple[Product, ...] = ()
    municipalities: tuple[str, ...] = ()
    """Of which municipalities it receives something; none: those that it works for, on the day."""
    form: Form = "pseudonymous"
    """Whether what it receives names records by their number."""

    @field_validator("municipalities")
    @classmethod
    def _are_known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return known_codes(codes)


class Register(Section):
    """Partners and agreements; without a partner there is no register, and everybody may deliver."""

    declared: Annotated[int | None, Field(ge=0)] = None
    """How many partners the agreement of the region counts; ``inbeeld doctor`` tells when the list has others."""
    notice_days: Annotated[int, Field(ge=0)] = 60
    """Days before an agreement ends from which ``inbeeld doctor`` warns."""
    partners: tuple[Partner, ...] = ()
    agreements: tuple[Agreement, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Register:
        wrong = list(contradictions(self.partners, self.agreements))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def contradictions(partners: Sequence[Partner], agreements: Sequence[Agreement]) -> Iterator[str]:
    """Yield what cannot be, one clause each."""
    for what, ids in (("partner", [p.id for p in partners]), ("agreement", [a.id for a in agreements])):
        yield from (f"{what} {one} is listed twice" for one in sorted({i for i in ids if ids.count(i) > 1}))
    owners: dict[str, str] = {}
    for partner in partners:
        for source in partner.sources:
            if source in owners and owners[source] != partner.id:
                yield f"source {source} belongs to {owners[source]} and to {partner.id}: give it to one of them"
            owners[source] = partner.id
    known = {partner.id: partner for partner in partners}
    for agreement in agreements:
        owner = known.get(agreement.partner)
        if owner is None:
            yield f"agreement {agreement.id}: {_unknown(agreement.partner, tuple(known))}"
        elif agreement.delivers and not owner.sources:
            yield f"agreement {agreement.id}: {owner.id} delivers but has no sources"
        elif agreement.receives and not agreement.municipalities and not owner.areas:
            yield f"agreement {agreement.id}: of which municipalities? neither it nor {owner.id} names any"
    for one, other in combinations(agreements, 2):
        if one.partner == other.partner and one.meets(other) and (both := _both(one, other)):
            yield f"agreements {one.id} and {other.id} both give {one.partner} {both}: end one before the other begins"


def _both(one: Agreement, other: Agreement) -> str:
    """Return what two agreements of one partner give it twice."""
    twice = sorted(set(one.delivers) & set(other.delivers))
    same_place = not (one.municipalities and other.municipalities) or set(one.municipalities) & set(
        other.municipalities
    )
    return ", ".join([*twice, *(sorted(set(one.receives) & set(other.receives)) if same_place else ())])


def known_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return municipality codes; raises `ValueError` with the one that nobody knows."""
    for code in codes:
        if code not in municipalities.known():
            raise ValueError(f"{code} is no municipality: use a code of schemas/codes/municipality.toml")
    return codes


def _one_of(value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise ValueError(_unknown(value, allowed))
    return value


def _unknown(value: str, allowed: Sequence[str]) -> str:
    nearest = process.extractOne(value, allowed, score_cutoff=60)
    return f"{value} is unknown, " + (f"did you mean {nearest[0]}?" if nearest else f"use {', '.join(allowed) or '-'}")
