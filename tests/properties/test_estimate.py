"""A model learnt without labels does not run away where nearly no pair is one person: no blocking, no overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import exact, link, name, typed

GIVEN = [
    a + b for a in ("an", "bra", "cee", "da", "fem", "han", "jo", "kla", "ma", "pie") for b in ("na", "m", "s", "k")
]
SURNAME = [a + b for a in ("jan", "vis", "bak", "smi", "mul", "pet", "hen", "dek") for b in ("sen", "ma", "stra", "er")]
FIELDS = {
    "given": name("given"),
    "surname": name("surname", household=True),
    "born": typed("born", 2),
    "code": typed("code", household=True),
    "sex": exact("sex"),
    "house": exact("house", household=True),
}
SHARED = ("surname", "code", "house")
WHOLE = tuple(FIELDS)


def people(draw: np.random.Generator, rows: int) -> pd.DataFrame:
    """Rows of households of about two, who share a surname and an address."""
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(draw.integers(0, 25_000, rows), unit="D")
    home = draw.integers(0, max(1, rows // 2), rows)
    code = [f"{n}AB" for n in draw.integers(1000, 1000 + max(5, rows // 10), rows)]
    return pd.DataFrame(
        {
            "given": draw.choice(GIVEN, rows),
            "surname": draw.choice(SURNAME, rows)[home],
            "born": born.strftime("%Y-%m-%d"),
            "code": np.array(code)[home],
            "sex": draw.choice(["m", "v"], rows),
            "house": draw.integers(1, 120, rows).astype(str)[home],
        },
        dtype=object,
    )


def spoilt(draw: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """One in ten with another letter, one in twenty missing."""
    found = values.astype(object)
    for n in np.flatnonzero(draw.random(len(found)) < 0.1):
        place = int(draw.integers(0, len(found[n])))
        found[n] = found[n][:place] + str(draw.choice(list("abe159"))) + found[n][place + 1 :]
    found[draw.random(len(found)) < 0.05] = None
    return found


def world(seed: int, sizes: tuple[int, int], overlap: float, kin: float) -> tuple[pd.DataFrame, pd.DataFrame, set[Any]]:
    """Two tables, some of whose people are the same and others relatives, and the pairs that are one person."""
    draw = np.random.default_rng(seed)
    left, right = (people(draw, rows) for rows in sizes)
    same = round(overlap * min(sizes))
    at = draw.permutation(sizes[1])
    kinsmen = at[same : same + round(kin * (sizes[1] - same))]
    of = draw.integers(0, sizes[0], len(kinsmen))
    for column in FIELDS:
        told = right[column].to_numpy(copy=True)
        told[at[:same]] = spoilt(draw, left[column].to_numpy()[:same])
        if column in SHARED:
            told[kinsmen] = left[column].to_numpy()[of]
        right[column] = told
    return left, right, {(n, int(row)) for n, row in enumerate(at[:same])}


def linked(left: pd.DataFrame, right: pd.DataFrame, columns: tuple[str, ...]) -> tuple[set[Any], float]:
    """Link all rows with all, and return the links and how many pairs the model takes for one person."""
    found = link(left, right, fields=[FIELDS[c] for c in columns], block_on=["1"], pairs_per_row=1e6)
    assert found.candidates == len(left) * len(right)
    return set(zip(found.links["left"], found.links["right"], strict=True)), float(found.pairs["probability"].sum())


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    sizes=st.tuples(st.sampled_from([20, 80, 160]), st.sampled_from([20, 80, 160])),
    overlap=st.sampled_from([0.0, 0.0, 0.05, 0.5]),
    kin=st.sampled_from([0.0, 0.5, 1.0]),
    columns=st.sets(st.sampled_from(WHOLE), min_size=2).map(lambda some: tuple(c for c in WHOLE if c in some)),
)
def test_without_blocking_nobody_is_linked_to_strangers_or_relatives(seed, sizes, overlap, kin, columns) -> None:
    left, right, true = world(seed, sizes, overlap, kin)
    links, _ = linked(left, right, columns)
    assert len(links - true) <= 1 + 0.03 * min(sizes)


@pytest.mark.parametrize("kin", [0.0, 1.0], ids=["strangers", "relatives"])
@pytest.mark.parametrize(("overlap", "least"), [(0.0, 0.0), (0.05, 0.6), (0.5, 0.7)])
def test_no_more_pairs_are_taken_for_one_person_than_there_are(kin: float, overlap: float, least: float) -> None:
    left, right, true = world(3, (500, 400), overlap, kin)
    links, supposed = linked(left, right, WHOLE)
    assert len(links & true) >= least * len(true)
    assert least * len(true) <= supposed <= 1.1 * len(true) + 2
