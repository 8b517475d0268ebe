"""Who may be another person tonight: the components of the night before in which something changed, whole.

Persons are parts of components: mentions that sure pairs, shared seats or decisions join. A component is another one
only where one of these came or went, or a pair inside it was weighed again. A pair that changed between two components,
and is not sure, says nothing of either. A mention that is back may take its id from who has it now.
"""

from __future__ import annotations

from linkage import tonight
from linkage.engine.base import Engine
from linkage.entities import ids

WORK = ("near_told", "near_joined", "near_seed", "near_person")
ROW = (
    f"mention_id, record_no, {ids.KEY}, event_date, sex, birth_earliest, birth_latest, birth_precision, surname, "
    "postcode, house_number"
)
"""Columns of ``mention`` that persons are made of."""


def rows(*, only_changed: bool) -> str:
    """Return the table of the mentions that are looked at, with the columns of `ROW`."""
    return "near_mention" if only_changed else "mention"


def find(db: Engine, sure: str) -> None:
    """Write ``near_mention``, the mentions of tonight that may be of another person than they were, and ``was_person``.

    ``sure`` is the query of pairs that may join. Reads what tells what changed (``changed_pair``, ``fresh_mention``,
    ``gone_mention``, ``was_mention``), ``decision`` and ``was_decision``, and, as the night before left them,
    ``mention_person`` and ``person_component``. Writes too: ``changed_link`` (left_id, right_id, match_weight), the
    pairs that changed and are possible; ``stood_pair`` (left_id, right_id), those that changed of
    which neither end tells more; and ``near_place``, whose the ends of these, and of what may join, were.
    """
    _find_changed(db, sure)
    _seed(db)
    ids.find_returned(db, "person", "fresh_mention")
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE near_person AS
        WITH seed AS (
            SELECT person_id FROM near_place SEMI JOIN near_seed USING (mention_id)
            UNION SELECT person_id FROM returned_person
        )
        FROM seed UNION SELECT person_id FROM person_component
        WHERE component IN (SELECT component FROM person_component SEMI JOIN seed USING (person_id))
        """
    )
    ids.find_was(db, "person", "SEMI JOIN near_person USING (person_id)")
    db.run(
        f"CREATE OR REPLACE TEMP TABLE near_mention AS SELECT {ROW} FROM mention "
        "WHERE mention_id IN (SELECT mention_id FROM was_person UNION FROM near_seed)"
    )
    for name in WORK:
        db.run(f"DROP TABLE {name}")


def _find_changed(db: Engine, sure: str) -> None:
    """Write ``near_told``, mentions that are new, gone or stand on a record beside one, and those that were decided on;
    ``changed_link``; ``near_joined``, the ends of pairs that changed and may join; and ``stood_pair``.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE near_told AS
        WITH decided AS (SELECT left_id, right_id FROM decision UNION ALL FROM was_decision)
        SELECT mention_id FROM mention WHERE record_no IN (
            SELECT record_no FROM mention SEMI JOIN fresh_mention USING (mention_id)
            UNION SELECT record_no FROM was_mention)
        UNION SELECT mention_id FROM gone_mention
        UNION SELECT unnest([left_id, right_id]) FROM decided
        """
    )
    first = tonight.first(db, ["pair"]).get("pair")
    # All that changed is written anew: what is of tonight has changed.
    which = "SEMI JOIN changed_pair USING (left_id, right_id)" if first is None else f"WHERE rowid >= {first}"
    db.run(f"CREATE OR REPLACE TEMP TABLE changed_link AS SELECT left_id, right_id, match_weight FROM pair {which}")
    with db.shown({"pair": "FROM changed_link"}):
        db.run(
            "CREATE OR REPLACE TEMP TABLE near_joined AS SELECT unnest([left_id, right_id]) AS mention_id "
            f"FROM ({sure}) SEMI JOIN changed_pair USING (left_id, right_id)"
        )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE stood_pair AS
        FROM changed_pair
        ANTI JOIN near_told l ON l.mention_id = left_id ANTI JOIN near_told r ON r.mention_id = right_id
        """
    )


def _seed(db: Engine) -> None:
    """Write ``near_place``, and ``near_seed``: the mentions of `_find_changed` and the ends of pairs that were weighed
    again inside one component of the night before, of which one end tells of both.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE near_place AS
        SELECT mention_id, person_id, coalesce(component, person_id) AS component
        FROM (FROM mention_person WHERE mention_id IN (
            FROM near_told UNION FROM near_joined UNION SELECT unnest([left_id, right_id]) FROM stood_pair))
        LEFT JOIN person_component USING (person_id)
        """
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE near_seed AS
        FROM near_told UNION FROM near_joined
        UNION SELECT left_id FROM stood_pair JOIN near_place l ON l.mention_id = left_id
            JOIN near_place r ON r.mention_id = right_id AND r.component = l.component
        """
    )
