"""The compared pairs of a few mentions, set apart until it is known what becomes of them.

``compared_pair`` is read once and written once a night: a table of many million pairs takes longer to look through than
what changed takes to compare.
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.pairs import numbered

PAIR = "left_id BIGINT, right_id BIGINT, rules INTEGER, pattern BIGINT"
ROW = "left_no INTEGER, right_no INTEGER, evidence_no INTEGER"
PAGE = 1_000_000
"""Numbers that are looked up at a time: so many the engine finds in an array, more it would
hash (DuckDB's perfect hash join)."""


def begin(db: Engine) -> None:
    """Write empty tables for what `take` finds."""
    for name in ("out_pair", "still_pair"):
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} (place BIGINT, {PAIR})")
    db.run("CREATE OR REPLACE TEMP TABLE taken_number (mention_no INTEGER)")


def take(db: Engine, mentions: str) -> None:
    """Find the compared pairs of mentions (a query of mention_id), with their place in ``compared_pair``.

    Adds those of ``moved_mention`` to ``out_pair``, for they are compared anew, and the others to ``still_pair``; done
    again, it adds those of further mentions.
    """
    db.run(
        "CREATE OR REPLACE TEMP TABLE next_number AS SELECT mention_no FROM mention_number "
        f"SEMI JOIN ({mentions}) USING (mention_id) ANTI JOIN taken_number USING (mention_no)"
    )
    [(last,)] = db.rows("SELECT max(mention_no) FROM next_number")
    if last is not None:
        db.run(f"CREATE OR REPLACE TEMP TABLE next_row (place BIGINT, {ROW})")
        _find(db, "left_no", "right_no", last)
        db.run("INSERT INTO taken_number FROM next_number")
        _find(db, "right_no", "left_no", last)
        db.run(f"CREATE OR REPLACE TEMP TABLE next_pair AS {numbered.told('next_row', 'place')}")
        moved = "left_id IN (FROM moved_mention) OR right_id IN (FROM moved_mention)"
        db.run(f"INSERT INTO out_pair BY NAME FROM next_pair WHERE {moved}")
        db.run(f"INSERT INTO still_pair BY NAME FROM next_pair WHERE NOT ({moved})")
        for name in ("next_row", "next_pair"):
            db.run(f"DROP TABLE {name}")
    db.run("DROP TABLE next_number")


def _find(db: Engine, end: str, other: str, last: int) -> None:
    """Add to ``next_row`` the pairs of ``next_number`` at one end, unless the other end was taken."""
    for first in range(0, last + 1, PAGE):
        page = f"(FROM next_number WHERE mention_no >= {first} AND mention_no < {first + PAGE})"
        db.run(
            "INSERT INTO next_row FROM (SELECT p.rowid AS place, left_no, right_no, evidence_no FROM compared_pair p "
            f"JOIN {page} ON {end} = mention_no) ANTI JOIN taken_number ON {other} = mention_no"
        )


def put_back(db: Engine) -> None:
    """Put ``in_pair`` in the place of ``out_pair``, where they differ.

    Writes ``changed_pair`` (left_id, right_id), and leaves in both tables only what changed.
    """
    for name, other in (("gone_pair", "in_pair"), ("in_pair", "out_pair")):
        source = "out_pair" if name == "gone_pair" else name
        db.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {source} "
            f"ANTI JOIN {other} USING (left_id, right_id, rules, pattern)"
        )
    numbered.renew(db, "in_pair", "gone_pair")
    db.run(
        "CREATE OR REPLACE TEMP TABLE changed_pair AS SELECT left_id, right_id FROM gone_pair "
        "UNION SELECT left_id, right_id FROM in_pair"
    )
    for name in ("out_pair", "still_pair", "gone_pair", "taken_number", "moved_mention"):
        db.run(f"DROP TABLE {name}")
