"""Rows of one record that name one human in two roles share a seat; all others are different people."""

from __future__ import annotations

from typing import Any

import pytest

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs.coding import code
from linkage.pairs.persons import PERSONS
from tests.mentions import mention, mention_table

ADULT = {"surname": "berg", "given_name": "anna", "birth_date": "19800402", "sex": "V"}
CHILD = {"surname": "berg", "given_name": "lisa", "birth_date": "20150402", "sex": "V"}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("the same full name and day", ADULT, ADULT, True),
    (
        "one BSN, a typing error in the name",
        {**ADULT, "bsn_hmac": "x"},
        {**ADULT, "given_name": "ana", "bsn_hmac": "x"},
        True,
    ),
    (
        "one person number, no date once",
        {**ADULT, "source_person_id": "7"},
        {"surname": "berg", "source_person_id": "7"},
        True,
    ),
    ("an adult whose surname differs", ADULT, {**ADULT, "surname": "vries"}, True),
    ("a mother's BSN on her child", {**ADULT, "bsn_hmac": "x"}, {**CHILD, "bsn_hmac": "x"}, False),
    ("two BSNs", {**ADULT, "bsn_hmac": "x"}, {**ADULT, "bsn_hmac": "y"}, False),
    ("twin sisters with one initial", CHILD, {**CHILD, "given_name": "lotte"}, False),
    ("twins of whom only the initial is known", {**CHILD, "given_name": None, "initials": "l"}, CHILD, False),
    ("man and woman of one day", ADULT, {**ADULT, "sex": "M"}, False),
    ("adult twins with other names", ADULT, {**ADULT, "given_name": "agnes"}, False),
    ("nothing but a surname", {"surname": "berg"}, {"surname": "berg"}, False),
]


@pytest.mark.parametrize(("one", "other", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_seat(one: dict[str, Any], other: dict[str, Any], expected: bool) -> None:
    rows = [
        mention(record_id="I1", person_seq=n, event_date="2025-03-01", **values)
        for n, values in enumerate((one, other))
    ]
    with DuckDBEngine() as db:
        mention_table(db, rows)
        code(db, PERSONS)
        first, second = (seat for (seat,) in db.rows("SELECT seat FROM mention_code ORDER BY mention_id"))
    assert (first == second) is expected


def test_rows_of_two_records_never_share_a_seat() -> None:
    with DuckDBEngine() as db:
        mention_table(db, [mention(record_id=r, event_date="2025-03-01", **ADULT) for r in ("I1", "I2")])
        code(db, PERSONS)
        assert [seat for (seat,) in db.rows("SELECT seat FROM mention_code ORDER BY mention_id")] == [0, 1]
