"""The sets of the benchmarks: that the generator makes what it says it does, and that scores are counted right."""

from __future__ import annotations

import json
import sys
from datetime import date
from itertools import product
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are run from a checkout, they are not installed

from benchmarks.race import OURS, PEERS, Contestant, outcome, run, scoring
from benchmarks.sets import SETS, errors, population, scale, store
from benchmarks.sets.task import Comparison, Task

ROWS = 4_000
MADE_UP = [
    f"{first}{vowel}{last}" for first, vowel, last in product("bdfgklmnprst", "aeiou", ("n", "rs", "lman", "st"))
]


def made_up(number: int) -> population.Table:
    weights = 1 / np.arange(1, number + 1)
    return np.array(MADE_UP[:number], "S"), weights / weights.sum()


NAMES = population.Names(surname=made_up(240), male=made_up(90), female=made_up(120))


@pytest.fixture(scope="module")
def pair() -> scale.Pair:
    return scale.generate(NAMES, ROWS, seed=3)


@pytest.fixture(scope="module")
def truth_of() -> tuple[population.People, population.Addresses]:
    return population.populate(np.random.default_rng(5), NAMES, 20_000)


def both(pair: scale.Pair) -> pd.DataFrame:
    """Return one row for each true pair, with the fields of both sides."""
    left = pair.left.add_suffix("_l").rename(columns={"id_l": "left_id"})
    right = pair.right.add_suffix("_r").rename(columns={"id_r": "right_id"})
    return pair.truth.merge(left, on="left_id").merge(right, on="right_id")


def differing(joined: pd.DataFrame, field: str) -> float:
    known = joined[[f"{field}_l", f"{field}_r"]].dropna()
    return float((known[f"{field}_l"] != known[f"{field}_r"]).mean())


def test_the_same_seed_makes_the_same_files(pair: scale.Pair) -> None:
    again, other = scale.generate(NAMES, ROWS, seed=3), scale.generate(NAMES, ROWS, seed=4)
    for side in ("left", "right", "truth"):
        pd.testing.assert_frame_equal(getattr(pair, side), getattr(again, side))
    assert not pair.left.equals(other.left)


def test_files_have_their_shape_and_half_of_the_persons_in_common(pair: scale.Pair) -> None:
    for frame, who in zip((pair.left, pair.right), pair.people, strict=True):
        assert list(frame) == ["id", *(comparison.field for comparison in scale.COMPARISONS)]
        assert list(frame["id"]) == list(range(ROWS))
        assert len(set(who.tolist())) == ROWS, "one row per person and source"
    assert len(pair.truth) == ROWS * scale.OVERLAP
    truth = pair.truth.to_numpy()
    assert (pair.people[0][truth[:, 0]] == pair.people[1][truth[:, 1]]).all()


def test_text_is_lower_case_ascii_and_dates_are_dates(pair: scale.Pair) -> None:
    for frame in (pair.left, pair.right):
        for field in frame.columns[1:]:
            text = frame[field].dropna()
            assert all(value and value.isascii() and value == value.lower().strip("\0") for value in text), field
        assert all(date.fromisoformat(value).year > 1900 for value in frame["dob"].dropna())


@pytest.mark.parametrize("field", list(scale.MISSING))
def test_gaps_are_as_many_as_said(pair: scale.Pair, field: str) -> None:
    gaps = pd.concat([pair.left[field], pair.right[field]]).isna().mean()
    assert gaps == pytest.approx(scale.MISSING[field], abs=0.012)


def test_errors_are_as_many_as_said(pair: scale.Pair) -> None:
    joined = both(pair)
    # Some edits undo themselves (two equal letters change places), and women who married differ as well.
    assert 0.07 < differing(joined, "first_name") < 0.11
    assert 0.08 < differing(joined, "surname") < 0.13
    assert 0.045 < differing(joined, "dob") < 0.075
    assert differing(joined, "sex") == 0
    assert 0.10 < differing(joined, "postcode") < 0.19, "movers and errors"


def test_relatives_share_name_and_address(truth_of: tuple[population.People, population.Addresses]) -> None:
    people, addresses = truth_of
    frame = pd.DataFrame(vars(people))
    homes = frame.groupby("household")
    assert (homes["address"].nunique() == 1).all()
    assert frame.groupby("address")["household"].nunique().max() == 1
    assert 1.9 < homes.size().mean() < 2.6
    together = homes.filter(lambda home: len(home) > 1).groupby("household")["surname"].nunique()
    assert 0.85 < (together == 1).mean() < 0.97
    assert len(addresses.postcode) > frame["address"].nunique(), "movers need a place to go"
    street = np.unique(addresses.postcode, return_counts=True)[1]
    assert 6 < street.mean() < 20


