"""What is left for people to decide, in the order of what a decision changes.

First what moves the gap: incidents whose status hangs on whether two people are one. Then children, then people who
fit two others about equally well, then the pairs about which the model is least sure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.decisions import KEY, Decision

if TYPE_CHECKING:
    from linkage.engine.base import Engine


@dataclass(frozen=True)
class Task:
    """Two persons who may be one, by their most alike mentions."""

    left: int
    right: int
    """mention_ids."""
    person_a: str
    person_b: str
    probability: float
    incidents: int
    """Incidents in status review that hang on it."""
    has_child: bool
    is_ambiguous: bool
    severity: str | None
    """The gravest colour of the households concerned."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why it stands where it stands."""
        found = {"gap": self.incidents > 0, "child": self.has_child, "ambiguous": self.is_ambiguous}
        return tuple(name for name, holds in found.items() if holds) or ("unclear",)

    @property
    def path(self) -> str:
        """Return the address of its page."""
        return f"/paar/{self.left}/{self.right}"


def tasks(db: Engine) -> list[Task]:
    """Return the pairs of persons that the published night leaves to decide, the weightiest first."""
    return [Task(*row) for row in db.rows(_TASKS)]


def open_tasks(found: Iterable[Task], decided: Collection[frozenset[str]]) -> list[Task]:
    """Return the tasks about which nobody said anything since the night."""
    return [task for task in found if frozenset((task.person_a, task.person_b)) not in decided]


def decided_since(db: Engine, decisions: Iterable[Decision]) -> dict[frozenset[str], Decision]:
    """Return the persons about whom people decided since the night, each pair with the last decision that holds."""
    known = {int(row[0]) for row in db.rows("SELECT decision_id FROM decision")} if db.has("decision") else set()
    return {
        frozenset(persons): decision
        for decision in decisions
        if decision.decision_id not in known and (persons := persons_of(db, decision))
    }


def persons_of(db: Engine, decision: Decision) -> tuple[str, str] | None:
    """Return the persons of the night whose mentions a decision is about; None when a mention is not there."""
    found = []
    for key in (decision.left, decision.right):
        rows = db.rows(_PERSON, [getattr(key, column) for column in KEY])
        if not rows:
            return None
        found.append(str(rows[0][0]))
    return found[0], found[1]


def counts(found: Iterable[Task]) -> Mapping[str, int]:
    """Return how many tasks there are of each kind; one task may be of several."""
    listed = list(found)
    return {
        "all": len(listed),
        "gap": sum(task.incidents > 0 for task in listed),
        "child": sum(task.has_child for task in listed),
        "ambiguous": sum(task.is_ambiguous for task in listed),
    }


_PERSON = "SELECT person_id FROM mention JOIN mention_person USING (mention_id) WHERE " + " AND ".join(
    f"{column} = ?" for column in KEY
)

_TASKS = """
WITH link AS (
    SELECT person_id_a AS a, person_id_b AS b, match_probability FROM possible_person_link WHERE NOT is_unsure
), best AS (
    SELECT a, b, left_id, right_id FROM (
        SELECT least(l.person_id, r.person_id) AS a, greatest(l.person_id, r.person_id) AS b, left_id, right_id,
               match_weight
        FROM pair JOIN mention_person l ON l.mention_id = left_id JOIN mention_person r ON r.mention_id = right_id
        WHERE l.person_id <> r.person_id)
    QUALIFY row_number() OVER (PARTITION BY a, b ORDER BY match_weight DESC, left_id, right_id) = 1
), first AS (
    SELECT person_id, min(mention_id) AS mention_id FROM mention_person GROUP BY person_id
), hangs AS (
    SELECT least(p.person_id, q.person_id) AS a, greatest(p.person_id, q.person_id) AS b,
           count(DISTINCT (s.source_id, s.incident_number)) AS incidents
    FROM incident_status s
    JOIN incident_link l ON l.incident_source_id = s.source_id AND l.incident_number = s.incident_number
    JOIN case_report r ON r.source_id = l.report_source_id AND r.report_id = l.report_id
    JOIN involvement p ON p.record_kind = 'incident' AND p.source_id = s.source_id AND p.record_id = s.incident_number
    JOIN involvement q ON q.record_kind = 'case' AND q.source_id = r.source_id AND q.record_id = r.case_id
    WHERE s.status = 'review' AND l.link_class = 'possible' GROUP BY ALL
), told AS (
    SELECT person_id, coalesce(bool_or(is_child), false) AS is_child,
           max(list_position(['green', 'yellow', 'orange', 'red'], h.severity)) AS grave
    FROM involvement v LEFT JOIN unified_case h USING (household_id) GROUP BY person_id
), claims AS (
    SELECT person_id AS one, person_id_a AS other FROM ambiguous_claim
    UNION SELECT person_id, person_id_b FROM ambiguous_claim
), ambiguous AS (SELECT DISTINCT least(one, other) AS a, greatest(one, other) AS b FROM claims)
SELECT coalesce(left_id, least(fa.mention_id, fb.mention_id)),
       coalesce(right_id, greatest(fa.mention_id, fb.mention_id)), a, b,
       match_probability, coalesce(incidents, 0), ta.is_child OR tb.is_child, x.a IS NOT NULL,
       ['green', 'yellow', 'orange', 'red'][greatest(coalesce(ta.grave, 0), coalesce(tb.grave, 0))]
FROM link JOIN first fa ON fa.person_id = a JOIN first fb ON fb.person_id = b
JOIN told ta ON ta.person_id = a JOIN told tb ON tb.person_id = b
LEFT JOIN best USING (a, b) LEFT JOIN hangs USING (a, b) LEFT JOIN ambiguous x USING (a, b)
ORDER BY coalesce(incidents, 0) DESC, (ta.is_child OR tb.is_child) DESC, (x.a IS NOT NULL) DESC,
         abs(match_probability - 0.5), a, b
"""
