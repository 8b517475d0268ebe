"""From pairs of mentions to agreement patterns.

A pair carries integer codes. Equal codes are decided at once; the others are decided once for each
distinct pair of values, and only then joined back to the pairs, so that each similarity is computed once.
Text was folded to ASCII at intake: DuckDB's distances work on bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from linkage.engine.base import Engine
from linkage.pairs.levels import numbers, pack_sql

CHUNK = 3_000_000
"""Pairs in memory at a time: at about 60 bytes each with their codes, well below the engine's limit."""


IDENTIFIER, SOURCE_PERSON, PHONE, SEX = (numbers(n) for n in ("identifier", "source_person", "phone", "sex"))
SURNAME, PREFIX, GIVEN, INITIALS = (numbers(n) for n in ("surname", "prefix", "given", "initials"))
BIRTH, ADDRESS = numbers("birth"), numbers("address")


def _one_edit(left: str, right: str) -> str:
    """One typing error on names of four letters and more (Damerau, with a cheap length test first)."""
    return (
        f"(abs(length({left}) - length({right})) <= 1 AND greatest(length({left}), length({right})) >= 4 "
        f"AND damerau_levenshtein({left}, {right}) <= 1)"
    )


OWN_OR_OTHER = ("surname", "surname_2")


def surname_sql() -> str:
    """Level of the surnames of ``l`` and ``r``, two rows of ``value_surname``."""
    similar = " OR ".join(
        [
            f"jaro_winkler_similarity(l.{a}, r.{b}) >= 0.92"
            for a in ("surname", "surname_2")
            for b in ("surname", "surname_2")
        ]
        + ["jaro_winkler_similarity(l.surname_joined, r.surname_joined) >= 0.93"]
        + [f"l.{a}_sound = r.{b}_sound" for a in OWN_OR_OTHER for b in OWN_OR_OTHER]
        + [_one_edit("l.surname", "r.surname")]
    )
    common = "len(list_intersect(l.name_tokens, r.name_tokens))"
    return f"""CASE
        WHEN l.surname IS NULL OR r.surname IS NULL THEN 0
        WHEN l.surname = r.surname AND NOT (l.is_name_chain AND r.is_name_chain) THEN {SURNAME.equal}
        WHEN l.is_name_chain OR r.is_name_chain THEN CASE
            WHEN {common} >= least(len(l.name_tokens), len(r.name_tokens)) THEN {SURNAME.chain_equal}
            WHEN {common} >= 1 THEN {SURNAME.chain_some}
            ELSE {SURNAME.chain_different} END
        WHEN l.surname = r.surname_2 OR l.surname_2 = r.surname OR l.surname_2 = r.surname_2
             OR l.surname_joined = r.surname_joined THEN {SURNAME.equal_other}
        WHEN {similar} THEN {SURNAME.similar}
        ELSE {SURNAME.different} END"""


def prefix_sql() -> str:
    """Level of the surname prefixes; asked only where the surnames themselves are alike."""
    return f"""CASE
        WHEN l.surname IS NULL OR r.surname IS NULL OR l.surname <> r.surname THEN 0
        WHEN l.surname_prefix IS NOT DISTINCT FROM r.surname_prefix THEN {PREFIX.equal}
        WHEN l.surname_prefix IS NULL OR r.surname_prefix IS NULL THEN {PREFIX.one_missing}
        ELSE {PREFIX.different} END"""


def given_sql() -> str:
    """Level of the given names, or of the initials where a given name is missing."""
    first = "substr(l.initials, 1, 1) = substr(r.initials, 1, 1)"
    shorter = "least(length(l.initials), length(r.initials))"
    return f"""CASE
        WHEN l.given_name IS NOT NULL AND r.given_name IS NOT NULL THEN CASE
            WHEN l.given_name = r.given_name OR l.call_name = r.call_name OR l.given_name = r.call_name
                 OR l.call_name = r.given_name THEN {GIVEN.equal}
            WHEN list_has_any(l.given_variants, r.given_variants) THEN {GIVEN.variant}
            WHEN {_one_edit("l.given_name", "r.given_name")} OR {_one_edit("l.call_name", "r.call_name")}
                 OR jaro_winkler_similarity(l.given_name, r.given_name) >= 0.92 THEN {GIVEN.similar}
            WHEN {first} THEN {GIVEN.same_initial}
            ELSE {GIVEN.different} END
        WHEN l.initials IS NULL OR r.initials IS NULL THEN 0
        WHEN l.initials = r.initials AND length(l.initials) >= 2 THEN {GIVEN.initials_equal}
        WHEN {first} AND substr(l.initials, 1, {shorter}) = substr(r.initials, 1, {shorter}) THEN {GIVEN.initial_equal}
        WHEN {first} THEN {GIVEN.initials_differ}
        ELSE {GIVEN.initial_different} END"""


