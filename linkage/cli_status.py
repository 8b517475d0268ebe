"""The verb ``status``: the last runs, what waits for a person, the gap now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from linkage import cli_summary, console
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.ledger import Ledger
from linkage.store import OutFolder


def status(out: Path) -> dict[str, Any]:
    """Return what is known of an output folder; nothing in it is changed, a run may be going."""
    folder = OutFolder(out)
    ledger = Ledger(folder)
    if not ledger.path.exists():
        raise UsageError(f"{out} is no output folder: run `inbeeld run --inbox DIR --out {out}` first")
    told: dict[str, Any] = {
        "holder": folder.holder(),
        "runs": ledger.runs(),
        "refused": [{"source_id": s, "delivery_id": d, "message": m} for s, d, m in ledger.outstanding()],
        "as_of": folder.published_as_of(),
    }
    if folder.current() is not None:
        with DuckDBEngine(folder.published("case_view.duckdb"), read_only=True) as view:
            told |= cli_summary.summary(view)
        told["open_reviews"] = next(s["incidents"] for s in told["statuses"] if s["status"] == "review")
    return told


def show(terminal: Console, found: dict[str, Any]) -> None:
    """Write the status for people, what needs one first."""
    for refused in found["refused"]:
        line = f"REFUSED {refused['source_id']}/{refused['delivery_id']}: {refused['message']}"
        console.say(terminal, line, style="bold red")
    if found["holder"]:
        console.say(terminal, f"Running now: pid {found['holder']['pid']}, started {found['holder']['started_at']}")
    console.table(
        terminal,
        ("run", "status", "as of", "ended", "message"),
        [(r["run_id"], r["status"], r["as_of"], r["ended_at"], r["message"]) for r in found["runs"]],
    )
    if "gap" not in found:
        console.say(terminal, "Nothing was published yet")
        return
    console.say(terminal, f"\nCase view as of {found['as_of']}: {found['open_reviews']} incidents wait for review")
    console.say(terminal, console.gap_line(found["gap"]), style="bold")
