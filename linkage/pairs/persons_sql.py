"""The comparisons of two mentions of a night, as SQL over prepared rows ``l`` and ``r``.

Cheap tests stand first in each text: the engine computes a similarity only for rows that none of them decided.
Text was folded to ASCII at intake: DuckDB's distances work on bytes.
"""

from __future__ import annotations

from linkage.pairs.spec import Level, numbers

IDENTIFIER = (
    Level("equal", 0, "BSN or v_number equal"),
    Level("conflict", 0, "both known and different"),
)
SOURCE_PERSON = (
    Level("equal", 0, "the source gave both the same person number"),
    Level("conflict", 0, "the source gave them different person numbers"),
)
UNKNOWN = (
    ("", ""),
    ("_no_birth", ", and birth dates cannot be compared"),
    ("_no_given", ", and given names cannot be compared"),
    ("_little", ", and neither birth dates nor given names can be compared"),
)
"""What cannot be compared, in the order of the bits of `context`: birth dates 1, given names 2."""
CONTEXT = tuple(
    Level(name + suffix, group, meaning + unknown)
    for group, (suffix, unknown) in enumerate(UNKNOWN)
    for name, meaning in (
        ("none", "no other person links the two records"),
        ("one", "one other person is named on both records"),
        ("several", "two or more other persons are named on both records"),
        ("taken", "one of them stands in another row of the other's record already"),
    )
)
"""Told apart by what can be compared: of relatives with few data nobody knows that they stand in another row, and who
has no birth date is named beside others more often than who has initials only."""
SURNAME = (
    Level("equal", 0, "own surnames equal"),
    Level("equal_other", 0, "equal to the partner's name, or when prefix and name are written together"),
    Level("similar", 0, "one typing error or the same sound"),
    Level("different", 0, "another surname"),
    Level("chain_equal", 1, "a chain of names: all words of the shorter one are in the other"),
    Level("chain_some", 1, "a chain of names: one word in common"),
    Level("chain_different", 1, "a chain of names: no word in common"),
)
PREFIX = (
    Level("equal", 0, "same class of prefix, or none on either side"),
    Level("one_missing", 0, "a prefix on one side only"),
    Level("different", 0, "another class of prefix"),
)
ADDRESS = (
    Level("equal", 0, "postcode, number and addition equal"),
    Level("equal_other_addition", 0, "postcode and number equal, additions differ or one is missing"),
    Level("similar", 0, "one error in the postcode, or the street, with the same number"),
    Level("near", 0, "same postcode"),
    Level("same_city", 0, "same place of residence"),
    Level("different", 0, "another place"),
)
PHONE = (
    Level("equal", 0, "same phone number"),
    Level("different", 0, "another phone number"),
)
GIVEN = (
    Level("equal", 0, "a given or call name is equal"),
    Level("variant", 0, "variants of one name (Hans, Johannes)"),
    Level("similar", 0, "one typing error"),
    Level("same_initial", 0, "other names with the same initial"),
    Level("different", 0, "other names"),
    Level("initials_equal", 1, "two or more initials, all equal"),
    Level("initial_equal", 1, "the first initial is equal, the others do not contradict"),
    Level("initials_differ", 1, "the first initial is equal, the others differ"),
    Level("initial_different", 1, "another first initial"),
)
INITIALS = (
    Level("equal", 0, "two or more initials, all equal"),
    Level("shorter", 0, "one is the beginning of the other"),
    Level("different", 0, "other second initials"),
)
BIRTH = (
    Level("equal", 0, "born on the same day"),
    Level("near", 0, "day and month swapped, one digit or one year off"),
    Level("same_year", 0, "same year, or same day and month in another year"),
    Level("close", 0, "at most three years apart"),
    Level("different", 0, "other birth dates"),
    Level("overlap", 1, "a partial date that the other one fits"),
    Level("off_by_one", 1, "a partial date at most a year off"),
    Level("apart", 1, "a partial date that the other one does not fit"),
)
SEX = (
    Level("equal", 0, "same sex"),
    Level("different", 0, "another sex"),
)

Identifier = numbers(IDENTIFIER)
SourcePerson = numbers(SOURCE_PERSON)
Context = numbers(CONTEXT)
Surname = numbers(SURNAME)
Prefix = numbers(PREFIX)
Address = numbers(ADDRESS)
Phone = numbers(PHONE)
Given = numbers(GIVEN)
Initials = numbers(INITIALS)
Birth = numbers(BIRTH)
Sex = numbers(SEX)


