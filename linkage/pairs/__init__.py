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
from linkage.pairs import cores, increment, keys, numbered, relations, strangers, taken
from linkage.pairs.blocking import pair_budget, write_keys
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.estimate import Decided, Samples, estimate
from linkage.pairs.fitting import Counts
from linkage.pairs.model import Model, load
from linkage.pairs.neighbours import neighbours
from linkage.pairs.persons import PERSONS
from linkage.pairs.score import Evidence, evidence, probability, weigh

if TYPE_CHECKING:
    from linkage.config import Config

__all__ = ["PERSONS", "Counts", "Decided", "Evidence", "Learnt", "Model", "evidence", "link", "load"]

YOUNG = 20_000
"""A model fitted on fewer mentions than this is fitted anew each night; then it is frozen."""

RANDOM_PAIRS, MOST_RANDOM_PAIRS = 150_000, 1_500_000
"""Random pairs for the chance agreement, one a mention between these; agreement on a whole value takes its frequency,
not this sample."""
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
    """Write ``compared_pair``, ``pair_score`` (the same, weighed), ``pair`` (at least possible) and ``mention_core``.

    Reads ``mention``; leaves ``changed_pair`` where only what changed was compared. Returns what the model was learnt
    from, None for a model that was not learnt now. ``frozen`` is the model file of the night before: once fitted on
    enough mentions it is used as it is, so that a weight changes only when a person promotes a new model. ``keep`` is
    where tonight's model is written. ``prior`` is another start of the fit than the model that ships. As long as
    nothing changes on which the comparisons rest, only new and changed mentions are compared (`increment`), unless all
    is to be done ``from_scratch``.
    """
    mentions = int(db.rows("SELECT count(*) FROM mention")[0][0])
    model, is_frozen = (prior, False) if prior else _model(config, frozen, progress)
    basis = increment.fingerprint(db, model, PERSONS, config.linkage) if is_frozen else ""
    known = increment.population(db, basis)
    population = mentions if known is None else known
    model, learnt, fresh = model.of(population), None, mentions
    night = _Night(db, config, Comparer(db, PERSONS), mentions, progress)
    db.run("DROP VIEW IF EXISTS pair_score")
    if known is not None and not from_scratch and increment.is_usable(db):
        fresh = night.renew(model)
    elif is_frozen or not mentions:
        night.compare(model, known_bands=known is not None)
    else:
        learnt = night.learn(model)
        model = learnt.model()
        night.settle(model)
        model.name, model.notes = f"fitted on {mentions} mentions", {"mentions": mentions}
        basis = increment.fingerprint(db, model, PERSONS, config.linkage)
    weigh(db, model)
    night.keep_evidence()
    increment.keep(db, basis, increment.comparisons(db, PERSONS, config.linkage), population, fresh)
    if keep:
        keep.write_text(model.to_json(), encoding="utf-8")
    return learnt


@dataclass(frozen=True)
class _Night:
    """How the pairs of one night come to be compared: all of them, all and learnt from, or those that changed."""

    db: Engine
    config: Config
    comparer: Comparer
    mentions: int
    progress: Callable[[str], None]

    def compare(self, model: Model, *, known_bands: bool = False) -> None:
        """Compare all pairs."""
        self._first_pass(known_bands=known_bands)
        self.settle(model)

    def learn(self, model: Model) -> Learnt:
        """Compare all pairs, and return what a model is learnt from; `settle` keeps them."""
        self._first_pass()
        samples = _samples(self.db, self.comparer)
        learnt = Learnt(model, counts(self.db, "pattern_pair"), samples)
        if self.config.linkage.use_relations:
            relations.add(self.db, self.comparer, _chance(learnt.model()), self._budget)
            learnt = Learnt(model, counts(self.db, "pattern_pair"), _with_proven(self.db, samples))
        return learnt

    def settle(self, model: Model) -> None:
        """Keep the pairs in the context that the model gives them, as every later night will find it."""
        if self.config.linkage.use_relations:
            self._told(relations.add(self.db, self.comparer, _chance(model), self._budget))
        self._keep()

    def renew(self, model: Model) -> int:
        """Compare the pairs that changed since the night before; return how many mentions have any compared anew."""
        linkage = self.config.linkage
        changed = int(self.db.rows("SELECT count(*) FROM fresh_mention")[0][0])
        fresh = increment.compare(self.db, self.comparer, budget=self._budget, max_block=linkage.max_block)
        self.progress(f"{self.mentions} mentions, {changed} new or changed; pairs of {fresh} compared anew")
        if linkage.use_relations:
            self._told(relations.renew(self.db, self.comparer, _chance(model), self._budget))
        else:
            taken.take(self.db)
        taken.put_back(self.db)
        return fresh

    def keep_evidence(self) -> None:
        """Keep the pairs that are at least possible."""
        db, possible = self.db, f"match_probability >= {self.config.linkage.possible}"
        columns = "left_id, right_id, match_probability, match_weight, pattern, rules"
        source = "pair_score"
        if db.has("changed_pair"):
            gone = f"FROM gone_pair WHERE {possible}"
            # One number is looked for first: next to all pairs go by it.
            db.run(
                f"DELETE FROM pair WHERE left_id IN (SELECT left_id {gone}) "
                f"AND (left_id, right_id) IN (SELECT (left_id, right_id) {gone})"
            )
            db.run("DROP TABLE gone_pair")
            source = "in_pair JOIN pattern_count USING (pattern, rules)"
        else:
            db.run(contracts.table("pair").ddl())
        db.run(f"INSERT INTO pair BY NAME SELECT {columns} FROM {source} WHERE {possible}")

    @property
    def _budget(self) -> int:
        return pair_budget(self.mentions, self.config.linkage.pair_budget_per_mention)

    def _first_pass(self, *, known_bands: bool = False) -> None:
        self.db.widen()
        code(self.db, PERSONS, known_bands=known_bands)
        write_keys(self.db, PERSONS)
        keys.make(self.db, PERSONS)
        made = self.comparer.candidates(
            "pattern_pair", budget=self._budget, max_block=self.config.linkage.max_block, are_keyed=True
        )
        self.progress(f"{self.mentions} mentions, {made} candidate pairs")
        self.db.run(contracts.table("mention_core").ddl())
        self.db.run(contracts.table("shared_seat").ddl())
        self.db.run("INSERT INTO shared_seat SELECT mention_id, seat FROM mention_code WHERE seat <> mention_id")

    def _told(self, new: int) -> None:
        self.progress(f"{new} more pairs on records that share somebody")

    def _keep(self) -> None:
        self.db.run("DROP TABLE IF EXISTS changed_pair")
        numbered.write(self.db, "pattern_pair")
        self.db.run("DROP TABLE pattern_pair")


def _chance(model: Model) -> cores.Chance:
    """Return the model without its calibration, which is that of pairs whose context is known."""
    plain = model.uncalibrated()
    return lambda patterns: probability(plain.weight(patterns))


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
    ids = np.sort(np.asarray(db.arrays("SELECT mention_id FROM mention")["mention_id"]))
    size = min(max(len(ids), RANDOM_PAIRS), MOST_RANDOM_PAIRS)
    drawn = np.random.Generator(np.random.PCG64(1)).integers(0, len(ids), (size, 2), dtype=np.int32)
    drawn = np.unique(np.sort(drawn[drawn[:, 0] != drawn[:, 1]], axis=1), axis=0)
    db.register("random_pair", pd.DataFrame(ids[drawn], columns=["left_id", "right_id"]))
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
        counted=neighbours(db, PERSONS),
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
