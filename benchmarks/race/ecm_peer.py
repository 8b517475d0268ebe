"""recordlinkage with its unsupervised classifier (ECM), which knows agreements as yes or no alone.

Styles: ``first`` gives it one agreement for each field, at the first threshold; ``every`` one for each threshold. Which
of them is better depends on the set, and nobody without the truth can tell beforehand.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import recordlinkage

from benchmarks.race.outcome import KEPT, THREADS, THRESHOLD, Clock, Told, components, contest, files, save
from benchmarks.sets.task import Task

ROUNDING = 1e-6


def link(task: Task, folder: Path, out: Path, style: str) -> Told:
    """Link a set; its candidates are made as everybody's are, by the rules of the set."""
    clock = Clock()
    clock.done("import")
    with duckdb.connect(config={"threads": THREADS}) as db:
        frames = [db.execute(f"FROM {file} ORDER BY id").df().set_index("id") for file in files(task, folder)]
        clock.done("load")
        candidates = _candidates(task, frames)
        clock.done("block")
        features = _compare(task, frames[0], style).compute(candidates, frames[0], *frames[1:])
        clock.done("compare")
        classifier = recordlinkage.ECMClassifier(binarize=None)
        classifier.fit(features)
        probability = classifier.prob(features).to_numpy()
        clock.done("classify")
        left, right = (candidates.get_level_values(level).to_numpy().astype(np.int64) for level in (0, 1))
        kept, sure = probability >= KEPT, probability >= THRESHOLD
        pairs = pd.DataFrame({"left_id": left[kept], "right_id": right[kept], "probability": probability[kept]})
        db.register("pairs", pairs)
        save(db, "FROM pairs", out / "pairs.parquet")
        members = components(tuple(map(len, frames)), left[sure], right[sure])
        db.register("members", pd.DataFrame(members))
        save(db, "FROM members", out / "clusters.parquet")
    clock.done("cluster and write")
    return Told(len(candidates), clock.seconds)


def _candidates(task: Task, frames: list[pd.DataFrame]) -> pd.MultiIndex:
    """Return the pairs of the blocking rules, by its own index; a missing value blocks nothing."""
    found = None
    for rule in task.blocking:
        keyed = [_keyed(frame, rule) for frame in frames]
        made = recordlinkage.Index().block(list(keyed[0].columns)).index(*keyed)
        found = made if found is None else found.union(made)
    assert found is not None
    if task.kind == "link":
        return found
    # Of a pair within one file it names the later row first, ours is the other way round.
    ends = [found.get_level_values(level).to_numpy() for level in (0, 1)]
    return pd.MultiIndex.from_arrays([np.minimum(*ends), np.maximum(*ends)])


def _keyed(frame: pd.DataFrame, rule: tuple[str, ...]) -> pd.DataFrame:
    """Return a column for each expression of a rule, which SQL works out."""
    made = ", ".join(f"{expression} AS key_{number}" for number, expression in enumerate(rule))
    with duckdb.connect() as db:
        db.register("rows", frame.reset_index())
        return db.execute(f"SELECT id, {made} FROM rows ORDER BY id").df().set_index("id")


def _compare(task: Task, frame: pd.DataFrame, style: str) -> recordlinkage.Compare:
    """Return the agreements of each field, at the first threshold or at every one; equal where it has none."""
    compare = recordlinkage.Compare()
    for asked in task.comparisons:
        field = asked.field
        if not asked.thresholds:
            compare.exact(field, field, label=field)
        for number, threshold in enumerate(asked.thresholds[: 1 if style == "first" else None]):
            method, likeness = "jarowinkler", threshold
            if asked.kind != "name":
                # Its likeness is 1 - edits / length of the longer value.
                method = "damerau_levenshtein"
                likeness = 1 - threshold / float(frame[field].str.len().median()) - ROUNDING
            compare.string(field, field, method=method, threshold=likeness, label=f"{field}_{number}")
    return compare


if __name__ == "__main__":
    contest(link, ("first", "every"))
