"""What the reports tell, read from the tables of the case view and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import ClassVar

from linkage.engine.base import Engine
from linkage.reports.lists import Case, cases
from linkage.reports.night import Check, Rejected, Source, checks, rejected, sources
from linkage.reports.once import Once
from linkage.reports.since import Since

STATUSES = (
    "matched_reference",
    "matched_timely",
    "covered_open_case",
    "matched_late",
    "matched_very_late",
    "review",
    "pending",
    "unmatched",
    "excluded",
)
"""The nine statuses in the order of the bar: in view, then uncertain, then the gap, then what does not count."""

SEEN = frozenset(STATUSES[:5])

_GAP = """
SELECT {keys}, sum(incidents), sum(matched), sum(late), sum(covered), sum(review), sum(pending), sum(unmatched),
  sum(excluded),
  sum(unmatched) / nullif(sum(incidents - excluded - pending - review), 0),
  sum(unmatched) / nullif(sum(incidents - excluded - pending), 0),
  sum(unmatched + review) / nullif(sum(incidents - excluded - pending), 0)
FROM gap {group}
"""


ALL = "alle"
"""Municipality and period of a total in ``gap_estimate``."""
_ESTIMATE = """
SELECT gap_rate, gap_rate_low, gap_rate_high FROM gap_estimate WHERE municipality_code = 'alle' AND period = 'alle'
"""


@dataclass(frozen=True)
class Gap:
    """Counts and the gap of a municipality, a month, one of each, or all of them.

    ``low`` and ``high`` are the fitted interval of that sum, never narrower than when every review is counted one way.
    """

    COUNTS: ClassVar = ("incidents", "matched", "late", "covered", "review", "pending", "unmatched", "excluded")
    municipality_code: str | None
    month: date | None
    incidents: int
    matched: int
    late: int
    covered: int
    review: int
    pending: int
    unmatched: int
    excluded: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Estimate:
    """The gap with missed and false links counted in, and its 95 % interval."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Facts:
    """Everything that the workbook and the page show."""

    as_of: date
    first: date | None
    last: date | None
    statuses: Mapping[str, int]
    total: Gap
    estimate: Estimate | None
    months: Sequence[Gap]
    municipalities: Sequence[Gap]
    cells: Sequence[Gap]
    unmatched: Sequence[Case]
    review: Sequence[Case]
    pending: Sequence[Case]
    sources: Sequence[Source]
    checks: Sequence[Check]
    rejected: Sequence[Rejected]
    merged: Mapping[str, Sequence[str]]
    """Codes of municipalities that ended, whose incidents count under the one that took over."""
    partners: Mapping[str, str]
    """Names of the partners of whom reports are expected; none without a register."""
    audience: str | None = None
    """The partner that these facts are for; none: they are the whole region's."""
    since: Since | None = None
    """What changed since the publication before; None on the first night."""
    has_lists: bool = True
    has_figures: bool = True
    """Whether counts of more than the lists hold may be told."""
    told_causes: Sequence[tuple[str | None, int]] | None = None
    """The causes, where the incidents themselves are left out."""

    @cached_property
    def incidents(self) -> int:
        """All incidents that were taken in."""
        return sum(self.statuses.values())

    @cached_property
    def seen(self) -> int:
        """Incidents with a report, or whose household had an open case."""
        return sum(count for status, count in self.statuses.items() if status in SEEN)

    @cached_property
    def causes(self) -> Sequence[tuple[str | None, int]]:
        """The causes of unmatched incidents, the most frequent first."""
        return count_causes(self.unmatched) if self.told_causes is None else self.told_causes

    def expected(self, case: Case) -> str:
        """Return the names of the partners of whom a report of an incident is expected."""
        return self._named[case.expected]

    @cached_property
    def _named(self) -> Once[str]:
        def named(expected: str | None) -> str:
            return " / ".join(self.partners.get(one, one) for one in (expected or "").split("|") if one)

        return Once(named)

    def is_new(self, case: Case) -> bool:
        """Tell whether an incident was not on the list of the publication before."""
        return self.since is not None and (case.source_id, case.incident_number) in self.since.new

    @cached_property
    def stale(self) -> Sequence[Source]:
        """The sources that are behind."""
        return [source for source in self.sources if source.is_stale]


