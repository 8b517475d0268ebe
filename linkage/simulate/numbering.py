"""Numbers of records in the order of time, and the references by which a report points back to its incident."""

from __future__ import annotations

from datetime import date

from linkage.simulate.dice import Dice
from linkage.simulate.rates import REFERENCE_FILLED, REFERENCE_MALFORMED
from linkage.simulate.records import MINUTES, Case, Incident, Report

LAST_DRAWN = 900_000  # numbers above belong to the planted hard cases


def number_incidents(dice: Dice, incidents: list[Incident]) -> None:
    """PLxxxx-YYYYnnnnnn, rising through the year with gaps, as other incidents lie between."""
    incidents.sort(key=lambda i: (i.at, i.family.number))
    step = max(1, min(40, LAST_DRAWN // max(1, len(incidents)) - 1))
    last: dict[int, int] = {}
    for incident in incidents:
        if incident.number:
            continue
        year = date.fromordinal(incident.at // MINUTES).year
        last[year] = last.get(year, 1_000) + 1 + dice.below(step)
        incident.number = f"PL{incident.facts['eenheid']}-{year}{last[year]:06d}"


def number_reports(dice: Dice, reports: list[Report], cases: list[Case]) -> None:
    """Report, case and dossier numbers; planted ones keep theirs. Dossiers of 2010 number report and case as one."""
    cases.sort(key=lambda c: (c.opened, c.family.number))
    for count, case in enumerate(cases, 1):
        case.case_id = case.case_id or f"ZD-{count:06d}"
    reports.sort(key=lambda r: (r.received, r.municipality, r.report_id))
    for count, report in enumerate(reports, 1):
        if report.report_id:
            continue
        year = date.fromordinal(report.received // MINUTES).year
        if report.case is not None and report.case.is_old:
            report.report_id = report.case.case_id = f"{year % 100:02d}{count:06d}"
        else:
            report.report_id = f"VT{year % 100:02d}-{count:06d}"
            _refer(dice, report)


def _refer(dice: Dice, report: Report) -> None:
    """The police number as the reporter's reference: filled in 35 % of police reports, 10 % of those malformed."""
    incident = report.incident
    if incident is None or report.case is None or report.case.is_old or not dice.chance(REFERENCE_FILLED):
        return
    number = incident.number
    if dice.chance(REFERENCE_MALFORMED):
        number = _malformed(dice, incident)
    report.facts["kenmerk_melder"] = number


def _malformed(dice: Dice, incident: Incident) -> str:
    number = incident.number
    kind = dice.below(6)
    if kind == 0:
        return number.replace("-", " ")
    if kind == 1:
        return number.lower()
    if kind == 2:
        return number.partition("-")[2]
    if kind == 3:
        return f"{number}-1"
    if kind == 4 and incident.cares:
        return incident.cares[0].number
    return f" {number[:8]} {number[8:]} " if kind == 4 else f"pol. {number}"
