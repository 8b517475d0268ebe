"""Why an incident is matched, in review or unmatched, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from linkage import contracts
from linkage.config import Config, Limits
from linkage.engine.base import Engine
from linkage.errors import UsageError
from linkage.explain.shortfall import shortfalls
from linkage.explain.steps import published_model, steps
from linkage.pairs.model import Model
from linkage.thresholds import Thresholds

RULES = {
    "excluded": "it does not count, whatever reports say: {cause}",
    "matched_reference": "rule 1: a report names its number, or that of its care report, and the dates agree",
    "matched_timely": "rule 2: a report of the same persons or household came within {timely} days",
    "matched_late": "rule 3: a report of the same persons or household came after {timely} and within {late} days",
    "covered_open_case": "rule 4: no report of its own within {late} days, but the household had an open case",
    "matched_very_late": "rule 5: a report of the same persons or household came after {late} days",
    "review": "rule 6: only reports that possibly speak of the same persons; a reviewer decides",
    "pending": "rule 7: no report yet, and younger than {late} days at the end of the data",
    "unmatched": "rule 8: none of the rules applies; what explains it first: {cause}",
}


@dataclass(frozen=True)
class Explanation:
    """An incident, the rule that gave it its status, and what was considered."""

    incident: dict[str, Any]
    rule: str
    links: list[dict[str, Any]]
    persons: list[dict[str, Any]]
    not_chosen: list[dict[str, Any]]
    evidence: list[dict[str, Any]] = field(default_factory=list)
    shortfalls: list[dict[str, Any]] = field(default_factory=list)
    thresholds: Thresholds = field(default_factory=lambda: Thresholds.of(Config()))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain nested data."""
        return asdict(self)


def explain(
    restricted: Engine,
    incident_number: str,
    source_id: str | None = None,
    *,
    config: Config | None = None,
    model: Path | Model | None = None,
) -> Explanation:
    """Explain the status of one incident.

    The parts of a match weight come from ``model``, or from the model that ships with Inbeeld. Raises `UsageError`
    when no incident has the number, or several sources have it and none is given.
    """
    incident = _incident(restricted, incident_number, source_id)
    config = config or Config()
    limits, thresholds = config.limits, Thresholds.of(config)
    loaded = model if isinstance(model, Model) else published_model(restricted, model)
    key = [incident["source_id"], incident["incident_number"]]
    rule = RULES[incident["status"]].format(cause=incident["cause"], timely=limits.timely_days, late=limits.late_days)
    links = _rows(restricted, _LINKS, key)
    meaning = dict(contracts.codes("link_reason").codes)
    for link in links:
        link["because"] = meaning[link["reason"]]
    return Explanation(
        incident=incident,
        rule=rule,
        links=links,
        persons=_rows(restricted, _PERSONS, key),
        not_chosen=_not_chosen(restricted, incident, links, limits),
        evidence=_evidence(restricted, key, loaded),
        shortfalls=shortfalls(restricted, incident, limits, loaded, thresholds),
        thresholds=thresholds,
    )


_INCIDENT = """
SELECT s.*, i.reported_at, i.household_id, i.severity, i.children_involved, i.municipality_code
FROM incident_status s JOIN incident i USING (source_id, incident_number)
WHERE s.incident_number = ? AND (s.source_id = ? OR ? IS NULL) ORDER BY s.source_id
"""

_LINKS = """
SELECT l.report_source_id, l.report_id, l.link_class, l.match_probability, l.delay_days, l.shared_persons,
       l.reason, l.persons_probability, r.received_at, r.reporter_category,
       coalesce(s.report_id = l.report_id AND s.report_source_id = l.report_source_id, false) AS is_answer
FROM incident_link l JOIN case_report r ON r.source_id = l.report_source_id AND r.report_id = l.report_id
JOIN incident_status s ON s.source_id = l.incident_source_id AND s.incident_number = l.incident_number
WHERE l.incident_source_id = ? AND l.incident_number = ?
ORDER BY is_answer DESC, r.received_at, l.report_source_id, l.report_id
"""

_PERSONS = """
SELECT v.person_seq, v.person_id, v.role, v.standing, v.age_at_event, v.is_child, p.known_at_steunpunt
FROM involvement v JOIN person p USING (person_id)
WHERE v.source_id = ? AND v.record_kind = 'incident' AND v.record_id = ? ORDER BY v.person_seq
"""

