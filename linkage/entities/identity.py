"""Person ids that stay: a cluster takes the id of the person with whom it shares most mentions."""

from __future__ import annotations

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.entities import ids
from linkage.entities.ids import KEY, Mint


def keep_ids(db: Engine, *, run_id: str, mint: Mint) -> None:
    """Write ``mention_person`` and ``person_id_today``, add this night's merges and splits to ``person_id_history``.

    ``mention_cluster`` gives tonight's clusters, ``known_mention`` the ids of the night before by mention key.
    An id goes to the cluster that holds most of its mentions, a cluster takes one id only; ties go to the older
    id in the order of the text, so that the outcome does not depend on the order of rows.
    """
    ids.prepare(db, "person")
    overlaps = db.rows(
        f"""
        SELECT cluster, person_id FROM mention_cluster JOIN mention USING (mention_id)
        JOIN known_mention USING ({KEY}) GROUP BY ALL ORDER BY count(*) DESC, person_id, cluster
        """
    )
    foundings = db.rows(
        f"SELECT cluster, concat_ws(' ', {KEY}) FROM (SELECT DISTINCT cluster FROM mention_cluster) "
        "JOIN mention ON mention_id = cluster ORDER BY cluster"
    )
    given = ids.give("person", mint, [(row[0], row[1]) for row in overlaps], [(row[0], row[1]) for row in foundings])
    db.register("cluster_person", pd.DataFrame({"cluster": list(given), "person_id": list(given.values())}))
    db.run(contracts.table("mention_person").ddl())
    db.run(
        "INSERT INTO mention_person BY NAME SELECT mention_id, person_id FROM mention_cluster "
        "JOIN cluster_person USING (cluster)"
    )
    db.run("DROP TABLE cluster_person")
    ids.remember(db, "person", run_id)
