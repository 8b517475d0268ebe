"""The hard cases T01-T30 (domain study 2.8), planted as records of their own with known numbers.

They are scripted in `data/hard_cases.toml`, column by column, and pass no clerk: what it says is what is delivered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from linkage.simulate.families import FamilyMaker
from linkage.simulate.layout import PERSON
from linkage.simulate.names import read_data
from linkage.simulate.people import Family, Person, Registry
from linkage.simulate.places import Address
from linkage.simulate.records import MINUTES, CareReport, Case, Incident, Party, Report, day_text

POLICE, VT = "politie-nn", "vt-drenthe"  # of the shipped region, the only one that has hard cases
FIRST_NUMBER = 900_000  # above every drawn number of a year
EVENING = 20 * 60
HEADER = """\
# The hard cases of the domain study (2.8) as they stand in this sample: written by `inbeeld sample`, see README.md.
# `left` and `right` are two mentions in canonical columns, with the record that holds them; a column left out is blank.
# verdict: same (one human being), different, withdrawn (one human being, but the incident no longer counts),
# never (nothing may be linked).
"""


@dataclass(slots=True)
class _Scene:
    """One hard case on its way into the sample."""

    spec: dict[str, Any]
    people: dict[str, Person] = field(default_factory=dict)
    homes: dict[str, int] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


@dataclass(slots=True)
class Planted:
    """The records of all hard cases, and their description."""

    incidents: list[Incident] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    cases_planted: list[_Scene] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """The pairs in canonical columns, for tests and for readers."""
        lines = [HEADER]
        for scene in self.cases_planted:
            lines.append("[[case]]")
            lines += [f"{key} = {_quoted(scene.spec[key])}" for key in ("id", "verdict", "why")]
            for side, pointer in zip(("left", "right"), scene.spec["pair"], strict=True):
                lines.append(f"[case.{side}]")
                lines += [f"{key} = {_quoted(value)}" for key, value in _mention(scene, pointer).items()]
            lines.append("")
        path.write_bytes("\n".join(lines).encode("utf-8"))


def _quoted(value: str | int) -> str:
    return json.dumps(value, ensure_ascii=False)


def plant(registry: Registry, families: FamilyMaker, last_day: int) -> Planted:
    """All hard cases as records, dated back from the last day of the sample."""
    planted = Planted()
    for spec in read_data("hard_cases.toml")["case"]:
        scene = _Scene(spec)
        for position, row in enumerate(spec["incident"], 1):
            scene.incidents.append(_incident(scene, row, position, registry, families, last_day))
        for position, row in enumerate(spec.get("report", []), 1):
            scene.reports.append(_report(scene, row, position, registry, families, last_day))
        planted.incidents += scene.incidents
        planted.reports += scene.reports
        planted.cases += list({id(r.case): r.case for r in scene.reports if r.case is not None}.values())
        planted.cases_planted.append(scene)
    return planted


def _party(scene: _Scene, row: dict[str, str], registry: Registry, families: FamilyMaker) -> Party:
    columns = {**scene.spec["base"], **row}
    columns.setdefault("address_type", "woon")
    columns.setdefault("secret_address", "N")
    home = columns.pop("home", "1")
    if home not in scene.homes:
        scene.homes[home] = families.next_number()
    who, role = columns.pop("who"), columns.pop("role")
    if who not in scene.people:
        year = int(columns["birth_date_raw"][:4])
        scene.people[who] = registry.person(scene.homes[home], "dutch", columns.get("sex", "V"), year)
    relation = columns.pop("relation", "")
    return Party(scene.people[who], role, "adult", scene.homes[home], relation, fixed=columns)


def _place(columns: dict[str, str]) -> Address:
    return Address(
        columns.get("street", ""),
        int(columns.get("house_number", "1")),
        columns.get("house_letter", ""),
        columns.get("addition", ""),
        columns.get("postcode", ""),
        columns.get("city", ""),
        columns.get("municipality_code", "GM0118"),
    )


def _family(parties: list[Party]) -> Family:
    return Family(parties[0].household if parties else 0, "couple", [p.person for p in parties], [], [], "", False)


def _code(scene: _Scene, position: int) -> int:
    return FIRST_NUMBER + int(scene.spec["id"][1:]) * 100 + position


def _incident(
    scene: _Scene, row: dict[str, Any], position: int, registry: Registry, families: FamilyMaker, last_day: int
) -> Incident:
    parties = [_party(scene, p, registry, families) for p in row["persons"]]
    at = (last_day - row["ago"]) * MINUTES + row.get("minute", EVENING)
    unit = row.get("unit", "0100")
    year = date.fromordinal(at // MINUTES).year
    facts = {
        "eenheid": unit,
        "pleegdatum_van": day_text(at // MINUTES),
        "mk_code": "E_RUZIE",
        "mk_omschrijving": "ruzie / huiselijke twist",
        "aard_hg": "geestelijk",
        "relatie": "partner",
        "wijze_kennisname": "melding",
        "aangifte": "N",
        "aanhouding": "N",
        "huisverbod": "N",
        "kinderen_aanwezig": "onbekend",
        "middelen": "N",
        "wapen": "N",
        "planted": row.get("outcome", "yes"),
    }
    place = _place({**scene.spec["base"], **row["persons"][0]})
    incident = Incident(
        at,
        _family(parties),
        parties,
        facts,
        place,
        number=f"PL{unit}-{year}{_code(scene, position):06d}",
        source=POLICE,
    )
    incident.why = row.get("outcome", "never_sent")
    for number in range(row.get("cares", 0)):
        sent = at + 300 + number * 60
        care = f"ZOF{year}-9{_code(scene, position):05d}{number}"
        incident.cares.append(CareReport(care, sent, "corv", "Veilig Thuis Drenthe", "afgeleverd"))
    if "duplicates" in row:
        incident.original = scene.incidents[row["duplicates"] - 1]
        incident.why = "technical_duplicate"
    return incident


def _report(
    scene: _Scene, row: dict[str, Any], position: int, registry: Registry, families: FamilyMaker, last_day: int
) -> Report:
    received = (last_day - row["ago"]) * MINUTES + EVENING + 30
    incident = scene.incidents[row["answers"] - 1] if "answers" in row else None
    case: Case | None = None
    if "joins" in row:
        case = scene.reports[row["joins"] - 1].case
    elif "persons" in row:
        parties = [_party(scene, p, registry, families) for p in row["persons"]]
        closed = received + row.get("open_days", 20) * MINUTES
        case = Case(VT, _family(parties), parties, received, closed, case_id=f"ZD-{_code(scene, position):06d}")
    reference = row.get("reference", "")
    if reference == "care" and incident is not None:
        reference = incident.cares[-1].number
    facts = {
        "planted": "yes",
        "soort_contact": "advies" if row.get("advice") else "melding",
        "organisatie_melder": "burger" if row.get("advice") else row.get("reporter", "politie"),
        "kenmerk_melder": reference,
        "kanaal": "mail",
        "aard_geweld": "ex_partnergeweld",
        "eerdere_betrokkenheid": "vervolgmelding" if "joins" in row else "eerste",
        "beoordeling_start": day_text(received // MINUTES),
        "beoordeling_einde": day_text(received // MINUTES + 4),
        "veiligheidstaxatie": "overig",
        "vervolgbesluit": "overdracht lokaal team",
        "reden_sluiting": "overgedragen",
    }
    place = scene.spec["base"].get("municipality_code", "GM0118")
    year = date.fromordinal(received // MINUTES).year % 100
    number = f"VT{year:02d}-{_code(scene, position):06d}"
    report = Report(received, received + 15, place, facts, case, incident, report_id=number, source=VT)
    if incident is not None and incident.report is None:
        incident.report = report
        incident.why = "matched" if incident.why == "never_sent" else incident.why
    return report


def _mention(scene: _Scene, pointer: str) -> dict[str, str | int]:
    """A mention as the sample holds it: its key, then its columns."""
    record, _, seq = pointer.partition(".")
    position = int(record[1:]) - 1
    if record[0] == "A":
        report = scene.reports[position]
        reference = report.facts["kenmerk_melder"]
        return {
            "source_id": VT,
            "report_id": report.report_id,
            "contact_type": "advies",
            "reporter_reference": reference,
        }
    if record[0] == "I":
        incident = scene.incidents[position]
        key: dict[str, str | int] = {"source_id": POLICE, "record_kind": "incident", "record_id": incident.number}
        party = incident.parties[int(seq) - 1]
    else:
        case = scene.reports[position].case
        if case is None:
            raise ValueError(f"{scene.spec['id']} points at a report without a case")
        key = {"source_id": VT, "record_kind": "case", "record_id": case.case_id}
        party = case.parties[int(seq) - 1]
    fixed = party.fixed or {}
    key |= {"person_seq": int(seq), "role": party.role}
    return key | {column: fixed[column] for column in PERSON if fixed.get(column)}