def _similar(left: str, right: str, least: float = 0.92) -> str:
    """Much alike, or one typing error on names of four letters and more.

    One error leaves at least 0.83 of Jaro-Winkler's similarity, so that only such pairs are looked at again, and the
    slow distance is asked only where two letters may have changed places.
    """
    close = f"jaro_winkler_similarity({left}, {right})"
    return f"""({close} >= {least} OR ({close} >= 0.83 AND CASE
        WHEN length({left}) = length({right}) AND length({left}) >= 4 THEN hamming({left}, {right}) <= 1
             OR (hamming({left}, {right}) = 2 AND damerau_levenshtein({left}, {right}) <= 1)
        WHEN abs(length({left}) - length({right})) = 1 AND length({left}) + length({right}) >= 7
            THEN levenshtein({left}, {right}) = 1
        ELSE false END))"""


OWN_OR_OTHER = ("surname", "surname_2")


def surname_sql() -> str:
    """Level of the surnames: own, partner's, or the words of a chain of names."""
    similar = " OR ".join(
        [f"l.{a}_sound = r.{b}_sound" for a in OWN_OR_OTHER for b in OWN_OR_OTHER]
        + [_similar("l.surname", "r.surname")]
        + [
            f"jaro_winkler_similarity(l.{a}, r.{b}) >= 0.92"
            for a, b in (("surname", "surname_2"), ("surname_2", "surname"), ("surname_2", "surname_2"))
        ]
        + ["jaro_winkler_similarity(l.surname_joined, r.surname_joined) >= 0.93"]
    )
    left, right = "string_split(l.words, ' ')", "string_split(r.words, ' ')"
    common = f"len(list_intersect({left}, {right}))"
    return f"""CASE
        WHEN l.surname IS NULL OR r.surname IS NULL THEN 0
        WHEN l.surname = r.surname AND NOT (l.is_name_chain AND r.is_name_chain) THEN {Surname.equal}
        WHEN l.is_name_chain OR r.is_name_chain THEN CASE
            WHEN {common} >= least(len({left}), len({right})) THEN {Surname.chain_equal}
            WHEN {common} >= 1 THEN {Surname.chain_some}
            ELSE {Surname.chain_different} END
        WHEN l.surname = r.surname_2 OR l.surname_2 = r.surname OR l.surname_2 = r.surname_2
             OR l.surname_joined = r.surname_joined THEN {Surname.equal_other}
        WHEN {similar} THEN {Surname.similar}
        ELSE {Surname.different} END"""


def prefix_sql() -> str:
    """Level of the surname prefixes; asked only where the surnames themselves are alike."""
    return f"""CASE
        WHEN l.surname IS NULL OR r.surname IS NULL OR l.surname <> r.surname THEN 0
        WHEN l.surname_prefix IS NOT DISTINCT FROM r.surname_prefix THEN {Prefix.equal}
        WHEN l.surname_prefix IS NULL OR r.surname_prefix IS NULL THEN {Prefix.one_missing}
        ELSE {Prefix.different} END"""


def given_sql() -> str:
    """Level of the given names, or of the initials where a given name is missing."""
    first = "substr(l.initials, 1, 1) = substr(r.initials, 1, 1)"
    shorter = "least(length(l.initials), length(r.initials))"
    return f"""CASE
        WHEN l.given_name IS NOT NULL AND r.given_name IS NOT NULL THEN CASE
            WHEN l.given_name = r.given_name OR l.call_name = r.call_name OR l.given_name = r.call_name
                 OR l.call_name = r.given_name THEN {Given.equal}
            WHEN l.variant_1 = r.variant_1 OR l.variant_1 = r.variant_2 OR l.variant_2 = r.variant_1
                 OR l.variant_2 = r.variant_2 THEN {Given.variant}
            WHEN (l.has_more_variants OR r.has_more_variants)
                 AND list_has_any(string_split(l.variants, ' '), string_split(r.variants, ' ')) THEN {Given.variant}
            WHEN {_similar("l.given_name", "r.given_name")} OR {_similar("l.call_name", "r.call_name", 1.01)}
                 THEN {Given.similar}
            WHEN {first} THEN {Given.same_initial}
            ELSE {Given.different} END
        WHEN l.initials IS NULL OR r.initials IS NULL THEN 0
        WHEN l.initials = r.initials AND length(l.initials) >= 2 THEN {Given.initials_equal}
        WHEN {first} AND substr(l.initials, 1, {shorter}) = substr(r.initials, 1, {shorter}) THEN {Given.initial_equal}
        WHEN {first} THEN {Given.initials_differ}
        ELSE {Given.initial_different} END"""