_OTHERS = """
WITH people AS (
    SELECT person_id FROM involvement
    WHERE source_id = ? AND record_kind = 'incident' AND record_id = ? AND standing <> 'outsider'
), theirs AS (
    SELECT v.source_id, v.record_id AS case_id, count(DISTINCT v.person_id) AS shared_persons
    FROM involvement v SEMI JOIN people USING (person_id) WHERE v.record_kind = 'case' GROUP BY ALL
)
SELECT r.source_id AS report_source_id, r.report_id, r.received_at,
       CAST(r.received_at AS DATE) - CAST(? AS DATE) AS delay_days, coalesce(t.shared_persons, 0) AS shared_persons,
       (SELECT max(c.match_probability) FROM link_candidate c WHERE c.incident_source_id = ? AND c.incident_number = ?
            AND c.report_source_id = r.source_id AND c.report_id = r.report_id) AS match_probability,
       (SELECT min(l.incident_number) FROM incident_link l WHERE l.report_source_id = r.source_id
            AND l.report_id = r.report_id AND l.link_class <> 'possible') AS answers,
       (SELECT min(l.incident_number) FROM incident_link l WHERE l.report_source_id = r.source_id
            AND l.report_id = r.report_id AND l.link_class = 'possible') AS may_answer
FROM case_report r LEFT JOIN theirs t USING (source_id, case_id)
WHERE r.contact_type = 'melding' AND (t.case_id IS NOT NULL OR r.household_id = ?)
ORDER BY abs(delay_days), r.received_at, r.source_id, r.report_id
"""

_EVIDENCE = """
WITH here AS (
    SELECT mention_id, person_id FROM mention JOIN mention_person USING (mention_id)
    WHERE source_id = ? AND record_kind = 'incident' AND record_id = ?
), there AS (
    SELECT DISTINCT m.mention_id, mp.person_id, l.report_source_id, l.report_id
    FROM incident_link l
    JOIN case_report r ON r.source_id = l.report_source_id AND r.report_id = l.report_id
    JOIN mention m ON m.record_kind = 'case' AND m.source_id = r.source_id AND m.record_id = r.case_id
    JOIN mention_person mp USING (mention_id)
    WHERE l.incident_source_id = ? AND l.incident_number = ?
)
SELECT t.report_source_id, t.report_id, h.person_id, h.person_id = t.person_id AS is_same_person,
       t.person_id AS other_person_id, p.match_probability, p.match_weight, p.pattern
FROM here h JOIN there t ON true
JOIN pair p ON p.left_id = least(h.mention_id, t.mention_id) AND p.right_id = greatest(h.mention_id, t.mention_id)
QUALIFY row_number() OVER (PARTITION BY t.report_source_id, t.report_id, h.person_id, t.person_id
    ORDER BY p.match_weight DESC, p.left_id, p.right_id) = 1
ORDER BY t.report_source_id, t.report_id, p.match_weight DESC, h.person_id, t.person_id
"""


def _incident(db: Engine, number: str, source_id: str | None) -> dict[str, Any]:
    found = _rows(db, _INCIDENT, [number.strip(), source_id, source_id])
    if not found:
        raise UsageError("no incident has this number: give it as PLxxxx-YYYYnnnnnn, as the lists show it")
    if len(found) > 1:
        raise UsageError("several sources have an incident of this number: add --source")
    return found[0]


def _not_chosen(
    db: Engine, incident: dict[str, Any], links: list[dict[str, Any]], limits: Limits
) -> list[dict[str, Any]]:
    linked = {(link["report_source_id"], link["report_id"]) for link in links}
    number = [incident["source_id"], incident["incident_number"]]
    key = [*number, incident["reported_at"], *number, incident["household_id"]]
    others = [r for r in _rows(db, _OTHERS, key) if (r["report_source_id"], r["report_id"]) not in linked]
    for report in others:
        report["why_not"] = _why_not(report, limits)
    return others


def _why_not(report: dict[str, Any], limits: Limits) -> str:
    """The first condition of a link that the report does not meet."""
    if report["delay_days"] < -limits.early_days:
        return "it came before the incident"
    if report["delay_days"] > limits.very_late_days:
        return f"it came more than {limits.very_late_days} days after"
    if report["answers"]:
        return f"it answers {report['answers']}: a report answers the latest incident, or those it names"
    if report["may_answer"]:
        return f"it may answer {report['may_answer']}: a report is held beside one incident at most"
    return "the incident does not count, or the report answers one that is later"


def _evidence(db: Engine, key: list[Any], model: Model) -> list[dict[str, Any]]:
    told = _rows(db, _EVIDENCE, key + key)
    for pair in told:
        pair["parts"] = [asdict(step) for step in steps(model, pair.pop("pattern"))]
    return told


def _rows(db: Engine, sql: str, params: list[Any]) -> list[dict[str, Any]]:
    frame = db.frame(sql, params).astype(object)
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
