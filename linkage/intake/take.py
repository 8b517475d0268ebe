"""Taking in the inbox: every complete delivery that was not taken in yet, one at a time, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from linkage import contracts
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.errors import DeliveryRefused
from linkage.intake import delivery, log, records, staging, touch
from linkage.intake import profile as profiles
from linkage.intake.delivery import Accepted, Delivery, Refused
from linkage.intake.staging import Staged
from linkage.intake.values import LOCAL
from linkage.lateness import lags
from linkage.privacy import Keys

MANY = 50_000
"""Rows of all new deliveries from which a night has much to do."""


@dataclass(frozen=True)
class IntakeReport:
    """What a run found in the inbox."""

    accepted: tuple[Accepted, ...]
    refused: tuple[Refused, ...]
    already_seen: int
    as_of: date | None
    """The last day that every chain covers; None when nothing was ever taken in."""
    stale: tuple[str, ...]
    """Sources whose newest delivery was refused, or that lag behind the others."""
    rows_accepted: int
    rows_rejected: int


def take_in(
    db: Engine,
    config: Config,
    *,
    inbox: Path,
    run_id: str,
    seen: Collection[str],
    keys: Keys,
    progress: Callable[[str], None],
    from_scratch: bool = False,
) -> IntakeReport:
    """Read every complete delivery that was not taken in yet, and bring the source tables up to date.

    With ``from_scratch`` these are made anew of all that was ever delivered.
    """
    # A checkpoint after every delivery would write the versions of all records again.
    db.run("SET checkpoint_threshold = '1GB'")
    records.prepare(db, run_id)
    # A step that is tried again finds what it took in before: that is this run's, not an earlier night's.
    mine = {str(row[0]) for row in db.rows(f"{_ACCEPTED} AND run_id = ?", [run_id])}
    known = set(seen) | {str(row[0]) for row in db.rows(_ACCEPTED)}
    new, refused, already = _sort(inbox, known, mine)
    for refusal in refused:
        with db.transaction():
            log.write_refused(db, run_id, refusal, None, ())
    if sum(listed.rows for one in new for listed in one.files) > MANY:
        db.widen()
    for one in new:
        progress(f"take in {one.source_id}/{one.delivery_id}")
        outcome = _take(db, config, run_id, one, keys)
        if outcome is not None:
            refused.append(outcome)
    refused = _unrepaired(db, refused)
    accepted = _accepted(db, run_id)
    if accepted or from_scratch or not records.is_built(db):
        with db.transaction():
            records.account(db)
            records.bring_up(db, run_id, from_scratch=from_scratch)
        accepted = _accepted(db, run_id)
    else:
        touch.none(db)
    return _report(db, accepted, tuple(sorted(refused, key=lambda r: (r.source_id, r.delivery_id))), already)


def _report(db: Engine, accepted: tuple[Accepted, ...], refused: tuple[Refused, ...], already: int) -> IntakeReport:
    return IntakeReport(
        accepted=accepted,
        refused=refused,
        already_seen=already,
        as_of=_as_of(db),
        stale=_stale(db, refused),
        rows_accepted=sum(a.accepted for a in accepted),
        rows_rejected=sum(a.rejected for a in accepted),
    )


def _unrepaired(db: Engine, refused: Sequence[Refused]) -> list[Refused]:
    """Leave out what a later delivery repaired: it stays on record, and nobody has to wait for it."""
    repaired = set(db.rows("SELECT source_id, repairs FROM delivery WHERE status = 'accepted' AND repairs IS NOT NULL"))
    return [one for one in refused if (one.source_id, one.delivery_id) not in repaired]


_ACCEPTED = "SELECT content_hash FROM delivery WHERE status = 'accepted'"


def _sort(inbox: Path, known: set[str], mine: set[str]) -> tuple[list[Delivery], list[Refused], int]:
    """Return the new deliveries in the order of extraction, the unreadable, and how many are old."""
    new: list[Delivery] = []
    refused: list[Refused] = []
    already = 0
    for entry in delivery.entries(inbox):
        one = entry if isinstance(entry, Refused) else delivery.read(entry, known)
        if isinstance(one, Refused):
            refused.append(one)
        elif one.content_hash not in known:
            new.append(one)
        elif one.content_hash not in mine:
            already += 1
    return sorted(new, key=lambda d: (d.folder.parent.name, d.version, d.folder.name)), refused, already


def _take(db: Engine, config: Config, run_id: str, one: Delivery, keys: Keys) -> Refused | None:
    """Take one delivery in, or write down why not; its rows in clear never outlive the transaction."""
    done: list[Staged] = []
    refused: Refused | None = None
    with db.transaction():
        try:
            profile = delivery.check(one, config)
            for listed in one.files:
                done.append(staging.stage(db, one, listed, profile, keys))
                staging.check_rows(done[-1], listed)
                staging.check_share(done[-1], config)
        except DeliveryRefused as error:
            refused = delivery.refusal(one, error)
        if refused is None:
            _keep(db, run_id, one, done)
        else:
            log.write_refused(db, run_id, refused, one, done)
        staging.drop(db)
    return refused


def _keep(db: Engine, run_id: str, one: Delivery, done: Sequence[Staged]) -> None:
    log.write_accepted(db, run_id, one, done)
    for staged in done:
        records.merge(db, staged, one)
    for staged in done:
        records.hold(db, staged, one)


def _accepted(db: Engine, run_id: str) -> tuple[Accepted, ...]:
    rows = db.rows(
        """SELECT source_id, delivery_id, content_hash, profile, kind, extracted_at, covers_until, rows,
             accepted, rejected
           FROM delivery WHERE status = 'accepted' AND run_id = ? ORDER BY source_id, version""",
        [run_id],
    )
    return tuple(Accepted(*(*row[:5], row[5].replace(tzinfo=LOCAL), *row[6:])) for row in rows)


def _as_of(db: Engine) -> date | None:
    """Return the day that the slowest chain has reached: of later days half is known."""
    reached: dict[str, date] = {}
    rows = db.rows(
        "SELECT profile, max(covers_until) FROM delivery WHERE status = 'accepted' GROUP BY profile ORDER BY profile"
    )
    for name, until in rows:
        if name in contracts.profiles():
            chain = profiles.load(name).chain
            reached[chain] = max(until, reached.get(chain, until))
    return min(reached.values(), default=None)


def _stale(db: Engine, refused: Sequence[Refused]) -> tuple[str, ...]:
    rows = db.rows("SELECT source_id, max(version) FROM delivery WHERE status = 'accepted' GROUP BY source_id")
    newest = {str(source): datetime.fromisoformat(version.split()[0]) for source, version in rows}
    behind = {lag.source_id for lag in lags(db) if lag.is_late}
    for refusal in refused:
        at, last = refusal.extracted_at, newest.get(refusal.source_id)
        if refusal.delivery_id == delivery.NO_DELIVERY:
            continue
        if at is None or last is None or at >= last:
            behind.add(refusal.source_id)
    return tuple(sorted(behind))
