"""The verbs of the decisions: ``decide``, ``decisions`` and ``withdraw``. They show ids, never a name or a reason."""

from __future__ import annotations

from pathlib import Path

from linkage import console
from linkage.decisions import Decisions, Verdict, named
from linkage.engine.duckdb import DuckDBEngine
from linkage.store import OutFolder


def decide(out: Path, one: str, other: str, verdict: Verdict, *, by: str, reason: str) -> None:
    """Record a decision about two published mentions or persons."""
    folder = OutFolder(out)
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
        left, right = named(restricted, one, other)
    number = Decisions(folder).decide(left, right, verdict, by=by, reason=reason)
    console.say(
        console.terminal(), f"Decision {number}: {left} and {right} are {_SAID[verdict]}; the next run follows it"
    )


_SAID = {Verdict.SAME: "one person", Verdict.DIFFERENT: "two people", Verdict.UNSURE: "unsure"}


def decisions(out: Path, *, as_json: bool = False) -> None:
    """List all decisions with what the last run did with them."""
    folder = OutFolder(out)
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
        rows = restricted.rows("SELECT decision_id, outcome FROM decision") if restricted.has("decision") else []
        outcomes = {int(number): str(outcome) for number, outcome in rows}
    listed = [
        {
            "decision_id": d.decision_id,
            "decided_at": d.decided_at,
            "verdict": str(d.verdict),
            "left": str(d.left),
            "right": str(d.right),
            "withdrawn_at": d.withdrawn_at,
            "outcome": outcomes.get(d.decision_id),
        }
        for d in Decisions(folder).all()
    ]
    if as_json:
        console.show_json(listed)
    elif listed:
        shown = [
            (
                *list(row.values())[:5],
                "withdrawn" if row["withdrawn_at"] else row["outcome"] or "waits for the next run",
            )
            for row in listed
        ]
        console.table(console.terminal(), ("id", "decided at", "verdict", "mention", "mention", "last run"), shown)
    else:
        console.say(console.terminal(), "Nobody decided anything yet")


def withdraw(out: Path, decision_id: int, *, by: str, reason: str) -> None:
    """Undo a decision by a further entry."""
    Decisions(OutFolder(out)).withdraw(decision_id, by=by, reason=reason)
    console.say(console.terminal(), f"Decision {decision_id} is withdrawn; the next run follows it")
