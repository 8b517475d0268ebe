"""What the night hands out: to each partner of the register the files that an agreement gives it, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from linkage import contracts, register
from linkage.engine.base import Engine
from linkage.partners import Register
from linkage.register import Grant
from linkage.reports import figures, management, page, workbook
from linkage.reports.facts import Facts
from linkage.reports.scope import Scope, count, narrow
from linkage.reports.words import Words

FILES = {"lists": ("inbeeld.xlsx", workbook.write), "page": ("inbeeld.html", page.write)}
"""The products that a night makes."""


def write(
    db: Engine,
    folder: Path,
    partners: Register,
    facts: Facts,
    texts: Words,
    *,
    on: date,
    run_id: str,
    made_at: datetime,
) -> list[Path]:
    """Write ``<partner>/…`` below ``folder`` for every grant of the day, and table ``hand_out``; return the paths."""
    db.run(contracts.table("hand_out").ddl())
    given = list(register.grants(partners, on))
    listed = {(grant.partner.id, grant.agreement.id) for grant in given if grant.agreement and grant.product == "lists"}
    rows, paths, counts = [], [], count(db) if given else []
    for grant in given:
        path, incidents = None, None
        if grant.agreement is not None and grant.product in FILES:
            has_lists = grant.product == "lists" or (grant.partner.id, grant.agreement.id) in listed
            seen = narrow(counts, facts, scope(grant, has_lists=has_lists))
            name, make = FILES[grant.product]
            path = folder / _folder(grant, given) / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if seen.has_lists or seen.has_figures:
                make(path, seen, texts, run_id=run_id, made_at=made_at)
            else:
                has_export = any(
                    g.partner.id == grant.partner.id and g.product == "export" and g.is_given for g in given
                )
                board = _board(db, seen, scope(grant, has_lists=False), has_export=has_export)
                management.write(path, board, texts, run_id=run_id, made_at=made_at)
            incidents = len(seen.unmatched) + len(seen.review) + len(seen.pending)
            paths.append(path)
        rows.append(_row(grant, path.relative_to(folder).as_posix() if path else None, incidents))
    db.insert("hand_out", rows)
    return paths


def scope(grant: Grant, *, has_lists: bool) -> Scope:
    """Return what a grant lets its partner see: a police unit its own incidents, a steunpunt those it should know."""
    partner = grant.partner
    return Scope(
        audience=partner.name,
        places=frozenset(grant.municipalities),
        sources=frozenset(partner.sources) if partner.kind == "police" else None,
        expected_by=partner.id if partner.kind == "steunpunt" else None,
        has_numbers=grant.agreement is not None and grant.agreement.form == "identifying",
        has_lists=has_lists,
    )


def _board(db: Engine, facts: Facts, seen: Scope, *, has_export: bool) -> management.Board:
    """Return what a page of figures alone shows: such a page may go further than its reader, so the rule is applied.

    Who has the export of the indicators too gets the figures of that export: `linkage.reports.figures.exported`.
    """
    if has_export and db.has("kpi"):
        told = figures.exported(db, sorted(seen.places))
    else:
        told = figures.part(figures.count(db), seen.places, seen.holds)
    return management.Board(told, facts.as_of, facts.sources, audience=facts.audience, merged=facts.merged)


def _folder(grant: Grant, given: Sequence[Grant]) -> str:
    """Return the partner's folder; where several agreements give it one product, a folder for each."""
    same = [g for g in given if g.partner.id == grant.partner.id and g.product == grant.product]
    assert grant.agreement is not None
    return grant.partner.id if len(same) == 1 else f"{grant.partner.id}/{grant.agreement.id}"


def _row(grant: Grant, path: str | None, incidents: int | None) -> tuple[object, ...]:
    agreement, places = grant.agreement, "|".join(grant.municipalities) or None
    told = (agreement.id, agreement.legal_basis, agreement.form) if agreement else (None, None, None)
    return (
        *(grant.partner.id, grant.partner.name, grant.product, *told, places),
        *(grant.is_given, path, incidents, grant.reason or None),
    )
