"""Household ids that stay: a group takes the id of the household with which it shares most records."""

from __future__ import annotations

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.entities import ids
from linkage.entities.ids import KEY, Mint


def keep_ids(db: Engine, *, run_id: str, mint: Mint) -> None:
    """Write ``mention_household``, ``record_household``, ``known_household`` and add to ``household_id_history``.

    An id goes to the group that holds most of its records, then most of its mentions; a group takes one
    id only; ties go to the smaller id. A new group's id is minted from the key of its first mention.
    """
    ids.prepare(db, "household")
    given = ids.give("household", mint, _overlaps(db), _foundings(db))
    frame = pd.DataFrame({"group_no": list(given), "household_id": list(given.values())})
    db.register("hh_group_id", frame.astype({"group_no": "int64", "household_id": "object"}))
    _write(db)
    ids.remember(db, "household", run_id)


def _overlaps(db: Engine) -> list[tuple[int, str]]:
    rows = db.rows(
        f"""
        SELECT group_no, household_id, count(DISTINCT record_no) AS records, count(*) AS mentions
        FROM hh_mention_group JOIN hh_mention USING (mention_id) JOIN known_household USING ({KEY})
        GROUP BY group_no, household_id ORDER BY records DESC, mentions DESC, household_id, min(mention_id), group_no
        """
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def _foundings(db: Engine) -> list[tuple[int, str]]:
    rows = db.rows(
        f"""
        SELECT group_no, founding FROM (
            SELECT group_no, min(mention_id) AS mention_id FROM hh_mention_group GROUP BY group_no
        ) JOIN (SELECT mention_id, concat_ws(' ', {KEY}) AS founding FROM mention) USING (mention_id)
        ORDER BY mention_id
        """
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def _write(db: Engine) -> None:
    db.run(contracts.table("mention_household").ddl())
    db.run(
        "INSERT INTO mention_household BY NAME SELECT mention_id, household_id, standing "
        "FROM hh_mention_group JOIN hh_group_id USING (group_no) ORDER BY mention_id"
    )
    db.run(contracts.table("record_household").ddl())
    db.run(
        """
        INSERT INTO record_household BY NAME
        SELECT source_id, record_kind, record_id, household_id
        FROM (
            SELECT record_no, any_value(source_id) AS source_id, any_value(record_kind) AS record_kind,
                   any_value(record_id) AS record_id
            FROM hh_mention GROUP BY record_no
        ) JOIN hh_record USING (record_no) JOIN hh_group_id USING (group_no)
        ORDER BY source_id, record_kind, record_id
        """
    )
