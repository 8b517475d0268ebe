"""What happened: incidents, reports and cases before they are written into files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from linkage.simulate.people import Family, Person
from linkage.simulate.places import Address

MINUTES = 1_440  # a moment is a count of minutes: the day's ordinal times 1,440 plus the minute of the day


@dataclass(slots=True)
class Party:
    """A person named on a record."""

    person: Person
    role: str
    standing: str
    household: int
    relation: str = ""
    lodged: Address | None = None
    fixed: dict[str, str] | None = None  # columns of a planted hard case, written as they stand


@dataclass(slots=True)
class CareReport:
    """A care report (zorgmelding) that the police made of an incident."""

    number: str
    sent: int
    channel: str
    recipient: str
    delivery_status: str


@dataclass(slots=True)
class Incident:
    """A police incident, with what became of it in the chain."""

    at: int
    family: Family
    parties: list[Party]
    facts: dict[str, str]
    place: Address
    why: str = ""
    number: str = ""
    source: str = ""
    report: Report | None = None
    cares: list[CareReport] = field(default_factory=list)
    original: Incident | None = None
    minors: int = 0
    is_dv: bool = True
    has_care: bool = False


@dataclass(slots=True)
class Case:
    """A dossier of one family at one steunpunt."""

    source: str
    family: Family
    parties: list[Party]
    opened: int
    closed: int
    case_id: str = ""
    is_old: bool = False  # at a steunpunt of 2010
    is_harsh: bool = False  # registered with wrong names and dates


@dataclass(slots=True)
class Report:
    """A report or an advice at a steunpunt."""

    received: int
    registered: int
    municipality: str
    facts: dict[str, str]
    case: Case | None = None
    incident: Incident | None = None
    report_id: str = ""
    source: str = ""
    is_withdrawn: bool = False


@lru_cache(maxsize=20_000)
def day_text(day: int) -> str:
    """A day as ISO text; nothing for no day."""
    return date.fromordinal(day).isoformat() if day > 0 else ""


def stamp(moment: int) -> str:
    """A moment as local time; the hour that summer time skips is moved on."""
    day, minute = divmod(moment, MINUTES)
    if 120 <= minute < 180 and _is_spring_change(day):
        minute += 60
    return f"{day_text(day)}T{minute // 60:02d}:{minute % 60:02d}:{moment * 7 % 60:02d}"


@lru_cache(maxsize=20_000)
def _is_spring_change(day: int) -> bool:
    when = date.fromordinal(day)
    return when.month == 3 and when.day >= 25 and when.weekday() == 6
