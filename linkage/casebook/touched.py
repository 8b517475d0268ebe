"""Which records a night has to look at anew, where it is known which families changed.

A row of an incident, a report, or of both rests on the records themselves, on their people with all that these people
are named on, and on their households. So the records to look at are those that say something else, those of a family
of which something is told otherwise, and those of one person of whom two mentions compare otherwise. All people of
these are looked at with all of their mentions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from linkage import numbers
from linkage.engine.base import Engine

OF_TONIGHT = (
    "touched_household",
    "changed_record",
    "changed_person",
    "changed_pair",
    "fresh_mention",
    "was_mention",
)
"""What tells what changed; without one of them everything may have."""
RECORDS, INCIDENTS, REPORTS = "cb_touched_record", "cb_touched_incident", "cb_touched_report"
FAMILIES = "cb_was_family"
"""Households of touched reports, as these were."""
MENTION = (
    "mention_id, record_no, source_id, record_kind, record_id, person_seq, role, event_date, address_is_secret, "
    "surname, given_names, call_name, initials, birth_date, birth_year, birth_earliest, birth_latest, bsn_hmac, "
    "v_number_hmac, phone_hmac, postcode, street"
)
"""Columns of mentions that touched records are made of: to read them all costs more than all the rest."""
KNOWN_BY = "birth_date, surname_joined, given_name, name_tokens, postcode, house_number, phone_hmac"
"""Columns by which somebody on a report may be known to the family of an incident (`hints`)."""
SHADOWS = {
    "mention_person": "FROM mention_person SEMI JOIN cb_touched_person USING (person_id)",
    "mention_household": "FROM mention_household SEMI JOIN cb_only_mention_person USING (mention_id)",
    "mention": f"SELECT {MENTION} FROM mention SEMI JOIN cb_only_mention_person USING (mention_id)",
    "person_base": "FROM person_base SEMI JOIN cb_touched_person USING (person_id)",
    "police_incident": f"FROM police_incident SEMI JOIN {INCIDENTS} USING (source_id, incident_number)",
    "steunpunt_report": f"FROM steunpunt_report SEMI JOIN {REPORTS} USING (source_id, report_id)",
    "report_base": f"FROM report_base SEMI JOIN {REPORTS} USING (report_no)",
    "incident_base": "FROM incident_base SEMI JOIN cb_retold USING (incident_no)",
}
"""What is read of a table where only touched rows are; one may rest on those above it."""
ONLY = tuple(f"cb_only_{name}" for name in SHADOWS)
WORK = (
    RECORDS,
    INCIDENTS,
    REPORTS,
    FAMILIES,
    "cb_touched_person",
    "cb_changed_day",
    "cb_changed_case",
    "cb_retold",
    *ONLY,
)
KEY = "source_id, record_kind, record_id"


def is_known(db: Engine) -> bool:
    """Tell whether `find` has told which records are touched."""
    return db.has(RECORDS)


def find(db: Engine) -> None:
    """Write the touched records, incidents, reports and persons, each as they were and as they are.

    Reads `OF_TONIGHT`, ``mention``, ``mention_person``, ``mention_household``, ``record_household``, the source tables,
    and ``incident_base``, ``report_base``, ``case_report`` and ``involvement`` as the night before left them.
    """
    _find_records(db)
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {INCIDENTS} AS "
        f"SELECT record_no AS incident_no, source_id, record_id AS incident_number FROM {RECORDS} "
        "WHERE record_kind = 'incident'"
    )
    number = numbers.of_record("source_id", "'report'", "report_id")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {REPORTS} AS
        WITH of_case AS (SELECT source_id, record_id AS case_id FROM {RECORDS} WHERE record_kind = 'case'),
        told AS (
            SELECT source_id, report_id FROM steunpunt_report SEMI JOIN of_case USING (source_id, case_id)
            UNION SELECT source_id, report_id FROM case_report SEMI JOIN of_case USING (source_id, case_id)
            UNION SELECT source_id, record_id FROM {RECORDS} WHERE record_kind = 'report'
        )
        SELECT {number} AS report_no, source_id, report_id FROM told
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {FAMILIES} AS
        SELECT DISTINCT household_id FROM report_base SEMI JOIN {REPORTS} USING (report_no)
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_touched_person AS
        SELECT person_id FROM mention_person
            SEMI JOIN (SELECT mention_id FROM mention SEMI JOIN {RECORDS} USING (record_no)) USING (mention_id)
        UNION SELECT person_id FROM involvement SEMI JOIN {RECORDS} USING ({KEY})
        """
    )
    _find_changed_cases(db)


