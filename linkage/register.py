"""What follows from the register: who may deliver, who receives what, whose report is expected.

Without a partner in it there is no register: everybody may deliver, nothing is handed out by name, no report is
expected of anybody in particular.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from linkage import contracts
from linkage.engine.base import Engine
from linkage.municipalities import counted_as
from linkage.partners import KINDS, Agreement, Partner, Period, Register

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEVER = "no agreement"
PUBLISHED = "register"
"""File of a generation that holds the `digest` of the register that it was handed out by."""


@dataclass(frozen=True)
class Grant:
    """Whether a partner receives a product, and under which agreement; else why not."""

    partner: Partner
    product: str
    agreement: Agreement | None
    municipalities: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_given(self) -> bool:
        """There is an agreement today."""
        return self.agreement is not None


def today() -> date:
    """Return the day that it is in Amsterdam."""
    return datetime.now(AMSTERDAM).date()


def kinds(tables: Collection[str]) -> tuple[str, ...]:
    """Return the kinds of records that rows of these tables are, in the order of the contract."""
    return tuple(dict.fromkeys(KINDS[table] for table in KINDS if table in tables))


def partner_of(register: Register, source_id: str) -> Partner | None:
    """Return the partner whose source this is."""
    return next((partner for partner in register.partners if source_id in partner.sources), None)


def refusal(register: Register, source_id: str, profile: str, delivered: Collection[str], on: date) -> str | None:
    """Return why a source may not deliver these kinds of records on a day, in one line; None when it may."""
    if not register.partners:
        return None
    partner = partner_of(register, source_id)
    if partner is None:
        return "the register names no partner with this source: add it, with an agreement, and run again"
    if partner.sources[source_id] != profile:
        return f"the register gives this source the profile {partner.sources[source_id]}: correct one of them"
    for kind in delivered:
        told = [a for a in register.agreements if a.partner == partner.id and kind in a.delivers]
        if not any(agreement.holds(on) for agreement in told):
            return (
                f"no agreement lets {partner.id} deliver {kind} records on {on} ({_nearest(told, on)}): "
                "enter the agreement in the register, and run again"
            )
    return None


def grants(register: Register, on: date) -> Iterator[Grant]:
    """Yield what each partner receives on a day, and what it would but for the day."""
    for partner in register.partners:
        own = [agreement for agreement in register.agreements if agreement.partner == partner.id]
        for product in dict.fromkeys(product for agreement in own for product in agreement.receives):
            told = [agreement for agreement in own if product in agreement.receives]
            today = [agreement for agreement in told if agreement.holds(on)]
            for agreement in today:
                places = agreement.municipalities or working_for(partner, on)
                yield Grant(partner, product, agreement, tuple(sorted({counted_as(code, on) for code in places})))
            if not today:
                yield Grant(partner, product, None, reason=_nearest(told, on))


def granted(register: Register, partner_id: str, product: str, on: date) -> list[Grant]:
    """Return what a partner is given of a product on a day: one for each agreement, or one that says why not."""
    told = [g for g in grants(register, on) if g.partner.id == partner_id and g.product == product]
    named = next((partner for partner in register.partners if partner.id == partner_id), None)
    return told or ([Grant(named, product, None, reason=NEVER)] if named else [])


def working_for(partner: Partner, on: date) -> tuple[str, ...]:
    """Return the municipalities that a partner works for on a day, as they are counted then."""
    return tuple(
        sorted({counted_as(code, on) for area in partner.areas if area.holds(on) for code in area.municipalities})
    )


def serving(register: Register, kind: str, code: str, on: date) -> list[Partner]:
    """Return the partners of a kind that work for a municipality on a day."""
    wanted = counted_as(code, on)
    return [partner for partner in register.partners if partner.kind == kind and wanted in working_for(partner, on)]


def digest(register: Register, on: date) -> str:
    """Return a mark of what the register says and gives on a day, which changes with either; empty without partners."""
    if not register.partners:
        return ""
    given = [
        (g.partner.id, g.product, g.agreement.id if g.agreement else "", g.municipalities) for g in grants(register, on)
    ]
    areas = [(partner.id, working_for(partner, on)) for partner in register.partners]
    told = json.dumps([register.model_dump(mode="json"), given, areas], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def published(generation: Path | None) -> str:
    """Return the digest that a generation was handed out by; empty when there was no register, or none that said so."""
    file = generation / PUBLISHED if generation else None
    return file.read_text(encoding="utf-8") if file and file.exists() else ""


def write(db: Engine, register: Register, as_of: date) -> None:
    """Write ``partner_area``: which partner works for which municipality, from when until when.

    Municipalities stand as they are counted on the day of the run; ``covers_until`` is the last day that a source of
    the partner has delivered.
    """
    reached: dict[str, date] = {}
    if register.partners and db.has("delivery"):
        until = "SELECT source_id, max(covers_until) FROM delivery WHERE status = 'accepted' GROUP BY source_id"
        reached = dict(db.rows(until))
    db.run(contracts.table("partner_area").ddl())
    db.insert(
        "partner_area",
        [
            (partner.id, partner.name, partner.kind, code, area.since, area.until, _reach(partner, reached))
            for partner in register.partners
            for area in partner.areas
            for code in sorted({counted_as(code, as_of) for code in area.municipalities})
        ],
    )


def _reach(partner: Partner, reached: dict[str, date]) -> date | None:
    # The furthest of its sources: one that it no longer uses would hold all its incidents back for ever.
    return max((reached[source] for source in partner.sources if source in reached), default=None)


def _nearest(told: list[Agreement], on: date) -> str:
    """Return what there was before or will be after a day without an agreement."""
    ended = max((a for a in told if a.until and a.until < on), key=lambda a: a.until or on, default=None)
    later = min((a for a in told if a.since and a.since > on), key=lambda a: a.since or on, default=None)
    words = [f"{ended.id} ended with {ended.until}"] if ended else []
    words += [f"{later.id} begins on {later.since}"] if later else []
    return ", ".join(words) or "there is none"


def ends(register: Register, agreement: Agreement) -> list[str]:
    """Return what a partner no longer may from the day after an agreement, as nothing follows on it."""
    if agreement.until is None:
        return []
    after = Period(since=agreement.until)
    later = [
        other
        for other in register.agreements
        if other.partner == agreement.partner and other.id != agreement.id and other.meets(after)
        and (other.until is None or other.until > agreement.until)
    ]  # fmt: skip
    kept = {what for other in later for what in (*other.delivers, *other.receives)}
    return [what for what in (*agreement.delivers, *agreement.receives) if what not in kept]
