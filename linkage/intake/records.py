"""Versions of records → the current tables.

The state is a function of the set of accepted deliveries, not of the order they came in: every row is kept once, with
the newest delivery that holds it, and what is current follows from those alone.
"""

from __future__ import annotations

from pathlib import Path

from linkage import basis, contracts
from linkage.engine.base import Engine
from linkage.intake import changes, touch
from linkage.intake.delivery import Delivery
from linkage.intake.profile import FileSpec
from linkage.intake.staging import Staged

TABLES = ("police_incident", "police_person", "care_report", "steunpunt_report", "steunpunt_person")
STAMP = ("delivery_id", "version", "line_number", "byte_offset", "byte_length")
"""Where a row was delivered last: no part of what it says."""
LOG = ("delivery", "delivery_file", "rejected_row", "held_row")
ADVICE = "('advies', 'advies_ondersteuning')"
RECORD_KEY = {"police_person": "incident_number", "care_report": "incident_number", "steunpunt_person": "case_id"}
KNOWN = {
    "incident_number": "SELECT DISTINCT source_id, incident_number AS record_id, false AS is_advice "
    "FROM police_incident_version WHERE incident_number IN ({})",
    "case_id": f"SELECT source_id, case_id AS record_id, bool_and(contact_type IN {ADVICE}) AS is_advice "
    "FROM steunpunt_report_version WHERE case_id IN ({}) GROUP BY ALL",
}
"""Records that any accepted delivery holds, among some, and whether they are nothing but advice."""


def prepare(db: Engine, run_id: str) -> None:
    """Create the tables that are kept from night to night, where they do not exist yet."""
    for name in (*LOG, *(f"{table}_version" for table in TABLES)):
        if not db.has(name):
            db.run(contracts.table(name).ddl())
        has = {str(row[0]) for row in db.rows(f"DESCRIBE {name}")}
        for column in contracts.table(name).columns:
            if column.name not in has and not column.required:  # written by an earlier version of Inbeeld
                db.run(f'ALTER TABLE {name} ADD COLUMN "{column.name}" {column.type}')
    if db.has("unmapped_code"):
        db.run("DELETE FROM unmapped_code WHERE run_id <> ?", [run_id])
    else:
        db.run(contracts.table("unmapped_code").ddl())


def is_built(db: Engine) -> bool:
    """Tell whether the current tables exist."""
    return all(db.has(name) for name in TABLES)


def merge(db: Engine, staged: Staged, found: Delivery) -> None:
    """Add the rows of a staged file to the versions."""
    spec = staged.spec
    where = ["_reason IS NULL"]
    for column, values in spec.unless.items():
        listed = ", ".join(f"'{value}'" for value in sorted(values))
        where.append(f'("{column}" IS NULL OR "{column}" NOT IN ({listed}))')
    if spec.record:
        _merge(db, spec.record.table, _record_rows(spec, staged.table), found)
    _merge(db, spec.table, f"SELECT * FROM {staged.table} WHERE {' AND '.join(where)}", found)


def hold(db: Engine, staged: Staged, found: Delivery) -> None:
    """Remember the rows whose record is not known yet: it may be in a delivery that is still to come."""
    key = RECORD_KEY.get(staged.spec.table)
    if key is None or staged.spec.record:
        return
    known = KNOWN[key].format(f'SELECT "{key}" FROM {staged.table}')
    db.run(
        f"""INSERT INTO held_row BY NAME
            SELECT ? AS source_id, ? AS delivery_id, ? AS content_hash, ? AS table_name, s."{key}" AS record_id,
              ? AS file_name, s.line_number, s.byte_offset, s.byte_length, ? AS column_name
            FROM {staged.table} AS s LEFT JOIN ({known}) AS k ON k.source_id = ? AND k.record_id = s."{key}"
            WHERE s._reason IS NULL AND coalesce(k.is_advice, true)""",
        [
            *(found.source_id, found.delivery_id, found.content_hash, staged.spec.table, staged.spec.name),
            *(staged.spec.header_of(key), found.source_id),
        ],
    )


