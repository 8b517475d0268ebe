"""Sheets of a workbook with one look: typed cells, a header that stays, a filter, a print set-up.

Every text is written as a string cell: a value that looks like a formula or a link stays a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter

from linkage.reports.lines import Lines
from linkage.reports.once import Once
from linkage.reports.words import Words

Value = str | int | float | date | None

LONGEST_TEXT = 32_767
"""Characters that a cell can hold, counted as UTF-16 does."""

ZERO, PLAIN = date(1899, 12, 30).toordinal(), date(1900, 3, 1)
"""The day that a workbook counts from, and the first on which it counts without a day that never was."""

LINE = 15.0
"""Height of a line of text; what wraps gets its height here, because not every program finds it by itself."""

_LOOKS: dict[str, dict[str, object]] = {
    "text": {},
    "wrapped": {"text_wrap": True, "indent": 1},
    "count": {"num_format": "#,##0", "align": "right", "indent": 1},
    "share": {"num_format": "0.0%", "align": "right", "indent": 1},
    "day": {"num_format": "dd-mm-yyyy", "align": "left"},
    "month": {"num_format": "mmm yyyy", "align": "left"},
    "title": {"bold": True, "font_size": 16, "font_color": "#17404A"},
    "section": {"bold": True, "font_size": 12, "font_color": "#17404A"},
    "header": {"bold": True, "bg_color": "#DCE8EA", "font_color": "#17404A", "text_wrap": True, "bottom": 1},
    "strong": {"bold": True},
    "alert": {"bold": True, "bg_color": "#FDE8D3", "font_color": "#7A3200"},
    "red": {"bg_color": "#F9DEDC"},
    "orange": {"bg_color": "#FDE8D3"},
    "yellow": {"bg_color": "#FBF3CF"},
    "green": {"bg_color": "#E3F1E3"},
}


@dataclass(frozen=True)
class Column:
    """A column: the key of its title, its width in characters, how its values look."""

    key: str
    width: float
    look: str = "text"


@dataclass(frozen=True)
class Shown:
    """A value with a look of its own, where it differs from its column's."""

    value: Value
    look: str


class Book:
    """A workbook under construction; the same calls give the same bytes."""

    def __init__(self, path: Path, texts: Words, *, title: str, made_at: datetime) -> None:
        # in_memory: XlsxWriter would otherwise leave the lists in clear in the shared temporary folder.
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": title, "author": "Inbeeld", "created": made_at})
        self._looks = {
            name: self._book.add_format({"font_name": "Calibri", "font_size": 11, "valign": "top"} | look)
            for name, look in _LOOKS.items()
        }
        self._texts = texts

    def sheet(self, key: str, widths: Sequence[float]) -> Sheet:
        """Add a sheet; ``key`` names its title in the texts."""
        made: Any = self._book.add_worksheet(self._texts[f"sheet.{key}"], Lines)
        made.set_landscape()
        made.set_paper(9)
        made.fit_to_pages(1, 0)
        made.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        made.set_footer("&L&A&R&P / &N")
        for index, width in enumerate(widths):
            made.set_column(index, index, width)
        return Sheet(made, self._looks, self._texts, widths)

    def table(
        self, key: str, columns: Sequence[Column], rows: Sequence[Sequence[Value | Shown]], note: str = ""
    ) -> None:
        """Add a sheet that is one table, with its header (and the note above it) frozen and repeated in print."""
        sheet = self.sheet(key, [column.width for column in columns])
        if note:
            sheet.line(note, *[None] * (len(columns) - 1), look="alert")
        sheet.table(columns, rows)
        sheet.freeze(columns, header=int(bool(note)))

    def close(self) -> None:
        """Write the file."""
        self._book.close()


