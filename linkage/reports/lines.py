"""A worksheet that takes whole rows of a table at once.

XlsxWriter makes an object of every cell, and looks at each three times before it writes it: of a region's lists that is
most of what the reports cost. Values of a column repeat, so what stands in their cells is made once for each. This
reaches behind the library's public calls; tests hold that its own calls give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from linkage.reports.once import Once


class Lines(Worksheet):  # type: ignore[misc]  # the library has types, but says so nowhere
    """A worksheet whose last rows are given whole."""

    dim_rowmax: int

    def __init__(self) -> None:
        super().__init__()
        self._lines = ""
        self._celled = 0

    def blank(self, look: Any) -> str:
        """Return an empty cell with a look."""
        return f'" s="{look._get_xf_index()}"/>'

    def text(self, value: str, look: Any) -> str:
        """Return a cell with a text that a cell can hold."""
        index = self.str_table._get_shared_string_index(value)
        self.str_table.count -= 1  # `add_rows` counts how often each is shown
        return f'" s="{look._get_xf_index()}" t="s"><v>{index}</v></c>'

    def number(self, value: float, look: Any) -> str:
        """Return a cell with a number; raises `ValueError` for one that a cell cannot hold."""
        if not isfinite(value):
            raise ValueError("a cell holds neither infinity nor what is no number")
        return f'" s="{look._get_xf_index()}"><v>{value:.16G}</v></c>'

    def add_rows(self, cells: Sequence[Once[str]], rows: Iterable[Sequence[Any]], heights: Iterable[float]) -> None:
        """Add rows behind those that have cells, each with a cell in every column, as those have; none may follow.

        ``cells`` make what stands in a cell of each column behind its place: `blank`, `text` or `number`. ``heights``
        are in points, 0 for a line of its usual height.
        """
        columns = [(f'<c r="{xl_col_to_name(index)}', own) for index, own in enumerate(cells)]
        made: list[str] = []
        last = self.dim_rowmax
        for number, (row, height) in enumerate(zip(rows, heights, strict=True), last + 2):
            tall = f' ht="{height:.16g}" customHeight="1"' if height else ""
            made.append(f'<row r="{number}" spans="1:{len(cells)}"{tall}>')
            made += [f"{column}{number}{own[value]}" for (column, own), value in zip(columns, row, strict=True)]
            made.append("</row>")
        self._lines = "".join(made)
        self.str_table.count += self._lines.count('" t="s">')
        self._celled, self.dim_rowmax = last, last + self._lines.count("</row>")

    def _write_rows(self) -> None:
        if self._lines:
            self.dim_rowmax = self._celled
        super()._write_rows()
        self.fh.write(self._lines)