def initials_sql() -> str:
    """Level of the further initials, where both given names are known and the first initial is equal."""
    return f"""CASE
        WHEN l.given_name IS NULL OR r.given_name IS NULL OR length(l.initials) < 2 OR length(r.initials) < 2
             OR substr(l.initials, 1, 1) <> substr(r.initials, 1, 1) THEN 0
        WHEN l.initials = r.initials THEN {Initials.equal}
        WHEN starts_with(l.initials, r.initials) OR starts_with(r.initials, l.initials) THEN {Initials.shorter}
        ELSE {Initials.different} END"""


def birth_sql() -> str:
    """Level of the birth dates, as days where both are complete and as intervals where not."""
    year = "abs(l.born_year - r.born_year)"
    return f"""CASE
        WHEN l.birth_precision = 'none' OR r.birth_precision = 'none' THEN 0
        WHEN l.birth_precision = 'day' AND r.birth_precision = 'day' THEN CASE
            WHEN l.birth_date = r.birth_date THEN {Birth.equal}
            WHEN l.birth_date = r.birth_swapped THEN {Birth.near}
            WHEN hamming(l.birth_date, r.birth_date) <= 1 THEN {Birth.near}
            WHEN l.birth_digits = r.birth_digits AND hamming(l.birth_date, r.birth_date) = 2
                 AND damerau_levenshtein(l.birth_date, r.birth_date) = 1 THEN {Birth.near}
            WHEN {year} = 1 AND l.birth_day = r.birth_day THEN {Birth.near}
            WHEN {year} = 0 OR l.birth_day = r.birth_day THEN {Birth.same_year}
            WHEN {year} <= 3 THEN {Birth.close}
            ELSE {Birth.different} END
        WHEN l.birth_earliest <= r.birth_latest AND r.birth_earliest <= l.birth_latest THEN {Birth.overlap}
        WHEN date_diff('day', l.birth_latest, r.birth_earliest) <= 366
             AND date_diff('day', r.birth_latest, l.birth_earliest) <= 366
             THEN {Birth.off_by_one}
        ELSE {Birth.apart} END"""


def address_sql() -> str:
    """Level of the whole address: one comparison, because its parts are wrong or right together."""
    return f"""CASE
        WHEN l.postcode IS NULL OR r.postcode IS NULL THEN CASE
            WHEN l.city IS NULL OR r.city IS NULL THEN 0
            WHEN l.city = r.city AND l.street = r.street AND l.house_number = r.house_number THEN {Address.similar}
            WHEN l.city = r.city THEN {Address.same_city}
            ELSE {Address.different} END
        WHEN l.postcode = r.postcode AND l.house_number = r.house_number THEN CASE
            WHEN l.house_suffix IS NOT DISTINCT FROM r.house_suffix THEN {Address.equal}
            ELSE {Address.equal_other_addition} END
        WHEN l.house_number = r.house_number AND (hamming(l.postcode, r.postcode) <= 1
             OR (l.street = r.street AND l.city = r.city)
             OR (hamming(l.postcode, r.postcode) = 2 AND damerau_levenshtein(l.postcode, r.postcode) = 1))
             THEN {Address.similar}
        WHEN l.postcode = r.postcode THEN {Address.near}
        WHEN l.city = r.city OR substr(l.postcode, 1, 4) = substr(r.postcode, 1, 4) THEN {Address.same_city}
        ELSE {Address.different} END"""


IDENTIFIER_SQL = f"""CASE
    WHEN l.bsn_code = r.bsn_code OR l.v_number_code = r.v_number_code THEN {Identifier.equal}
    WHEN l.bsn_code <> r.bsn_code OR l.v_number_code <> r.v_number_code THEN {Identifier.conflict}
    ELSE 0 END"""
SOURCE_PERSON_SQL = f"""CASE
    WHEN l.source_no <> r.source_no OR l.source_person_code IS NULL OR r.source_person_code IS NULL THEN 0
    WHEN l.source_person_code = r.source_person_code THEN {SourcePerson.equal}
    ELSE {SourcePerson.conflict} END"""
PHONE_SQL = f"""CASE WHEN l.phone_code = r.phone_code THEN {Phone.equal}
    WHEN l.phone_code <> r.phone_code THEN {Phone.different} ELSE 0 END"""
SEX_SQL = f"""CASE WHEN l.given_name = r.given_name THEN 0
    WHEN l.sex = r.sex THEN {Sex.equal} WHEN l.sex <> r.sex THEN {Sex.different} ELSE 0 END"""
"""Equal given names tell the sex already."""
