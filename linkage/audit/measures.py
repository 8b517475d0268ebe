"""What moved between the published night and the one that is about to be published.

Only what must be alike is compared: answers between records that both nights hold, shares over all records or over the
last days, patterns as a distribution. New records by themselves move nothing. A figure stops the night when it moved
beyond its limit and beyond chance, on enough records; small regions are judged by what they sum to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np

from linkage.audit import answers
from linkage.audit.answers import INCIDENT, REPORT
from linkage.audit.figure import FIRST, OK, SMALL, STOP, UNLIKE, Figure, counts, shares
from linkage.config import Config
from linkage.engine.base import Engine

OLD = "published.main"
LEAST_SHARE = 0.005
"""Levels that fewer of the pairs show than this are taken together."""

LINKED = "('matched_reference', 'matched_timely', 'matched_late', 'matched_very_late', 'covered_open_case')"

Scope = tuple[str, str]
Parts = dict[Scope, tuple[int, int]]


def changes(
    db: Engine, config: Config, *, published: Path | None, as_of: date, run_id: str, comparisons: Mapping[str, str]
) -> list[Figure]:
    """Compare tonight with the published ``restricted.duckdb``; on the first night there is nothing to compare with.

    ``comparisons`` names the comparisons of a pattern, each with the SQL of its level over ``pattern``.
    """
    new = f'"{db.rows("SELECT current_database()")[0][0]}".main'
    if published is None:
        return [_first(figure) for figure in _figures(_Pair(db, new, as_of, as_of, config, run_id, comparisons))]
    path = str(published / "restricted.duckdb").replace("'", "''")
    db.run(f"ATTACH '{path}' AS published (READ_ONLY)")
    try:
        return list(_figures(_Pair(db, new, as_of, _day_of(db), config, run_id, comparisons, OLD)))
    finally:
        db.run("DETACH published")


class _Pair:
    """The two nights: where their tables are, and the day that each speaks of."""

    def __init__(
        self,
        db: Engine,
        new: str,
        as_of: date,
        was_of: date,
        config: Config,
        run_id: str,
        comparisons: Mapping[str, str],
        old: str | None = None,
    ) -> None:
        self.db, self.config, self.run_id, self.comparisons = db, config, run_id, comparisons
        self.new, self.old = new, old or new
        self.day = {self.new: as_of} | {self.old: was_of}

    def has(self, *tables: str) -> bool:
        """Tell whether both nights have the tables: the published one may be of an earlier version."""
        found = self.db.rows(
            "SELECT count(DISTINCT table_name) FROM duckdb_tables() WHERE database_name = ? "
            f"AND table_name IN ({', '.join('?' * len(tables))})",
            [self.old.split(".")[0].strip('"'), *tables],
        )
        return self.old == self.new or int(found[0][0]) == len(tables)


def _figures(nights: _Pair) -> Iterator[Figure]:
    if not nights.has("incident_link", "incident_status", "incident", "case_report"):
        return
    for measure in (_links, _identities, _match_rates, _answering, _near_exact, _patterns):
        yield from measure(nights)


def _first(figure: Figure) -> Figure:
    is_share = figure.measure in (
        "match_rate",
        "recent_match_rate",
        "answering_rate",
        "near_exact_links",
        "reference_links",
    )
    after = figure.after if is_share else None
    return Figure(
        figure.measure, figure.scope, figure.name, None, after, None, figure.after_count, None, figure.allowed, FIRST
    )


def _links(nights: _Pair) -> Iterator[Figure]:
    """Answers between records of both nights: what is gone, and what is new."""
    limits = nights.config.audit
    for source, before, lost, won in answers.between(nights.db, nights.old, nights.new):
        scope, name = ("all", "all") if source is None else ("source", str(source))
        least = {"least": limits.min_records, "least_moved": limits.min_moved}
        yield counts("links_lost", scope, name, before, lost, -1, allowed=limits.links_lost, **least)
        yield counts("links_won", scope, name, before, won, 1, allowed=limits.links_won, **least)


def _identities(nights: _Pair) -> Iterator[Figure]:
    """Merges and splits of this run, against the persons and households that were published."""
    limits = nights.config.audit
    for kind in ("person", "household"):
        if not nights.has(kind):
            continue
        whole = int(nights.db.rows(f"SELECT count(*) FROM {nights.old}.{kind}")[0][0])
        for reason in ("merge", "split"):
            moved = nights.db.rows(
                f"SELECT count(DISTINCT old_id) FROM {nights.new}.{kind}_id_history WHERE run_id = ? AND reason = ?",
                [nights.run_id, reason],
            )
            measure = f"{kind}_{reason}s"
            allowed = getattr(limits, measure)
            yield counts(
                measure, "all", "all", whole, int(moved[0][0]), -1 if reason == "merge" else 1, allowed=allowed,
                least=limits.min_records, least_moved=limits.min_moved,
            )  # fmt: skip


_MATCHED = """
WITH judged AS (
  SELECT source_id, municipality_code, status IN {linked} AS is_linked, status <> 'pending' AS is_judged, is_recent,
    count(*) AS n
  FROM (SELECT source_id, {incident} AS incident, coalesce(municipality_code, 'onbekend') AS municipality_code,
      reported_at::DATE > DATE '{since}' AS is_recent FROM {night}.incident)
  JOIN (SELECT {incident} AS incident, status FROM {night}.incident_status WHERE status <> 'excluded') USING (incident)
  GROUP BY ALL)
