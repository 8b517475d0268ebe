"""The command ``inbeeld``: every verb prints what it did and where to look next.

It ends with 0 (done), 1 (a quality gate stopped the run, nothing was published), 2 (bad usage or input, one
line on standard error), 130 (interrupted). Heavy packages are imported inside the verbs.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from linkage import (
    __version__,
    cli_export,
    cli_families,
    cli_family,
    cli_intake,
    cli_kpi,
    cli_operate,
    cli_review,
    cli_train,
)
from linkage.cli_errors import UNTOUCHED, complain, guarded
from linkage.cli_options import TRUTH, AsJson, By, Html, Inbox, Out, Reason, Settings, day, renamed
from linkage.decisions import Verdict
from linkage.errors import InbeeldError, UsageError

app = typer.Typer(
    name="inbeeld",
    help="Links police incidents to reports of the steunpunt, every night, into one checked case view.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"token_normalize_func": renamed},
    pretty_exceptions_enable=False,
)

CHECKOUT = Path(__file__).resolve().parents[1]
INTERRUPTED = 130
DICTIONARY = CHECKOUT / "docs" / "data-dictionary.md"


class Noise(StrEnum):
    """How dirty the synthetic records are."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"inbeeld {__version__}")
        raise typer.Exit


@app.callback()
def _inbeeld(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    inbox: Inbox,
    out: Out,
    config: Settings = None,
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of", parser=day, metavar="DATE", help="Day to answer for; default the newest day delivered."
        ),
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Compare all mentions anew, also those that did not change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """One nightly reconciliation: every delivery not taken in yet, to a published case view."""
    from linkage import cli_verbs
    from linkage.config import load

    with guarded(out):
        outcome = cli_verbs.reconcile(load(config), inbox, out, as_of, from_scratch=from_scratch, as_json=as_json)
    raise typer.Exit(outcome.exit_code)


@app.command()
def demo(
    out: Out = Path("demo"),
    regions: Annotated[
        bool, typer.Option("--regions", help="The four regions, each from its own folder of settings and samples.")
    ] = False,
) -> None:
    """Reconcile the shipped synthetic samples, then show what was found."""
    from linkage import cli_regions, cli_verbs

    if regions:
        raise typer.Exit(cli_regions.demo(CHECKOUT / "data_samples" / "regions", out / "regions"))
    with guarded(out):
        outcome = cli_verbs.demo(CHECKOUT / "data_samples", out)
    raise typer.Exit(outcome.exit_code)


@app.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="Folder that gets inbox/ and truth/.", metavar="DIR")],
    incidents: Annotated[int, typer.Option("--incidents", min=1, metavar="N", help="Police incidents.")] = 2000,
    noise: Annotated[Noise, typer.Option("--noise", help="How dirty the records are.")] = Noise.MEDIUM,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Same seed, same files.")] = 1,
    nights: Annotated[
        int | None, typer.Option("--nights", metavar="N", help="Deliveries after the full ones; default a few.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings whose partners and municipalities to simulate.", metavar="FILE"),
    ] = None,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=day, metavar="DATE", help="Last day of the three years; default 2025-03-13."),
    ] = None,
) -> None:
    """Write a synthetic inbox with its truth beside it."""
    from linkage import console, simulate
    from linkage.config import load

    with guarded(None):
        if (out / "inbox").exists() and not (out / "truth").exists():
            raise UsageError(f"{out / 'inbox'} is an inbox without a truth beside it: give another folder")
        simulate.write_sample(
            out,
            incidents=incidents,
            noise=noise.value,
            seed=seed,
            nights=nights,
            config=None if config is None else load(config),
            until=until or simulate.LAST_DAY,
        )
        terminal = console.terminal()
        console.say(terminal, f"Wrote {out / 'inbox'} and {out / 'truth'}")
        console.say(terminal, f"Next: inbeeld run --inbox {out / 'inbox'} --out {out / 'out'}")


@app.command()
def evaluate(
    out: Out,
    truth: Annotated[Path, TRUTH],
    as_json: AsJson = False,
) -> None:
    """Precision, recall and F1 of persons, households and incident links against a truth."""
    from linkage import cli_verbs

    with guarded(out):
        cli_verbs.evaluate(out, truth, as_json=as_json)


