"""What an engineer asks of the model of a published night: where pairs come from, what each level says, how it fares.

Everything is counts, shares and weights; no mention is told by more than its number in a total. What was made of
pairs is read from ``pattern_count``: every candidate pair of the night, also those that no table keeps.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.config import Config
from linkage.decisions import Decision
from linkage.diagnose.accuracy import Accuracy, against_decisions, against_truth
from linkage.diagnose.blocking import RuleCounts, blocking
from linkage.diagnose.levels import LevelRow, levels
from linkage.diagnose.patterns import Patterns
from linkage.diagnose.self_weight import Unlinkable, unlinkable
from linkage.diagnose.weights import Histogram, histogram
from linkage.engine.base import Engine
from linkage.pairs import PERSONS, load
from linkage.pairs.increment import published_population
from linkage.thresholds import Thresholds

__all__ = ["Diagnosis", "diagnose"]


@dataclass(frozen=True)
class Diagnosis:
    """The model of a night and its diagnostics; ``accuracy`` is None without a truth and without decisions."""

    model: str
    mentions: int
    rates: dict[str, float]
    thresholds: Thresholds
    rules: list[RuleCounts]
    related_pairs: int | None
    related_sure: int | None
    levels: list[LevelRow]
    histogram: Histogram
    unlinkable: Unlinkable
    accuracy: Accuracy | None
    is_counted: bool

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain nested data."""
        return asdict(self)


def diagnose(
    restricted: Engine,
    model: Path | None = None,
    *,
    config: Config | None = None,
    truth: Path | None = None,
    decisions: list[Decision] | None = None,
) -> Diagnosis:
    """Return the diagnostics of the published night; a truth comes before decisions.

    ``restricted`` may be read-only: what is computed stands in temporary tables. Raises `UsageError` when the
    truth cannot be read.
    """
    thresholds = Thresholds.of(config or Config())
    mentions = int(restricted.rows("SELECT count(*) FROM mention")[0][0])
    loaded = load(PERSONS, model).of(published_population(restricted))
    patterns = Patterns.read(restricted, loaded)
    selves = unlinkable(restricted, loaded, thresholds)
    accuracy = None
    if truth is not None:
        accuracy = against_truth(restricted, truth, thresholds)
    elif decisions:
        accuracy = against_decisions(restricted, loaded, decisions, thresholds)
    return Diagnosis(
        model=loaded.name or (model.name if model else "shipped"),
        mentions=mentions,
        rates=dict(loaded.rates),
        thresholds=thresholds,
        rules=blocking(restricted, patterns, thresholds),
        related_pairs=patterns.found_by_none(),
        related_sure=patterns.found_by_none(thresholds.sure),
        levels=levels(loaded),
        histogram=histogram(patterns, thresholds),
        unlinkable=selves,
        accuracy=accuracy,
        is_counted=patterns.is_counted,
    )
