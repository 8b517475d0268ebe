"""Person ids that stay: a cluster takes the id of the person with whom it shares most mentions."""

from __future__ import annotations

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.entities import ids, near
from linkage.entities.ids import KEY, Mint


def keep_ids(db: Engine, *, run_id: str, mint: Mint, only_changed: bool = False) -> None:
    """Bring ``mention_person`` up to ``mention_cluster``, add this night's merges and splits to ``person_id_history``.

    An id goes to the cluster that holds most of its mentions, a cluster takes one id only; ties go to the older id in
    the order of the text, so that the outcome does not depend on the order of rows. With ``only_changed`` all other
    mentions than those of `near` keep their person, and no new cluster takes its id. Writes ``placed_mention``, the
    mentions that were looked at with their persons, ``moved_person``, these persons as they were and as they are,
    ``changed_person``, those of them that have not the same mentions any more, and ``other_mention``, the mentions of
    another person. ``cluster_component`` gives ``person_component``.
    """
    ids.prepare(db, "person")
    ids.make_room(db, "person", only_changed=only_changed)
    if only_changed:
        db.run("CREATE OR REPLACE TEMP TABLE moved_person AS SELECT DISTINCT person_id FROM was_person")
        db.run("DELETE FROM person_component WHERE person_id IN (FROM moved_person)")
    else:
        ids.find_returned(db, "person", "mention")
        db.run(contracts.table("person_component").ddl())
        db.run("CREATE OR REPLACE TEMP TABLE moved_person (person_id VARCHAR)")
        for name in ("changed_person", "other_mention"):
            db.run(f"DROP TABLE IF EXISTS {name}")
    _give(db, mint, only_changed=only_changed)
    db.run("INSERT INTO mention_person BY NAME FROM placed_mention")
    db.run("INSERT INTO moved_person SELECT person_id FROM cluster_person")
    db.run(
        "INSERT INTO person_component SELECT person_id, min(person_id) OVER (PARTITION BY component) "
        "FROM cluster_component JOIN cluster_person USING (cluster)"
    )
    for name in ("cluster_component", "cluster_person"):
        db.run(f"DROP TABLE {name}")
    ids.remember(db, "person", run_id, "placed_mention", only_changed=only_changed)
    if only_changed:
        _tell_changed(db)
    for name in ("was_person", "returned_person"):
        db.run(f"DROP TABLE {name}")


def _give(db: Engine, mint: Mint, *, only_changed: bool) -> None:
    """Write ``cluster_person`` and ``placed_mention``: the person of every cluster, and of every mention in one."""
    claims, rows = ids.claims("person", only_changed=only_changed), near.rows(only_changed=only_changed)
    overlaps = db.rows(
        f"""
        SELECT cluster, person_id FROM mention_cluster JOIN ({claims}) USING (mention_id)
        GROUP BY ALL ORDER BY count(*) DESC, person_id, cluster
        """
    )
    foundings = db.rows(
        f"SELECT cluster, concat_ws(' ', {KEY}) FROM (SELECT DISTINCT cluster FROM mention_cluster) "
        f"JOIN {rows} ON mention_id = cluster ORDER BY cluster"
    )
    given = ids.give(
        "person",
        mint,
        [(row[0], row[1]) for row in overlaps],
        [(row[0], row[1]) for row in foundings],
        lambda minted: ids.among(db, "person", minted, only_changed=only_changed),
    )
    # Of no values the engine would guess the type.
    frame = pd.DataFrame({"cluster": list(given), "person_id": list(given.values())})
    db.register("cluster_person", frame.astype({"cluster": "int64", "person_id": "string"}))
    db.run(
        "CREATE OR REPLACE TEMP TABLE placed_mention AS SELECT mention_id, person_id FROM mention_cluster "
        "JOIN cluster_person USING (cluster)"
    )


def _tell_changed(db: Engine) -> None:
    """Write ``changed_person`` and ``other_mention`` (of another person now), from ``was_person`` as they were."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE other_mention AS
        SELECT mention_id, n.person_id AS now_id, w.person_id AS was_id
        FROM placed_mention n FULL JOIN was_person w USING (mention_id) WHERE n.person_id IS DISTINCT FROM w.person_id
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE changed_person AS "
        "SELECT now_id AS person_id FROM other_mention WHERE now_id IS NOT NULL "
        "UNION SELECT was_id FROM other_mention WHERE was_id IS NOT NULL"
    )
