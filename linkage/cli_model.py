"""The verb ``model``: short tables in the terminal, everything on a page or as JSON."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from linkage import console
from linkage.config import Config
from linkage.decisions import Decisions
from linkage.diagnose import Diagnosis, diagnose, page
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.reports import layout
from linkage.store import OutFolder


def run(
    out: Path, *, config: Config, truth: Path | None = None, html: Path | None = None, as_json: bool = False
) -> None:
    """Diagnose the model of the published night."""
    if truth is not None and not truth.is_dir():
        raise UsageError(f"truth {truth} is not a folder: give the one with mention_truth and incident_truth")
    folder = OutFolder(out)
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
        told = diagnose(
            restricted,
            folder.published("model.json"),
            config=config,
            truth=truth,
            decisions=Decisions(folder).active(),
        )
    if html is not None:
        manifest = folder.manifest() or {}
        layout.save(page.render(told, run_id=str(manifest.get("run_id", ""))), html)
    if as_json:
        console.show_json(told.as_dict())
        return
    terminal = console.terminal()
    show(terminal, told)
    console.say(terminal, f"\nWrote {html}" if html else "\nEverything on one page: add --html FILE")


def show(terminal: Console, told: Diagnosis) -> None:
    """Write the diagnostics as short tables."""
    console.say(terminal, f"Model {told.model}, {told.mentions} mentions", style="bold")
    rates = ", ".join(f"{rate:.2f} {name}" for name, rate in told.rates.items())
    console.say(terminal, f"pairs per mention: {rates}\n")
    _pairs(terminal, told)
    _rules(terminal, told)
    _unlinkable(terminal, told)
    _accuracy(terminal, told)


def _pairs(terminal: Console, told: Diagnosis) -> None:
    counted, sure, possible = told.histogram, told.thresholds.sure, told.thresholds.possible
    rows = [
        (f"certain, from {sure:+.1f} bits", counted.sure),
        (f"possible, from {possible:+.1f} bits", counted.possible),
        ("below", counted.below if told.is_counted else None),
        ("all", counted.pairs),
    ]
    console.table(terminal, ("match weight", "pairs"), rows)
    if not told.is_counted:
        console.say(terminal, "this night kept no pattern_count: only pairs of table pair are counted, and no rules")
    console.say(terminal)


def _rules(terminal: Console, told: Diagnosis) -> None:
    header = ("blocking rule", "pairs", "certain", "alone", "certain alone", "blocks left out", "largest")
    rows: list[tuple[str | int | None, ...]] = [
        (r.rule, r.pairs, r.sure, r.alone, r.sure_alone, r.dropped_blocks, max(r.largest_left_out, default=None))
        for r in told.rules
    ]
    if told.related_pairs is not None:
        both = told.related_pairs, told.related_sure
        rows.append(("on related records", *both, *both, None, None))
    console.table(terminal, header, rows)


def _unlinkable(terminal: Console, told: Diagnosis) -> None:
    bare, (same, other) = told.unlinkable, told.unlinkable.shares
    console.say(terminal, "\nCannot be linked: even an exact copy would stay below certain", style="bold")
    rows = [
        ("a copy of the same source", bare.same_source, console.percent(same)),
        ("a copy of another source", bare.other_source, console.percent(other)),
    ]
    console.table(terminal, ("", "mentions", "share"), rows)


def _accuracy(terminal: Console, told: Diagnosis) -> None:
    found = told.accuracy
    if found is None:
        console.say(terminal, "\nPrecision and recall: give --truth DIR, or decide about pairs (inbeeld decide)")
        return
    console.say(terminal, f"\nPairs against {found.source} ({found.used} used, {found.unused} not)", style="bold")
    if found.source == "decisions":
        console.say(terminal, "People look at doubtful pairs and at errors: these are no figures of all pairs")
    rows = [
        (name, p.precision, p.recall, p.f1, p.right, p.wrong, p.missed)
        for name, p in (("certain", found.sure), ("possible", found.possible))
    ]
    console.table(terminal, ("from", "precision", "recall", "F1", "right", "wrong", "missed"), rows)
    console.say(terminal)
    classes = [
        (f"{c.low:g} to {c.high:g}", c.pairs, c.promised, c.observed, c.error, c.people, c.observed_of_people)
        for c in found.calibration
    ]
    header = ("probability", "pairs", "promised", "observed", "error", "pairs of people", "observed of people")
    console.table(terminal, header, classes)
