"""The comparisons of a pair of mentions and their levels: what the model may learn about.

A comparison reduces two values to one small level. Levels are grouped by what could be compared at all
(two full birth dates, or a full one and a year): probabilities are normalised within a group, so that the
lack of a value is never evidence (Fellegi & Sunter 1969, with missing data ignored). Level 0 is null.
The levels of all comparisons are packed into one integer, the agreement pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: its name and the group within which it competes."""

    name: str
    group: int
    meaning: str


@dataclass(frozen=True)
class Comparison:
    """A comparison with its levels from 1 (0 is null) and its place in the pattern."""

    name: str
    levels: tuple[Level, ...]
    shift: int
    bits: int
    frequency: bool = False
    """The first level is agreement on a value whose frequency in the data is its chance agreement."""

    @property
    def size(self) -> int:
        """Number of levels, null included."""
        return len(self.levels) + 1

    def sql(self, pattern: str = "pattern") -> str:
        """Return the SQL that reads this comparison's level out of a pattern."""
        return f"(({pattern} >> {self.shift}) & {(1 << self.bits) - 1})"


def _comparisons(*declared: tuple[str, bool, tuple[Level, ...]]) -> tuple[Comparison, ...]:
    made, shift = [], 0
    for name, frequency, levels in declared:
        bits = len(levels).bit_length()
        made.append(Comparison(name, levels, shift, bits, frequency))
        shift += bits
    return tuple(made)


IDENTIFIER = (
    Level("equal", 0, "BSN or v_number equal"),
    Level("conflict", 0, "both known and different"),
)
SOURCE_PERSON = (
    Level("equal", 0, "the source gave both the same person number"),
    Level("conflict", 0, "the source gave them different person numbers"),
)
CONTEXT = (
    Level("none", 0, "no other person links the two records"),
    Level("one", 0, "one other person is named on both records"),
    Level("several", 0, "two or more other persons are named on both records"),
)
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

COMPARISONS = _comparisons(
    ("identifier", False, IDENTIFIER),
    ("source_person", False, SOURCE_PERSON),
    ("context", False, CONTEXT),
    ("surname", True, SURNAME),
    ("prefix", False, PREFIX),
    ("address", True, ADDRESS),
    ("phone", False, PHONE),
    ("given", True, GIVEN),
    ("initials", False, INITIALS),
    ("birth", True, BIRTH),
    ("sex", False, SEX),
)
"""In the order in which the evidence is told: what a household shares first, then what tells its members apart."""

BY_NAME = {c.name: c for c in COMPARISONS}


def level(comparison: str, name: str) -> int:
    """Return the number of a level by its name; raises ``KeyError`` for an unknown one."""
    for number, item in enumerate(BY_NAME[comparison].levels, start=1):
        if item.name == name:
            return number
    raise KeyError(f"{comparison} has no level {name}")


def numbers(comparison: str) -> SimpleNamespace:
    """Return the levels of a comparison by name, for use in SQL text."""
    return SimpleNamespace(**{item.name: n for n, item in enumerate(BY_NAME[comparison].levels, start=1)})


def pack_sql(prefix: str = "") -> str:
    """Return the SQL that packs one column per comparison into the pattern (BIGINT)."""
    return " | ".join(f"(CAST({prefix}{c.name} AS BIGINT) << {c.shift})" for c in COMPARISONS)
