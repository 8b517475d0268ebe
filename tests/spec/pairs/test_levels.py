"""What two mentions agree on, comparison by comparison: the table is the method's documentation."""

from __future__ import annotations

import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.persons import PERSONS
from tests.mentions import level_names, mention, mention_table

CASES = [
    # comparison, why, one mention, the other, level (None: no evidence)
    ("surname", "equal names", {"surname": "berg"}, {"surname": "berg"}, "equal"),
    ("surname", "nothing known", {"surname": "berg"}, {}, None),
    ("surname", "one typing error", {"surname": "visser"}, {"surname": "vissre"}, "similar"),
    ("surname", "short names must be equal", {"surname": "bos"}, {"surname": "vos"}, "different"),
    (
        "surname",
        "the same sound",
        {"surname": "bruijn", "surname_sound": "bryn"},
        {"surname": "bruin", "surname_sound": "bryn"},
        "similar",
    ),
    (
        "surname",
        "the partner's name in the place of the own",
        {"surname": "jansen", "surname_2": "vries"},
        {"surname": "vries"},
        "equal_other",
    ),
    (
        "surname",
        "prefix and name written together",
        {"surname": "ouali", "surname_prefix": "el"},
        {"surname": "elouali"},
        "equal_other",
    ),
    (
        "surname",
        "a chain of names whose words stand in the other",
        {"surname": "ali bin mohammed", "is_name_chain": True, "given_name": None},
        {"surname": "mohammed", "given_name": "ali"},
        "chain_equal",
    ),
    (
        "surname",
        "a chain with one word in common",
        {"surname": "ali mohammed", "is_name_chain": True},
        {"surname": "hassan ali", "is_name_chain": True},
        "chain_some",
    ),
    (
        "prefix",
        "the same class",
        {"surname": "berg", "surname_prefix": "van+"},
        {"surname": "berg", "surname_prefix": "van+"},
        "equal",
    ),
    ("prefix", "left out once", {"surname": "berg", "surname_prefix": "van+"}, {"surname": "berg"}, "one_missing"),
    (
        "prefix",
        "no evidence beside other surnames",
        {"surname": "berg", "surname_prefix": "van+"},
        {"surname": "dam"},
        None,
    ),
    ("given", "equal", {"given_name": "johannes"}, {"given_name": "johannes"}, "equal"),
    (
        "given",
        "the call name of the one",
        {"given_name": "johannes", "call_name": "hans"},
        {"given_name": "hans"},
        "equal",
    ),
    (
        "given",
        "variants of one name",
        {"given_name": "hans", "given_variants": ["johannes"]},
        {"given_name": "johannes"},
        "variant",
    ),
    ("given", "a typing error", {"given_name": "marieke"}, {"given_name": "mareike"}, "similar"),
    ("given", "brothers with one initial", {"given_name": "jan"}, {"given_name": "joris"}, "same_initial"),
    ("given", "other names", {"given_name": "jan"}, {"given_name": "piet"}, "different"),
    ("given", "all initials equal", {"initials": "jc"}, {"given_name": "jan", "initials": "jc"}, "initials_equal"),
    ("given", "one initial known", {"initials": "j"}, {"given_name": "jan", "initials": "jc"}, "initial_equal"),
    (
        "given",
        "the second initial differs",
        {"initials": "jp"},
        {"given_name": "jan", "initials": "jc"},
        "initials_differ",
    ),
    ("given", "another first initial", {"initials": "p"}, {"given_name": "jan"}, "initial_different"),
    ("given", "nothing known on one side", {}, {"given_name": "jan"}, None),
    (
        "initials",
        "the same second name",
        {"given_name": "jan", "initials": "jc"},
        {"given_name": "jan", "initials": "jc"},
        "equal",
    ),
    (
        "initials",
        "another second name",
        {"given_name": "jan", "initials": "jc"},
        {"given_name": "jan", "initials": "jp"},
        "different",
    ),
    ("birth", "the same day", {"birth_date": "19800402"}, {"birth_date": "19800402"}, "equal"),
    ("birth", "day and month swapped", {"birth_date": "19800402"}, {"birth_date": "19800204"}, "near"),
    ("birth", "one digit off", {"birth_date": "19800402"}, {"birth_date": "19800412"}, "near"),
    ("birth", "two digits swapped", {"birth_date": "19890402"}, {"birth_date": "19980402"}, "near"),
    ("birth", "one year off over a decade", {"birth_date": "19890402"}, {"birth_date": "19900402"}, "near"),
    ("birth", "the same year only", {"birth_date": "19800402"}, {"birth_date": "19801117"}, "same_year"),
    ("birth", "siblings' distance", {"birth_date": "19800402"}, {"birth_date": "19821117"}, "close"),
    ("birth", "a generation apart", {"birth_date": "19800402"}, {"birth_date": "20051117"}, "different"),
    (
        "birth",
        "only the year is known",
        {"birth_date": "19720516"},
        {"birth_earliest": "1972-01-01", "birth_latest": "1972-12-31", "birth_precision": "year"},
        "overlap",
    ),
    (
        "birth",
        "the known year is another",
        {"birth_date": "19800402"},
        {"birth_earliest": "1972-01-01", "birth_latest": "1972-12-31", "birth_precision": "year"},
        "apart",
    ),
    ("birth", "no date on one side", {"birth_date": "19800402"}, {}, None),
    (
        "address",
        "the same house",
        {"postcode": "7901AB", "house_number": 12},
        {"postcode": "7901AB", "house_number": 12},
        "equal",
    ),
    (
        "address",
        "another flat or a missing addition",
        {"postcode": "7901AB", "house_number": 12, "house_suffix": "a"},
        {"postcode": "7901AB", "house_number": 12},
        "equal_other_addition",
    ),
    (
        "address",
        "an error in the postcode",
        {"postcode": "7901AB", "house_number": 12},
        {"postcode": "7901AD", "house_number": 12},
        "similar",
    ),
    (
        "address",
        "neighbours",
        {"postcode": "7901AB", "house_number": 12},
        {"postcode": "7901AB", "house_number": 14},
        "near",
    ),
    ("sex", "unknown is no evidence", {"sex": "M"}, {"sex": None}, None),
    ("sex", "another sex", {"sex": "M"}, {"sex": "V"}, "different"),
    ("identifier", "the same BSN", {"bsn_hmac": "h1"}, {"bsn_hmac": "h1"}, "equal"),
    ("identifier", "two BSNs", {"bsn_hmac": "h1"}, {"bsn_hmac": "h2"}, "conflict"),
    ("source_person", "the source's number", {"source_person_id": "7"}, {"source_person_id": "7"}, "equal"),
    (
        "source_person",
        "numbers of two sources say nothing",
        {"source_person_id": "7"},
        {"source_person_id": "7", "source_id": "vt-drenthe"},
        None,
    ),
    ("phone", "a shared phone", {"phone_hmac": "p"}, {"phone_hmac": "p"}, "equal"),
]


@pytest.mark.parametrize(
    ("comparison", "left", "right", "expected"),
    [(c, left, right, level) for c, _, left, right, level in CASES],
    ids=[f"{c}: {why}" for c, why, *_ in CASES],
)
@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
def test_level(comparison: str, left: dict, right: dict, expected: str | None, turned: bool) -> None:
    rows = [mention(**left), mention(**right)]
    with DuckDBEngine() as db:
        mention_table(db, rows[::-1] if turned else rows)
        code(db, PERSONS)
        db.run("CREATE TABLE two AS SELECT 0 AS left_id, 1 AS right_id")
        Comparer(db, PERSONS).pairs("two", "compared")
        ((pattern,),) = db.rows("SELECT pattern FROM compared")
    assert level_names(pattern).get(comparison) == expected
