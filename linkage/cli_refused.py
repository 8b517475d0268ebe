"""What was refused, from the publication and from the history of refusals, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from linkage.errors import no_output_folder

if TYPE_CHECKING:
    from linkage.store import OutFolder

COLUMNS = (
    *("source_id", "delivery_id", "state", "file_name", "line_number", "byte_offset", "byte_length", "column_name"),
    *("reason", "meaning", "advice"),
)

OPEN = ("refused", "accepted", "stopped")
"""States that wait for somebody: refused whole, or taken in without some of its rows, maybe by a stopped night."""


def listed(folder: OutFolder) -> list[dict[str, Any]]:
    """Return every delivery of which something was refused, the newest first, with its rejected rows.

    ``state`` is ``refused`` (whole, and waits), ``accepted`` (without the rows listed), ``stopped`` (the same, but a
    gate stopped that night and no later one ended well), ``repaired`` (a later delivery holds it again) or ``replaced``
    (an attempt with other content came after it, or its folder is gone).
    """
    from linkage.ledger import ALL, WELL, Ledger
    from linkage.rejections import Rejections

    ledger = Ledger(folder)
    if not ledger.path.exists():
        raise no_output_folder(folder.path)
    waits = {(source, delivery) for source, delivery, _ in ledger.outstanding()}
    history, told, repaired = Rejections(folder), [], dict[tuple[str, str], str]()
    taken_in = list(accepted(folder))
    published = {(one["source_id"], one["content_hash"]) for one in taken_in}
    well = max((run["run_id"] for run in ledger.runs(limit=ALL) if run["status"] in WELL), default="")
    for one in taken_in:
        if one["repairs"]:
            repaired[one["source_id"], one["repairs"]] = one["delivery_id"]
    for attempt in history.attempts():
        key = (attempt.source_id, attempt.delivery_id)
        if attempt.reason:
            state = "repaired" if key in repaired else "refused" if key in waits else "replaced"
            waits.discard(key)  # older attempts at the same folder
        elif (attempt.source_id, attempt.content_hash) in published:
            continue
        else:
            state = "repaired" if key in repaired else "stopped" if attempt.last_run_id > well else "replaced"
        rows = [_row(*vars(row).values()) for row in history.rows(attempt)]
        counts = {"rows_delivered": attempt.rows, "rejected": attempt.rejected}
        runs = {"run_id": attempt.last_run_id, "first_run_id": attempt.first_run_id}
        told.append(_delivery(*key, state, attempt.reason or None, attempt.message, rows, repaired) | counts | runs)
    for one in taken_in:
        if one["rejected"]:
            key = (one["source_id"], one["delivery_id"])
            state = "repaired" if key in repaired else "accepted"
            counts = {name: one[name] for name in ("rows_delivered", "rejected", "run_id")}
            told.append(_delivery(*key, state, None, one["message"], one["rows"], repaired) | counts)
    return sorted(told, key=lambda one: (one["state"] not in OPEN, one["state"] != "refused"))


def accepted(folder: OutFolder) -> Iterator[dict[str, Any]]:
    """Yield the deliveries of the publication, with the rows of each that were rejected."""
    from linkage.engine.duckdb import DuckDBEngine

    if folder.current() is None:
        return
    with DuckDBEngine(folder.published("case_view.duckdb"), read_only=True) as view:
        names = {str(row[0]) for row in view.rows("DESCRIBE delivery")}
        repairs = "repairs" if "repairs" in names else "NULL"  # published by an earlier version
        found = view.rows(
            f"SELECT source_id, delivery_id, content_hash, run_id, message, rows, rejected, {repairs} FROM delivery "
            "WHERE status = 'accepted' ORDER BY extracted_at DESC, source_id, delivery_id, content_hash"
        )
        for source_id, delivery_id, content_hash, run_id, message, rows, count, repaired in found:
            lines = view.rows(
                "SELECT file_name, line_number, byte_offset, byte_length, reason, column_name FROM rejected_row "
                "WHERE content_hash = ? AND source_id = ? ORDER BY file_name, line_number",
                [content_hash, source_id],
            ) if count else []  # fmt: skip
            yield {
                "source_id": str(source_id),
                "delivery_id": str(delivery_id),
                "content_hash": str(content_hash),
                "run_id": str(run_id),
                "message": message,
                "rows_delivered": rows,
                "rejected": count,
                "repairs": repaired,
                "rows": [_row(*line) for line in lines],
            }


def _row(file: Any, line: Any, offset: Any, length: Any, reason: Any, column: Any) -> dict[str, Any]:
    from linkage import contracts

    known = contracts.codes("reject_reason")
    return {
        "file_name": file,
        "line_number": line,
        "byte_offset": offset,
        "byte_length": length,
        "column_name": column,
        "reason": reason,
        "meaning": known.codes.get(reason),
        "advice": known.advice.get(reason),
    }


def _delivery(
    source_id: str,
    delivery_id: str,
    state: str,
    reason: str | None,
    message: str | None,
    rows: list[dict[str, Any]],
    repaired: dict[tuple[str, str], str],
) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "delivery_id": delivery_id,
        "state": state,
        "repaired_as": repaired.get((source_id, delivery_id)),
        "reason": reason,
        "message": message,
        "by_reason": dict(Counter(row["reason"] for row in rows).most_common()),
        "rows": rows,
    }


def only(one: dict[str, Any], reason: str | None) -> dict[str, Any]:
    """Return a delivery with its rows of one reason only."""
    return one if reason is None else one | {"rows": [row for row in one["rows"] if row["reason"] == reason]}


def lines(one: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the lines of a delivery for a table: one if it was refused whole, one for each row."""
    head = [one["source_id"], one["delivery_id"], one["state"]]
    if one["reason"]:
        yield [*head, "", "", "", "", "", one["reason"], "refused whole", one["message"]]
    for row in one["rows"]:
        yield [*head, *(row[name] for name in COLUMNS[3:])]


def cell(value: Any) -> Any:
    """Return a value for a CSV file: a name that a spreadsheet would take for a formula gets a quote in front."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value != "-" and value else value
