"""The probabilities of every level in the three classes of pairs, and the weights that they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.pairs.model import Model


@dataclass(frozen=True)
class LevelRow:
    """One level: m (``same``), h (``family``) and u (``chance``) probabilities, and log2 of m over each other one.

    ``is_banded`` says that u is that of an average value: in a pair it depends on how common the value is.
    """

    comparison: str
    level: str
    meaning: str
    group: int
    same: float
    family: float
    chance: float
    against_chance: float
    against_family: float
    is_banded: bool
    is_household: bool


def levels(model: Model) -> list[LevelRow]:
    """Return all levels, in the order of the comparisons."""
    told = []
    for c in model.spec.comparisons:
        for number, item in enumerate(c.levels, start=1):
            m, h, u = (float(model.tables[name].by_name[c.name][number]) for name in ("same", "family", "chance"))
            told.append(
                LevelRow(
                    comparison=c.name,
                    level=item.name,
                    meaning=item.meaning,
                    group=item.group,
                    same=m,
                    family=h,
                    chance=u,
                    against_chance=float(np.log2(m / u)),
                    against_family=float(np.log2(m / h)),
                    is_banded=c.band is not None and number <= c.near,
                    is_household=c.household,
                )
            )
    return told
