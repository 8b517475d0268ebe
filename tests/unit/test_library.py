"""The library: any two tables, whatever their names, types and sizes, and errors that say what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import linkage
from linkage import Linked, dedupe, exact, link, load_model, name, typed
from linkage.errors import ConfigError, InbeeldError, UsageError
from linkage.pairs import learning

TOP = Path(__file__).resolve().parents[2]
FIELDS = [name("given"), name("surname", household=True), typed("born", 2), exact("sex")]
RULES = ["born", ("surname", "sex")]
GIVEN = ("Anna", "Bram", "Cees", "Daan", "Eva", "Femke", "Guus", "Hanna", "Iris", "Joost")
SURNAME = ("Jansen", "de Vries", "Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Hendriks")


def people(rows: int, seed: int = 1) -> pd.DataFrame:
    """People with distinct days of birth."""
    draw = np.random.default_rng(seed)
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(draw.permutation(20_000)[:rows], unit="D")
    return pd.DataFrame(
        {
            "given": draw.choice(GIVEN, rows),
            "surname": draw.choice(SURNAME, rows),
            "born": born.strftime("%Y-%m-%d"),
            "sex": draw.choice(["m", "v"], rows),
        }
    )


def check(found: Linked, *sizes: int) -> None:
    """Hold what every result must be."""
    assert np.isfinite(found.pairs["weight"]).all()
    assert found.pairs["probability"].between(learning.KEPT - 1e-12, 1).all()
    assert len(found.clusters) == sum(sizes)
    assert found.clusters["cluster"].notna().all()
    assert not found.pairs.duplicated(["left", "right"]).any()
    if sizes and len(found.pairs):
        assert found.pairs["left"].between(0, sizes[0] - 1).all()
        assert found.pairs["right"].between(0, sizes[-1] - 1).all()
    assert "NaN" not in found.model.to_json() and "Infinity" not in found.model.to_json()


def null(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([None] * len(table), dtype=object) for c in table})


SOME = people(50)
SHAPES = {
    "empty on both sides": (SOME[:0], SOME[:0], 0),
    "empty on one side": (SOME, SOME[:0], 0),
    "one row": (SOME[:1], SOME[:1], 1),
    "one row against none like it": (SOME[:1], people(50, 2), 0),
    "ten rows": (SOME[:10], SOME[:10], 10),
    "all null": (null(SOME), null(SOME), 0),
    "all null on one side": (SOME, null(SOME), 0),
    "one source twice": (SOME, SOME, 50),
    "no candidates": (SOME, SOME.assign(born="2020-01-01", surname="Nobody"), 0),
}


@pytest.mark.parametrize(("left", "right", "found"), SHAPES.values(), ids=SHAPES)
def test_a_table_of_any_shape_is_linked(left: pd.DataFrame, right: pd.DataFrame, found: int) -> None:
    told = link(left, right, fields=FIELDS, block_on=RULES)
    check(told, len(left), len(right))
    assert (told.links["left"] == told.links["right"]).sum() == found
    assert len(told.links) == found


@pytest.mark.parametrize(("left", "right", "found"), SHAPES.values(), ids=SHAPES)
def test_a_table_of_any_shape_is_deduplicated(left: pd.DataFrame, right: pd.DataFrame, found: int) -> None:
    table = pd.concat([left, right])
    check(dedupe(table, fields=FIELDS, block_on=RULES), len(table))


def test_two_identical_rows_are_one_person() -> None:
    table = pd.concat([SOME, SOME[:1]])
    told = dedupe(table, fields=FIELDS, block_on=RULES)
    assert told.links[["left", "right"]].to_numpy().tolist() == [[0, 50]]
    check(dedupe(table.iloc[[0, 50]], fields=FIELDS, block_on=RULES), 2)


@pytest.mark.parametrize("column", [f.column for f in FIELDS])
@pytest.mark.parametrize("value", ["same", None], ids=["constant", "null"])
def test_a_column_of_one_value_says_nothing(column: str, value: str | None) -> None:
    table = SOME.assign(**{column: pd.Series([value] * len(SOME), dtype=object)})
    told = link(table, table, fields=FIELDS, block_on=["born", "surname", "given"])
    check(told, 50, 50)
    assert (told.links["left"] == told.links["right"]).sum() >= (50 if column != "born" else 0)


NAMES = ("Given Name", 'the "real" surname', "side", "mention_id", "SELECT", "ünï {x}", "a;b--", "file_row_number")


@pytest.mark.parametrize("column", NAMES)
@pytest.mark.parametrize("as_file", [False, True], ids=["frame", "parquet"])
def test_a_column_of_any_name_is_compared_and_blocked_on(tmp_path: Path, column: str, as_file: bool) -> None:
    if as_file and column == "file_row_number":
        pytest.skip("the engine numbers a file's rows under that name")
    table: Any = SOME.rename(columns={"given": column})
    if as_file:
        table = parquet(table, tmp_path / "it's.parquet")
    told = link(table, table, fields=[name(column), *FIELDS[1:]], block_on=[column, "born"])
    check(told, 50, 50)
    assert (told.links["left"] == told.links["right"]).sum() == 50
    assert column in [e.comparison for e in told.explain(3, 3)]
    assert list(told.rules["rule"]) == [column, "born"]


def parquet(table: pd.DataFrame, path: Path) -> Path:
    import duckdb

    with duckdb.connect() as db:
        db.register("given_table", table)
        db.execute("COPY given_table TO '" + str(path).replace("'", "''") + "' (FORMAT parquet)")
    return path


BORN = pd.to_datetime(SOME["born"])
NUMBER = pd.Series(range(1000, 1050))
TYPES: dict[str, tuple[pd.Series, pd.Series]] = {
    "whole numbers and what a null makes of them": (NUMBER, NUMBER.where(NUMBER != 1007)),
    "nullable whole numbers": (NUMBER, NUMBER.astype("Int64").where(NUMBER != 1007)),
    "numbers and text": (NUMBER, NUMBER.astype(str)),
    "mixed objects": (NUMBER.astype(str), pd.Series([float(n) if n % 2 else str(n) for n in NUMBER], dtype=object)),
    "categories": (NUMBER.astype(str).astype("category"), NUMBER.astype("category")),
    "times and days": (BORN, BORN.dt.date),
    "times and text": (BORN, SOME["born"].astype("string")),
    "stamps as objects": (BORN.astype(object), SOME["born"]),
    "periods": (BORN.dt.to_period("D"), SOME["born"]),
    "truths": (NUMBER % 2 == 0, (NUMBER % 2 == 0).astype("boolean").where(NUMBER != 1007)),
    "objects of truth": (NUMBER % 2 == 0, (NUMBER % 2 == 0).astype(object)),
    "small floats": (NUMBER.astype("float32"), NUMBER.astype("float16")),
    "nothing for long, then text": (
        pd.Series([None] * 49 + ["x"], dtype=object),
        pd.Series([pd.NA] * 49 + ["x"], dtype=object),
    ),
}


@pytest.mark.parametrize(("one", "other"), TYPES.values(), ids=TYPES)
def test_values_are_equal_whatever_type_holds_them(one: pd.Series, other: pd.Series) -> None:
    left, right = SOME.assign(extra=one), SOME.assign(extra=other)
    told = link(left, right, fields=[*FIELDS, exact("extra")], block_on=["born"])
    both = np.flatnonzero(one.notna() & other.notna())
    assert len(both)
    extra = told.model.spec.by_name["extra"]
    pattern = told.links.set_index("left")["pattern"]
    assert {int(extra.level_of(np.array([pattern[row]]))[0]) for row in both} == {1}


def test_an_accent_or_capital_is_no_typing_error_in_a_name() -> None:
    right = SOME.assign(given=SOME["given"].str.upper().str.replace("E", "Ë"))
    told = link(SOME, right, fields=FIELDS, block_on=RULES)
    given = told.model.spec.by_name["given"]
    assert set(given.level_of(told.links["pattern"].to_numpy())) == {1}


def test_a_rule_reads_columns_that_are_not_compared() -> None:
    table = SOME.assign(**{"Post Code": NUMBER})
    told = link(table, table, fields=FIELDS, block_on=['substr("Post Code", 1, 4)', "Post Code"])
    assert told.candidates == 50


def test_ids_are_those_of_the_caller(tmp_path: Path) -> None:
    left, right = (
        SOME.assign(key=[f"l{n}" for n in SOME.index]),
        SOME[::-1].assign(key=[f"r{n}" for n in SOME.index[::-1]]),
    )
    told = link(left, parquet(right, tmp_path / "right.parquet"), fields=FIELDS, block_on=RULES, id_column="key")
    assert (told.links["left_id"].str[1:] == told.links["right_id"].str[1:]).all()
    assert told.explain("l3", "r3")[-1].comparison
    assert told.clusters.groupby("cluster")["id"].agg(lambda ids: len({i[1:] for i in ids})).eq(1).all()
    with pytest.raises(KeyError, match="not compared"):
        told.explain("l3", "r4")


def test_ids_may_be_the_index_of_a_frame() -> None:
    table = SOME.set_index(pd.Index(np.arange(100, 150), name="key"))
    told = dedupe(pd.concat([table, table.rename(lambda n: n + 100)]), fields=FIELDS, block_on=RULES, id_column="key")
    assert (told.links["left_id"] + 100 == told.links["right_id"]).all()
    assert len(told.links) == 50


@pytest.mark.parametrize("unique", ["left", "right", "both"])
def test_a_table_that_holds_each_person_once_has_one_link_a_person(unique: Any) -> None:
    right = pd.concat([SOME, SOME])
    left, right = (SOME, right) if unique != "right" else (right, SOME)
    told = link(left, right, fields=FIELDS, block_on=RULES, unique=unique)
    assert len(told.links) == (0 if unique == "both" else 100)


def test_a_saved_model_gives_the_same_answer(tmp_path: Path) -> None:
    left, right = people(300), people(300).assign(given="Anna")
    told = link(left, right, fields=FIELDS, block_on=RULES)
    told.save_model(tmp_path / "model.json")
    again = link(left, right, fields=FIELDS, block_on=RULES, model=load_model(tmp_path / "model.json", FIELDS))
    pd.testing.assert_frame_equal(again.pairs, told.pairs)
    with pytest.raises(ConfigError, match=r"model\.json"):
        load_model(tmp_path / "model.json", FIELDS[:2])
    with pytest.raises(UsageError, match="other fields"):
        link(left, right, fields=FIELDS[:2], block_on=["born", "surname"][1:], model=told.model)


def test_two_runs_give_the_same_numbers() -> None:
    left, right = people(2000), people(2000).assign(surname="Bos")
    one, other = (link(left, right, fields=FIELDS, block_on=RULES) for _ in range(2))
    pd.testing.assert_frame_equal(one.pairs, other.pairs)
    assert one.model.to_json() == other.model.to_json()


def test_shares_may_come_from_outside(tmp_path: Path) -> None:
    shares = pd.DataFrame({"value": [s.upper() for s in SURNAME], "share": [2.0**-18] + [0.1] * 10})
    for source in (shares, parquet(shares, tmp_path / "shares.parquet")):
        fields = [FIELDS[0], name("surname", frequency=source), *FIELDS[2:]]
        told = link(SOME, SOME, fields=fields, block_on=RULES)
        surname = told.model.spec.by_name["surname"]
        band = pd.Series(surname.band_of(told.links["pattern"].to_numpy()))
        assert band.groupby(told.links["left"].map(SOME["surname"]).to_numpy()).first()["Jansen"] > band.min()


def test_a_value_that_too_many_rows_share_says_nothing() -> None:
    people = pd.DataFrame({"who": ["anna", "anna", "bram", "bram"], "phone": ["1", "1", "1", "2"]})
    frame = pd.concat([people, people.assign(phone=["1", "1", "3", "3"])], ignore_index=True)
    found = dedupe(frame, fields=[name("who"), exact("phone", cap=4)], block_on=["who"])
    spec = found.model.spec
    phones = {(p.left, p.right): spec.names(int(p.pattern)).get("phone") for p in found.pairs.itertuples()}
    assert phones[0, 1] is None
    assert phones[6, 7] == "equal"
    assert phones[3, 6] == "different"


def test_progress_is_told_a_line_a_stage() -> None:
    lines: list[str] = []
    link(SOME, SOME, fields=FIELDS, block_on=RULES, progress=lines.append)
    assert [re.sub(r"\d+", "N", line.partition(" s  ")[2]) for line in lines] == [
        "read N and N rows",
        "N candidate pairs",
        "model learnt from N pairs",
        "N pairs told, N links",
    ]
    assert not any("Jansen" in line for line in lines)


TWICE = pd.concat([SOME, SOME[["given"]]], axis=1)
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a missing column": ({"fields": [name("surnam")]}, "table 1 has no column surnam: it has born, given, sex"),
    "a missing column on the right": ({"right": SOME.drop(columns="sex")}, "table 2 has no column sex"),
    "a column in two fields": ({"fields": [name("given"), exact("given")]}, "column given stands in two fields"),
    "a column that stands twice": ({"left": TWICE}, "table 1 has two columns given"),
    "a column twice but for capitals": (
        {"left": SOME.assign(Given="x"), "block_on": ["given"]},
        "table 1 has two columns Given",
    ),
    "no fields": ({"fields": []}, "no fields"),
    "no rules": ({"block_on": []}, "no rules"),
    "an empty rule": ({"block_on": [()]}, "no rules"),
    "a rule that is no SQL": ({"block_on": ["born", "substr(given"]}, r"rule substr\(given cannot be used"),
    "a rule over an unknown column": ({"block_on": ["postcode"]}, "rule postcode cannot be used"),
    "a rule that fails on a row": ({"block_on": ["CAST(given AS INTEGER)"]}, "rule CAST.* cannot be used"),
    "a rule that adds rows up": ({"block_on": ["max(given)"]}, r"rule max\(given\) cannot be used"),
    "a file that is not there": ({"left": "nowhere/none.parquet"}, "none.parquet is not a file"),
    "a file that is no Parquet": ({"left": TOP / "README.md"}, "table 1 cannot be read"),
    "a threshold of one": ({"threshold": 1.0}, "threshold"),
    "a threshold below what is told": ({"threshold": 0.001}, "threshold"),
    "an unknown promise": ({"unique": "leftt"}, "unique"),
    "no such id": ({"id_column": "key"}, "table 1 has no column key"),
    "an id that names two rows": ({"id_column": "sex"}, "no id"),
    "too many fields": (
        {f: SOME.assign(**{f"n{n}": "x" for n in range(12)}) for f in ("left", "right")}
        | {"fields": [name(f"n{n}") for n in range(12)]},
        "leave out a field",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_error(change: dict[str, Any], message: str) -> None:
    asked = {"left": SOME, "right": SOME, "fields": FIELDS, "block_on": RULES} | change
    with pytest.raises(UsageError, match=message) as raised:
        link(**asked)
    assert "\n" not in str(raised.value)
    assert not any(value in str(raised.value) for value in (*GIVEN, *SURNAME))


def test_a_rule_that_finds_too_much_is_told() -> None:
    table = people(5000).assign(given="Anna", sex="v")
    with pytest.raises(UsageError, match=r"blocking rule sex does not fit .* raise pairs_per_row"):
        dedupe(table, fields=FIELDS, block_on=["born", "sex"], pairs_per_row=2)


@pytest.mark.parametrize("wrong", [(0.8, 0.9), (1.0,), (0.0,), (-1.0,)])
def test_thresholds_that_make_no_levels_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="thresholds"):
        name("given", wrong)


def test_three_typing_errors_are_not_counted() -> None:
    with pytest.raises(UsageError, match="1 or 2"):
        typed("born", 3)


def test_text_that_no_engine_can_hold_is_refused() -> None:
    with pytest.raises(InbeeldError, match="table 1 cannot be read"):
        link(SOME.assign(given="\ud800"), SOME, fields=FIELDS, block_on=RULES)


def test_the_package_starts_without_the_library() -> None:
    code = "import sys, linkage; assert 'pandas' not in sys.modules; linkage.name; assert 'pandas' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TOP)
    assert set(linkage.__all__) <= {*dir(linkage.library), "__version__"}
    with pytest.raises(AttributeError, match="nothing"):
        linkage.nothing  # noqa: B018


def examples(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", ["README.md", "docs/library.md"])
def test_the_examples_of_the_documents_run(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    codes = examples((TOP / document).read_text(encoding="utf-8"))
    assert codes
    names: dict[str, Any] = {}
    for number, code in enumerate(codes):
        exec(compile(code, f"{document} example {number + 1}", "exec"), names)
    found = names["found"].links
    assert len(found) > 4800
    assert (found["left_id"].str.split("-").str[1] == found["right_id"].str.split("-").str[1]).mean() > 0.999


def test_forty_rules_and_a_rule_of_nought() -> None:
    """The hash of the number 0 is 0, which stands for null elsewhere; rules were the bits of a number once."""
    frame = pd.DataFrame({"who": ["anna", "anna", "bram"]})
    rules = [f"length(who) + {n}" for n in range(39)] + ["length(who) - 4"]
    found = dedupe(frame, fields=[name("who")], block_on=rules)
    assert (found.candidates, found.rules["pairs"].tolist()) == (3, [3] * 40)
    assert dedupe(frame, fields=[name("who")], block_on=rules[-1:]).candidates == 3
