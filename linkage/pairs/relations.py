"""Relations as evidence: the people named beside a linked person.

Two records that share somebody are records of one family. Their remaining members are compared with one
another, however little the two mentions have in common, and the number of other people that the records
share is a comparison of its own. This is how a child without a birth date is found (after the household
pass of the historical census linkers).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage.engine.base import Engine
from linkage.pairs import context
from linkage.pairs.compare import Comparer
from linkage.pairs.spec import Spec

CORE = 0.995
"""Match probability from which two mentions count as one when their records are related."""


def add(db: Engine, comparer: Comparer, budget: int) -> int:
    """Add the pairs of related records to ``pattern_pair`` and set every pair's context; return how many were new.

    What ``related_before`` has of them, if there is such a table, is not compared again. Keeps ``mention_core``, so
    that the context of any pair can be told later (`relate`).
    """
    _cores(db)
    db.run(
        "CREATE OR REPLACE TEMP TABLE record_core AS "
        "SELECT record_no, core, count(*) OVER (PARTITION BY record_no) AS size "
        "FROM (SELECT DISTINCT record_no, core FROM mention_code JOIN first_core USING (mention_id))"
    )
    most = _most_records(db, budget)
    db.run(
        f"""
        INSERT INTO mention_core
        WITH usable AS (SELECT core FROM record_core GROUP BY core HAVING count(*) BETWEEN 2 AND {most})
        SELECT mention_id, core, core IN (FROM usable) FROM first_core ORDER BY mention_id
        """
    )
    db.run("DELETE FROM record_core WHERE core NOT IN (SELECT core FROM mention_core WHERE relates_records)")
    relate(db)
    db.run(
        "CREATE OR REPLACE TEMP TABLE new_pair AS "
        "SELECT left_id, right_id FROM related_pair ANTI JOIN pattern_pair USING (left_id, right_id)"
    )
    new = int(db.rows("SELECT count(*) FROM new_pair")[0][0])
    _compare(db, comparer)
    pairs = (
        "(SELECT left_id, right_id, pattern, rules FROM pattern_pair "
        "UNION ALL SELECT left_id, right_id, pattern, 0 FROM pattern_new)"
    )
    in_context(db, comparer.spec, pairs, "pattern_all")
    for name in ("first_core", "record_core", "related_pair", "new_pair", "pattern_new", "pattern_pair"):
        db.run(f"DROP TABLE {name}")
    db.run("ALTER TABLE pattern_all RENAME TO pattern_pair")
    return new


def relate(db: Engine) -> None:
    """Write ``related_pair`` (left_id, right_id, others, is_different): pairs of mentions whose records share a core.

    Reads ``mention_code``, ``mention_core`` and ``record_core``, which holds the cores that relate records.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE related_pair AS
        WITH related_record AS (
            SELECT l.record_no AS a, r.record_no AS b, count(*) AS shared, list_sort(list(l.core)) AS cores
            FROM record_core l JOIN record_core r ON r.core = l.core AND l.record_no < r.record_no
            GROUP BY l.record_no, r.record_no
        )
        SELECT least(l.mention_id, r.mention_id) AS left_id, greatest(l.mention_id, r.mention_id) AS right_id,
               shared - CAST(list_contains(cores, lc.core) AS INTEGER)
                      - CAST(lc.core <> rc.core AND list_contains(cores, rc.core) AS INTEGER) AS others,
               (lc.core <> rc.core) AND (list_contains(cores, lc.core) OR list_contains(cores, rc.core)) AS is_different
        FROM related_record
        JOIN mention_code l ON l.record_no = a JOIN mention_core lc ON lc.mention_id = l.mention_id
        JOIN mention_code r ON r.record_no = b JOIN mention_core rc ON rc.mention_id = r.mention_id
        """
    )


def in_context(db: Engine, spec: Spec, source: str, target: str) -> None:
    """Write ``target`` (left_id, right_id, pattern, rules, is_different): pairs with their context in the pattern.

    ``source`` is a table or a subquery of compared pairs; the context comes from ``related_pair``.
    """
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {target} AS
        SELECT p.left_id, p.right_id,
               pattern | {context.sql(spec, "others", "is_different")} AS pattern,
               rules, coalesce(is_different, false) AS is_different
        FROM {source} p LEFT JOIN related_pair q ON q.left_id = p.left_id AND q.right_id = p.right_id
        """
    )


def _compare(db: Engine, comparer: Comparer) -> None:
    """Write ``pattern_new`` (left_id, right_id, pattern) for the pairs of ``new_pair``."""
    if not db.has("related_before"):
        comparer.pairs("new_pair", "pattern_new")
        return
    db.run(
        "CREATE OR REPLACE TEMP TABLE fresh_pair AS FROM new_pair ANTI JOIN related_before USING (left_id, right_id)"
    )
    comparer.pairs("fresh_pair", "pattern_new")
    db.run("INSERT INTO pattern_new FROM related_before SEMI JOIN new_pair USING (left_id, right_id)")
    db.run("DROP TABLE fresh_pair")


def _most_records(db: Engine, budget: int) -> int:
    """Return on how many records a person may be named to relate them all to one another within the budget."""
    kept, most = 0.0, 2
    for records, pairs in db.rows(
        "SELECT n, sum(n * (n - 1) / 2 * size * size) FROM "
        "(SELECT core, count(*) AS n, avg(size) AS size FROM record_core GROUP BY core) "
        "WHERE n > 1 GROUP BY n ORDER BY n"
    ):
        kept += pairs
        if kept > budget:
            break
        most = records
    return int(most)


def _cores(db: Engine) -> None:
    """Write ``first_core``: components of pairs that are near certain, as a first idea of who is who."""
    mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
    sure = db.arrays(f"SELECT left_id, right_id FROM pair_score WHERE match_probability >= {CORE}")
    ones = np.ones(len(sure["left_id"]), dtype=np.int8)
    graph = coo_matrix((ones, (sure["left_id"], sure["right_id"])), shape=(mentions, mentions))
    labels = connected_components(graph, directed=False)[1]
    db.register("first_core", pd.DataFrame({"mention_id": np.arange(mentions, dtype=np.int32), "core": labels}))
