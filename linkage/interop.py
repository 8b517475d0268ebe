"""Our comparisons inside recordlinkage's `Compare`, and its comparison matrices in our three-class model.

compare = recordlinkage.Compare([Levels(name("surname", household=True)), Levels(typed("date_of_birth", 2))])
matrix = compare.compute(indexer.index(a, b), a, b)
random = compare.compute(recordlinkage.index.Random(100_000).index(a, b), a, b)
model, told = weigh(matrix, random, [Steps("surname", household=True), Steps("date_of_birth")], rows=(len(a), len(b)))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from recordlinkage.base import BaseCompareFeature

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.pairs.estimate import Samples, estimate, untrained
from linkage.pairs.fields import Field
from linkage.pairs.fitting import Counts
from linkage.pairs.model import Model
from linkage.pairs.rows import Rows
from linkage.pairs.score import probability
from linkage.pairs.spec import Comparison, Level, Spec

Ints = npt.NDArray[np.int64]


class Levels(BaseCompareFeature):  # type: ignore[misc]
    """A field as a feature of recordlinkage's `Compare`: the level of each pair, 1 for equal and 0 for a missing value.

    With ``model`` it is the weight instead: log2 of how much likelier the level is for one person than by chance, as
    on average over values, and 0 for a missing value. Column names may differ between the frames.
    """

    name = "inbeeld"
    description = "Levels of an Inbeeld field"

    def __init__(
        self,
        field: Field,
        left_on: str | None = None,
        right_on: str | None = None,
        *,
        model: Model | None = None,
        label: str | None = None,
    ) -> None:
        left_on = left_on or field.column
        super().__init__(left_on, right_on or left_on, label=label or field.column)
        self.field, self.model = field, model
        self._f_compare_vectorized = self._levels

    def _levels(self, left: pd.Series[Any], right: pd.Series[Any]) -> pd.Series[Any]:
        """Return the level or weight of each pair of values, both (pairs,)."""
        level = _compared(self.field, left, right)
        if self.model is None:
            return pd.Series(level, index=left.index)
        c = self.model.spec.by_name[self.field.column]
        pattern = level.astype(np.int64) << c.shift
        return pd.Series(
            self.model.log_level("same", c, pattern) - self.model.log_level("chance", c, pattern), left.index
        )


def _compared(field: Field, left: pd.Series[Any], right: pd.Series[Any]) -> npt.NDArray[np.int8]:
    with DuckDBEngine() as db:
        sides = [side.reset_index(drop=True).to_frame(field.column) for side in (left, right)]
        Rows(db, sides, [replace(field, outside=None)], ()).write()
        found = db.arrays(
            f"SELECT l.mention_id AS place, CAST({field.comparison.sql} AS TINYINT) AS level "
            f"FROM mention l JOIN mention r ON r.mention_id = l.mention_id + {len(left)} WHERE l.side = 1"
        )
    level = np.zeros(len(left), dtype=np.int8)
    level[np.asarray(found["place"])] = np.asarray(found["level"])
    return level


@dataclass(frozen=True)
class Steps:
    """How a column of a comparison matrix is read as levels.

    A column of `Levels` is told by its ``field``. Any other holds similarities: at least each of ``thresholds``
    (descending; 1 alone is a binary column), or less. NaN is missing; give recordlinkage ``missing_value=np.nan``,
    because its default makes a missing value a difference.
    """

    column: str
    thresholds: tuple[float, ...] = (1.0,)
    household: bool = False
    field: Field | None = None

    @property
    def comparison(self) -> Comparison:
        """The comparison without bands: a matrix does not hold the values."""
        if self.field is not None:
            return replace(self.field.comparison, name=self.column, band=None, shift=0)
        told = tuple(Level(f"at_least_{t:g}", 0, f"similarity of at least {t:g}") for t in self.thresholds)
        return Comparison(self.column, (*told, Level("below", 0, "less")), "0", household=self.household)

    def levels(self, values: pd.Series[Any]) -> Ints:
        """Return the level of each value; raises `UsageError` for one that is no level or no number."""
        size = self.comparison.size
        try:
            told = values.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise UsageError(f"column {self.column} of the comparison matrix does not hold numbers") from None
        if self.field is None:
            steps = np.select([told >= t for t in self.thresholds], range(1, size - 1), size - 1)
            return np.asarray(np.where(np.isnan(told), 0, steps), dtype=np.int64)
        level = np.nan_to_num(told)
        if ((level < 0) | (level >= size) | (level % 1 != 0)).any():
            raise UsageError(f"column {self.column} of the comparison matrix does not hold levels 0 to {size - 1}")
        return np.asarray(level, dtype=np.int64)


def patterns(matrix: pd.DataFrame, steps: Sequence[Steps]) -> tuple[Spec, Ints]:
    """Return a spec of the columns, what a household shares first, and the agreement pattern of each pair (pairs,).

    Raises `UsageError` for a missing column or one that cannot be read.
    """
    missing = [s.column for s in steps if s.column not in matrix.columns]
    if missing or not steps:
        raise UsageError(f"the comparison matrix has no column {(missing or ['at all'])[0]}")
    ordered = sorted(steps, key=lambda s: not s.comparison.household)
    spec = Spec(tuple(s.comparison for s in ordered), (), {}, two_sided=True)
    packed = np.zeros(len(matrix), dtype=np.int64)
    for s, c in zip(ordered, spec.comparisons, strict=True):
        packed |= s.levels(matrix[s.column]) << c.shift
    return spec, packed


def weigh(
    matrix: pd.DataFrame, random: pd.DataFrame, steps: Sequence[Steps], *, rows: tuple[int, ...]
) -> tuple[Model, pd.DataFrame]:
    """Learn the three classes from a comparison matrix; return the model, and weight and probability of each pair.

    ``random`` is the matrix of random pairs (`recordlinkage.index.Random`): what agrees by chance cannot be learnt
    from blocked pairs. ``rows`` are the rows of both frames, or of the one that is deduplicated. The result has the
    index of ``matrix``.
    """
    spec, packed = patterns(matrix, steps)
    possible = max(float(np.prod(rows)) if len(rows) == 2 else rows[0] * (rows[0] - 1) / 2, 1.0)
    model = untrained(spec, max(sum(rows), 1), possible)
    if len(packed):
        model = estimate(model, _counts(packed), Samples(_counts(patterns(random, steps)[1])))
    weight = model.weight(packed)
    return model, pd.DataFrame({"weight": weight, "probability": probability(weight)}, index=matrix.index)


def _counts(packed: Ints) -> Counts:
    known, pairs = np.unique(packed, return_counts=True)
    return Counts(known, pairs.astype(np.float64))