SELECT grouping(source_id), grouping(municipality_code), coalesce(source_id, municipality_code, 'all'),
  sum(n) FILTER (is_judged AND is_linked), sum(n) FILTER (is_judged),
  sum(n) FILTER (is_recent AND is_linked), sum(n) FILTER (is_recent)
FROM judged GROUP BY GROUPING SETS ((), (source_id), (municipality_code)) ORDER BY 1 DESC, 2 DESC, 3
"""
RATES = ("match_rate", "recent_match_rate")


def _match_rates(nights: _Pair) -> Iterator[Figure]:
    """Incidents with a report or an open case: over all that are judged, and over the last days in which all count.

    The last days feel a fault of tonight at once; the whole would need months to show it.
    """
    found = {night: _matched(nights, night) for night in (nights.old, nights.new)}
    for number, measure in enumerate(RATES):
        yield from _compare(nights, measure, lambda night, number=number: found[night][number])  # type: ignore[misc]


def _matched(nights: _Pair, night: str) -> tuple[Parts, Parts]:
    since = date.fromordinal(nights.day[night].toordinal() - nights.config.audit.recent_days)
    rows = nights.db.rows(_MATCHED.format(night=night, linked=LINKED, incident=INCIDENT, since=since.isoformat()))
    scopes = {(1, 1): "all", (0, 1): "source", (1, 0): "municipality"}
    judged: Parts = {}
    recent: Parts = {}
    for by_source, by_municipality, name, *counted in rows:
        scope = (scopes[by_source, by_municipality], str(name))
        for parts, part, whole in ((judged, *counted[:2]), (recent, *counted[2:])):
            if whole or scope[0] == "all":
                parts[scope] = (int(part or 0), int(whole or 0))
    return judged, recent


def _answering(nights: _Pair) -> Iterator[Figure]:
    """Reports of a source that answer an incident: the other chain's side of the same links."""

    def answering(night: str) -> Parts:
        return _by_source(
            nights,
            f"""SELECT source_id, {REPORT} IN (SELECT hash(report_source_id, report_id)
                  FROM {night}.incident_link WHERE link_class <> 'possible') AS counts
                FROM {night}.case_report WHERE contact_type = 'melding'""",
        )

    yield from _compare(nights, "answering_rate", answering)


def _near_exact(nights: _Pair) -> Iterator[Figure]:
    """Answers by number or through a person beyond doubt, and those by number alone, among all answers.

    A chain that stops filling in its references loses few links, as the persons still lead there; the second shows it.
    """
    kinds = {"near_exact_links": "('reference', 'deterministic')", "reference_links": "('reference')"}
    for measure, classes in kinds.items():

        def share(night: str, classes: str = classes) -> Parts:
            return _by_source(
                nights,
                f"""SELECT incident_source_id AS source_id, link_class IN {classes} AS counts
                    FROM {night}.incident_link WHERE link_class <> 'possible'""",
            )

        yield from _compare(nights, measure, share)


