"""Evidence that two adults are one household: a case, an incident, or an address with a name."""

from __future__ import annotations

from linkage.config import Config
from linkage.engine.base import Engine

PARTIES = "('verdachte', 'slachtoffer', 'benadeelde', 'betrokkene')"
"""Roles of the parties to an incident: two of them on a domestic incident belong together."""

FAMILY = (
    r"\b(ex|partner|echtgeno|kind|zoon|dochter|ouder|vader|moeder|broer|zus|familie|gezin|oma|opa|oom|tante|neef|nicht"
    r"|klein|stief|pleeg|schoon|huisgeno|samenwon)|(ouder|vader|moeder|zoon|dochter|kind|partner)s?\b"
)
"""Relations that are family, as folded text; ``buurvrouw``, ``kennis`` and ``vriend`` are not."""

ADDRESS = 1
INCIDENT = 2
CASE = 3
"""Strength of evidence, the weakest first: what is dropped first when a household is too large."""


def standings(db: Engine, config: Config) -> None:  # noqa: ARG001
    """Write ``hh_mention``: how every mention stands to the family of its record.

    A person has the number of its first mention: an id tells which mention came first, and ties that it decides would
    end otherwise after another order of deliveries.
    """
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_mention AS
        WITH relation AS (
            SELECT relation, {_is_family()} AS is_family
            FROM (SELECT DISTINCT relation FROM mention WHERE relation IS NOT NULL)
        ), person AS (
            SELECT person_id, birth_earliest, person_no FROM person_base
            JOIN (SELECT person_id, CAST(min(mention_id) AS BIGINT) AS person_no FROM mention_person GROUP BY person_id)
                USING (person_id)
        ),
        told AS (
            SELECT m.mention_id, m.record_no, m.source_id, m.record_kind, m.record_id, m.person_seq, m.event_date,
                   person_id, b.person_no, m.role, coalesce(r.is_family, false) AS is_family,
                   i.record_id IS NULL AS is_domestic, {_is_child()} AS is_child
            FROM mention m JOIN mention_person mp USING (mention_id) JOIN person b USING (person_id)
            LEFT JOIN relation r ON r.relation = m.relation
            LEFT JOIN (SELECT source_id, 'incident' AS record_kind, incident_number AS record_id
                       FROM police_incident WHERE NOT dv_flag) i
                ON i.source_id = m.source_id AND i.record_kind = m.record_kind AND i.record_id = m.record_id
        ), victims AS (
            SELECT record_no,
                   bool_or(role IN ('slachtoffer', 'benadeelde', 'betrokkene') AND NOT is_child) AS has_victim
            FROM told GROUP BY record_no
        )
        SELECT told.*,
               CASE WHEN is_child THEN 'child'
                    WHEN record_kind = 'case' OR role IN {PARTIES} OR ({_complainant_is_victim()}) THEN 'principal'
                    WHEN is_family THEN 'relative'
                    ELSE 'outsider' END AS standing
        FROM told JOIN victims USING (record_no)
        """
    )


def _is_family() -> str:
    """The record says that the person is family of the suspect."""
    return f"regexp_matches(lower(relation), '{FAMILY}')"


def _is_child() -> str:
    """Surely under 18 on the day of the record; without any birth date, told to be the child.

    The person's own birth date counts where the mention has none.
    """
    return """coalesce(
        coalesce(m.birth_earliest, b.birth_earliest) + INTERVAL 18 YEAR > m.event_date,
        m.role = 'getuige_kind' OR (m.relation IN ('kind', 'pleegkind', 'stiefkind')
            AND coalesce(m.role, '') NOT IN ('verdachte', 'pleger')),
        false)"""


def _complainant_is_victim() -> str:
    """Who files the complaint is the victim when the record names no other."""
    return "role = 'aangever' AND NOT has_victim"


def record_edges(db: Engine, config: Config) -> None:
    """Write ``hh_edge``: adults of one case, and of one domestic incident, are one household.

    On a record with more adults than a household may have, each is joined to the next only.
    """
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_edge AS
        WITH adult AS (
            SELECT DISTINCT record_no, person_no, record_kind FROM hh_mention
            WHERE standing IN ('principal', 'relative') AND (record_kind = 'case' OR is_domestic)
        ), sized AS (
            SELECT *, count(*) OVER (PARTITION BY record_no) AS adults,
                   row_number() OVER (PARTITION BY record_no ORDER BY person_no) AS place
            FROM adult
        )
        SELECT l.person_no AS a, r.person_no AS b,
               max(CASE WHEN l.record_kind = 'case' THEN {CASE} ELSE {INCIDENT} END) AS strength, count(*) AS records
        FROM sized l JOIN sized r ON r.record_no = l.record_no AND l.person_no < r.person_no
        WHERE l.adults <= {config.households.max_members} OR r.place = l.place + 1
        GROUP BY l.person_no, r.person_no
        """
    )


def address_edges(db: Engine, config: Config) -> None:  # noqa: ARG001
    """Add to ``hh_edge``: one home at one time and one surname.

    A stay lasts from its first record to the first later record that tells another address. An address
    without a suffix, in a building where others have one, may be any of its homes and joins nobody.
    """
    db.run(
        f"""
        INSERT INTO hh_edge
        WITH home AS (
            SELECT address, person_no, min(event_date) AS since, max(event_date) AS seen,
                   list_distinct(list(surname) || list(surname_2)) AS names
            FROM (SELECT * FROM hh_stay ANTI JOIN protected_address USING (address)) h
            WHERE coalesce(address_type, 'onbekend') IN ('woon', 'onbekend')
              AND {_has_its_own_door()} AND {_speaks_for_a_family()}
            GROUP BY address, person_no
        ), stay AS (
            SELECT h.address, h.person_no, h.since, h.names, min(o.event_date) AS until
            FROM home h LEFT JOIN hh_stay o
                ON o.person_no = h.person_no AND o.address <> h.address AND o.event_date > h.seen
            GROUP BY ALL
        )
        SELECT l.person_no, r.person_no, {ADDRESS}, count(*)
        FROM stay l JOIN stay r ON r.address = l.address AND l.person_no < r.person_no
        WHERE {_live_there_at_one_time()} AND {_share_a_surname()}
        GROUP BY l.person_no, r.person_no
        """
    )


def _has_its_own_door() -> str:
    """The address is one home, not a building whose homes are not told apart."""
    return "(h.house_suffix IS NOT NULL OR h.building NOT IN (FROM hh_divided))"


def _speaks_for_a_family() -> str:
    """A child or an outsider joins nobody, whatever the address."""
    return "h.standing IN ('principal', 'relative')"


def _live_there_at_one_time() -> str:
    """The stays overlap; a new tenant comes when the old one has gone."""
    return "(l.until IS NULL OR r.since < l.until) AND (r.until IS NULL OR l.since < r.until)"


def _share_a_surname() -> str:
    """One of the surnames of the one is a surname of the other."""
    return "list_has_any(l.names, r.names)"
