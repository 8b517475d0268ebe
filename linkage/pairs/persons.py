"""The people of a night: what mentions are compared on, and what brings two of them together."""

from __future__ import annotations

from linkage.pairs import persons_sql as sql
from linkage.pairs.spec import Comparison, Frequency, Rule, Spec

COMPARISONS = (
    Comparison("identifier", sql.IDENTIFIER, sql.IDENTIFIER_SQL),
    Comparison("source_person", sql.SOURCE_PERSON, sql.SOURCE_PERSON_SQL),
    Comparison("context", sql.CONTEXT, "0"),
    Comparison("surname", sql.SURNAME, sql.surname_sql(), "surname_band", near=3, household=True),
    Comparison("prefix", sql.PREFIX, sql.prefix_sql()),
    Comparison("address", sql.ADDRESS, sql.address_sql(), "address_band", household=True),
    Comparison("phone", sql.PHONE, sql.PHONE_SQL),
    Comparison("given", sql.GIVEN, sql.given_sql(), "given_band", near=3),
    Comparison("initials", sql.INITIALS, sql.initials_sql()),
    Comparison("birth", sql.BIRTH, sql.birth_sql(), "birth_band"),
    Comparison("sex", sql.SEX, sql.SEX_SQL),
)
"""In the order in which the evidence is told: what a household shares first, then what tells its members apart.
The context, how many other people two records share, is added where it is known (`relations`)."""

SOUND = "(SELECT *, unnest(list_distinct([surname_sound, surname_2_sound])) AS sound FROM mention)"
"""A mention once for each of its surnames, as it sounds."""

RULES = (
    Rule("bsn", "the same BSN", "bsn_hmac"),
    Rule("v_number", "the same v_number", "v_number_hmac"),
    Rule("source_person", "the source's own person number", "source_id || ' ' || source_person_id"),
    Rule("phone", "the same phone", "phone_hmac"),
    Rule("birth_initial", "born on the same day, same first initial", "birth_date || substr(initials, 1, 1)"),
    Rule(
        "birth_sound",
        "born on the same day, surname sounds alike: finds call names with another initial",
        f"SELECT mention_id, birth_date || sound AS key FROM {SOUND}",
        many=True,
    ),
    Rule(
        "birth_postcode",
        "born on the same day, same quarter: finds people whose surname changed",
        "birth_date || substr(postcode, 1, 4)",
    ),
    Rule(
        "sound_postcode",
        "surname sounds alike, same postcode: finds wrong birth dates",
        f"SELECT mention_id, sound || postcode AS key FROM {SOUND}",
        many=True,
    ),
    Rule("address", "same postcode and number: finds changed surnames", "postcode || ' ' || house_number"),
    Rule(
        "sound_given_year",
        "surname and given name alike, born in the same year: finds typing errors in day and month after a move",
        f"""SELECT mention_id, sound || ' ' || given || ' ' || birth_year AS key
            FROM {SOUND}, unnest(given_variants) AS variant(given)""",
        many=True,
    ),
    Rule(
        "sound_given_place",
        "surname and given name alike in one municipality: finds missing birth dates",
        f"""SELECT mention_id, sound || ' ' || given || ' ' || coalesce(city, municipality_code) AS key
            FROM {SOUND}, unnest(given_variants) AS variant(given)""",
        many=True,
    ),
    Rule(
        "words",
        "the same words in the whole name: finds chains of names that are split differently",
        "CASE WHEN len(name_tokens) >= 2 THEN array_to_string(name_tokens, ' ') END",
    ),
    Rule(
        "given_year_street",
        "given name, year and house in a street: finds errors in surname and postcode together",
        """SELECT mention_id, given || ' ' || birth_year || ' ' || house_number || ' ' || street AS key
            FROM mention, unnest(given_variants) AS variant(given)""",
        many=True,
    ),
)

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

SEAT = f"""
SELECT m.mention_id, coalesce(same.mention_id, m.mention_id) AS seat
FROM mention m LEFT JOIN (
    SELECT r.mention_id AS row_id, min(l.mention_id) AS mention_id
    FROM mention l JOIN mention r ON l.record_no = r.record_no AND l.mention_id < r.mention_id
    WHERE {SAME_HUMAN}
    GROUP BY r.mention_id
) same ON same.row_id = m.mention_id"""
"""Rows of a record that name one human share a seat; all others are different people."""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_DIGITS = " + ".join(f"CAST(substr(birth_date, {n}, 1) AS SMALLINT)" for n in range(1, 9))
"""Two digits that changed places leave the sum of the digits: without that the slow distance is not asked."""

PERSON = ("surname", "given_name", "initials", "birth_date")
"""What tells people apart when values are counted: a family with forty reports does not make its name common."""

PERSONS = Spec(
    comparisons=COMPARISONS,
    rules=RULES,
    columns={
        **_same("record_no", "sex", "surname", "surname_2", "surname_prefix", "surname_joined", "surname_sound"),
        **_same("surname_2_sound", "is_name_chain", "given_name", "call_name"),
        **_same("initials", "birth_date", "birth_earliest", "birth_latest", "birth_precision"),
        **_same("postcode", "house_number", "house_suffix", "street", "city"),
        "words": "array_to_string(name_tokens, ' ')",
        "variants": "array_to_string(given_variants, ' ')",
        "variant_1": "given_variants[1]",
        "variant_2": "given_variants[2]",
        "has_more_variants": "len(given_variants) > 2",
        "born_year": "CAST(substr(birth_date, 1, 4) AS SMALLINT)",
        "birth_day": "substr(birth_date, 5)",
        "birth_swapped": "substr(birth_date, 1, 4) || substr(birth_date, 7, 2) || substr(birth_date, 5, 2)",
        "birth_digits": _DIGITS,
        "source_no": "hash(source_id)",
        "bsn_code": "CASE WHEN bsn_hmac IS NOT NULL THEN hash(bsn_hmac) END",
        "v_number_code": "CASE WHEN v_number_hmac IS NOT NULL THEN hash(v_number_hmac) END",
        "phone_code": "CASE WHEN phone_hmac IS NOT NULL THEN hash(phone_hmac) END",
        "source_person_code": "CASE WHEN source_person_id IS NOT NULL THEN hash(source_id, source_person_id) END",
    },
    bands={
        "surname_band": Frequency("surname", PERSON),
        "given_band": Frequency("given_name", PERSON),
        "birth_band": Frequency("birth_date", PERSON),
        "address_band": Frequency("postcode || ' ' || coalesce(house_number, 0)", ("surname_sound",), own=2),
    },
    pairs="l.mention_id < r.mention_id AND l.record_no <> r.record_no",
    seats=SEAT,
    follows=("surname", "given"),
)
"""Mentions of a night: rows of one record are different people, unless they share a seat."""
