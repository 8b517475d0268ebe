"""What a partner of the register may see of the facts: its municipalities, its records, its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from linkage.engine.base import Engine, Row
from linkage.reports.facts import STATUSES, Facts, Gap, count_causes
from linkage.reports.lists import Case
from linkage.reports.since import Since

Cell = tuple[str | None, date | None]
LATE, ON_TIME = ("matched_late", "matched_very_late"), ("matched_reference", "matched_timely")


@dataclass(frozen=True)
class Scope:
    """A part of the incidents, and how it may be shown."""

    audience: str
    """Name of the organisation."""
    places: frozenset[str]
    """Municipalities, as they are counted on the day of the run."""
    sources: frozenset[str] | None = None
    """Only incidents that these delivered: a police unit sees its own."""
    expected_by: str | None = None
    """Only incidents that this steunpunt is expected to have a report of."""
    has_numbers: bool = False
    """Whether records are named by their number; else they are counted in their list."""
    has_lists: bool = True

    def holds(self, municipality_code: str | None, source_id: str, expected: str | None) -> bool:
        """Tell whether an incident belongs to it."""
        return (
            municipality_code in self.places
            and (self.sources is None or source_id in self.sources)
            and (self.expected_by is None or self.expected_by in (expected or "").split("|"))
        )

    def sees(self, case: Case) -> bool:
        """Tell whether an incident of a list belongs to it."""
        return self.holds(case.municipality_code, case.source_id, case.expected)


_COUNTS = """
SELECT municipality_code, CAST(date_trunc('month', reported_at) AS DATE), source_id, expected_steunpunt, status,
  count(*), CAST(min(reported_at) AS DATE), CAST(max(reported_at) AS DATE)
