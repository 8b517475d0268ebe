"""What people did since the night before, and whether there is anything to make anew."""

from __future__ import annotations

from datetime import date

from linkage import contracts, entities, families, promotions, register
from linkage.colours import Colours
from linkage.decisions import Decisions
from linkage.ledger import LOCAL
from linkage.pipeline.night import Night


def recall(night: Night) -> None:
    """Take up the decisions, the promoted model and the colours that stand when the night begins."""
    night.decisions = tuple(Decisions(night.folder).active())
    night.promotion = promotions.Promotions(night.folder).current()
    night.colours = tuple(Colours(night.folder).active())


def nothing_new(night: Night) -> bool:
    """Tell whether tonight would publish what is published.

    It would when no delivery came in, no decision was made or withdrawn, no model promoted, no colour given or
    withdrawn, the register gives each partner what it gave, the day is that of the publication, and this version has
    the same tables. Says so where only one of the last is why there is something to do.
    """
    assert night.intake is not None
    if night.intake.accepted or night.as_of != night.folder.published_as_of() or not _is_decided(night):
        return False
    given = register.digest(night.config.cooperation, today(night))
    if given != register.published(night.folder.current()):
        night.progress("the register of partners or what it gives today changed: what is handed out is made anew")
        return False
    if not all(table.is_in(night.db) for table in contracts.tables("case_view")):
        night.progress("the published night was made by another version: it is made anew")
        return False
    return True


def is_anew(night: Night) -> bool:
    """Tell whether both databases are written anew; if not, put the case view of the night before in its place."""
    if night.from_scratch or night.folder.is_worn():
        return True
    if not night.folder.copy("case_view.duckdb", night.work / "publication"):
        told = "the published case_view.duckdb is not as the night before left it: it is written anew"
        night.progress(f"warning: {told}")
        night.log.write("warning", message=told)
    return False


def today(night: Night) -> date:
    """Return the day in the Netherlands on which the night began: the day on which agreements hold."""
    return night.started_at.astimezone(LOCAL).date()


def _is_decided(night: Night) -> bool:
    """Tell whether the published night knew every decision, model and colour that stands."""
    model = night.promotion.promotion_id if night.promotion else 0
    return (
        {d.decision_id for d in night.decisions} == entities.published(night.db)
        and model == promotions.published(night.folder.current())
        and {o.override_id for o in night.colours} == families.published(night.db)
    )
