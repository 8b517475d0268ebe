"""Which records say something else than the night before: a full delivery sends everything, and changes little."""

from __future__ import annotations

from linkage import contracts
from linkage.engine.base import Engine
from linkage.numbers import RECORD_NO

STATE = "record_said"
KEY = "source_id, record_kind, record_id"
RECORD = "(source_id VARCHAR, record_kind VARCHAR, record_id VARCHAR)"
"""Columns of a table of records."""
PARTS = (
    ("police_incident", "'incident'", "incident_number"),
    ("police_person", "'incident'", "incident_number"),
    ("care_report", "'incident'", "incident_number"),
    ("steunpunt_report", "CASE WHEN case_id IS NULL THEN 'report' ELSE 'case' END", "coalesce(case_id, report_id)"),
    ("steunpunt_person", "'case'", "case_id"),
)
"""Current tables, each with the kind and the id of the record that a row is of."""

TOUCHED = {
    **{name: f"renewed_{name}" for name, *_ in PARTS},
    # A case has several reports, and nothing came tonight of some.
    "steunpunt_report": "(FROM steunpunt_report WHERE (source_id, case_id) IN "
    "(SELECT source_id, record_id FROM told_record WHERE record_kind = 'case') "
    "UNION ALL FROM renewed_steunpunt_report WHERE case_id IS NULL)",
}
"""The rows of touched records in each of them."""


def tell(db: Engine, stamp: tuple[str, ...], *, only_touched: bool) -> None:
    """Bring ``record_said`` up to the current tables; ``stamp`` are columns that are no part of what a row says.

    With ``only_touched`` this is done for the records of ``touched_record`` and ``touched_report``, and
    ``changed_record`` (source_id, record_kind, record_id) is written: those that are new, gone, or say something else.
    Without, all are told anew, and there is no ``changed_record``.
    """
    db.run("DROP TABLE IF EXISTS changed_record")
    if not only_touched:
        db.run(contracts.table(STATE).ddl())
        said = _said(stamp, {name: name for name, *_ in PARTS})
        db.run(f"INSERT INTO {STATE} BY NAME SELECT {RECORD_NO} AS record_no, said FROM ({said})")
        return
    db.run(
        f"CREATE OR REPLACE TEMP TABLE told_record AS SELECT *, {RECORD_NO} AS record_no FROM ("
        f"SELECT {KEY} FROM touched_record UNION SELECT source_id, 'report', report_id FROM touched_report)"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE other_said AS SELECT {KEY}, record_no, n.said "
        f"FROM told_record LEFT JOIN ({_said(stamp, TOUCHED)}) AS n USING ({KEY}) "
        f"LEFT JOIN (FROM {STATE} SEMI JOIN told_record USING (record_no)) AS w USING (record_no) "
        "WHERE n.said IS DISTINCT FROM w.said"
    )
    db.run(f"CREATE OR REPLACE TEMP TABLE changed_record AS SELECT {KEY} FROM other_said")
    db.run(f"DELETE FROM {STATE} WHERE record_no IN (SELECT record_no FROM other_said)")
    db.run(f"INSERT INTO {STATE} BY NAME SELECT record_no, said FROM other_said WHERE said IS NOT NULL")
    for name in ("told_record", "other_said"):
        db.run(f"DROP TABLE {name}")


def tell_none(db: Engine) -> None:
    """Say that no record changed; where nobody ever told what they say, leave it open."""
    if contracts.table(STATE).is_in(db):
        db.run(f"CREATE OR REPLACE TEMP TABLE changed_record {RECORD}")


def _said(stamp: tuple[str, ...], rows: dict[str, str]) -> str:
    """Return the query of what records say, of the given rows of each of the current tables."""
    told = []
    for name, kind, record in PARTS:
        said = ", ".join(f'"{c.name}"' for c in contracts.table(name).columns if c.name not in stamp)
        told.append(
            f"SELECT source_id, {kind} AS record_kind, {record} AS record_id, hash('{name}', {said}) AS row_said "
            f"FROM {rows[name]}"
        )
    return f"SELECT {KEY}, bit_xor(row_said) AS said FROM ({' UNION ALL '.join(told)}) GROUP BY {KEY}"
