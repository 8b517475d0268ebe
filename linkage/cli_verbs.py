"""What the larger verbs of the command do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from linkage import cli_summary, console, pipeline, reports
from linkage.cli_errors import complain, guarded
from linkage.config import Config, load
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.store import OutFolder

if TYPE_CHECKING:
    from linkage.pipeline import Outcome


def reconcile(
    config: Config,
    inbox: Path,
    out: Path,
    as_of: date | None,
    *,
    from_scratch: bool = False,
    as_json: bool = False,
) -> Outcome:
    """Run one night and show how it ended; refused deliveries come first, and once more on standard error."""
    if out.resolve().is_relative_to(inbox.resolve()):
        raise UsageError(f"output {out} lies in the inbox: give a folder outside it")
    terminal = console.terminal()
    with guarded(out, "nothing was published"), console.Progress(terminal, is_quiet=as_json) as progress:
        outcome = pipeline.run(config, inbox, out, as_of, progress, from_scratch=from_scratch)
    if as_json:
        console.show_json(_outcome(outcome, out))
    else:
        _show_outcome(terminal, outcome, out)
    if outcome.refused:
        source, delivery, message = outcome.refused[0]
        more = f" (and {len(outcome.refused) - 1} more)" if len(outcome.refused) > 1 else ""
        complain(f"refused {source}/{delivery}{more}: {message}")
    return outcome


def demo(samples: Path, out: Path) -> Outcome:
    """Reconcile the shipped samples and show the statuses, one incident of the gap, and the truth."""
    if not (samples / "inbox").is_dir():
        raise UsageError(f"the shipped samples are not at {samples}: run the demo from a checkout")
    outcome = reconcile(load(), samples / "inbox", out, None)
    from linkage import cli_explain

    terminal = console.terminal()
    with _published(out, "case_view.duckdb") as view:
        example = cli_summary.example_unmatched(view)
    if example is not None:
        console.say(terminal, f"\nOne incident of the gap: inbeeld explain {example} --out {out}", style="bold")
        cli_explain.run(out, example, None, config=load())
    truth = samples / "truth"
    console.say(terminal, f"\nAgainst the known truth: inbeeld evaluate --out {out} --truth {truth}", style="bold")
    evaluate(out, truth, is_short=True)
    return outcome


def evaluate(out: Path, truth: Path, *, as_json: bool = False, is_short: bool = False) -> None:
    """Show how well the published case view agrees with a truth."""
    if not truth.is_dir():
        raise UsageError(f"truth {truth} is not a folder: give the one with mention_truth and incident_truth")
    from linkage.evaluate import evaluate as measure

    with _published(out, "case_view.duckdb") as view:
        found = measure(view, truth).as_dict()
    if as_json:
        console.show_json(found)
        return
    terminal, by_why = console.terminal(), found.pop("status_by_why", {})
    console.show_nested(terminal, found)
    if not is_short:
        rows = [(why, sum(row.values()), _counted(row)) for why, row in by_why.items()]
        console.table(terminal, ("what truly happened", "incidents", "their statuses"), rows)


def _counted(row: dict[str, int]) -> str:
    """Return the counts of a row in words, the most frequent first, without those that are nought."""
    return ", ".join(f"{name} {n}" for name, n in sorted(row.items(), key=lambda item: (-item[1], item[0])) if n)


@contextmanager
def _published(out: Path, name: str) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(OutFolder(out).published(name), read_only=True) as db:
        yield db


def _outcome(outcome: Outcome, out: Path) -> dict[str, Any]:
    folder = OutFolder(out)
    told: dict[str, Any] = {
        "run_id": outcome.run_id,
        "status": outcome.status,
        "as_of": outcome.as_of,
        "accepted": outcome.accepted,
        "refused": [{"source_id": s, "delivery_id": d, "message": m} for s, d, m in outcome.refused],
        "stale": list(outcome.stale),
        "seconds": round(outcome.seconds, 1),
        "exit_code": outcome.exit_code,
    }
    if folder.current() is not None:
        with _published(out, "case_view.duckdb") as view:
            told |= cli_summary.summary(view)
            told["withheld"] = list(reports.withheld(view))
        told["paths"] = {name: str(folder.path / name) for name in ("case_view.duckdb", "restricted.duckdb", "reports")}
    return told


def _show_outcome(terminal: Console, outcome: Outcome, out: Path) -> None:
    console.say(terminal)
    for source, delivery, message in outcome.refused:
        console.say(terminal, f"REFUSED {source}/{delivery}: {message}", style="bold red")
    for source in outcome.stale:
        console.say(terminal, f"STALE {source}", style="bold yellow")
    deliveries = f"{outcome.accepted} deliver{'y' if outcome.accepted == 1 else 'ies'}"
    if outcome.status == "nothing_new":
        console.say(terminal, f"Nothing new came in; run {outcome.run_id}, {outcome.seconds:.1f} s")
    else:
        console.say(terminal, f"Published {outcome.run_id}: {deliveries} taken in, {outcome.seconds:.1f} s")
    if OutFolder(out).current() is None:
        return
    with _published(out, "case_view.duckdb") as view:
        found, withheld = cli_summary.summary(view), list(reports.withheld(view))
    for line in withheld:
        console.say(terminal, f"WITHHELD {line}", style="bold yellow")
    console.say(terminal, f"Case view as of {OutFolder(out).published_as_of()}\n")
    console.show_summary(terminal, found)
    look_next(terminal, out)


def look_next(terminal: Console, out: Path) -> None:
    """Show where the results are."""
    rows = [
        (str(out / "reports"), "lists and pages for managers"),
        (str(out / "case_view.duckdb"), "for analysts: pseudonymous, every column commented"),
        (str(out / "restricted.duckdb"), "for reviewers: identifying columns, pairs, evidence"),
        (f"inbeeld explain INCIDENT_NUMBER --out {out}", "why an incident is matched or not"),
    ]
    console.say(terminal, "\nWhere to look next:", style="bold")
    width = max(len(where) for where, _ in rows)
    for where, what in rows:
        console.say(terminal, f"{where:<{width}}  {what}")
