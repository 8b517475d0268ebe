"""Addresses: postcode, house number with letter and addition, street."""

from __future__ import annotations

import re
from typing import NamedTuple

from stdnum.exceptions import ValidationError
from stdnum.nl import postcode as dutch_postcode

from linkage.intake.text.fold import alphanumeric

_NUMBER = re.compile(r"(\d{1,5})\s*(.*)")
_ABBREVIATED = (
    (re.compile(r"str$"), "straat"),
    (re.compile(r"ln$"), "laan"),
    (re.compile(r"(?<=[a-z]{3})wg$"), "weg"),
    (re.compile(r"pln$"), "plein"),
    (re.compile(r"sngl$|sgl$"), "singel"),
    (re.compile(r"dr$"), "dreef"),
)
_SMALL_WORDS = frozenset(["van", "de", "den", "der", "het", "t", "v", "d", "vd", "ten", "ter", "te"])
_GROUND_FLOOR = {"huis": "hs", "beg": "hs", "bg": "hs"}


class Address(NamedTuple):
    """An address as it is compared; empty or None where nothing is known."""

    postcode: str
    house_number: int | None
    house_suffix: str
    street: str
    city: str


def parse(street: str, number: str, letter: str, addition: str, postcode: str, city: str) -> Address:
    """Return the comparable parts; ``12-a``, ``12 A`` and number 12 with letter a are the same."""
    found = _NUMBER.match(alphanumeric(number))
    house_number = int(found[1]) if found and 0 < int(found[1]) < 100_000 else None
    rest = " ".join(filter(None, (found[2] if found else "", alphanumeric(letter), alphanumeric(addition))))
    return Address(
        parse_postcode(postcode),
        house_number,
        _suffix(rest) if house_number else "",
        parse_street(street),
        " ".join(w for w in alphanumeric(city).split() if w not in _SMALL_WORDS or len(w) > 3),
    )


def parse_postcode(text: str) -> str:
    """Return a postcode as 1234AB; empty when it is not one that can have been issued."""
    try:
        return str(dutch_postcode.validate(text[:20])).replace(" ", "")
    except ValidationError:
        return ""


def parse_street(text: str) -> str:
    """Return a street without its small words, usual abbreviations written out."""
    told = [w for w in alphanumeric(text).split() if w not in _SMALL_WORDS]
    if told:
        for pattern, to in _ABBREVIATED:
            told[-1] = pattern.sub(to, told[-1])
    return "".join(told)


def _suffix(rest: str) -> str:
    told = [_GROUND_FLOOR.get(w, w) for w in rest.split()]
    seen: list[str] = []
    for word in told:
        if word not in seen:
            seen.append(word)
    return "".join(seen)
