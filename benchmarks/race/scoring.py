"""How well pairs and clusters agree with the truth of a set.

``python -m benchmarks.race.scoring SETDIR OUTDIR`` prints the scores of one contestant as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from benchmarks.race.outcome import quoted

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Score = dict[str, float | int | None]


def score(links: int, right: int, true: int) -> Score:
    """Return precision, recall and F1 of so many links of which so many are right, among so many true pairs."""
    return {
        "precision": right / links if links else None,
        "recall": right / true if true else None,
        "f1": 2 * right / (links + true) if links + true else None,
        "links": links,
        "false_links": links - right,
    }


def at(threshold: float, probability: Floats, matched: Bools, true: int) -> Score:
    """Return the scores of the pairs, arrays of shape (pairs,), from a match probability on."""
    kept = probability >= threshold
    return {"threshold": threshold, **score(int(kept.sum()), int((kept & matched).sum()), true)}


def best(probability: Floats, matched: Bools, true: int) -> Score | None:
    """Return the scores at the match probability that the truth likes best; every one is tried, none is known."""
    if not len(probability):
        return None
    order = np.argsort(-probability, kind="stable")
    ranked, right = probability[order], np.cumsum(matched[order])
    # Pairs of one probability come together or not at all.
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    f1 = 2 * right[ends] / (ends + 1 + true)
    top = ends[np.argmax(f1)]
    return {"threshold": float(ranked[top]), **score(int(top) + 1, int(right[top]), true)}


def judge(folder: Path, out: Path) -> dict[str, Any]:
    """Return all scores of what one contestant left in ``out``."""
    told = json.loads((out / "stages.json").read_text(encoding="utf-8"))
    with duckdb.connect() as db:
        db.execute("SET enable_progress_bar = false")
        db.execute(f"CREATE TABLE truth AS FROM {quoted(folder / 'truth.parquet')}")
        true = int(db.execute("SELECT count(*) FROM truth").fetchall()[0][0])
        pairs = db.execute(
            "SELECT p.probability::DOUBLE AS probability, t.left_id IS NOT NULL AS matched "
            f"FROM {quoted(out / 'pairs.parquet')} p LEFT JOIN truth t USING (left_id, right_id)"
        ).fetchnumpy()
        probability, matched = np.asarray(pairs["probability"], np.float64), np.asarray(pairs["matched"], np.bool_)
        dedupe = json.loads((folder / "set.json").read_text(encoding="utf-8"))["kind"] == "dedupe"
        clusters = score(*clustered(db, out / "clusters.parquet", dedupe), true)
    return {
        "own": at(told["threshold"], probability, matched, true),
        "best": best(probability, matched, true),
        "clusters": clusters,
        "candidates": told["candidates"],
        "stages": told["stages"],
    }


def clustered(db: duckdb.DuckDBPyConnection, file: Path, dedupe: bool) -> tuple[int, int]:
    """Return how many pairs stand in one cluster (across the files, or within the one), and how many are true."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE member AS FROM {quoted(file)}")
    if dedupe:
        count = "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM member GROUP BY cluster)"
    else:
        count = (
            "SELECT sum(n * m) FROM (SELECT count(*) FILTER (source = 0) AS n, count(*) FILTER (source = 1) AS m "
            "FROM member GROUP BY cluster)"
        )
    right = (
        "SELECT count(*) FROM truth t JOIN member l ON l.id = t.left_id AND l.source = 0 "
        f"JOIN member r ON r.id = t.right_id AND r.source = {0 if dedupe else 1} WHERE l.cluster = r.cluster"
    )
    return tuple(int(db.execute(query).fetchall()[0][0] or 0) for query in (count, right))  # type: ignore[return-value]


if __name__ == "__main__":
    print(json.dumps(judge(Path(sys.argv[1]), Path(sys.argv[2]))))
