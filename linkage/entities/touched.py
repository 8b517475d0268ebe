"""Who may be told otherwise tonight: the families of what changed, whole, and who lives at their addresses.

A household rests on the records of its people and on who else was told at their addresses. So a night that changed a
few records need look at no more than: the persons of these; everybody at an address, today or before, of a person of
whom something else is told; then all whom records or the households of the night before tie to them, and so on until
nobody comes in. These families are whole: no record names one of them and somebody else. Who is told at an address of
theirs besides is looked at as well, for what that says of the address, and is left as they are.
"""

from __future__ import annotations

from linkage.engine.base import Engine

OF_TONIGHT = ("changed_record", "changed_person", "fresh_mention", "gone_mention", "was_mention")
"""What tells what changed; without one of them everything may have."""
WORK = ("hh_tie", "hh_near", "hh_next", "hh_look")
MOST = 0.5
"""Share of all persons from which it is quicker to look at everybody."""
NARROW = dict.fromkeys(("mention", "mention_person"), "mention_id IN (FROM hh_look)")
"""Which rows of these tables are looked at."""
BUILDING = "CASE WHEN postcode IS NOT NULL AND house_number IS NOT NULL THEN hash(postcode, house_number) END"


def find(db: Engine) -> bool:
    """Write ``hh_near`` (person_id, is_touched); return whether it is worth while and known what changed.

    Reads ``mention``, ``mention_person``, the ``mention_household`` and ``household_member`` of the night before, and
    `OF_TONIGHT`. Who is not there any more may be named as well.
    """
    if not all(db.has(name) for name in OF_TONIGHT):
        return False
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_tie AS
        SELECT mention_id, person_id, record_no, CASE WHEN event_date IS NOT NULL THEN {BUILDING} END AS building
        FROM mention JOIN mention_person USING (mention_id)
        """
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_near AS
        WITH emptied AS (SELECT household_id FROM mention_household SEMI JOIN gone_mention USING (mention_id))
        SELECT person_id, true AS is_touched FROM (
            SELECT person_id FROM changed_person
            UNION SELECT person_id FROM mention_person SEMI JOIN fresh_mention USING (mention_id)
            UNION SELECT person_id FROM household_member WHERE household_id IN (FROM emptied))
        """
    )
    _add_neighbours(db, are_touched=True)
    db.run(
        """
        INSERT INTO hh_near
        SELECT DISTINCT person_id, true FROM hh_tie ANTI JOIN hh_near USING (person_id)
        WHERE record_no IN (SELECT record_no FROM mention
                            SEMI JOIN changed_record USING (source_id, record_kind, record_id))
        """
    )
    _complete(db)
    _look(db)
    [(touched, persons)] = db.rows("SELECT (SELECT count(*) FROM hh_near WHERE is_touched), count(*) FROM person_base")
    return bool(touched <= MOST * persons)


def widen(db: Engine) -> bool:
    """Take in who is joined to a touched person by an edge and is not of a touched family, with their families.

    Return whether anybody was: that is so where a household was cut at the size limit, and is not whole without those
    that were cut off. Reads ``hh_edge`` and ``hh_mention``.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_next AS
        WITH told AS (SELECT DISTINCT person_no, person_id, is_touched FROM hh_mention JOIN hh_near USING (person_id)),
        joined AS (SELECT a, b FROM hh_edge UNION ALL SELECT b, a FROM hh_edge)
        SELECT DISTINCT l.person_id FROM joined JOIN told l ON l.person_no = a JOIN told r ON r.person_no = b
        WHERE NOT l.is_touched AND r.is_touched
        """
    )
    if not db.rows("SELECT 1 FROM hh_next LIMIT 1"):
        return False
    db.run("DELETE FROM hh_near WHERE NOT is_touched")
    db.run("INSERT INTO hh_near SELECT person_id, true FROM hh_next")
    _complete(db)
    _look(db)
    return True


def leave_out_neighbours(db: Engine) -> None:
    """Take who is not of a touched family out of ``hh_mention`` and ``hh_edge``: they told of addresses."""
    db.run("DELETE FROM hh_mention WHERE person_id IN (SELECT person_id FROM hh_near WHERE NOT is_touched)")
    db.run("DELETE FROM hh_edge WHERE a NOT IN (SELECT person_no FROM hh_mention)")


def _complete(db: Engine) -> None:
    """Make the families of ``hh_near`` whole.

    Whose person is another one tonight is near already, so that the members of a household may be told as the night
    before left them.
    """
    db.run("CREATE OR REPLACE TEMP TABLE hh_next AS SELECT person_id FROM hh_near")
    while db.rows("SELECT 1 FROM hh_next LIMIT 1"):
        db.run(
            """
            CREATE OR REPLACE TEMP TABLE hh_next AS
            WITH record AS (SELECT record_no FROM hh_tie SEMI JOIN hh_next USING (person_id)),
            family AS (SELECT household_id FROM household_member SEMI JOIN hh_next USING (person_id))
            FROM (
                SELECT person_id FROM hh_tie WHERE record_no IN (FROM record)
                UNION SELECT person_id FROM household_member WHERE household_id IN (FROM family)
            ) ANTI JOIN hh_near USING (person_id)
            """
        )
        db.run("INSERT INTO hh_near SELECT person_id, true FROM hh_next")


def _look(db: Engine) -> None:
    """Add to ``hh_near`` who else was told at the addresses of touched families, and write the mentions of all of them
    (``hh_look``)."""
    _add_neighbours(db, are_touched=False)
    db.run("CREATE OR REPLACE TEMP TABLE hh_look AS SELECT mention_id FROM hh_tie SEMI JOIN hh_near USING (person_id)")


def _add_neighbours(db: Engine, *, are_touched: bool) -> None:
    """Add to ``hh_near`` who is told, or was before tonight, in a building where somebody of it is."""
    db.run(
        f"""
        INSERT INTO hh_near
        SELECT DISTINCT person_id, {are_touched} FROM hh_tie ANTI JOIN hh_near USING (person_id)
        WHERE building IN (
            SELECT building FROM hh_tie SEMI JOIN hh_near USING (person_id) WHERE building IS NOT NULL
            UNION SELECT {BUILDING} FROM was_mention WHERE postcode IS NOT NULL AND house_number IS NOT NULL)
        """
    )
