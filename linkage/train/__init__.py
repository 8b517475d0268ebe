"""A new model as a proposal: re-estimated, compared with the one in use, never used by itself.

``train`` writes a candidate; a person promotes it (`linkage.promotions`), and then the next night uses it. What people
decided is counted in the estimate (`linkage.pairs.estimate`) and judges the models; with enough of it recordlinkage's
supervised classifiers are fitted too. What they gain goes into the candidate as a line in log odds only (Platt 1999),
so that every weight of it can still be read and summed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from linkage import pairs
from linkage.config import Config
from linkage.decisions import Decisions
from linkage.pairs import PERSONS, Model
from linkage.pairs.score import probability
from linkage.promotions import Promotions
from linkage.store import OutFolder
from linkage.thresholds import Thresholds
from linkage.train.candidate import next_name, write
from linkage.train.classify import Trained, classify
from linkage.train.drift import drift
from linkage.train.estimate import Estimate, estimate
from linkage.train.figures import figures
from linkage.train.population import Population

__all__ = ["ENOUGH", "train"]

ENOUGH = 50
"""Decisions of each kind, ``same`` and ``different``, from which classifiers are fitted: in five folds forty to learn
from and ten to be judged on."""


def train(
    folder: OutFolder, config: Config, progress: Callable[[str], None], *, enough: int = ENOUGH
) -> dict[str, Any]:
    """Write a candidate model and return what was compared, as plain data.

    Raises `UsageError` when nothing was published.
    """
    published, day = folder.published("model.json"), folder.published_as_of()
    assert day is not None
    found = estimate(folder, config, Decisions(folder).active(), progress)
    old = pairs.load(PERSONS, config.linkage.model_file or published).of(found.model.mentions)
    same = int(found.labelled.is_same.sum())
    different = len(found.labelled) - same
    trained = None
    if min(same, different) >= enough:
        population = Population(found.model.weight(found.patterns), found.pairs)
        progress(f"fitting classifiers on {len(found.labelled)} decided pairs")
        trained = classify(PERSONS, found.labelled, population, Thresholds.of(config))
    line = (trained.slope, trained.intercept) if trained else (1.0, 0.0)
    told: dict[str, Any] = {
        "parent": old.name,
        "as_of": day.isoformat(),
        "mentions": found.model.mentions,
        "decisions": {
            "same": same,
            "different": different,
            "not_compared": found.not_compared,
            "waiting": found.waiting,
        },
        "supervised": _supervised(trained, same, different, enough),
        "ledger": _on_the_ledger(old, found, line, config),
        "drift": _drift(old, found, line, config),
    }
    models = Promotions(folder).models
    notes = {"mentions": found.model.mentions} | told
    written = write(models, next_name(models, day), found.model, line, notes)
    return {"candidate": written.stem} | told


def _supervised(trained: Trained | None, same: int, different: int, enough: int) -> dict[str, Any]:
    if min(same, different) < enough:
        reason = f"no classifier fitted: {same} same and {different} different decisions, {enough} of each are needed"
        return {"fitted": False, "reason": reason}
    if trained is None:
        return {"fitted": False, "reason": "no classifier fitted: the decided pairs hang together too much to hold out"}
    return {
        "fitted": True,
        "out_of_fold": {name: found.as_dict() for name, found in trained.figures.items()},
        "best": trained.best,
        "calibration": trained.calibration,
        "listed": trained.listed,
        "slope": trained.slope,
        "intercept": trained.intercept,
    }


def _on_the_ledger(old: Model, found: Estimate, line: tuple[float, float], config: Config) -> dict[str, Any] | None:
    """Return both models' figures on the decided pairs.

    The new one's weights are of models that were not told of the pair; its line was fitted on all, so it flatters a
    little. So does the old one, when the same decisions went into it.
    """
    labelled = found.labelled
    if not len(labelled):
        return None
    weights = {
        "old": old.weight(labelled.pattern),
        "new": line[0] * labelled.weight + line[1],
    }
    told = {name: probability(w) for name, w in weights.items()}
    cuts = {"sure": config.linkage.sure, "possible": config.linkage.possible}
    return {
        **{
            name: {cut: figures(p, labelled.is_same, at).as_dict() for cut, at in cuts.items()}
            for name, p in told.items()
        },
        "pairs": [
            {"left_id": int(a), "right_id": int(b), "is_same": bool(s), "old": float(o), "new": float(n)}
            for a, b, s, o, n in zip(
                labelled.left, labelled.right, labelled.is_same, told["old"], told["new"], strict=True
            )
        ],
    }


def _drift(old: Model, found: Estimate, line: tuple[float, float], config: Config) -> dict[str, Any]:
    before = old.weight(found.patterns)
    after = line[0] * found.model.weight(found.patterns) + line[1]
    return asdict(drift(old, found.model, before, after, found.pairs, config.linkage.sure))
