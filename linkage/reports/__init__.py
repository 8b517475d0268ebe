"""Case view → what managers read: a workbook with lists, one page with the same, and one of figures that may leave.

Both are written from the tables of the case view alone, so no name and no address can reach them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config import Limits
from linkage.engine.base import Engine
from linkage.partners import Register

if TYPE_CHECKING:
    from linkage.reports.facts import Facts
    from linkage.reports.management import Board
    from linkage.reports.words import Words

WORKBOOK = "inbeeld.xlsx"
PAGE = "inbeeld.html"
FIGURES = "sturing.html"
"""The page of figures for managers: what is on it may leave."""


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
    language: str = "nl",
    kept: Path | None = None,
    before: Path | None = None,
) -> list[Path]:
    """Write the reports of one run into ``folder`` and return their paths.

    ``stale`` are the sources that are behind: their ids, or objects with a ``source_id``. ``limits`` are
    named in the definitions; without them the defaults of the configuration are. The same case view and
    moment give the same bytes. What the register ``cooperation`` gives to its partners on the day ``on`` is written
    beside it, in a folder for each. ``kept`` holds the monthly editions so far,
    ``before`` is the case view of the publication before.
    """
    from linkage.reports import facts, handouts, management, page, since, workbook
    from linkage.reports.words import words

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = facts.read(db, run_id=run_id, as_of=as_of, stale=stale, language=language)
    told = replace(told, since=since.read(db, before))
    texts = words(limits or Limits(), language)
    workbook.write(folder / WORKBOOK, told, texts, run_id=run_id, made_at=made_at)
    page.write(folder / PAGE, told, texts, run_id=run_id, made_at=made_at)
    board = _board(db, folder, told, texts, kept, run_id=run_id, made_at=made_at)
    management.write(folder / FIGURES, board, texts, run_id=run_id, made_at=made_at)
    day, partners = on or made_at.date(), cooperation or Register()
    given = handouts.write(db, folder, partners, told, texts, on=day, run_id=run_id, made_at=made_at)
    return [folder / WORKBOOK, folder / PAGE, folder / FIGURES, *given]


def _board(
    db: Engine, folder: Path, told: Facts, texts: Words, kept: Path | None, *, run_id: str, made_at: datetime
) -> Board:
    """Return what the page of figures shows, with the editions of the months that are over."""
    from linkage.reports import editions, figures
    from linkage.reports.management import Board

    board = Board(
        figures.whole(db, figures.count(db)),
        told.as_of,
        told.sources,
        checks=told.checks,
        estimate=told.estimate,
        merged=told.merged,
        has_editions=True,
    )
    found = editions.write(folder, kept, board, texts, page=FIGURES, run_id=run_id, made_at=made_at)
    return replace(board, editions=tuple(found))


def keep(published: Path, state: Path) -> None:
    """Keep the monthly editions of the published reports beside the ledgers, where no later night touches them."""
    from linkage.reports import editions

    editions.keep(published, state / editions.FOLDER)
