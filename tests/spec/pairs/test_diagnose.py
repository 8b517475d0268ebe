"""The diagnostics of a model are what counting by hand gives."""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from linkage.config import Config
from linkage.decisions import Decision, MentionKey, Verdict
from linkage.diagnose import diagnose
from linkage.diagnose.accuracy import Accuracy
from linkage.diagnose.blocking import blocking
from linkage.diagnose.patterns import Patterns
from linkage.diagnose.self_weight import alone, unlinkable
from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.pairs import PERSONS, Model, load
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.persons_sql import Context
from linkage.pairs.spec import Rule
from linkage.thresholds import Thresholds
from tests.nights import Night, count_patterns

LIMITS = Thresholds.of(Config())


def model_of(night: Night, db: DuckDBEngine) -> Model:
    return load(PERSONS, night.model).of(db.rows("SELECT count(*) FROM mention")[0][0])


def blocks(db: DuckDBEngine, rule: Rule) -> list[set[int]]:
    """Return the mentions that share each key of a rule."""
    found = defaultdict(set)
    keys = rule.key if rule.many else f"SELECT mention_id, {rule.key} AS key FROM mention"
    for mention, key in db.rows(f"SELECT mention_id, key FROM ({keys}) WHERE key IS NOT NULL"):
        found[key].add(mention)
    return list(found.values())


@pytest.mark.slow
def test_a_rule_is_told_what_it_finds_and_what_it_alone_finds(night: Night) -> None:
    with night.in_memory("mention") as db:
        count_patterns(db)
        record = dict(db.rows("SELECT mention_id, record_no FROM mention"))
        finders = defaultdict(set)
        for number, rule in enumerate(PERSONS.rules):
            for block in blocks(db, rule):
                for pair in combinations(sorted(block), 2):
                    if record[pair[0]] != record[pair[1]]:
                        finders[pair].add(number)
        model = model_of(night, db)
        told = blocking(db, Patterns.read(db, model), LIMITS)
    for number, rule in enumerate(told):
        assert rule.pairs == sum(number in found for found in finders.values()), rule.rule
        assert rule.alone == sum(found == {number} for found in finders.values()), rule.rule
    assert sum(rule.alone or 0 for rule in told) > 0


@pytest.mark.slow
def test_the_largest_blocks_that_were_left_out_are_told_by_size(night: Night) -> None:
    with night.in_memory("mention") as db:
        count_patterns(db, max_block=4)
        code(db, PERSONS)
        told = {rule.rule: rule for rule in blocking(db, Patterns.read(db, model_of(night, db)), LIMITS)}
        for rule in PERSONS.rules:
            sizes = sorted((len(block) for block in blocks(db, rule) if len(block) > 4), reverse=True)
            assert told[rule.name].largest_left_out == tuple(sizes[:5])
            assert told[rule.name].dropped_blocks == len(sizes)
    assert told["address"].largest_left_out


@pytest.mark.slow
def test_the_unlinkable_are_those_that_miss_a_copy_of_themselves(night: Night) -> None:
    with night.in_memory("mention") as db:
        model = model_of(night, db)
        told = unlinkable(db, model, LIMITS)
        n = told.mentions
        db.run(
            f"INSERT INTO mention BY NAME SELECT * REPLACE (mention_id + {n} AS mention_id, "
            f"record_no + {n} AS record_no, record_id || '-copy' AS record_id) FROM mention"
        )
        code(db, PERSONS)
        db.run(
            f"CREATE TABLE twice AS SELECT mention_id AS left_id, mention_id + {n} AS right_id "
            "FROM mention WHERE record_id NOT LIKE '%-copy'"
        )
        Comparer(db, PERSONS).pairs("twice", "compared")
        pattern = np.array([row[0] for row in db.rows("SELECT pattern FROM compared")], dtype=np.int64)
    source = PERSONS.by_name["source_person"]
    context = PERSONS.by_name["context"]
    bare = model.weight(pattern | (Context.none << context.shift))
    elsewhere = model.weight((pattern | (Context.none << context.shift)) & ~source.mask)
    assert told.same_source == (bare < LIMITS.sure).sum()
    assert told.other_source == (elsewhere < LIMITS.sure).sum()
    assert told.same_source <= told.other_source <= n
    assert list(told.curve) == sorted(told.curve)
    assert alone(pattern)[0] == pattern[0] | (Context.none << context.shift)


def truth_of(night: Night) -> dict[tuple[str, ...], str]:
    with (night.truth / "mention_truth.csv").open(encoding="utf-8") as file:
        return {tuple(list(row.values())[:4]): row["true_person_id"] for row in csv.DictReader(file)}


