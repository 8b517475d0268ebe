"""What waits for one reviewer: what nobody decided since the night, and among it what is to be judged a second time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from linkage.decisions import KEY, Decision, MentionKey
from linkage.review.queue import Task, acted_on, open_tasks, persons_of, task_of
from linkage.review.reading import Mention
from linkage.review.second import Opinion, latest
from linkage.review.site import Night, Site


@dataclass(frozen=True)
class Dispute:
    """A pair on which two reviewers differ, with the address of its page."""

    decision: Decision
    opinion: Opinion
    path: str


def queue(site: Site, name: str, night: Night) -> list[Task]:
    """Return the tasks of a reviewer. What is judged twice stands between the others and looks like them."""
    every = site.decisions.all()
    left = open_tasks(site.tasks(night), decided_since(site, night))
    twice = [task for d in site.opinions.wanted(every, by=name) if (task := _again(site, night, d))]
    return sorted({task.path: task for task in [*left, *twice]}.values(), key=lambda task: task.rank)


def decided_since(site: Site, night: Night) -> dict[frozenset[str], Decision]:
    """Return the persons about whom people decided since the night, each pair with the last decision that holds."""
    known = site.remember(night, "acted_on", lambda: acted_on(night.db))
    found = {}
    for decision in latest(site.decisions.all()):
        if decision.decision_id not in known:
            persons = site.remember(night, ("persons", decision.decision_id), partial(persons_of, night.db, decision))
            if persons is not None:
                found[frozenset(persons)] = decision
    return found


def _again(site: Site, night: Night, decision: Decision) -> Task | None:
    make = partial(task_of, night.db, decision, site.tasks(night))
    return site.remember(night, ("again", decision.decision_id), make)


def second(site: Site, name: str, left: MentionKey, right: MentionKey) -> Decision | None:
    """Return the decision on which a second opinion of this reviewer is wanted, if these two are such a pair."""
    pair = tuple(sorted((left, right)))
    wanted = site.opinions.wanted(site.decisions.all(), by=name)
    return next((d for d in wanted if (d.left, d.right) == pair), None)


def holding(site: Site, left: MentionKey, right: MentionKey) -> Decision | None:
    """Return the decision about these two that holds."""
    pair = tuple(sorted((left, right)))
    return next((d for d in latest(site.decisions.all()) if (d.left, d.right) == pair), None)


def disputes(site: Site, night: Night) -> list[Dispute]:
    """Return the pairs on which two reviewers differ and whose mentions are in the night."""
    found = []
    for decision, opinion in site.opinions.disputed(site.decisions.all()):
        left, right = (mention_id(night, key) for key in (decision.left, decision.right))
        if left is not None and right is not None:
            found.append(Dispute(decision, opinion, f"/paar/{left}/{right}"))
    return found


def following(waiting: Sequence[Task], one: Mention, other: Mention) -> str | None:
    """Return the address of what comes after a pair."""
    here = {one.mention_id, other.mention_id}
    place = next((n for n, task in enumerate(waiting) if {task.left, task.right} == here), -1)
    return waiting[place + 1].path if place + 1 < len(waiting) else None


def mention_id(night: Night, key: MentionKey) -> int | None:
    """Return the number of a mention in the night, None when its record is gone."""
    where = " AND ".join(f"{column} = ?" for column in KEY)
    rows = night.db.rows(f"SELECT mention_id FROM mention WHERE {where}", [getattr(key, c) for c in KEY])
    return int(rows[0][0]) if rows else None


def key_of(one: Mention) -> MentionKey:
    """Return the stable name of a mention."""
    return MentionKey(one.source_id, one.record_kind, one.record_id, one.person_seq)
