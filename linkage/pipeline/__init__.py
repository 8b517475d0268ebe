"""The method: what one night does, in order.

Each step is a function of the night; steps meet in tables of one working database, which becomes the
new ``restricted.duckdb`` when the last step swaps it in. The command line runs the list as it stands;
Prefect (``flows/nightly.py``) runs the same list with one task per step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import GateFailed
from linkage.pipeline.log import logged
from linkage.pipeline.night import Night, Progress, now, start

if TYPE_CHECKING:
    from linkage.config import Config

__all__ = ["STEPS", "Night", "Outcome", "Step", "outcome", "run", "start"]


@dataclass(frozen=True)
class Step:
    """A named step; ``retries`` only where trying again can help."""

    name: str
    run: Callable[[Night], None]
    retries: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a night ended: what was published and what needs a person."""

    run_id: str
    status: str
    """``published`` or ``nothing_new``."""
    as_of: date | None
    accepted: int
    refused: tuple[tuple[str, str, str], ...]
    """Deliveries refused and not yet replaced: source, delivery, one-line message."""
    stale: tuple[str, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0, or 2 while a refused delivery waits for the data team."""
        return 2 if self.refused else 0


def take_in(night: Night) -> None:
    """Read every complete delivery that was not taken in yet; stop here when nothing is new (`since.nothing_new`)."""
    from linkage import intake
    from linkage.pipeline import since
    from linkage.rejections import Rejections

    night.intake = intake.take_in(
        night.db,
        night.config,
        inbox=night.inbox,
        run_id=night.run_id,
        seen=night.ledger.seen(),
        keys=night.keys,
        progress=night.progress,
        from_scratch=night.from_scratch,
    )
    night.as_of = night.wanted_as_of or night.intake.as_of
    night.ledger.refuse(night.run_id, night.intake.refused)
    Rejections(night.folder).keep(night.db, night.run_id)
    since.recall(night)
    night.is_done = night.as_of is None or (not night.from_scratch and since.nothing_new(night))


def check_delivery(night: Night) -> None:
    """Stop when what came in cannot be right: unmapped codes, counts, volume."""
    _gate(night, "delivery")


def check_volume(night: Night) -> None:
    """Stop when a delivery is not as large as its source's usually are."""
    from linkage.pipeline import audits

    audits.check_volume(night)


def standardise(night: Night) -> None:
    """Turn the persons of all current records into mentions that can be compared."""
    from linkage import intake

    intake.standardise(night.db, night.config, night.progress, from_scratch=night.from_scratch)


def check_mentions(night: Night) -> None:
    """Stop when the mentions are not fit to be linked."""
    _gate(night, "mentions")


def link_mentions(night: Night) -> None:
    """Block, compare and score pairs of mentions."""
    from linkage import pairs

    config, frozen = _model(night)
    pairs.link(
        night.db,
        config,
        night.progress,
        frozen=frozen,
        keep=night.work / "publication" / "model.json",
        from_scratch=night.from_scratch,
    )


def _model(night: Night) -> tuple[Config, Path | None]:
    """Return the settings and the frozen model of tonight: a promoted one is used however young it is.

    A model in the settings outranks a promoted one, which outranks that of the night before.
    """
    from linkage.promotions import PUBLISHED, Promotions

    published = night.folder.current()
    frozen = published / "model.json" if published else None
    if night.promotion is None:
        return night.config, frozen
    (night.work / "publication" / PUBLISHED).write_text(str(night.promotion.promotion_id), encoding="utf-8")
    file = Promotions(night.folder).file(night.promotion)
    linkage = night.config.linkage
    if linkage.model_file is None and night.promotion.is_candidate:
        return night.config.model_copy(update={"linkage": linkage.model_copy(update={"model_file": file})}), frozen
    return night.config, file


def resolve_persons(night: Night) -> None:
    """Cluster sure links into persons whose ids stay from night to night; decisions outrank links."""
    from linkage.entities import resolve

    resolve(
        night.db,
        night.config,
        run_id=night.run_id,
        mint=night.keys.mint,
        progress=night.progress,
        decisions=night.decisions,
    )


def build_households(night: Night) -> None:
    """Group persons and records into households, by case and incident before address."""
    from linkage.entities import household
    from linkage.intake.collective import read_listed

    listed = read_listed(night.config.households.collective_file)
    household.build(night.db, night.config, run_id=night.run_id, mint=night.keys.mint, listed=listed)


def reconcile(night: Night) -> None:
    """Give every incident its report, its status and its cause, and build the case view."""
    from linkage import casebook

    assert night.as_of is not None
    casebook.build(night.db, night.config, as_of=night.as_of, progress=night.progress)


def describe_families(night: Night) -> None:
    """Describe every household: what led up to its first report, tags, children, colour, terms, hand-overs."""
    from linkage import families
    from linkage.pipeline import generations

    assert night.as_of is not None
    families.build(night.db, night.config, as_of=night.as_of, progress=night.progress, overrides=night.colours)
    generations.publish(night.db, night.as_of)


def measure_indicators(night: Night) -> None:
    """Compute the indicators K1-K25 from the case view and the records that it was made of."""
    from linkage import kpi

    assert night.as_of is not None
    kpi.build(night.db, night.config, as_of=night.as_of, progress=night.progress)


def check_case_view(night: Night) -> None:
    """Stop when the case view contradicts itself or its contract."""
    _gate(night, "case_view")


def audit_changes(night: Night) -> None:
    """Stop when too much moved since the publication before."""
    from linkage.pipeline import audits

    audits.audit_changes(night)


def publish(night: Night) -> None:
    """Write the case view and the lists aside and swap everything in at once."""
    from linkage import register, reports
    from linkage.casebook import publish
    from linkage.pipeline import since

    assert night.as_of is not None and night.intake is not None
    night.ledger.write_run_table(night.db, night.run_id, as_of=night.as_of, ended_at=now())
    reports.write(
        night.db,
        night.work / "publication" / "reports",
        run_id=night.run_id,
        as_of=night.as_of,
        made_at=now(),
        stale=night.intake.stale,
        limits=night.config.limits,
        cooperation=night.config.cooperation,
        on=since.today(night),
        language=night.config.reports.language,
        kept=night.folder.state / "editions",
        before=current / "case_view.duckdb" if (current := night.folder.current()) else None,
    )
    if handed_out := register.digest(night.config.cooperation, since.today(night)):
        (night.work / "publication" / register.PUBLISHED).write_text(handed_out, encoding="utf-8")
    for line in reports.withheld(night.db):
        night.progress(line)
    publish.write(night.db, night.work / "publication", anew=since.is_anew(night))
    night.counts = _counts(night)
    night.db.close()
    night.folder.publish(night.run_id, as_of=night.as_of)
    reports.keep(night.folder.published("reports"), night.folder.state)
    night.ledger.accept(night.run_id)


STEPS: tuple[Step, ...] = (
    Step("take in deliveries", take_in, retries=2),
    Step("check deliveries", check_delivery),
    Step("check volume", check_volume),
    Step("standardise mentions", standardise),
    Step("check mentions", check_mentions),
    Step("link mentions", link_mentions),
    Step("resolve persons", resolve_persons),
    Step("build households", build_households),
    Step("reconcile incidents", reconcile),
    Step("describe families", describe_families),
    Step("measure indicators", measure_indicators),
    Step("check case view", check_case_view),
    Step("audit changes", audit_changes),
    Step("publish", publish),
)
STEPS = tuple(map(logged, STEPS))


def run(
    config: Config,
    inbox: Path,
    out: Path,
    as_of: date | None = None,
    progress: Progress = lambda _: None,
    *,
    from_scratch: bool = False,
) -> Outcome:
    """Do one night from inbox to publication; raises `GateFailed` when a gate stopped it."""
    with start(config, inbox, out, as_of, progress, from_scratch=from_scratch) as night:
        for step in STEPS:
            if not night.is_done:
                progress(step.name)
                step.run(night)
        return outcome(night)


def outcome(night: Night) -> Outcome:
    """Sum up a night whose steps are done."""
    return Outcome(
        run_id=night.run_id,
        status="nothing_new" if night.is_done else "published",
        as_of=night.as_of,
        accepted=len(night.intake.accepted) if night.intake else 0,
        refused=tuple(night.ledger.outstanding()),
        stale=tuple(str(source) for source in night.intake.stale) if night.intake else (),
        seconds=(now() - night.started_at).total_seconds(),
    )


def _gate(night: Night, gate: str) -> None:
    from linkage import quality

    verdict = quality.check(night.db, night.config, gate=gate, run_id=night.run_id, checked_at=now())
    night.ledger.keep_checks(night.db, night.run_id, gate)
    for told in verdict.warnings:
        night.progress(f"warning: {told}")
        night.log.write("warning", gate=gate, message=told)
    if not verdict.passed:
        raise GateFailed(f"gate {gate} stopped the run, nothing was published: " + "; ".join(verdict.failures))


def _counts(night: Night) -> dict[str, int]:
    statuses = night.db.rows("SELECT status, count(*) FROM incident_status GROUP BY status ORDER BY status")
    return {str(status): int(count) for status, count in statuses}
