"""Precision, recall and calibration of pairs against a truth, or against what reviewers decided.

Pairs are judged before persons are made of them: what clustering joins or keeps apart is told by ``inbeeld
evaluate``. Table ``pair`` holds no pair below the possible threshold, so that the curve ends there; true pairs that
are not in it count as missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.decisions import KEY, Decision, Verdict
from linkage.diagnose.patterns import Floats
from linkage.diagnose.self_weight import alone
from linkage.engine.base import Engine
from linkage.engine.duckdb import DuckDBEngine
from linkage.evaluate.reliability import TENTHS_AND_TOP, Reliability, reliability
from linkage.evaluate.truth import load_mentions
from linkage.pairs import PERSONS
from linkage.pairs.compare import Comparer
from linkage.pairs.model import Model
from linkage.pairs.score import probability
from linkage.thresholds import Thresholds

CURVE_POINTS = 240

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Point:
    """Pairs from a weight up: how many are right and wrong, and how many right ones stay out."""

    weight: float
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of the taken pairs that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Share of the right pairs that is taken."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both."""
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else None


@dataclass(frozen=True)
class Accuracy:
    """Against ``truth`` or ``decisions``: how many mentions or decisions were used, curve, thresholds, calibration."""

    source: str
    used: int
    unused: int
    sure: Point
    possible: Point
    curve: tuple[Point, ...]
    calibration: tuple[Reliability, ...]


def against_truth(db: Engine, truth: Path, thresholds: Thresholds) -> Accuracy:
    """Compare table ``pair`` with ``mention_truth``; pairs with a mention of which it says nothing are left out."""
    mentions = db.frame(f"SELECT mention_id, record_no, {', '.join(KEY)} FROM mention ORDER BY mention_id")
    with DuckDBEngine() as scratch:
        load_mentions(scratch, truth)
        known = scratch.frame(f"SELECT {', '.join(KEY)}, true_person_id FROM truth_mention")
    known["person_seq"] = known["person_seq"].astype("int64")
    mentions["person_seq"] = mentions["person_seq"].astype("int64")
    both = mentions.merge(known, how="left", on=list(KEY))
    both["human"] = pd.factorize(both["true_person_id"])[0]
    ids, human = both["mention_id"].to_numpy(), both["human"].to_numpy()
    pairs = {name: np.ma.filled(values, 0) for name, values in db.arrays(_PAIRS).items()}
    left, right = (human[np.searchsorted(ids, pairs[side])] for side in ("left_id", "right_id"))
    judged = (left >= 0) & (right >= 0)
    weight = pairs["match_weight"][judged].astype(np.float64)
    used = int((both["human"] >= 0).sum())
    low, high = np.minimum(left, right)[judged], np.maximum(left, right)[judged]
    return _accuracy(
        "truth", used, len(both) - used, weight, low == high, _true_pairs(both), thresholds, low * len(both) + high
    )


_PAIRS = "SELECT left_id, right_id, match_weight FROM pair ORDER BY left_id, right_id"


def _true_pairs(mentions: pd.DataFrame) -> int:
    """Return how many pairs of mentions of two records are one person; rows of one record are never compared."""
    known = mentions[mentions["human"] >= 0]
    whole = known.groupby("human").size()
    inside = known.groupby(["human", "record_no"]).size()
    return int((whole * (whole - 1) // 2).sum() - (inside * (inside - 1) // 2).sum())


def against_decisions(db: Engine, model: Model, decisions: list[Decision], thresholds: Thresholds) -> Accuracy | None:
    """Compare decided pairs with their weights, those below the possible threshold too; None when none is published.

    Needs ``mention_code``, which `unlinkable` leaves. The context of a pair that no table keeps is not known any more.
    """
    keys = ", ".join(KEY)
    number = {tuple(row[1:]): int(row[0]) for row in db.rows(f"SELECT mention_id, {keys} FROM mention")}
    clear = [d for d in decisions if d.verdict is not Verdict.UNSURE]
    found: dict[tuple[int, int], bool] = {}
    for decision in clear:
        ends = [number.get(tuple(getattr(key, c) for c in KEY)) for key in (decision.left, decision.right)]
        if None not in ends:
            left, right = sorted(int(end) for end in ends if end is not None)
            found[left, right] = decision.verdict is Verdict.SAME
    if not found:
        return None
    weights = _weights(db, model, sorted(found))
    order = sorted(found)
    weight = np.array([weights[pair] for pair in order])
    is_same = np.array([found[pair] for pair in order])
    return _accuracy("decisions", len(found), len(clear) - len(found), weight, is_same, int(is_same.sum()), thresholds)


def _weights(db: Engine, model: Model, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], float]:
    wanted = ", ".join(f"({left}, {right})" for left, right in pairs)
    db.run(
        "CREATE OR REPLACE TEMP TABLE decided AS SELECT CAST(left_id AS BIGINT) AS left_id, "
        f"CAST(right_id AS BIGINT) AS right_id FROM (VALUES {wanted}) AS decided(left_id, right_id)"
    )
    Comparer(db, PERSONS).pairs("decided", "decided_pattern")
    rows = db.rows(
        """SELECT d.left_id, d.right_id, d.pattern, p.pattern
        FROM decided_pattern d LEFT JOIN pair p ON p.left_id = d.left_id AND p.right_id = d.right_id"""
    )
    again = alone(np.array([row[2] for row in rows], dtype=np.int64))
    pattern = np.array([a if row[3] is None else row[3] for a, row in zip(again, rows, strict=True)], dtype=np.int64)
    return {(row[0], row[1]): float(w) for row, w in zip(rows, model.weight(pattern), strict=True)}


def _accuracy(
    source: str,
    used: int,
    unused: int,
    weight: Floats,
    is_right: Bools,
    total: int,
    thresholds: Thresholds,
    people: Ints | None = None,
) -> Accuracy:
    order = np.argsort(-weight, kind="stable")
    weight, is_right = weight[order], is_right[order]
    people = None if people is None else people[order]
    right = np.cumsum(is_right)
    last = np.flatnonzero(np.r_[weight[1:] != weight[:-1], True]) if len(weight) else np.zeros(0, dtype=np.int64)
    chosen = np.unique(np.linspace(0, len(last) - 1, CURVE_POINTS).round().astype(int)) if len(last) else last
    points = [_point(float(weight[at]), int(right[at]), int(at) + 1, total) for at in last[chosen]]
    return Accuracy(
        source,
        used,
        unused,
        _at(thresholds.sure, weight, is_right, total),
        _at(thresholds.possible, weight, is_right, total),
        tuple(points),
        tuple(reliability(probability(weight), is_right, people, TENTHS_AND_TOP)),
    )


def _at(least: float, weight: Floats, is_right: Bools, total: int) -> Point:
    taken = weight >= least
    return _point(least, int(is_right[taken].sum()), int(taken.sum()), total)


def _point(weight: float, right: int, taken: int, total: int) -> Point:
    return Point(weight, right, taken - right, total - right)
