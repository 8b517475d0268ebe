"""What the terminal shows: progress, tables and sentences."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from linkage.cli_errors import one_line
from linkage.cli_summary import STATUSES

WIDTH = 110
"""Columns of a log or a pipe, which have no width of their own."""


def terminal() -> Console:
    """Return the console of standard output."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH, highlight=False)


def show_json(value: object) -> None:
    """Write a value as JSON; dates as ISO."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


class Progress:
    """Shows the steps: a spinner on a terminal, ``HH:MM:SS step`` lines in a log, nothing for ``--json``."""

    def __init__(self, console: Console, *, is_quiet: bool = False) -> None:
        self._console = console
        self._is_quiet = is_quiet
        self._status: Status | None = None

    def __enter__(self) -> Progress:
        if self._console.is_terminal and not self._is_quiet:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, message: str) -> None:
        """Say what the run does now."""
        if self._is_quiet:
            return
        line = f"{datetime.now().astimezone():%H:%M:%S} {one_line(message)}"
        self._console.print(Text(line), soft_wrap=True)
        if self._status is not None:
            self._status.update(Text(message))


def say(console: Console, line: str = "", style: str = "") -> None:
    """Write one line as it is, without wrapping or markup."""
    console.print(Text(line, style=style), soft_wrap=True)


def table(console: Console, header: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Write a table; numbers to the right."""
    rows = [list(row) for row in rows]
    shown = Table(
        title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0)
    )
    for index, name in enumerate(header):
        is_number = bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        shown.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(_cell(value)) for value in row))
    console.print(shown)


def show_summary(console: Console, found: Mapping[str, Any]) -> None:
    """Write what came in, the nine statuses and the gap."""
    table(
        console,
        ("source", "deliveries", "covers until"),
        [(s["source_id"], s["deliveries"], s["covers_until"]) for s in found["sources"]],
    )
    say(console)
    rows = [(s["status"], s["incidents"], percent(s["share"]), STATUSES[s["status"]]) for s in found["statuses"]]
    table(console, ("status", "incidents", "share", ""), [*rows, ("all", found["incidents"], "", "")])
    say(console)
    say(console, gap_line(found["gap"]), style="bold")
    if found["estimate"]:
        say(console, estimate_line(found["estimate"]))


def gap_line(gap: Mapping[str, Any]) -> str:
    """Return the gap as a sentence."""
    if gap["rate"] is None:
        return "Gap: no incident can be judged yet"
    low, high = percent(gap["low"]), percent(gap["high"])
    between = f", between {low} and {high}" if low != high else ""
    return f"Gap: {percent(gap['rate'])} ({gap['unmatched']} of {gap['judged']} judged incidents{between})"


def estimate_line(estimate: Mapping[str, Any]) -> str:
    """Return the gap as an estimate, and what it rests on, as a sentence."""
    between = f"{percent(estimate['low'])} to {percent(estimate['high'])}"
    return (
        f"With missed and false links counted in: {percent(estimate['rate'])} (95%: {between}; "
        f"measured on {estimate['probes']} reports that name an incident, {estimate['reviewed'] or 'none'} reviewed)"
    )


def show_nested(console: Console, value: Mapping[str, Any], title: str = "") -> None:
    """Write nested results as tables: one for the values of a level, one for its sub-levels that are alike."""
    plain = {k: v for k, v in value.items() if not isinstance(v, Mapping)}
    nested = {k: v for k, v in value.items() if isinstance(v, Mapping)}
    if plain:
        table(console, (title or "", ""), [(name, _joined(v)) for name, v in plain.items()])
        say(console)
    flat = {k: v for k, v in nested.items() if not any(isinstance(x, Mapping) for x in v.values())}
    if flat and len(flat) == len(nested):
        names = list(dict.fromkeys(name for row in flat.values() for name in row))
        rows = [(key, *(_joined(row.get(name)) for name in names)) for key, row in flat.items()]
        table(console, (title, *names), rows)
        say(console)
        return
    for name, part in nested.items():
        show_nested(console, part, f"{title} {name}".strip())


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal."""
    return "-" if share is None else f"{100 * share:.1f}%"


def _joined(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
