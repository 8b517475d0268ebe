"""What explains that an incident stayed unmatched, kept from night to night where nothing that it rests on changed."""

from __future__ import annotations

from pathlib import Path

from linkage import basis, contracts
from linkage.casebook import touched
from linkage.casebook.sql import NEAR_NAME, VIEWS_FOLDER, Night, make, query
from linkage.engine.base import Engine

BESIDE = ("cb_served", "cb_unmatched", "cb_advice")
WORK = (
    *BESIDE,
    "cb_unexplained",
    "cb_hit",
    "cb_reported",
    "cb_said",
    "cb_family",
    "cb_changed_case",
    "cb_known",
)
MENTION = (
    "mention_id, record_no, source_id, record_id, person_seq, surname, surname_joined, given_name, name_tokens, "
    "birth_date, birth_earliest, birth_latest, postcode, house_number, house_suffix, address_type, "
    "address_municipality_code, phone_hmac"
)
SHOWN = {
    "mention": f"SELECT {MENTION} FROM mention SEMI JOIN cb_known USING (mention_id)",
    "mention_person": "FROM mention_person SEMI JOIN cb_known USING (mention_id)",
    "mention_household": "FROM mention_household SEMI JOIN cb_family USING (mention_id)",
    "shared_people": "SELECT incident_no, report_no FROM shared_people SEMI JOIN cb_unexplained USING (incident_no)",
    "police_person": "SELECT source_id, incident_number, person_seq, postcode FROM police_person SEMI JOIN "
    "(SELECT source_id, record_id AS incident_number FROM cb_known_mention SEMI JOIN cb_family USING (mention_id)) "
    "USING (source_id, incident_number)",
}
"""Tables of which few rows explain the incidents of a night; one may rest on those above it."""
NEEDED = ("cb_advice", "cb_unexplained")
"""Tables that the status of an incident rests on as well."""
STAGE = "hints"
KNOWN_BY = "birth_date, surname_joined, given_name, name_tokens, postcode, house_number, phone_hmac"
"""Columns by which somebody on a report may be known to the family of an incident."""
KEYS = {
    "birth_date": f"jaro_winkler_similarity(r.surname_joined, f.surname_joined) >= {NEAR_NAME} "
    "OR list_has_any(r.name_tokens, f.name_tokens)",
    "surname_joined, given_name": "true",
    "postcode, house_number": "true",
    "phone_hmac": "true",
}
"""What somebody on a report has in common with the family of an incident that this report may explain, and what must
hold besides: no less than ``incident_hint.sql`` asks."""


def explain(db: Engine, night: Night) -> None:
    """Write ``incident_hint``, and ``cb_advice``: unmatched incidents with an advice of their day and place.

    An incident is looked at when it was not unmatched before, when it is touched, and when somebody on a report that
    changed shares one of `KEYS` with its family. All are when the municipalities that are served are others.
    """
    for name in BESIDE:
        make(db, night, name)
    limits = night.config.limits
    found = basis.fingerprint(
        db,
        basis.code(Path(__file__), VIEWS_FOLDER / "incident_hint.sql"),
        db.rows("SELECT municipality_code FROM cb_served ORDER BY ALL"),
        (limits.early_days, limits.very_late_days),
    )
    only = ""
    if touched.is_known(db) and basis.holds(db, STAGE, found, ("incident_hint",)):
        _find_hits(db, night)
        only = (
            "WHERE incident_no NOT IN (SELECT incident_no FROM incident_hint) "
            "OR incident_no IN (SELECT incident_no FROM cb_hit)"
        )
    else:
        db.run(contracts.table("incident_hint").ddl())
    basis.forget(db, STAGE)
    db.run(f"CREATE OR REPLACE TEMP TABLE cb_unexplained AS FROM cb_unmatched {only}")
    db.run("DELETE FROM incident_hint WHERE incident_no IN (SELECT incident_no FROM cb_unexplained)")
    db.run("DELETE FROM incident_hint WHERE incident_no NOT IN (SELECT incident_no FROM cb_unmatched)")
    if only:
        _find_known(db, night)
    with db.shown({name: f"FROM cb_known_{name}" for name in SHOWN} if only else {}):
        db.run(f"INSERT INTO incident_hint BY NAME {query(night, 'incident_hint')}")
    basis.keep(db, STAGE, found)
    for name in (*WORK, *(f"cb_known_{name}" for name in SHOWN)):
        if name not in NEEDED:
            db.run(f"DROP TABLE IF EXISTS {name}")


def _find_hits(db: Engine, night: Night) -> None:
    """Write ``cb_hit``: unmatched incidents that are touched, that share other persons with a report, of a family with
    a report that is another, or whose family somebody on such a report, or said otherwise, in time may know."""
    limits = night.config.limits
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_reported AS
        WITH told AS (
            SELECT record_no FROM mention SEMI JOIN fresh_mention USING (mention_id)
            UNION SELECT record_no FROM was_mention
        )
        SELECT case_no AS record_no, day FROM report_base SEMI JOIN told ON case_no = record_no
        UNION SELECT case_no, day FROM {touched.OTHER_REPORTS}
        """
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE cb_said AS SELECT record_no, mention_id, {KNOWN_BY} FROM mention SEMI JOIN "
        "(SELECT record_no FROM cb_reported UNION ALL SELECT incident_no FROM cb_unmatched) USING (record_no)"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE cb_changed_case AS SELECT day, {KNOWN_BY} "
        "FROM cb_said JOIN cb_reported USING (record_no) "
        f"UNION ALL SELECT day, {KNOWN_BY} FROM was_mention JOIN cb_reported USING (record_no)"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE cb_family AS SELECT incident_no, mention_id, day, {KNOWN_BY} "
        "FROM cb_said JOIN cb_unmatched ON incident_no = record_no"
    )
    near = " UNION ".join(
        f"SELECT incident_no FROM cb_family f JOIN cb_changed_case r USING ({key}) "
        f"WHERE CASE WHEN r.day - f.day BETWEEN -{limits.early_days} AND {limits.very_late_days} THEN {besides} END"
        for key, besides in KEYS.items()
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE cb_hit AS {near} UNION SELECT incident_no FROM {touched.INCIDENTS} "
        "UNION SELECT incident_no FROM cb_other_shared_people "
        f"UNION SELECT incident_no FROM cb_unmatched SEMI JOIN {touched.OTHER_REPORTS} USING (household_id)"
    )


def _find_known(db: Engine, night: Night) -> None:
    """Write `SHOWN`: of the families of incidents to explain, and of whom on a report in time that has one of `KEYS` in
    common with these.

    Each key is looked for by itself: to read all columns of everybody costs more than all the rest.
    """
    limits = night.config.limits
    db.run("DELETE FROM cb_family WHERE incident_no NOT IN (SELECT incident_no FROM cb_unexplained)")
    same = " UNION ALL ".join(
        "SELECT mention_id, record_no, day "
        f"FROM mention JOIN (SELECT DISTINCT day, {key} FROM cb_family) USING ({key}) WHERE record_kind = 'case'"
        for key in KEYS
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE cb_known AS
        SELECT mention_id FROM ({same}) f JOIN report_base r
            ON r.case_no = f.record_no AND r.day - f.day BETWEEN -{limits.early_days} AND {limits.very_late_days}
        UNION SELECT mention_id FROM cb_family
        """
    )
    for name, few in SHOWN.items():
        db.run(f"CREATE OR REPLACE TEMP TABLE cb_known_{name} AS {few}")
