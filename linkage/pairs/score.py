"""Scores: from agreement patterns to match weights, and what each comparison adds to one.

The weight of a pair is log2 of the odds that it is one person, against a member of the family or a chance
agreement. A value on which the pair agrees counts by its own frequency in the data, not by the average's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs import numbered
from linkage.pairs.model import Model


@dataclass(frozen=True)
class Evidence:
    """What one comparison of a pair showed and what it added to the match weight (log2), given those before it."""

    comparison: str
    level: str
    meaning: str
    weight: float


def weigh(db: Engine, model: Model) -> None:
    """Give what ``pattern_count`` holds its weight where it has none: what a model said of a pattern, it says again.

    Writes ``pair_score`` (left_id, right_id, rules, pattern, match_weight, match_probability) over ``compared_pair`` as
    a view: most pairs are never asked for.
    """
    new = "SELECT DISTINCT pattern FROM pattern_count WHERE match_weight IS NULL"
    patterns = np.asarray(db.arrays(new)["pattern"], dtype=np.int64)
    weight = model.weight(patterns)
    weighed = {"pattern": patterns, "match_weight": weight, "match_probability": probability(weight)}
    db.register("pattern_weight", pd.DataFrame(weighed))
    db.run(
        "UPDATE pattern_count SET match_weight = w.match_weight, match_probability = w.match_probability "
        "FROM pattern_weight w WHERE pattern_count.pattern = w.pattern AND pattern_count.match_weight IS NULL"
    )
    db.run("DROP TABLE pattern_weight")
    weighed_pairs = numbered.told("compared_pair", "match_weight", "match_probability")
    db.run(f"CREATE OR REPLACE TEMP VIEW pair_score AS {weighed_pairs}")


def probability(weight: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the probability of log2 odds."""
    return 1 / (1 + np.exp2(-weight))


def evidence(model: Model, pattern: int) -> list[Evidence]:
    """Return what each comparison adds, in the order of the spec; with the start they sum to the weight.

    Adding comparisons one by one makes the parts telescope, so that their sum is exactly the score although
    the model is a mixture: a part is what the comparison adds given those before it.
    """
    packed = np.array([pattern], dtype=np.int64)
    before = float(model.weight(packed, 0)[0])
    told = [Evidence("start", "", "before anything is compared", before)]
    for number, c in enumerate(model.spec.comparisons, start=1):
        after = float(model.weight(packed, number)[0])
        found = int(c.level_of(packed)[0])
        if found:
            item = c.levels[found - 1]
            told.append(Evidence(c.name, item.name, item.meaning, after - before))
        elif (
            after != before
        ):  # what a household shares is told where its last comparison stands, also when that is null
            last = told.pop()
            told.append(replace(last, weight=last.weight + after - before))
        before = after
    return told
