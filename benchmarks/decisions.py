"""What decisions add: the model with and without them, on a simulated region whose truth is the reviewer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from benchmarks import child, figures
from benchmarks.prepare import MINT, true_persons
from linkage.config import Config
from linkage.engine.duckdb import DuckDBEngine
from linkage.entities import resolve
from linkage.evaluate.reliability import reliability
from linkage.pairs import PERSONS, Learnt, Model, link
from linkage.pairs.score import probability, weigh
from linkage.thresholds import Thresholds
from linkage.train.classify import Labelled, classify
from linkage.train.estimate import unseen_weights, verdicts
from linkage.train.figures import log_losses
from linkage.train.population import Population

NUMBERS = (50, 200, 500)
DRAWS = 3
DOUBTFUL = (0.05, 0.95)
"""Match probabilities between which a reviewer is asked."""
INCIDENTS = 5_000
HEADER = ("decisions", "model", "same", "log loss", "of all", "Brier", "gap", "F1", "false", "missed", "persons F1")
NOTE = (
    f"Decided are pairs of match probability {DOUBTFUL[0]} to {DOUBTFUL[1]}, drawn at random, answered by the truth. "
    "Log loss (nats), Brier score and gap (mean distance of probability and share by tenth) are over doubtful pairs "
    "that nobody decided; of all: log loss of all compared pairs that nobody decided, in thousandths, and so are pairs "
    f"F1, false and missed; persons F1 over all pairs of mentions, decisions not applied. Means of {DRAWS} draws; "
    "persons of the first. 'different as family' counts them as known relatives as well: how it is not done."
)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """All compared pairs, (n,) each, with the truth; ``learnt`` makes their model."""

    learnt: Learnt
    left: Ints
    right: Ints
    pattern: Ints
    is_same: Bools
    person: Ints
    """(mentions,) true person of each mention."""
    persons_f1: Callable[[Model], float]

    def labelled(self, at: Ints, weight: Floats) -> Labelled:
        """Return the pairs at these places as decided by the truth."""
        return Labelled(self.left[at], self.right[at], self.pattern[at], weight[at], self.is_same[at])


def decisions(console: Console, *, incidents: int, noise: str, seed: int) -> dict[str, Any]:
    """Measure every number of decisions, print a table, keep the figures."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as name:
        told = measure(child.mentions(Path(name) / "sample", incidents=incidents, noise=noise, seed=seed))
    rows = [[n, way, *found.values()] for n, ways in told.items() for way, found in ways.items()]
    figures.show(
        console, f"Decisions, {incidents:,} incidents, {noise}", HEADER, [[*map(_cell, r)] for r in rows], NOTE
    )
    print_in = {"incidents": incidents, "noise": noise, "seed": seed, "decisions": told}
    console.print(f"kept in {figures.save('decisions', print_in)}")
    return told


def measure(mentions: Path, numbers: Sequence[int] = NUMBERS, draws: int = DRAWS) -> dict[int, dict[str, Any]]:
    """Return for each number of decisions, and each way to use them, the mean figures."""
    with tempfile.TemporaryDirectory(prefix="inbeeld-bench-") as folder, DuckDBEngine(Path(folder) / "db") as db:
        region = _region(db, mentions)
        plain = region.learnt.model()
        weight = plain.weight(region.pattern)
        told = probability(weight)
        doubtful = np.flatnonzero((told > DOUBTFUL[0]) & (told < DOUBTFUL[1]))
        dice = np.random.default_rng(1)
        found: dict[int, dict[str, Any]] = {}
        for number in numbers:
            asked = [dice.choice(doubtful, min(number, len(doubtful)), replace=False) for _ in range(draws)]
            runs = [_one(region, plain, doubtful, at, with_persons=n == 0) for n, at in enumerate(asked)]
            found[number] = {way: _mean([run[way] for run in runs]) for way in runs[0]}
        return found


