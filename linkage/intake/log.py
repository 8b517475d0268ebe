"""What is written down about deliveries: taken in or refused, file by file, codes that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkage import contracts
from linkage.engine.base import Engine
from linkage.intake import staging
from linkage.intake.delivery import Delivery, Refused
from linkage.intake.staging import Staged
from linkage.intake.values import LOCAL

SHOWN_OF_REFUSED = 1000
"""Rejected rows that are named of each file of a refused delivery: enough to see what is wrong with it."""


def write_accepted(db: Engine, run_id: str, one: Delivery, done: Sequence[Staged]) -> None:
    """Write a delivery that was taken in; it replaces what was refused of the same folder."""
    forget_refusals(db, one.source_id, one.delivery_id)
    ignored = [f"{s.spec.name}: {', '.join(s.ignored[:8])}" for s in done if s.ignored]
    files = [_file(one, staged) for staged in done]
    summed = ("rows", "accepted", "rejected", "bytes", "bytes_header", "bytes_accepted", "bytes_rejected")
    sums = {c: sum(int(str(f[c])) for f in files) for c in (*summed, "unknown_birth_dates")}
    message = f"ignored columns that the contract does not know: {'; '.join(ignored)}" if ignored else None
    _insert(db, "delivery", _head(one) | sums | {"run_id": run_id, "status": "accepted", "message": message})
    if files:
        _insert(db, "delivery_file", *files)
    for staged in done:
        staging.write_rejected(db, staged, one)
        _write_unmapped(db, run_id, one, staged)


def write_refused(db: Engine, run_id: str, refused: Refused, one: Delivery | None, done: Sequence[Staged]) -> None:
    """Write a delivery that was refused, in the place of earlier refusals of the same folder."""
    forget_refusals(db, refused.source_id, refused.delivery_id)
    head = {} if one is None else _told(one)
    head |= {
        "source_id": refused.source_id,
        "delivery_id": refused.delivery_id,
        "content_hash": refused.content_hash,
        "run_id": run_id,
        "status": "refused",
        "reason": refused.reason,
        "message": refused.message,
    }
    if done:
        head |= {"rows": sum(s.rows for s in done), "rejected": sum(s.rejected for s in done)}
    _insert(db, "delivery", head)
    if one is not None:
        for staged in done:
            staging.write_rejected(db, staged, one, limit=SHOWN_OF_REFUSED)


def forget_refusals(db: Engine, source_id: str, delivery_id: str) -> None:
    """Delete the earlier refusals of a folder and the rows that they named."""
    where = "source_id = ? AND delivery_id = ? AND status = 'refused'"
    for table in ("rejected_row", "delivery"):
        db.run(
            f"DELETE FROM {table} WHERE (source_id, delivery_id, content_hash) IN "
            f"(SELECT (source_id, delivery_id, content_hash) FROM delivery WHERE {where})",
            [source_id, delivery_id],
        )


def _head(one: Delivery) -> dict[str, object]:
    return {
        "source_id": one.source_id,
        "delivery_id": one.delivery_id,
        "content_hash": one.content_hash,
        "profile": one.profile,
        "kind": one.kind,
        "purpose": one.purpose,
        "extracted_at": one.extracted_at.astimezone(LOCAL).replace(tzinfo=None),
        "version": one.version,
        "covers_until": one.covers_until,
        "repairs": one.repairs,
    }


def _told(one: Delivery) -> dict[str, object]:
    """Return what may be kept of a manifest that was refused: only what a contract knows, no text of the sender."""
    kinds = contracts.codes("delivery_kind").codes
    return {
        "profile": one.profile if one.profile in contracts.profiles() else None,
        "kind": one.kind if one.kind in kinds else None,
        "extracted_at": _head(one)["extracted_at"],
    }


def _file(one: Delivery, staged: Staged) -> dict[str, object]:
    return {
        "source_id": one.source_id,
        "delivery_id": one.delivery_id,
        "content_hash": one.content_hash,
        "file_name": staged.spec.name,
        "rows": staged.rows,
        "accepted": staged.rows - staged.rejected,
        "rejected": staged.rejected,
        "bytes": staged.bytes,
        "bytes_header": staged.bytes_header,
        "bytes_accepted": staged.bytes_accepted,
        "bytes_rejected": staged.bytes - staged.bytes_header - staged.bytes_accepted,
        "unknown_birth_dates": staged.odd("birth_date"),
    }


def _write_unmapped(db: Engine, run_id: str, one: Delivery, staged: Staged) -> None:
    closed = [c for c in staged.spec.columns if c.codes is not None and not contracts.codes(c.codes).open]
    rows, odd = staged.tally.rows, staged.tally.odd
    if not closed or not rows:
        return
    told = [
        {
            "source_id": one.source_id,
            "delivery_id": one.delivery_id,
            "run_id": run_id,
            "file": staged.spec.name,
            "column_name": column.header,
            "rows": rows,
            "unmapped": odd.get(column.header, 0),
            "share": odd.get(column.header, 0) / rows,
        }
        for column in closed
    ]
    _insert(db, "unmapped_code", *told)


def _insert(db: Engine, table: str, *rows: Mapping[str, object]) -> None:
    """Add rows of the same columns, in one statement: each by itself is a write to disk."""
    columns = ", ".join(f'"{name}"' for name in rows[0])
    places = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
    db.run(f"INSERT INTO {table} ({columns}) VALUES {places}", [value for row in rows for value in row.values()])
