"""How agreement with the truth is counted, told by small tables that can be checked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.engine.duckdb import DuckDBEngine
from linkage.errors import UsageError
from linkage.evaluate import Evaluation, evaluate
from tests import plans
from tests.spec.reports.report_view import put

Mention = tuple[str, str | None, str | None, str, str | None]
"""record, person found, household found, true person, true household; each record holds one person."""

INCIDENTS_HEADER = "incident_number,report_id,why"


@pytest.fixture
def db() -> Iterator[DuckDBEngine]:
    with DuckDBEngine() as engine:
        yield engine


def fill(
    db: DuckDBEngine,
    mentions: list[Mention],
    statuses: dict[str, str] | None = None,
    links: list[tuple[str, str, str]] | None = None,
) -> None:
    """Make a case view: records named ``i…`` are incidents, all others are cases."""
    put(
        db,
        "involvement",
        [
            {
                "source_id": "s",
                "record_kind": kind(r),
                "record_id": r,
                "person_seq": 1,
                "person_id": p,
                "household_id": h,
            }
            for r, p, h, _, _ in mentions
        ],
    )
    put(
        db,
        "incident_status",
        [{"source_id": "s", "incident_number": i, "status": status} for i, status in (statuses or {}).items()],
    )
    put(
        db,
        "incident_link",
        [
            {
                "incident_source_id": "s",
                "incident_number": i,
                "report_source_id": "t",
                "report_id": r,
                "link_class": link_class,
            }
            for i, r, link_class in links or []
        ],
    )

    put(
        db,
        "case_report",
        [{"source_id": "s", "report_id": r.replace("c", "r"), "case_id": r} for r, *_ in mentions if kind(r) == "case"],
    )


def kind(record: str) -> str:
    return "incident" if record.startswith("i") else "case"


def write_truth(folder: Path, mentions: list[Mention], incidents: list[str] | None = None) -> Path:
    lines = ["source_id,record_kind,record_id,person_seq,true_person_id,true_household_id"]
    lines += [f"s,{kind(r)},{r},1,{person},{household or ''}" for r, _, _, person, household in mentions]
    (folder / "mention_truth.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "incident_truth.csv").write_text(
        "\n".join([INCIDENTS_HEADER, *(incidents or [])]) + "\n", encoding="utf-8"
    )
    return folder


def measure(db: DuckDBEngine, folder: Path, mentions: list[Mention]) -> Evaluation:
    fill(db, mentions)
    return evaluate(db, write_truth(folder, mentions))


def test_a_person_split_in_two_costs_recall_and_no_precision(db: DuckDBEngine, tmp_path: Path) -> None:
    # True: {i1, i2, c1}. Found: {i1, i2} {c1}: one of three pairs.
    found = measure(db, tmp_path, [("i1", "p", "h", "A", "X"), ("i2", "p", "h", "A", "X"), ("c1", "q", "h", "A", "X")])
    pairs = found.agreement["persons_pairwise"]
    assert (pairs.agreed, pairs.found, pairs.expected) == (1, 1, 3)
    assert (pairs.precision, pairs.recall, pairs.f1) == (1.0, pytest.approx(1 / 3), 0.5)
    b_cubed = found.agreement["persons_b_cubed"]
    assert (b_cubed.precision, b_cubed.recall) == (1.0, pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3))


def test_two_persons_taken_for_one_cost_precision_and_no_recall(db: DuckDBEngine, tmp_path: Path) -> None:
    found = measure(db, tmp_path, [("i1", "p", "h", "A", "X"), ("i2", "p", "h", "A", "X"), ("c1", "p", "h", "B", "X")])
    pairs = found.agreement["persons_pairwise"]
    assert (pairs.precision, pairs.recall) == (pytest.approx(1 / 3), 1.0)
    b_cubed = found.agreement["persons_b_cubed"]
    assert (b_cubed.precision, b_cubed.recall) == (pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3), 1.0)


def test_a_mention_without_a_household_stands_alone(db: DuckDBEngine, tmp_path: Path) -> None:
    mentions: list[Mention] = [
        ("i1", "p", "h", "A", "X"),
        ("c1", "q", "h", "B", "X"),
        ("i2", "r", None, "C", "Y"),
        ("c2", "s", None, "D", "Y"),
    ]
    pairs = measure(db, tmp_path, mentions).agreement["households_pairwise"]
    assert (pairs.agreed, pairs.found, pairs.expected) == (1, 1, 2)


def test_mentions_that_stand_in_one_only_are_told_and_not_compared(db: DuckDBEngine, tmp_path: Path) -> None:
    both: list[Mention] = [("i1", "p", "h", "A", "X"), ("c1", "p", "h", "A", "X")]
    fill(db, [*both, ("i8", "p", "h", "A", "X")])
    found = evaluate(db, write_truth(tmp_path, [*both, ("i9", "p", "h", "A", "X")]))
    assert vars(found.mentions) == {"compared": 2, "only_in_truth": 1, "only_in_view": 1}
    assert found.agreement["persons_pairwise"].expected == 1


STATUSES = {
    "i1": "matched_timely",  # right
    "i2": "unmatched",  # missed
    "i3": "matched_late",  # has none in truth
    "i4": "excluded",  # the truth leaves it out
    "i5": "unmatched",  # right
    "i7": "pending",  # the truth does not know it
}
TRUTH = ["i1,r1,matched", "i2,r2,matched", "i3,,never_sent", "i4,r4,withdrawn", "i5,,never_sent", "i6,r6,matched"]
LINKS = [("i1", "r1", "reference"), ("i1", "r9", "possible"), ("i3", "r2", "household"), ("i7", "r7", "reference")]


def test_an_incident_has_a_report_when_its_status_is_one_of_the_matched(db: DuckDBEngine, tmp_path: Path) -> None:
    fill(db, [], STATUSES, LINKS)
    found = evaluate(db, write_truth(tmp_path, [], TRUTH))
    has_report = found.agreement["incident_has_report"]
    # i6 is lost in the view and counts as one without a report; i4 and i7 do not count.
    assert (has_report.agreed, has_report.found, has_report.expected) == (1, 2, 3)
    assert vars(found.incidents) == {"compared": 5, "only_in_truth": 1, "only_in_view": 1}


def test_a_link_counts_when_it_leads_to_the_true_report_and_possible_ones_do_not(
    db: DuckDBEngine, tmp_path: Path
) -> None:
    fill(db, [], STATUSES, LINKS)
    links = evaluate(db, write_truth(tmp_path, [], TRUTH)).agreement["incident_links"]
    assert (links.agreed, links.found, links.expected) == (1, 2, 3)


def test_the_status_of_every_incident_of_the_truth_stands_in_the_table_by_why(db: DuckDBEngine, tmp_path: Path) -> None:
    fill(db, [], STATUSES)
    table = evaluate(db, write_truth(tmp_path, [], TRUTH)).status_by_why
    assert sum(sum(row.values()) for row in table.values()) == len(TRUTH)
    assert table["matched"] == {"absent": 1, "excluded": 0, "matched_late": 0, "matched_timely": 1, "unmatched": 1}


def test_a_further_column_of_the_truth_tells_the_persons_by_group(db: DuckDBEngine, tmp_path: Path) -> None:
    people = [("p", "A"), ("p", "A"), ("p", "A"), ("q", "B"), ("r", "B"), ("p", "C")]
    groups = ["origin", "nl", "nl", "xx", "xx", "xx", ""]
    mentions: list[Mention] = [(f"i{n}", person, "h", true, "X") for n, (person, true) in enumerate(people)]
    fill(db, mentions)
    write_truth(tmp_path, mentions)
    lines = (tmp_path / "mention_truth.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "mention_truth.csv").write_text("\n".join(f"{a},{b}" for a, b in zip(lines, groups, strict=True)))
    origin = evaluate(db, tmp_path).subgroups["origin"]
    # A pair counts for each group that it touches. C was taken for A, an error that both groups carry;
    # B was split in two, which only xx carries.
    shares = {group: (row["precision"], row["recall"], row["f1"]) for group, row in origin.items()}
    assert shares["nl"] == (pytest.approx(3 / 5), 1.0, pytest.approx(6 / 8))
    assert shares["xx"] == (pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert shares["unknown"] == (0.0, None, 0.0)
    assert [origin[group]["mentions"] for group in ("nl", "xx", "unknown")] == [2, 3, 1]
    assert {row["household_f1"] for row in origin.values()} == {1.0}


def test_households_are_told_by_the_size_of_the_true_one(db: DuckDBEngine, tmp_path: Path) -> None:
    # X has two people and is found whole; Y has three, of whom one is left out; Z is one person on two records, split.
    mentions: list[Mention] = [("i1", "p", "h", "A", "X"), ("c1", "q", "h", "B", "X")]
    mentions += [("i2", "r", "k", "C", "Y"), ("c2", "s", "k", "D", "Y"), ("c3", "t", "m", "E", "Y")]
    mentions += [("i4", "u", "n", "F", "Z"), ("c4", "v", "o", "F", "Z")]
    size = measure(db, tmp_path, mentions).subgroups["household_size"]
    assert [size[group]["household_f1"] for group in ("1", "2", "3-4")] == [0.0, 1.0, 0.5]


def test_a_link_to_another_night_of_the_family_is_right_by_family_and_wrong_exactly(
    db: DuckDBEngine, tmp_path: Path
) -> None:
    mentions: list[Mention] = [("i1", "p", "h", "A", "X"), ("i2", "p", "h", "A", "X"), ("i3", "q", "k", "B", "Y")]
    mentions += [("c1", "p", "h", "A", "X"), ("c3", "r", "m", "C", "Z")]
    fill(db, mentions, {}, [("i2", "r1", "probabilistic"), ("i3", "r3", "probabilistic")])
    found = evaluate(db, write_truth(tmp_path, mentions, ["i1,r1,matched", "i2,,never_sent", "i3,r4,matched"]))
    assert found.agreement["incident_links"].agreed == 0
    family = found.agreement["incident_links_by_family"]
    # One of two links leads to the family; of i1 and i3, which have a report, neither has a link to it.
    assert (family.precision, family.recall) == (0.5, 0.0)


def test_a_report_through_a_second_channel_counts_where_the_truth_tells_it(db: DuckDBEngine, tmp_path: Path) -> None:
    fill(db, [], STATUSES, [("i1", "r1", "reference"), ("i1", "r8", "probabilistic")])
    write_truth(tmp_path, [], TRUTH)
    assert evaluate(db, tmp_path).agreement["incident_links_every_report"].agreed == 1
    (tmp_path / "report_truth.csv").write_text("report_id,incident_number\nr1,i1\nr8,i1\nr5,\n", encoding="utf-8")
    both = evaluate(db, tmp_path).agreement["incident_links_every_report"]
    assert (both.agreed, both.found, both.expected) == (2, 2, 2)


def test_reports_of_one_number_at_two_steunpunten_are_told_apart_where_the_truth_does(
    db: DuckDBEngine, tmp_path: Path
) -> None:
    """The second is linked to the report of its number at the other one."""
    fill(db, [], STATUSES, [("i1", "r1", "reference"), ("i2", "r1", "probabilistic")])
    write_truth(tmp_path, [], ["i1,r1,matched", "i2,r1,matched"])
    assert evaluate(db, tmp_path).agreement["incident_links"].agreed == 2
    told = ["incident_number,report_id,why,report_source_id", "i1,r1,matched,t", "i2,r1,matched,u", "i3,,never_sent,"]
    (tmp_path / "incident_truth.csv").write_text("\n".join(told) + "\n", encoding="utf-8")
    found = evaluate(db, tmp_path).agreement
    assert (found["incident_links"].agreed, found["incident_links"].found) == (1, 2)
    assert found["incident_has_report"].expected == 2


def test_links_are_held_to_the_probability_that_was_promised(db: DuckDBEngine, tmp_path: Path) -> None:
    fill(
        db, [], STATUSES, [("i1", "r1", "probabilistic"), ("i2", "r2", "probabilistic"), ("i3", "r3", "probabilistic")]
    )
    db.run("UPDATE incident_link SET match_probability = 0.75")
    [row] = evaluate(db, write_truth(tmp_path, [], TRUTH)).link_reliability
    assert (row.low, row.pairs, row.promised) == (0.7, 3, 0.75)
    assert row.observed == pytest.approx(2 / 3)


def test_a_million_mentions_are_compared_by_equal_keys(
    db: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Single rows may be put beside one another; any other product of two tables grows with the square."""
    monkeypatch.setattr(plans, "SLOW", tuple(join for join in plans.SLOW if join != "CROSS_PRODUCT"))
    monkeypatch.setattr("linkage.evaluate.DuckDBEngine", plans.WatchedEngine)
    found = measure(db, tmp_path, [("i1", "a", "x", "A", "X"), ("c1", "a", "x", "A", None)])
    assert found.agreement["persons_pairwise"].f1 == 1.0


