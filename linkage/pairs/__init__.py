"""Mentions to scored pairs: block and compare, estimate, score, and once more where linked people lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from linkage import contracts
from linkage.engine.base import Engine
from linkage.errors import ConfigError
from linkage.pairs import increment, relations, strangers
from linkage.pairs.blocking import pair_budget
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.estimate import Decided, Samples, estimate
from linkage.pairs.fitting import Counts
from linkage.pairs.model import Model, load
from linkage.pairs.persons import PERSONS
from linkage.pairs.score import Evidence, evidence, score

if TYPE_CHECKING:
    from linkage.config import Config

__all__ = ["PERSONS", "Counts", "Decided", "Evidence", "Learnt", "Model", "evidence", "link", "load"]

YOUNG = 20_000
"""A model fitted on fewer mentions than this is fitted anew each night; then it is frozen."""

RANDOM_PAIRS = 150_000
"""Random pairs for the chance agreement; agreement on a whole value takes its frequency, not this sample."""
FAMILY_PAIRS = 200_000


@dataclass(frozen=True)
class Learnt:
    """What a model was learnt from: the start, all compared pairs by pattern, and the samples."""

    start: Model
    candidates: Counts
    samples: Samples

    def model(self, decided: Decided | None = None) -> Model:
        """Return the model, of the same pairs and what people decided about some of them."""
        return estimate(self.start, self.candidates, replace(self.samples, decided=decided))


def link(
    db: Engine,
    config: Config,
    progress: Callable[[str], None],
    *,
    frozen: Path | None = None,
    keep: Path | None = None,
    prior: Model | None = None,
    from_scratch: bool = False,
) -> Learnt | None:
    """Write ``pair_score`` (every compared pair), ``pair`` (those at least possible) and ``mention_core``.

    Reads ``mention``. Returns what the model was learnt from, None for a model that was not learnt now.
    ``frozen`` is the model file of the night before: once fitted on enough mentions it is used as it is, so that
    a weight changes only when a person promotes a new model. ``keep`` is where tonight's model is written. ``prior`` is
    another start of the fit than the model that ships. As long as nothing changes on which the comparisons rest, only
    new and changed mentions are compared (`increment`), unless all is to be done ``from_scratch``.
    """
    mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
    model, is_frozen = (prior, False) if prior else _model(config, frozen, progress)
    basis = increment.fingerprint(db, model, PERSONS, config.linkage) if is_frozen else ""
    known = increment.population(db, basis)
    population = mentions if known is None else known
    model = model.of(population)
    code(db, PERSONS, known_bands=known is not None)
    comparer = Comparer(db, PERSONS)
    only_fresh = known is not None and not from_scratch and increment.is_usable(db)
    fresh = _compare(db, comparer, config, mentions, progress, only_fresh=only_fresh)
    samples = None if is_frozen or not mentions else _samples(db, comparer)
    model, learnt = _weigh(db, comparer, config, model, samples, mentions, progress)
    if learnt:
        basis = increment.fingerprint(db, model, PERSONS, config.linkage)
    _evidence(db, config)
    increment.keep(db, basis, increment.comparisons(db, PERSONS, config.linkage), population, fresh)
    if keep:
        keep.write_text(model.to_json(), encoding="utf-8")
    return learnt


def _weigh(
    db: Engine,
    comparer: Comparer,
    config: Config,
    model: Model,
    samples: Samples | None,
    mentions: int,
    progress: Callable[[str], None],
) -> tuple[Model, Learnt | None]:
    """Write ``pair_score`` and ``mention_core``: learn where there are samples, relate records, learn again, score."""
    learnt = None
    if samples:
        learnt = Learnt(model, counts(db, "pattern_pair"), samples)
        model = learnt.model()
    db.run(contracts.table("mention_core").ddl())
    if config.linkage.use_relations:
        score(db, model.uncalibrated(), "pattern_pair", "pair_score")
        progress(f"{relations.add(db, comparer, _budget(config, mentions))} more pairs on records that share somebody")
        if samples:
            learnt = Learnt(model, counts(db, "pattern_pair"), _with_proven(db, samples))
            model = learnt.model()
    if learnt:
        model.name, model.notes = f"fitted on {mentions} mentions", {"mentions": mentions}
    score(db, model, "pattern_pair", "pair_score")
    return model, learnt


def _budget(config: Config, mentions: int) -> int:
    return pair_budget(mentions, config.linkage.pair_budget_per_mention)


def _compare(
    db: Engine, comparer: Comparer, config: Config, mentions: int, progress: Callable[[str], None], *, only_fresh: bool
) -> int:
    """Write ``pattern_pair``, all candidate pairs with what they agree on; return how many mentions were compared."""
    budget, max_block = _budget(config, mentions), config.linkage.max_block
    if not only_fresh:
        made = comparer.candidates("pattern_pair", budget=budget, max_block=max_block)
        progress(f"{mentions} mentions, {made} candidate pairs")
        return mentions
    changed = increment.begin(db)
    made = comparer.candidates("pattern_pair", budget=budget, max_block=max_block, only_fresh=True)
    fresh = increment.carry(db, comparer.spec)
    progress(f"{mentions} mentions, {changed} new or changed; {made} candidate pairs of {fresh} compared anew")
    return fresh


def counts(db: Engine, source: str) -> Counts:
    """Return how many pairs of a table (or table with WHERE) show each pattern."""
    found = db.arrays(f"SELECT pattern, count(*) AS n FROM {source} GROUP BY pattern ORDER BY pattern")
    return Counts(np.asarray(found["pattern"], dtype=np.int64), np.asarray(found["n"], dtype=np.float64))


def _model(config: Config, frozen: Path | None, progress: Callable[[str], None]) -> tuple[Model, bool]:
    """Return the model to use and whether it stays as it is.

    A young model is never the prior of the next one: the nights in which data came would show in the result. One of an
    earlier version, with other levels, is fitted anew.
    """
    if config.linkage.model_file is not None:
        return load(PERSONS, config.linkage.model_file), True
    if frozen is not None and frozen.exists():
        try:
            known = load(PERSONS, frozen)
        except ConfigError:
            progress("the model of the night before is of another version: it is fitted anew")
        else:
            if known.notes.get("mentions", 0) >= YOUNG:
                return known, True
    return load(PERSONS), False


def _samples(db: Engine, comparer: Comparer) -> Samples:
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
    comparer.pairs("random_pair", "chance_pair")
    comparer.pairs("same_record_pair", "family_pair")
    identifier = PERSONS.by_name["identifier"]
    samples = Samples(
        chance=counts(db, "chance_pair"),
        family=counts(db, "family_pair"),
        same=counts(db, f"pattern_pair WHERE {identifier.level_sql()} = {identifier.number('equal')}"),
        unseen={"family": ("context", "identifier", "source_person"), "same": ("identifier", "context")},
        follows=strangers.follows(db, PERSONS),
    )
    for name in ("random_pair", "same_record_pair", "chance_pair", "family_pair"):
        db.run(f"DROP TABLE {name}")
    return samples


def _with_proven(db: Engine, samples: Samples) -> Samples:
    """Add the pairs that are two people because one is linked to another row of the other's record."""
    proven = counts(db, "pattern_pair WHERE is_different")
    family = proven if samples.family is None else samples.family + proven
    return replace(samples, family=family)


def _evidence(db: Engine, config: Config) -> None:
    """Keep the pairs that are at least possible, with what they agree on, and the patterns of all pairs as counts."""
    db.run(contracts.table("pair").ddl())
    db.run(
        f"""
        INSERT INTO pair BY NAME
        SELECT left_id, right_id, match_probability, match_weight, pattern FROM pair_score
        WHERE match_probability >= {config.linkage.possible}
        """
    )
    db.run(contracts.table("pattern_count").ddl())
    db.run("INSERT INTO pattern_count SELECT pattern, rules, count(*) FROM pattern_pair GROUP BY pattern, rules")
