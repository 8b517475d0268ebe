"""Relations as evidence: the people named beside a linked person.

Two records that share somebody are records of one family. Their remaining members are compared with one
another, however little the two mentions have in common, and the number of other people that the records
share is a comparison of its own. This is how a child without a birth date is found (after the household
pass of the historical census linkers).
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.pairs import context, cores, taken
from linkage.pairs.coding import code_ends, ends, read_ends
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

    The context of a pair follows from the cores that its two records hold. So only pairs are looked for whose records
    hold others than before, and share other people. What is another one stands in ``in_pair``, and in ``out_pair``
    what it was.
    """
    cores.open_up(db, comparer.spec, chance)
    taken.take(db, "lost_member")
    cores.renew(db, comparer.spec, chance, budget)
    _relate_anew(db)
    taken.take_out(db, "moved_relation")
    mask = comparer.spec.by_name["context"].mask
    db.run(
        "CREATE OR REPLACE TEMP TABLE touched_pair AS "
        f"SELECT left_id, right_id, rules, pattern & ~CAST({mask} AS BIGINT) AS pattern "
        "FROM (SELECT left_id, right_id, rules, pattern FROM still_pair "
        "UNION ALL SELECT left_id, right_id, rules, pattern FROM in_pair)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE new_pair AS FROM related_pair ANTI JOIN touched_pair USING (left_id, right_id)"
    )
    read_ends(db, comparer.spec, ends("new_pair"))
    code_ends(db, comparer.spec)
    comparer.pairs("new_pair", "pattern_new")
    found = """(
        SELECT left_id, right_id, rules, pattern FROM touched_pair WHERE rules <> 0
        UNION ALL SELECT left_id, right_id, rules, pattern FROM touched_pair
            SEMI JOIN related_pair USING (left_id, right_id) WHERE rules = 0
        UNION ALL SELECT left_id, right_id, 0, pattern FROM pattern_new)"""
    in_context(db, comparer.spec, found, "in_pair")
    db.run("INSERT INTO out_pair BY NAME FROM still_pair")
    new = int(db.rows("SELECT count(*) FROM new_pair")[0][0])
    for name in ("touched_record", "moved_relation", "still_pair", "touched_pair", "related_pair", "new_pair"):
        db.run(f"DROP TABLE {name}")
    db.run("DROP TABLE pattern_new")
    return new


def _relate_anew(db: Engine) -> None:
    """Write ``related_pair`` of tonight, without pairs that were related in the same way and did not move, and
    ``moved_relation`` (left_id, right_id): pairs that did not move and are related in another way, or no longer.
    """
    cores.kin(db)
    is_moved = "left_id IN (FROM moved_mention) OR right_id IN (FROM moved_mention)"
    related = "left_id, right_id, others, is_different"
    # As far as `context` tells them apart.
    others = "CASE WHEN is_different THEN 0 ELSE least(others, 2) END AS others"
    for target, named in (("related_now", "kin_mention"), ("related_was", "kin_was")):
        stands = f"(SELECT DISTINCT record_no, core FROM {named} WHERE relates_records)"
        found = _related(stands, named, "touched_record")
        still = f" WHERE NOT ({is_moved})" if target == "related_was" else ""
        told = f"SELECT left_id, right_id, {others}, is_different FROM ({found})"
        db.run(f"CREATE OR REPLACE TEMP TABLE {target} AS {told}{still}")
    db.run(f"CREATE OR REPLACE TEMP TABLE related_pair AS FROM related_now ANTI JOIN related_was USING ({related})")
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE moved_relation AS
        SELECT left_id, right_id FROM related_pair WHERE NOT ({is_moved})
        UNION SELECT left_id, right_id FROM related_was ANTI JOIN related_now USING ({related})
        """
    )
    for name in ("kin_mention", "kin_was", "related_now", "related_was"):
        db.run(f"DROP TABLE {name}")


def relate(db: Engine) -> None:
    """Write ``related_pair`` (left_id, right_id, others, is_different): pairs of mentions whose records share a core.

    Reads ``mention_core`` and ``record_core``, which holds the cores that relate records.
    """
    db.run(f"CREATE OR REPLACE TEMP TABLE related_pair AS {_related('record_core', 'mention_core')}")


def _related(stands: str, named: str, only: str | None = None) -> str:
    """Return the query of ``related_pair``: ``stands`` are the cores that relate each record, ``named`` the mentions
    with their record and core. ``only`` is a table of records (record_no): pairs with one of them are told, if not all.
    """
    first, apart = "stands", "l.record_no < r.record_no"
    if only:
        first = f"(FROM stands SEMI JOIN {only} USING (record_no))"
        is_only_one = f"r.record_no NOT IN (SELECT record_no FROM {only})"
        apart = f"l.record_no <> r.record_no AND (l.record_no < r.record_no OR {is_only_one})"
    return f"""
        WITH stands AS (FROM {stands}), related_record AS (
            SELECT l.record_no AS a, r.record_no AS b, count(*) AS shared, list_sort(list(l.core)) AS cores
            FROM {first} l JOIN stands r ON r.core = l.core AND {apart}
            GROUP BY l.record_no, r.record_no
        )
        SELECT least(l.mention_id, r.mention_id) AS left_id, greatest(l.mention_id, r.mention_id) AS right_id,
               shared - CAST(list_contains(cores, l.core) AS INTEGER)
                      - CAST(l.core <> r.core AND list_contains(cores, r.core) AS INTEGER) AS others,
               (l.core <> r.core) AND (list_contains(cores, l.core) OR list_contains(cores, r.core)) AS is_different
        FROM related_record JOIN {named} l ON l.record_no = a JOIN {named} r ON r.record_no = b
        """


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
