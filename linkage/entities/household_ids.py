"""Household ids that stay: a group takes the id of the household with which it shares most records."""

from __future__ import annotations

import pandas as pd

from linkage.engine.base import Engine
from linkage.entities import ids, moved_families
from linkage.entities.ids import KEY, Mint


def keep_ids(db: Engine, *, run_id: str, mint: Mint, only_touched: bool = False) -> None:
    """Write ``mention_household``, ``record_household``, and add to ``household_id_history``.

    An id goes to the group that holds most of its records, then most of its mentions; a group takes one
    id only; ties go to the smaller id. A new group's id is minted from the key of its first mention. With
    ``only_touched`` all mentions but those of ``hh_mention``, and those that are gone, keep their household;
    ``touched_household`` then names the households of these, as they were and as they are.
    """
    ids.prepare(db, "household")
    _make_room(db, only_touched=only_touched)
    given = ids.give(
        "household",
        mint,
        _overlaps(db, ids.claims("household", only_changed=only_touched)),
        _foundings(db),
        lambda minted: ids.among(db, "household", minted, only_changed=only_touched),
    )
    frame = pd.DataFrame({"group_no": list(given), "household_id": list(given.values())})
    db.register("hh_group_id", frame.astype({"group_no": "int64", "household_id": "string"}))
    _write(db, only_touched=only_touched)
    if only_touched:
        db.run(
            "INSERT INTO touched_household "
            "SELECT household_id FROM hh_group_id ANTI JOIN touched_household USING (household_id)"
        )
    ids.remember(db, "household", run_id, "placed_household", only_changed=only_touched)


def _make_room(db: Engine, *, only_touched: bool) -> None:
    """Take the mentions that are looked at, and those that are gone, out of their households."""
    ids.find_returned(db, "household", "hh_mention")
    if only_touched:
        ids.find_was(
            db,
            "household",
            "WHERE mention_id IN (SELECT mention_id FROM hh_mention UNION ALL SELECT mention_id FROM gone_mention)",
        )
    ids.make_room(db, "household", only_changed=only_touched)
    if only_touched:
        db.run("CREATE OR REPLACE TEMP TABLE touched_household AS SELECT DISTINCT household_id FROM was_household")


def _overlaps(db: Engine, claims: str) -> list[tuple[int, str]]:
    rows = db.rows(
        f"""
        SELECT group_no, household_id, count(DISTINCT record_no) AS records, count(*) AS mentions
        FROM hh_mention_group JOIN hh_mention USING (mention_id) JOIN ({claims}) USING (mention_id)
        GROUP BY group_no, household_id ORDER BY records DESC, mentions DESC, household_id, min(mention_id), group_no
        """
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def _foundings(db: Engine) -> list[tuple[int, str]]:
    rows = db.rows(
        f"""
        SELECT group_no, founding FROM (
            SELECT group_no, min(mention_id) AS mention_id FROM hh_mention_group GROUP BY group_no
        ) JOIN (SELECT mention_id, concat_ws(' ', {KEY}) AS founding FROM hh_mention) USING (mention_id)
        ORDER BY mention_id
        """
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def _write(db: Engine, *, only_touched: bool) -> None:
    db.run(
        "CREATE OR REPLACE TEMP TABLE placed_household AS SELECT mention_id, household_id, standing "
        "FROM hh_mention_group JOIN hh_group_id USING (group_no)"
    )
    db.run("INSERT INTO mention_household BY NAME FROM placed_household ORDER BY mention_id")
    with moved_families.written(db, "record_household", only_touched=only_touched):
        db.run(
            """
            INSERT INTO record_household BY NAME
            SELECT source_id, record_kind, record_id, household_id, record_no
            FROM (
                SELECT record_no, any_value(source_id) AS source_id, any_value(record_kind) AS record_kind,
                       any_value(record_id) AS record_id
                FROM hh_mention GROUP BY record_no
            ) JOIN hh_record USING (record_no) JOIN hh_group_id USING (group_no)
            ORDER BY source_id, record_kind, record_id
            """
        )