def _by_source(nights: _Pair, query: str) -> Parts:
    rows = nights.db.rows(
        f"SELECT source_id, count(*) FILTER (counts), count(*) FROM ({query}) GROUP BY ROLLUP (source_id) "
        "ORDER BY source_id NULLS FIRST"
    )
    return {
        ("all", "all") if source is None else ("source", str(source)): (int(part), int(whole))
        for source, part, whole in rows
    }


def _compare(nights: _Pair, measure: str, read: Callable[[str], Parts]) -> Iterator[Figure]:
    limits = nights.config.audit
    before, after = read(nights.old), read(nights.new)
    for scope, name in dict.fromkeys([*before, *after]):
        yield shares(
            measure, scope, name, before.get((scope, name), (0, 0)), after.get((scope, name), (0, 0)),
            allowed=getattr(limits, measure), least=limits.min_records, certainty=limits.certainty,
        )  # fmt: skip


def _patterns(nights: _Pair) -> Iterator[Figure]:
    """The population stability index (Siddiqi 2006) of the levels of each comparison, over all compared pairs.

    One comparison at a time: whole patterns are thousands, most of them too rare to say anything. Where the comparisons
    themselves changed, by a new version or a setting, their levels say nothing about the records.
    """
    if not nights.has("pattern_count"):
        return
    limits, is_alike = nights.config.audit, _compared_by(nights, nights.old) == _compared_by(nights, nights.new)
    for name, level in nights.comparisons.items():
        levels = f"(SELECT {level} AS level, sum(pairs) AS pairs FROM {{}}.pattern_count GROUP BY level)"
        rows = nights.db.rows(
            f"SELECT coalesce(o.pairs, 0), coalesce(n.pairs, 0) FROM {levels.format(nights.old)} AS o "
            f"FULL JOIN {levels.format(nights.new)} AS n USING (level) ORDER BY level"
        )
        pairs = np.asarray(rows, dtype=np.float64).reshape(-1, 2)
        before, after = (int(n) for n in pairs.sum(axis=0))
        is_small = min(before, after) < limits.min_pairs
        index = None if is_small or not is_alike else stability(pairs)
        told = SMALL if is_small else UNLIKE
        verdict = told if index is None else STOP if index > limits.pattern_stability else OK
        yield Figure(
            "pattern_stability", "comparison", name, 0.0, index, before, after, index, limits.pattern_stability, verdict
        )


def _compared_by(nights: _Pair, night: str) -> str | None:
    """Return what a night compared by; None when an earlier version published it, which did not say so."""
    database, schema = night.replace('"', "").split(".")
    told = nights.db.rows(
        "SELECT 1 FROM duckdb_columns() WHERE (database_name, schema_name, table_name, column_name) = "
        "(?, ?, 'link_basis', 'comparisons')",
        [database, schema],
    )
    found = nights.db.rows(f"SELECT max(comparisons) FROM {night}.link_basis") if told else [(None,)]
    return None if found[0][0] is None else str(found[0][0])


def stability(pairs: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Return sum of (new - old) ln(new / old) over levels (k, 2), the rare ones taken together."""
    share = pairs / pairs.sum(axis=0)
    is_rare = share.max(axis=1) < LEAST_SHARE
    binned = np.vstack([share[~is_rare], share[is_rare].sum(axis=0, keepdims=True)])
    binned = np.maximum(binned[binned.sum(axis=1) > 0], LEAST_SHARE / 100)
    return float(((binned[:, 1] - binned[:, 0]) * np.log(binned[:, 1] / binned[:, 0])).sum())


def _day_of(db: Engine) -> date:
    """Return the day that the published night speaks of."""
    found = db.rows(f"SELECT max(as_of) FROM {OLD}.run WHERE status = 'published'")[0][0]
    return found if isinstance(found, date) else date.max
