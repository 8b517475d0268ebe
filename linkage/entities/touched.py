"""Who may be told otherwise tonight: the families of what changed, whole, and who is tied to them since.

A household rests on the records of its people and on who else was told at their addresses. What tied families the night
before is kept (``household_component``), so that all whom a change may reach are found at once: the persons of what
changed and everybody whom records, households or addresses tied to them. Ties that are new tonight are of two kinds.
Those of a record are among the persons of what changed. Those of an address are between one of these persons and
somebody of the same surname at an address of theirs; or among the people of an address that joined nobody the night
before, or joins nobody now. So a night reads the addresses of these persons, and not of their families.
"""

from __future__ import annotations

from linkage import numbers
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.entities import household_addresses
from linkage.entities.household_addresses import BUILDING, IS_STAY

OF_TONIGHT = ("changed_record", "changed_person", "fresh_mention", "gone_mention", "was_mention", "recoded_mention")
"""What tells what changed; without one of them everything may have."""
CASEBOOK = ("incident", "case_report")
"""Tables that the casebook left the night before: what records told that is no mention's."""
SHOWN = {"mention": "FROM hh_row", "mention_person": "FROM hh_placed"}
"""Tables of which the rows of touched families were read, and where these are."""
WORK = ("hh_near", "hh_next", "hh_row", "hh_placed")
MOST = 0.5
"""Share of all persons from which it is quicker to look at everybody."""
READ = (
    "mention_id, record_no, source_id, record_kind, record_id, person_seq, event_date, role, relation, birth_earliest, "
    "postcode, house_number, house_suffix, address_type, address_is_secret, surname, surname_2"
)
"""Columns of ``mention`` that households rest on."""


def find(db: Engine, config: Config) -> bool:
    """Write ``hh_near`` (person_id), the touched families; return whether it is known who they are and worth while.

    Reads ``mention``, ``mention_person``, `OF_TONIGHT`, and as the night before left them the tables of households and
    `CASEBOOK`. Who is not there any more may be named as well. Writes the rows of `SHOWN`, and ``hh_divided`` of their
    buildings; brings ``protected_address`` up to tonight.
    """
    if not all(db.has(name) for name in OF_TONIGHT):
        return False
    _begin(db)
    household_addresses.look(db)
    household_addresses.renew(db, config)
    _reach(db)
    _find_families(db)
    [(touched, persons)] = db.rows("SELECT (SELECT count(*) FROM hh_near), count(*) FROM person_base")
    if touched > MOST * persons:
        return False
    _read(db)
    return True


def _begin(db: Engine) -> None:
    """Write ``hh_next``: the persons who are others than before, and all on a record that is."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_next AS
        WITH record AS (
            SELECT record_no FROM mention SEMI JOIN recoded_mention USING (mention_id)
            UNION SELECT record_no FROM was_mention UNION {_restated(db)}
        ), named AS (SELECT mention_id FROM mention SEMI JOIN record USING (record_no))
        FROM changed_person UNION SELECT person_id FROM mention_person SEMI JOIN named USING (mention_id)
        """
    )


def _restated(db: Engine) -> str:
    """Return the query of records that changed, of which another thing counts here than what they say of persons.

    That is whether an incident is domestic, and whether and when a case was closed.
    """
    if not all(db.has(name) for name in CASEBOOK):
        return f"SELECT {numbers.of_record('source_id', 'record_kind', 'record_id')} FROM changed_record"
    cases = "(SELECT source_id, record_id AS case_id FROM changed_record WHERE record_kind = 'case')"
    now, was = (
        "SELECT source_id, case_id, bool_or(closed_at IS NULL) AS is_open, CAST(max(closed_at) AS DATE) AS closed "
        f"FROM {table} SEMI JOIN {cases} USING (source_id, case_id) GROUP BY source_id, case_id"
        for table in ("steunpunt_report", "case_report")
    )
    return f"""
        SELECT {numbers.of_record("source_id", "'incident'", "incident_number")} FROM (
            FROM police_incident SEMI JOIN (
                SELECT source_id, record_id AS incident_number FROM changed_record WHERE record_kind = 'incident'
            ) USING (source_id, incident_number)
        ) n LEFT JOIN incident w USING (source_id, incident_number) WHERE n.dv_flag IS DISTINCT FROM w.dv_flag
        UNION SELECT {numbers.of_record("source_id", "'case'", "case_id")} FROM ({now}) n
        FULL JOIN ({was}) w USING (source_id, case_id)
        WHERE n.is_open IS DISTINCT FROM w.is_open OR n.closed IS DISTINCT FROM w.closed
    """


def _find_families(db: Engine) -> None:
    """Write ``hh_near``: the persons of ``hh_next``, with all whom the night before tied to them."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_near AS
        WITH own AS (SELECT DISTINCT household_id FROM household_member SEMI JOIN hh_next USING (person_id)),
        family AS (
            FROM own UNION SELECT household_id FROM household_component WHERE component IN (
                SELECT component FROM household_component SEMI JOIN own USING (household_id))
        )
        FROM hh_next UNION SELECT person_id FROM household_member SEMI JOIN family USING (household_id)
        """
    )


def _reach(db: Engine) -> None:
    """Add to ``hh_next`` who is none of them, and may be joined to others by an address, or parted, since tonight.

    That is so where an address was not protected and is, or the other way round; where the homes of a building are told
    apart for the first time, or no longer; and of who shares an address and a surname with a touched person.
    """
    db.run(
        f"""
        INSERT INTO hh_next
        WITH divided AS (SELECT DISTINCT building FROM hh_there WHERE house_suffix IS NOT NULL),
        was_divided AS (
            SELECT building FROM hh_there ANTI JOIN fresh_mention USING (mention_id) WHERE house_suffix IS NOT NULL
            UNION SELECT {BUILDING} FROM was_mention WHERE house_suffix IS NOT NULL AND {IS_STAY}
        ), flipped AS (
            FROM (FROM divided EXCEPT FROM was_divided) UNION ALL FROM (FROM was_divided EXCEPT FROM divided)
        ), home AS (
            SELECT DISTINCT address, person_id, unnest([surname, surname_2]) AS name
            FROM hh_there ANTI JOIN protected_address USING (address)
            WHERE house_suffix IS NOT NULL OR building NOT IN (SELECT building FROM divided)
        )
        FROM (
            SELECT person_id FROM hh_there WHERE address IN (FROM hh_flipped) OR building IN (FROM flipped)
            UNION SELECT o.person_id FROM home o JOIN (FROM home SEMI JOIN hh_next USING (person_id))
                USING (address, name)
        ) ANTI JOIN hh_next USING (person_id)
        """
    )


def _read(db: Engine) -> None:
    """Write the rows of `SHOWN`, and ``hh_divided``."""
    db.run("CREATE OR REPLACE TEMP TABLE hh_placed AS FROM mention_person SEMI JOIN hh_near USING (person_id)")
    db.run(f"CREATE OR REPLACE TEMP TABLE hh_row AS SELECT {READ} FROM mention SEMI JOIN hh_placed USING (mention_id)")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_divided AS
        WITH place AS (SELECT DISTINCT postcode, house_number FROM hh_row WHERE {IS_STAY})
        SELECT DISTINCT {BUILDING} AS building FROM mention SEMI JOIN place USING (postcode, house_number)
        WHERE house_suffix IS NOT NULL AND event_date IS NOT NULL
        """
    )
