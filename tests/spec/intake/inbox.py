"""Small deliveries, written row by row, and what intake makes of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.intake import IntakeReport, take_in
from linkage.intake import profile as profiles
from linkage.privacy import Keys

KEYS = Keys(bytes(range(64)))
TABLES = ("police_incident", "police_person", "care_report", "steunpunt_report", "steunpunt_person")
Rows = list[dict[str, Any]]


def number(n: int) -> str:
    """Return an incident number."""
    return f"PL0100-2025{n:06d}"


def incident(n: int, **values: Any) -> dict[str, Any]:
    """Return a row of ``incidenten.csv``."""
    return {"registratienummer": number(n), "kennisname": "2025-03-01T10:00:00", "status": "nieuw"} | values


def person(n: int, seq: int, **values: Any) -> dict[str, Any]:
    """Return a row of ``personen.csv``."""
    return {"registratienummer": number(n), "volgnummer": seq, "rol": "slachtoffer", "geheim_adres": "N"} | values


def care(n: int, care_number: str) -> dict[str, Any]:
    """Return a row of ``zorgmeldingen.csv``."""
    return {"registratienummer": number(n), "zorgmeldingnummer": care_number, "kanaal": "corv"}


def report(report_id: str, case_id: str, **values: Any) -> dict[str, Any]:
    """Return a row of ``meldingen.csv``."""
    told = {"meldingsnummer": report_id, "casusnummer": case_id, "soort_contact": "melding"}
    return told | {"ontvangen_op": "2025-03-02", "status": "nieuw"} | values


def member(case_id: str, seq: int, **values: Any) -> dict[str, Any]:
    """Return a row of ``betrokkenen.csv``."""
    return {"casusnummer": case_id, "volgnummer": seq, "geheim_adres": "N"} | values


def write(inbox: Path, source: str, day: int, profile: str, files: dict[str, Rows], **manifest: Any) -> Path:
    """Write a delivery of a day in March 2025; required files that are not given hold a header only."""
    spec = profiles.load(profile)
    delivery_id = manifest.get("delivery_id", f"2025-03-{day:02d}")
    folder = inbox / source / delivery_id
    folder.mkdir(parents=True)
    listed = []
    for name, file in spec.files.items():
        if not file.required and name not in files:
            continue
        headers = [c.header for c in file.columns]
        lines = [";".join(headers)]
        lines += [";".join(str(row.get(h, "")) for h in headers) for row in files.get(name, [])]
        data = ("\n".join(lines) + "\n").encode(spec.encoding)
        (folder / name).write_bytes(data)
        listed.append({"name": name, "rows": len(lines) - 1, "sha256": hashlib.sha256(data).hexdigest()})
    told = {"source_id": source, "delivery_id": delivery_id, "profile": profile, "kind": "increment"}
    told |= {"extracted_at": f"2025-03-{day:02d}T02:10:00+01:00", "covers_until": f"2025-03-{day - 1:02d}"}
    told |= {"purpose": "hg-ketenbeeld", "files": listed}
    (folder / "manifest.json").write_text(json.dumps(told | manifest), encoding="utf-8")
    return folder


def police(inbox: Path, day: int, incidents: Rows = [], persons: Rows = [], cares: Rows = [], **manifest: Any) -> Path:  # noqa: B006
    """Write a delivery of the police."""
    files = {"incidenten.csv": incidents, "personen.csv": persons, "zorgmeldingen.csv": cares}
    return write(inbox, "politie-nn", day, "politie_bvh", files, **manifest)


def steunpunt(inbox: Path, day: int, reports: Rows = [], persons: Rows = [], **manifest: Any) -> Path:  # noqa: B006
    """Write a delivery of Veilig Thuis."""
    files = {"meldingen.csv": reports, "betrokkenen.csv": persons}
    return write(inbox, "vt-drenthe", day, "veilig_thuis", files, **manifest)


def take(inbox: Path, db: DuckDBEngine | None = None, run: str = "1") -> tuple[DuckDBEngine, IntakeReport]:
    """Take an inbox in as a run does."""
    db = db or DuckDBEngine()
    report_ = take_in(db, Config(), inbox=inbox, run_id=run, seen=set(), keys=KEYS, progress=lambda _: None)
    return db, report_


def state(db: DuckDBEngine) -> dict[str, list[Any]]:
    """Return the current tables, what was rejected and how deliveries are counted, in a fixed order."""
    known = {name: db.rows(f"SELECT * FROM {name} ORDER BY ALL") for name in TABLES}
    known |= {f"{name}_version": db.rows(f"SELECT * FROM {name}_version ORDER BY ALL") for name in TABLES}
    known["rejected_row"] = db.rows("SELECT * FROM rejected_row ORDER BY ALL")
    known["delivery"] = db.rows("SELECT * EXCLUDE (run_id) FROM delivery ORDER BY ALL")
    return known


def persons(db: DuckDBEngine) -> list[tuple[str, int, str]]:
    """Return record, number and delivery of every current person."""
    return [
        (str(r), int(s), str(d))
        for r, s, d in db.rows(
            """SELECT incident_number, person_seq, delivery_id FROM police_person
               UNION ALL SELECT case_id, person_seq, delivery_id FROM steunpunt_person ORDER BY ALL"""
        )
    ]
