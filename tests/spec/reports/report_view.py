"""A case view made for the tests of the reports: few or many incidents, plain or hostile texts."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine

AS_OF = date(2025, 3, 13)
MADE_AT = datetime(2025, 3, 14, 4, 30, tzinfo=UTC)
RUN = "run-0007"

DEFAULTS = {"VARCHAR": "", "BOOLEAN": False, "DATE": AS_OF, "TIMESTAMP": MADE_AT.replace(tzinfo=None), "VARCHAR[]": []}

PLACES = ["GM0106", "GM0114", "GM1680", "GM1681", "GM0109", "GM0118", "GM0119", "GM1690", "GM1731", "GM9999"]
"""Municipalities of Drenthe, and one that the code list does not know."""
WEIGHTS = {
    "matched_reference": 28,
    "matched_timely": 26,
    "covered_open_case": 7,
    "matched_late": 6,
    "matched_very_late": 2,
    "review": 4,
    "pending": 7,
    "unmatched": 17,
    "excluded": 3,
}
CAUSES = {
    "no_names": 3, "no_birth_date": 4, "invalid_postcode": 3, "near_hit_name": 9, "near_hit_date": 7,
    "known_under_other_member": 14, "other_region": 8, "advice_same_day_place": 7, "no_trace": 45,
}  # fmt: skip


CHECKS = ("Elk incident heeft een datum van melding", "De postcode heeft de juiste vorm")


def put(db: DuckDBEngine, name: str, rows: list[dict[str, Any]]) -> None:
    """Create a table by its contract and fill it; a required column that a row leaves out gets a filler."""
    declared = contracts.table(name)
    db.run(declared.ddl())
    fillers = {c.name: DEFAULTS.get(c.type, 0) for c in declared.columns if c.required}
    if rows:
        frame = pd.DataFrame([fillers | row for row in rows]).astype(object)
        db.register("_rows", frame.where(frame.notna(), None))
        db.run(f'INSERT INTO "{name}" BY NAME SELECT * FROM _rows')
        db.run("DROP TABLE _rows")


def build(
    path: Path | None = None,
    *,
    incidents: int = 900,
    weights: dict[str, int] | None = None,
    seed: int = 1,
    months: int = 14,
    places: list[str] | None = None,
    hostile: list[str] | None = None,
) -> DuckDBEngine:
    """Return a case view whose tables agree with one another; ``hostile`` texts replace every text in turn."""
    dice = random.Random(seed)
    db = DuckDBEngine(path)
    rows = [_incident(dice, number, weights or WEIGHTS, months, places or PLACES) for number in range(incidents)]
    poison = _Poison(hostile)
    for row in rows:
        for column in ("source_id", "incident_number", "municipality_code", "cause", "severity", "household_id"):
            if row[column]:
                row[column] = poison.text(column, row[column])
    links = [link for row in rows for link in _links(dice, row)]
    _write_incidents(db, rows, links)
    _write_gap(db, rows)
    _write_night(db, poison)
    return db


class _Poison:
    def __init__(self, texts: list[str] | None) -> None:
        self.texts = texts
        self.used: dict[str, int] = {}

    def text(self, column: str, plain: str) -> str:
        if self.texts is None:
            return plain
        place = self.used[column] = self.used.get(column, -1) + 1
        suffix = f" {place}" if column == "incident_number" and place >= len(self.texts) else ""
        return self.texts[place % len(self.texts)] + suffix


def _incident(
    dice: random.Random, number: int, weights: dict[str, int], months: int, places: list[str]
) -> dict[str, Any]:
    status = dice.choices(list(weights), list(weights.values()))[0]
    age = dice.randint(0, 41) if status == "pending" else dice.randint(0 if status == "excluded" else 43, months * 30)
    reported = (
        datetime.combine(AS_OF, datetime.min.time()) - timedelta(days=age) + timedelta(minutes=dice.randrange(1440))
    )
    cause = dice.choices(list(CAUSES), list(CAUSES.values()))[0] if status == "unmatched" else None
    return {
        "source_id": "politie-nn",
        "incident_number": f"PL0100-{reported.year}{number:06d}",
        "reported_at": reported,
        "municipality_code": dice.choices([*places, None], [*range(len(places) + 1, 1, -1), 0.2])[0],
        "mk_code": "F16",
        "dv_flag": True,
        "record_status": "nieuw",
        "household_id": f"H{dice.randrange(10**9):09d}" if dice.random() < 0.6 else f"H{dice.randrange(40):09d}",
        "children_involved": dice.choice([2, 1, 0, 0, None]),
        "severity": dice.choices(["red", "orange", "yellow", "green"], [8, 18, 30, 44])[0],
        "status": status,
        "cause": cause,
        "age_days": age,
    }


def _links(dice: random.Random, row: dict[str, Any]) -> list[dict[str, Any]]:
    if row["status"] != "review":
        return []
    return [
        {
            "incident_source_id": row["source_id"],
            "incident_number": row["incident_number"],
            "report_source_id": "vt-groningen",
            "report_id": f"M{dice.randrange(10**7):07d}",
            "link_class": "possible",
            "match_probability": round(dice.uniform(0.5, 0.9), 6),
            "delay_days": dice.randint(0, 42),
        }
        for _ in range(dice.randint(1, 3))
    ]


def _write_incidents(db: DuckDBEngine, rows: list[dict[str, Any]], links: list[dict[str, Any]]) -> None:
    told = {"status", "cause", "age_days"}
    put(db, "incident", [{k: v for k, v in row.items() if k not in told} for row in rows])
    put(db, "incident_status", [{k: row[k] for k in ("source_id", "incident_number", *sorted(told))} for row in rows])
    put(db, "incident_link", links)


def _write_gap(db: DuckDBEngine, rows: list[dict[str, Any]]) -> None:
    cells: dict[tuple[str, date], list[str]] = {}
    for row in rows:
        cells.setdefault((row["municipality_code"] or "onbekend", row["reported_at"].date().replace(day=1)), []).append(
            row["status"]
        )
    put(db, "gap", [_cell(code, month, statuses) for (code, month), statuses in cells.items()])


def _cell(code: str, month: date, statuses: list[str]) -> dict[str, Any]:
    n = {status: statuses.count(status) for status in WEIGHTS}
    total = len(statuses) - n["excluded"] - n["pending"]
    return {
        "municipality_code": code,
        "month": month,
        "incidents": len(statuses),
        "matched": n["matched_reference"] + n["matched_timely"],
        "late": n["matched_late"] + n["matched_very_late"],
        "covered": n["covered_open_case"],
        **{status: n[status] for status in ("review", "pending", "unmatched", "excluded")},
        "gap_rate": n["unmatched"] / (total - n["review"]) if total - n["review"] else None,
        "gap_rate_low": n["unmatched"] / total if total else None,
        "gap_rate_high": (n["unmatched"] + n["review"]) / total if total else None,
    }


def _write_night(db: DuckDBEngine, poison: _Poison) -> None:
    put(
        db,
        "delivery",
        [
            {
                "source_id": poison.text("delivery", source),
                "delivery_id": day.isoformat(),
                "status": status,
                "covers_until": day,
            }
            for source, day, status in (
                ("politie-nn", date(2025, 3, 12), "accepted"),
                ("politie-nn", AS_OF, "accepted"),
                ("vt-groningen", date(2025, 2, 3), "accepted"),
                ("vt-groningen", date(2025, 3, 1), "refused"),
                ("vt-drenthe", AS_OF, "accepted"),
            )
        ],
    )
    reasons = ["required_empty", "orphan", "orphan", "no_word_yet"]
    put(
        db,
        "rejected_row",
        [
            {
                "source_id": "politie-nn",
                "delivery_id": "2025-03-13",
                "file_name": poison.text("file", "personen.csv"),
                "line_number": place + 2,
                "reason": poison.text("reason", reason),
            }
            for place, reason in enumerate(reasons)
        ],
    )
    put(db, "check_result", [_check(poison, place) for place in range(9)])


def _check(poison: _Poison, place: int) -> dict[str, Any]:
    return {
        "run_id": RUN,
        "gate": "case_view",
        "check_id": f"incident.check_{place}",
        "table_name": poison.text("table", "incident"),
        "severity": "warn",
        "passed": place not in (2, 5),
        "failing_rows": 12 if place in (2, 5) else 0,
        "total_rows": 4321,
        "description": "what must hold",
        "description_nl": poison.text("check", CHECKS[place % 2]),
    }
