"""Which records a night has to look at anew, where it is known which families changed.

A row of an incident, a report, or of both rests on the records themselves, on who each mention of them is, and on where
these people stand. So the records to look at are those that say something else, those with a mention that is another
person's or stands elsewhere, those of another household, and incidents with a person of whom two mentions compare
otherwise. All people of these are looked at with all of their mentions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from linkage import numbers
from linkage.casebook.sql import Night
from linkage.engine.base import Engine

OF_TONIGHT = (
    "touched_household",
    "changed_record",
    "moved_mention",
    "other_mention",
    "changed_person",
    "changed_pair",
    "fresh_mention",
    "was_mention",
)
"""What tells what changed; without one of them everything may have."""
RECORDS, INCIDENTS, REPORTS = "cb_touched_record", "cb_touched_incident", "cb_touched_report"
PERSONS = "cb_retold_person"
"""Persons of whom something is told otherwise: a mention, or where one stands."""
OTHER_REPORTS = "cb_other_report_base"
"""Reports that are others now, as they were and as they are."""
MET_INCIDENTS, MET_REPORTS = "cb_met_incident", "cb_met_report"
"""Incidents and reports that may have other persons in common than they had."""
MENTION = (
    "mention_id, record_no, source_id, record_kind, record_id, person_seq, role, event_date, address_is_secret, "
    "surname, given_names, call_name, initials, birth_date, birth_year, birth_earliest, birth_latest, bsn_hmac, "
    "v_number_hmac, phone_hmac, postcode, street"
)
"""Columns of mentions that touched records are made of: to read them all costs more than all the rest."""
SHADOWS = {
    "mention_person": "FROM mention_person SEMI JOIN cb_near_mention USING (mention_id)",
    "mention_household": "FROM mention_household SEMI JOIN cb_near_mention USING (mention_id)",
    "mention": f"SELECT {MENTION} FROM mention SEMI JOIN cb_near_mention USING (mention_id)",
    "person_base": "FROM person_base SEMI JOIN cb_only_mention_person USING (person_id)",
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
    PERSONS,
    OTHER_REPORTS,
    MET_INCIDENTS,
    MET_REPORTS,
    "cb_moved_mention",
    "cb_retold_mention",
    "cb_alike",
    "cb_seen",
    "cb_moved_record",
    "cb_near_mention",
    "cb_retold",
    *ONLY,
)
KEY = "source_id, record_kind, record_id"


def is_known(db: Engine) -> bool:
    """Tell whether `find` has told which records are touched."""
    return db.has(RECORDS)


def find(db: Engine) -> None:
    """Write the touched records, incidents and reports, each as they were and as they are.

    Reads `OF_TONIGHT`, ``mention``, ``mention_person``, ``record_household``, the source tables, and ``incident_base``,
    ``report_base`` and ``case_report`` as the night before left them.
    """
    _find_persons(db)
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


def find_near(db: Engine, night: Night) -> None:  # noqa: ARG001
    """Write, once ``report_base`` is brought up to date, which incidents and reports may have other persons in common;
    and the mentions to look at: of all these, of touched incidents, and all of their people.
    """
    if not is_known(db):
        return
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {MET_REPORTS} AS "
        "SELECT report_no FROM report_base WHERE case_no IN (SELECT record_no FROM cb_moved_record) "
        f"UNION SELECT report_no FROM {OTHER_REPORTS}"
    )
    with only(db, "police_incident"):
        db.run(
            f"""
            CREATE OR REPLACE TEMP TABLE {MET_INCIDENTS} AS
            SELECT record_no AS incident_no FROM cb_moved_record WHERE record_kind = 'incident'
            UNION SELECT incident_no FROM (
                SELECT incident_no, CAST(reported_at AS DATE) AS day
                FROM police_incident JOIN {INCIDENTS} USING (source_id, incident_number)
            ) n FULL JOIN (FROM incident_base SEMI JOIN {INCIDENTS} USING (incident_no)) w USING (incident_no)
            WHERE n.day IS DISTINCT FROM w.day
            """
        )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_near_mention AS
        WITH met AS (
            SELECT incident_no AS record_no FROM {MET_INCIDENTS}
            UNION ALL SELECT case_no FROM report_base SEMI JOIN {MET_REPORTS} USING (report_no)
        ), there AS MATERIALIZED (
            SELECT mention_id, record_no FROM mention
            SEMI JOIN (FROM met UNION ALL SELECT incident_no FROM {INCIDENTS}) USING (record_no)
        ), person AS (
            SELECT DISTINCT person_id FROM mention_person SEMI JOIN (FROM there SEMI JOIN met USING (record_no)) m
                USING (mention_id)
        )
        SELECT mention_id FROM mention_person SEMI JOIN person USING (person_id)
        UNION FROM cb_retold_mention
        UNION SELECT mention_id FROM there SEMI JOIN {INCIDENTS} ON incident_no = record_no
        """
    )


