"""The police number as the steunpunt typed it, repaired."""

from __future__ import annotations

import re

import pandas as pd

from linkage import contracts
from linkage.casebook import touched
from linkage.casebook.sql import Night
from linkage.engine.base import Engine

SEPARATOR = r"[\s\-./_]*"

NUMBER = re.compile(
    rf"(?<![A-Z0-9])(?:(?:PL{SEPARATOR})?(?P<unit>[0-9]{{2}}[0-9A-Z]{{2}})(?:{SEPARATOR}))??"
    rf"(?P<year>(?:19|20)\d\d){SEPARATOR}(?P<digits>\d{{6}})(?!\d)"
)
"""``PLxxxx-YYYYnnnnnn`` with any separators; the unit, or its PL, may be missing, a sequence may follow."""

SEQUENCE = re.compile(r"-\s*\d{1,2}\s*$")

LIST = re.compile(r"[,;|&+\n]|\bEN\b")


def read_references(db: Engine, night: Night) -> None:  # noqa: ARG001
    """Write ``report_reference``: the numbers that reports refer to; of others than they were where these are known."""
    if touched.is_known(db):
        only = f"SEMI JOIN {touched.OTHER_REPORTS} USING (report_no)"
        db.run(f"DELETE FROM report_reference WHERE report_no IN (SELECT report_no FROM {touched.OTHER_REPORTS})")
    else:
        only = ""
        db.run(contracts.table("report_reference").ddl())
    rows = [
        (report_no, number, is_whole)
        for report_no, text in db.rows(
            f"SELECT report_no, reporter_reference FROM report_base {only} WHERE reporter_reference IS NOT NULL"
        )
        for number, is_whole in sorted(numbers(text))
    ]
    frame = pd.DataFrame(rows, columns=["report_no", "number", "is_whole"])
    db.append("report_reference", frame.astype({"report_no": "int64", "number": "string", "is_whole": "bool"}))


def numbers(text: str) -> set[tuple[str, bool]]:
    """Return the numbers in a reference as letters and digits only, and whether each is whole.

    A number without its unit is ten digits and not whole: it counts only where one incident ends in it.
    Several numbers may stand in one reference; anything may stand around them.
    """
    upper = text.upper()
    found: set[tuple[str, bool]] = set()
    for part in [upper, *LIST.split(upper)]:
        for candidate in (part, SEQUENCE.sub("", part)):
            whole = compact(candidate)
            if len(whole) >= 6 and any(c.isdigit() for c in whole):
                found.add((whole, True))
    stands = list(NUMBER.finditer(upper)) or list(NUMBER.finditer(compact(SEQUENCE.sub("", upper))))
    return found | {_number(match) for match in stands}


def compact(number: str) -> str:
    """Return a number as upper-case letters and digits only."""
    return re.sub(r"[^A-Z0-9]", "", number.upper())


def _number(match: re.Match[str]) -> tuple[str, bool]:
    ten = match["year"] + match["digits"]
    return (f"PL{match['unit']}{ten}", True) if match["unit"] else (ten, False)
