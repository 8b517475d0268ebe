"""How well a partition of the mentions agrees with the true persons, by counts of pairs.

``python -m benchmarks.scoring MENTIONS RESULT`` prints the scores of one contestant as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from benchmarks.contest.result import Result, components
from benchmarks.prepare import truth_file

Ints = npt.NDArray[np.int64]

NINES = (1 - 10.0**-power for power in (2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9, 10, 11, 12))
THRESHOLDS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, *NINES)
"""Match probabilities among which the best one is chosen by truth; beyond 1 - 1e-12 floats run out."""


def pairs(*labels: Ints) -> int:
    """Return how many pairs agree on all labels."""
    _, group = np.unique(np.stack(labels), axis=1, return_inverse=True)
    sizes = np.bincount(group.ravel())
    return int((sizes * (sizes - 1) // 2).sum())


def score(found: Ints, person: Ints, household: Ints) -> dict[str, float | int | None]:
    """Return pairwise precision, recall and F1, and which false links join members of one household."""
    linked, true, both = pairs(found), pairs(person), pairs(found, person)
    at_home = pairs(found, household) - pairs(found, household, person)
    false = linked - both
    return {
        "precision": both / linked if linked else None,
        "recall": both / true if true else None,
        "f1": 2 * both / (linked + true) if linked + true else None,
        "links": linked,
        "false_links": false,
        "false_links_in_household": at_home,
        "share_in_household": at_home / false if false else None,
    }


def best(result: Result, known: Ints, person: Ints, household: Ints) -> dict[str, float | int | None]:
    """Return the scores at the threshold that the truth likes best; nobody without the truth can choose it."""
    scored = []
    for threshold in THRESHOLDS:
        kept = result.probability >= threshold
        labels = components(len(result.labels), result.left[kept], result.right[kept])[known]
        scored.append({"threshold": threshold, **score(labels, person, household)})
    return max(scored, key=lambda row: row["f1"] or 0.0)


def truth(mentions: Path) -> tuple[Ints, Ints, Ints]:
    """Return the mentions that the truth knows, and their true persons and households as numbers."""
    with duckdb.connect(str(truth_file(mentions)), read_only=True) as db:
        found = db.execute(
            "SELECT mention_id, dense_rank() OVER (ORDER BY true_person_id) AS person, "
            "dense_rank() OVER (ORDER BY true_household_id) AS household FROM mention_truth ORDER BY mention_id"
        ).fetchnumpy()
    known, person, household = (np.asarray(found[name], np.int64) for name in ("mention_id", "person", "household"))
    return known, person, household


def judge(mentions: Path, result: Result) -> dict[str, Any]:
    """Return all scores of one contestant."""
    known, person, household = truth(mentions)
    judged: dict[str, Any] = {
        "own": score(result.labels[known], person, household),
        "best": None,
        "candidates": result.candidates,
        "stages": result.stages,
    }
    if len(result.left):
        judged["best"] = best(result, known, person, household)
    return judged


if __name__ == "__main__":
    print(json.dumps(judge(Path(sys.argv[1]), Result.load(Path(sys.argv[2])))))
