"""Scores: from agreement patterns to match weights, and what each comparison adds to one.

The weight of a pair is log2 of the odds that it is one person, against a member of the family or a chance
agreement. A value on which the pair agrees counts by its own frequency in the data, not by the average's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from linkage.engine.base import Engine
from linkage.pairs.levels import COMPARISONS
from linkage.pairs.model import CLASSES, Model

SHARES = tuple(c.name for c in COMPARISONS if c.frequency)
LEAST_SHARE = 1e-6
"""A value seen once in a small delivery is not as rare as its count says."""


@dataclass(frozen=True)
class Evidence:
    """What one comparison of a pair showed and what it added to the match weight (log2), given those before it."""

    comparison: str
    level: str
    meaning: str
    weight: float


def score(db: Engine, model: Model, source: str, target: str) -> None:
    """Write ``target`` (left_id, right_id, pattern, match_weight, match_probability) from compared pairs."""
    patterns = db.arrays(f"SELECT DISTINCT pattern FROM {source} ORDER BY pattern")["pattern"].astype(np.int64)
    logs = {f"log_{c}": model.log_class(c, patterns) for c in CLASSES}
    db.register("pattern_log", pd.DataFrame({"pattern": patterns, **logs}))
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {target} AS
        SELECT left_id, right_id, pattern, match_weight, 1 / (1 + pow(2, -match_weight)) AS match_probability
        FROM (
            SELECT s.*, log_same
                   - log2(pow(2, log_family) + pow(2, log_chance + {_frequency_sql(model)})) AS match_weight
            FROM {source} s JOIN pattern_log USING (pattern)
        )
        """
    )
    db.run("DROP TABLE pattern_log")


def _frequency_sql(model: Model) -> str:
    """The correction of the chance class for the frequency of the values that agree (Winkler 1988)."""
    terms = []
    for name in SHARES:
        average = float(model.tables["chance"].by_name[name][1])
        terms.append(
            f"CASE WHEN {name}_share IS NULL THEN 0 ELSE log2(greatest({name}_share, {LEAST_SHARE}) / {average!r}) END"
        )
    return " + ".join(terms)


def evidence(model: Model, pattern: int, shares: dict[str, float | None] | None = None) -> list[Evidence]:
    """Return what each comparison adds, in the order of `COMPARISONS`; with the start they sum to the weight.

    Adding comparisons one by one makes the parts telescope, so that their sum is exactly the score although
    the model is a mixture: a part is what the comparison adds given those before it.
    """
    packed = np.array([pattern], dtype=np.int64)
    told, before = [], _odds(model, packed, 0, {})
    told.append(Evidence("start", "", "before anything is compared", before))
    for number, c in enumerate(COMPARISONS, start=1):
        after = _odds(model, packed, number, shares or {})
        found = (pattern >> c.shift) & ((1 << c.bits) - 1)
        if found:
            item = c.levels[found - 1]
            told.append(Evidence(c.name, item.name, item.meaning, after - before))
        before = after
    return told


def _odds(
    model: Model, packed: np.ndarray[tuple[int], np.dtype[np.int64]], until: int, shares: dict[str, float | None]
) -> float:
    logs = {c: float(model.log_class(c, packed, until)[0]) for c in CLASSES}
    for c in COMPARISONS[:until]:
        share = shares.get(c.name)
        if c.name in SHARES and share is not None:
            logs["chance"] += float(np.log2(max(share, LEAST_SHARE) / model.tables["chance"].by_name[c.name][1]))
    return logs["same"] - float(np.log2(np.exp2(logs["family"]) + np.exp2(logs["chance"])))
