"""Links to persons: clusters within the constraints of the records, with ids that stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from linkage import contracts
from linkage.decisions import Decision
from linkage.engine.base import Engine
from linkage.entities.cluster import cluster
from linkage.entities.decided import place, published
from linkage.entities.identity import keep_ids

if TYPE_CHECKING:
    from linkage.config import Config

__all__ = ["published", "resolve"]


def resolve(
    db: Engine,
    config: Config,
    *,
    run_id: str,
    mint: Callable[[str, str], str],
    progress: Callable[[str], None],
    decisions: Sequence[Decision] = (),
) -> None:
    """Write ``mention_person``, ``person_base``, ``possible_person_link`` and ``person_id_history``.

    Reads ``mention``, ``pair_score`` and, for stable ids, the ``known_mention`` of the night before. ``decisions``
    are those that hold; what became of them, and what a person should look at, is written to ``decision``,
    ``ambiguous_claim`` and ``capped_person``.
    """
    place(db, decisions)
    clusters = cluster(db, config)
    progress(f"{clusters} persons" + _told(db))
    keep_ids(db, run_id=run_id, mint=mint)
    _describe(db)
    _list(db)
    _possible(db, config)


def _told(db: Engine) -> str:
    """Return what became of the decisions, as the end of a sentence."""
    counted = db.rows("SELECT outcome, count(*) FROM decision GROUP BY outcome ORDER BY outcome")
    return "; decisions: " + ", ".join(f"{n} {outcome}" for outcome, n in counted) if counted else ""


def _describe(db: Engine) -> None:
    """Write ``person_base``: what most mentions of a person say, ties broken by the value itself."""
    db.run(contracts.table("person_base").ddl())
    db.run(
        """
        INSERT INTO person_base BY NAME
        WITH told AS (SELECT person_id, mention.* FROM mention JOIN mention_person USING (mention_id)),
        sex AS (
            SELECT person_id, sex FROM (
                SELECT person_id, sex, count(*) AS n FROM told WHERE sex IS NOT NULL GROUP BY ALL)
            QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY n DESC, sex) = 1
        ), birth AS (
            SELECT person_id, birth_earliest, birth_latest FROM (
                SELECT person_id, birth_earliest, birth_latest, birth_precision, count(*) AS n FROM told
                WHERE birth_precision <> 'none' GROUP BY ALL)
            QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY
                array_position(['day', 'month', 'year'], birth_precision), n DESC, birth_earliest) = 1
        )
        SELECT person_id, any_value(sex.sex) AS sex, any_value(birth.birth_earliest) AS birth_earliest,
               any_value(birth.birth_latest) AS birth_latest,
               CAST(CASE WHEN year(any_value(birth.birth_earliest)) = year(any_value(birth.birth_latest))
                    THEN year(any_value(birth.birth_earliest)) END AS SMALLINT) AS birth_year,
               CAST(count(*) AS INTEGER) AS mentions
        FROM told LEFT JOIN sex USING (person_id) LEFT JOIN birth USING (person_id)
        GROUP BY person_id
        """
    )


def _possible(db: Engine, config: Config) -> None:
    """Write ``possible_person_link``: the best pair between two persons that stayed apart, and equal claims.

    Persons of whom a reviewer said that they are two are left out; those of whom nobody could tell stay, marked:
    an incident that hangs on them is not unmatched.
    """
    db.run(contracts.table("possible_person_link").ddl())
    db.run(
        f"""
        INSERT INTO possible_person_link BY NAME
        WITH found AS (
            SELECT l.person_id AS one, r.person_id AS other, match_probability AS probability
            FROM pair_score
            JOIN mention_person l ON l.mention_id = left_id JOIN mention_person r ON r.mention_id = right_id
            WHERE match_probability >= {config.linkage.possible} AND l.person_id <> r.person_id
            UNION ALL SELECT person_id, person_id_a, 1 / (1 + pow(2, -weight_a)) FROM ambiguous_claim
            UNION ALL SELECT person_id, person_id_b, 1 / (1 + pow(2, -weight_b)) FROM ambiguous_claim
        ), link AS (
            SELECT least(one, other) AS person_id_a, greatest(one, other) AS person_id_b,
                   max(probability) AS match_probability
            FROM found GROUP BY ALL
        ), decided AS (
            SELECT least(l.person_id, r.person_id) AS person_id_a, greatest(l.person_id, r.person_id) AS person_id_b,
                   bool_or(verdict = 'different') AS is_different, bool_or(verdict = 'unsure') AS is_unsure
            FROM decision
            JOIN mention_person l ON l.mention_id = left_id JOIN mention_person r ON r.mention_id = right_id
            WHERE outcome = 'applied' GROUP BY ALL
        )
        SELECT person_id_a, person_id_b, match_probability, coalesce(is_unsure, false) AS is_unsure
        FROM link LEFT JOIN decided USING (person_id_a, person_id_b) WHERE NOT coalesce(is_different, false)
        """
    )


def _list(db: Engine) -> None:
    """Write ``ambiguous_claim`` and ``capped_person``: what the clusters left for a person to look at."""
    for name in ("ambiguous_claim", "capped_person"):
        db.run(contracts.table(name).ddl())
    db.run(
        """
        INSERT INTO ambiguous_claim
        SELECT p.person_id, a.person_id, b.person_id, weight_one, weight_other
        FROM cluster_claim c JOIN mention_person p ON p.mention_id = c.cluster
        JOIN mention_person a ON a.mention_id = one JOIN mention_person b ON b.mention_id = other
        """
    )
    db.run(
        """
        INSERT INTO capped_person
        SELECT person_id, mentions, wanted
        FROM (SELECT cluster, max(wanted) AS wanted FROM cluster_capped GROUP BY cluster)
        JOIN mention_person ON mention_id = cluster JOIN person_base USING (person_id)
        """
    )
    for name in ("cluster_claim", "cluster_capped"):
        db.run(f"DROP TABLE {name}")