def count_causes(cases: Sequence[Case]) -> list[tuple[str | None, int]]:
    """Return the causes of incidents, the most frequent first."""
    counts: dict[str | None, int] = {}
    for case in cases:
        counts[case.cause] = counts.get(case.cause, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))


def read(db: Engine, *, run_id: str, as_of: date, stale: Sequence[object], language: str = "nl") -> Facts:
    """Read the case view once; ``stale`` are the sources that are behind, as the intake names them."""
    first, last = db.rows("SELECT CAST(min(reported_at) AS DATE), CAST(max(reported_at) AS DATE) FROM incident")[0]
    listed = cases(db, "unmatched", "review", "pending")
    counted: dict[str, int] = dict(db.rows("SELECT status, count(*) FROM incident_status GROUP BY status"))
    return Facts(
        as_of=as_of,
        first=first,
        last=last,
        statuses={status: counted.get(status, 0) for status in STATUSES},
        total=_gap(db, "NULL, NULL", "")[0],
        estimate=_estimate(db),
        months=_gap(db, "NULL, month", "GROUP BY month ORDER BY month"),
        municipalities=_gap(
            db,
            "municipality_code, NULL",
            "GROUP BY municipality_code ORDER BY sum(unmatched) DESC, sum(incidents) DESC, municipality_code",
        ),
        cells=_gap(db, "municipality_code, month", "GROUP BY ALL ORDER BY municipality_code NULLS LAST, month"),
        unmatched=listed["unmatched"],
        review=listed["review"],
        pending=listed["pending"],
        sources=sources(db, as_of, stale),
        checks=checks(db, run_id, language),
        rejected=rejected(db),
        merged=_merged(db),
        partners=_partners(db),
    )


def _merged(db: Engine) -> dict[str, list[str]]:
    return dict(
        db.rows(
            "SELECT municipality_code, list(DISTINCT reported_municipality_code ORDER BY reported_municipality_code) "
            "FROM incident WHERE reported_municipality_code <> municipality_code GROUP BY ALL ORDER BY ALL"
        )
    )


def _partners(db: Engine) -> dict[str, str]:
    if not db.has("partner_area"):
        return {}
    return dict(db.rows("SELECT DISTINCT partner_id, partner_name FROM partner_area ORDER BY ALL"))


def _estimate(db: Engine) -> Estimate | None:
    rows = db.rows(_ESTIMATE) if db.has("gap_estimate") else []
    return Estimate(*rows[0]) if rows and rows[0][0] is not None else None


def _gap(db: Engine, keys: str, group: str) -> list[Gap]:
    fitted = _fitted(db)
    found = []
    for code, month, *values in db.rows(_GAP.format(keys=keys, group=group)):
        counts = [int(value or 0) for value in values[:8]]
        rates = [None if value is None else float(value) for value in values[8:]]
        known = fitted.get((code or ALL, f"{month:%Y-%m}" if month else ALL))
        if known and rates[1] is not None and rates[2] is not None:
            rates[1:] = min(rates[1], known[0]), max(rates[2], known[1])
        found.append(Gap(code, month, *counts, *rates))
    return found


def _fitted(db: Engine) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the fitted intervals by municipality and period; none of a view of a version that did not estimate."""
    if not db.has("gap_estimate"):
        return {}
    rows = db.rows("SELECT municipality_code, period, gap_rate_low, gap_rate_high FROM gap_estimate WHERE judged > 0")
    return {(code, period): (float(low), float(high)) for code, period, low, high in rows}
