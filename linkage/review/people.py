"""A person as the night resolved it, with all its mentions, to be looked at and taken apart; and an incident."""

from __future__ import annotations

from itertools import product
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from linkage.decisions import Verdict
from linkage.errors import UsageError
from linkage.explain import explain
from linkage.review import waiting
from linkage.review.deciding import reason
from linkage.review.reading import Mention, mentions, record
from linkage.review.site import Night
from linkage.review.trail import Action
from linkage.review.visit import Fields, Missing, Posted, Reviewer, to
from linkage.review.waiting import key_of

router = APIRouter()

MOST_PAIRS = 400
"""Decisions that one split may make: a mention that is taken out is another person than every one that stays."""
MOST_MENTIONS = 200


@router.get("/persoon/{person_id}")
def person(person_id: str, visit: Reviewer) -> Response:
    """Show all mentions of a person; what somebody still has to judge unseen is not shown as joined."""
    with visit.site.night() as night:
        here = _mentions(night, person_id)
        visit.log(Action.VIEW_PERSON, person_id)
        tasks = [
            t for t in waiting.queue(visit.site, visit.session.name, night) if person_id in (t.person_a, t.person_b)
        ]
        return visit.page(
            "person.html.j2",
            "person",
            night,
            person_id=person_id,
            mentions=here[:MOST_MENTIONS],
            count=len(here),
            tasks=[task for task in tasks if person_id in (task.person_a, task.person_b)],
            history=night.db.rows(_HISTORY, [person_id, person_id]),
            capped=night.db.rows("SELECT mentions_joined FROM capped_person WHERE person_id = ?", [person_id]),
        )


@router.post("/persoon/{person_id}/splitsen")
def split(person_id: str, visit: Reviewer, given: Posted, fields: Fields) -> Response:
    """Take mentions out of a person: each of them is another person than each one that stays."""
    chosen = {value for name, value in fields if name == "apart"}
    with visit.site.night() as night:
        here = _mentions(night, person_id)
    out = [m for m in here if str(m.mention_id) in chosen]
    stay = [m for m in here if str(m.mention_id) not in chosen]
    if not out or not stay:
        raise UsageError(str(visit.texts["error.split"]))
    if len(out) * len(stay) > MOST_PAIRS:
        raise UsageError(visit.texts.say("error.split_many", n=MOST_PAIRS))
    pairs = [(key_of(one), key_of(other)) for one, other in product(out, stay) if one.record_no != other.record_no]
    if not pairs:
        raise UsageError(str(visit.texts["error.split_record"]))
    name, why = visit.session.name, reason(visit.texts, Verdict.DIFFERENT, given)
    numbers = visit.site.decisions.decide_all(pairs, Verdict.DIFFERENT, by=name, reason=why)
    visit.log(Action.SPLIT, f"{person_id} decision:{numbers[0]}-{numbers[-1]}")
    visit.session.last = "decision", tuple(numbers)
    visit.session.told = visit.texts.say("told.split", n=len(out))
    return to(f"/persoon/{person_id}")


@router.post("/zoek")
def find(visit: Reviewer, given: Posted) -> Response:
    """Go to an incident by its number, which thereby stands in no address."""
    number = given.get("number", "").strip().upper()
    with visit.site.night() as night:
        rows = night.db.rows(
            "SELECT min(record_no) FROM mention WHERE record_kind = 'incident' AND record_id = ? HAVING count(*) > 0",
            [number],
        )
    if not rows:
        raise UsageError(str(visit.texts["error.number"]))
    return to(f"/incident/{rows[0][0]}")


@router.get("/incident/{record_no}")
def incident(record_no: int, visit: Reviewer) -> Response:
    """Show why an incident has its status, and the pairs of people on which that hangs."""
    site = visit.site
    with site.night() as night:
        found = record(night.db, record_no)
        if found is None or found.record_kind != "incident":
            raise Missing
        visit.log(Action.VIEW_INCIDENT, f"record:{record_no}")
        told = explain(night.db, found.record_id, found.source_id, config=site.config, model=site.model(night))
        persons = mentions(night.db, "m.record_no = ?", [record_no])
        return visit.page(
            "incident.html.j2",
            "incident",
            night,
            record=found,
            explained=told,
            persons=persons,
            names={m.mention_id: m.name for m in persons},
            pairs=_pairs(night, record_no, told.shortfalls),
            limits=site.config.limits,
        )


def _pairs(night: Night, record_no: int, shortfalls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pairs of people of an incident and a report that somebody may judge, the likeliest first."""
    found = {
        (int(own), int(other)): {"report_id": report, "probability": chance, "delay_days": days, "is_kept": True}
        for own, other, report, chance, days in night.db.rows(_PAIRS, [record_no])
    }
    for near in shortfalls:
        key = int(near["left"]["mention_id"]), int(near["right"]["mention_id"])
        told = {"report_id": near["report_id"], "probability": near["match_probability"]}
        found.setdefault(key, told | {"delay_days": near["delay_days"], "is_kept": False})
    listed = [pair | {"path": f"/paar/{own}/{other}", "own": own} for (own, other), pair in found.items()]
    return sorted(listed, key=lambda pair: (-pair["probability"], pair["path"]))


def _mentions(night: Night, person_id: str) -> list[Mention]:
    found = mentions(night.db, "mp.person_id = ?", [person_id])
    if not found:
        raise Missing
    return found


_HISTORY = "SELECT old_id, new_id, run_id, reason FROM person_id_history WHERE old_id = ? OR new_id = ? ORDER BY run_id"

_PAIRS = """
SELECT own.mention_id, other.mention_id, r.report_id, p.match_probability,
       CAST(r.received_at AS DATE) - own.event_date AS delay_days
FROM mention own
JOIN pair p ON own.mention_id IN (p.left_id, p.right_id)
JOIN mention other ON other.mention_id = CASE WHEN p.left_id = own.mention_id THEN p.right_id ELSE p.left_id END
JOIN incident_link l ON l.incident_source_id = own.source_id AND l.incident_number = own.record_id
JOIN case_report r ON r.source_id = l.report_source_id AND r.report_id = l.report_id
    AND r.source_id = other.source_id AND r.case_id = other.record_id
WHERE own.record_no = ? AND other.record_kind = 'case'
ORDER BY p.match_probability DESC, own.mention_id, other.mention_id LIMIT 50
"""
