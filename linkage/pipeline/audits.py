"""The two steps of the audit: they measure, keep what they found, and stop the night on what nobody let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage import audit
from linkage.errors import GateFailed
from linkage.overrides import Overrides, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.audit import Figure
    from linkage.pipeline.night import Night

MOST = 5
"""Figures that the line of a stopped run names; the ledger keeps them all."""


def check_volume(night: Night) -> None:
    """Stop when a delivery is out of its source's band, or one that a rollback set back is missing."""
    _judge(night, [*audit.volumes(night.db, night.config, run_id=night.run_id), *_owed(night)], is_first=True)


def audit_changes(night: Night) -> None:
    """Stop when the case view moved further from the published one than its limits allow."""
    from linkage.pairs import PERSONS

    assert night.as_of is not None
    found = audit.changes(
        night.db,
        night.config,
        published=night.folder.current(),
        as_of=night.as_of,
        run_id=night.run_id,
        comparisons={c.name: c.level_sql() for c in PERSONS.comparisons},
    )
    if any(figure.verdict == audit.UNLIKE for figure in found):
        told = "the comparisons are others than those of the published night: its patterns are not compared with them"
        night.progress(f"warning: {told}")
        night.log.write("warning", message=told)
    _judge(night, found, is_first=False)


def _owed(night: Night) -> list[Figure]:
    there = {
        (str(s), str(d))
        for s, d in night.db.rows("SELECT source_id, delivery_id FROM delivery WHERE status = 'accepted'")
    }
    return [
        audit.Figure(
            "owed_delivery",
            "delivery",
            f"{o.source_id}/{o.delivery_id}",
            None,
            None,
            None,
            None,
            None,
            None,
            audit.STOP,
        )
        for o in Overrides(night.folder).owed()
        if (o.source_id, o.delivery_id) not in there
    ]


def _judge(night: Night, figures: Sequence[Figure], *, is_first: bool) -> None:
    overrides, persons = Overrides(night.folder), night.config.audit.accept_persons
    passing = overrides.passing([_stop(f) for f in figures if f.verdict == audit.STOP], persons)
    judged = [f.accepted() if f.verdict == audit.STOP and _stop(f) in passing else f for f in figures]
    audit.keep(night.db, judged, is_first=is_first)
    for figure in judged:
        if figure.verdict == audit.ACCEPTED:
            night.progress(f"let pass, as a person accepted it: {figure.line}")
            night.log.write("accepted", figure=figure.line)
    stopping = [f for f in judged if f.verdict == audit.STOP]
    if not stopping:
        return
    overrides.stopped(night.run_id, [_stop(f) for f in stopping], persons=persons)
    more = f"; and {len(stopping) - MOST} more" if len(stopping) > MOST else ""
    raise GateFailed(
        "the audit stopped the run, nothing was published: "
        + "; ".join(f.line for f in stopping[:MOST])
        + more
        + "; look for the cause, or let it pass once with inbeeld accept --reason TEXT --by NAME"
    )


def _stop(figure: Figure) -> Stop:
    return Stop(figure.measure, figure.scope, figure.name, figure.change, figure.line)
