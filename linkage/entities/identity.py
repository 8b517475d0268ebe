"""Person ids that stay: a cluster takes the id of the person with whom it shares most mentions."""

from __future__ import annotations

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.entities import ids
from linkage.entities.ids import KEY, Mint


def keep_ids(db: Engine, *, run_id: str, mint: Mint, only_changed: bool = False) -> None:
    """Bring ``mention_person`` up to ``mention_cluster``, add this night's merges and splits to ``person_id_history``.

    ``known_mention`` gives the ids of the night before by mention key. An id goes to the cluster that holds most of its
    mentions, a cluster takes one id only; ties go to the older id in the order of the text, so that the outcome does
    not depend on the order of rows. With ``only_changed`` all other mentions keep their person, and no new cluster
    takes its id. Writes ``moved_person``, the persons that were looked at, as they were and as they are, and
    ``changed_person``, those of them that have not the same mentions any more.
    """
    ids.prepare(db, "person")
    if only_changed:
        _make_room(db)
    else:
        db.run(contracts.table("mention_person").ddl())
        db.run("CREATE OR REPLACE TEMP TABLE moved_person (person_id VARCHAR)")
        db.run("DROP TABLE IF EXISTS changed_person")
    overlaps = db.rows(
        f"""
        SELECT cluster, person_id FROM mention_cluster JOIN mention USING (mention_id)
        JOIN known_mention USING ({KEY}) WHERE person_id NOT IN (SELECT person_id FROM mention_person)
        GROUP BY ALL ORDER BY count(*) DESC, person_id, cluster
        """
    )
    foundings = db.rows(
        f"SELECT cluster, concat_ws(' ', {KEY}) FROM (SELECT DISTINCT cluster FROM mention_cluster) "
        "JOIN mention ON mention_id = cluster ORDER BY cluster"
    )
    given = ids.give(
        "person",
        mint,
        [(row[0], row[1]) for row in overlaps],
        [(row[0], row[1]) for row in foundings],
        lambda minted: ids.among(db, minted, "mention_person", "person_id"),
    )
    db.register("cluster_person", pd.DataFrame({"cluster": list(given), "person_id": list(given.values())}))
    db.run(
        "INSERT INTO mention_person BY NAME SELECT mention_id, person_id FROM mention_cluster "
        "JOIN cluster_person USING (cluster)"
    )
    db.run("INSERT INTO moved_person SELECT person_id FROM cluster_person")
    db.run("DROP TABLE cluster_person")
    if only_changed:
        _tell_changed(db)
    ids.remember(db, "person", run_id, only="mention_cluster" if only_changed else None)


def _make_room(db: Engine) -> None:
    """Take the mentions that are gone or clustered anew out of ``mention_person``."""
    leaving = "mention_id IN (SELECT mention_id FROM mention_cluster UNION ALL SELECT mention_id FROM gone_mention)"
    db.run(f"CREATE OR REPLACE TEMP TABLE was_person AS FROM mention_person WHERE {leaving}")
    db.run("CREATE OR REPLACE TEMP TABLE moved_person AS SELECT DISTINCT person_id FROM was_person")
    db.run(f"DELETE FROM mention_person WHERE {leaving}")


def _tell_changed(db: Engine) -> None:
    """Write ``changed_person`` from ``was_person``, the looked-at mentions as they were."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE changed_person AS
        WITH differs AS (
            SELECT n.person_id AS now_id, w.person_id AS was_id
            FROM (FROM mention_person SEMI JOIN mention_cluster USING (mention_id)) n
            FULL JOIN was_person w USING (mention_id) WHERE n.person_id IS DISTINCT FROM w.person_id
        )
        SELECT now_id AS person_id FROM differs WHERE now_id IS NOT NULL
        UNION SELECT was_id FROM differs WHERE was_id IS NOT NULL
        """
    )
    db.run("DROP TABLE was_person")
