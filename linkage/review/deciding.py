"""The reviewer's way: the queue, two mentions side by side, the decision, and its undoing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from linkage.decisions import Decision, MentionKey, Verdict
from linkage.errors import UsageError
from linkage.explain.pair import told_pair
from linkage.explain.steps import published_model
from linkage.pairs.model import Model
from linkage.review.compare import compared, unknown
from linkage.review.queue import Task, counts, decided_since, open_tasks
from linkage.review.reading import Mention, mention, mentions, protected_persons, record
from linkage.review.second import latest
from linkage.review.site import Night
from linkage.review.texts import texts
from linkage.review.trail import Action
from linkage.review.users import Role
from linkage.review.visit import Form, Missing, Posted, Reviewer, Visit, allowed, to
from linkage.thresholds import Thresholds

router = APIRouter()

LONGEST_LIST = 200
"""Rows of the queue on one page: nobody works through more in a day."""


def start(visit: Visit) -> Response:
    """Show the queue."""
    with visit.site.night() as night:
        waiting = _queue(visit, night)
        values: dict[str, Any] = {"tasks": waiting[:LONGEST_LIST], "counts": counts(waiting), "most": LONGEST_LIST}
        disputed = _disputed(visit, night)
        return visit.page("queue.html.j2", "Te beoordelen", night, disputed=disputed, **values)


@router.get("/paar/{left}/{right}")
def pair(left: int, right: int, visit: Reviewer) -> Response:
    """Show two mentions side by side."""
    with visit.site.night() as night:
        one, other = _both(night, left, right)
        visit.log(Action.VIEW_PAIR, _object(left, right))
        return _pair_page(visit, night, one, other)


@router.post("/paar/{left}/{right}/adres")
def open_address(left: int, right: int, visit: Reviewer, given: Posted) -> Response:
    """Open the addresses of a pair for a few minutes, for one of the stated reasons."""
    why = given.get("why", "")
    if why not in texts()["open_reason"]:
        raise UsageError(str(texts()["error.open_reason"]))
    with visit.site.night() as night:
        _both(night, left, right)
    for number in (left, right):
        visit.log(Action.OPEN_ADDRESS, f"mention:{number}", why)
        visit.session.open(number, visit.site.now())
    return to(f"/paar/{left}/{right}#velden")


@router.post("/paar/{left}/{right}")
def decide(left: int, right: int, visit: Reviewer, given: Posted) -> Response:
    """Keep a decision, or a second opinion, and go on to what comes next."""
    if given.get("verdict") not in list(Verdict):
        raise UsageError(str(texts()["error.verdict"]))
    verdict = Verdict(given["verdict"])
    reason = _reason(verdict, given)
    with visit.site.night() as night:
        one, other = _both(night, left, right)
        keys = _key(one), _key(other)
        wanted = _second_wanted(visit, *keys)
        if wanted is not None:
            visit.site.opinions.add(wanted.decision_id, verdict, by=visit.session.name, reason=reason)
            visit.log(Action.SECOND, f"decision:{wanted.decision_id}")
            visit.session.told = texts().say(f"told.{verdict}"), None
        else:
            number = visit.site.decisions.decide(*keys, verdict, by=visit.session.name, reason=reason)
            visit.log(Action.DECIDE, f"decision:{number}")
            visit.session.told = texts().say(f"told.{verdict}"), number
        waiting = _queue(visit, night)
    return to(waiting[0].path if waiting else "/")


@router.post("/besluit/{number}/terug")
def undo(number: int, visit: Reviewer, given: Posted) -> Response:
    """Withdraw a decision: it stays on record and holds no more."""
    visit.site.decisions.withdraw(number, by=visit.session.name, reason=str(texts()["undone"]))
    visit.log(Action.WITHDRAW, f"decision:{number}")
    visit.session.told = texts().say("told.undone", number=number), None
    return to(_local(given.get("back", "/")))


@router.get("/besluiten")
def decided(visit: Annotated[Visit, Depends(allowed(Role.REVIEWER, Role.MANAGER))]) -> Response:
    """List the decisions with what the last run did with them; a second reviewer does not see the first's."""
    with visit.site.night() as night:
        rows = night.db.rows("SELECT decision_id, outcome FROM decision") if night.db.has("decision") else []
        outcomes = {int(number): str(outcome) for number, outcome in rows}
        every = visit.site.decisions.all()
        closed = {d.decision_id for d in visit.site.opinions.wanted(every, by=visit.session.name)}
        shown = [d for d in reversed(every) if d.decision_id not in closed or visit.session.role is Role.MANAGER]
        return visit.page("decisions.html.j2", "Besluiten", night, decisions=shown[:500], outcomes=outcomes)


def _pair_page(visit: Visit, night: Night, one: Mention, other: Mention) -> Response:
    site, now = visit.site, visit.site.now()
    told = told_pair(night.db, (one.mention_id, other.mention_id), _model(visit, night), Thresholds.of(site.config))
    is_protected = protected_persons(night.db, [one.person_id, other.person_id])
    closed = is_protected and not all(visit.session.is_open(m.mention_id, now) for m in (one, other))
    rows = compared(one, other, told, closed=closed)
    waiting = _queue(visit, night)
    is_second = _second_wanted(visit, _key(one), _key(other)) is not None
    return visit.page(
        "pair.html.j2",
        "Twee vermeldingen",
        night,
        one=one,
        other=other,
        fields=rows,
        unknown=unknown(rows),
        told_pair=told,
        is_protected=is_protected,
        closed=closed,
        shared=_shared(night, one, other),
        sides=[_side(night, m) for m in (one, other)],
        task=_task(site.tasks(night), one, other),
        is_second=is_second,
        before=None if is_second else _before(visit, _key(one), _key(other)),
        next=_next(waiting, one, other),
        waiting=len(waiting),
        limits=site.config.limits,
    )


