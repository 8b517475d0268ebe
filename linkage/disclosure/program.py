"""Linear programs over counts that hang together, solved by HiGHS: Q. Huangfu and J. A. J. Hall, Parallelizing the
dual revised simplex method, Mathematical Programming Computation 10 (2018).

scipy has HiGHS too, but loading its optimisers and sparse matrices takes longer than all programs of a night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from highspy import HighsLp

Bounds = npt.NDArray[np.float64]


@dataclass
class Relations:
    """What everybody knows of how counts hang together; counts are named by their position."""

    sums: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """A total and the parts that it is the sum of."""
    at_most: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    """A count that is not larger than the sum of others."""

    def hold(self, counts: npt.NDArray[np.int64]) -> bool:
        """Tell whether the relations are true of the counts."""
        sums = all(counts[total] == counts[list(parts)].sum() for total, parts in self.sums)
        return sums and all(counts[small] <= counts[list(large)].sum() for small, large in self.at_most)


class Rows:
    """Relations of one kind as sparse rows: the one count less the sum of the others.

    Row ``i`` has ``sign[j]`` at count ``cell[j]``, for ``j`` from ``start[i]`` up to ``start[i + 1]``.
    """

    def __init__(self, lines: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        self.start = np.cumsum([0, *(1 + len(others) for _, others in lines)])
        self.cell = np.array([cell for one, others in lines for cell in (one, *others)], dtype=np.int64)
        self.sign = np.full(len(self.cell), -1.0)
        self.sign[self.start[:-1]] = 1.0

    def __len__(self) -> int:
        return len(self.start) - 1


class Program:
    """All tables of counts that relations allow; of these, the one that goes furthest in a direction.

    Each search begins where the one before ended.
    """

    def __init__(self, size: int, relations: Relations) -> None:
        from highspy import Highs, HighsModelStatus

        self.sums, self.at_most = Rows(relations.sums), Rows(relations.at_most)
        self._cells = np.arange(size, dtype=np.int32)
        self._optimal = HighsModelStatus.kOptimal
        self._solver = Highs()  # type: ignore[no-untyped-call]
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        # Each table is near the one before: presolving takes longer than solving.
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(self._model())

    def furthest(self, direction: Bounds, low: Bounds, high: Bounds) -> Bounds | None:
        """Return the counts between two bounds that go furthest in a direction, (size,) each.

        None where there is no end, or no counts between the bounds that keep the relations.
        """
        size = len(self._cells)
        self._solver.changeColsBounds(size, self._cells, low, high)
        self._solver.changeColsCost(size, self._cells, -direction)
        self._solver.run()
        if self._solver.getModelStatus() != self._optimal:
            return None
        return np.asarray(self._solver.getSolution().col_value)

    def _model(self) -> HighsLp:
        """Return the relations: every row is 0, or at most 0."""
        from highspy import HighsLp, MatrixFormat

        size, sums, rows = len(self._cells), len(self.sums), len(self.sums) + len(self.at_most)
        model = HighsLp()
        model.num_col_, model.num_row_ = size, rows
        model.col_cost_, model.col_lower_, model.col_upper_ = np.zeros(size), np.zeros(size), np.full(size, np.inf)
        model.row_lower_ = np.where(np.arange(rows) < sums, 0.0, -np.inf)
        model.row_upper_ = np.zeros(rows)
        matrix = model.a_matrix_
        matrix.format_, matrix.num_col_, matrix.num_row_ = MatrixFormat.kRowwise, size, rows
        matrix.start_ = np.concatenate([self.sums.start, self.sums.start[-1] + self.at_most.start[1:]])
        matrix.index_ = np.concatenate([self.sums.cell, self.at_most.cell])
        matrix.value_ = np.concatenate([self.sums.sign, self.at_most.sign])
        return model
