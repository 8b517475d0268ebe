"""The reviewer's way: the queue, two mentions side by side, the decision, and its undoing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from linkage.decisions import Verdict
from linkage.errors import UsageError
from linkage.review import waiting
from linkage.review.compare import compared, unknown
from linkage.review.evidence import evidence
from linkage.review.queue import acted_on, counts
from linkage.review.reading import Mention, mention, mentions, protected_persons, record
from linkage.review.site import Night
from linkage.review.texts import Texts
from linkage.review.trail import Action
from linkage.review.users import Role
from linkage.review.visit import Form, Missing, Posted, Reviewer, Visit, allowed, to
from linkage.review.waiting import key_of
from linkage.thresholds import Thresholds

router = APIRouter()

LONGEST_LIST = 200
"""Rows of the queue on one page: nobody works through more in a day."""
MOST_DECISIONS = 500


def start(visit: Visit) -> Response:
    """Show the queue."""
    with visit.site.night() as night:
        tasks = waiting.queue(visit.site, visit.session.name, night)
        values: dict[str, Any] = {"tasks": tasks[:LONGEST_LIST], "counts": counts(tasks), "most": LONGEST_LIST}
        return visit.page("queue.html.j2", "queue", night, disputes=waiting.disputes(visit.site, night), **values)


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
    if why not in visit.texts["open_reason"]:
        raise UsageError(str(visit.texts["error.open_reason"]))
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
        raise UsageError(str(visit.texts["error.verdict"]))
    verdict, site, name = Verdict(given["verdict"]), visit.site, visit.session.name
    why = reason(visit.texts, verdict, given)
    with site.night() as night:
        one, other = _both(night, left, right)
        next_path = waiting.following(waiting.queue(site, name, night), one, other)
        first = waiting.second(site, name, key_of(one), key_of(other))
        if first is not None:
            number = site.opinions.add(first.decision_id, verdict, by=name, reason=why)
            visit.log(Action.SECOND, f"opinion:{number}")
            visit.session.last = "opinion", (number,)
        else:
            number = site.decisions.decide(key_of(one), key_of(other), verdict, by=name, reason=why)
            visit.log(Action.DECIDE, f"decision:{number}")
            visit.session.last = "decision", (number,)
    visit.session.told = str(visit.texts[f"told.{verdict}"])
    return to(next_path or "/")


@router.post("/terug")
def undo(visit: Reviewer, given: Posted) -> Response:  # noqa: ARG001
    """Undo what this session did last; it stays on record and holds no more."""
    if visit.session.last is None:
        raise UsageError(str(visit.texts["error.nothing"]))
    (kind, numbers), visit.session.last = visit.session.last, None
    for number in numbers:
        if kind == "opinion":
            visit.site.opinions.retract(number, by=visit.session.name)
        else:
            visit.site.decisions.withdraw(number, by=visit.session.name, reason=str(visit.texts["undone"]))
        visit.log(Action.WITHDRAW, f"{kind}:{number}")
    visit.session.told = str(visit.texts["told.undone"])
    return to("/")


@router.post("/besluit/{number}/terug")
def withdraw(number: int, visit: Reviewer, given: Posted) -> Response:  # noqa: ARG001
    """Withdraw any decision; it stays on record and holds no more."""
    visit.site.decisions.withdraw(number, by=visit.session.name, reason=str(visit.texts["undone"]))
    visit.log(Action.WITHDRAW, f"decision:{number}")
    visit.session.told = str(visit.texts["told.undone"])
    return to("/besluiten")


@router.get("/besluiten")
def decided(visit: Annotated[Visit, Depends(allowed(Role.REVIEWER, Role.MANAGER))]) -> Response:
    """List the decisions with what the last run did with them; a second reviewer does not see the first's."""
    every = visit.site.decisions.all()
    closed = set[int]()
    if visit.session.role is Role.REVIEWER:
        closed = {d.decision_id for d in visit.site.opinions.wanted(every, by=visit.session.name)}
    with visit.site.night() as night:
        rows = night.db.rows("SELECT decision_id, outcome FROM decision") if night.db.has("decision") else []
    outcomes = {int(number): str(outcome) for number, outcome in rows}
    shown = [d for d in reversed(every) if d.decision_id not in closed]
    return visit.page(
        "decisions.html.j2", "decisions", decisions=shown[:MOST_DECISIONS], most=MOST_DECISIONS, outcomes=outcomes
    )


def reason(texts: Texts, verdict: Verdict, given: Form) -> str:
    """Return the reason as it is kept: the one chosen, and what was added."""
    listed = texts["reason"]
    chosen = given.get("reason", "")
    words = [str(listed[chosen]) if chosen in listed else str(texts[f"reason_default.{verdict}"])]
    added = " ".join(given.get("remark", "").split())
    return ": ".join([*words, added] if added else words)


def _pair_page(visit: Visit, night: Night, one: Mention, other: Mention) -> Response:
    site, name, now = visit.site, visit.session.name, visit.site.now()
    thresholds = Thresholds.of(site.config)
    found = evidence(night.db, one.mention_id, other.mention_id, site.model(night), thresholds)
    is_protected = protected_persons(night.db, [one.person_id, other.person_id])
    closed = is_protected and not all(visit.session.is_open(m.mention_id, now) for m in (one, other))
    rows = compared(visit.texts, one, other, found, closed=closed)
    tasks = waiting.queue(site, name, night)
    first = waiting.second(site, name, key_of(one), key_of(other))
    here = {one.mention_id, other.mention_id}
    return visit.page(
        "pair.html.j2",
        "pair",
        night,
        one=one,
        other=other,
        fields=rows,
        unknown=unknown(rows),
        evidence=found,
        is_protected=is_protected,
        closed=closed,
        shared=_shared(night, one, other),
        sides=[_side(night, m) for m in (one, other)],
        task=next((task for task in tasks if {task.left, task.right} == here), None),
        # What the night made of the first judgement would tell it.
        is_told=first is None or first.decision_id not in acted_on(night.db),
        before=None if first else waiting.holding(site, key_of(one), key_of(other)),
        next=waiting.following(tasks, one, other),
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


def _object(left: int, right: int) -> str:
    return f"mention:{min(left, right)} mention:{max(left, right)}"
