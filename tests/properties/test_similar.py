"""Names that are set aside as too far apart are so for the engine too, and most that are far apart are set aside."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from linkage.engine.duckdb import DuckDBEngine
from linkage.pairs import similar

NAMES = st.text("abA é\0日", min_size=1, max_size=9) | st.text("abcdefghijklmnop", min_size=1, max_size=80)


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBEngine]:
    with DuckDBEngine() as engine:
        yield engine


def judged(db: DuckDBEngine, texts: list[str], least: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether each pair of texts is set aside, and its similarity by the engine."""
    one, other = np.array(list(itertools.product(range(len(texts)), repeat=2)), dtype=np.int32).T
    # Code 0 is null; the texts stand in any order.
    code = np.arange(len(texts), 0, -1)
    aside = similar.is_below(similar.letters(len(texts) + 1, code, texts), least, code[one], code[other])
    told = np.array(texts, dtype=object)
    db.register("asked", pd.DataFrame({"n": range(len(one)), "a": told[one], "b": told[other]}))
    rows = db.rows("SELECT jaro_winkler_similarity(a, b) FROM asked ORDER BY n")
    return aside, np.array([row[0] for row in rows])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(NAMES, min_size=1, max_size=12), least=st.sampled_from([0.99, 0.92, 0.8, 0.5, 0.01]))
@example(["martha", "marhta", "dixon", "dicksonx", "a" * 63, "a" * 64, "a" * 65, "b" * 64], 0.8)
@example(["a" * 190 + "bcdefghijk", "a" * 190 + "lmnopqrstu"], 0.95)
@example(["ab", "ba", "aab", "bba", "abb", "aabb", "bbaa"], 0.92)
def test_nothing_near_is_set_aside(db: DuckDBEngine, texts: list[str], least: float) -> None:
    aside, similarity = judged(db, texts, least)
    assert (similarity[aside] < least).all()


def test_most_that_is_far_apart_is_set_aside(db: DuckDBEngine) -> None:
    texts = [f"{a}{b}{c}" for a in ("jan", "piet", "kees") for b in ("sen", "stra", "ink") for c in ("", "a", "ma")]
    aside, similarity = judged(db, texts, 0.8)
    assert aside.sum() > 0.6 * (similarity < 0.8).sum() > 100


def test_of_no_text_nothing_is_told() -> None:
    assert similar.letters(1, np.zeros(0, dtype=np.int64), []).tolist() == [[0, 0]]
