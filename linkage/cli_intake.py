"""The verbs of what was refused: ``rejected`` and ``retry``. They show places and reasons, never what a row holds."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from linkage import cli_refused
from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, Inbox, Login, Out, Settings, who
from linkage.errors import UsageError

if TYPE_CHECKING:
    from linkage.intake.repair import Trial
    from linkage.store import OutFolder

SHOWN = 20
"""Rows of one delivery that a table shows; --json and --csv have them all."""


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    for verb in (rejected, retry):
        app.command()(verb)


def rejected(
    out: Out,
    source: Annotated[str | None, typer.Option("--source", help="Only of this source.", metavar="ID")] = None,
    delivery: Annotated[str | None, typer.Option("--delivery", help="Only this delivery.", metavar="ID")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only for this reason.", metavar="CODE")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was repaired or replaced since.")] = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a line for each refusal and rejected row.")] = False,
) -> None:
    """What was refused, row by row: where it stands, why, and what to do. Nothing personal is shown."""
    from linkage import console
    from linkage.store import OutFolder

    with guarded(out):
        if as_json and as_csv:
            raise UsageError("give --json or --csv")
        found = [
            cli_refused.only(one, reason)
            for one in cli_refused.listed(OutFolder(out))
            if (everything or one["state"] in cli_refused.OPEN) and source in (None, one["source_id"])
            and delivery in (None, one["delivery_id"])
        ]  # fmt: skip
        found = [one for one in found if reason in (None, one["reason"]) or one["rows"]]
        if as_json:
            console.show_json({"deliveries": found})
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(cli_refused.COLUMNS)
            writer.writerows(
                [cli_refused.cell(value) for value in row] for one in found for row in cli_refused.lines(one)
            )
        else:
            _show(found, out)


def _show(found: list[dict[str, Any]], out: Path) -> None:
    from linkage import console

    terminal = console.terminal()
    if not found:
        console.say(terminal, "Nothing was refused")
        return
    advice: dict[str, str] = {}
    for one in found:
        console.say(terminal, _headline(one), style="bold red" if one["state"] == "refused" else "bold")
        if one["state"] in ("accepted", "stopped") and one["message"]:
            console.say(terminal, one["message"])
        rows = [(r["file_name"], r["line_number"], r["column_name"], r["reason"]) for r in one["rows"][:SHOWN]]
        if rows:
            console.table(terminal, ("file", "line", "column", "reason"), rows)
        known = len(one["rows"])
        if known > SHOWN:
            console.say(terminal, f"… and {known - SHOWN} more: --json or --csv")
        if (one["rejected"] or 0) > sum(one["by_reason"].values()):
            console.say(
                terminal, f"Of {one['rejected']} rejected rows the first {sum(one['by_reason'].values())} are kept"
            )
        console.say(terminal)
        advice |= {row["reason"]: f"{row['meaning']}: {row['advice']}" for row in one["rows"]}
    if advice:
        console.table(terminal, ("reason", "what it means, and what to do"), sorted(advice.items()))
    waiting = [one for one in found if one["state"] in cli_refused.OPEN]
    waits = next((one for one in waiting if one["rows"]), next(iter(waiting), None))
    if waits and waits["rows"]:
        name = f"{waits['source_id']}/{waits['delivery_id']}"
        console.say(terminal, f"\nNext: inbeeld retry {name} REPAIRED.csv --inbox DIR --out {out}")
    elif waits:
        console.say(terminal, "Next: ask the source to send it again, or inbeeld retry with the repaired file")


def _headline(one: dict[str, Any]) -> str:
    name = f"{one['source_id']}/{one['delivery_id']}"
    counts = f"{one['rejected']} of {one['rows_delivered']} rows rejected" if one["rejected"] else ""
    if one["state"] == "accepted":
        return f"{name}: taken in, {counts}"
    if one["state"] == "stopped":
        return f"{name}: {counts}, in a night that was stopped; the next run reads it again"
    told = f"REFUSED {name}: {one['message']}" if one["reason"] else f"{name}: {counts}"
    became = f"repaired as {one['repaired_as']}" if one["repaired_as"] else "replaced, or gone from the inbox"
    return told if one["state"] == "refused" else f"{told} ({became})"


def retry(
    delivery: Annotated[str, typer.Argument(help="SOURCE/DELIVERY, as inbeeld rejected lists it.")],
    inbox: Inbox,
    out: Out,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Repaired files, with their names of the contract.", metavar="[FILE]...")
    ] = None,
    by: Login = None,
    reason: Annotated[str, typer.Option("--reason", help="What was repaired; stays in state/.", metavar="TEXT")] = "",
    check: Annotated[bool, typer.Option("--check", help="Only say what would be accepted.")] = False,
    fewer: Annotated[bool, typer.Option("--fewer", help="Also when fewer rows are accepted than now.")] = False,
    config: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Take a delivery in again with repaired files: check them, run, and tell what is accepted now and what remains.

    The delivery as it was sent stays in the inbox, and its refusals on record (inbeeld rejected --all).
    The repaired one is put beside it. Without FILE the delivery is read again as it stands.
    A repair corrects and adds; what an increment leaves out it does not withdraw.
    """
    from linkage import console
    from linkage.config import load

    with guarded(out):
        told = _retry(delivery, [*(files or [])], inbox, out, load(config), who(by), reason, check, fewer, as_json)
        if as_json:
            console.show_json(told)
        else:
            _show_retry(told, out)
    if told["repaired_as"] is not None and told["after"] is None:
        raise typer.Exit(UsageError.exit_code)


