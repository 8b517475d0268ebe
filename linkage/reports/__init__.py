"""Case view → what managers read: a workbook with lists and one page with the same figures.

Both are written from the tables of the case view alone, so no name and no address can reach them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from linkage.config import Limits
from linkage.engine.base import Engine

WORKBOOK = "inbeeld.xlsx"
PAGE = "inbeeld.html"


def write(
    db: Engine,
    folder: Path,
    *,
    run_id: str,
    as_of: date,
    made_at: datetime,
    stale: Sequence[object],
    limits: Limits | None = None,
) -> list[Path]:
    """Write the reports of one run into ``folder`` and return their paths.

    ``stale`` are the sources that are behind: their ids, or objects with a ``source_id``. ``limits`` are
    named in the definitions; without them the defaults of the configuration are. The same case view and
    moment give the same bytes.
    """
    from linkage.reports import facts, page, workbook
    from linkage.reports.words import words

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = facts.read(db, run_id=run_id, as_of=as_of, stale=stale)
    texts = words(limits or Limits())
    workbook.write(folder / WORKBOOK, told, texts, run_id=run_id, made_at=made_at)
    page.write(folder / PAGE, told, texts, run_id=run_id, made_at=made_at)
    return [folder / WORKBOOK, folder / PAGE]
