"""Relations as evidence: the people named beside a linked person.

Two records that share somebody are records of one family. Their remaining members are compared with one
another, however little the two mentions have in common, and the number of other people that the records
share is a comparison of its own. This is how a child without a birth date is found (after the household
pass of the historical census linkers).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage.engine.base import Engine
from linkage.pairs import context
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.spec import Spec

Chance = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float64]]
"""Gives the probability that a pair is one person for patterns without their context."""
CORE = 0.995
"""Match probability from which two mentions count as one when their records are related."""


def add(db: Engine, comparer: Comparer, chance: Chance, budget: int) -> int:
    """Add the pairs of related records to ``pattern_pair`` and set every pair's context; return how many there are.

    Keeps ``mention_core``, so that the context of any pair can be told later (`relate`). Done again with another
    ``chance``, it leaves what that one alone would have.
    """
    mask = comparer.spec.by_name["context"].mask
    _cores(db, comparer.spec, chance, "pattern_pair", budget)
    db.run("DELETE FROM mention_core")
    db.run("INSERT INTO mention_core FROM core_now")
    relate(db)
    db.run(
        "CREATE OR REPLACE TEMP TABLE new_pair AS "
        "SELECT left_id, right_id FROM related_pair "
        "ANTI JOIN (FROM pattern_pair WHERE rules <> 0) USING (left_id, right_id)"
    )
    new = int(db.rows("SELECT count(*) FROM new_pair")[0][0])
    comparer.pairs("new_pair", "pattern_new")
    pairs = (
        f"(SELECT left_id, right_id, pattern & ~CAST({mask} AS BIGINT) AS pattern, rules FROM pattern_pair "
        "WHERE rules <> 0 "
        "UNION ALL SELECT left_id, right_id, pattern, 0 FROM pattern_new)"
    )
    in_context(db, comparer.spec, pairs, "pattern_all")
    for name in ("core_now", "record_core", "related_pair", "new_pair", "pattern_new", "pattern_pair"):
        db.run(f"DROP TABLE {name}")
    db.run("ALTER TABLE pattern_all RENAME TO pattern_pair")
    return new


def renew(db: Engine, comparer: Comparer, chance: Chance, budget: int) -> int:
    """Bring ``compared_pair`` up to the relations of tonight, where they changed; return how many pairs are new.

    The context of a pair follows from the cores that its two records hold, so only pairs of records that hold others
    than before are looked at. Adds to ``changed_pair`` what became of them.
    """
    mask = comparer.spec.by_name["context"].mask
    _cores(db, comparer.spec, chance, "compared_pair", budget)
    _renew_cores(db)
    relate(db, "touched_record")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE touched_pair AS
        WITH touched AS (SELECT mention_id FROM mention SEMI JOIN touched_record USING (record_no))
        SELECT rowid AS place, left_id, right_id, rules, pattern AS pattern_before,
               pattern & ~CAST({mask} AS BIGINT) AS pattern
        FROM compared_pair WHERE left_id IN (FROM touched) OR right_id IN (FROM touched)
        """
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE new_pair AS FROM related_pair ANTI JOIN touched_pair USING (left_id, right_id)"
    )
    code(db, comparer.spec, known_bands=True, only="SELECT left_id FROM new_pair UNION SELECT right_id FROM new_pair")
    comparer.pairs("new_pair", "pattern_new")
    found = """(
        SELECT left_id, right_id, rules, pattern FROM touched_pair WHERE rules <> 0
        UNION ALL SELECT left_id, right_id, rules, pattern FROM touched_pair
            SEMI JOIN related_pair USING (left_id, right_id) WHERE rules = 0
        UNION ALL SELECT left_id, right_id, 0, pattern FROM pattern_new)"""
    in_context(db, comparer.spec, found, "pattern_all")
    _replace(db)
    new = int(db.rows("SELECT count(*) FROM new_pair")[0][0])
    for name in ("core_now", "record_core", "related_pair", "new_pair", "pattern_new", "pattern_all"):
        db.run(f"DROP TABLE {name}")
    for name in ("touched_record", "touched_pair"):
        db.run(f"DROP TABLE {name}")
    return new


def _replace(db: Engine) -> None:
    """Put the pairs of ``pattern_all`` in the place of those of ``touched_pair``, where they differ."""
    same = "n.left_id = o.left_id AND n.right_id = o.right_id AND n.pattern = o.pattern_before"
    db.run(
        f"CREATE OR REPLACE TEMP TABLE old_pair AS SELECT place, left_id, right_id FROM touched_pair o "
        f"ANTI JOIN pattern_all n ON {same}"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE fresh_pair AS SELECT left_id, right_id, rules, pattern FROM pattern_all n "
        f"ANTI JOIN touched_pair o ON {same}"
    )
    db.run("DELETE FROM compared_pair WHERE rowid IN (SELECT place FROM old_pair)")
    db.run("INSERT INTO compared_pair FROM fresh_pair")
    db.run(
        "INSERT INTO changed_pair "
        "SELECT left_id, right_id FROM old_pair UNION ALL SELECT left_id, right_id FROM fresh_pair"
    )
    for name in ("old_pair", "fresh_pair"):
        db.run(f"DROP TABLE {name}")