def _find_persons(db: Engine) -> None:
    """Write ``cb_moved_mention``, those of another person or elsewhere, new or gone; the persons of these, and
    ``cb_retold_mention``, all of theirs."""
    db.run(
        "CREATE OR REPLACE TEMP TABLE cb_moved_mention AS FROM moved_mention UNION SELECT mention_id FROM other_mention"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {PERSONS} AS FROM changed_person "
        "UNION SELECT person_id FROM mention_person SEMI JOIN cb_moved_mention USING (mention_id)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE cb_retold_mention AS "
        f"SELECT mention_id FROM mention_person SEMI JOIN {PERSONS} USING (person_id)"
    )


def _find_records(db: Engine) -> None:
    """Write ``cb_moved_record``, of whose people one is or stands elsewhere, or compares otherwise; and all touched."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE cb_alike AS
        WITH paired AS (
            SELECT mention_id, person_id FROM mention_person
            SEMI JOIN (SELECT unnest([left_id, right_id]) AS mention_id FROM changed_pair) USING (mention_id)
        )
        SELECT DISTINCT unnest([left_id, right_id]) AS mention_id FROM changed_pair
        JOIN paired l ON l.mention_id = left_id JOIN paired r ON r.mention_id = right_id
        WHERE l.person_id = r.person_id
        """
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE cb_seen AS SELECT mention_id, record_no, {KEY}, birth_earliest FROM mention "
        "SEMI JOIN (FROM cb_retold_mention UNION ALL FROM cb_alike) USING (mention_id)"
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_moved_record AS
        SELECT record_no, {KEY} FROM cb_seen SEMI JOIN cb_moved_mention USING (mention_id)
        UNION SELECT record_no, {KEY} FROM cb_seen SEMI JOIN cb_alike USING (mention_id)
            WHERE record_kind = 'incident'
        UNION SELECT record_no, {KEY} FROM was_mention
        """
    )
    db.run(_ALL)


_ALL = f"""
CREATE OR REPLACE TEMP TABLE {RECORDS} AS
WITH stands AS (
    SELECT {numbers.of_record(*KEY.split(", "))} AS record_no, {KEY}, household_id
    FROM record_household SEMI JOIN touched_household USING (household_id)
), stood AS (
    SELECT incident_no AS record_no, household_id FROM incident_base SEMI JOIN touched_household USING (household_id)
    UNION SELECT case_no, household_id FROM report_base SEMI JOIN touched_household USING (household_id)
), other AS MATERIALIZED (
    SELECT record_no, {KEY} FROM stands n FULL JOIN stood w USING (record_no)
    WHERE n.household_id IS DISTINCT FROM w.household_id
), gone AS MATERIALIZED (SELECT record_no FROM other WHERE record_id IS NULL)
FROM cb_moved_record
UNION SELECT {numbers.of_record(*KEY.split(", "))}, {KEY} FROM changed_record
UNION FROM other WHERE record_id IS NOT NULL
UNION SELECT record_no, source_id, 'incident', incident_number FROM incident_base JOIN gone ON record_no = incident_no
UNION SELECT record_no, source_id, 'case', case_id FROM report_base JOIN gone ON record_no = case_no
-- Incidents with a person whose age another mention tells.
UNION SELECT record_no, {KEY} FROM cb_seen SEMI JOIN cb_retold_mention USING (mention_id)
    WHERE record_kind = 'incident' AND birth_earliest IS NULL
"""


@contextmanager
def only(db: Engine, *names: str) -> Iterator[None]:
    """Let queries of this block read of these tables what `SHADOWS` tells only; it is looked up once a night."""
    for name in names:
        if not db.has(f"cb_only_{name}"):
            db.run(f"CREATE TEMP TABLE cb_only_{name} AS {SHADOWS[name]}")
    with db.shown({name: f"FROM cb_only_{name}" for name in names}):
        yield
