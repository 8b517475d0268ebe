"""Long fault runs: ``make faults``, or ``python -m tests.faults SUITE... --size N``; each prints a table.

A suite is a module of this package with ``run(size, seed, tell) -> rows``: each row a dict with the same keys, of
which ``failures`` is a list of sentences; the run ends with 1 when one has any.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults import budget

SUITES = {
    "reader": "exports that went wrong, read by the strict reader (size: files, 10,000)",
    "month": "nights in a row, each against a run from scratch, and in other orders (size: nights, 30)",
    "kills": "kill -9 at every step, before actions on files, at random moments (size: kills of real nights, 200)",
    "disk_full": "a disk that is full (size: sizes, 20)",
    "crowd": "two to eight runs at once, and other commands beside a run (size: rounds of small nights, 10)",
    "readers": "readers beside publications (size: publications, 60)",
    "leftovers": "what dead processes leave: logs, spill, locks, half of everything (no size)",
    "clocks": "clocks that jump, and both switch nights (size: nights with jumps, 30)",
    "order": "the order in which a night reaches the disk, by its system calls (no size)",
}
"""Module of this package: what it does. Add a line for a new one."""


def show(rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a table."""
    names = [name for name in rows[0] if name != "failures"]
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())  # noqa: T201


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}" if isinstance(value, float) else str(value)


def main() -> int:
    """Run the suites that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default all")
    parser.add_argument("--size", type=int, help="how much of it; each suite has its own measure and default")
    parser.add_argument("--minutes", type=float, help="at most so many for a suite that can stop (kills, crowd, month)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder of what was done (kills, disk_full): the next run goes on")
    given = parser.parse_args()
    if unknown := set(given.suites) - set(SUITES):
        parser.error(f"unknown suite {', '.join(sorted(unknown))}: one of {', '.join(SUITES)}")
    failures = []
    for name in given.suites or SUITES:
        print(f"\n{name}: {SUITES[name]}", flush=True)  # noqa: T201
        suite, started = importlib.import_module(f"tests.faults.{name}"), time.perf_counter()
        budget.give(given.minutes, given.keep and given.keep / f"{given.size}-{given.seed}")
        rows = suite.run(given.size, given.seed, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
        show(rows)
        print(f"{name}: {time.perf_counter() - started:.0f} s")  # noqa: T201
        failures += [f"{name}: {failure}" for row in rows for failure in row["failures"]]
    print("\n".join(["", *failures[:50], f"{len(failures)} failures"]))  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
