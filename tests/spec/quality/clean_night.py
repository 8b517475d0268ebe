"""A night in which everything is right, in a database: ``clean_night.sql`` holds its rows."""

from __future__ import annotations

from pathlib import Path

from linkage import contracts
from linkage.engine.duckdb import DuckDBEngine

TABLES = (
    *("delivery", "delivery_file", "rejected_row", "unmapped_code"),
    *("police_incident", "police_person", "care_report", "steunpunt_report", "steunpunt_person"),
    *("mention", "incident", "incident_status", "incident_link", "case_report", "involvement", "person", "household"),
    *(
        "household_member",
        "unified_case",
        "case_timeline",
        "gap",
        "gap_estimate",
        "gap_part",
        "kpi",
        "municipality",
        "partner_area",
    ),
    *("household_in_view", "household_closure", "household_tag", "household_known_at", "household_child"),
    *("household_colour", "report_term", "household_handover", "household_today", "generation"),
    *("household_id_history", "person_id_history", "household_id_today", "person_id_today"),
)


def two_rows(db: DuckDBEngine, table: str, one: int, other: int) -> tuple[int, int] | None:
    """Return the row ids of two rows of a table, by numbers however large; None of a table without rows."""
    rows = [int(row) for (row,) in db.rows(f"SELECT rowid FROM {table} ORDER BY rowid")]
    return (rows[one % len(rows)], rows[other % len(rows)]) if rows else None


def build(db: DuckDBEngine) -> None:
    """Write the night, with room for defects that the declared types would refuse."""
    for name in TABLES:
        db.run(contracts.table(name).ddl().replace(" NOT NULL", ""))
    for statement in (Path(__file__).parent / "clean_night.sql").read_text().split(";\n"):
        if statement.strip():
            db.run(statement)
