"""The option ``demo --regions``: every region of the samples from its own folder, and one table of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linkage import cli_summary, console, pipeline, reports
from linkage.cli_errors import guarded
from linkage.config import load
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.store import OutFolder

SETTINGS = "inbeeld.toml"
COLUMNS = (
    "region",
    "sources",
    "incidents",
    "matched",
    "covered",
    "review",
    "pending",
    "unmatched",
    "gap",
    "95% interval",
)


def demo(samples: Path, out: Path) -> int:
    """Run every region below ``samples`` into a folder of its own below ``out``; return the highest exit code."""
    found = sorted(path.parent for path in samples.glob(f"*/{SETTINGS}"))
    if not found:
        raise UsageError(f"the shipped regions are not at {samples}: run the demo from a checkout")
    terminal, rows, told, codes = console.terminal(), [], [], [0]
    for region in found:
        with (
            guarded(out / region.name, "nothing was published"),
            console.Progress(terminal, is_quiet=False) as progress,
        ):
            config = load(region / SETTINGS)
            outcome = pipeline.run(config, region / "inbox", out / region.name, None, progress)
        codes.append(outcome.exit_code)
        told += [f"{region.name}: REFUSED {s}/{d}: {message}" for s, d, message in outcome.refused]
        with DuckDBEngine(OutFolder(out / region.name).published("case_view.duckdb"), read_only=True) as view:
            rows.append((region.name, *_figures(view)))
            told += [f"{region.name}: WITHHELD {line}" for line in reports.withheld(view)]
    console.say(terminal)
    for line in told:
        console.say(terminal, line, style="bold yellow")
    console.table(terminal, COLUMNS, rows)
    console.say(terminal, f"\nEach from its own folder below {samples}; what was written is below {out}")
    return max(codes)


def _figures(view: DuckDBEngine) -> Iterator[Any]:
    found = cli_summary.summary(view)
    counted = {row["status"]: row["incidents"] for row in found["statuses"]}
    yield len(found["sources"])
    yield found["incidents"]
    yield sum(count for status, count in counted.items() if status.startswith("matched"))
    yield from (counted[status] for status in ("covered_open_case", "review", "pending", "unmatched"))
    yield _percent(found["gap"]["rate"])
    estimate = found["estimate"] or {"low": None, "high": None}
    yield f"{_percent(estimate['low'])} to {_percent(estimate['high'])}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