def test_there_are_twins_and_juniors(truth_of: tuple[population.People, population.Addresses]) -> None:
    frame = pd.DataFrame(vars(truth_of[0]))
    twins = frame.groupby(["household", "born"]).size()
    assert 40 < (twins > 1).sum() < 400
    namesakes = frame.groupby(["household", "first_name", "sex"])["born"].agg(["size", "min", "max"])
    fathers = namesakes[(namesakes["size"] > 1) & (namesakes["max"] - namesakes["min"] > 15 * 365)]
    assert 40 < len(fathers) < 800


def test_parents_are_older_than_their_children(truth_of: tuple[population.People, population.Addresses]) -> None:
    people, _ = truth_of
    assert people.born.max() < population.TODAY
    ages = (population.TODAY - people.born) / population.YEAR
    assert ages.min() > 0
    assert ages.max() < 115


def test_an_edit_is_one_edit_of_the_same_sort() -> None:
    rng = np.random.default_rng(1)
    values = np.repeat(np.array([b"anna", b"b", b"12", b"1234ab"], "S8"), 500)
    for before, after in zip(values, errors.edit(rng, values, errors.LETTERS), strict=True):
        assert abs(len(after) - len(before)) <= 1
        assert after
        assert b"\0" not in after
        assert osa(before.decode(), after.decode()) <= 1
    changed = errors.mistype(rng, values, 0.1, errors.LETTERS) != values
    assert 0.07 < changed.mean() < 0.11
    gaps = np.full(500, b"", "S8")
    assert (errors.mistype(rng, gaps, 1.0, errors.LETTERS) == b"").all()


def osa(left: str, right: str) -> int:
    """Return the edits between two texts: insert, delete, substitute, or exchange of neighbours."""
    cost = {(0, j): j for j in range(len(right) + 1)} | {(i, 0): i for i in range(len(left) + 1)}
    for i, j in product(range(1, len(left) + 1), range(1, len(right) + 1)):
        same = left[i - 1] == right[j - 1]
        cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, cost[i - 1, j - 1] + (not same))
        if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
            cost[i, j] = min(cost[i, j], cost[i - 2, j - 2] + 1)
    return cost[len(left), len(right)]


def test_a_date_in_error_is_another_date_that_exists() -> None:
    rng = np.random.default_rng(2)
    dates = rng.integers(-15_000, 20_000, 5_000)
    assert (errors.join(*errors.split(dates)) == dates).all()
    wrong = errors.misdate(rng, dates, 0.3)
    assert 0.27 < (wrong != dates).mean() < 0.33
    assert [date.fromisoformat(text.decode()) for text in scale.iso(wrong)]


def test_candidates_are_those_of_a_brute_force(tmp_path: Path) -> None:
    made, task = scale.generate(NAMES, 300, seed=9), scale.task("toy")
    store.write(tmp_path, task, (made.left, made.right), made.truth, {})
    told = json.loads((tmp_path / "set.json").read_text(encoding="utf-8"))
    keys = [
        [[_keys(row, rule) for row in frame.to_dict("records")] for frame in (made.left, made.right)] for rule in RULES
    ]
    found = {
        (i, j)
        for left, right in keys
        for i, j in product(range(300), range(300))
        if left[i] is not None and left[i] == right[j]
    }
    true = set(map(tuple, made.truth.to_numpy().tolist()))
    assert told["candidates"] == len(found)
    assert told["candidate_recall"] == pytest.approx(len(found & true) / len(true), abs=1e-5)
    assert told["candidate_recall"] > 0.97
    assert (told["true_pairs"], told["rows"]) == (150, [300, 300])
    assert Task.load(tmp_path) == task


RULES = (
    ("dob", ("first_name", 0, 1)),
    ("surname", "postcode"),
    ("first_name", "surname"),
    ("postcode", ("dob", 0, 4)),
    ("surname", ("dob", 5, 10)),
    ("postcode", "house_number"),
)


def _keys(row: dict[str, str | None], rule: tuple[str | tuple[str, int, int], ...]) -> tuple[str, ...] | None:
    found = []
    for part in rule:
        name, start, end = (part, None, None) if isinstance(part, str) else part
        value = row[name]
        if value is None:
            return None
        found.append(value[start:end])
    return tuple(found)


def test_the_best_threshold_is_the_one_of_a_brute_force() -> None:
    rng = np.random.default_rng(4)
    probability = rng.integers(1, 20, 400) / 20
    matched = rng.random(400) < probability
    true = int(matched.sum()) + 25
    best = scoring.best(probability, matched, true)
    assert best is not None
    assert best["f1"] == max(scoring.at(value, probability, matched, true)["f1"] for value in np.unique(probability))
    assert best == scoring.at(best["threshold"], probability, matched, true)
    assert scoring.best(probability[:0], matched[:0], true) is None
    assert scoring.score(0, 0, 0) == {"precision": None, "recall": None, "f1": None, "links": 0, "false_links": 0}


