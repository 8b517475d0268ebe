"""Integer codes for what is compared, so that pairs carry integers and never text.

Each group of columns that one comparison looks at (`GROUPS`) gets a value table ``value_<group>``
(code, the columns, share) and a column ``<group>_code`` in ``mention_code``. ``share`` is the chance that
another person has this value, counted over distinct persons as far as names and birth date tell, so that
one family with forty reports does not make its rare name look common.
"""

from __future__ import annotations

from linkage.engine.base import Engine

GROUPS: dict[str, tuple[str, ...]] = {
    "surname": (
        "surname",
        "surname_2",
        "surname_prefix",
        "surname_joined",
        "surname_sound",
        "surname_2_sound",
        "is_name_chain",
        "name_tokens",
    ),
    "given": ("given_name", "call_name", "given_variants", "initials"),
    "birth": ("birth_date", "birth_earliest", "birth_latest", "birth_precision"),
    "address": ("postcode", "house_number", "house_suffix", "street", "city"),
}

SHARED = {"surname": "surname", "given": "given_name", "birth": "birth_date", "address": "postcode"}
"""The column whose value decides the share; for an address it is postcode with house number."""


SAME_HUMAN = """(
    l.bsn_hmac = r.bsn_hmac
    OR l.source_person_id = r.source_person_id
    OR (l.birth_date = r.birth_date AND l.surname = r.surname AND l.given_name = r.given_name)
    OR (l.birth_date = r.birth_date AND l.sex = r.sex AND substr(l.initials, 1, 1) = substr(r.initials, 1, 1)
        AND (l.given_name IS NULL OR r.given_name IS NULL OR list_has_any(l.given_variants, r.given_variants))
        AND date_diff('year', l.birth_earliest, l.event_date) > 18)
)
AND coalesce(l.bsn_hmac = r.bsn_hmac, true)
AND coalesce(l.sex = r.sex, true)
AND coalesce(abs(l.birth_year - r.birth_year) <= 1, true)"""
"""When two rows of a record name one human in two roles (reporter and victim): an identifier or the birth day says so
and nothing contradicts it. Of children only a full name counts, because twins share all else."""


def code(db: Engine) -> None:
    """Write ``value_<group>`` and ``mention_code`` from ``mention``.

    Rows of a record that name one human share a ``seat``; all others are different people.
    """
    for group, columns in GROUPS.items():
        listed = ", ".join(columns)
        db.run(
            f"CREATE OR REPLACE TEMP TABLE value_{group} AS "
            f"SELECT CAST(row_number() OVER (ORDER BY {listed}) AS INTEGER) AS code, {listed} "
            f"FROM (SELECT DISTINCT {listed} FROM mention)"
        )
    db.run(_mention_code())
    for group, column in SHARED.items():
        _share(db, group, column)


def _mention_code() -> str:
    joins = "\n".join(
        f"JOIN value_{g} ON " + " AND ".join(f"value_{g}.{c} IS NOT DISTINCT FROM m.{c}" for c in columns)
        for g, columns in GROUPS.items()
    )
    codes = ", ".join(f"value_{g}.code AS {g}_code" for g in GROUPS)
    identifiers = ", ".join(
        f"CAST(CASE WHEN m.{column} IS NOT NULL THEN dense_rank() OVER (ORDER BY {scope}m.{column}) END AS INTEGER)"
        f" AS {name}_code"
        for name, column, scope in (
            ("bsn", "bsn_hmac", ""),
            ("v_number", "v_number_hmac", ""),
            ("phone", "phone_hmac", ""),
            ("source_person", "source_person_id", "m.source_id, "),
        )
    )
    return f"""
    CREATE OR REPLACE TEMP TABLE mention_code AS
    SELECT m.mention_id, m.record_no, coalesce(seat.mention_id, m.mention_id) AS seat,
           CAST(dense_rank() OVER (ORDER BY m.source_id) AS SMALLINT) AS source_no,
           CASE m.sex WHEN 'M' THEN 1 WHEN 'V' THEN 2 ELSE 0 END AS sex_code,
           {codes}, {identifiers}
    FROM mention m
    {joins}
    LEFT JOIN (
        SELECT r.mention_id AS row_id, min(l.mention_id) AS mention_id
        FROM mention l JOIN mention r ON l.record_no = r.record_no AND l.mention_id < r.mention_id
        WHERE {SAME_HUMAN}
        GROUP BY r.mention_id
    ) seat ON seat.row_id = m.mention_id
    """


def _share(db: Engine, group: str, column: str) -> None:
    """Add the share of persons who have the value that the first level agrees on."""
    value = f"{column} || ' ' || coalesce(house_number, 0)" if group == "address" else column
    others = ", ".join(f"{g}_code" for g in ("surname", "given", "birth") if g != group)
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE value_{group} AS
        WITH person_value AS (
            SELECT DISTINCT {value} AS value, {others} FROM mention_code JOIN value_{group} ON code = {group}_code
            WHERE {column} IS NOT NULL
        ), counted AS (SELECT value, count(*) AS n FROM person_value GROUP BY value)
        SELECT v.*, CAST(n AS DOUBLE) / (SELECT sum(n) FROM counted) AS share
        FROM value_{group} v LEFT JOIN counted ON counted.value = {value.replace(column, "v." + column, 1)}
        """
    )
