"""The compared pairs of a few mentions, set apart until it is known what becomes of them.

``compared_pair`` is a table of many million pairs, and to look through it takes longer than to compare what changed:
what is asked of it is little, and so is what is written.
"""

from __future__ import annotations

import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs import numbered
from linkage.pairs.coding import ends


def take(db: Engine, others: str | None = None) -> None:
    """Write ``out_pair``: the compared pairs of ``moved_mention``, which are compared anew.

    With a table of ``others`` (mention_id), who did not move, write ``still_pair``: their pairs with one another.
    """
    told = "SELECT mention_id, true AS is_moved FROM moved_mention"
    if others:
        told += f" UNION ALL SELECT mention_id, false FROM {others}"
    db.run(
        "CREATE OR REPLACE TEMP TABLE next_number AS "
        f"SELECT mention_id, mention_no, is_moved FROM mention_number JOIN ({told}) USING (mention_id)"
    )
    moved = "SELECT mention_no FROM next_number WHERE is_moved"
    db.run(
        "CREATE OR REPLACE TEMP TABLE next_row AS SELECT left_no, right_no, evidence_no FROM compared_pair "
        f"WHERE left_no IN (SELECT mention_no FROM next_number) OR right_no IN ({moved})"
    )
    told = numbered.told(f"(FROM next_row WHERE left_no IN ({moved}) OR right_no IN ({moved}))", "match_probability")
    db.run(f"CREATE OR REPLACE TEMP TABLE out_pair AS {told}")
    if others:
        still = numbered.told("next_row", numbers="(FROM next_number WHERE NOT is_moved)")
        db.run(f"CREATE OR REPLACE TEMP TABLE still_pair AS {still}")
    for name in ("next_number", "next_row"):
        db.run(f"DROP TABLE {name}")


def take_out(db: Engine, pairs: str) -> None:
    """Take those of a table of pairs (left_id, right_id) that were compared out of ``compared_pair`` into
    ``still_pair``."""
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE next_pair AS
        WITH number AS (SELECT mention_id, mention_no FROM mention_number SEMI JOIN ({ends(pairs)}) USING (mention_id))
        SELECT l.mention_no AS left_no, r.mention_no AS right_no FROM {pairs}
        JOIN number l ON l.mention_id = left_id JOIN number r ON r.mention_id = right_id
        """
    )
    columns = ["left_no", "right_no", "evidence_no"]
    # One number is looked for first: it is packed more closely than two.
    found = db.rows(
        "DELETE FROM compared_pair WHERE left_no IN (SELECT left_no FROM next_pair) "
        f"AND (left_no, right_no) IN (SELECT (left_no, right_no) FROM next_pair) RETURNING {', '.join(columns)}"
    )
    db.register("next_row", pd.DataFrame(found, columns=columns, dtype="int32"))
    db.run(f"CREATE OR REPLACE TEMP TABLE still_pair AS {numbered.told('next_row', 'match_probability')}")
    for name in ("next_pair", "next_row"):
        db.run(f"DROP TABLE {name}")


def put_back(db: Engine) -> None:
    """Put ``in_pair`` in the place of ``out_pair``.

    Writes ``gone_pair``, with the ``match_probability`` that they had, and ``changed_pair`` (left_id, right_id), and
    leaves in ``in_pair`` only what changed.
    """
    for name, source, other in (("gone_pair", "out_pair", "in_pair"), ("came_pair", "in_pair", "out_pair")):
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {source} "
            f"ANTI JOIN {other} USING (left_id, right_id, rules, pattern)"
        )
    numbered.renew(db)
    db.run("DROP TABLE in_pair")
    db.run("ALTER TABLE came_pair RENAME TO in_pair")
    db.run(
        "CREATE OR REPLACE TEMP TABLE changed_pair AS SELECT left_id, right_id FROM gone_pair "
        "UNION SELECT left_id, right_id FROM in_pair"
    )
    for name in ("out_pair", "moved_mention", "compared_mention", "now_mention"):
        db.run(f"DROP TABLE {name}")
