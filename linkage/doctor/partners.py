"""The register of partners: which agreements end, who delivers without one, which municipality nobody works for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from linkage import municipalities, register
from linkage.config import Config
from linkage.doctor.line import FAIL, OK, WARN, Line
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import StoreError
from linkage.partners import Register
from linkage.store import OutFolder

MOST_NAMES = 5


def agreements(config: Config, _folder: OutFolder, _inbox: Path | None, on: date | None = None) -> Iterator[Line]:
    """Yield which agreements ended or end soon without another that follows, and whether all partners are listed."""
    listed, today = config.cooperation, on or register.today()
    if not listed.partners:
        return
    soon, fine = today + timedelta(listed.notice_days), True
    for agreement in listed.agreements:
        lost = register.ends(listed, agreement)
        if not lost or agreement.until is None or agreement.until > soon:
            continue
        fine = False
        verb = "ended" if agreement.until < today else "ends"
        told = f"{agreement.id} of {agreement.partner} {verb} with {agreement.until}: {', '.join(lost)}"
        yield Line(WARN, "agreement", told, "renew it, and enter the new one in the register")
    bound = {agreement.partner for agreement in listed.agreements}
    if without := [partner.id for partner in listed.partners if partner.id not in bound]:
        yield Line(WARN, "agreement", f"partners without one: {_names(without)}", "enter theirs, or take them out")
        fine = False
    if listed.declared is not None and listed.declared != len(listed.partners):
        told = f"the region declared {listed.declared} partners, {len(listed.partners)} are listed"
        yield Line(WARN, "partners", told, "list the others, or correct cooperation.declared")
    if fine:
        yield Line(OK, "agreement", f"{len(listed.agreements)} agreements, none ends before {soon}")


def deliveries(config: Config, _folder: OutFolder, inbox: Path | None, on: date | None = None) -> Iterator[Line]:
    """Yield the sources in the inbox that no agreement lets deliver today, and those that deliver nothing."""
    listed, today = config.cooperation, on or register.today()
    if not listed.partners or inbox is None or not inbox.is_dir():
        return
    found = sorted(entry.name for entry in inbox.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    bad = [source for source in found if not _may_deliver(listed, source, today)]
    if bad:
        yield Line(
            FAIL, "source", f"in the inbox without an agreement today: {_names(bad)}",
            "enter the agreement, or tell the source to stop",
        )  # fmt: skip
    agreed = {
        source for partner in listed.partners for source in partner.sources if _may_deliver(listed, source, today)
    }
    if silent := sorted(agreed - set(found)):
        yield Line(WARN, "source", f"agreed, and not in the inbox: {_names(silent)}", "ask the source when it begins")
    if found and not bad:
        yield Line(OK, "source", f"all {len(found)} in the inbox have an agreement")


def areas(config: Config, folder: OutFolder, _inbox: Path | None, on: date | None = None) -> Iterator[Line]:
    """Yield which municipalities of the region nobody works for, which two do, and which ended."""
    listed, today = config.cooperation, on or register.today()
    told = [code for partner in listed.partners for area in partner.areas for code in area.municipalities]
    told += config.region.municipality_codes
    if ended := sorted({code for code in told if municipalities.counted_as(code, today) != code}):
        became = {code: municipalities.counted_as(code, today) for code in ended}
        names = _names([f"{_place(code)}, now {_place(new)}" for code, new in became.items()])
        yield Line(OK, "municipality", f"ended, and counted under the one that took over: {names}")
    if unknown := [code for code in config.region.municipality_codes if code not in municipalities.known()]:
        yield Line(WARN, "municipality", f"unknown codes: {_names(unknown)}", "see schemas/codes/municipality.toml")
    if not listed.partners:
        return
    region = sorted({municipalities.counted_as(code, today) for code in config.region.municipality_codes or told})
    for kind in ("steunpunt", "police"):
        if bare := [code for code in region if not register.serving(listed, kind, code, today)]:
            places = _names([_place(code) for code in bare])
            yield Line(WARN, "municipality", f"without a {kind}: {places}", "add it to the areas of a partner")
    for code in region:
        if len(two := register.serving(listed, "steunpunt", code, today)) > 1:
            names = " and ".join(partner.id for partner in two)
            yield Line(OK, "municipality", f"{_place(code)} is of {names}: the slower of them counts")
    yield from _never_delivered(listed, folder, today)


def _never_delivered(listed: Register, folder: OutFolder, today: date) -> Iterator[Line]:
    """Yield the steunpunten of whom nothing was taken in: all incidents of their municipalities wait."""
    if folder.current() is None:
        return
    try:
        with DuckDBEngine(folder.published("case_view.duckdb"), read_only=True) as view:
            known = {str(row[0]) for row in view.rows("SELECT source_id FROM delivery WHERE status = 'accepted'")}
    except StoreError:  # another check tells that what is published cannot be opened
        return
    waits = Counter[str]()
    for partner in listed.partners:
        if partner.kind == "steunpunt" and partner.sources and not set(partner.sources) & known:
            waits[partner.id] = len(register.working_for(partner, today))
    if waits:
        told = [f"{name} ({count} municipalit{'y' if count == 1 else 'ies'})" for name, count in sorted(waits.items())]
        yield Line(WARN, "steunpunt", f"nothing delivered yet: {_names(told)}", "its incidents wait until it does")


def _may_deliver(listed: Register, source: str, on: date) -> bool:
    """Tell whether an agreement lets a source deliver something on a day."""
    partner = register.partner_of(listed, source)
    own = [a for a in listed.agreements if partner is not None and a.partner == partner.id]
    return any(agreement.delivers and agreement.holds(on) for agreement in own)


def _place(code: str) -> str:
    return f"{municipalities.name(code)} ({code})"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
