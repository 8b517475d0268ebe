"""The monthly edition of the page of figures: kept once, by the first night after the month, and never rewritten.

An edition is a folder ``<yyyy-mm>`` with the page and ``edition.json``: which night made it, the hash of the page, the
counts that it shows. A night copies all that are kept into its publication; what reads differently by now is told on
the living page, beside the link to the edition.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from linkage.errors import ContractError
from linkage.reports import management
from linkage.reports.figures import PERIOD, Figure
from linkage.reports.management import Board, Edition
from linkage.reports.words import Words, local

FOLDER, ABOUT = "editions", "edition.json"
MOST_TOLD = 5
"""Corrections of one edition that the page names; the others are counted."""


def write(
    folder: Path, kept: Path | None, board: Board, texts: Words, *, page: str, run_id: str, made_at: datetime
) -> list[Edition]:
    """Write the kept editions below ``folder``, and that of the last closed month if it is new; return all of them.

    Raises `ContractError` when a kept edition is not what it was.
    """
    found = dict(_kept(kept)) if kept else {}
    for name, told in found.items():
        assert kept is not None
        _verify(told, kept / name)
        shutil.copytree(kept / name, folder / FOLDER / name)
    month = closed(board.as_of)
    if f"{month:%Y-%m}" not in found:
        made = folder / FOLDER / f"{month:%Y-%m}"
        made.mkdir(parents=True, mode=0o700)
        frozen = replace(board, frozen=month, editions=(), has_editions=False)
        management.write(made / page, frozen, texts, run_id=run_id, made_at=made_at)
        found[made.name] = _about(made, board, page, run_id, made_at)
        (made / ABOUT).write_text(json.dumps(found[made.name], indent=1) + "\n", encoding="utf-8")
    return [_edition(told, board, texts) for _, told in sorted(found.items(), reverse=True)]


def keep(published: Path, kept: Path) -> None:
    """Keep the editions of a publication that are not kept yet; those that are stay as they are."""
    for made in sorted((published / FOLDER).glob("????-??")):
        if not (kept / made.name).exists():
            kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            aside = kept / f".{made.name}.{os.getpid()}"
            shutil.rmtree(aside, ignore_errors=True)
            shutil.copytree(made, aside)
            aside.rename(kept / made.name)


def closed(as_of: date) -> date:
    """Return the first day of the last month that is over at the end of a day."""
    tomorrow = as_of + timedelta(days=1)
    return (tomorrow.replace(day=1) - timedelta(days=1)).replace(day=1)


def _kept(kept: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for about in sorted(kept.glob(f"????-??/{ABOUT}")):
        yield about.parent.name, json.loads(about.read_text(encoding="utf-8"))


def _verify(told: dict[str, Any], folder: Path) -> None:
    if _hash(folder / told["page"]) != told["sha256"]:
        raise ContractError(
            f"edition {told['month']} is not what was kept: put back {told['page']} from a backup, or take the folder "
            "out of state/editions"
        )


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _about(made: Path, board: Board, page: str, run_id: str, made_at: datetime) -> dict[str, Any]:
    return {
        "month": made.name,
        "kept_on": local(made_at).date().isoformat(),
        "as_of": board.as_of.isoformat(),
        "run_id": run_id,
        "page": page,
        "sha256": _hash(made / page),
        "gap": {code: list(counts) for code, counts in _gap(board)},
    }


def _gap(board: Board) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the counts of every period that is shown whole."""
    for figure in board.figures.of("K02", "rate", PERIOD):
        if (counts := _counts(figure)) is not None:
            yield figure.scope_code, counts


def _counts(figure: Figure) -> tuple[int, int] | None:
    if figure.numerator is None or figure.denominator is None:
        return None
    return figure.numerator, figure.denominator


def _edition(told: dict[str, Any], board: Board, texts: Words) -> Edition:
    now, month = dict(_gap(board)), date.fromisoformat(f"{told['month']}-01")
    changed = [
        (code, _said(then, texts), _said(now[code], texts))
        for code, then in told["gap"].items()
        if _is_over(code, month) and code in now and tuple(then) != now[code]
    ]
    return Edition(
        month=month,
        kept_on=date.fromisoformat(told["kept_on"]),
        href=f"{FOLDER}/{told['month']}/{told['page']}",
        corrections=changed[-MOST_TOLD:],
        more=max(len(changed) - MOST_TOLD, 0),
    )


def _is_over(code: str, month: date) -> bool:
    """Tell whether a period was over with a month: one that went on grows, which is no correction."""
    year, _, rest = code.partition("-")
    last = 12 if not rest else 3 * int(rest[1:]) if rest.startswith("Q") else int(rest)
    return (int(year), last) <= (month.year, month.month)


def _said(counts: tuple[int, int] | list[int], texts: Words) -> str:
    return texts.say("steering.of", n=texts.number(counts[0]), d=texts.number(counts[1]))
