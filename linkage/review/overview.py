"""The start page of each role; what managers and the data team see, and nobody's name."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from linkage.review import deciding
from linkage.review.queue import counts, open_tasks
from linkage.review.second import latest
from linkage.review.site import Night
from linkage.review.trail import Action
from linkage.review.users import Role
from linkage.review.visit import Visit, Visitor, allowed, to
from linkage.review.waiting import decided_since

router = APIRouter()

WEEKS = 8
MOST_ENTRIES = 500
ENOUGH = 20
"""Pairs judged twice from which the agreement says something."""


@router.get("/")
def start(visit: Visitor) -> Response:
    """Show what somebody comes for."""
    if visit.session.role is Role.REVIEWER:
        return deciding.start(visit)
    return to("/cijfers" if visit.session.role is Role.MANAGER else "/logboek")


@router.get("/cijfers")
def figures(visit: Annotated[Visit, Depends(allowed(Role.MANAGER, Role.REVIEWER))]) -> Response:
    """Show how much waits and was decided, how far reviewers agree, and which incidents hang on it."""
    site = visit.site
    every = site.decisions.all()
    with site.night() as night:
        fresh = decided_since(site, night)
        tasks = site.tasks(night)
        return visit.page(
            "figures.html.j2",
            "figures",
            night,
            counts=counts(open_tasks(tasks, fresh)),
            fresh=len(fresh),
            verdicts=Counter(str(d.verdict) for d in latest(every)),
            withdrawn=sum(d.withdrawn_at is not None for d in every),
            weeks=_weeks(visit, [d.decided_at for d in every]),
            agreement=site.opinions.agreement(every),
            disputes=len(site.opinions.disputed(every)),
            enough=ENOUGH,
            share=site.config.review.second_share,
            incidents=_incidents(night),
        )


@router.get("/logboek")
def trail(visit: Annotated[Visit, Depends(allowed(Role.DATA))]) -> Response:
    """Show who looked at what: numbers, and nobody's name but those of colleagues."""
    visit.log(Action.VIEW_TRAIL)
    entries = visit.site.trail.entries(MOST_ENTRIES)
    return visit.page("trail.html.j2", "trail", entries=entries, broken=visit.site.trail.broken_at(), most=MOST_ENTRIES)


@router.get("/gebruikers")
def users(visit: Annotated[Visit, Depends(allowed(Role.DATA))]) -> Response:
    """Show who has which role and signed in last when; the command line changes that."""
    seen: dict[str, str] = {}
    for entry in visit.site.trail.entries():
        if entry.action == Action.SIGN_IN:
            seen.setdefault(entry.done_by, entry.done_at)
    listed = visit.site.users.all() if visit.site.users else []
    return visit.page("users.html.j2", "users", users=listed, seen=seen)


def _weeks(visit: Visit, moments: list[str]) -> list[tuple[Any, int]]:
    """Return the decisions of each of the last weeks by their Monday, the oldest first."""
    today = visit.site.now().date()
    monday = today - timedelta(days=today.weekday())
    made = Counter((day := datetime.fromisoformat(at).date()) - timedelta(days=day.weekday()) for at in moments)
    return [(first, made[first]) for n in range(WEEKS) for first in [monday - timedelta(weeks=WEEKS - 1 - n)]]


def _incidents(night: Night) -> list[tuple[Any, ...]]:
    """Return the incidents in review: own numbers, age, place, children and colour."""
    return night.db.rows(_INCIDENTS)


_INCIDENTS = """
SELECT s.incident_number, s.source_id, i.municipality_code, s.age_days, i.children_involved, i.severity
FROM incident_status s JOIN incident i USING (source_id, incident_number) WHERE s.status = 'review'
ORDER BY list_position(['red', 'orange', 'yellow', 'green'], i.severity) NULLS LAST,
         i.children_involved DESC NULLS LAST, s.age_days DESC, s.incident_number LIMIT 500
"""
