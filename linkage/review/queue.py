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

    places: tuple[tuple[str, str], tuple[str, str]]
    """Kind of record and source of either mention."""
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
    def rank(self) -> tuple[object, ...]:
        """Return its place in the order of the queue."""
        unclear = abs(self.probability - 0.5)
        return -self.incidents, not self.has_child, not self.is_ambiguous, unclear, self.left, self.right

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
    found = []
    for *told, left_kind, left_source, right_kind, right_source in db.rows(_TASKS):
        found.append(Task(((left_kind, left_source), (right_kind, right_source)), *told))
    return sorted(found, key=lambda task: task.rank)


def open_tasks(found: Iterable[Task], decided: Collection[frozenset[str]]) -> list[Task]:
    """Return the tasks about which nobody said anything since the night."""
    return [task for task in found if frozenset((task.person_a, task.person_b)) not in decided]


def acted_on(db: Engine) -> set[int]:
    """Return the decisions that the night was made with."""
    return {int(row[0]) for row in db.rows("SELECT decision_id FROM decision")} if db.has("decision") else set()


def persons_of(db: Engine, decision: Decision) -> tuple[str, str] | None:
    """Return the persons of the night whose mentions a decision is about; None when a mention is not there."""
    found = []
    for key in (decision.left, decision.right):
        rows = db.rows(_PERSON, [getattr(key, column) for column in KEY])
        if not rows:
            return None
        found.append(str(rows[0][0]))
    return found[0], found[1]


def task_of(db: Engine, decision: Decision, found: Iterable[Task]) -> Task | None:
    """Return a decided pair as a task again, as if nobody had decided; None when a mention is gone.

    Where the night left the pair open it is that task. Where it acted on the decision, what the model thought of the
    pair is all that is told.
    """
    rows = db.rows(_AGAIN, [getattr(key, column) for key in (decision.left, decision.right) for column in KEY])
    if not rows:
        return None
    left, right, person_a, person_b, probability, has_child, *places = rows[0]
    for task in found:
        if {task.person_a, task.person_b} == {person_a, person_b} and {task.left, task.right} == {left, right}:
            return task
    where = (places[0], places[1]), (places[2], places[3])
    if left > right:  # as the night's own pairs stand, so that nobody sees which is which
        left, right, where = right, left, where[::-1]
    return Task(where, left, right, person_a, person_b, probability, 0, has_child, False, None)


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
        WHERE l.person_id <> r.person_id) SEMI JOIN link USING (a, b)
    QUALIFY row_number() OVER (PARTITION BY a, b ORDER BY match_weight DESC, left_id, right_id) = 1
), first AS (
    SELECT person_id, min(mention_id) AS mention_id FROM mention_person
    WHERE person_id IN (SELECT a FROM link UNION SELECT b FROM link) GROUP BY person_id
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
    FROM involvement v LEFT JOIN unified_case h USING (household_id)
    WHERE person_id IN (SELECT a FROM link UNION SELECT b FROM link) GROUP BY person_id
), claims AS (
    SELECT person_id AS one, person_id_a AS other FROM ambiguous_claim
    UNION SELECT person_id, person_id_b FROM ambiguous_claim
), ambiguous AS (SELECT DISTINCT least(one, other) AS a, greatest(one, other) AS b FROM claims
), best_of AS (
    SELECT a, b, match_probability, coalesce(left_id, least(fa.mention_id, fb.mention_id)) AS left_id,
           coalesce(right_id, greatest(fa.mention_id, fb.mention_id)) AS right_id
    FROM link JOIN first fa ON fa.person_id = a JOIN first fb ON fb.person_id = b LEFT JOIN best USING (a, b)
)
SELECT left_id, right_id, a, b, match_probability, coalesce(incidents, 0), ta.is_child OR tb.is_child, x.a IS NOT NULL,
       ['green', 'yellow', 'orange', 'red'][greatest(coalesce(ta.grave, 0), coalesce(tb.grave, 0))],
       l.record_kind, l.source_id, r.record_kind, r.source_id
FROM best_of JOIN told ta ON ta.person_id = a JOIN told tb ON tb.person_id = b
JOIN mention l ON l.mention_id = left_id JOIN mention r ON r.mention_id = right_id
LEFT JOIN hangs USING (a, b) LEFT JOIN ambiguous x USING (a, b)
"""

_AGAIN = f"""
WITH two AS (
    SELECT l.mention_id AS left_id, r.mention_id AS right_id, l.record_kind AS lk, l.source_id AS ls,
           r.record_kind AS rk, r.source_id AS rs
    FROM mention l JOIN mention r ON true
    WHERE {" AND ".join(f"l.{column} = ?" for column in KEY)} AND {" AND ".join(f"r.{column} = ?" for column in KEY)}
), told AS (
    SELECT person_id, coalesce(bool_or(is_child), false) AS is_child FROM involvement
    WHERE person_id IN (SELECT person_id FROM mention_person JOIN two ON mention_id IN (left_id, right_id))
    GROUP BY person_id
)
SELECT two.left_id, two.right_id, a.person_id, b.person_id, coalesce(p.match_probability, 0),
       ta.is_child OR tb.is_child, lk, ls, rk, rs
FROM two
JOIN mention_person a ON a.mention_id = two.left_id JOIN mention_person b ON b.mention_id = two.right_id
JOIN told ta ON ta.person_id = a.person_id JOIN told tb ON tb.person_id = b.person_id
LEFT JOIN pair p ON p.left_id = least(two.left_id, two.right_id) AND p.right_id = greatest(two.left_id, two.right_id)
"""