@app.command()
def explain(
    out: Out,
    incident_number: Annotated[str | None, typer.Argument(help="Police incident, PLxxxx-YYYYnnnnnn.")] = None,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option("--pair", help="Two mentions (source_id:incident|case:record_id:person_seq) or two person_ids."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Source of the incident, where several have its number.", metavar="ID"),
    ] = None,
    html: Html = None,
    config: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Why an incident is matched, in review or unmatched; or why two mentions are one person or two."""
    from linkage import cli_explain
    from linkage.config import load

    with guarded(out):
        cli_explain.run(out, incident_number, pair, source=source, config=load(config), html=html, as_json=as_json)


@app.command()
def model(
    out: Out,
    truth: Annotated[Path | None, TRUTH] = None,
    html: Html = None,
    config: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Diagnostics of the published night's model: blocking, levels, weights, what cannot be linked, accuracy."""
    from linkage import cli_model
    from linkage.config import load

    with guarded(out):
        cli_model.run(out, config=load(config), truth=truth, html=html, as_json=as_json)


@app.command()
def decide(
    mention_a: Annotated[str, typer.Argument(help="source_id:incident|case:record_id:person_seq, or a person_id.")],
    mention_b: Annotated[str, typer.Argument(help="The other mention, or the other person_id.")],
    verdict: Annotated[Verdict, typer.Argument(help="One person, two people, or nobody can tell now.")],
    by: By,
    reason: Reason,
    out: Out,
) -> None:
    """Decide whether two mentions are one person; the next run follows it."""
    from linkage import cli_decisions

    with guarded(out):
        cli_decisions.decide(out, mention_a, mention_b, verdict, by=by, reason=reason)


@app.command()
def decisions(out: Out, as_json: AsJson = False) -> None:
    """All decisions, also those withdrawn, with what the last run did with them."""
    from linkage import cli_decisions

    with guarded(out):
        cli_decisions.decisions(out, as_json=as_json)


@app.command()
def withdraw(
    decision_id: Annotated[int, typer.Argument(help="Number of the decision.", metavar="ID")],
    by: By,
    reason: Reason,
    out: Out,
) -> None:
    """Undo a decision; it stays on record."""
    from linkage import cli_decisions

    with guarded(out):
        cli_decisions.withdraw(out, decision_id, by=by, reason=reason)


cli_train.register(app)
cli_operate.register(app)
cli_intake.register(app)
cli_kpi.register(app)
cli_export.register(app)
cli_family.register(app)
cli_families.register(app)
cli_review.register(app)


@app.command()
def status(out: Out, as_json: AsJson = False) -> None:
    """The last runs, open reviews, the gap now; also while a run is going."""
    from linkage import cli_status, console

    with guarded(out):
        found = cli_status.status(out)
        if as_json:
            console.show_json(found)
        else:
            cli_status.show(console.terminal(), found)


@app.command()
def dictionary(
    out: Annotated[
        Path, typer.Option("--out", help="File to write; a page where its name ends in .html.", metavar="FILE")
    ] = DICTIONARY,
) -> None:
    """Write the data dictionary: every table, column, code list and source profile of schemas/."""
    from linkage import console
    from linkage.dictionary import page, render

    with guarded(None):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page() if out.suffix == ".html" else render(), encoding="utf-8")
        console.say(console.terminal(), f"Wrote {out}")


def main() -> None:
    """Run the command and end the process with its exit code; what goes wrong is one line."""
    os.umask(0o077)
    # Nothing here multiplies large matrices, and threads that wait for one to come are busy waiting.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _silence()
    try:
        with guarded(None):
            code = app(prog_name="inbeeld", standalone_mode=False)
        if code == INTERRUPTED:
            complain(f"interrupted; {UNTOUCHED}")
    except typer.TyperException as error:
        code = _usage(error)
    except InbeeldError as error:
        complain(str(error))
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: typer.TyperException) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":  # the help was printed when the error was made
        return 2
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "inbeeld"
    message = str(getattr(error, "format_message", error.__str__)()).replace("Value error, ", "").rstrip(".")
    complain(f"{message}; see {command} --help")
    return 2


def _silence() -> None:
    """Keep warnings and log lines of our packages, which may quote rows, away from the terminal."""
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.getLogger().addHandler(logging.NullHandler())
