"""The verb ``explain``: an incident or a pair in the terminal, as JSON, or as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from linkage import console
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.explain import Explanation, PairExplanation, Scale, Step, explain, explain_pair, page
from linkage.explain.shortfall import UNLINKED
from linkage.reports import layout
from linkage.store import OutFolder
from linkage.thresholds import Thresholds

BAR = 34
"""Columns of the drawn part of a waterfall."""


def run(
    out: Path,
    number: str | None,
    pair: tuple[str, str] | None,
    *,
    config: Config,
    source: str | None = None,
    html: Path | None = None,
    as_json: bool = False,
) -> None:
    """Explain the incident or the pair that was asked for."""
    if (number is None) == (pair is None):
        raise UsageError("give an incident number, or --pair with two mentions or persons")
    folder = OutFolder(out)
    with DuckDBEngine(folder.published("restricted.duckdb"), read_only=True) as restricted:
        model = folder.published("model.json")
        told: Explanation | PairExplanation
        if pair is not None:
            told = explain_pair(restricted, *pair, config=config, model=model)
        else:
            told = explain(restricted, number or "", source, config=config, model=model)
    terminal = console.terminal()
    if html is not None:
        layout.save(page.render(told), html)
    if as_json:
        console.show_json(told.as_dict())
        return
    show_pair(terminal, told) if isinstance(told, PairExplanation) else show_incident(terminal, told)
    if html is not None:
        console.say(terminal, f"\nWrote {html}")


def show_incident(terminal: Console, told: Explanation) -> None:
    """Write why an incident has its status."""
    incident = told.incident
    console.say(
        terminal,
        f"{incident['incident_number']} ({incident['source_id']}), reported {incident['reported_at']:%Y-%m-%d %H:%M}",
        style="bold",
    )
    console.say(terminal, f"  status {incident['status']}: {told.rule}")
    if incident["duplicate_of"]:
        console.say(terminal, f"  a technical duplicate of {incident['duplicate_of']}")
    if incident["covering_report_id"]:
        told_by = f"{incident['covering_report_id']} ({incident['covering_report_source_id']})"
        console.say(terminal, f"  covered by the case of report {told_by}")
    console.say(terminal, f"  household {incident['household_id'] or 'none'}, colour {incident['severity'] or 'none'}")
    _section(terminal, "persons", [_person(p) for p in told.persons])
    _section(terminal, "reports that belong to it, or may", [_link(link) for link in told.links])
    _section(terminal, "other reports of these people, and why not", [_reason(r) for r in told.not_chosen])
    _section(terminal, "evidence for the shared persons", [""] if told.evidence else [])
    for pair in told.evidence:
        _evidence(terminal, pair, told.thresholds)
    _section(terminal, "nearest candidates on a report, and what they lacked", [""] if told.shortfalls else [])
    if told.incident["status"] in UNLINKED and not told.shortfalls:
        console.say(terminal, f"\n  {page.NOBODY}")
    for pair in told.shortfalls:
        _shortfall(terminal, pair, told.thresholds)


def show_pair(terminal: Console, told: PairExplanation) -> None:
    """Write what makes two mentions one person or two."""
    for side in (told.left, told.right):
        age = "age unknown" if side.age is None else f"{side.age} years"
        console.say(terminal, f"{side}  {side.role or 'no role'}, {age}, {side.person_id or 'no person'}")
    weight, probability = told.match_weight, told.match_probability
    console.say(terminal, f"  weight {weight:+.1f}, probability {probability:.4f}: {page.VERDICTS[told.verdict]}")
    console.say(terminal, f"  {page.resolved(told)}")
    console.say(terminal, f"  blocking rules with a key in common: {', '.join(told.rules) or 'none'}\n")
    waterfall(terminal, told.parts, told.thresholds)
    if told.not_compared:
        console.say(terminal, f"\n  not compared, a value is missing: {', '.join(told.not_compared)}")
    if told.costliest:
        console.say(terminal, f"  what cost it most: {page.cost(told.costliest)}")


def waterfall(terminal: Console, steps: Sequence[Step], thresholds: Thresholds) -> None:
    """Write steps as rows: the weight, the total so far, and a bar from the total before to the total after."""
    scale = Scale.of(steps, (thresholds.sure, thresholds.possible))
    marks = {round(scale.at(thresholds.possible, BAR - 1)): "┊", round(scale.at(thresholds.sure, BAR - 1)): "│"}
    console.say(terminal, f"  {'adds':>6} {'total':>7}", style="bold")
    for step in steps:
        line = Text(f"  {step.weight:+6.1f} {step.after:+7.1f}  ")
        line.append_text(_bar(scale, step, marks))
        line.append(f"  {step.comparison} {step.level}".rstrip())
        terminal.print(line, soft_wrap=True)
    key = (
        f"│ certain from {thresholds.sure:+.1f}, ┊ possible from {thresholds.possible:+.1f}, █ speaks for one person, "
    )
    console.say(terminal, f"{' ' * 18}{key}▒ against", style="dim")


def _bar(scale: Scale, step: Step, marks: Mapping[int, str]) -> Text:
    left, right = (round(end) for end in scale.bar(step, BAR - 1))
    sign, style = ("█", "cyan") if step.weight >= 0 else ("▒", "red")
    drawn = Text()
    for place in range(BAR):
        if left <= place <= right:
            drawn.append(sign, style=style)
        else:
            drawn.append(marks.get(place, " "))
    return drawn


def _evidence(terminal: Console, pair: Mapping[str, Any], thresholds: Thresholds) -> None:
    same = "is" if pair["is_same_person"] else f"may be {pair['other_person_id']}, who is"
    head = f"    {pair['person_id']} {same} named at {pair['report_id']}: weight {pair['match_weight']:.1f}"
    console.say(terminal, head, style="bold")
    waterfall(terminal, [Step(**part) for part in pair["parts"]], thresholds)
    console.say(terminal)


def _shortfall(terminal: Console, pair: Mapping[str, Any], thresholds: Thresholds) -> None:
    head = f"    {pair['left']['person_id']} is not {pair['right']['person_id']} of {pair['report_id']}"
    console.say(terminal, f"{head} ({pair['delay_days']} days): weight {pair['match_weight']:.1f}", style="bold")
    console.say(terminal, f"    {pair['why_not']}")
    waterfall(terminal, [Step(**part) for part in pair["parts"]], thresholds)
    console.say(terminal)


def _section(terminal: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.say(terminal, f"\n  {title}:", style="bold")
        for line in lines:
            console.say(terminal, f"    {line}".rstrip()) if line else None


def _person(person: Mapping[str, Any]) -> str:
    age = "age unknown" if person["age_at_event"] is None else f"{person['age_at_event']} years"
    known = "known at the steunpunt" if person["known_at_steunpunt"] else "not known at the steunpunt"
    return f"{person['person_id']}  {person['role'] or 'no role'} ({person['standing']}), {age}, {known}"


def _link(link: Mapping[str, Any]) -> str:
    mark = "answers it: " if link["is_answer"] else ""
    return (
        f"{mark}{link['report_id']}  {link['link_class']}, probability {link['match_probability']:.3f}, "
        f"{link['delay_days']} days, {link['shared_persons']} shared persons, by {link['reporter_category']}: "
        f"{link['because']}"
    )


def _reason(report: Mapping[str, Any]) -> str:
    shared, about = report["shared_persons"], report["match_probability"]
    chance = f", about this incident with probability {about:.2f}" if about is not None else ""
    return f"{report['report_id']}  {report['delay_days']} days, {shared} shared persons{chance}: {report['why_not']}"