def initials_sql() -> str:
    """Level of the further initials, where both given names are known and the first initial is equal."""
    return f"""CASE
        WHEN l.given_name IS NULL OR r.given_name IS NULL OR length(l.initials) < 2 OR length(r.initials) < 2
             OR substr(l.initials, 1, 1) <> substr(r.initials, 1, 1) THEN 0
        WHEN l.initials = r.initials THEN {INITIALS.equal}
        WHEN starts_with(l.initials, r.initials) OR starts_with(r.initials, l.initials) THEN {INITIALS.shorter}
        ELSE {INITIALS.different} END"""


def birth_sql() -> str:
    """Level of the birth dates, as days where both are complete and as intervals where not."""
    year = "abs(CAST(substr(l.birth_date, 1, 4) AS INTEGER) - CAST(substr(r.birth_date, 1, 4) AS INTEGER))"
    return f"""CASE
        WHEN l.birth_precision = 'none' OR r.birth_precision = 'none' THEN 0
        WHEN l.birth_precision = 'day' AND r.birth_precision = 'day' THEN CASE
            WHEN l.birth_date = r.birth_date THEN {BIRTH.equal}
            WHEN l.birth_date = substr(r.birth_date, 1, 4) || substr(r.birth_date, 7, 2) || substr(r.birth_date, 5, 2)
                 THEN {BIRTH.near}
            WHEN hamming(l.birth_date, r.birth_date) <= 1 THEN {BIRTH.near}
            WHEN hamming(l.birth_date, r.birth_date) = 2 AND damerau_levenshtein(l.birth_date, r.birth_date) = 1
                 THEN {BIRTH.near}
            WHEN {year} = 1 AND substr(l.birth_date, 5) = substr(r.birth_date, 5) THEN {BIRTH.near}
            WHEN {year} = 0 OR substr(l.birth_date, 5) = substr(r.birth_date, 5) THEN {BIRTH.same_year}
            WHEN {year} <= 3 THEN {BIRTH.close}
            ELSE {BIRTH.different} END
        WHEN l.birth_earliest <= r.birth_latest AND r.birth_earliest <= l.birth_latest THEN {BIRTH.overlap}
        WHEN date_diff('day', l.birth_latest, r.birth_earliest) <= 366
             AND date_diff('day', r.birth_latest, l.birth_earliest) <= 366
             THEN {BIRTH.off_by_one}
        ELSE {BIRTH.apart} END"""


def address_sql() -> str:
    """Level of the whole address: one comparison, because its parts are wrong or right together."""
    return f"""CASE
        WHEN l.postcode IS NULL OR r.postcode IS NULL THEN CASE
            WHEN l.city IS NULL OR r.city IS NULL THEN 0
            WHEN l.city = r.city AND l.street = r.street AND l.house_number = r.house_number THEN {ADDRESS.similar}
            WHEN l.city = r.city THEN {ADDRESS.same_city}
            ELSE {ADDRESS.different} END
        WHEN l.postcode = r.postcode AND l.house_number = r.house_number THEN CASE
            WHEN l.house_suffix IS NOT DISTINCT FROM r.house_suffix THEN {ADDRESS.equal}
            ELSE {ADDRESS.equal_other_addition} END
        WHEN l.house_number = r.house_number AND (hamming(l.postcode, r.postcode) <= 1
             OR (l.street = r.street AND l.city = r.city)
             OR (hamming(l.postcode, r.postcode) = 2 AND damerau_levenshtein(l.postcode, r.postcode) = 1))
             THEN {ADDRESS.similar}
        WHEN l.postcode = r.postcode THEN {ADDRESS.near}
        WHEN l.city = r.city OR substr(l.postcode, 1, 4) = substr(r.postcode, 1, 4) THEN {ADDRESS.same_city}
        ELSE {ADDRESS.different} END"""


BY_VALUE = {
    "surname": (("surname", surname_sql), ("prefix", prefix_sql)),
    "given": (("given", given_sql), ("initials", initials_sql)),
    "birth": (("birth", birth_sql),),
    "address": (("address", address_sql),),
}
"""Comparisons that look at values, by the group of columns that they share a code for."""