def _retry(
    name: str, files: list[Path], inbox: Path, out: Path, config: Any, by: str, reason: str,
    only_check: bool, fewer: bool, is_quiet: bool,
) -> dict[str, Any]:  # fmt: skip
    from linkage import console, pipeline
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.errors import BusyError
    from linkage.intake import assemble, trial
    from linkage.rejections import Rejections
    from linkage.store import OutFolder

    source_id, _, delivery_id = name.partition("/")
    folder = OutFolder(out)
    before = _open(cli_refused.listed(folder), source_id, delivery_id)
    if not inbox.is_dir():
        raise UsageError(f"inbox {inbox} is not a folder: give the folder that holds <source_id>/<delivery_id>/")
    if not files and before["state"] != "refused":
        raise UsageError(f"{name} was taken in: give the repaired file")
    with assemble(inbox, source_id, delivery_id, files, config.intake.max_file_mb) as repaired:
        with DuckDBEngine(memory_limit=config.machine.memory_limit, threads=config.machine.threads) as db:
            found = trial(db, config, repaired)
        _worth(name, found, before, fewer)
        told = _checked(source_id, delivery_id, before, found)
        if only_check:
            return told
        if (holder := folder.holder()) is not None:
            raise BusyError(f"another run (pid {holder['pid']}) holds {out}: try again when it is done")
        if files:
            names, history = ", ".join(repaired.files), Rejections(folder)
            history.repair(source_id, delivery_id, repaired_as=repaired.delivery_id, files=names, by=by, reason=reason)
            repaired.move_into(inbox)
    with guarded(out, "nothing was published"), console.Progress(console.terminal(), is_quiet=is_quiet) as progress:
        outcome = pipeline.run(config, inbox, out, None, progress)
    current = repaired.delivery_id if files else delivery_id
    told |= {"repaired_as": current, "run_id": outcome.run_id, "after": _after(folder, source_id, current)}
    told["left_out"] = _left_out(folder, source_id, delivery_id) if told["after"] else 0
    told["others"] = [{"source_id": s, "delivery_id": d, "message": m} for s, d, m in outcome.refused]
    return told


def _checked(source_id: str, delivery_id: str, before: dict[str, Any], found: Trial) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "delivery_id": delivery_id,
        "before": {name: before[name] for name in ("state", "rejected", "by_reason")},
        "check": {"rows": found.rows, "accepted": found.accepted, "rejected": dict(found.rejected)},
        "repaired_as": None,
        "after": None,
    }