def account(db: Engine) -> None:
    """Name the rows whose record is still not known as rejected, and count the deliveries anew."""
    db.run("DELETE FROM rejected_row WHERE reason IN ('orphan', 'advice_person')")
    for key, known in KNOWN.items():
        tables = ", ".join(f"'{table}'" for table, column in RECORD_KEY.items() if column == key)
        held = f"held_row WHERE table_name IN ({tables})"
        db.run(
            f"""INSERT INTO rejected_row BY NAME
                SELECT h.* EXCLUDE (table_name, record_id),
                  CASE WHEN k.is_advice THEN 'advice_person' ELSE 'orphan' END AS reason
                FROM (FROM {held}) AS h
                LEFT JOIN ({known.format(f"SELECT record_id FROM {held}")}) AS k USING (source_id, record_id)
                WHERE coalesce(k.is_advice, true)"""
        )
    db.run(
        """UPDATE delivery_file AS f SET rejected = r.n, accepted = f.rows - r.n, bytes_rejected = r.size,
             bytes_accepted = f.bytes - f.bytes_header - r.size
           FROM (SELECT content_hash, file_name, count(r.reason)::INTEGER AS n,
               coalesce(sum(r.byte_length), 0)::BIGINT AS size
             FROM delivery_file LEFT JOIN rejected_row AS r USING (content_hash, file_name) GROUP BY ALL) AS r
           WHERE r.content_hash = f.content_hash AND r.file_name = f.file_name"""
    )
    sums = ", ".join(
        f"sum({column})::BIGINT AS {column}" for column in ("accepted", "rejected", "bytes_accepted", "bytes_rejected")
    )
    db.run(
        f"""UPDATE delivery AS d SET accepted = f.accepted, rejected = f.rejected, bytes_accepted = f.bytes_accepted,
              bytes_rejected = f.bytes_rejected
            FROM (SELECT content_hash, {sums} FROM delivery_file GROUP BY content_hash) AS f
            WHERE f.content_hash = d.content_hash AND d.status = 'accepted'"""
    )


STAGE = "records"


def bring_up(db: Engine, run_id: str, *, from_scratch: bool = False) -> None:
    """Bring the five current tables up to the versions, for the records that this run's deliveries touch.

    A full delivery touches all records of its source. Writes ``touched_record`` and ``changed_record``, those of them
    that say something else than before (source_id, record_kind, record_id), unless all are made anew: ``from_scratch``,
    because there were none, or because the code is another.
    """
    found = basis.fingerprint(db, basis.code(*(Path(file) for file in (__file__, changes.__file__, touch.__file__))))
    touch.forget(db)
    is_kept = not from_scratch and basis.holds(db, STAGE, found, (*TABLES, changes.STATE))
    basis.forget(db, STAGE)
    if is_kept:
        touch.find(db, run_id)
        for name in TABLES:
            db.run(f"DELETE FROM {name} WHERE {touch.where(name)}")
    else:
        for name in TABLES:
            db.run(contracts.table(name).ddl())
    _fill(db, only_touched=is_kept)
    changes.tell(db, STAMP, only_touched=is_kept)
    basis.keep(db, STAGE, found)


def _fill(db: Engine, *, only_touched: bool) -> None:
    """Write rows to the current tables from the versions; records of whom nobody told anything tonight stay."""

    def where(name: str) -> str:
        return f"WHERE {touch.where(name)}" if only_touched else ""

    def of(key: str) -> str:
        return f"AND {key} IN (SELECT record_id FROM touched_record)" if only_touched else ""

    def add(name: str, rows: str) -> None:
        if only_touched:
            touch.renew(db, name, rows)
        else:
            db.run(f"INSERT INTO {name} BY NAME {rows}")

    for name, key in (("police_incident", "incident_number"), ("steunpunt_report", "report_id")):
        add(
            name,
            f"""SELECT v.* EXCLUDE (row_hash)
                  REPLACE (CASE WHEN v.version < f.since THEN 'ingetrokken' ELSE v.record_status END AS record_status)
                FROM ({_newest(name, key, where(name))}) AS v LEFT JOIN ({_FULL}) AS f USING (source_id)""",
        )
    standing = (
        f"SELECT source_id, incident_number FROM police_incident WHERE record_status <> 'ingetrokken' "
        f"{of('incident_number')}"
    )
    cases = (
        "SELECT DISTINCT source_id, case_id FROM steunpunt_report "
        f"WHERE record_status <> 'ingetrokken' AND contact_type NOT IN {ADVICE} {of('case_id')}"
    )
    for name, key, records in (
        ("police_person", "incident_number", standing),
        ("steunpunt_person", "case_id", cases),
    ):
        add(name, _kept(_newest_set(name, key, where(name)), key, records))
    newest = _newest("care_report", "care_report_number", where("care_report"))
    add("care_report", _kept(newest, "incident_number", standing))


