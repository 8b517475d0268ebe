"""Relations as evidence: the people named beside a linked person.

Two records that share somebody are records of one family. Their remaining members are compared with one
another, however little the two mentions have in common, and the number of other people that the records
share is a comparison of its own. This is how a child without a birth date is found (after the household
pass of the historical census linkers).
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.pairs import context, cores, taken
from linkage.pairs.coding import code_ends
from linkage.pairs.compare import Comparer
from linkage.pairs.cores import Chance
from linkage.pairs.spec import Spec


def add(db: Engine, comparer: Comparer, chance: Chance, budget: int) -> int:
    """Add the pairs of related records to ``pattern_pair`` and set every pair's context; return how many there are.

    Keeps ``mention_core``, so that the context of any pair can be told later (`relate`). Done again with another
    ``chance``, it leaves what that one alone would have.
    """
    mask = comparer.spec.by_name["context"].mask
    cores.make(db, comparer.spec, chance, "pattern_pair", budget)
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
    for name in ("record_core", "related_pair", "new_pair", "pattern_new", "pattern_pair"):
        db.run(f"DROP TABLE {name}")
    db.run("ALTER TABLE pattern_all RENAME TO pattern_pair")
    return new


def renew(db: Engine, comparer: Comparer, chance: Chance, budget: int) -> int:
    """Bring the pairs of tonight, ``in_pair`` and those that stay, up to their relations; return how many are new.

    The context of a pair follows from the cores that its two records hold, so only pairs of records that hold others
    than before are looked at. Takes the pairs that it needs (`taken`); what is another one stands in ``in_pair``, and
    in ``out_pair`` what it was.
    """
    cores.open_up(db, comparer.spec, chance)
    taken.take(db, f"{_beside('core_member')} UNION ALL SELECT mention_id FROM moved_mention")
    cores.renew(db, comparer.spec, chance, budget)
    taken.take(db, TOUCHED)
    cores.records_of(db, "touched_record")
    relate(db, "touched_record")
    _touch(db, comparer.spec)
    db.run(
        "CREATE OR REPLACE TEMP TABLE new_pair AS FROM related_pair ANTI JOIN touched_pair USING (left_id, right_id)"
    )
    code_ends(db, comparer.spec, "new_pair")
    comparer.pairs("new_pair", "pattern_new")
    found = """(
        SELECT left_id, right_id, rules, pattern FROM touched_pair WHERE rules <> 0
        UNION ALL SELECT left_id, right_id, rules, pattern FROM touched_pair
            SEMI JOIN related_pair USING (left_id, right_id) WHERE rules = 0
        UNION ALL SELECT left_id, right_id, 0, pattern FROM pattern_new)"""
    in_context(db, comparer.spec, found, "pattern_all")
    _replace(db)
    new = int(db.rows("SELECT count(*) FROM new_pair")[0][0])
    for name in ("touched_record", "touched_pair", "record_core", "related_pair", "new_pair", "pattern_new"):
        db.run(f"DROP TABLE {name}")
    db.run("DROP TABLE pattern_all")
    return new


TOUCHED = "SELECT mention_id FROM mention SEMI JOIN touched_record USING (record_no)"


def _touch(db: Engine, spec: Spec) -> None:
    """Write ``touched_pair``: the pairs of touched records as they were, with their place, and the new ones without."""
    mask = spec.by_name["context"].mask
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE touched_pair AS
        WITH touched AS ({TOUCHED}),
        pair AS (FROM still_pair WHERE left_id IN (FROM touched) OR right_id IN (FROM touched)
                 UNION ALL SELECT CAST(NULL AS BIGINT), left_id, right_id, rules, pattern FROM in_pair)
        SELECT place, left_id, right_id, rules, pattern AS pattern_before,
               pattern & ~CAST({mask} AS BIGINT) AS pattern FROM pair
        """
    )


def _beside(mentions: str) -> str:
    """Return the query of all mentions on the records of those of a table, and on records that said something else."""
    return (
        f"SELECT mention_id FROM mention SEMI JOIN (SELECT record_no FROM mention SEMI JOIN {mentions} "
        "USING (mention_id) UNION ALL SELECT record_no FROM was_mention) USING (record_no)"
    )


def _replace(db: Engine) -> None:
    """Let the pairs of ``pattern_all`` come for those of ``touched_pair``, where they differ."""
    same = "n.left_id = o.left_id AND n.right_id = o.right_id AND n.pattern = o.pattern_before"
    db.run(
        "INSERT INTO out_pair SELECT place, left_id, right_id, rules, pattern_before FROM touched_pair o "
        f"ANTI JOIN pattern_all n ON {same} WHERE place IS NOT NULL"
    )
    db.run(
        f"CREATE OR REPLACE TEMP TABLE in_pair AS SELECT left_id, right_id, rules, pattern FROM pattern_all n "
        f"ANTI JOIN (FROM touched_pair WHERE place IS NOT NULL) o ON {same}"
    )


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