def _open(found: list[dict[str, Any]], source_id: str, delivery_id: str) -> dict[str, Any]:
    mine = [one for one in found if (one["source_id"], one["delivery_id"]) == (source_id, delivery_id)]
    for one in mine:
        if one["state"] in cli_refused.OPEN:
            return one
        if one["state"] == "repaired":
            raise UsageError(f"{source_id}/{delivery_id} was repaired as {one['repaired_as']}: retry that one")
    raise UsageError(f"nothing of {source_id}/{delivery_id} waits: see inbeeld rejected")


def _worth(name: str, found: Trial, before: dict[str, Any], fewer: bool) -> None:
    """Refuse a repair that would be refused again, or that loses rows which are taken in now."""
    if found.refused is not None:
        raise UsageError(f"{name} would be refused again, nothing was changed: {found.refused.message}")
    now = (before["rows_delivered"] or 0) - (before["rejected"] or 0) if before["state"] == "accepted" else 0
    if found.accepted < now and not fewer:
        raise UsageError(
            f"{name} would have {found.accepted} rows accepted where it has {now} now, nothing was changed: "
            "give the whole file, repaired, or --fewer"
        )


def _after(folder: OutFolder, source_id: str, delivery_id: str) -> dict[str, Any] | None:
    for one in cli_refused.accepted(folder):
        if (one["source_id"], one["delivery_id"]) == (source_id, delivery_id):
            counted = Counter(row["reason"] for row in one["rows"])
            rows, count = one["rows_delivered"], one["rejected"]
            return {"rows": rows, "accepted": rows - count, "rejected": dict(counted), "remaining": one["rows"]}
    return None


def _left_out(folder: OutFolder, source_id: str, delivery_id: str) -> int:
    """Return how many current rows still come from the original: a repair without them withdraws nothing."""
    from linkage.engine.duckdb import DuckDBEngine
    from linkage.intake.records import TABLES

    where = "source_id = $1 AND delivery_id = $2"
    counted = " + ".join(f"(SELECT count(*) FROM {table} WHERE {where})" for table in TABLES)
    increment = f"EXISTS (SELECT 1 FROM delivery WHERE {where} AND status = 'accepted' AND kind = 'increment')"
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as db:
        return int(db.rows(f"SELECT CASE WHEN {increment} THEN {counted} ELSE 0 END", [source_id, delivery_id])[0][0])


def _show_retry(told: dict[str, Any], out: Path) -> None:
    from linkage import console

    terminal = console.terminal()
    name, before, after = f"{told['source_id']}/{told['delivery_id']}", told["before"], told["after"]
    was = "it was refused whole" if before["state"] == "refused" else f"{before['rejected']} rows were rejected"
    if told["repaired_as"] is None:
        check = told["check"]
        console.say(terminal, f"{name}: {check['accepted']} of {check['rows']} rows would be accepted; {was}")
        console.say(terminal, f"Would remain: {_counted(check['rejected'])}; nothing was changed")
        return
    if after is None:
        console.say(terminal, f"{name} is in the inbox as {told['repaired_as']} and was not taken in", style="bold red")
    else:
        line = (
            f"{name} is taken in as {told['repaired_as']}: {after['accepted']} of {after['rows']} rows accepted; {was}"
        )
        console.say(terminal, line, style="bold")
        console.say(terminal, f"Remains: {_counted(after['rejected'])}")
    if told["left_out"]:
        console.say(
            terminal,
            f"{told['left_out']} rows of {told['delivery_id']} that the repaired files leave out stay as they were "
            "taken in: a source withdraws a record by sending it as ingetrokken",
            style="bold yellow",
        )
    for other in told["others"]:
        console.say(
            terminal, f"REFUSED {other['source_id']}/{other['delivery_id']}: {other['message']}", style="bold red"
        )
    console.say(terminal, f"Next: inbeeld rejected --out {out}")


def _counted(reasons: dict[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "nothing"
