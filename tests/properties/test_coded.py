"""Two ways to one pattern: integers in process and SQL in the engine say the same of every pair of every table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from linkage import link
from linkage.engine.duckdb import DuckDBEngine
from linkage.library import dedupe
from linkage.pairs import bound, coded, learning
from linkage.pairs.coded import Coded
from linkage.pairs.coding import code
from linkage.pairs.compare import Comparer
from linkage.pairs.fields import FOLDED, PLAIN, Field, exact, name, spec, typed
from linkage.pairs.rows import Rows

WORDS = (
    "jansen",
    "Janssen",
    "jansén",
    "de vries",
    "vries, de",
    "bakker",
    "bäkker",
    "x",
    "",
    " ",
    "abcdefghijklm",
    "日本",
)
CODES = (
    "1990-01-01",
    "1990-10-01",
    "1991-01-01",
    "1990-01-1",
    "12345678901234",
    "12345678901235",
    "1234AB",
    "1234 AB",
    "",
)
VALUES = {"word": WORDS, "code": CODES, "other": WORDS + CODES, "few": ("m", "v")}
TABLES = st.lists(
    st.tuples(*(st.sampled_from((None, *values)) for values in VALUES.values())), min_size=1, max_size=12
).map(lambda rows: pd.DataFrame(rows, columns=list(VALUES), dtype=object))


SHARES = pd.DataFrame({"value": WORDS + CODES, "share": [4.0 ** -(1 + n * 7 % 10) for n in range(len(WORDS + CODES))]})
"""A dozen rows hold no rare value; shares from outside tell the bands apart."""


def field(column: str) -> st.SearchStrategy[Field]:
    told = {"household": st.booleans(), "frequency": st.sampled_from([True, False, SHARES, SHARES])}
    names = st.builds(name, st.just(column), st.sampled_from([(0.92, 0.8), (0.9,), ()]), **told)
    return (
        names
        | st.builds(typed, st.just(column), st.sampled_from([1, 2]), **told)
        | st.builds(exact, st.just(column), **told)
    )


FIELDS = st.lists(st.sampled_from(list(VALUES)), min_size=1, unique=True).flatmap(
    lambda columns: st.tuples(*(field(c) for c in columns))
)


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBEngine]:
    with DuckDBEngine() as engine:
        yield engine


def everything(sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """All pairs that may be one person."""
    if len(sizes) == 2:
        one, other = np.meshgrid(np.arange(sizes[0]), sizes[0] + np.arange(sizes[1]), indexing="ij")
        return one.ravel().astype(np.int32), other.ravel().astype(np.int32)
    one, other = np.triu_indices(sizes[0], 1)
    return one.astype(np.int32), other.astype(np.int32)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=st.tuples(TABLES) | st.tuples(TABLES, TABLES), fields=FIELDS)
def test_patterns_are_those_of_the_sql(
    db: DuckDBEngine, tables: tuple[pd.DataFrame, ...], fields: tuple[Field, ...]
) -> None:
    told = spec(fields, (), two_sided=len(tables) == 2)
    rows = Rows(db, tables, fields, ())
    left, right = everything(rows.sizes)
    pairs = Coded(db, told, rows, threads=2)
    found = pairs.compare(left, right)
    pairs.finish(found)
    assert not found.open.any()
    rows.write()
    code(db, told)
    db.register("asked", pd.DataFrame({"left_id": left, "right_id": right}))
    Comparer(db, told).pairs("asked", "answered")
    expected = {(a, b): p for a, b, p in db.rows("SELECT left_id, right_id, pattern FROM answered")}
    assert {(a, b): p for a, b, p in zip(*(x.tolist() for x in (left, right, found.pattern)), strict=True)} == expected


WHOLE = ("word", "upper(word)", "substr(code, 1, 4)", "coalesce(word, 'none')", "length(word) > 5", "1", '"few"')
SEVERAL = ("word || code", "CASE WHEN few = 'm' THEN word END")
ANEW = ("row_number() OVER (ORDER BY word, code, other, few)", "random()")
"""Parts of rules over one column, over several, and such as tell a row something else than its value does."""


@pytest.mark.parametrize("cap", [None, 2])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES, key=st.lists(st.sampled_from(WHOLE + SEVERAL), min_size=1, max_size=3))
@example(pd.DataFrame({c: [None, "", None, "x"] for c in VALUES}, dtype=object), ["coalesce(word, 'none')"])
def test_a_rule_pairs_the_rows_of_which_it_says_the_same(
    db: DuckDBEngine, cap: int | None, table: pd.DataFrame, key: list[str]
) -> None:
    """Rules are worked out on distinct values, of columns that are compared, too common to be compared, or neither."""
    fields = (exact("word", cap=cap), typed("code"))
    rows = Rows(db, (table,), fields, (tuple(key),))
    coded = Coded(db, spec(fields, (tuple(key),), two_sided=False), rows, threads=2)
    pairs, _ = learning.pairs_of(coded, 10_000)
    form = [f"nullif(trim({c}), '') AS {c}" for c in ("other", "few")]
    db.register("asked", table.astype("string[python]").assign(n=range(len(table))))
    db.run(
        f"CREATE OR REPLACE TEMP TABLE formed AS SELECT n, {FOLDED.format(column='code')} AS code, "
        f"{PLAIN.format(column='word')} AS word, {', '.join(form)} FROM asked"
    )
    same = " AND ".join(f"l.k{n} = r.k{n}" for n in range(len(key)))
    keys = ", ".join(f"{part} AS k{n}" for n, part in enumerate(key))
    keyed = f"(SELECT n, {keys} FROM formed)"
    expected = db.rows(f"SELECT l.n, r.n FROM {keyed} l JOIN {keyed} r ON {same} WHERE l.n < r.n ORDER BY ALL")
    assert sorted(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected


def test_only_what_a_value_says_each_time_is_worked_out_on_distinct_values(db: DuckDBEngine) -> None:
    table = pd.DataFrame({c: ["x"] for c in VALUES})
    rows = Rows(db, (table,), (exact("word"),), ((*WHOLE, *SEVERAL, *ANEW),))
    assert [part for part in WHOLE if not rows.part(part).column] == []
    assert [part for part in SEVERAL + ANEW if rows.part(part).column] == []


def typos(rows: int, seed: int) -> pd.DataFrame:
    """A table with typing errors and missing values, in which families share a name and code."""
    draw = np.random.default_rng(seed)
    words = np.array([f"{a}{b}{c}en" for a in "bdfgh" for b in "aeiou" for c in ("k", "rt", "ll")])
    table = pd.DataFrame(
        {
            "given": draw.choice(words, rows),
            "surname": draw.choice(words, rows),
            "born": draw.integers(19300101, 20101231, rows).astype(str),
            "code": [f"{n}AB" for n in draw.integers(1000, 1400, rows)],
        }
    )
    return table.mask(draw.random(table.shape) < 0.05)


def spoilt(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    changed = table.copy()
    for column in table:
        for row in np.flatnonzero(draw.random(len(table)) < 0.2):
            text = table.at[row, column]
            if isinstance(text, str):
                place = int(draw.integers(0, len(text)))
                changed.at[row, column] = text[:place] + str(draw.choice(list("aeb159"))) + text[place + 1 :]
    return changed


@pytest.mark.parametrize("kind", ["link", "dedupe"])
def test_pruning_changes_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [name("given"), name("surname", household=True), typed("born", 2), typed("code", household=True)]
    asked = {"fields": fields, "block_on": ["code", "born", ("surname", "given"), "surname"], "pairs_per_row": 1e6}
    left = typos(1500, 1)
    tables = (left, spoilt(left, 2)) if kind == "link" else (pd.concat([left, spoilt(left, 2)]),)
    run = link if kind == "link" else dedupe
    whole = run(*tables, **asked)
    monkeypatch.setattr(learning, "TRAINING_PAIRS", 100)
    looked: list[int] = []
    monkeypatch.setattr(Coded, "hopeful", _watched(Coded.hopeful, looked))
    pruned = run(*tables, **asked, model=whole.model)
    assert pruned.candidates == whole.candidates
    assert 0 < looked[0] < 0.5 * whole.candidates
    pd.testing.assert_frame_equal(pruned.pairs, whole.pairs)
    assert len(whole.pairs) > 1000


def _watched(hopeful, looked: list[int]):
    def watched(self, *asked):
        found = hopeful(self, *asked)
        looked.append(len(found))
        return found

    return watched


def test_a_pattern_of_62_bits_is_pruned_as_any_other(db: DuckDBEngine) -> None:
    """What is open stood beside the pattern in one integer once, and pushed its upper bits out."""
    fields = (*tuple(name(f"n{n}") for n in range(8)), typed("last", household=True))
    told = spec(fields, (), two_sided=True)
    assert sum(c.width for c in told.comparisons) + len(told.comparisons) > 64
    table = pd.DataFrame({f.column: ["jansen", "janssen", "bakker"] for f in fields})
    rows = Rows(db, (table, table), fields, ())
    pairs = Coded(db, told, rows, threads=1)
    model = learning.learn(pairs, pairs.compare(*everything(rows.sizes)), 9, None)
    found = pairs.compare(*everything(rows.sizes))
    each = np.array([bound.best(model, found.pattern[[n]], found.open[[n]].astype(np.int64))[0] for n in range(9)])
    for least in np.sort(each):
        assert pairs.possible(found, model, least - 1e-9).tolist() == (each >= least - 1e-9).tolist()


def test_more_than_sixteen_fields_are_compared(db: DuckDBEngine) -> None:
    fields = tuple(typed(f"n{n}") for n in range(20))
    told = spec(fields, (), two_sided=True)
    left = pd.DataFrame({f.column: ["12345"] for f in fields})
    rows = Rows(db, (left, left.assign(n0="12354", n17="1234", n19="9")), fields, ())
    pairs = Coded(db, told, rows, threads=1)
    found = pairs.compare(*everything(rows.sizes))
    assert found.open.tolist() == [1 | 1 << 17 | 1 << 19]
    pairs.finish(found)
    levels = [int(c.level_of(found.pattern)[0]) for c in told.comparisons]
    assert [levels[0], levels[17], levels[19]] == [2, 2, 3]
    assert set(levels[1:17]) == {1}


def test_counts_come_in_one_order() -> None:
    pattern = np.array([5, 1, 5, 3])
    none = np.zeros(4, dtype=np.int32)
    counts = coded.Pairs(none, none, pattern, none.astype(np.uint16)).counts()
    assert (counts.pattern.tolist(), counts.pairs.tolist()) == ([1, 3, 5], [1, 1, 2])