def _one(region: Region, plain: Model, doubtful: Ints, at: Ints, *, with_persons: bool) -> dict[str, dict[str, Any]]:
    """Return the figures of each way to use one draw of decisions."""
    labelled = region.labelled(at, plain.weight(region.pattern))
    labelled = replace(labelled, weight=unseen_weights(region.learnt, labelled))
    told = region.learnt.model(verdicts(labelled))
    models = {"without them": plain, "different as family": _as_family(region.learnt, labelled), "in the E step": told}
    candidates = region.learnt.candidates
    population = Population(told.weight(candidates.pattern), candidates.pairs)
    trained = classify(PERSONS, labelled, population, Thresholds.of(Config()))
    if trained is not None:
        slope, intercept = trained.slope * told.slope, trained.slope * told.intercept + trained.intercept
        models["and the line"] = replace(told, slope=slope, intercept=intercept)
    is_open = np.ones(len(region.pattern), dtype=np.bool_)
    is_open[at] = False
    left = np.setdiff1d(doubtful, at)
    found = {}
    for way, model in models.items():
        odds = probability(model.weight(region.pattern))
        found[way] = {"same": int(labelled.is_same.sum())} | _figures(odds, region.is_same, is_open, left)
        found[way]["persons F1"] = region.persons_f1(model) if with_persons else None
    return found


def _figures(odds: Floats, is_same: Bools, is_open: Bools, doubtful: Ints) -> dict[str, Any]:
    told, answer = odds[doubtful], is_same[doubtful]
    deciles = reliability(told, answer)
    taken = odds >= Config().linkage.sure
    right, false, missed = (int((is_open & x).sum()) for x in (taken & is_same, taken & ~is_same, ~taken & is_same))
    return {
        "log loss": float(log_losses(told, answer).mean()) if len(told) else None,
        "of all": 1000 * float(log_losses(odds[is_open], is_same[is_open]).mean()),
        "Brier": float(((told - answer) ** 2).mean()) if len(told) else None,
        "gap": float(np.average([d.gap for d in deciles], weights=[d.pairs for d in deciles])) if deciles else None,
        "pairs F1": 2 * right / (2 * right + false + missed),
        "false": false,
        "missed": missed,
    }


def _as_family(learnt: Learnt, labelled: Labelled) -> Model:
    """Return the model with pairs that were found different as a sample of relatives."""
    decided = verdicts(labelled)
    assert decided is not None and learnt.samples.family is not None
    samples = replace(learnt.samples, family=learnt.samples.family + decided.different)
    return replace(learnt, samples=samples).model(decided)


def _region(db: DuckDBEngine, mentions: Path) -> Region:
    with DuckDBEngine(mentions, read_only=True) as source:
        db.register("mention", source.frame("SELECT * FROM mention ORDER BY mention_id"))
    person = true_persons(mentions, int(db.rows("SELECT count(*) FROM mention")[0][0]))
    learnt = link(db, Config(), lambda _: None)
    assert learnt is not None
    pairs = db.arrays("SELECT left_id, right_id, pattern FROM pair_score ORDER BY left_id, right_id")
    left, right, pattern = (np.asarray(pairs[name], dtype=np.int64) for name in ("left_id", "right_id", "pattern"))
    judged = (person[left] >= 0) & (person[right] >= 0)
    left, right, pattern = left[judged], right[judged], pattern[judged]

    def persons_f1(model: Model) -> float:
        db.run("UPDATE pattern_count SET match_weight = NULL")
        weigh(db, model)
        db.run("DELETE FROM pair")
        told = "left_id, right_id, match_probability, match_weight, pattern, rules"
        possible = f"match_probability >= {Config().linkage.possible}"
        db.run(f"INSERT INTO pair BY NAME SELECT {told} FROM pair_score WHERE {possible}")
        db.run("DROP TABLE IF EXISTS mention_person")
        resolve(db, Config(), run_id="bench", mint=MINT, progress=lambda _: None)
        cluster = np.asarray(db.arrays("SELECT cluster FROM mention_cluster ORDER BY mention_id")["cluster"])
        return _pairwise_f1(cluster[person >= 0], person[person >= 0])

    return Region(learnt, left, right, pattern, person[left] == person[right], person, persons_f1)


def _pairwise_f1(found: Ints, person: Ints) -> float:
    both = np.unique(np.stack([found, person]), axis=1, return_counts=True)[1]
    pairs = [
        float((n * (n - 1) / 2).sum()) for n in (both, *(np.unique(x, return_counts=True)[1] for x in (found, person)))
    ]
    return 2 * pairs[0] / (pairs[1] + pairs[2])


def _mean(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    known = {name: [run[name] for run in runs if run[name] is not None] for name in runs[0]}
    return {name: float(np.mean(values)) if values else None for name, values in known.items()}


def _cell(value: object) -> object:
    return figures.share(value) if isinstance(value, float) and value < 1 else value
