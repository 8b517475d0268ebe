"""Violence from generation to generation: counted by the families, and published as disclosure control lets it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from linkage import contracts, families
from linkage.disclosure import Relations, protect, rounded
from linkage.engine.base import Engine

ALL = "all"
SMALLER = (("returned", "grown_children"), ("next_generation", "returned"), ("as_suspect", "returned"),
           ("as_victim", "returned"))  # fmt: skip
"""Figures of which the one counts some of the other's persons."""
SIDES = ("as_suspect", "as_victim")
"""Everybody who returned did so on one of these sides, or on both."""

Cell = tuple[str, str, str]
"""figure, scope and scope_code."""


def publish(db: Engine, as_of: date) -> None:
    """Write ``generation`` from the tables of families; the exact counts are not written anywhere."""
    rows = released(families.generations(db, as_of=as_of), as_of)
    db.run(contracts.table("generation").ddl())
    db.insert("generation", rows)


def released(counted: Sequence[tuple[str, dict[str, int]]], as_of: date) -> list[tuple[object, ...]]:
    """Return the rows of ``generation``: of each municipality and of all, what may be given.

    ``counted`` are the exact counts of each municipality, by figure.
    """
    figures = tuple(contracts.codes("generation_figure").codes)
    exact: dict[Cell, int] = {}
    for figure in figures:
        exact[figure, ALL, ALL] = sum(counts[figure] for _, counts in counted)
        for place, counts in counted:
            exact[figure, "municipality", place] = counts[figure]
    number = {cell: position for position, cell in enumerate(exact)}
    whole_counts = np.array(list(exact.values()), dtype=np.int64)
    relations = _relations(number, figures, [place for place, _ in counted])
    withheld, shown = protect(whole_counts, relations), rounded(whole_counts)
    rows: list[tuple[object, ...]] = []
    for (figure, scope, code), position in number.items():
        is_withheld, whole = bool(withheld[position]), number["grown_children", scope, code]
        persons = None if is_withheld else int(shown[position])
        share = None if persons is None or withheld[whole] else min(1.0, persons / int(shown[whole]))
        rows.append((figure, scope, code, persons, share, is_withheld, as_of))
    return rows


def _relations(number: dict[Cell, int], figures: Sequence[str], places: Sequence[str]) -> Relations:
    """Return what everybody knows of how the counts hang together."""
    found = Relations()
    for figure in figures:
        parts = tuple(number[figure, "municipality", place] for place in places)
        if parts:
            found.sums.append((number[figure, ALL, ALL], parts))
    for scope, code in ((ALL, ALL), *(("municipality", place) for place in places)):
        found.at_most += [(number[small, scope, code], (number[large, scope, code],)) for small, large in SMALLER]
        sides = tuple(number[side, scope, code] for side in SIDES)
        found.at_most.append((number["returned", scope, code], sides))
    return found
