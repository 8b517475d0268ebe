"""What mentions tell, counted by those that came and went tonight: all others count as they did the night before.

Table ``kpi`` of the night before holds those counts. A mention says something else tonight where it is in
``fresh_mention`` or ``was_mention`` (who is only compared anew is in neither), and is of another person where it is in
``other_mention``; a person stands whole in ``mention_cluster``, tonight and as it was.
"""

from __future__ import annotations

from linkage import tonight
from linkage.engine.base import Engine

FIGURES = (("K19", "person"), ("K20", "clients"))
"""The figures of ``<code>.mentions.sql``: counts of records or of persons, over a denominator that is never nought."""
TOLD = ("was_mention", "fresh_mention", "other_mention", "mention_cluster")
WORK = ("kpi_was", "kpi_came", "kpi_gone", "kpi_near", "kpi_near_was")
Sides = tuple[tuple[int, dict[str, str]], ...]
"""What to count, and whether it is to be added or taken off: queries of mentions, and of whose they are."""


def sides(db: Engine, *, is_kept: bool) -> dict[str, Sides]:
    """Write ``kpi_was``, what `FIGURES` were, and return by indicator what to count tonight.

    That is everything, and ``kpi_was`` is empty, where table ``kpi`` is not of a night before (``is_kept``) or the
    mentions were written anew.
    """
    named = " OR ".join(f"(kpi_code = '{code}' AND figure = '{figure}')" for code, figure in FIGURES)
    first = tonight.first(db, ("mention", "mention_person")) if is_kept else {}
    by_moved = len(first) == 2 and all(map(db.has, TOLD))
    db.run(
        "CREATE OR REPLACE TEMP TABLE kpi_was (kpi_code VARCHAR, figure VARCHAR, part VARCHAR, scope VARCHAR, "
        "scope_code VARCHAR, period VARCHAR, numerator BIGINT, denominator BIGINT, censored BIGINT)"
    )
    if not by_moved:
        return {code: ((1, {}),) for code, _ in FIGURES}
    db.run(
        "INSERT INTO kpi_was "
        "SELECT kpi_code, figure, part, scope, scope_code, period, numerator, denominator, censored FROM kpi "
        f"WHERE denominator > 0 AND ({named})"
    )
    _place(db)
    fresh = f"FROM {_whole(db)}.mention WHERE rowid >= {first['mention']} AND mention_id IN (FROM fresh_mention)"
    return {
        "K19": ((1, {"mention": fresh}), (-1, {"mention": "FROM was_mention"})),
        "K20": (
            (1, {"mention": "FROM kpi_near", "mention_person": "FROM kpi_came"}),
            (-1, {"mention": "FROM kpi_near_was", "mention_person": "FROM kpi_gone"}),
        ),
    }


def _place(db: Engine) -> None:
    """Write the mentions of persons that may be others: what they say and whose they are, and what and whose before."""
    near = "WHERE mention_id IN (SELECT mention_id FROM mention_cluster)"
    said = "mention_id, chain, source_id, source_person_id, event_date, municipality_code"
    for name, query in {
        "kpi_came": f"SELECT mention_id, person_id FROM mention_person {near}",
        "kpi_gone": "SELECT mention_id, person_id FROM kpi_came ANTI JOIN other_mention USING (mention_id) "
        "UNION ALL SELECT mention_id, was_id FROM other_mention WHERE was_id IS NOT NULL",
        "kpi_near": f"SELECT {said} FROM mention {near}",
        "kpi_near_was": f"SELECT {said} FROM kpi_near ANTI JOIN fresh_mention USING (mention_id) "
        f"UNION ALL SELECT {said} FROM was_mention",
    }.items():
        db.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


def _whole(db: Engine) -> str:
    [(database,)] = db.rows("SELECT current_database()")
    return f'"{database}".main'
