"""Standardised mentions as one file that every contestant reads, and their truth in another that none is given.

``python -m benchmarks.prepare SAMPLE MENTIONS`` takes the inbox of a sample through the first steps of a night.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from linkage import pipeline
from linkage.config import load
from linkage.privacy import Keys

LAST_STEP = "standardise mentions"
MINT = Keys(b"a key for measuring, not for pseudonyms").mint
KEY = "source_id, record_kind, record_id"

NUMBERED = f"""
CREATE TABLE mention AS SELECT * REPLACE (
    CAST(row_number() OVER (ORDER BY {KEY}, person_seq) - 1 AS INTEGER) AS mention_id,
    CAST(dense_rank() OVER (ORDER BY {KEY}) - 1 AS INTEGER) AS record_no)
FROM source.mention ORDER BY mention_id
"""
"""Contestants number rows from 0."""
JOIN = f"""
CREATE TABLE answer.mention_truth AS
SELECT mention_id, coalesce(true_person_id, 'alone ' || mention_id) AS true_person_id,
    coalesce(true_household_id, 'alone ' || mention_id) AS true_household_id
FROM mention JOIN (SELECT * REPLACE (CAST(person_seq AS INTEGER) AS person_seq) FROM truth)
USING ({KEY}, person_seq) ORDER BY mention_id
"""


def prepare(sample: Path, target: Path) -> int:
    """Write ``mention`` to ``target`` and ``mention_truth`` to its `truth_file`; return how many are judged."""
    with pipeline.start(load(), sample / "inbox", sample / "out") as night:
        for step in pipeline.STEPS:
            step.run(night)
            if step.name == LAST_STEP:
                break
        night.db.run("CHECKPOINT")
        source = night.work / "restricted.duckdb"
        night.db.close()
        return attach(source, target, f"read_csv('{sample / 'truth' / 'mention_truth.csv'}', all_varchar = true)")


def truth_file(mentions: Path) -> Path:
    """Return where the truth of a file of mentions is kept."""
    return mentions.with_suffix(".truth.duckdb")


def true_persons(mentions: Path, size: int) -> npt.NDArray[np.int64]:
    """Return (size,) the true person of each mention of a file, as a number from 0; -1 where nobody knows."""
    with duckdb.connect(str(truth_file(mentions)), read_only=True) as answer:
        known = answer.execute(
            "SELECT mention_id, dense_rank() OVER (ORDER BY true_person_id) - 1 AS person FROM mention_truth"
        ).fetchnumpy()
    person = np.full(size, -1, dtype=np.int64)
    person[np.asarray(known["mention_id"])] = np.asarray(known["person"])
    return person


def attach(source: Path, target: Path, truth: str) -> int:
    """Copy the mentions of one database and join a relation of the truth; return how many are judged.

    Mentions that the truth does not know are linked like all others, but not judged (as in ``inbeeld evaluate``).
    """
    with duckdb.connect(str(target)) as db:
        db.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
        db.execute(f"ATTACH '{truth_file(target)}' AS answer")
        db.execute(NUMBERED)
        db.execute(f"CREATE TEMP TABLE truth AS FROM {truth}")
        db.execute(JOIN)
        return int(db.execute("SELECT count(*) FROM answer.mention_truth").fetchall()[0][0])


if __name__ == "__main__":
    print(prepare(Path(sys.argv[1]), Path(sys.argv[2])))