class Sheet:
    """One sheet, written from top to bottom."""

    def __init__(self, sheet: Any, looks: dict[str, Any], texts: Words, widths: Sequence[float]) -> None:
        self._sheet = sheet
        self._looks = looks
        self._texts = texts
        self._widths = widths
        self._row = 0

    def line(self, *values: Value | Shown, look: str = "text") -> None:
        """Write one row of cells."""
        for index, value in enumerate(values):
            self._cell(index, value, look)
        self._row += 1

    def title(self, text: str) -> None:
        """Write the title of the workbook."""
        self._sheet.set_row(self._row, 2 * LINE)
        self.line(text, look="title")

    def entry(self, term: str, meaning: str) -> None:
        """Write a term, and beside it a meaning that may run over all other columns."""
        self._fit((meaning, sum(self._widths[1:])))
        self._sheet.merge_range(self._row, 1, self._row, len(self._widths) - 1, "", self._looks["wrapped"])
        self._cell(1, meaning, "wrapped")
        self.line(term, look="strong")

    def skip(self) -> None:
        """Leave a row empty."""
        self._row += 1

    def block(self, columns: Sequence[Column], rows: Sequence[Sequence[Value | Shown]]) -> None:
        """Write a header and rows; an empty table says so in words."""
        self._header(columns, rows)
        for row in rows:
            self._fit(*((value, c.width) for c, value in zip(columns, row, strict=True) if c.look == "wrapped"))
            for index, (column, value) in enumerate(zip(columns, row, strict=True)):
                self._cell(index, value, column.look)
            self._row += 1

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Value | Shown]]) -> None:
        """Write the same as `block`, many rows at once; nothing may be written below them."""
        self._header(columns, rows)
        if not rows:
            return
        cells = [Once(partial(self._written, look=column.look)) for column in columns]
        wrapped = [(n, Once(partial(_lines, width=c.width))) for n, c in enumerate(columns) if c.look == "wrapped"]
        heights = (_height(max((lines[row[n]] for n, lines in wrapped), default=1)) for row in rows)
        self._sheet.add_rows(cells, rows, heights)
        self._row += len(rows)

    def _header(self, columns: Sequence[Column], rows: Sequence[object]) -> None:
        self._sheet.set_row(self._row, 2 * LINE + 2)
        self.line(*(str(self._texts[f"column.{column.key}"]) for column in columns), look="header")
        if not rows:
            self.line(str(self._texts["none"]))

    def freeze(self, columns: Sequence[Column], header: int = 0) -> None:
        """Keep the rows up to the header in sight and on every printed page, and filter on the header."""
        self._sheet.freeze_panes(header + 1, 1)
        self._sheet.repeat_rows(0, header)
        self._sheet.autofilter(header, 0, self._row - 1, len(columns) - 1)

    def _fit(self, *wrapped: tuple[Value | Shown, float]) -> None:
        if height := _height(max((_lines(*one) for one in wrapped), default=1)):
            self._sheet.set_row(self._row, height)

    def _cell(self, column: int, value: Value | Shown, look: str) -> None:
        told, style = self._told(value, look)
        if told is None:
            self._sheet.write_blank(self._row, column, None, style)
        elif isinstance(told, str):
            self._sheet.write_string(self._row, column, told, style)
        else:
            self._sheet.write_number(self._row, column, told, style)

    def _written(self, value: Value | Shown, look: str) -> str:
        told, style = self._told(value, look)
        if told is None:
            return str(self._sheet.blank(style))
        return str(self._sheet.text(told, style) if isinstance(told, str) else self._sheet.number(told, style))

    def _told(self, value: Value | Shown, look: str) -> tuple[str | float | None, Any]:
        """Return what a cell holds, days as the number of days, and how it looks."""
        if isinstance(value, Shown):
            return self._told(value.value, value.look)
        style = self._looks[look]
        if isinstance(value, str):
            return _fitting(value), style
        if isinstance(value, date):
            return value.toordinal() - ZERO - (value < PLAIN), style
        return value, style


def _fitting(text: str) -> str:
    """Return as much of a text as a cell can hold."""
    if len(text) <= LONGEST_TEXT // 2:
        return text
    return text.encode("utf-16-le")[: 2 * LONGEST_TEXT].decode("utf-16-le", "ignore")


def _lines(value: Value | Shown, width: float) -> int:
    """Return how many lines a text takes in a column that wraps it."""
    return -(-len(value) // int(width)) if isinstance(value, str) else 1


def _height(lines: int) -> float:
    """Return the height of a row that is higher than a line; 0 for one that is not."""
    return min(lines, 20) * LINE if lines > 1 else 0.0
