"""Links to persons: clusters within the constraints of the records, with ids that stay."""

from __future__ import annotations

from collections.abc import Callable

from linkage.config import Config
from linkage.engine.base import Engine
from linkage.entities.cluster import cluster
from linkage.entities.identity import keep_ids

__all__ = ["resolve"]


def resolve(
    db: Engine, config: Config, *, run_id: str, mint: Callable[[str, str], str], progress: Callable[[str], None]
) -> None:
    """Write ``mention_person``, ``person_base``, ``possible_person_link`` and ``person_id_history``.

    Reads ``mention``, ``pair_score`` and, for stable ids, the ``mention_person`` of the night before.
    """
    clusters = cluster(db, config)
    progress(f"{clusters} persons")
    keep_ids(db, run_id=run_id, mint=mint)
    _describe(db)
    _possible(db, config)


def _describe(db: Engine) -> None:
    """Write ``person_base``: what most mentions of a person say, ties broken by the value itself."""
    db.run(
        """
        CREATE OR REPLACE TABLE person_base AS
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
    """Write ``possible_person_link``: the best pair between two persons that stayed apart."""
    db.run(
        f"""
        CREATE OR REPLACE TABLE possible_person_link AS
        SELECT least(l.person_id, r.person_id) AS person_id_a, greatest(l.person_id, r.person_id) AS person_id_b,
               max(match_probability) AS match_probability
        FROM pair_score p
        JOIN mention_person l ON l.mention_id = left_id JOIN mention_person r ON r.mention_id = right_id
        WHERE match_probability >= {config.linkage.possible} AND l.person_id <> r.person_id
        GROUP BY ALL
        """
    )