_FULL = (
    "SELECT source_id, max(version) AS since FROM delivery "
    "WHERE status = 'accepted' AND kind = 'full' GROUP BY source_id"
)


def _kept(rows: str, key: str, records: str) -> str:
    return f"""SELECT v.* EXCLUDE (row_hash) FROM ({rows}) AS v SEMI JOIN ({records}) USING (source_id, {key})
               LEFT JOIN ({_FULL}) AS f USING (source_id) WHERE f.since IS NULL OR v.version >= f.since"""


def _newest(name: str, key: str, where: str) -> str:
    """The newest rows are mostly tonight's, which stand together: found first, they are read without all others."""
    return (
        f"FROM {name}_version WHERE rowid IN (SELECT rowid FROM {name}_version {where} "
        f"QUALIFY row_number() OVER (PARTITION BY source_id, {key} ORDER BY version DESC, row_hash) = 1)"
    )


def _newest_set(name: str, key: str, where: str) -> str:
    """A delivery with any person of a record replaces all its persons."""
    return (
        f"SELECT v.* FROM (FROM {name}_version {where}) AS v SEMI JOIN ("
        f"SELECT source_id, {key}, max(version) AS version "
        f"FROM {name}_version {where} GROUP BY source_id, {key}) USING (source_id, {key}, version)"
    )


def _record_rows(spec: FileSpec, stage: str) -> str:
    assert spec.record is not None
    copied = [f'"{source}" AS "{target}"' for target, source in spec.record.copy.items()]
    fixed = [f"'{value}' AS \"{target}\"" for target, value in spec.record.set.items()]
    own = [f'"{column}"' for column in dict.fromkeys((*spec.record.columns, *spec.record.copy.values()))]
    key = ", ".join(f'"{spec.record.copy.get(column, column)}"' for column in spec.record.key)
    return (
        f"SELECT {', '.join((*own, *copied, *fixed, 'line_number', 'byte_offset', 'byte_length'))} FROM {stage} "
        f"WHERE _reason IS NULL QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY line_number) = 1"
    )


def _merge(db: Engine, name: str, rows: str, found: Delivery) -> None:
    """Store rows that are new, and those that are known in the place of their older delivery.

    Rows of tonight stand together then, and no column of all the others has to be written again for a few stamps.
    """
    target, places = f"{name}_version", {column.name for column in contracts.table(name).columns}
    given = {str(row[0]) for row in db.rows(f"DESCRIBE {rows}")}
    content, said = [], []
    for column in contracts.table(name).columns:
        if column.name in STAMP or column.name == "source_id":
            continue
        value = f's."{column.name}"' if column.name in given else "NULL"
        if column.type.endswith("[]"):
            value = f"CASE WHEN {value} IS NULL THEN [] ELSE string_split({value}, '|') END"
        if column.name == "bsn_status":
            value = f"coalesce({value}, 'absent')"
        if column.name == "secret_address":
            value = f"coalesce({value}, false)"
        content.append(f'{value} AS "{column.name}"')
        said.append(f"coalesce(CAST({value} AS VARCHAR), chr(30))")
    stamp = [column for column in STAMP if column in places]
    hashed = f"md5_number(concat_ws(chr(31), ?, {', '.join(said)}))"
    place = "".join(f", s.{column}" for column in stamp if column not in ("delivery_id", "version"))
    db.run(
        f"""CREATE OR REPLACE TEMP TABLE _merged AS
            SELECT {", ".join(content)}, {hashed} AS row_hash, ? AS source_id, ? AS delivery_id, ? AS version{place}
            FROM ({rows}) AS s""",
        [found.source_id, found.source_id, found.delivery_id, found.version],
    )
    db.run(f"DELETE FROM {target} AS v USING _merged AS m WHERE v.row_hash = m.row_hash AND v.version < m.version")
    db.run(
        f"""INSERT INTO {target} BY NAME SELECT m.* FROM _merged AS m
            ANTI JOIN {target} AS v ON v.row_hash = m.row_hash"""
    )
    db.run("DROP TABLE _merged")
