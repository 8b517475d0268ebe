"""The verb ``status``: the last runs, what waits for a person, the gap now."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from linkage import audit, cli_summary, console, contracts
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import no_output_folder
from linkage.lateness import lags
from linkage.ledger import LOCAL, WELL, Ledger
from linkage.overrides import Overrides
from linkage.store import OutFolder

TOLD = ("rollback_id", "rolled_back_at", "from_run_id", "to_run_id")
"""What is told of a rollback."""


def status(out: Path) -> dict[str, Any]:
    """Return what is known of an output folder; nothing in it is changed, a run may be going."""
    folder = OutFolder(out)
    ledger = Ledger(folder)
    if not ledger.path.exists():
        raise no_output_folder(out)
    told: dict[str, Any] = {
        "holder": folder.holder(),
        "runs": ledger.runs(),
        "refused": [{"source_id": s, "delivery_id": d, "message": m} for s, d, m in ledger.outstanding()],
        "as_of": folder.published_as_of(),
        "published": current.name if (current := folder.current()) else None,
        "kept": [generation.name for generation in folder.kept()],
    }
    told |= _waiting(Overrides(folder))
    if folder.current() is not None:
        with DuckDBEngine(folder.published("case_view.duckdb"), read_only=True) as view:
            told |= cli_summary.summary(view)
            told |= _intake(view)
            told["let_pass"] = audit.let_pass(view)
            told["warnings"] = _warnings(view)
        told["held_rows"] = _held(folder)
        told["open_reviews"] = next(s["incidents"] for s in told["statuses"] if s["status"] == "review")
    return told


def _warnings(view: DuckDBEngine) -> list[dict[str, Any]]:
    """Return the checks of the published night that did not hold and stopped nothing."""
    if not contracts.table("check_result").is_in(view):  # published by an earlier version
        return []
    rows = view.rows(
        "SELECT check_id, coalesce(coalesce(apart, failing_rows || ' of ' || total_rows) || ' do not', "
        "'could not be computed'), description FROM check_result "
        "WHERE run_id = (SELECT max(run_id) FROM run WHERE status = 'published') AND severity = 'warn' AND NOT passed "
        "ORDER BY check_id"
    )
    return [{"check_id": check, "counted": counted, "description": told} for check, counted, told in rows]


_SOURCES = """
WITH reached AS (SELECT max(covers_until) AS newest FROM delivery WHERE status = 'accepted')
SELECT source_id, count(*) FILTER (status = 'accepted'), max(covers_until),
  max(extracted_at) FILTER (status = 'accepted'), date_diff('day', max(covers_until), any_value(newest))
