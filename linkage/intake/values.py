"""One delivered value → its canonical value. Every function sees a distinct value once, stripped and not empty."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from stdnum.nl import bsn as dutch_bsn

from linkage import contracts

LOCAL = ZoneInfo("Europe/Amsterdam")
YEARS = range(1900, 2101)
UNKNOWN = "onbekend"

ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?)?")
DUTCH = re.compile(r"(\d{2})-(\d{2})-(\d{4})(?: (\d{2}:\d{2}(?::\d{2})?))?")
BIRTH = {
    "iso": re.compile(r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})", re.ASCII),
    "dd-mm-yyyy": re.compile(r"(?P<day>\d{2})-(?P<month>\d{2})-(?P<year>\d{4})", re.ASCII),
}
INCIDENT_NUMBER = re.compile(
    rf"({contracts.table('police_incident').column('incident_number').pattern})(?:-\d{{1,2}})?"
)
RECORD_ID = re.compile(r"\S{1,64}")
ADDRESS = re.compile(
    r"(?P<street>.+?)[\s,]+(?!(?:1[89]|20)\d\d\s+\d)(?P<number>\d{1,5})"
    r"(?:\s*-?\s*(?P<letter>[A-Za-z])(?![A-Za-z0-9]))?(?:[\s/-]*(?P<addition>[A-Za-z0-9]{1,6}))?"
)
DENIED_BSN = frozenset({"999999990", "111222333", "123456782", "012345672", "123456789"})
"""Numbers that clerks and tests type when they have none; repeated digits are denied as well."""


class Bad(Exception):  # noqa: N818
    """A value that its row cannot be taken in with; the reason is a code of ``reject_reason``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def moment(text: str, dates: str) -> datetime:
    """Return local wall time; a moment with an offset is converted."""
    try:
        found = _iso(text) if dates == "iso" else _dutch(text)
    except ValueError:
        raise Bad("bad_timestamp") from None
    if found.year not in YEARS:
        raise Bad("bad_timestamp")
    if found.tzinfo is not None:
        found = found.astimezone(LOCAL)
    return found.replace(tzinfo=None, microsecond=0)


def day(text: str, dates: str) -> datetime:
    """Return the midnight that a day begins with."""
    try:
        found = moment(text, dates)
    except Bad:
        raise Bad("bad_date") from None
    return found.replace(hour=0, minute=0, second=0)


def _iso(text: str) -> datetime:
    if not ISO.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text.replace(",", "."))


def _dutch(text: str) -> datetime:
    match = DUTCH.fullmatch(text)
    if not match:
        raise ValueError
    return datetime.fromisoformat(f"{match[3]}-{match[2]}-{match[1]}T{match[4] or '00:00'}")


def birth_date(text: str, dates: str) -> str | None:
    """Return ``yyyymmdd`` with ``00`` for unknown parts, or None when there is no such day."""
    match = BIRTH[dates].fullmatch(text)
    if not match:
        return None
    year, month, number = int(match["year"]), int(match["month"]), int(match["day"])
    if year and year not in range(1850, 2101):
        return None
    try:
        # 2000 is a leap year: without a year the 29th of February can exist.
        date(year or 2000, month or 1, number or 1)
    except ValueError:
        return None
    return match["year"] + match["month"] + match["day"]


def integer(text: str, minimum: int, maximum: int) -> int:
    """Return a whole number within its range."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and minimum <= int(text) <= maximum):
        raise Bad("bad_integer")
    return int(text)


def incident_number(text: str) -> str:
    """Return the registration number without the sequence that may follow."""
    match = INCIDENT_NUMBER.fullmatch(text.upper())
    if not match:
        raise Bad("bad_number")
    return match[1]


def record_id(text: str) -> str:
    """Return the number of a record as delivered."""
    # A byte order mark or another character that nobody sees would make it another record.
    if not (RECORD_ID.fullmatch(text) and text.isprintable()):
        raise Bad("bad_number")
    return text


def fold(text: str) -> str:
    """Return text in lower case without accents, with single spaces."""
    plain = "".join(ch for ch in unicodedata.normalize("NFKD", text) if not unicodedata.combining(ch))
    return " ".join(plain.casefold().split())


def bsn(text: str, pseudonym: Callable[[str], str]) -> tuple[str | None, str]:
    """Return the pseudonym of a usable number, and its status."""
    digits = re.sub(r"[\s.\-]", "", text).zfill(9)
    if len(set(digits)) == 1 or digits in DENIED_BSN:
        return None, "denied"
    if not (digits.isascii() and digits.isdigit() and len(digits) == 9 and dutch_bsn.is_valid(digits)):
        return None, "invalid"
    return pseudonym(digits), "valid"


def phone(text: str) -> str | None:
    """Return a phone number in its international form; None when it is none."""
    plain = text.replace("(0)", "")
    digits = re.sub(r"\D", "", plain)
    if plain.lstrip("( ").startswith("+"):
        number = digits
    elif digits.startswith("00"):
        number = digits[2:]
    elif digits.startswith("0"):
        number = "31" + digits[1:]
    else:
        number = digits if digits.startswith("31") and len(digits) == 11 else "31" + digits
    if number.startswith("310"):
        number = "31" + number[3:]
    if not 9 <= len(number) <= 15 or len(set(number[2:])) == 1:
        return None
    return "+" + number


def foreigner_number(text: str) -> str | None:
    """Return a v-number as its digits; None when it says nothing."""
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())
    return None if len(set(plain)) < 2 else plain


def address(text: str) -> tuple[str | None, str | None, str | None, str | None]:
    """Split street, number, letter and addition; what cannot be split is a street."""
    match = ADDRESS.fullmatch(text)
    if not match:
        return text, None, None, None
    return match["street"].rstrip(","), match["number"], match["letter"], match["addition"]


class Municipality:
    """Municipalities by CBS code; names lead to it, what is unknown is kept as it comes."""

    def __init__(self) -> None:
        known = contracts.codes("municipality")
        self._by_name = {fold(label): code for code, label in known.codes.items()}
        self._by_name |= {fold(spelling): code for spelling, code in known.fixes.items()}

    def __call__(self, text: str) -> str:
        """Return the code."""
        digits = text.upper().removeprefix("GM").strip()
        if digits.isascii() and digits.isdigit() and len(digits) <= 4:
            return f"GM{digits:0>4}"
        return self._by_name.get(fold(text), text)


class Codes:
    """A code list as a lookup."""

    def __init__(self, name: str) -> None:
        known = contracts.codes(name)
        self.is_open = known.open
        self.has_unknown = UNKNOWN in known.codes
        self._codes = {fold(code): code for code in known.codes}
        self._codes |= {fold(spelling): code for spelling, code in known.fixes.items()}
        self._junk = {fold(text) for text in known.junk}

    def __call__(self, text: str) -> tuple[str | None, bool]:
        """Return the code and whether the value is known; junk is known to say nothing."""
        folded = fold(text)
        code = self._codes.get(folded) or self._codes.get(folded.replace(" ", "_"))
        if code is not None:
            return code, True
        if folded in self._junk:
            return None, True
        if self.is_open:
            return text, True
        return UNKNOWN if self.has_unknown else None, False
