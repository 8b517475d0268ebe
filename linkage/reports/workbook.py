"""The workbook: the lists, to sort, filter and print in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from linkage.reports.facts import Facts, Gap
from linkage.reports.lists import Case
from linkage.reports.sheets import Book, Column, Sheet, Shown, Value
from linkage.reports.since import Resolved
from linkage.reports.words import Words, local, share_of

_BEFORE_CAUSE = (
    Column("incident_number", 22),
    Column("source_id", 16),
    Column("reported_on", 12, "day"),
    Column("municipality", 24),
    Column("age_days", 9, "count"),
)
_AFTER_CAUSE = (
    Column("children", 11),
    Column("severity", 10),
    Column("repeats", 13, "count"),
    Column("household_id", 26),
)
_EXPECTED = Column("expected", 30)
_UNMATCHED = (
    *_BEFORE_CAUSE,
    Column("cause", 40),
    *_AFTER_CAUSE,
    Column("lacks", 44, "wrapped"),
    Column("resolve", 60, "wrapped"),
    Column("is_new", 12),
)
_RESOLVED = (
    Column("incident_number", 22),
    Column("source_id", 16),
    Column("reported_on", 12, "day"),
    Column("municipality", 24),
    Column("how", 36),
    Column("delay_days", 14, "count"),
)
_PENDING = (*_BEFORE_CAUSE, *_AFTER_CAUSE)
_REVIEW = (*_BEFORE_CAUSE, Column("candidates", 12, "count"), Column("best", 10, "share"), *_AFTER_CAUSE)
_COUNTS = ("incidents", "matched", "late", "covered", "review", "pending", "unmatched", "excluded")
_GAP = (
    Column("municipality", 26),
    Column("month", 11, "month"),
    *(Column(key, 11, "count") for key in _COUNTS),
    *(Column(key, 11, "share") for key in ("gap_rate", "gap_low", "gap_high")),
)
_STATUSES = (
    Column("status", 36),
    Column("count", 14, "count"),
    Column("share", 18, "share"),
    Column("meaning", 100, "wrapped"),
)
_SOURCES = (
    Column("source_id", 36),
    Column("covers_until", 14, "day"),
    Column("age", 18, "count"),
    Column("state", 100),
)
_CHECKS = (
    Column("check", 90, "wrapped"),
    Column("outcome", 18),
    Column("on_table", 22),
    Column("observed", 12, "count"),
    Column("rows", 12, "count"),
)
_REJECTED = (Column("reason", 90, "wrapped"), Column("source_id", 18), Column("file", 22), Column("count", 12, "count"))
_GLOSSARY = (Column("term", 36), Column("meaning", 120, "wrapped"))


def write(path: Path, facts: Facts, texts: Words, *, run_id: str, made_at: datetime) -> None:
    """Write the workbook of one night."""
    book = Book(path, texts, title=str(texts["summary.title"]), made_at=local(made_at))
    _summary(book.sheet("summary", [column.width for column in _STATUSES]), facts, texts, run_id, made_at)
    note = _behind(facts, texts)
    pending = [(*_before(texts, case), *_after(texts, case)) for case in facts.pending]
    for key, columns, cases, rows in (
        ("unmatched", _UNMATCHED, facts.unmatched, [_unmatched(texts, facts, case) for case in facts.unmatched]),
        ("review", _REVIEW, facts.review, [_review(texts, case) for case in facts.review]),
        ("pending", _PENDING, facts.pending, pending),
    ):
        book.table(key, *_with_expected(facts, columns, cases, rows), note)
    if facts.since is not None:
        book.table("resolved", _RESOLVED, [_resolved(texts, one) for one in facts.since.resolved], note)
    if facts.has_figures:
        book.table("gap", _GAP, [_gap(texts, cell, facts.merged) for cell in facts.cells], note)
        _quality(book.sheet("quality", [column.width for column in _CHECKS]), facts, texts)
    book.table("glossary", _GLOSSARY, [(entry["term"], entry["meaning"]) for entry in texts["glossary"]])
    book.close()


def _with_expected(
    facts: Facts, columns: Sequence[Column], cases: Sequence[Case], rows: Sequence[tuple[Value | Shown, ...]]
) -> tuple[Sequence[Column], Sequence[tuple[Value | Shown, ...]]]:
    """Put the steunpunt of whom a report is expected behind the municipality, where a register tells it."""
    if not facts.partners:
        return columns, rows
    at = len(_BEFORE_CAUSE) - 1
    named = [facts.expected(case) for case in cases]
    return (*columns[:at], _EXPECTED, *columns[at:]), [
        (*row[:at], name, *row[at:]) for row, name in zip(rows, named, strict=True)
    ]


def _behind(facts: Facts, texts: Words) -> str:
    """Return the first line of every list: the sources that are missing, with their age; empty when none is."""
    return f"{texts['page.attention']} {texts.stale(facts.stale)}" if facts.stale else ""


def _summary(sheet: Sheet, facts: Facts, texts: Words, run_id: str, made_at: datetime) -> None:
    said = texts["summary"]
    sheet.title(said["title"] if facts.audience is None else texts.say("summary.title_for", audience=facts.audience))
    if facts.stale:
        sheet.line(_behind(facts, texts), None, None, None, look="alert")
    sheet.skip()
    sheet.line(said["as_of"], Shown(facts.as_of, "day"))
    if facts.has_figures:
        sheet.line(said["period"], Shown(facts.first, "day"))
        sheet.line(said["until"], Shown(facts.last, "day"))
    sheet.line(said["made_at"], texts.moment(made_at))
    sheet.line(said["run_id"], run_id)
    sheet.skip()
    if facts.has_figures:
        _counts(sheet, facts, texts)
    else:
        sheet.line(texts["page.lists_alone"])
    sheet.skip()
    sheet.line(said["sources"], look="section")
    sheet.block(_SOURCES, _sources(facts, texts))
    sheet.skip()
    sheet.line(said["definitions"], look="section")
    for entry in texts["glossary"]:
        sheet.entry(entry["term"], entry["meaning"])
    sheet.skip()
    sheet.line(said["handling"])


def _counts(sheet: Sheet, facts: Facts, texts: Words) -> None:
    said = texts["summary"]
    sheet.line(said["gap"], look="section")
    _gap_lines(sheet, facts, texts)
    sheet.skip()
    sheet.line(said["statuses"], look="section")
    sheet.block(_STATUSES, _statuses(facts, texts))
    sheet.line(
        said["total"], Shown(facts.incidents, "count"), Shown(share_of(facts.incidents, facts.incidents), "share")
    )


def _gap_lines(sheet: Sheet, facts: Facts, texts: Words) -> None:
    total = facts.total
    sheet.line(texts["column.unmatched"], Shown(facts.statuses["unmatched"], "count"))
    for key, share in (("gap_rate", total.rate), ("gap_low", total.low), ("gap_high", total.high)):
        known = texts["summary.not_known"] if share is None else Shown(share, "share")
        sheet.line(texts[f"column.{key}"], known)


def _statuses(facts: Facts, texts: Words) -> list[tuple[Value, ...]]:
    return [
        (
            texts.label("status", status),
            count,
            share_of(count, facts.incidents),
            texts.label("status_meaning", status),
        )
        for status, count in facts.statuses.items()
    ]


def _sources(facts: Facts, texts: Words) -> list[tuple[Value | Shown, ...]]:
    return [
        (
            source.source_id,
            source.covers_until,
            source.age_days,
            Shown(texts["summary.stale"], "alert") if source.is_stale else texts["summary.fresh"],
        )
        for source in facts.sources
    ]


def _unmatched(texts: Words, facts: Facts, case: Case) -> tuple[Value | Shown, ...]:
    told = (texts.lacks(case, facts.expected(case)), texts.resolve(case.cause))
    is_new = None if facts.since is None else texts["yes" if facts.is_new(case) else "no"]
    return (*_before(texts, case), texts.label("cause", case.cause), *_after(texts, case), *told, is_new)


def _resolved(texts: Words, one: Resolved) -> tuple[Value, ...]:
    place, how = texts.place(one.municipality_code), texts.how(one.how)
    return (one.incident_number, one.source_id, one.reported_on, place, how, one.delay_days)


def _review(texts: Words, case: Case) -> tuple[Value | Shown, ...]:
    return (*_before(texts, case), case.candidates, case.best, *_after(texts, case))


def _before(texts: Words, case: Case) -> tuple[Value, ...]:
    place = texts.place(case.municipality_code)
    return (case.incident_number, case.source_id, case.reported_on, place, case.age_days)


def _after(texts: Words, case: Case) -> tuple[Value | Shown, ...]:
    look = "text" if case.severity == "none" else case.severity
    colour = Shown(texts.label("severity", case.severity), look)
    return (texts.label("children", case.children), colour, case.repeats, case.household_id)


def _gap(texts: Words, cell: Gap, merged: Mapping[str, Sequence[str]]) -> tuple[Value, ...]:
    name = texts.place(cell.municipality_code, merged.get(cell.municipality_code or "", ()))
    counts = (getattr(cell, key) for key in _COUNTS)
    return (name, cell.month, *counts, cell.rate, cell.low, cell.high)


def _quality(sheet: Sheet, facts: Facts, texts: Words) -> None:
    looks = {"passed": "text", "warning": "yellow", "failed": "red"}
    rows: list[tuple[Value | Shown, ...]] = [
        (
            check.description,
            Shown(texts.label("outcome", check.outcome), looks[check.outcome]),
            check.table_name,
            check.failing_rows,
            check.total_rows,
        )
        for check in facts.checks
    ]
    sheet.block(_CHECKS, rows)
    sheet.freeze(_CHECKS)
    sheet.skip()
    sheet.line(texts["page.rejected"], look="section")
    sheet.block(_REJECTED, [(texts.label("reason", r.reason), r.source_id, r.file, r.rows) for r in facts.rejected])
