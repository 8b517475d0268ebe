"""Which records the deliveries of tonight touch, and their rows as they are now."""

from __future__ import annotations

from linkage import contracts, tonight
from linkage.engine.base import Engine
from linkage.intake import changes


def none(db: Engine) -> None:
    """Say that no record changed."""
    db.run(f"CREATE OR REPLACE TEMP TABLE touched_record {changes.RECORD}")
    for name in _TOUCHED:
        db.run(contracts.table(name).ddl(renewed(name), temporary=True))
    changes.tell_none(db)


def forget(db: Engine) -> None:
    """Take back what was touched: everything may be."""
    db.run("DROP TABLE IF EXISTS touched_record")
    drop_renewed(db)


def drop_renewed(db: Engine) -> None:
    """Drop the rows that were kept apart."""
    for name in _TOUCHED:
        db.run(f"DROP TABLE IF EXISTS {renewed(name)}")


def renewed(name: str) -> str:
    """Return the name of the table of the rows of a current table that were written tonight."""
    return f"renewed_{name}"


def renew(db: Engine, name: str, rows: str) -> None:
    """Add rows to a current table, and keep them apart: to find them among all rows again costs more."""
    db.run(contracts.table(name).ddl(renewed(name), temporary=True))
    db.run(f"INSERT INTO {renewed(name)} BY NAME {rows}")
    db.run(f"INSERT INTO {name} BY NAME FROM {renewed(name)}")


def find(db: Engine, run_id: str) -> None:
    """Write ``touched_record`` and, of what has keys of its own, ``touched_report`` and ``touched_care``."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE came AS SELECT source_id, delivery_id, kind FROM delivery "
        "WHERE status = 'accepted' AND run_id = $1",
        [run_id],
    )
    came = "(source_id, delivery_id) IN (SELECT source_id, delivery_id FROM came)"
    [(is_full,)] = db.rows("SELECT coalesce(bool_or(kind = 'full'), false) FROM came")
    first = {} if is_full else tonight.ends(db, [f"{table}_version" for table in _TOUCHED])

    def every(table: str, key: str, where: str) -> str:
        return f"SELECT source_id, {key} FROM {table}_version WHERE {where}"

    def touched(table: str, key: str) -> str:
        """All records of a source of which everything came, else those of tonight's rows."""
        if is_full:
            return every(table, key, f"{came} OR source_id IN (SELECT source_id FROM came WHERE kind = 'full')")
        return every(table, key, f"rowid >= {first.get(f'{table}_version', 0)} AND {came}")

    db.run(f"CREATE OR REPLACE TEMP TABLE touched_report AS {touched('steunpunt_report', 'report_id')} GROUP BY ALL")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE touched_record AS
        SELECT source_id, 'incident' AS record_kind, incident_number AS record_id FROM (
            {touched("police_incident", "incident_number")} UNION ALL {touched("police_person", "incident_number")}
            UNION ALL {touched("care_report", "incident_number")})
        UNION SELECT source_id, 'case', case_id FROM (
            {every("steunpunt_report", "case_id", "(source_id, report_id) IN (FROM touched_report)")}
            UNION ALL {touched("steunpunt_person", "case_id")}) WHERE case_id IS NOT NULL
        """
    )
    of_incident = "(source_id, incident_number) IN (SELECT source_id, record_id FROM touched_record)"
    db.run(
        "CREATE OR REPLACE TEMP TABLE touched_care AS "
        f"{every('care_report', 'care_report_number', of_incident)} GROUP BY ALL"
    )


_TOUCHED = {
    "police_incident": ("incident_number", "SELECT source_id, record_id FROM touched_record"),
    "police_person": ("incident_number", "SELECT source_id, record_id FROM touched_record"),
    "care_report": ("care_report_number", "FROM touched_care"),
    "steunpunt_report": ("report_id", "FROM touched_report"),
    "steunpunt_person": ("case_id", "SELECT source_id, record_id FROM touched_record"),
}


def where(name: str) -> str:
    """Return which rows of a current table, or of its versions, are of what is touched."""
    key, touched = _TOUCHED[name]
    return f"(source_id, {key}) IN ({touched})"