def _find_changed_cases(db: Engine) -> None:
    """Write ``cb_changed_case``: what people on cases are known by, with the days of reports, if changed."""
    number, case = numbers.of_record(*KEY.split(", ")), numbers.of_record("source_id", "'case'", "case_id")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_changed_day AS
        WITH told AS (
            SELECT {number} AS record_no, source_id, record_id AS case_id FROM changed_record WHERE record_kind = 'case'
            UNION SELECT record_no, source_id, record_id FROM mention SEMI JOIN fresh_mention USING (mention_id)
                WHERE record_kind = 'case'
            UNION SELECT record_no, source_id, record_id FROM was_mention WHERE record_kind = 'case'
        )
        SELECT record_no, day FROM report_base JOIN told ON case_no = record_no
        UNION SELECT {case}, CAST(received_at AS DATE) FROM steunpunt_report SEMI JOIN told USING (source_id, case_id)
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_changed_case AS
        SELECT day, {KNOWN_BY} FROM mention JOIN cb_changed_day USING (record_no)
        UNION ALL SELECT day, {KNOWN_BY} FROM was_mention JOIN cb_changed_day USING (record_no)
        """
    )


def _find_records(db: Engine) -> None:
    number = numbers.of_record(*KEY.split(", "))
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {RECORDS} AS
        WITH paired AS (
            SELECT mention_id, person_id FROM mention_person
            SEMI JOIN (SELECT unnest([left_id, right_id]) AS mention_id FROM changed_pair) USING (mention_id)
        ), alike AS (
            SELECT left_id, right_id FROM changed_pair JOIN paired l ON l.mention_id = left_id
            JOIN paired r ON r.mention_id = right_id WHERE l.person_id = r.person_id
        ), of_family AS (
            SELECT mention_id FROM mention_household SEMI JOIN touched_household USING (household_id)
            UNION ALL SELECT mention_id FROM mention_person SEMI JOIN changed_person USING (person_id)
            UNION ALL SELECT unnest([left_id, right_id]) FROM alike
        ), told AS (
            SELECT {KEY} FROM mention SEMI JOIN of_family USING (mention_id)
            UNION SELECT {KEY} FROM changed_record
            UNION SELECT {KEY} FROM record_household SEMI JOIN touched_household USING (household_id)
            UNION SELECT {KEY} FROM involvement WHERE household_id IN (SELECT household_id FROM touched_household)
                OR person_id IN (SELECT person_id FROM changed_person)
            UNION SELECT source_id, 'incident', incident_number FROM incident_base
                SEMI JOIN touched_household USING (household_id)
            UNION SELECT source_id, 'case', case_id FROM report_base SEMI JOIN touched_household USING (household_id)
        )
        SELECT {number} AS record_no, {KEY} FROM told
        """
    )


def find_retold(db: Engine) -> None:
    """Write ``cb_retold`` (incident_no, source_id, incident_number): incidents that are touched or have another status.

    Reads ``cb_standing``, ``cb_status``, and ``incident_status`` as the night before left it.
    """
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_retold AS
        FROM {INCIDENTS}
        UNION SELECT i.incident_no, i.source_id, i.incident_number
        FROM cb_standing i JOIN cb_status s USING (incident_no)
        LEFT JOIN incident_status was USING (source_id, incident_number) WHERE s.status IS DISTINCT FROM was.status
        """
    )


@contextmanager
def only(db: Engine, *names: str) -> Iterator[None]:
    """Let queries of this block read of these tables what `SHADOWS` tells only: temporary views stand before them.

    What that is is looked up once a night.
    """
    try:
        for name in names:
            if not db.has(f"cb_only_{name}"):
                db.run(f"CREATE TEMP TABLE cb_only_{name} AS {SHADOWS[name]}")
        for name in names:
            db.run(f'CREATE TEMP VIEW "{name}" AS FROM cb_only_{name}')
        yield
    finally:
        for name in names:
            db.run(f'DROP VIEW IF EXISTS temp."{name}"')