def test_truth_as_parquet_gives_what_truth_as_csv_gives(db: DuckDBEngine, tmp_path: Path) -> None:
    mentions: list[Mention] = [("i1", "p", "h", "A", "X"), ("c1", "p", "g", "A", "X")]
    fill(db, mentions)
    as_csv = evaluate(db, write_truth(tmp_path, mentions, ["i1,c1,matched"]))
    for name in ("mention_truth", "incident_truth"):
        path = tmp_path / f"{name}.csv"
        db.run(f"COPY (SELECT * FROM read_csv('{path}')) TO '{path.with_suffix('.parquet')}' (FORMAT parquet)")
        path.unlink()
    assert evaluate(db, tmp_path) == as_csv


def test_the_published_view_may_be_open_for_reading_only(tmp_path: Path) -> None:
    mentions: list[Mention] = [("i1", "p", "h", "A", "X")]
    with DuckDBEngine(tmp_path / "view.duckdb") as db:
        fill(db, mentions)
    with DuckDBEngine(tmp_path / "view.duckdb", read_only=True) as view:
        found = evaluate(view, write_truth(tmp_path, mentions))
    assert found.as_dict()["coverage"]["mentions"]["compared"] == 1


def test_nothing_to_compare_gives_no_number_instead_of_a_perfect_one(db: DuckDBEngine, tmp_path: Path) -> None:
    found = measure(db, tmp_path, [])
    assert {(a.precision, a.recall, a.f1) for a in found.agreement.values()} == {(None, None, None)}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "incident_truth.csv").unlink(), "has no incident_truth.csv"),
        (lambda folder: (folder / "incident_truth.csv").write_text("incident_number,report_id\n"), "no column why"),
        (
            lambda folder: (folder / "mention_truth.csv").write_text(
                "source_id,record_kind,record_id,person_seq,true_person_id,true_household_id\n" + "s,case,c,1,A,X\n" * 2
            ),
            "1 rows repeat a key",
        ),
        (
            lambda folder: (folder / "mention_truth.csv").write_text(
                "source_id,record_kind,record_id,person_seq,true_person_id,true_household_id\ns,case,c,one,A,X\n"
            ),
            "1 rows have no whole number as person_seq",
        ),
        (lambda folder: (folder / "mention_truth.csv").write_bytes(b"\xff\xfe\x00"), "mention_truth"),
    ],
)
def test_a_wrong_truth_is_named_in_one_line(db: DuckDBEngine, tmp_path: Path, damage: object, message: str) -> None:
    fill(db, [])
    write_truth(tmp_path, [])
    damage(tmp_path)  # type: ignore[operator]
    with pytest.raises(UsageError, match=message) as error:
        evaluate(db, tmp_path)
    assert "\n" not in str(error.value)


def test_an_empty_output_folder_is_named(db: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no table involvement"):
        evaluate(db, write_truth(tmp_path, []))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_counts_by_group_sizes_equal_counts_of_pairs_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[int, int]]
) -> None:
    mentions: list[Mention] = [(f"i{n}", f"p{f}", "h", f"T{t}", "X") for n, (f, t) in enumerate(people)]
    with DuckDBEngine() as db:
        pairs = measure(db, tmp_path_factory.mktemp("truth"), mentions).agreement["persons_pairwise"]
    both = list(combinations(people, 2))
    expected = (
        sum(a == b for a, b in both),
        sum(a[0] == b[0] for a, b in both),
        sum(a[1] == b[1] for a, b in both),
    )
    assert (pairs.agreed or 0, pairs.found or 0, pairs.expected or 0) == expected