def _side(night: Night, one: Mention) -> dict[str, Any]:
    """Return the record of a mention, who else is named on it, and the household, without anybody's address."""
    named = mentions(night.db, "m.record_no = ? AND m.mention_id <> ?", [one.record_no, one.mention_id])
    members = night.db.rows(_MEMBERS, [one.household_id, one.person_id]) if one.household_id else []
    return {"mention": one, "record": record(night.db, one.record_no), "others": named, "members": members}


def _shared(night: Night, one: Mention, other: Mention) -> set[str]:
    """Return the persons who are named on both records."""
    rows = night.db.rows(
        "SELECT person_id FROM mention JOIN mention_person USING (mention_id) WHERE record_no IN (?, ?) "
        "GROUP BY person_id HAVING count(DISTINCT record_no) = 2",
        [one.record_no, other.record_no],
    )
    return {str(row[0]) for row in rows}


_MEMBERS = """
SELECT person_id, max(coalesce(m.call_name, m.given_name)) AS called, max(m.surname) AS surname,
       max(m.birth_year) AS birth_year, any_value(h.certainty), max(h.valid_until) AS valid_until
FROM household_member h JOIN mention_person mp USING (person_id) JOIN mention m USING (mention_id)
WHERE h.household_id = ? AND h.person_id <> ? GROUP BY person_id ORDER BY birth_year NULLS LAST, person_id
"""


def _both(night: Night, left: int, right: int) -> tuple[Mention, Mention]:
    one, other = mention(night.db, left), mention(night.db, right)
    if one is None or other is None or left == right:
        raise Missing
    return one, other


def _key(one: Mention) -> MentionKey:
    return MentionKey(one.source_id, one.record_kind, one.record_id, one.person_seq)


def _model(visit: Visit, night: Night) -> Model:
    """Return the model of the night, read once a night."""
    known = visit.site.models
    if night.run_id not in known:
        known.clear()
        known[night.run_id] = published_model(night.db, night.model)
    return known[night.run_id]


def _queue(visit: Visit, night: Night) -> list[Task]:
    """Return what waits for this reviewer: what nobody decided, and among it what is to be judged twice."""
    every = visit.site.decisions.all()
    holding = latest(every)
    fresh = decided_since(night.db, holding)
    left = open_tasks(visit.site.tasks(night), fresh.keys())
    wanted = {d.decision_id for d in visit.site.opinions.wanted(every, by=visit.session.name)}
    again = {pair for pair, decision in fresh.items() if decision.decision_id in wanted}
    twice = [task for task in visit.site.tasks(night) if frozenset((task.person_a, task.person_b)) in again]
    return sorted([*left, *twice], key=visit.site.tasks(night).index)


def _second_wanted(visit: Visit, left: MentionKey, right: MentionKey) -> Decision | None:
    pair = tuple(sorted((left, right)))
    wanted = visit.site.opinions.wanted(visit.site.decisions.all(), by=visit.session.name)
    return next((d for d in wanted if (d.left, d.right) == pair), None)


def _disputed(visit: Visit, night: Night) -> list[dict[str, Any]]:
    """Return the pairs on which two reviewers differ, with where to look."""
    found = []
    for decision, opinion in visit.site.opinions.disputed(visit.site.decisions.all()):
        ids = [_mention_id(night, key) for key in (decision.left, decision.right)]
        if None not in ids:
            found.append({"decision": decision, "opinion": opinion, "path": f"/paar/{ids[0]}/{ids[1]}"})
    return found


def _mention_id(night: Night, key: MentionKey) -> int | None:
    rows = night.db.rows(
        "SELECT mention_id FROM mention WHERE source_id = ? AND record_kind = ? AND record_id = ? AND person_seq = ?",
        [key.source_id, key.record_kind, key.record_id, key.person_seq],
    )
    return int(rows[0][0]) if rows else None


def _before(visit: Visit, left: MentionKey, right: MentionKey) -> Decision | None:
    """Return the decision about these two that holds."""
    pair = tuple(sorted((left, right)))
    return next((d for d in latest(visit.site.decisions.all()) if (d.left, d.right) == pair), None)


def _task(found: Sequence[Task], one: Mention, other: Mention) -> Task | None:
    persons = {one.person_id, other.person_id}
    return next((task for task in found if {task.person_a, task.person_b} == persons), None)


def _next(waiting: Sequence[Task], one: Mention, other: Mention) -> str | None:
    """Return the address of what comes after this pair."""
    here = {one.mention_id, other.mention_id}
    place = next((n for n, task in enumerate(waiting) if {task.left, task.right} == here), -1)
    return waiting[place + 1].path if place + 1 < len(waiting) else None


def _reason(verdict: Verdict, given: Form) -> str:
    """Return the reason as it is kept: the one chosen, and what was added."""
    listed = texts()["reason"]
    chosen = given.get("reason", "")
    words = [str(listed[chosen]) if chosen in listed else str(texts()[f"reason_default.{verdict}"])]
    added = " ".join(given.get("remark", "").split())
    return ": ".join([*words, added] if added else words)


def _object(left: int, right: int) -> str:
    return f"mention:{min(left, right)} mention:{max(left, right)}"


def _local(path: str) -> str:
    """Return where to go back to: a page of ours or the start, never another site."""
    return path if path.startswith("/paar/") or path in ("/besluiten", "/") else "/"
