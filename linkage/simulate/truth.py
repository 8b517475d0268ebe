"""The truth beside the inbox: who every mention really is, and which report every incident really led to."""

from __future__ import annotations

import csv
from pathlib import Path

from linkage.simulate.records import Incident, Party, Report

MENTION_HEADER = [
    "source_id",
    "record_kind",
    "record_id",
    "person_seq",
    "true_person_id",
    "true_household_id",
    "origin",
]
INCIDENT_HEADER = ["incident_number", "report_id", "why"]
REPORT_HEADER = ["report_id", "incident_number"]
SOURCE = "report_source_id"


class TruthBook:
    """Collects the truth of the records in their current state."""

    def __init__(self) -> None:
        self._mentions: dict[tuple[str, str, str], list[tuple[int, int, str]]] = {}
        self._withdrawn_reports: set[tuple[str, str]] = set()
        self._withdrawn_incidents: set[str] = set()

    def persons(self, source: str, kind: str, record_id: str, parties: list[Party]) -> None:
        """The persons of a record as last delivered."""
        self._mentions[source, kind, record_id] = [(p.person.number, p.household, p.person.origin) for p in parties]

    def withdraw(self, source: str, kind: str, record_id: str) -> None:
        """A withdrawn record takes its persons with it."""
        self._mentions.pop((source, kind, record_id), None)

    def withdraw_incident(self, number: str) -> None:
        """An incident that no longer counts."""
        self._withdrawn_incidents.add(number)

    def withdraw_report(self, source: str, report_id: str) -> None:
        """A report that no longer answers its incident."""
        self._withdrawn_reports.add((source, report_id))

    @property
    def mentions(self) -> int:
        """How many person rows are current."""
        return sum(len(parties) for parties in self._mentions.values())

    def count(self, kind: str) -> int:
        """How many person rows records of this kind hold."""
        return sum(len(parties) for key, parties in self._mentions.items() if key[1] == kind)

    def distinct_persons(self) -> int:
        """How many human beings are mentioned at all."""
        return len({person for parties in self._mentions.values() for person, *_ in parties})

    def write(self, folder: Path, incidents: list[Incident], reports: list[Report], *, by_source: bool) -> None:
        """Write the truth files; ``by_source`` tells of each report at which steunpunt it is."""
        told = [SOURCE] if by_source else []
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "mention_truth.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(MENTION_HEADER)
            for (source, kind, record_id), parties in self._mentions.items():
                for seq, (person, household, origin) in enumerate(parties, 1):
                    writer.writerow([source, kind, record_id, seq, f"P{person:07d}", f"H{household:07d}", origin])
        with (folder / "incident_truth.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(INCIDENT_HEADER + told)
            for incident in incidents:
                report_id, why = self._answer(incident)
                source = incident.report.source if report_id and incident.report else ""
                writer.writerow([incident.number, report_id, why, *([source] if by_source else [])])
        with (folder / "report_truth.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(REPORT_HEADER + told)
            writer.writerows(
                [
                    report.report_id,
                    report.incident.number if report.incident else "",
                    *([report.source] if by_source else []),
                ]
                for report in reports
                if report.case is not None and (report.source, report.report_id) not in self._withdrawn_reports
            )

    def _answer(self, incident: Incident) -> tuple[str, str]:
        if incident.number in self._withdrawn_incidents:
            return "", "withdrawn"
        if incident.report is None:
            return "", incident.why
        if (incident.report.source, incident.report.report_id) in self._withdrawn_reports:
            return "", "report_withdrawn"
        return incident.report.report_id, incident.why