FROM delivery, reached GROUP BY source_id ORDER BY source_id
"""


def _intake(view: DuckDBEngine) -> dict[str, Any]:
    """Return the sources with their age, and how many rows are rejected and held."""
    known = {lag.source_id: lag for lag in lags(view)}
    sources = [
        {
            "source_id": source,
            "deliveries": int(deliveries),
            "covers_until": until,
            "extracted_at": extracted,
            "behind_days": behind,
            "is_missing": source not in known or known[source].is_late,
        }
        for source, deliveries, until, extracted, behind in view.rows(_SOURCES)
    ]
    rejected = [
        {"source_id": source, "reason": reason, "rows": int(rows)}
        for source, reason, rows in view.rows(
            "SELECT source_id, reason, count(*) FROM rejected_row GROUP BY ALL ORDER BY ALL"
        )
    ]
    return {"sources": sources, "rejected": rejected}


def _held(folder: OutFolder) -> int:
    """Return how many rows wait for the record that they belong to."""
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
        return int(restricted.rows("SELECT count(*) FROM held_row")[0][0]) if restricted.has("held_row") else 0


def _waiting(overrides: Overrides) -> dict[str, Any]:
    """Return what waits for a person: figures that stopped a night, deliveries that a rollback set back.

    Who accepted or rolled back and why is a person's text: it stays in ``state/``.
    """
    found = overrides.waiting()
    figures = {"figures": [stop.told for stop in found[1]], "persons": overrides.missing(*found)} if found else {}
    return {
        "waiting": {"run_id": found[0]} | figures if found else None,
        "accepted": [stop.told for stop in overrides.accepted(overrides.persons(found[0]) if found else 1)],
        "owed": [{"source_id": o.source_id, "delivery_id": o.delivery_id} for o in overrides.owed()],
        "rollbacks": [{name: r[name] for name in TOLD} for r in overrides.rollbacks()],
    }


def show(terminal: Console, found: dict[str, Any]) -> None:
    """Write the status for people, what needs one first."""
    _alerts(terminal, found)
    if found["holder"]:
        console.say(terminal, f"Running now: pid {found['holder']['pid']}, started {found['holder']['started_at']}")
    console.table(
        terminal,
        ("run", "status", "as of", "ended"),
        [(r["run_id"], r["status"], r["as_of"], _wall(r["ended_at"])) for r in found["runs"]],
    )
    console.say(terminal)
    if "gap" not in found:
        console.say(terminal, "Nothing was published yet")
        return
    console.table(
        terminal,
        ("source", "deliveries", "covers until", "days behind"),
        [(s["source_id"], s["deliveries"], s["covers_until"], s["behind_days"]) for s in found["sources"]],
    )
    rejected = sum(r["rows"] for r in found["rejected"])
    console.say(terminal, f"\nPublished: {found['published']}; kept to roll back to: {len(found['kept']) - 1}")
    listed = " (inbeeld rejected lists them)" if rejected else ""
    console.say(terminal, f"{rejected} rejected rows{listed}; {found['held_rows']} wait for their record")
    console.say(terminal, f"Case view as of {found['as_of']}: {found['open_reviews']} incidents wait for review")
    console.say(terminal, console.gap_line(found["gap"]), style="bold")


def _wall(moment: str | None) -> str | None:
    """Return a moment of the ledger as a clock in Amsterdam shows it."""
    return f"{datetime.fromisoformat(moment).astimezone(LOCAL):%Y-%m-%d %H:%M}" if moment else None


def _alerts(terminal: Console, found: dict[str, Any]) -> None:
    """Write what waits for somebody: how the last run failed, refused deliveries, sources behind, what is owed."""
    last = next((run for run in found["runs"] if run["status"] != "running"), None)
    if last and last["status"] == "crashed":
        console.say(terminal, f"DIED {last['run_id']}: run again, it is swept", style="bold red")
    elif last and last["status"] not in WELL and not found["waiting"]:
        console.say(terminal, f"{last['status'].upper()} {last['run_id']}: {last['message']}", style="bold red")
    for refused in found["refused"]:
        line = f"REFUSED {refused['source_id']}/{refused['delivery_id']}: {refused['message']}"
        console.say(terminal, line, style="bold red")
    for source in found.get("sources", ()):
        if source["is_missing"]:
            behind = source["behind_days"]
            age = "has delivered nothing yet" if behind is None else f"is {behind} days behind"
            line = f"MISSING {source['source_id']} {age} (covers until {source['covers_until'] or '-'})"
            console.say(terminal, line, style="bold yellow")
    if found["waiting"]:
        console.say(terminal, f"WAITS run {found['waiting']['run_id']} was stopped by its figures:", style="bold red")
        for told in found["waiting"]["figures"]:
            console.say(terminal, f"  {told}")
        persons = found["waiting"]["persons"]
        who = "inbeeld accept --reason TEXT --by NAME" + (f", by {persons} more people" if persons > 1 else "")
        console.say(terminal, f"  look for the cause, or {who}")
    if found.get("let_pass"):
        told = f"ACCEPTED the published night {found['published']} went on with figures that a person let pass:"
        console.say(terminal, told, style="bold yellow")
        for told in found["let_pass"]:
            console.say(terminal, f"  {told}")
    for check in found.get("warnings", ()):
        line = f"WARNED {check['check_id']}: {check['description']}: {check['counted']}"
        console.say(terminal, line, style="bold yellow")
    for owed in found["owed"]:
        line = f"OWED {owed['source_id']}/{owed['delivery_id']}: a rollback set it back"
        console.say(terminal, line, style="bold red")
