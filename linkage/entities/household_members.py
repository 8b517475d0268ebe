"""Households described: their members with the time of each stay, and how sure it is."""

from __future__ import annotations

from linkage import contracts
from linkage.config import Config
from linkage.engine.base import Engine


def describe(db: Engine, config: Config) -> None:
    """Write ``household_member`` and ``household``."""
    _members(db)
    _households(db, config)


def _members(db: Engine) -> None:
    """One stay per person and household: from the first record to the day the person is told elsewhere.

    A dossier's own ``member_from`` and ``member_to`` widen or end it. An adult is joined to others by
    records (sure) or by an address alone (possible); who stands alone is surely a household.
    """
    db.run(contracts.table("household_member").ddl())
    db.run(
        f"""
        INSERT INTO household_member BY NAME
        WITH told AS (
            SELECT mh.household_id, h.person_id, h.person_no, h.event_date,
                   sp.member_from, sp.member_to
            FROM hh_mention h JOIN mention_household mh USING (mention_id)
            LEFT JOIN (SELECT source_id, 'case' AS record_kind, case_id AS record_id, person_seq, member_from, member_to
                       FROM steunpunt_person) sp
                USING (source_id, record_kind, record_id, person_seq)
        ), stay AS (
            SELECT household_id, person_id, person_no, min(event_date) AS first_seen, max(event_date) AS last_seen,
                   min(member_from) AS member_from, arg_max(member_to, (event_date, member_to)) AS member_to
            FROM told GROUP BY household_id, person_id, person_no
        ), elsewhere AS (
            SELECT s.household_id, s.person_id, min(o.first_seen) AS next_seen
            FROM stay s JOIN stay o ON o.person_id = s.person_id AND o.household_id <> s.household_id
                AND o.first_seen > s.last_seen
            GROUP BY ALL
        ), dated AS (
            SELECT s.*, least(first_seen, coalesce(member_from, first_seen)) AS valid_from,
                   coalesce(CASE WHEN member_to >= last_seen THEN member_to END, next_seen) AS valid_until,
                   {_is_joined_by_records()} AS is_joined, group_size
            FROM stay s LEFT JOIN elsewhere USING (household_id, person_id)
            JOIN (SELECT household_id, count(*) AS group_size FROM stay GROUP BY ALL) USING (household_id)
        )
        SELECT household_id, person_id, valid_from,
               CASE WHEN valid_until >= valid_from THEN valid_until END AS valid_until,
               CASE WHEN valid_until >= valid_from THEN 'past'
                    WHEN group_size > 1 AND (is_cut OR NOT is_joined) THEN 'possible' ELSE 'sure' END AS certainty
        FROM dated JOIN hh_group USING (person_no)
        ORDER BY household_id, person_id
        """
    )


def _is_joined_by_records() -> str:
    """The person stands beside another member on a case or a domestic incident, or is a child of the record."""
    return """(
        person_no IN (SELECT person_no FROM hh_mention WHERE standing = 'child')
        OR person_no IN (SELECT a FROM hh_edge WHERE strength > 1)
        OR person_no IN (SELECT b FROM hh_edge WHERE strength > 1))"""


def _households(db: Engine, config: Config) -> None:  # noqa: ARG001
    db.run(contracts.table("household").ddl())
    db.run(
        """
        INSERT INTO household BY NAME
        WITH today AS (SELECT max(event_date) AS day FROM hh_mention),
        lodged AS (
            SELECT DISTINCT person_id FROM hh_mention
            JOIN (SELECT DISTINCT person_no FROM hh_stay SEMI JOIN hh_collective USING (address)) USING (person_no)
        )
        SELECT household_id, count(*) AS members,
               count(*) FILTER (b.birth_earliest + INTERVAL 18 YEAR > day) AS minors,
               bool_or(l.person_id IS NOT NULL) AS is_collective_address
        FROM household_member m LEFT JOIN person_base b USING (person_id) LEFT JOIN lodged l USING (person_id), today
        GROUP BY household_id ORDER BY household_id
        """
    )
