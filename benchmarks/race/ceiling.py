"""What the labels would allow: gradient boosting on the same pairs, levels and frequencies, five folds, labels given.

No contestant: nobody has labels. It says how much of the way to the best decision a method without labels has gone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold

from benchmarks.race.ours import fields
from benchmarks.race.outcome import THREADS, Clock, Told, contest, files, save
from benchmarks.sets.task import Task
from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import learning
from linkage.pairs.coded import Coded
from linkage.pairs.fields import spec
from linkage.pairs.rows import Rows

FOLDS = 5


def link(task: Task, folder: Path, out: Path, style: str) -> Told:  # noqa: ARG001
    """Score every candidate pair by a model that was fitted on the labels of the other folds."""
    clock = Clock()
    clock.done("import")
    tables = [Path(file.strip("'")) for file in files(task, folder)]
    told = spec(tuple(fields(task)), task.blocking, two_sided=len(tables) == 2)
    with tempfile.TemporaryDirectory() as scratch, DuckDBEngine(spill=Path(scratch), threads=THREADS) as db:
        rows = Rows(db, tables, fields(task), task.blocking)
        sizes = rows.sizes
        coded = Coded(db, told, rows, threads=THREADS)
        pairs, _ = learning.pairs_of(coded, budget=2**31)
        coded.finish(pairs)
    clock.done("compare")
    left, right = pairs.left.astype(np.int64), pairs.right.astype(np.int64) - (sizes[0] if len(sizes) == 2 else 0)
    features = np.stack([part(pairs.pattern) for c in told.comparisons for part in (c.level_of, c.band_of)], axis=1)
    with duckdb.connect() as db:
        true = db.execute(f"SELECT left_id, right_id FROM '{folder / 'truth.parquet'}'").fetchnumpy()
        size = int(max(sizes))
        ends = np.sort(np.stack([true["left_id"], true["right_id"]]), axis=0) if len(sizes) == 1 else true.values()
        one, other = (np.asarray(end, dtype=np.int64) for end in ends)
        label = np.isin(left * size + right, one * size + other)
        scored = np.zeros(len(label))
        for fit, judge in GroupKFold(FOLDS).split(features, label, groups=left):
            model = HistGradientBoostingClassifier(random_state=1).fit(features[fit], label[fit])
            scored[judge] = model.predict_proba(features[judge])[:, 1]
        clock.done("fit")
        db.register("told", {"left_id": left, "right_id": right, "probability": scored})
        save(db, "SELECT * FROM told WHERE probability >= 0.01", out / "pairs.parquet")
        ids = np.concatenate([np.arange(n) for n in sizes])
        db.register(
            "alone", {"source": np.repeat(np.arange(len(sizes)), sizes), "id": ids, "cluster": np.arange(len(ids))}
        )
        save(db, "SELECT * FROM alone", out / "clusters.parquet")
    return Told(len(label), clock.seconds, 0.5)


if __name__ == "__main__":
    contest(link)
