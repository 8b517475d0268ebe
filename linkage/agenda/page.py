"""The agenda as one page for the table at which it is discussed: without a script, asking no network."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from markupsafe import Markup

from linkage import definitions
from linkage.agenda import Agenda, Ground, Item
from linkage.config import Limits
from linkage.definitions import Reason
from linkage.reports.layout import HERE, Filters, asset, environment, policy
from linkage.reports.words import Words, words

FOLDER = Path(__file__).parent


@cache
def texts(language: str) -> Words:
    """Return the words of the page."""
    return Words(tomllib.loads((FOLDER / f"texts_{language}.toml").read_text(encoding="utf-8")))


def render(told: Agenda, *, made_at: datetime, language: str = "nl") -> str:
    """Return the page; the same agenda, moment and language give the same bytes."""
    page = _Page(words(Limits(), language), texts(language), is_english=language == "en")
    style = asset(HERE / "page.css") + asset(HERE / "sheet.css") + asset(FOLDER / "agenda.css")
    reasons = {one.code: one for one in definitions.agenda().reasons}
    filters: Filters = {
        "number": page.notation.number,
        "day": page.notation.day,
        "named": page.named,
        "reason": lambda ground: page.ground(ground, reasons[ground.code]),
        "questions": lambda item: list(dict.fromkeys(page.question(reasons[g.code]) for g in item.grounds)),
        "children": page.children,
        "soon": lambda due: page.soon(due, told.as_of),
    }
    return (
        environment(FOLDER, filters=filters)
        .get_template("agenda.html.j2")
        .render(
            policy=policy(style),
            css=Markup(style),
            language=language,
            say=page.texts.say,
            title=page.texts["title"],
            told=told,
            reasons=reasons.values(),
            colours=page.notation["severity"],
            made=page.notation.moment(made_at),
        )
    )


@dataclass(frozen=True)
class _Page:
    notation: Words
    texts: Words
    is_english: bool

    def named(self, reason: Reason) -> str:
        return reason.en if self.is_english else reason.nl

    def question(self, reason: Reason) -> str:
        return reason.question_en if self.is_english else reason.question

    def ground(self, ground: Ground, reason: Reason) -> str:
        told = self.named(reason)
        return told if ground.count is None or ground.count == 1 else f"{told} ({self.notation.number(ground.count)})"

    def children(self, item: Item) -> str:
        """Return how many children there are, and how many perhaps, as a sentence part."""
        sure, perhaps = item.children_certain, item.children_possible
        if not sure and not perhaps:
            return str(self.texts["no_children"])
        known = self.notation.number(sure)
        return self.texts.say("perhaps", sure=known, all=self.notation.number(sure + perhaps)) if perhaps else known

    def soon(self, due: date | None, as_of: date) -> str:
        """Return a day with how far it is."""
        if due is None:
            return ""
        days = (due - as_of).days
        path = "today" if days == 0 else "tomorrow" if days == 1 else "in_days"
        return self.texts.say(path, day=self.notation.day(due), n=days)