def _renew_cores(db: Engine) -> None:
    """Bring ``mention_core`` up to ``core_now``; write ``touched_record``: records whose mentions or cores changed."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE core_moved AS
        SELECT mention_id FROM core_now ANTI JOIN mention_core USING (mention_id, core, relates_records)
        UNION SELECT mention_id FROM mention_core ANTI JOIN core_now USING (mention_id)
        """
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE touched_record AS
        SELECT record_no FROM mention
        WHERE mention_id IN (SELECT mention_id FROM core_moved UNION SELECT mention_id FROM fresh_mention)
        UNION SELECT record_no FROM was_mention
        """
    )
    db.run("DELETE FROM mention_core WHERE mention_id IN (SELECT mention_id FROM core_moved)")
    db.run("INSERT INTO mention_core FROM core_now SEMI JOIN core_moved USING (mention_id)")
    db.run("DROP TABLE core_moved")


def relate(db: Engine, only: str | None = None) -> None:
    """Write ``related_pair`` (left_id, right_id, others, is_different): pairs of mentions whose records share a core.

    Reads ``mention``, ``mention_core`` and ``record_core``, which holds the cores that relate records. ``only`` is a
    table of records (record_no): pairs with one of them are told, if not all.
    """
    first, apart = "record_core", "l.record_no < r.record_no"
    if only:
        first = f"(FROM record_core SEMI JOIN {only} USING (record_no))"
        is_only_one = f"r.record_no NOT IN (SELECT record_no FROM {only})"
        apart = f"l.record_no <> r.record_no AND (l.record_no < r.record_no OR {is_only_one})"
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE related_pair AS
        WITH related_record AS (
            SELECT l.record_no AS a, r.record_no AS b, count(*) AS shared, list_sort(list(l.core)) AS cores
            FROM {first} l JOIN record_core r ON r.core = l.core AND {apart}
            GROUP BY l.record_no, r.record_no
        )
        SELECT least(l.mention_id, r.mention_id) AS left_id, greatest(l.mention_id, r.mention_id) AS right_id,
               shared - CAST(list_contains(cores, lc.core) AS INTEGER)
                      - CAST(lc.core <> rc.core AND list_contains(cores, rc.core) AS INTEGER) AS others,
               (lc.core <> rc.core) AND (list_contains(cores, lc.core) OR list_contains(cores, rc.core)) AS is_different
        FROM related_record
        JOIN mention l ON l.record_no = a JOIN mention_core lc ON lc.mention_id = l.mention_id
        JOIN mention r ON r.record_no = b JOIN mention_core rc ON rc.mention_id = r.mention_id
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


def _cores(db: Engine, spec: Spec, chance: Chance, pairs: str, budget: int) -> None:
    """Write ``core_now`` (as ``mention_core``) and ``record_core`` (record_no, core: those that relate records).

    A core is a component of pairs that are near certain without their context, as a first idea of who is who; it has
    the number of its first mention.
    """
    _components(db, spec, chance, pairs)
    db.run(
        "CREATE OR REPLACE TEMP TABLE record_core AS "
        "SELECT record_no, core, count(*) OVER (PARTITION BY record_no) AS size "
        "FROM (SELECT DISTINCT record_no, core FROM mention JOIN first_core USING (mention_id))"
    )
    most = _most_records(db, budget)
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE core_now AS
        WITH usable AS (SELECT core FROM record_core GROUP BY core HAVING count(*) BETWEEN 2 AND {most})
        SELECT mention_id, core, core IN (FROM usable) AS relates_records FROM first_core
        """
    )
    db.run("DELETE FROM record_core WHERE core NOT IN (SELECT core FROM core_now WHERE relates_records)")
    db.run("DROP TABLE first_core")


def _components(db: Engine, spec: Spec, chance: Chance, pairs: str) -> None:
    """Write ``first_core`` (mention_id, core): components of the pairs of rules that are near certain."""
    base = f"pattern & ~CAST({spec.by_name['context'].mask} AS BIGINT)"
    told = db.arrays(f"SELECT DISTINCT {base} AS pattern FROM {pairs} WHERE rules <> 0")["pattern"]
    patterns = np.asarray(told, dtype=np.int64)
    sure = patterns[chance(patterns) >= CORE]
    db.register("core_pattern", pd.DataFrame({"pattern": sure}))
    edges = db.unordered(f"SELECT left_id, right_id FROM {pairs} WHERE rules <> 0 AND {base} IN (FROM core_pattern)")
    ids = np.sort(np.asarray(db.unordered("SELECT mention_id FROM mention")["mention_id"]))
    left, right = (np.searchsorted(ids, np.asarray(edges[side])) for side in ("left_id", "right_id"))
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(ids), len(ids)))
    labels = connected_components(graph, directed=False)[1]
    _, first = np.unique(labels, return_index=True)
    db.register("first_core", pd.DataFrame({"mention_id": ids, "core": ids[first[labels]]}))
    db.run("DROP TABLE core_pattern")
