"""Which of the families that a night looked at are others than before: to know that, more of them had to be looked at.

A family is looked at as somebody else was told at its address, or as a neighbour of it changed; most come out as they
went in. What follows on the households need look at those alone that did not.
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.numbers import of_record

WORK = ("hh_was_own", "hh_was_said")
KEY = "source_id, record_kind, record_id"


def remember(db: Engine) -> None:
    """Write ``hh_was_said``: what was told of the families that are looked at the night before.

    Call it before `household_ids.keep_ids`, which takes their mentions out and keeps them in ``was_household``.
    """
    own = "SELECT household_id FROM household_member SEMI JOIN hh_near USING (person_id)"
    db.run(f"CREATE OR REPLACE TEMP TABLE hh_was_own AS {own} GROUP BY household_id")
    db.run(f"CREATE OR REPLACE TEMP TABLE hh_was_said AS {_said('household_id IN (FROM hh_was_own)')}")


def tell(db: Engine) -> None:
    """Let ``touched_household`` name those only of which something is told otherwise, as they were and as they are.

    That is so of the household of a mention that is new, gone, says something else, is another person's, stands
    elsewhere or otherwise; of a record that changed; and of a household whose members, stays or records are others.
    Writes ``moved_mention`` (mention_id): of these mentions those that a person alone did not change.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE moved_mention AS
        WITH stands AS (
            SELECT mention_id, household_id, standing FROM mention_household
            SEMI JOIN hh_mention USING (mention_id)
        )
        SELECT mention_id FROM stands s FULL JOIN was_household w USING (mention_id)
        WHERE s.household_id IS DISTINCT FROM w.household_id OR s.standing IS DISTINCT FROM w.standing
        UNION SELECT mention_id FROM fresh_mention
        UNION SELECT mention_id FROM was_mention
        UNION SELECT mention_id FROM gone_mention
        """
    )
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE hh_moved AS
        WITH other_mention AS (
            FROM moved_mention
            UNION SELECT mention_id FROM hh_mention SEMI JOIN changed_person USING (person_id)
            UNION SELECT mention_id FROM mention WHERE record_no IN (
                SELECT {of_record(*KEY.split(", "))} FROM changed_record)
        ), now_said AS ({_said("household_id IN (SELECT household_id FROM touched_household)")})
        SELECT household_id FROM mention_household SEMI JOIN other_mention USING (mention_id)
        UNION SELECT household_id FROM was_household SEMI JOIN other_mention USING (mention_id)
        UNION SELECT household_id FROM record_household SEMI JOIN changed_record USING ({KEY})
        UNION SELECT household_id FROM now_said n FULL JOIN hh_was_said w USING (household_id)
            WHERE n.said IS DISTINCT FROM w.said
        """
    )
    db.run("DROP TABLE touched_household")
    db.run("ALTER TABLE hh_moved RENAME TO touched_household")
    for name in WORK:
        db.run(f"DROP TABLE {name}")


def _said(of: str) -> str:
    return (
        "SELECT household_id, bit_xor(said) AS said FROM ("
        f"SELECT household_id, hash(m) AS said FROM household_member m WHERE {of} "
        f"UNION ALL SELECT household_id, hash(h) FROM household h WHERE {of} "
        f"UNION ALL SELECT household_id, hash(r) FROM record_household r WHERE {of}) GROUP BY household_id"
    )
