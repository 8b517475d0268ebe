"""Person ids that stay: a cluster takes the id of the person with whom it shares most mentions."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine

KEY = "source_id, record_kind, record_id, person_seq"


def keep_ids(db: Engine, *, run_id: str, mint: Callable[[str, str], str]) -> None:
    """Write ``mention_person`` and add this night's merges and splits to ``person_id_history``.

    ``mention_cluster`` gives tonight's clusters, ``known_mention`` the ids of the night before by mention key.
    An id goes to the cluster that holds most of its mentions, a cluster takes one id only; ties go to the older
    id in the order of the text, so that the outcome does not depend on the order of rows.
    """
    if not db.has("known_mention"):
        db.run(contracts.table("known_mention").ddl())
    if not db.has("person_id_history"):
        db.run(contracts.table("person_id_history").ddl())
    overlap = db.rows(
        f"""
        SELECT cluster, person_id, count(*) AS n FROM mention_cluster JOIN mention USING (mention_id)
        JOIN known_mention USING ({KEY}) GROUP BY ALL ORDER BY n DESC, person_id, cluster
        """
    )
    given: dict[int, str] = {}
    taken: set[str] = set()
    for found, person_id, _ in overlap:
        if found not in given and person_id not in taken:
            given[found] = person_id
            taken.add(person_id)
    for found, founding in db.rows(
        f"SELECT cluster, concat_ws(' ', {KEY}) FROM (SELECT DISTINCT cluster FROM mention_cluster) "
        "JOIN mention ON mention_id = cluster ORDER BY cluster"
    ):
        if found not in given:
            given[found] = _fresh(mint, str(founding), taken)
    db.register("cluster_person", pd.DataFrame({"cluster": list(given), "person_id": list(given.values())}))
    db.run(
        "CREATE OR REPLACE TABLE mention_person AS SELECT mention_id, person_id FROM mention_cluster "
        "JOIN cluster_person USING (cluster)"
    )
    _remember(db, run_id)


def _fresh(mint: Callable[[str, str], str], founding: str, taken: set[str]) -> str:
    """Mint an id from the first mention's key; when a split left that id elsewhere, from its next variant."""
    variant = 0
    while (person_id := mint("person", f"{founding} {variant}")) in taken:
        variant += 1
    taken.add(person_id)
    return person_id


def _remember(db: Engine, run_id: str) -> None:
    """Add merges and splits to the history, then keep tonight's ids for the next night."""
    db.run(
        f"""
        INSERT INTO person_id_history
        WITH moved AS (
            SELECT DISTINCT k.person_id AS old_id, p.person_id AS new_id
            FROM known_mention k JOIN mention USING ({KEY}) JOIN mention_person p USING (mention_id)
            WHERE k.person_id <> p.person_id
        )
        SELECT old_id, new_id, ?,
               CASE WHEN old_id IN (SELECT person_id FROM mention_person) THEN 'split' ELSE 'merge' END
        FROM moved ORDER BY old_id, new_id
        """,
        [run_id],
    )
    db.run(
        f"""
        CREATE OR REPLACE TABLE known_mention AS
        SELECT {KEY}, person_id FROM mention JOIN mention_person USING (mention_id)
        UNION ALL SELECT {KEY}, person_id FROM known_mention ANTI JOIN mention USING ({KEY})
        """
    )
    db.run("DROP TABLE cluster_person")