@pytest.mark.slow
def test_precision_recall_and_calibration_are_those_of_counting_pairs(night: Night) -> None:
    with night.restricted() as db:
        told = diagnose(db, night.model, truth=night.truth).accuracy
        keys = db.rows("SELECT mention_id, source_id, record_kind, record_id, person_seq, record_no FROM mention")
        pairs = db.rows("SELECT left_id, right_id, match_weight, match_probability FROM pair")
    assert told is not None
    truth = truth_of(night)
    human = {row[0]: truth[tuple(map(str, row[1:5]))] for row in keys}
    record = {row[0]: row[5] for row in keys}
    true_pairs = {(a, b) for a, b in combinations(sorted(human), 2) if human[a] == human[b] and record[a] != record[b]}
    for point, least in ((told.sure, LIMITS.sure), (told.possible, LIMITS.possible)):
        taken = [(a, b) for a, b, weight, _ in pairs if weight >= least]
        right = sum(human[a] == human[b] for a, b in taken)
        assert (point.right, point.wrong, point.missed) == (right, len(taken) - right, len(true_pairs) - right)
    assert sum(c.pairs for c in told.calibration) == len(pairs)
    top = told.calibration[-1]
    inside = [human[a] == human[b] for a, b, _, p in pairs if p >= top.low]
    assert (top.pairs, top.observed) == (len(inside), pytest.approx(sum(inside) / len(inside)))
    assert told.curve[-1] == told.possible or told.curve[-1].right == told.possible.right
    assert (told.source, told.unused) == ("truth", 0)


def decided(db: DuckDBEngine, left: int, right: int, verdict: Verdict) -> Decision:
    columns = "source_id, record_kind, record_id, person_seq"
    keys = [MentionKey(*db.rows(f"SELECT {columns} FROM mention WHERE mention_id = ?", [i])[0]) for i in (left, right)]
    return Decision(1, "2025-03-14", "anna", verdict, "seen", *sorted(keys))


def by_decisions(night: Night, made: list[tuple[int, int, Verdict]], *more: Decision) -> Accuracy | None:
    with night.restricted() as db:
        return diagnose(db, night.model, decisions=[*(decided(db, *one) for one in made), *more]).accuracy


@pytest.mark.slow
def test_decisions_stand_in_for_a_truth(night: Night) -> None:
    with night.restricted() as db:
        strong = db.rows("SELECT left_id, right_id FROM pair WHERE match_weight > 20 ORDER BY ALL LIMIT 2")
        strangers = db.rows(
            "SELECT l.mention_id, r.mention_id FROM mention l JOIN mention r ON l.record_no < r.record_no "
            "WHERE abs(l.birth_year - r.birth_year) > 20 ORDER BY ALL LIMIT 1"
        )
    gone = MentionKey("politie-nn", "incident", "PL0100-1999000001", 1)
    waits = Decision(9, "2025-03-14", "anna", Verdict.SAME, "seen", gone, gone)
    told = by_decisions(
        night,
        [
            (*strong[0], Verdict.SAME),
            (*strong[1], Verdict.DIFFERENT),
            (*strangers[0], Verdict.DIFFERENT),
            (*strangers[0], Verdict.UNSURE),
        ],
        waits,
    )
    assert told is not None
    assert (told.source, told.used, told.unused) == ("decisions", 3, 1)
    assert (told.sure.right, told.sure.wrong, told.sure.missed) == (1, 1, 0)
    assert (told.calibration[0].low, told.calibration[0].observed) == (0.0, 0.0)
    assert by_decisions(night, [], waits) is None


@pytest.mark.slow
def test_the_histogram_holds_every_pair_once(night: Night) -> None:
    with night.restricted() as db:
        told = diagnose(db, night.model)
        (counted,) = db.rows("SELECT sum(pairs) FROM pattern_count")[0]
    assert told.is_counted
    assert sum(n for *_, n in told.histogram.bins) == told.histogram.pairs == counted
    assert told.histogram.sure + told.histogram.possible + told.histogram.below == counted
    assert told.accuracy is None


@pytest.mark.slow
def test_a_night_that_counted_no_patterns_is_told_from_the_pairs_it_kept(night: Night) -> None:
    with night.in_memory("mention", "pair", "blocking_rule") as db:
        told = diagnose(db, night.model)
        (kept,) = db.rows("SELECT count(*) FROM pair")[0]
    assert (told.is_counted, told.histogram.pairs, told.related_pairs) == (False, kept, None)
    assert {rule.pairs for rule in told.rules} == {None}


def test_a_level_weighs_what_its_probabilities_say() -> None:
    from linkage.diagnose.levels import levels

    model = load(PERSONS)
    told = levels(model)
    assert [(row.comparison, row.level) for row in told] == [
        (c.name, x.name) for c in PERSONS.comparisons for x in c.levels
    ]
    for row in told:
        assert 2**row.against_chance == pytest.approx(row.same / row.chance)
        assert 2**row.against_family == pytest.approx(row.same / row.family)
    for c in PERSONS.comparisons:
        for group in {x.group for x in c.levels}:
            rows = [row for row in told if (row.comparison, row.group) == (c.name, group)]
            assert sum(row.same for row in rows) == pytest.approx(1)


@pytest.mark.slow
def test_a_truth_that_is_none_is_said_so(night: Night, tmp_path: Path) -> None:
    with night.restricted() as db, pytest.raises(UsageError, match="has no mention_truth"):
        diagnose(db, night.model, truth=tmp_path)
