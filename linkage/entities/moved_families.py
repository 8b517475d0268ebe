"""Which of the families that a night looked at are others than before: to know that, more of them had to be looked at.

A family is looked at as somebody else was told at its address, or as a neighbour of it changed; most come out as they
went in. What follows on the households need look at those alone that did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from linkage import contracts
from linkage.engine.base import Engine
from linkage.numbers import of_record

WORK = ("hh_was_said", "hh_other")
KEY = "source_id, record_kind, record_id"


@contextmanager
def written(db: Engine, name: str, *, only_touched: bool) -> Iterator[None]:
    """Make room in a table of households for what the block writes: for all, or for ``touched_household``.

    Of these it is noted in ``hh_other`` whose rows are not what they were.
    """
    declared = contracts.table(name)
    if not only_touched:
        db.run(declared.ddl())
        yield
        return
    said = f"household_id, hash({', '.join(column.name for column in declared.columns)}) AS said"
    db.run(
        "CREATE OR REPLACE TEMP TABLE hh_was_said AS "
        f"SELECT rowid AS place, {said} FROM {name} SEMI JOIN touched_household USING (household_id)"
    )
    # What the block writes stands together, after all that is there.
    [(last,)] = db.rows(f"SELECT coalesce(max(rowid), -1) FROM {name}")
    db.run(f"DELETE FROM {name} WHERE rowid IN (SELECT place FROM hh_was_said)")
    yield
    db.run("CREATE TEMP TABLE IF NOT EXISTS hh_other (household_id VARCHAR)")
    db.run(
        f"""
        INSERT INTO hh_other
        SELECT household_id FROM (SELECT household_id, bit_xor(said) AS said FROM hh_was_said GROUP BY household_id) w
        FULL JOIN (
            SELECT household_id, bit_xor(said) AS said FROM (SELECT {said} FROM {name} WHERE rowid > {last})
            SEMI JOIN touched_household USING (household_id) GROUP BY household_id
        ) n USING (household_id) WHERE n.said IS DISTINCT FROM w.said
        """
    )


def tell(db: Engine) -> None:
    """Let ``touched_household`` name those only of which something is told otherwise, as they were and as they are.

    That is so of the household of a mention that is new, gone, says something else, is another person's, stands
    elsewhere or otherwise; of a record that changed; and of a household whose members, stays or records are others.
    Writes ``moved_mention`` (mention_id): of these mentions those that a person alone did not change.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE moved_mention AS
        SELECT mention_id FROM placed_household s FULL JOIN was_household w USING (mention_id)
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
        )
        SELECT household_id FROM mention_household SEMI JOIN other_mention USING (mention_id)
        UNION SELECT household_id FROM was_household SEMI JOIN other_mention USING (mention_id)
        UNION FROM hh_other
        """
    )
    db.run("DROP TABLE touched_household")
    db.run("ALTER TABLE hh_moved RENAME TO touched_household")
    for name in WORK:
        db.run(f"DROP TABLE {name}")
