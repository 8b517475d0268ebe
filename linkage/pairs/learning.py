"""Candidate pairs of two tables, a model learnt from them, and the pairs that it finds worth telling.

A sample of the rows is compared in full and teaches the model; of the other rows only the pairs are looked at that
the model could still find probable.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.errors import BudgetError, UsageError
from linkage.pairs.blocks import blocks
from linkage.pairs.coded import Coded, Pairs, distinct, joined
from linkage.pairs.estimate import Samples, estimate, untrained
from linkage.pairs.fitting import Counts
from linkage.pairs.model import Model
from linkage.thresholds import bits

Floats = npt.NDArray[np.float64]

RANDOM_PAIRS = 300_000
"""Random pairs for the chance of a near agreement; that of agreement follows from value counts."""
TRAINING_PAIRS = 600_000
"""Candidate pairs that a model is learnt from; with more candidates a sample of the left rows is taken."""
SUPPOSED = 20.0
"""Pairs that are supposed beside those of the tables, when values are counted."""
KEPT = 0.01
"""Match probability from which a pair is told at all."""


def pairs_of(coded: Coded, budget: int) -> tuple[Pairs, pd.DataFrame]:
    """Return all candidate pairs with what equality decides, and what each rule found."""
    columns = coded.columns
    try:
        made, told = blocks(
            columns.codes, coded.spec.rules, columns.keys, coded.sizes, budget=budget, threads=coded.threads
        )
    except BudgetError as error:
        raise UsageError(
            f"blocking rule {error.rule} does not fit the pair budget: its values are too common; make it narrower or "
            "raise pairs_per_row"
        ) from None
    return coded.pairs(made), told


def divide(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Return the other pairs and those that the model is learnt from: all pairs of a sample of the left rows."""
    share = TRAINING_PAIRS / max(len(pairs), 1)
    if share >= 1:
        return pairs.where(np.zeros(0, dtype=np.int64)), pairs
    drawn = (pairs.left.astype(np.uint32) * np.uint32(2654435761)) < np.uint32(share * 2**32)
    return pairs.where(~drawn), pairs.where(drawn)


def learn(coded: Coded, trained: Pairs, made: int, known: Model | None) -> Model:
    """Return the model of these tables: the one that is known, or one learnt from the pairs if there are any."""
    sizes = coded.sizes
    rows = max(sum(sizes), 1)
    possible = max(float(np.prod(sizes)) if len(sizes) == 2 else sizes[0] * (sizes[0] - 1) / 2, 1.0)
    if known:
        return known.of(rows, possible)
    start = untrained(coded.spec, rows, possible)
    if not len(trained):
        return start
    counts = trained.counts()
    whole = Counts(counts.pattern, counts.pairs * (made / len(trained)))
    learnt = estimate(start, whole, _samples(coded, possible))
    learnt.name, learnt.notes = f"learnt from {len(trained)} pairs", {"rows": list(sizes)}
    return learnt


def _samples(coded: Coded, possible: float) -> Samples:
    """Random pairs for the chance of a near agreement, and the exact chance of agreement from value counts.

    Drawn more often than there are pairs, they count as all pairs once: ten rows do not make a model certain.
    """
    sizes = coded.sizes
    draw = np.random.Generator(np.random.PCG64(1))
    size = int(min(RANDOM_PAIRS, 20.0 * sum(sizes) + 10_000))
    first = sizes[0] if len(sizes) == 2 else 0
    left = draw.integers(0, sizes[0], size, dtype=np.int32)
    right = draw.integers(first, sum(sizes), size, dtype=np.int32)
    chance = coded.compare(left[left != right], right[left != right])
    coded.finish(chance)
    counts = chance.counts()
    drawn = Counts(counts.pattern, counts.pairs * min(1.0, possible / max(len(chance), 1)))
    equal = {c.name: _equal(*coded.equal(n)) for n, c in enumerate(coded.spec.comparisons)}
    return Samples(drawn, {column: chance for column, chance in equal.items() if chance is not None})


def _equal(agree: float, pairs: float) -> float | None:
    """Return the probability that two random rows agree on a column; none for a column without values.

    A few pairs are supposed beside those there are, one in ten of which agrees: of one pair nothing can be learnt.
    """
    if not pairs:
        return None
    return float(np.clip((agree + 0.1 * SUPPOSED) / (pairs + SUPPOSED), 1e-9, 1 - 1e-9))


def probable(coded: Coded, model: Model, trained: Pairs, rest: Pairs) -> tuple[Pairs, Floats]:
    """Return the pairs that are at least `KEPT` probable, with their weights."""
    least = bits(KEPT)
    hopeful = coded.hopeful(rest, model, least)
    pairs = joined([trained, hopeful])
    at, known = distinct(pairs.pattern)
    weight = model.weight(known)[at]
    kept = weight >= least
    return pairs.where(kept), weight[kept]
