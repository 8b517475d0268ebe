"""Addresses as evidence: who was told to live where, and which addresses are protected and join nobody.

Which are protected is kept from night to night: who comes to a shelter says nothing of the others there. A night looks
at the buildings of who is told otherwise only, and tells where an address became a protected one, or is one no longer.
"""

from __future__ import annotations

from collections.abc import Sequence

from linkage import contracts
from linkage.config import Config, Households
from linkage.engine.base import Engine

KEPT = "protected_address"
WORK = ("hh_listed", "hh_stay", "hh_divided", "hh_crowd", "hh_guest", "hh_core", "hh_protected", "hh_building",
        "hh_there", "hh_flipped")  # fmt: skip
IS_STAY = "postcode IS NOT NULL AND house_number IS NOT NULL AND event_date IS NOT NULL"
ADDRESS = "concat_ws('|', postcode, house_number, house_suffix)"
BUILDING = "concat_ws('|', postcode, house_number)"
TOLD = (
    f"mention_id, postcode, {ADDRESS} AS address, {BUILDING} AS building, house_suffix, address_type, surname, "
    "surname_2, event_date, address_is_secret"
)
"""What a mention with `IS_STAY` says of where somebody lives."""


def listed(db: Engine, addresses: Sequence[tuple[str, int | None, str]]) -> None:
    """Write ``hh_listed`` (postcode, house_number, house_suffix) from the list of the configuration."""
    db.run("CREATE OR REPLACE TEMP TABLE hh_listed (postcode VARCHAR, house_number INTEGER, house_suffix VARCHAR)")
    db.insert("hh_listed", [(postcode, number, suffix or None) for postcode, number, suffix in addresses])


def stays(db: Engine, config: Config) -> None:  # noqa: ARG001
    """Write ``hh_stay``: who of ``hh_mention`` was told to live where."""
    db.run(
        f"CREATE OR REPLACE TEMP TABLE hh_stay AS SELECT t.*, person_no, standing "
        f"FROM (SELECT {TOLD} FROM mention WHERE {IS_STAY}) t JOIN hh_mention USING (mention_id)"
    )


def protect(db: Engine, config: Config) -> None:
    """Write ``protected_address`` (address, is_collective) and ``hh_divided`` (building) from ``hh_stay``.

    A protected address joins nobody: one of many unrelated people, one that a record calls a shelter or a postal
    address, one on the list, and one that is secret for anybody who was ever told there. What is protected without a
    suffix is so behind all doors of the building. A person counts with one surname, however many spellings of it
    there are. A building is divided when some of its homes are told with a suffix.
    """
    _find_guests(db, config.households, "hh_stay", "person_no")
    db.run(
        "CREATE OR REPLACE TEMP TABLE hh_core AS "
        "SELECT person_no, min(surname) AS core FROM hh_stay SEMI JOIN hh_guest USING (person_no) GROUP BY person_no"
    )
    _find_protected(db, config.households, "hh_stay", "person_no")
    db.run(contracts.table(KEPT).ddl())
    db.run(f"INSERT INTO {KEPT} BY NAME FROM hh_protected ORDER BY address")
    db.run(
        "CREATE OR REPLACE TEMP TABLE hh_divided AS "
        "SELECT DISTINCT building FROM hh_stay WHERE house_suffix IS NOT NULL"
    )


def look(db: Engine) -> None:
    """Write ``hh_there``: all that is told of the buildings of ``hh_next``, and of what was told otherwise before."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_building AS
        WITH placed AS (SELECT mention_id FROM mention_person SEMI JOIN hh_next USING (person_id))
        SELECT postcode, house_number FROM mention SEMI JOIN placed USING (mention_id) WHERE {IS_STAY}
        UNION SELECT postcode, house_number FROM was_mention WHERE {IS_STAY}
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_there AS
        WITH stay AS MATERIALIZED (
            SELECT {TOLD} FROM mention SEMI JOIN hh_building USING (postcode, house_number)
            WHERE event_date IS NOT NULL
        )
        FROM stay JOIN mention_person USING (mention_id)
        """
    )


