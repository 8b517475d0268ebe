"""Arithmetic of the tables, how they are shown, and where they are kept."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

OUT = Path(__file__).parent / "out"
MEASURED_PACKAGES = ("inbeeld", "duckdb", "splink", "recordlinkage", "pandas", "rapidfuzz")


def ratio(value: float | None, base: float | None) -> float | None:
    """Return value / base; null where either is unknown or the base is nothing."""
    return value / base if value is not None and base else None


def middle(values: Iterable[float]) -> float:
    """Return the median; repeated runs are summed up by it."""
    return median(values)


def growth(small: tuple[float, float], large: tuple[float, float]) -> float:
    """Return how a cost grows beside its size: 1.0 is in proportion, 2.0 twice that. Pairs of (size, cost)."""
    return (large[1] / small[1]) / (large[0] / small[0])


def marginal(small: tuple[float, float], large: tuple[float, float], per: float = 1000) -> float:
    """Return what ``per`` more cost, between two sizes: the fixed part falls away. Pairs of (size, cost)."""
    return (large[1] - small[1]) / (large[0] - small[0]) * per


def machine() -> dict[str, Any]:
    """Return what the figures were measured on, and how busy it was."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "packages": {name: found for name in MEASURED_PACKAGES if (found := _version(name))},
    }


def save(name: str, figures: Mapping[str, Any]) -> Path:
    """Write figures with the machine that they belong to."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **figures}, indent=2) + "\n", encoding="utf-8")
    return path


def show(console: Console, title: str, header: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> None:
    """Print one table; everything but the first column stands to the right."""
    table = Table(title=title, caption=note or None, title_justify="left", caption_justify="left")
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console.print(table)


def cell(value: object) -> str:
    """Return a value as it stands in a table: three figures that count, thousands apart, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def share(value: float | None) -> str:
    """Return a share with four decimals."""
    return "-" if value is None else f"{value:.4f}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
