"""Mentions to scored pairs: block, compare, estimate, score, and once more where linked people lead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from linkage import contracts
from linkage.config import Config
from linkage.engine.base import Engine
from linkage.pairs import relations
from linkage.pairs.blocking import block
from linkage.pairs.coding import code
from linkage.pairs.compare import compare
from linkage.pairs.estimate import Counts, estimate
from linkage.pairs.levels import BY_NAME, level
from linkage.pairs.model import Model, load
from linkage.pairs.score import Evidence, evidence, score

__all__ = ["Evidence", "Model", "evidence", "link", "load"]

YOUNG = 20_000
"""A model fitted on fewer mentions than this is fitted anew each night; then it is frozen."""

RANDOM_PAIRS = 150_000
"""Random pairs for the chance agreement; agreement on a whole value takes its frequency, not this sample."""
FAMILY_PAIRS = 200_000


def link(
    db: Engine, config: Config, progress: Callable[[str], None], *, frozen: Path | None = None, keep: Path | None = None
) -> None:
    """Write ``pair_score`` (every compared pair) and ``pair`` (those at least possible) from ``mention``.

    ``frozen`` is the model file of the night before: once fitted on enough mentions it is used as it is, so that
    a weight changes only when a person promotes a new model. ``keep`` is where tonight's model is written.
    """
    code(db)
    mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
    model, is_frozen = _model(config, frozen)
    model.mentions = mentions
    progress(f"{mentions} mentions, {block(db, config)} candidate pairs")
    compare(db, "candidate_pair", "pattern_pair")
    samples = None if is_frozen or not mentions else _samples(db)
    if samples:
        model = estimate(model, _counts(db, "pattern_pair"), **samples)
    score(db, model, "pattern_pair", "pair_score")
    progress(f"{relations.add(db, config)} more pairs on records that share somebody")
    if samples:
        proven = relations.proven_different(db)
        samples["family"] = samples["family"] + proven
        model = estimate(model, _counts(db, "pattern_pair"), **samples)
        model.name, model.notes = f"fitted on {mentions} mentions", {"mentions": mentions}
    score(db, model, "pattern_pair", "pair_score")
    _evidence(db, config)
    if keep:
        keep.write_text(model.to_json(), encoding="utf-8")


def _model(config: Config, frozen: Path | None) -> tuple[Model, bool]:
    """Return the model to use and whether it stays as it is.

    A young model is never the prior of the next one: the nights in which data came would show in the result.
    """
    if config.linkage.model_file is not None:
        return load(config.linkage.model_file), True
    if frozen is not None and frozen.exists():
        known = load(frozen)
        if known.notes.get("mentions", 0) >= YOUNG:
            return known, True
    return load(), False


def _samples(db: Engine) -> dict[str, Counts]:
    """Return the labelled and random pairs that the estimate starts from; every run draws the same."""
    mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
    drawn = np.random.Generator(np.random.PCG64(1)).integers(0, mentions, (RANDOM_PAIRS, 2), dtype=np.int32)
    drawn = np.unique(np.sort(drawn[drawn[:, 0] != drawn[:, 1]], axis=1), axis=0)
    db.register("random_pair", pd.DataFrame(drawn, columns=["left_id", "right_id"]))
    db.run(
        f"""
        CREATE OR REPLACE TEMP TABLE same_record_pair AS
        SELECT l.mention_id AS left_id, r.mention_id AS right_id
        FROM mention_code l JOIN mention_code r ON l.record_no = r.record_no AND l.mention_id < r.mention_id
        WHERE l.seat <> r.seat ORDER BY hash(l.mention_id, r.mention_id), left_id, right_id LIMIT {FAMILY_PAIRS}
        """
    )
    compare(db, "random_pair", "chance_pair")
    compare(db, "same_record_pair", "family_pair")
    same_identifier = f"{BY_NAME['identifier'].sql()} = {level('identifier', 'equal')}"
    samples = {
        "chance": _counts(db, "chance_pair"),
        "family": _counts(db, "family_pair"),
        "same": _counts(db, f"pattern_pair WHERE {same_identifier}"),
    }
    for name in ("random_pair", "same_record_pair", "chance_pair", "family_pair"):
        db.run(f"DROP TABLE {name}")
    return samples


def _counts(db: Engine, source: str) -> Counts:
    found = db.arrays(f"SELECT pattern, count(*) AS n FROM {source} GROUP BY pattern ORDER BY pattern")
    return Counts(found["pattern"].astype(np.int64), found["n"].astype(np.float64))


def _evidence(db: Engine, config: Config) -> None:
    """Keep the pairs that are at least possible, with what they agree on."""
    db.run(contracts.table("pair").ddl())
    db.run(
        f"""
        INSERT INTO pair BY NAME
        SELECT left_id, right_id, match_probability, match_weight, pattern,
               surname_share, given_share, birth_share, address_share
        FROM pair_score JOIN pattern_pair USING (left_id, right_id, pattern)
        WHERE match_probability >= {config.linkage.possible}
        """
    )
