"""What every contestant is told of a set: its fields, how they are compared, and which pairs are candidates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

Rules = tuple[tuple[str, ...], ...]
"""SQL expressions over bare columns; a rule holds for a pair where all of its expressions are equal and not missing."""


@dataclass(frozen=True)
class Comparison:
    """How one field is compared."""

    field: str
    kind: str
    """name: Jaro-Winkler; date and code: Damerau-Levenshtein; exact: equal or not."""
    thresholds: tuple[float, ...] = ()
    frequencies: bool = False
    """Whether a rare value weighs more than a common one, where a contestant can."""


@dataclass(frozen=True)
class Task:
    """How a set is to be linked, said once for every contestant."""

    name: str
    kind: str
    """link: left against right; dedupe: left against itself."""
    comparisons: tuple[Comparison, ...]
    blocking: Rules
    """A pair is a candidate where any of these holds."""
    training: Rules
    """The pairs of each rule in turn give the m of the fields that it does not name."""
    sure: Rules
    """Pairs of these are nearly all true: they give the prior."""
    sure_recall: float = 0.7
    """Share of the true pairs that `sure` is taken to find."""
    address: tuple[str, ...] = ()
    """Fields that say one thing together, for the style that compares them as one: area, number and perhaps place."""
    address_training: Rules = ()
    """`training` for that style."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns but for ``id``."""
        return tuple(comparison.field for comparison in self.comparisons)

    @classmethod
    def load(cls, folder: Path) -> Task:
        """Read what `write` wrote."""
        told = json.loads((folder / "set.json").read_text(encoding="utf-8"))
        lists = {name: tuple(map(tuple, told[name])) for name in RULES}
        comparisons = (Comparison(**{**each, "thresholds": tuple(each["thresholds"])}) for each in told["comparisons"])
        plain = {name: told[name] for name in ("name", "kind", "sure_recall")}
        return cls(**plain, **lists, comparisons=tuple(comparisons), address=tuple(told["address"]))


RULES = ("blocking", "training", "sure", "address_training")
