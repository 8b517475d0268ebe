"""The verbs of who runs the nights: ``accept``, ``rollback`` and ``doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from linkage.cli_errors import guarded
from linkage.cli_options import AsJson, Login, Out, Reason, Settings, who
from linkage.errors import UsageError, no_output_folder


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    for verb in (accept, rollback, doctor):
        app.command()(verb)


def accept(out: Out, reason: Reason, by: Login = None) -> None:
    """Let what the audit stopped pass once: the figures of the last stopped run, until a run publishes."""
    from linkage import console
    from linkage.overrides import Overrides
    from linkage.store import OutFolder

    with guarded(out):
        folder = OutFolder(out)
        overrides = Overrides(folder)
        if not overrides.path.exists():
            raise no_output_folder(out)
        with folder.lock():
            run_id, stops, missing = overrides.accept(by=who(by), reason=reason)
        terminal = console.terminal()
        console.say(terminal, f"Accepted what stopped run {run_id}:")
        for stop in stops:
            console.say(terminal, f"  {stop.told}")
        if missing:
            more = "another person" if missing == 1 else f"{missing} more people"
            console.say(terminal, f"Next: {more} must accept it too (audit.accept_persons)", style="bold yellow")
            return
        console.say(terminal, f"Next: inbeeld run --inbox DIR --out {out}; the acceptance ends with what it publishes")


def rollback(
    out: Out,
    reason: Reason,
    to: Annotated[
        str | None, typer.Option("--to", help="Run to return to; default the generation before.", metavar="RUN")
    ] = None,
    by: Login = None,
) -> None:
    """Publish an earlier night again; deliveries that came in since are taken in anew by the next run."""
    from linkage import console
    from linkage.rollback import roll_back
    from linkage.store import OutFolder

    with guarded(out):
        done = roll_back(OutFolder(out), to=to, by=who(by), reason=reason)
        terminal = console.terminal()
        console.say(terminal, f"Published {done.after} again (as of {done.as_of}), in the place of {done.before}")
        if done.deliveries:
            console.say(terminal, "The next run takes these in again; take a wrong one out of the inbox before it:")
            console.table(terminal, ("source", "delivery"), [(d.source_id, d.delivery_id) for d in done.deliveries])
        console.say(terminal, f"Next: inbeeld status --out {out}")


def doctor(
    out: Out,
    inbox: Annotated[Path | None, typer.Option("--inbox", help="Folder of the deliveries.", metavar="DIR")] = None,
    config: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Is this machine fit for tonight: packages, settings, key, folders, disk, last night, schedule."""
    from linkage import console
    from linkage.doctor import FAIL, OK, examine

    with guarded(out):
        lines = list(examine(out, config=config, inbox=inbox))
        if as_json:
            console.show_json([vars(line) for line in lines])
        else:
            terminal = console.terminal()
            for line in lines:
                style = {OK: "green", FAIL: "bold red"}.get(line.level, "yellow")
                advice = f"; {line.advice}" if line.advice else ""
                console.say(terminal, f"{line.level:<5} {line.what}: {line.told}{advice}", style=style)
        failed = [line.what for line in lines if line.level == FAIL]
        if failed:
            raise UsageError(f"{len(failed)} of {len(lines)} checks failed: {', '.join(failed)}")
