"""The agenda as one page for the table at which it is discussed: in Dutch, without a script, asking no network."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from markupsafe import Markup

from linkage import definitions
from linkage.agenda import Agenda, Ground, Item
from linkage.config import Limits
from linkage.reports.layout import HERE, Filters, asset, environment, policy
from linkage.reports.words import words

FOLDER = Path(__file__).parent
TITLE = "Agenda afstemmingsoverleg"
DUTCH = words(Limits())


def render(told: Agenda, *, made_at: datetime) -> str:
    """Return the page; the same agenda and moment give the same bytes."""
    style = asset(HERE / "page.css") + asset(HERE / "sheet.css") + asset(FOLDER / "agenda.css")
    reasons = {one.code: one for one in definitions.agenda().reasons}
    filters: Filters = {
        "number": DUTCH.number,
        "day": DUTCH.day,
        "reason": lambda ground: _reason(ground, reasons[ground.code].nl),
        "questions": lambda item: list(dict.fromkeys(reasons[g.code].question for g in item.grounds)),
        "children": children,
        "soon": lambda due: _soon(due, told.as_of),
    }
    return (
        environment(FOLDER, filters=filters)
        .get_template("agenda.html.j2")
        .render(
            policy=policy(style),
            css=Markup(style),
            title=TITLE,
            told=told,
            reasons=reasons.values(),
            colours=DUTCH["severity"],
            made=DUTCH.moment(made_at),
        )
    )


def children(item: Item) -> str:
    """Return how many children there are, and how many perhaps, as a sentence part."""
    sure, perhaps = item.children_certain, item.children_possible
    if not sure and not perhaps:
        return "geen bekend"
    if not perhaps:
        return DUTCH.number(sure)
    return f"{DUTCH.number(sure)} (misschien {DUTCH.number(sure + perhaps)})"


def _reason(ground: Ground, told: str) -> str:
    return told if ground.count is None or ground.count == 1 else f"{told} ({DUTCH.number(ground.count)})"


def _soon(due: date | None, as_of: date) -> str:
    """Return a day with how far it is."""
    if due is None:
        return ""
    days = (due - as_of).days
    return f"{DUTCH.day(due)} ({'vandaag' if days == 0 else 'morgen' if days == 1 else f'over {days} dagen'})"
