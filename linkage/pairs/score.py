"""Scores: from agreement patterns to match weights, and what each comparison adds to one.

The weight of a pair is log2 of the odds that it is one person, against a member of the family or a chance
agreement. A value on which the pair agrees counts by its own frequency in the data, not by the average's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs.model import Model
from linkage.pairs.numbered import told


@dataclass(frozen=True)
class Evidence:
    """What one comparison of a pair showed and what it added to the match weight (log2), given those before it."""

    comparison: str
    level: str
    meaning: str
    weight: float


def weigh(db: Engine, model: Model) -> None:
    """Write ``pair_score`` (left_id, right_id, pattern, match_weight, match_probability) over ``compared_pair``.

    As a view: most pairs are never asked for. Who wants a few joins ``compared_pair`` by number with
    ``evidence_weight`` (evidence_no, match_weight).
    """
    patterns = np.asarray(db.arrays("SELECT DISTINCT pattern FROM pattern_count")["pattern"], dtype=np.int64)
    weight = model.weight(patterns)
    weighed = {"pattern": patterns, "match_weight": weight, "match_probability": probability(weight)}
    db.register("pattern_weight", pd.DataFrame(weighed))
    db.run(
        "CREATE OR REPLACE TEMP VIEW pair_score AS SELECT left_id, right_id, pattern, match_weight, match_probability "
        f"FROM ({told()}) JOIN pattern_weight USING (pattern)"
    )
    db.run(
        "CREATE OR REPLACE TEMP TABLE evidence_weight AS "
        "SELECT evidence_no, match_weight FROM pattern_count JOIN pattern_weight USING (pattern)"
    )


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
