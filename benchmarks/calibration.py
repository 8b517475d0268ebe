"""Are match probabilities what they say? Reliability on simulated regions, and a calibration learnt on others.

``python -m benchmarks calibration`` measures regions on which nothing was fitted; ``python -m benchmarks calibrate``
(maintainers) fits the calibration of the model that ships on the regions of `FITTED`, and writes it. One region holds a
hundred pairs of two people in a decile of the middle, so that both take many, of all three noises.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from benchmarks import child, figures
from benchmarks.prepare import true_persons
from linkage.config import load
from linkage.engine.duckdb import DuckDBEngine
from linkage.evaluate.reliability import Reliability, reliability
from linkage.pairs import PERSONS, Model, link
from linkage.pairs.kinds import with_kinds
from linkage.pairs.model import MODELS, bent
from linkage.pairs.model import load as load_model
from linkage.pairs.score import probability
from linkage.pairs.together import beyond
from linkage.train.together import OF_PERSONS, Patterns, learn

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Region:
    """A simulated region."""

    incidents: int
    noise: str
    seed: int


FITTED = (
    *(Region(20_000, "medium", seed) for seed in (21, 22, 23)),
    *(Region(8_000, noise, seed) for noise, seed in (("high", 41), ("low", 42))),
    *(Region(10_000, noise, 121 + n) for n, noise in enumerate(("high", "low", "high", "medium", "low"))),
)
HELD_OUT = (
    *(Region(20_000, "medium", seed) for seed in (31, 32, 33)),
    *(Region(8_000, noise, seed) for noise, seed in (("high", 45), ("low", 46))),
    *(Region(10_000, noise, 131 + n) for n, noise in enumerate(("high", "low", "high", "medium", "low", "medium"))),
)
KEPT = figures.OUT / "regions"
"""Mentions of simulated regions and their truth, made once; remove them after a change of the intake."""
WITHIN, ERRORS = 0.05, 1.96
"""How far a decile may be off, and how many standard errors it is off by chance in one of twenty."""
HEADER = (
    "decile", "pairs", "told", "true", "gap", "error of gap", "pairs of people", "true of people", "95 % interval",
    "within",
)  # fmt: skip
NOTE = (
    "told: mean match probability; true: share of the pairs that are one person; error of the gap: standard error with "
    "the pairs of two people taken as one observation; of people: each pair of people counts once; within: 0.05, or by "
    "chance, no more than 1.96 errors."
)


@dataclass(frozen=True)
class Scored:
    """Compared pairs of a region (n,): match weight, whether they are one person, which two people, their pattern."""

    weight: Floats
    is_same: npt.NDArray[np.bool_]
    people: Ints
    pattern: Ints

    @classmethod
    def of(cls, regions: Sequence[Scored]) -> Scored:
        """Return several regions as one, whose people are not the same."""
        first = np.cumsum([0, *(one.people.max(initial=-1) + 1 for one in regions)])
        return cls(
            np.concatenate([one.weight for one in regions]),
            np.concatenate([one.is_same for one in regions]),
            np.concatenate([one.people + start for one, start in zip(regions, first, strict=False)]),
            np.concatenate([one.pattern for one in regions]),
        )

    def patterns(self) -> Patterns:
        """Return the pairs by their pattern, of weights that are not calibrated."""
        return Patterns.of(self.pattern, self.weight, self.is_same, self.people)

    def table(self) -> list[Reliability]:
        """Return the reliability by decile."""
        return reliability(probability(self.weight), self.is_same, self.people)


def calibration(console: Console, regions: Sequence[Region] = HELD_OUT) -> dict[str, Any]:
    """Measure each region and all together, print the tables, keep the figures."""
    found = [scored(prepared(region, KEPT)) for region in regions]
    told = {f"{r.incidents} {r.noise} seed {r.seed}": one.table() for r, one in zip(regions, found, strict=True)}
    if len(found) > 1:
        told["all together"] = Scored.of(found).table()
    for title, deciles in told.items():
        figures.show(console, f"Reliability: {title}", HEADER, [_row(one) for one in deciles], NOTE)
    kept = {title: [asdict(one) for one in deciles] for title, deciles in told.items()}
    console.print(f"kept in {figures.save('calibration', {'regions': kept})}")
    return kept


def calibrate(console: Console, regions: Sequence[Region] = FITTED, model: Path | None = None) -> Model:
    """Fit the calibration on all regions and write the model file that ships; tell how each fares by the others' map.

    A model whose classes have no kinds yet gets them first, from the first region.
    """
    target = model or max(MODELS.glob("model_*.json"))
    told = [json.dumps(asdict(region)) for region in regions]
    prior = load_model(PERSONS, target).uncalibrated()
    notes = prior.notes | {"made_by": "python -m benchmarks calibrate", "made_on": datetime.now(UTC).date().isoformat()}
    mentions = [prepared(region, KEPT) for region in regions]
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder:
        if not prior.tables["same"].kinds:
            kept = Path(folder) / "model.json"
            scored(mentions[0], prior=with_kinds(prior), keep=kept)
            prior, notes["classes"] = load_model(PERSONS, kept), f"the night of region {told[0]}"
            console.print(f"fitted the classes and their kinds on region {regions[0]}")
        found = [scored(one, prior=prior) for one in mentions]
    figures.show(
        console,
        "Reliability: each region by the map of the others",
        HEADER,
        [_row(one) for one in crossed(found)],
        NOTE,
    )
    notes["calibration"] = f"the pairs of regions {', '.join(told)}"
    together, knots = learn(PERSONS, Patterns.together([one.patterns() for one in found]), OF_PERSONS)
    fitted = replace(prior, name="synthetic Drenthe", notes=notes, knots=knots, together=together)
    target.write_text(fitted.to_json(), encoding="utf-8")
    console.print(f"wrote {target.name}, calibrated on {sum(len(one.weight) for one in found):,} pairs")
    return fitted


def crossed(found: Sequence[Scored]) -> list[Reliability]:
    """Return the reliability of uncalibrated regions, two or more, when each is calibrated by the map of the others."""
    known, mapped = [one.patterns() for one in found], []
    for n, one in enumerate(found):
        together, knots = learn(PERSONS, Patterns.together([*known[:n], *known[n + 1 :]]), OF_PERSONS)
        moved = one.weight + beyond(PERSONS, together, one.pattern)
        mapped.append(replace(one, weight=bent(moved, knots)))
    return Scored.of(mapped).table()


def prepared(region: Region, folder: Path) -> Path:
    """Return the file of a region's mentions in a folder; it is simulated now unless it is there."""
    sample = folder / f"{region.incidents}-{region.noise}-{region.seed}"
    done = sample / "done"
    if not done.exists():
        shutil.rmtree(sample, ignore_errors=True)
        child.mentions(sample, **asdict(region))
        for name in ("inbox", "out"):
            shutil.rmtree(sample / name, ignore_errors=True)
        done.touch()
    return sample / "mentions.duckdb"


