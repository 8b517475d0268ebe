"""The verb ``family``: one household in view, by ids and codes only."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, Out

if TYPE_CHECKING:
    from rich.console import Console

    from linkage.families.told import Family

NONE = "none"


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""
    app.command()(family)


def family(
    household: Annotated[
        str, typer.Argument(help="household_id of the case view, also one of an earlier night.", metavar="HOUSEHOLD")
    ],
    out: Out,
    as_json: AsJson = False,
) -> None:
    """One family in view: its colour and why, members, children, terms, hand-overs, and what happened when."""
    from linkage import console
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.families.told import tell
    from linkage.store import OutFolder

    with guarded(out):
        with DuckDBEngine(OutFolder(out).published("case_view.duckdb"), read_only=True) as view:
            told = tell(view, household)
        if as_json:
            console.show_json(told.as_dict())
        else:
            _show(console.terminal(), told)


def _show(terminal: Console, told: Family) -> None:
    from linkage import console

    came = f" (asked as {told.asked})" if told.asked != told.household_id else ""
    console.say(terminal, f"{told.household_id}{came}", style="bold")
    for name, value in _facts(told):
        console.say(terminal, f"  {name:<20} {value}")
    for title, table, columns in (
        ("Members", "household_member", ("person_id", "certainty", "valid_from", "valid_until")),
        ("Children", "household_child", ("person_id", "certainty", "age_band")),
        ("Terms", "report_term", ("report_id", "term", "started_on", "due_on", "done_on", "state")),
        ("Hand-overs", "household_handover", ("record_id", "kind", "recipient", "handed_at", "state", "days_open")),
        ("After closure", "household_closure", ("closed_at", "next_incident_at", "next_report_at")),
        ("Timeline", "case_timeline", ("occurred_at", "kind", "source_id", "record_id", "summary")),
    ):
        if rows := told.parts[table]:
            console.say(terminal)
            console.table(terminal, columns, [[_cell(row[c]) for c in columns] for row in rows], title)


def _facts(told: Family) -> list[tuple[str, object]]:
    """Return what is so of the household as a whole; what nobody knows is left out."""
    view, today, colour = (told.one(t) for t in ("household_in_view", "household_today", "household_colour"))
    given = f", given until {colour['overridden_until']}" if colour.get("overridden_until") else ""
    why = ", ".join(colour.get("factors") or ())
    tags = ", ".join(f"{row['tag']} ({row['evidence']})" for row in told.parts["household_tag"])
    facts: list[tuple[str, object]] = [
        ("as of", today.get("as_of")),
        ("colour", f"{colour['severity']}{given}: {why or NONE}" if colour.get("severity") else None),
        ("children", _children(today["children_certain"], today["children_possible"]) if today else None),
        ("open case", ("no", "yes")[bool(today["is_open_case"])] if today else None),
        ("incidents, reports", f"{view['incidents']}, {view['reports']}" if view else None),
        ("incidents before one", view["incidents_before_report"] if view.get("first_report_at") else None),
        ("days to view", view.get("days_to_view")),
        ("known at", ", ".join(row["source_id"] for row in told.parts["household_known_at"]) or None),
        ("tags", tags or None),
    ]
    return [(name, value) for name, value in facts if value is not None]


def _children(certain: int, possible: int) -> str:
    """Return how many children there are; ``possible`` are those who may be children besides."""
    if not possible:
        return str(certain or NONE)
    return f"{certain} to {certain + possible}"


def _cell(value: Any) -> object:
    """Return a value as a table shows it: a moment to the minute; midnight tells a day only."""
    if not isinstance(value, datetime):
        return "" if value is None else value
    return value.date() if value.time() == time.min else value.isoformat(sep=" ", timespec="minutes")