def renew(db: Engine, config: Config) -> None:
    """Bring ``protected_address`` up to ``hh_there``, and write ``hh_flipped``: the addresses that became another."""
    _find_guests(db, config.households, "hh_there", "person_id")
    db.run(
        "CREATE OR REPLACE TEMP TABLE hh_core AS "
        "SELECT person_id, address_surname AS core FROM person_base SEMI JOIN hh_guest USING (person_id)"
    )
    _find_protected(db, config.households, "hh_there", "person_id")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_flipped AS
        WITH told AS (SELECT address FROM hh_there UNION SELECT {ADDRESS} FROM was_mention WHERE {IS_STAY})
        SELECT address FROM hh_protected n FULL JOIN (FROM {KEPT} SEMI JOIN told USING (address)) w USING (address)
        WHERE n.is_collective IS DISTINCT FROM w.is_collective
        """
    )
    db.run(f"DELETE FROM {KEPT} WHERE address IN (FROM hh_flipped)")
    db.run(f"INSERT INTO {KEPT} BY NAME FROM hh_protected SEMI JOIN hh_flipped USING (address)")


def _within(limits: Households) -> str:
    return (
        "OVER (PARTITION BY address ORDER BY event_date "
        f"RANGE BETWEEN INTERVAL {limits.collective_months} MONTH PRECEDING AND CURRENT ROW)"
    )


def _find_guests(db: Engine, limits: Households, told: str, person: str) -> None:
    """Write ``hh_crowd`` (address, persons at one time), and ``hh_guest``, whose surnames decide about an address.

    As many surnames as are allowed need more persons than that; where they are too many, their names do not matter.
    """
    least = min(limits.collective_persons, limits.collective_surnames)
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_crowd AS
        WITH busy AS (
            SELECT address FROM (SELECT DISTINCT address, {person} FROM {told}) GROUP BY address
            HAVING count(*) > {least}
        ), counted AS (
            SELECT address, count(DISTINCT {person}) {_within(limits)} AS persons
            FROM {told} SEMI JOIN busy USING (address)
        )
        SELECT address, max(persons) AS persons FROM counted GROUP BY address HAVING max(persons) > {least}
        """
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE hh_guest AS SELECT DISTINCT {person} FROM {told} WHERE address IN "
        f"(SELECT address FROM hh_crowd WHERE persons <= {limits.collective_persons})"
    )


def _find_protected(db: Engine, limits: Households, told: str, person: str) -> None:
    """Write ``hh_protected`` (address, is_collective) of the addresses of a table of stays."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_protected AS
        WITH counted AS (
            SELECT address, count(DISTINCT core) {_within(limits)} AS surnames
            FROM {told} SEMI JOIN (FROM hh_crowd WHERE persons <= {limits.collective_persons}) USING (address)
            LEFT JOIN hh_core USING ({person})
        ), told AS (
            SELECT address, building, house_suffix,
                   coalesce(address_type IN ('opvang', 'brief'), false) AS is_collective
            FROM {told} WHERE address_type IN ('opvang', 'brief') OR address_is_secret
            UNION
            SELECT s.address, s.building, l.house_suffix, true
            FROM {told} s JOIN hh_listed l ON l.postcode = s.postcode
                AND (l.house_number IS NULL OR s.building = concat_ws('|', l.postcode, l.house_number))
                AND (l.house_suffix IS NULL OR s.house_suffix = l.house_suffix)
        ), found AS (
            SELECT address, true AS is_collective FROM hh_crowd WHERE persons > {limits.collective_persons}
            UNION ALL SELECT address, true FROM counted WHERE surnames > {limits.collective_surnames}
            UNION ALL SELECT address, is_collective FROM told
            UNION ALL
            SELECT s.address, t.is_collective FROM {told} s JOIN told t USING (building) WHERE t.house_suffix IS NULL
        )
        SELECT address, bool_or(is_collective) AS is_collective FROM found GROUP BY address
        """
    )