def scored(mentions: Path, *, prior: Model | None = None, keep: Path | None = None) -> Scored:
    """Link the mentions of a file as a first night does, and return all compared pairs whose truth is known."""
    with DuckDBEngine(mentions, read_only=True) as source:
        frame = source.frame("SELECT * FROM mention")
    person = true_persons(mentions, len(frame))
    with DuckDBEngine() as db:
        db.register("mention", frame)
        link(db, load(), lambda _: None, keep=keep, prior=prior)
        pairs = db.arrays("SELECT left_id, right_id, match_weight, pattern FROM pair_score")
    left, right = person[np.asarray(pairs["left_id"])], person[np.asarray(pairs["right_id"])]
    judged = (left >= 0) & (right >= 0)
    low, high = np.minimum(left, right)[judged], np.maximum(left, right)[judged]
    people = np.unique(low * (person.max() + 1) + high, return_inverse=True)[1].astype(np.int64)
    weight, pattern = (np.asarray(pairs[name])[judged] for name in ("match_weight", "pattern"))
    return Scored(weight.astype(np.float64), low == high, people, pattern.astype(np.int64))


def _row(one: Reliability) -> list[object]:
    verdict = "yes" if one.holds(WITHIN) else "chance" if one.holds(0.0, ERRORS) else "NO"
    verdict = verdict if one.is_judged else "few pairs"
    numbers = (one.promised, one.observed, one.observed - one.promised, one.error)
    told, true, gap, error = (f"{number:.3f}" for number in numbers)
    interval = f"{one.least:.2f}-{one.most:.2f}"
    people = f"{one.observed_of_people:.3f}"
    return [f".{round(one.low * 10)}", one.pairs, told, true, gap, error, one.people, people, interval, verdict]
