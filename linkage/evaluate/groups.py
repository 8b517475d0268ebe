"""Two partitions of the same mentions, compared through the sizes of their groups and of their overlaps.

The work grows with the mentions, never with the pairs: a group of n holds n(n-1)/2 pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

from linkage.engine.base import Engine
from linkage.evaluate.truth import quoted

MOST_SUBGROUPS = 30
"""A further column of the truth with more values than this is not a grouping and is passed over."""

_PAIRS = """
WITH part AS (SELECT {keys}, {value} AS value, count(*) AS own FROM compared GROUP BY ALL),
sized AS (SELECT value, own, sum(own) OVER (PARTITION BY {keys}) AS size FROM part)
SELECT value, CAST(sum(size * (size - 1) // 2 - (size - own) * (size - own - 1) // 2) AS BIGINT)
FROM sized GROUP BY value ORDER BY value
"""

_B_CUBED = """
WITH part AS (
  SELECT {expected} AS expected, {found} AS found, {value} AS value, count(*) AS own FROM compared GROUP BY ALL
), sized AS (
  SELECT value, own, sum(own) OVER (PARTITION BY expected, found) AS shared,
    sum(own) OVER (PARTITION BY found) AS found, sum(own) OVER (PARTITION BY expected) AS expected
  FROM part
)
SELECT value, CAST(sum(own * shared / found) / sum(own) AS DOUBLE),
  CAST(sum(own * shared / expected) / sum(own) AS DOUBLE), CAST(sum(own) AS BIGINT)
FROM sized GROUP BY value ORDER BY value
"""


@dataclass(frozen=True)
class Agreement:
    """Precision, recall and F1; null where there is nothing to divide by. B-cubed has no counts of its own."""

    precision: float | None
    recall: float | None
    f1: float | None
    agreed: int | None = None
    found: int | None = None
    expected: int | None = None

    @classmethod
    def of_counts(cls, agreed: int, found: int, expected: int) -> Agreement:
        """Compare a number found with a number expected, by what both share."""
        return cls(
            precision=agreed / found if found else None,
            recall=agreed / expected if expected else None,
            f1=2 * agreed / (found + expected) if found + expected else None,
            agreed=agreed,
            found=found,
            expected=expected,
        )

    @classmethod
    def of_shares(cls, precision: float, recall: float) -> Agreement:
        """Combine a mean precision and a mean recall."""
        return cls(precision, recall, 2 * precision * recall / (precision + recall))

    def as_dict(self) -> dict[str, float | int | None]:
        """Return the fields in order."""
        return dict(vars(self))


NOTHING = Agreement(None, None, None)
"""What can be said when no mention stands in both."""


def pairwise(scratch: Engine, what: str, value: str = "''") -> dict[str, Agreement]:
    """Compare pairs of mentions; by a value, the pairs that hold at least one mention of that value."""
    expected, found = f"{what}_expected", f"{what}_found"
    agreed, of_found, of_expected = (
        scratch.rows(_PAIRS.format(keys=keys, value=value)) for keys in (f"{expected}, {found}", found, expected)
    )
    return {
        key: Agreement.of_counts(count, pairs_found, pairs_expected)
        for (key, count), (_, pairs_found), (_, pairs_expected) in zip(agreed, of_found, of_expected, strict=True)
    }


def b_cubed(scratch: Engine, what: str, value: str = "''") -> dict[str, tuple[Agreement, int]]:
    """Average over mentions how much of the group found is right, and how much of the true group is found."""
    rows = scratch.rows(_B_CUBED.format(expected=f"{what}_expected", found=f"{what}_found", value=value))
    return {key: (Agreement.of_shares(precision, recall), mentions) for key, precision, recall, mentions in rows}


def subgroups(scratch: Engine, column: str) -> dict[str, dict[str, float | int | None]]:
    """Return how well persons and households are found within each value of a column; empty when it is no grouping."""
    name = quoted(column)
    values = scratch.rows(f"SELECT count(DISTINCT {name}) FROM compared")[0][0]
    if not 1 <= values <= MOST_SUBGROUPS:
        return {}
    value = f"coalesce({name}, 'unknown')"
    pairs, homes = pairwise(scratch, "person", value), pairwise(scratch, "household", value)
    of_homes = b_cubed(scratch, "household", value)
    return {
        key: {
            "mentions": mentions,
            "precision": pairs[key].precision,
            "recall": pairs[key].recall,
            "f1": pairs[key].f1,
            "b_cubed_f1": average.f1,
            "household_precision": homes[key].precision,
            "household_recall": homes[key].recall,
            "household_f1": homes[key].f1,
            "household_b_cubed_f1": of_homes[key][0].f1,
        }
        for key, (average, mentions) in b_cubed(scratch, "person", value).items()
    }
