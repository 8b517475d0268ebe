"""The page: one self-contained HTML file that asks nothing of a network and runs only its own script."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from linkage.reports import charts
from linkage.reports.facts import Facts, Gap
from linkage.reports.layout import HERE, asset, environment, policy
from linkage.reports.lists import CHILDREN, SEVERITIES, Case
from linkage.reports.night import Check
from linkage.reports.words import Words

COLOURS = (*SEVERITIES, "none")

AGES: Mapping[str, int | None] = {"a42": 42, "a90": 90, "a180": 180, "a365": 365, "older": None}
"""The age classes of the filter: the last day of each, the oldest without end."""

NEWS = ("new", "known")
"""Whether an incident came onto the list tonight."""

PLACES_SHOWN = 15

Choice = tuple[int, str, int]
"""An option of a filter: its index, its label, the incidents that it leaves."""


def write(path: Path, facts: Facts, texts: Words, *, run_id: str, made_at: datetime) -> None:
    """Write the page of one night; the same facts give the same bytes."""
    path.write_text(render(facts, texts, run_id=run_id, made_at=made_at), encoding="utf-8", newline="\n")


def render(facts: Facts, texts: Words, *, run_id: str, made_at: datetime) -> str:
    """Return the page."""
    css, script = asset(HERE / "page.css"), asset(HERE / "page.js")
    index = Index.of(facts, texts)
    return _template(texts).render(
        **_sentences(facts, texts, run_id, made_at),
        **_drawings(facts),
        facts=facts,
        words=texts.texts,
        title=texts["page.title"],
        policy=policy(css, script),
        css=Markup(css),
        script=Markup(script),
        data=_island(index.data(facts, texts)),
        unmatched=index.choices("unmatched", facts, facts.unmatched, texts),
        review=index.choices("review", facts, facts.review, texts),
        attention=[check for check in facts.checks if check.outcome != "passed"],
        places_shown=PLACES_SHOWN,
    )


@dataclass(frozen=True)
class Index:
    """The values that rows repeat, each once and in the order in which a reader expects them."""

    sources: Sequence[str]
    parties: Sequence[tuple[str, str]]
    """Of each of ``sources``: who delivered, and of whom a report is expected."""
    places: Sequence[str]
    causes: Sequence[str]
    codes: Sequence[str | None]
    """Of each of ``causes``: its code."""

    @classmethod
    def of(cls, facts: Facts, texts: Words) -> Index:
        """Collect the values of both lists."""
        both = [*facts.unmatched, *facts.review]
        parties = {_source(case, facts): (case.source_id, facts.expected(case) or texts["steunpunt"]) for case in both}
        codes = {texts.label("cause", case.cause): case.cause for case in facts.unmatched}
        causes = sorted(codes, key=str.casefold)
        return cls(
            sources=sorted(parties),
            parties=[parties[name] for name in sorted(parties)],
            places=sorted({texts.place(case.municipality_code) for case in both}, key=str.casefold),
            causes=causes,
            codes=[codes[name] for name in causes],
        )

    def data(self, facts: Facts, texts: Words) -> dict[str, Any]:
        """Return what the script reads: rows as lists of numbers that point to the values."""
        return {
            "language": texts["language"],
            "words": texts["list"],
            "sources": self.sources,
            "places": self.places,
            "parties": self.parties,
            "causes": self.causes,
            "lacks": [str(texts["lacks"].get(code or "", "")) for code in self.codes],
            "resolve": [texts.resolve(code) for code in self.codes],
            "day": texts["notation.day"],
            "months": texts["months"],
            "children": [texts.label("children", code) for code in CHILDREN],
            "severities": [(code, texts.label("severity", code)) for code in COLOURS],
            "ages": list(AGES.values()),
            "lists": {
                "unmatched": self._rows(facts, facts.unmatched, texts, with_cause=True),
                "review": self._rows(facts, facts.review, texts, with_cause=False),
            },
        }

    def choices(self, key: str, facts: Facts, cases: Sequence[Case], texts: Words) -> dict[str, Any]:
        """Return the filters of a list, with the options that occur in it."""
        places = [texts.place(case.municipality_code) for case in cases]
        causes = [texts.label("cause", case.cause) for case in cases] if key == "unmatched" else []
        ages = [_age_class(case.age_days or 0) for case in cases]
        told = key == "unmatched" and facts.since is not None
        return {
            "key": key,
            "title": texts["page.list" if key == "unmatched" else "page.review_list"],
            "table": texts["page.list_table" if key == "unmatched" else "page.review_table"],
            "sources": _count(self.sources, [_source(case, facts) for case in cases]),
            "places": _count(self.places, places),
            "causes": _count(self.causes, causes),
            "severities": _count(COLOURS, [case.severity for case in cases], texts["severity"]),
            "children": _count(CHILDREN, [case.children for case in cases], texts["children"]),
            "ages": _count(tuple(AGES), ages, texts["age"]),
            "news": _count(NEWS, [NEWS[not facts.is_new(case)] for case in cases], texts["list"]) if told else [],
        }

    def _rows(self, facts: Facts, cases: Sequence[Case], texts: Words, *, with_cause: bool) -> list[list[Any]]:
        source, place, cause, child, colour = (
            {value: i for i, value in enumerate(values)}
            for values in (self.sources, self.places, self.causes, CHILDREN, COLOURS)
        )
        return [
            [
                case.incident_number,
                source[_source(case, facts)],
                case.reported_on.isoformat() if case.reported_on else None,
                place[texts.place(case.municipality_code)],
                case.age_days,
                cause[texts.label("cause", case.cause)] if with_cause else None,
                child[case.children],
                colour[case.severity],
                case.repeats,
                case.household_id,
                case.candidates,
                case.best if case.best is None else round(case.best, 4),
                0 if facts.is_new(case) else 1,
            ]
            for case in cases
        ]


def _source(case: Case, facts: Facts) -> str:
    """Return who delivered an incident, and of whom a report is expected."""
    expected = facts.expected(case)
    return f"{case.source_id} → {expected}" if expected else case.source_id


def _rate_help(facts: Facts, texts: Words) -> str:
    """Return what stands beneath the gap: the estimate, or else how far the doubtful ones can move it."""
    total, told = facts.total, facts.estimate
    if told:
        shares = {"rate": texts.percent(told.rate), "low": texts.percent(told.low), "high": texts.percent(told.high)}
        return str(texts.say("page.rate_estimate", **shares))
    if total.low is None:
        return str(texts["page.rate_help"])
    return str(texts.say("page.rate_between", low=texts.percent(total.low), high=texts.percent(total.high)))


def _sentences(facts: Facts, texts: Words, run_id: str, made_at: datetime) -> dict[str, str]:
    say, total, unmatched = texts.say, facts.total, facts.statuses["unmatched"]
    headline = (
        {0: "headline_none", 1: "headline_one"}.get(unmatched, "headline_many") if facts.incidents else "nothing_yet"
    )
    bad = sum(check.outcome != "passed" for check in facts.checks)
    verdict = "checks_none" if not facts.checks else "checks_some" if bad else "checks_all_good"
    known = [month.month for month in facts.months if month.month]
    return {
        "as_of": say("page.as_of", as_of=texts.day(facts.as_of)) + (f" · {facts.audience}" if facts.audience else ""),
        "stale": texts.stale(facts.stale) if facts.stale else "",
        "headline": say(f"page.{headline}", unmatched=texts.number(unmatched)),
        "lead": say("page.lead", incidents=texts.number(facts.incidents), seen=texts.number(facts.seen))
        if facts.incidents and facts.has_figures
        else "",
        "rate": texts["page.rate_unknown"] if total.rate is None else texts.percent(total.rate),
        "rate_help": _rate_help(facts, texts),
        "statuses_alt": say("page.statuses_alt", incidents=texts.number(facts.incidents)),
        "months_alt": say("page.months_alt", first=texts.month(known[0]), last=texts.month(known[-1])) if known else "",
        "months_dropped": say("page.months_dropped", shown=charts.SHOWN_MONTHS),
        "places_more": say("page.municipalities_more", count=texts.number(len(facts.municipalities))),
        "since": _since(facts, texts),
        "checks": say(f"page.{verdict}", bad=texts.number(bad), count=texts.number(len(facts.checks))),
        "period": say("page.period", first=texts.day(facts.first), last=texts.day(facts.last)) if facts.first else "",
        "made": say("page.made", made_at=texts.moment(made_at), run_id=run_id),
    }


def _since(facts: Facts, texts: Words) -> str:
    """Return what changed since the publication before; empty on the first night."""
    if facts.since is None:
        return ""
    before, gone = texts.day(facts.since.before), len(facts.since.resolved)
    if not facts.since.new and not gone:
        return texts.say("page.since_none", before=before)
    told = texts.say("page.since", before=before, new=texts.number(len(facts.since.new)), resolved=texts.number(gone))
    how = [texts.say("page.since_one", n=texts.number(n), how=texts.how(code)) for code, n in facts.since.how()]
    return told + (" " + texts.say("page.since_how", how=", ".join(how)) if how else "")


def _drawings(facts: Facts) -> dict[str, Any]:
    return {
        "bar": charts.status_bar(facts.statuses),
        "chart": charts.month_chart(facts.months),
        "highest": max((place.high or 0.0 for place in facts.municipalities), default=0.0) or 1.0,
    }


def _count(values: Sequence[str], found: Sequence[str], labels: Mapping[str, str] | None = None) -> list[Choice]:
    counts: dict[str, int] = {}
    for value in found:
        counts[value] = counts.get(value, 0) + 1
    return [(i, (labels or {}).get(v, v), counts[v]) for i, v in enumerate(values) if v in counts]


def _age_class(days: int) -> str:
    return next(code for code, last in AGES.items() if last is None or days <= last)


def _island(data: object) -> Markup:
    """Return JSON that cannot end its script element, whatever the data hold."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # escaped above


def _template(texts: Words) -> Template:
    filters: dict[str, Callable[..., object]] = {
        "number": lambda value: "–" if value is None else texts.number(value),
        "percent": texts.percent,
        "whole_percent": texts.whole_percent,
        "month": texts.month,
        "interval": lambda gap: _interval(gap, texts),
        "place": lambda code, merged: texts.place(code, merged.get(code, ())),
        "cause": lambda code: texts.label("cause", code),
        "reason": lambda code: texts.label("reason", code),
        "until": texts.until,
        "observed": lambda check: _observed(check, texts),
    }
    return environment(filters=filters).get_template("page.html.j2")


def _interval(gap: Gap, texts: Words) -> str:
    return "–" if gap.low is None else f"{texts.percent(gap.low)} – {texts.percent(gap.high)}"


def _observed(check: Check, texts: Words) -> str:
    if check.failing_rows is None or check.total_rows is None:
        return texts.label("outcome", check.outcome)
    return texts.say("page.observed", n=texts.number(check.failing_rows), total=texts.number(check.total_rows))
