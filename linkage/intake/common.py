"""Identifiers that too many people share: a default BSN, a shelter's phone. They carry no weight."""

from __future__ import annotations

from linkage import contracts
from linkage.engine.base import Engine

IDENTIFIERS = ("bsn_hmac", "v_number_hmac", "phone_hmac")
"""Columns of a mention that other mentions may empty."""
TOLD = """
SELECT source_id, 'incident' AS record_kind, incident_number AS record_id, person_seq, {column} AS value
FROM police_person WHERE {column} IS NOT NULL
"""
TOLD_BY_BOTH = (
    TOLD
    + """
UNION ALL SELECT source_id, 'case', case_id, person_seq, {column} FROM steunpunt_person WHERE {column} IS NOT NULL
"""
)


def forget(db: Engine) -> None:
    """Begin with no common value."""
    db.run(contracts.table("common_identifier").ddl())


def drop(db: Engine, number: str, fresh: str, cap: int) -> None:
    """Empty the identifiers that more than ``cap`` differently named people share, and fill those that no longer are.

    ``number`` is the SQL of a mention's number over its key, ``fresh`` the query of mentions that were written tonight.
    Brings ``common_identifier`` up to tonight; writes ``recoded_mention`` (mention_id), others whose identifiers
    changed, and adds to ``was_mention`` what these said before.
    """
    if not db.has("common_identifier"):
        forget(db)
    db.run("CREATE OR REPLACE TEMP TABLE recoded_mention (mention_id BIGINT)")
    for column in IDENTIFIERS:
        told = (TOLD if column == "phone_hmac" else TOLD_BY_BOTH).format(column=column)
        db.run(
            f"""
            CREATE OR REPLACE TEMP TABLE common_value AS
            WITH told AS ({told}), often AS (SELECT value FROM told GROUP BY value HAVING count(*) > {cap})
            SELECT value FROM (SELECT {number} AS mention_id, value FROM told SEMI JOIN often USING (value))
            JOIN mention USING (mention_id) GROUP BY value
            HAVING count(DISTINCT (surname, given_name, initials)) > {cap}
            """
        )
        before = f"SELECT value FROM common_identifier WHERE column_name = '{column}'"
        now = "SELECT value FROM common_value"
        changed = f"(({before} EXCEPT {now}) UNION ALL ({now} EXCEPT {before}))"
        if db.rows(f"SELECT count(*) FROM {changed}")[0][0]:
            db.run(
                f"""
                INSERT INTO recoded_mention
                SELECT {number} FROM ({told}) SEMI JOIN {changed} USING (value)
                """
            )
            db.run(
                f"INSERT INTO was_mention FROM mention SEMI JOIN recoded_mention USING (mention_id) "
                f"WHERE mention_id NOT IN (SELECT mention_id FROM was_mention UNION ALL {fresh})"
            )
            db.run(
                f"""
                UPDATE mention SET {column} = told.value FROM (
                    SELECT {number} AS told_id, value FROM ({told}) SEMI JOIN {changed} USING (value)) told
                WHERE mention_id = told_id
                """
            )
        db.run(
            f"UPDATE mention SET {column} = NULL WHERE {column} IN ({now}) "
            f"AND mention_id IN ({fresh} UNION ALL SELECT mention_id FROM recoded_mention)"
        )
        db.run(f"DELETE FROM common_identifier WHERE column_name = '{column}'")
        db.run(f"INSERT INTO common_identifier SELECT '{column}', value FROM common_value")
    db.run("DROP TABLE common_value")
