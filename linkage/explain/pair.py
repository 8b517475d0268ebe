"""What makes two mentions one person or two: their levels, and the weights that sum to the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linkage.config import Config
from linkage.decisions import MentionKey, named
from linkage.engine.base import Engine
from linkage.errors import UsageError
from linkage.explain.recompute import Compared, Pair, recompute
from linkage.explain.steps import Cost, Step, costliest, missing, published_model, steps
from linkage.pairs.model import Model
from linkage.pairs.score import probability
from linkage.thresholds import Thresholds

MOST_COMBINATIONS = 4_000
"""Pairs of mentions of two persons that are compared anew to find their most alike ones."""


@dataclass(frozen=True)
class Side(MentionKey):
    """One mention of a pair: the key of its record and who it was resolved to, without a name."""

    mention_id: int
    person_id: str | None
    role: str | None
    age: int | None
    record_no: int


@dataclass(frozen=True)
class PairExplanation:
    """Two mentions, how their evidence adds up, and what it came to."""

    left: Side
    right: Side
    match_weight: float
    match_probability: float
    verdict: str
    is_stored: bool
    is_same_person: bool
    is_same_record: bool
    rules: Sequence[str]
    parts: Sequence[Step]
    not_compared: Sequence[str]
    costliest: Cost | None
    thresholds: Thresholds

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain nested data."""
        return asdict(self)


def explain_pair(
    restricted: Engine, one: str, other: str, *, config: Config | None = None, model: Path | Model | None = None
) -> PairExplanation:
    """Explain two mentions, given by their keys, or the most alike mentions of two persons, given by their ids.

    Raises `UsageError` when one of them is not published, or both are the same.
    """
    keys = named(restricted, one, other)
    if keys[0] == keys[1]:
        raise UsageError("both mentions are the same one: give two")
    loaded = model if isinstance(model, Model) else published_model(restricted, model)
    pair = (_mention_id(restricted, keys[0]), _mention_id(restricted, keys[1]))
    if ":" not in one and stored_pattern(restricted, pair) is None:
        pair = _most_alike(restricted, loaded, one, other) or pair
    return told_pair(restricted, pair, loaded, Thresholds.of(config or Config()))


def told_pair(
    restricted: Engine,
    pair: Pair,
    model: Model,
    thresholds: Thresholds,
    compared: Mapping[Pair, Compared] | None = None,
) -> PairExplanation:
    """Return the explanation of two mention_ids; a pair that no table holds is compared anew.

    ``compared`` holds the pair, and the first mention with itself, when they were compared already.
    """
    low, high = sorted(pair)
    compared = compared or recompute(restricted, [(low, high), (pair[0], pair[0])])
    stored = stored_pattern(restricted, pair)
    pattern = compared[low, high].pattern if stored is None else stored
    weight = float(model.weight(np.array([pattern], dtype=np.int64))[0])
    left, right = side(restricted, pair[0]), side(restricted, pair[1])
    return PairExplanation(
        left=left,
        right=right,
        match_weight=weight,
        match_probability=float(probability(np.array([weight]))[0]),
        verdict=thresholds.verdict(weight),
        is_stored=stored is not None,
        is_same_person=left.person_id is not None and left.person_id == right.person_id,
        is_same_record=left.record_no == right.record_no,
        rules=compared[low, high].rules,
        parts=steps(model, pattern),
        not_compared=missing(model, pattern),
        costliest=costliest(model, pattern, compared[pair[0], pair[0]].pattern),
        thresholds=thresholds,
    )


def stored_pattern(restricted: Engine, pair: Pair) -> int | None:
    """Return the pattern that the night kept of a pair, None when the pair stayed below the possible threshold."""
    found = restricted.rows("SELECT pattern FROM pair WHERE left_id = ? AND right_id = ?", sorted(pair))
    return int(found[0][0]) if found else None


_SIDE = """
SELECT m.source_id, m.record_kind, m.record_id, m.person_seq, m.mention_id, p.person_id,
       coalesce(v.role, m.role), v.age_at_event, m.record_no
FROM mention m LEFT JOIN mention_person p USING (mention_id)
LEFT JOIN involvement v USING (source_id, record_kind, record_id, person_seq) WHERE m.mention_id = ?
"""


def side(restricted: Engine, mention_id: int) -> Side:
    """Return a mention as a reader may see it."""
    return Side(*restricted.rows(_SIDE, [mention_id])[0])


def _mention_id(restricted: Engine, key: Any) -> int:
    found = restricted.rows(
        "SELECT mention_id FROM mention WHERE source_id = ? AND record_kind = ? AND record_id = ? AND person_seq = ?",
        [key.source_id, key.record_kind, key.record_id, key.person_seq],
    )
    return int(found[0][0])


def _most_alike(restricted: Engine, model: Model, one: str, other: str) -> Pair | None:
    found = restricted.rows(
        """SELECT l.mention_id, r.mention_id FROM mention_person l JOIN mention_person r ON true
        WHERE l.person_id = ? AND r.person_id = ? ORDER BY l.mention_id, r.mention_id LIMIT ?""",
        [one, other, MOST_COMBINATIONS],
    )
    compared = recompute(restricted, [(min(p), max(p)) for p in found])
    if not found:
        return None
    weights = model.weight(np.array([compared[min(p), max(p)].pattern for p in found], dtype=np.int64))
    left, right = found[int(weights.argmax())]
    return int(left), int(right)