BY_CODE = f"""
    CASE WHEN l.bsn_code = r.bsn_code OR l.v_number_code = r.v_number_code THEN {IDENTIFIER.equal}
         WHEN l.bsn_code <> r.bsn_code OR l.v_number_code <> r.v_number_code THEN {IDENTIFIER.conflict}
         ELSE 0 END AS identifier,
    CASE WHEN l.source_no <> r.source_no OR l.source_person_code IS NULL OR r.source_person_code IS NULL THEN 0
         WHEN l.source_person_code = r.source_person_code THEN {SOURCE_PERSON.equal}
         ELSE {SOURCE_PERSON.conflict} END AS source_person,
    CASE WHEN l.phone_code = r.phone_code THEN {PHONE.equal}
         WHEN l.phone_code <> r.phone_code THEN {PHONE.different} ELSE 0 END AS phone,
    CASE WHEN l.sex_code = 0 OR r.sex_code = 0 THEN 0
         WHEN l.sex_code = r.sex_code THEN {SEX.equal} ELSE {SEX.different} END AS sex"""
"""Comparisons that equality of codes decides."""


def compare(db: Engine, pairs: str, target: str, context: str = "0") -> None:
    """Write ``target`` (left_id, right_id, pattern, four shares) for the pairs of table ``pairs``.

    ``context`` is the SQL of the context level over the columns of ``pairs`` (alias ``p``).
    Shares are those of the values that agree, null where the first level is not reached.
    """
    db.run(
        f"CREATE OR REPLACE TEMP TABLE {target} (left_id INTEGER, right_id INTEGER, pattern BIGINT, "
        "surname_share FLOAT, given_share FLOAT, birth_share FLOAT, address_share FLOAT)"
    )
    for chunk in _chunks(db, pairs):
        _compare_chunk(db, chunk, target, context)


def _chunks(db: Engine, pairs: str) -> Iterator[str]:
    """Cut the pairs by their left mention into ranges of about `CHUNK`; a range is a query."""
    bounds = db.rows(
        f"""
        SELECT max(left_id) FROM (
            SELECT left_id, sum(n) OVER (ORDER BY left_id) // {CHUNK} AS part
            FROM (SELECT left_id, count(*) AS n FROM {pairs} GROUP BY left_id)
        ) GROUP BY part ORDER BY part
        """
    )
    low = -1
    for (high,) in bounds:
        yield f"SELECT * FROM {pairs} WHERE left_id > {low} AND left_id <= {high}"
        low = high


def _compare_chunk(db: Engine, chunk: str, target: str, context: str) -> None:
    codes = ", ".join(f"l.{g}_code AS l_{g}, r.{g}_code AS r_{g}" for g in BY_VALUE)
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE chunk_pair AS
        SELECT p.left_id, p.right_id, CAST({context} AS TINYINT) AS context, {codes}, {BY_CODE}
        FROM ({chunk}) p
        JOIN mention_code l ON l.mention_id = p.left_id
        JOIN mention_code r ON r.mention_id = p.right_id
        """
    )
    for group, comparisons in BY_VALUE.items():
        levels = ", ".join(f"CAST({sql()} AS TINYINT) AS {name}" for name, sql in comparisons)
        db.run(
            f"""
            CREATE OR REPLACE TEMP TABLE level_{group} AS
            SELECT d.a, d.b, {levels}, CAST(greatest(l.share, r.share) AS FLOAT) AS {group}_share
            FROM (
                SELECT DISTINCT least(l_{group}, r_{group}) AS a, greatest(l_{group}, r_{group}) AS b FROM chunk_pair
            ) d
            JOIN value_{group} l ON l.code = d.a
            JOIN value_{group} r ON r.code = d.b
            """
        )
    joins = "\n".join(
        f"JOIN level_{g} ON level_{g}.a = least(l_{g}, r_{g}) AND level_{g}.b = greatest(l_{g}, r_{g})"
        for g in BY_VALUE
    )
    shares = ", ".join(f"CASE WHEN {g} = 1 THEN {g}_share END" for g in BY_VALUE)
    db.run(f"INSERT INTO {target} SELECT left_id, right_id, {pack_sql()}, {shares} FROM chunk_pair {joins}")
    for name in ("chunk_pair", *(f"level_{g}" for g in BY_VALUE)):
        db.run(f"DROP TABLE {name}")