@pytest.mark.parametrize(("kind", "counted"), [("link", (3, 2)), ("dedupe", (4, 1))])
def test_clusters_are_counted_by_pair(tmp_path: Path, kind: str, counted: tuple[int, int]) -> None:
    with duckdb.connect() as db:
        if kind == "link":
            db.execute("CREATE TABLE truth AS FROM (VALUES (0, 0), (1, 1), (2, 2)) t(left_id, right_id)")
            rows = "(0, 0, 'a'), (1, 0, 'a'), (1, 1, 'b'), (0, 1, 'b'), (1, 2, 'b'), (0, 2, 'c')"
        else:
            db.execute("CREATE TABLE truth AS FROM (VALUES (0, 1), (2, 3)) t(left_id, right_id)")
            rows = "(0, 0, 'a'), (0, 1, 'a'), (0, 2, 'a'), (0, 3, 'b'), (0, 4, 'b')"
        outcome.save(db, f"FROM (VALUES {rows}) t(source, id, cluster)", tmp_path / "clusters.parquet")
        assert scoring.clustered(db, tmp_path / "clusters.parquet", kind == "dedupe") == counted


def test_what_a_contestant_hands_in_is_judged(tmp_path: Path) -> None:
    task = Task("toy", "link", (Comparison("name", "exact"),), (("name",),), (), ())
    frame = pd.DataFrame({"id": [0, 1, 2], "name": ["a", "b", "c"]})
    store.write(tmp_path, task, (frame, frame), pd.DataFrame({"left_id": [0, 1, 2], "right_id": [0, 1, 2]}), {})
    with duckdb.connect() as db:
        pairs = "FROM (VALUES (0, 0, 0.99), (1, 1, 0.5), (2, 0, 0.3)) t(left_id, right_id, probability)"
        outcome.save(db, pairs, tmp_path / "pairs.parquet")
        found = outcome.components((3, 3), np.array([0]), np.array([0]))
        db.register("members", pd.DataFrame(found))
        outcome.save(db, "FROM members", tmp_path / "clusters.parquet")
    clock = outcome.Clock()
    clock.done("import")
    told = {"candidates": 3, "stages": clock.seconds, "threshold": 0.9}
    (tmp_path / "stages.json").write_text(json.dumps(told), encoding="utf-8")
    judged = scoring.judge(tmp_path, tmp_path)
    assert (judged["own"]["precision"], judged["own"]["recall"]) == (1.0, pytest.approx(1 / 3))
    assert (judged["best"]["threshold"], judged["best"]["f1"]) == (0.5, 0.8)
    assert (judged["clusters"]["links"], judged["clusters"]["false_links"]) == (1, 0)
    assert 0 < judged["stages"]["import"] < 3600


def test_contestants_without_their_environment_are_left_out() -> None:
    assert Contestant("x", "x", "no_such_package").missing() == "no_such_package is not installed"
    assert Contestant("x", "x", "x", environment=".venv-nowhere").missing() == "there is no .venv-nowhere"
    assert Contestant("x", "x", "duckdb").missing() is None
    small, large = (
        {"rows": [10_000], "address": []},
        {"rows": [1_000_000, 1_000_000], "address": ["postcode", "number"]},
    )
    assert [PEERS["ecm"].fits(told) for told in (small, large)] == [True, False]
    assert [PEERS["splink_address"].fits(told) for told in (small, large)] == [False, True]


def test_the_plan_of_the_race_names_sets_and_contestants_that_exist() -> None:
    assert set(run.LARGE) < set(SETS)
    assert set().union(*run.LARGE.values()) <= set(PEERS)


def test_ratios_are_medians_within_a_round() -> None:
    def rounds(*seconds: float) -> list[dict[str, float]]:
        return [{"seconds": each, "cpu_seconds": each, "peak_mb": 100.0} for each in seconds]

    scores = {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    figure = {"candidates": 7, "own": scores, "best": scores, "clusters": scores}
    measured = {
        "mismo": {**figure, "rounds": rounds(10, 20, 30)},
        OURS: {**figure, "rounds": rounds(1, 4, 9)},
        "ecm": {"rounds": [], "error": "it said no"},
    }
    for name in ("mismo", OURS):
        run._sum_up(measured, name)
    assert measured["mismo"]["ratios"] == {"seconds": 0.2, "cpu_seconds": 0.2, "peak_mb": 1.0}
    table = run.rows(measured)
    assert [len(row) for row in table] == [len(run.HEADER)] * 3
    assert table[0][1:4] == [7, "0.5000", "0.5000"]
    assert table[2] == ["recordlinkage ECM, first: failed (it said no)", *[None] * (len(run.HEADER) - 1)]