FROM incident JOIN incident_status USING (source_id, incident_number) GROUP BY ALL ORDER BY ALL
"""


def count(db: Engine) -> list[Row]:
    """Return the incidents counted by all that a scope may look at, with their first and last day."""
    return db.rows(_COUNTS)


def narrow(counts: Sequence[Row], facts: Facts, scope: Scope) -> Facts:
    """Return the facts of a scope, from what `count` returned; all counts are of its incidents only.

    Who gets no numbers of records gets no counts here either: `linkage.reports.figures` has those that may leave.
    Where they are those of a whole municipality or month, its fitted interval stands; a sum has the sum of the bounds
    of its parts, which is never narrower than a fitted one of the sum.
    """
    counted: dict[Cell, dict[str, int]] = {}
    days: list[date] = []
    for place, month, source, expected, status, incidents, first, last in counts:
        if scope.holds(place, source, expected):
            cell = counted.setdefault((place, month), dict.fromkeys(STATUSES, 0))
            cell[status] += int(incidents)
            days += [first, last]
    unseen = [replace(check, failing_rows=None, total_rows=None) for check in facts.checks]
    facts = replace(facts, audience=scope.audience, has_lists=scope.has_lists, estimate=None, checks=unseen)
    if not scope.has_numbers:
        return _lists_alone(facts, scope)
    cells = [_gap(key, found, [], facts.cells) for key, found in sorted(counted.items())]
    places = _sums(cells, lambda cell: (cell.municipality_code, None), facts.municipalities)
    months = _sums(cells, lambda cell: (None, cell.month), facts.months)
    return replace(
        facts,
        first=min(days, default=None),
        last=max(days, default=None),
        statuses={status: sum(found[status] for found in counted.values()) for status in STATUSES},
        total=_sums(places, lambda _: (None, None), [facts.total])[0] if places else _gap((None, None), {}, [], []),
        months=sorted(months, key=lambda gap: gap.month or date.min),
        municipalities=sorted(places, key=lambda gap: (-gap.unmatched, -gap.incidents, gap.municipality_code or "")),
        cells=cells,
        unmatched=_cases(facts.unmatched, scope),
        since=_since(facts, scope),
        told_causes=count_causes([case for case in facts.unmatched if scope.sees(case)]),
        review=_cases(facts.review, scope),
        pending=_cases(facts.pending, scope),
        rejected=[row for row in facts.rejected if scope.sources is not None and row.source_id in scope.sources],
        merged={code: old for code, old in facts.merged.items() if code in scope.places},
    )


def _lists_alone(facts: Facts, scope: Scope) -> Facts:
    """Return the facts of who may have rows but no numbers of records: what the rows tell, and no count beside them.

    Whoever holds the rows can count them; with figures of the same incidents beside them, more could be told from both.
    """
    unmatched, review, pending = (_cases(cases, scope) for cases in (facts.unmatched, facts.review, facts.pending))
    counted = {"unmatched": len(unmatched), "review": len(review), "pending": len(pending)}
    return replace(
        facts,
        has_figures=False,
        first=None,
        last=None,
        statuses={status: counted.get(status, 0) for status in STATUSES},
        total=_gap((None, None), {}, [], []),
        months=[],
        municipalities=[],
        cells=[],
        unmatched=unmatched,
        review=review,
        pending=pending,
        told_causes=[],
        checks=[],
        rejected=[],
        merged={code: old for code, old in facts.merged.items() if code in scope.places},
        since=None,
    )


def _since(facts: Facts, scope: Scope) -> Since | None:
    if facts.since is None or not scope.has_lists:
        return None
    own = [one for one in facts.since.resolved if scope.holds(one.municipality_code, one.source_id, one.expected)]
    new = {(case.source_id, case.incident_number) for case in facts.unmatched if scope.sees(case)}
    return replace(facts.since, new=facts.since.new & new, resolved=own)


def _cases(cases: Sequence[Case], scope: Scope) -> list[Case]:
    own = [case for case in cases if scope.sees(case)]
    if not scope.has_lists:
        return []
    return own if scope.has_numbers else [c._replace(incident_number=str(n)) for n, c in enumerate(own, 1)]


def _sums(cells: Iterable[Gap], key: object, known: Sequence[Gap]) -> list[Gap]:
    """Add gaps up by a key."""
    assert callable(key)
    groups: dict[Cell, list[Gap]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return [_gap(name, {}, parts, known) for name, parts in groups.items()]


def _gap(key: Cell, statuses: Mapping[str, int], parts: Sequence[Gap], known: Sequence[Gap]) -> Gap:
    """Return the gap of counted statuses, or of parts; as the region has it where it is the same incidents."""
    counts = {name: sum(getattr(part, name) for part in parts) for name in Gap.COUNTS}
    if not parts:
        told = dict.fromkeys(STATUSES, 0) | dict(statuses)
        counts = {name: told.get(_STATUS.get(name, name), 0) for name in Gap.COUNTS}
        counts |= {"incidents": sum(told.values()), "matched": sum(told[s] for s in ON_TIME)}
        counts |= {"late": sum(told[s] for s in LATE)}
    same = next((gap for gap in known if (gap.municipality_code, gap.month) == key), None)
    if same is not None and all(getattr(same, name) == count for name, count in counts.items()):
        return same
    judged = counts["incidents"] - counts["excluded"] - counts["pending"]
    if not judged:
        return Gap(*key, **counts, rate=None, low=None, high=None)
    sure = judged - counts["review"]
    low, high = (counts["unmatched"] / judged, (counts["unmatched"] + counts["review"]) / judged)
    if parts:
        low = min(low, sum((part.low or 0.0) * _judged(part) for part in parts) / judged)
        high = max(high, sum((part.high or 0.0) * _judged(part) for part in parts) / judged)
    return Gap(*key, **counts, rate=counts["unmatched"] / sure if sure else None, low=low, high=high)


_STATUS = {"covered": "covered_open_case"}


def _judged(gap: Gap) -> int:
    return gap.incidents - gap.excluded - gap.pending
