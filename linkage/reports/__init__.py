"""Case view → what managers read: a workbook with lists and one page with the same figures.

Both are written from the tables of the case view alone, so no name and no address can reach them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from linkage.config import Limits
from linkage.engine.base import Engine
from linkage.partners import Register

WORKBOOK = "inbeeld.xlsx"
PAGE = "inbeeld.html"


def withheld(db: Engine) -> Iterator[str]:
    """Yield a line for each product that no agreement gave to a partner who has had one, or will."""
    if db.has("hand_out"):
        for product, name, reason in db.rows(
            "SELECT product, partner_name, reason FROM hand_out WHERE NOT is_granted ORDER BY ALL"
        ):
            yield f"{product} for {name} not written: no agreement today ({reason})"


def write(
    db: Engine,
    folder: Path,
    *,
    run_id: str,
    as_of: date,
    made_at: datetime,
    stale: Sequence[object],
    limits: Limits | None = None,
    cooperation: Register | None = None,
    on: date | None = None,
) -> list[Path]:
    """Write the reports of one run into ``folder`` and return their paths.

    ``stale`` are the sources that are behind: their ids, or objects with a ``source_id``. ``limits`` are
    named in the definitions; without them the defaults of the configuration are. The same case view and
    moment give the same bytes. What the register ``cooperation`` gives to its partners on the day ``on`` is written
    beside it, in a folder for each.
    """
    from linkage.reports import facts, handouts, page, workbook
    from linkage.reports.words import words

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = facts.read(db, run_id=run_id, as_of=as_of, stale=stale)
    texts = words(limits or Limits())
    workbook.write(folder / WORKBOOK, told, texts, run_id=run_id, made_at=made_at)
    page.write(folder / PAGE, told, texts, run_id=run_id, made_at=made_at)
    day, partners = on or made_at.date(), cooperation or Register()
    given = handouts.write(db, folder, partners, told, texts, on=day, run_id=run_id, made_at=made_at)
    return [folder / WORKBOOK, folder / PAGE, *given]
