"""The Python Record Linkage Toolkit: the same blocks, its own comparisons, and its unsupervised ECM classifier."""

from __future__ import annotations

import warnings
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import recordlinkage

from benchmarks.contest.result import Result, Stages, components

OWN_THRESHOLD = 0.95
KEPT = 0.01
BLOCKS = (
    ["bsn_hmac"],
    ["birth_date", "initial"],
    ["birth_date", "surname_sound"],
    ["birth_date", "postcode"],
    ["surname_sound", "given_name"],
    ["surname_sound", "postcode"],
    ["postcode", "house_number"],
)

MENTIONS = """
SELECT mention_id, record_no, surname, surname_sound, given_name,
    substr(coalesce(initials, given_name), 1, 1) AS initial,
    birth_date, sex, postcode, CAST(house_number AS VARCHAR) AS house_number,
    postcode || ' ' || house_number AS address, city, bsn_hmac
FROM mention ORDER BY mention_id
"""


def link(mentions: Path) -> Result:
    """Link by ECM on binary comparisons, which is all that its classifier takes."""
    warnings.simplefilter("ignore")
    stages = Stages()
    with duckdb.connect(str(mentions), read_only=True) as db:
        frame = db.execute(MENTIONS).df().set_index("mention_id")
    stages.done("load")
    candidates = _block(frame)
    stages.done("block")
    features = _comparisons().compute(candidates, frame)
    stages.done("compare")
    classifier = recordlinkage.ECMClassifier(binarize=None)
    classifier.fit(features)
    probability = classifier.prob(features).to_numpy()
    stages.done("classify")
    left, right = (candidates.get_level_values(level).to_numpy().astype(np.int64) for level in (0, 1))
    sure, kept = probability >= OWN_THRESHOLD, probability >= KEPT
    labels = components(len(frame), left[sure], right[sure])
    stages.done("cluster")
    return Result(labels, len(candidates), left[kept], right[kept], probability[kept], stages.seconds)


def _block(frame: pd.DataFrame) -> pd.MultiIndex:
    """Return the pairs of different records that share a block; a missing value blocks nothing."""
    found = None
    for keys in BLOCKS:
        made = recordlinkage.Index().block(keys).index(frame)
        found = made if found is None else found.union(made)
    assert found is not None
    record = frame["record_no"]
    apart = record.loc[found.get_level_values(0)].to_numpy() != record.loc[found.get_level_values(1)].to_numpy()
    kept: pd.MultiIndex = found[apart]
    return kept


def _comparisons() -> recordlinkage.Compare:
    compare = recordlinkage.Compare()
    compare.exact("bsn_hmac", "bsn_hmac", label="bsn")
    compare.string("surname", "surname", method="jarowinkler", threshold=0.92, label="surname")
    compare.string("given_name", "given_name", method="jarowinkler", threshold=0.92, label="given_name")
    compare.exact("initial", "initial", label="initial")
    compare.exact("birth_date", "birth_date", label="birth_date")
    compare.string("birth_date", "birth_date", method="damerau_levenshtein", threshold=0.85, label="birth_near")
    compare.exact("sex", "sex", label="sex")
    compare.exact("address", "address", label="address")
    compare.exact("city", "city", label="city")
    return compare
