"""Nightly deliveries: what of the world each source hands over in which night.

The first delivery of police and Veilig Thuis is full, the nights after it are increments with new, changed (5 %) and
withdrawn (1 %) records: the domain study's shares (3.2), spread over the nights. The 2010 export is always full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from linkage.simulate import layout, rates
from linkage.simulate.dice import Dice
from linkage.simulate.records import MINUTES, Incident, Report, day_text
from linkage.simulate.rows import Row, RowWriter, closing_date
from linkage.simulate.tables import Table, save_delivery
from linkage.simulate.truth import TruthBook
from linkage.simulate.typing_errors import fold

LATE_DELIVERY = 0.015


@dataclass(slots=True)
class Version:
    """One appearance of a record in a delivery."""

    status: str
    with_persons: bool


class Deliveries:
    """Writes the nights of all three sources, and keeps the truth in step."""

    def __init__(self, inbox: Path, nights: list[int], rows: RowWriter, truth: TruthBook) -> None:
        self.inbox = inbox
        self.nights = nights  # the last day that each delivery covers
        self.rows = rows
        self.dice: Dice = rows.dice
        self.truth = truth
        self._typed: dict[str, list[Row]] = {}

    def _night_of(self, day: int) -> int:
        """The first delivery that covers this day."""
        return next((i for i, covered in enumerate(self.nights) if covered >= day), len(self.nights) - 1)

    def _later(self, night: int) -> int:
        return night + 1 + self.dice.below(len(self.nights) - 1 - night)

    def _has_later(self, night: int) -> bool:
        return night + 1 < len(self.nights)

    def _dates(self, night: int) -> tuple[str, str]:
        return day_text(self.nights[night] + 1), day_text(self.nights[night])

    def _persons(self, key: str, make: Callable[[], list[Row]]) -> list[Row]:
        """The rows as typed before, most of them; a correction types one anew."""
        fresh = make()
        before = self._typed.get(key)
        if before is not None and len(before) == len(fresh):
            fresh = [old if self.dice.chance(0.8) else new for old, new in zip(before, fresh, strict=True)]
        self._typed[key] = fresh
        return fresh

    def police(self, source: str, incidents: list[Incident]) -> None:
        """All deliveries of a police unit."""
        plan: list[list[tuple[Incident, Version]]] = [[] for _ in self.nights]
        for incident in incidents:
            for night, version in self._police_versions(incident):
                plan[night].append((incident, version))
        for night, entries in enumerate(plan):
            tables = [
                Table("incidenten.csv", layout.INCIDENTS),
                Table("personen.csv", layout.POLICE_PERSONS),
                Table("zorgmeldingen.csv", layout.CARE_REPORTS),
            ]
            for incident, version in entries:
                self._add_incident(tables, incident, version, night)
            kind = "full" if night == 0 else "increment"
            save_delivery(self.inbox, source, "politie_bvh", kind, self._dates(night), tables)

    def _police_versions(self, incident: Incident) -> list[tuple[int, Version]]:
        dice = self.dice
        night = self._night_of(incident.at // MINUTES)
        if incident.facts.get("planted"):
            versions = [(night, Version("nieuw", True))]
            if incident.facts["planted"] == "withdrawn":
                versions.append((len(self.nights) - 1, Version("ingetrokken", False)))
            return versions
        if dice.chance(LATE_DELIVERY) and self._has_later(night):
            night = self._later(night)
        versions = [(night, Version("gewijzigd" if night == 0 and dice.chance(0.1) else "nieuw", True))]
        if not self._has_later(night):
            return versions
        if dice.chance(rates.CHANGED):
            versions.append((self._later(night), Version("gewijzigd", dice.chance(0.6))))
        if dice.chance(rates.WITHDRAWN) and self._has_later(versions[-1][0]):
            versions.append((self._later(versions[-1][0]), Version("ingetrokken", dice.chance(0.3))))
        return versions

    def _add_incident(self, tables: list[Table], incident: Incident, version: Version, night: int) -> None:
        head, persons, cares = tables
        head.add(self.rows.incident(incident, version.status, self.nights[night]))
        if version.with_persons:
            for row in self._persons(incident.number, lambda: self.rows.police_persons(incident)):
                persons.add(row)
            for row in self.rows.care_reports(incident):
                cares.add(row)
            self.truth.persons(incident.source, "incident", incident.number, incident.parties)
        if version.status == "ingetrokken":
            self.truth.withdraw(incident.source, "incident", incident.number)
            self.truth.withdraw_incident(incident.number)

    def veilig_thuis(self, source: str, reports: list[Report]) -> None:
        """All deliveries of a Veilig Thuis."""
        shared = _reports_per_case(reports)
        plan: list[list[tuple[Report, Version]]] = [[] for _ in self.nights]
        delivered: set[int] = set()
        for report in reports:
            for night, version in self._report_versions(report, shared):
                if version.with_persons and version.status == "nieuw":
                    version.with_persons = id(report.case) not in delivered or self.dice.chance(0.5)
                    delivered.add(id(report.case))
                plan[night].append((report, version))
        for night, entries in enumerate(plan):
            tables = [Table("meldingen.csv", layout.REPORTS), Table("betrokkenen.csv", layout.CASE_PERSONS)]
            written: set[str] = set()
            for report, version in entries:
                self._add_report(tables, report, version, night, written)
            kind = "full" if night == 0 else "increment"
            save_delivery(self.inbox, source, "veilig_thuis", kind, self._dates(night), tables)

    def _report_versions(self, report: Report, shared: dict[int, int]) -> list[tuple[int, Version]]:
        """New in its night, changed in the nights when a date came due or a clerk corrected it, seldom withdrawn."""
        dice = self.dice
        night = self._night_of(report.registered // MINUTES)
        versions = [(night, Version("nieuw", report.case is not None))]
        planted = bool(report.facts.get("planted"))
        due = {later for later in range(night + 1, len(self.nights)) if self._came_due(report, later)}
        if not planted and self._has_later(night) and dice.chance(rates.CHANGED):
            due.add(self._later(night))
        versions += [(later, Version("gewijzigd", False)) for later in sorted(due)]
        alone = report.case is not None and shared[id(report.case)] == 1
        if alone and not planted and self._has_later(versions[-1][0]) and dice.chance(rates.WITHDRAWN):
            versions.append((self._later(versions[-1][0]), Version("ingetrokken", False)))
        return versions

    def _came_due(self, report: Report, night: int) -> bool:
        before, now = day_text(self.nights[night - 1]), day_text(self.nights[night])
        closed = day_text(report.case.closed // MINUTES) if report.case else ""
        return before < closed <= now or any(before < report.facts.get(c, "") <= now for c in layout.DATED)

    def _add_report(self, tables: list[Table], report: Report, version: Version, night: int, written: set[str]) -> None:
        head, persons = tables
        head.add(self.rows.report(report, version.status, self.nights[night]))
        case = report.case
        if case is None:
            return
        if version.with_persons and case.case_id not in written:
            written.add(case.case_id)
            for row in self._persons(f"{report.source} {case.case_id}", lambda: self.rows.case_persons(case)):
                persons.add(row)
            self.truth.persons(report.source, "case", case.case_id, case.parties)
        if version.status == "ingetrokken":
            self.truth.withdraw(report.source, "case", case.case_id)
            self.truth.withdraw_report(report.source, report.report_id)

    def ashg(self, source: str, reports: list[Report], advice: list[Row]) -> None:
        """An old steunpunt's exports: the first night and the last, always full, old rows as they were."""
        typed: dict[str, list[Row]] = {}
        for night in (0, len(self.nights) - 1):
            table = Table("clienten.csv", layout.ASHG, "cp1252")
            day = self.nights[night]
            for report in reports:
                if report.registered // MINUTES > day:
                    continue
                if night and self.dice.chance(rates.WITHDRAWN):
                    self.truth.withdraw(source, "case", report.report_id)
                    self.truth.withdraw_report(report.source, report.report_id)
                    continue
                self._add_dossier(table, report, typed, day)
            for row in advice:
                table.add(row)
            save_delivery(self.inbox, source, "ashg_2010", "full", self._dates(night), [table])

    def _add_dossier(self, table: Table, report: Report, typed: dict[str, list[Row]], day: int) -> None:
        if report.report_id not in typed:
            typed[report.report_id] = [[_in_1252(v) for v in row] for row in self.rows.ashg_rows(report)]
        closed = closing_date(report, day)
        for row in typed[report.report_id]:
            table.add([*row, closed])
        if report.case is not None:
            self.truth.persons(report.source, "case", report.report_id, report.case.parties)


def _reports_per_case(reports: list[Report]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for report in reports:
        if report.case is not None:
            counts[id(report.case)] = counts.get(id(report.case), 0) + 1
    return counts


def _in_1252(text: str) -> str:
    """Windows-1252 has no ş, ł or ğ: the old system wrote the bare letter."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() or _is_1252(c) else fold(c) for c in text)


def _is_1252(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
