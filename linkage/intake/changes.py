"""Which records say something else than the night before: a full delivery sends everything, and changes little."""

from __future__ import annotations

from linkage import contracts
from linkage.engine.base import Engine

STATE = "record_said"
KEY = "source_id, record_kind, record_id"
PARTS = (
    ("police_incident", "'incident'", "incident_number"),
    ("police_person", "'incident'", "incident_number"),
    ("care_report", "'incident'", "incident_number"),
    ("steunpunt_report", "CASE WHEN case_id IS NULL THEN 'report' ELSE 'case' END", "coalesce(case_id, report_id)"),
    ("steunpunt_person", "'case'", "case_id"),
)
"""Current tables, each with the kind and the id of the record that a row is of."""

WHOLE = ("steunpunt_report",)
"""Those of which a touched record may have rows of which nothing came tonight: a case has several reports."""


def tell(db: Engine, stamp: tuple[str, ...], *, only_touched: bool) -> None:
    """Bring ``record_said`` up to the current tables; ``stamp`` are columns that are no part of what a row says.

    With ``only_touched`` this is done for the records of ``touched_record`` and ``touched_report``, and
    ``changed_record`` (source_id, record_kind, record_id) is written: those that are new, gone, or say something else.
    Without, all are told anew, and there is no ``changed_record``.
    """
    db.run("DROP TABLE IF EXISTS changed_record")
    if not only_touched:
        db.run(contracts.table(STATE).ddl())
        db.run(f"INSERT INTO {STATE} BY NAME {_said(stamp, '')}")
        return
    db.run(
        f"CREATE OR REPLACE TEMP TABLE told_record AS SELECT {KEY} FROM touched_record "
        "UNION SELECT source_id, 'report', report_id FROM touched_report"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE said_now AS {_said(stamp, f'SEMI JOIN told_record USING ({KEY})', 'renewed_')}"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE changed_record AS SELECT {KEY} FROM said_now n "
        f"FULL JOIN (FROM {STATE} SEMI JOIN told_record USING ({KEY})) w USING ({KEY}) "
        "WHERE n.said IS DISTINCT FROM w.said"
    )
    db.run(f"DELETE FROM {STATE} WHERE ({KEY}) IN (FROM changed_record)")
    db.run(f"INSERT INTO {STATE} BY NAME FROM said_now SEMI JOIN changed_record USING ({KEY})")
    for name in ("told_record", "said_now"):
        db.run(f"DROP TABLE {name}")


def tell_none(db: Engine) -> None:
    """Say that no record changed; where nobody ever told what they say, leave it open."""
    if contracts.table(STATE).is_in(db):
        db.run(f"CREATE OR REPLACE TEMP TABLE changed_record AS SELECT {KEY} FROM {STATE} LIMIT 0")


def _said(stamp: tuple[str, ...], touched: str, renewed: str = "") -> str:
    """Return the query of what records say; ``renewed`` is the beginning of the names of tables to read in place."""
    rows = []
    for name, kind, record in PARTS:
        table = name if name in WHOLE else f"{renewed}{name}"
        said = ", ".join(f'"{c.name}"' for c in contracts.table(name).columns if c.name not in stamp)
        rows.append(
            f"SELECT {KEY}, hash('{name}', {said}) AS row_said "
            f"FROM (SELECT *, {kind} AS record_kind, {record} AS record_id FROM {table}) {touched}"
        )
    return f"SELECT {KEY}, bit_xor(row_said) AS said FROM ({' UNION ALL '.join(rows)}) GROUP BY {KEY}"
