"""Typing errors counted on packed integers are those of Damerau and Levenshtein."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from linkage.pairs import edits

SHORT = st.text("ab1-", max_size=edits.WIDTH)
ANY = st.text("ab é\0Z1日", max_size=14) | SHORT


def counted(pairs: list[tuple[str, str]]) -> np.ndarray:
    return edits.at_most_two(*(edits.pack([p[side] for p in pairs]) for side in (0, 1)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=60))
@example([("ab", "bca")])
@example([("1990-01-01", "1990-10-01"), ("", "ab"), ("abcdefghij", "bacdefghji")])
def test_errors_are_those_of_another_implementation(pairs: list[tuple[str, str]]) -> None:
    assert counted(pairs).tolist() == [min(DamerauLevenshtein.distance(a, b), 3) for a, b in pairs]


def test_every_pair_of_short_texts_is_counted() -> None:
    texts = ["".join(t) for size in range(5) for t in itertools.product("abc", repeat=size)]
    pairs = list(itertools.product(texts, repeat=2))
    assert counted(pairs).tolist() == [min(DamerauLevenshtein.distance(a, b), 3) for a, b in pairs]


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY, max_size=30))
def test_texts_pack_to_different_numbers_or_are_compared_as_text(texts: list[str]) -> None:
    packed = edits.pack(texts)
    for (a, one), (b, other) in itertools.combinations(zip(texts, packed.tolist(), strict=True), 2):
        if edits.UNPACKABLE not in (one, other):
            assert (one == other) == (a == b)


@pytest.mark.parametrize("text", ["12345678901", "é", "日本", "a\0", "a\0b", "A"])
def test_a_text_that_does_not_fit_is_compared_as_text(text: str) -> None:
    assert edits.pack([text, "1"]).tolist()[0] == edits.UNPACKABLE


def test_null_packs_as_empty() -> None:
    assert edits.pack([None, ""]).tolist() == [0, 0]
    assert edits.pack([]).tolist() == []
