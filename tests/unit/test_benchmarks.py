"""The benchmarks: their arithmetic, and that contestants find what a brute force over all pairs finds."""

from __future__ import annotations

import json
import sys
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are run from a checkout, they are not installed

from benchmarks import child, decisions, figures, increment, night, peers, scoring
from benchmarks.contest import ecm, rules
from benchmarks.contest.result import Result, components
from benchmarks.prepare import truth_file
from benchmarks.race import closing
from benchmarks.race import run as race
from linkage.simulate.tables import Table, save_delivery

# mention_id, record_no, surname, given name, initials, birth date, BSN, true person, true household
TOY = [
    (0, 0, "bakker", "anna", "a", "19800101", "b1", "A", "H1"),
    (1, 1, "bakker", "anna", "am", "19800101", None, "A", "H1"),
    (2, 2, "backer", "anna", "a", "19800101", "b1", "A", "H1"),
    (3, 1, "bakker", "arie", "a", "19800101", None, "B", "H1"),  # her twin, on the same record as she
    (4, 3, "bakker", None, "a", "19800101", None, "B", "H1"),  # one initial: claims both
    (5, 4, "smit", "jan", "j", "19750505", None, "C", "H2"),
    (6, 5, "smit", "jan", "j", None, None, "C", "H2"),
    (7, 6, "smit", "jan", "j", "19750505", None, "D", "H3"),  # another man of that name, born on that day
    (8, 7, None, None, None, None, None, "E", "H4"),
]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "mentions.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute(
            "CREATE TABLE mention (mention_id INTEGER, record_no INTEGER, surname VARCHAR, given_name VARCHAR, "
            "initials VARCHAR, birth_date VARCHAR, bsn_hmac VARCHAR, surname_sound VARCHAR, sex VARCHAR, "
            "postcode VARCHAR, house_number INTEGER, city VARCHAR)"
        )
        db.execute(f"ATTACH '{truth_file(path)}' AS answer")
        db.execute(
            "CREATE TABLE answer.mention_truth (mention_id INTEGER, true_person_id VARCHAR, true_household_id VARCHAR)"
        )
        for row in TOY:  # the last one is not in the truth
            sound = row[2][:3] if row[2] else None
            db.execute(
                "INSERT INTO mention VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'V', '9401AB', 1, 'assen')", [*row[:7], sound]
            )
            if row[0] < 8:
                db.execute("INSERT INTO answer.mention_truth VALUES (?, ?, ?)", [row[0], *row[7:]])
    return path


def agree(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    _, record, surname, given, initials, birth, bsn, *_ = left
    _, other_record, other_surname, other_given, other_initials, other_birth, other_bsn, *_ = right
    if record == other_record:
        return False
    if bsn and bsn == other_bsn:
        return True
    if not (surname and birth and surname == other_surname and birth == other_birth):
        return False
    return (
        given == other_given if given and other_given else (initials or given)[0] == (other_initials or other_given)[0]
    )


def brute_force(size: int, links: list[tuple[int, int]]) -> list[int]:
    labels = list(range(size))
    for left, right in links:
        low, high = sorted((labels[left], labels[right]))
        labels = [low if label == high else label for label in labels]
    return labels


def same_partition(left: Any, right: Any) -> bool:
    pairs = list(combinations(range(len(right)), 2))
    return [left[a] == left[b] for a, b in pairs] == [right[a] == right[b] for a, b in pairs]


def test_rules_link_what_a_brute_force_over_all_pairs_links(toy: Path) -> None:
    links = [(a, b) for a, b in combinations(range(len(TOY)), 2) if agree(TOY[a], TOY[b])]
    found = rules.link(toy)
    assert found.candidates == len(links)
    assert same_partition(found.labels, brute_force(len(TOY), links))


def test_ecm_blocks_hold_each_pair_that_a_brute_force_blocks_once(toy: Path) -> None:
    with duckdb.connect(str(toy), read_only=True) as db:
        frame = db.execute(ecm.MENTIONS).df().set_index("mention_id")
    expected = {
        (a, b)
        for a, b in combinations(frame.index, 2)
        if frame.record_no[a] != frame.record_no[b]
        and any(all(frame[key][a] and frame[key][a] == frame[key][b] for key in keys) for keys in ecm.BLOCKS)
    }
    found = [(min(pair), max(pair)) for pair in ecm._block(frame)]
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_components_are_those_of_a_brute_force() -> None:
    dice = np.random.Generator(np.random.PCG64(7))
    left, right = dice.integers(0, 40, (2, 25))
    assert same_partition(components(40, left, right), brute_force(40, list(zip(left, right, strict=True))))


def test_scores_are_those_of_all_pairs_and_tell_which_false_links_stay_at_home() -> None:
    dice = np.random.Generator(np.random.PCG64(3))
    found, person = dice.integers(0, 12, (2, 60))
    household = (person + dice.integers(0, 2, 60)) // 3
    pairs = list(combinations(range(60), 2))
    links = [(a, b) for a, b in pairs if found[a] == found[b]]
    right = [(a, b) for a, b in links if person[a] == person[b]]
    home = [(a, b) for a, b in links if person[a] != person[b] and household[a] == household[b]]
    true = sum(person[a] == person[b] for a, b in pairs)
    scored = scoring.score(found, person, household)
    assert scored["precision"] == pytest.approx(len(right) / len(links))
    assert scored["recall"] == pytest.approx(len(right) / true)
    assert scored["false_links"] == len(links) - len(right)
    assert scored["false_links_in_household"] == len(home)


def test_nothing_linked_has_no_precision_rather_than_a_perfect_one() -> None:
    scored = scoring.score(np.arange(3), np.array([1, 1, 2]), np.array([1, 1, 1]))
    assert scored["precision"] is None
    assert (scored["recall"], scored["f1"], scored["share_in_household"]) == (0.0, 0.0, None)


def test_best_threshold_is_the_one_that_the_truth_likes(toy: Path, tmp_path: Path) -> None:
    result = Result(
        labels=np.zeros(9, np.int64),
        left=np.array([0, 1, 5, 5]),
        right=np.array([1, 2, 6, 7]),
        probability=np.array([0.97, 0.92, 0.85, 0.25]),
    )
    result.save(tmp_path / "kept.npz")
    judged = scoring.judge(toy, Result.load(tmp_path / "kept.npz"))
    assert judged["best"]["threshold"] in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert judged["best"]["precision"] == 1.0
    assert judged["own"]["links"] == 28  # pairs of the eight that the truth knows


def test_growth_is_one_in_proportion_and_the_fixed_part_falls_out_of_the_margin() -> None:
    assert figures.growth((2000, 4.0), (20000, 40.0)) == pytest.approx(1.0)
    assert figures.growth((2000, 4.0), (20000, 80.0)) == pytest.approx(2.0)
    assert figures.marginal((2000, 5 + 4.0), (20000, 5 + 40.0)) == pytest.approx(2.0)
    assert figures.ratio(1.0, 0) is figures.ratio(None, 1.0) is None


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234"), (1234567, "1,234,567")]
)
def test_cells_show_three_figures(value: object, shown: str) -> None:
    assert figures.cell(value) == shown


def test_night_reads_steps_and_pairs_from_what_a_run_says() -> None:
    said = [f"04:00:00 {name}" for name in night.STEP_NAMES]
    said.insert(1 + list(night.STEP_NAMES).index("link mentions"), "04:00:00 11123 mentions, 78258 candidate pairs")
    lines = [child.Line(1.0 + 2 * number, text) for number, text in enumerate(said)]
    ended = lines[-1].second + 4
    run = child.Child(
        ended + 1, 3.0, 0.5, 100.0, (*lines, child.Line(ended, "Published r1: 3 deliveries taken in, 9.0 s"))
    )
    steps = night.step_seconds(run)
    assert steps["start"] == 1.0
    assert steps["link mentions"] == 4.0
    assert steps["publish"] == 4.0
    assert sum(steps.values()) == pytest.approx(run.seconds)
    assert night.linked(run) == {"mentions": 11123, "candidate_pairs": 78258}


def test_a_night_of_new_records_leaves_out_what_changed(tmp_path: Path) -> None:
    def deliver(inbox: Path, source: str, day: str, head: str, key: str, persons: str) -> None:
        heads, people = Table(head, [key, "status", "text"]), Table(persons, [key, "volgnummer"])
        for number, status in (("1", "nieuw"), ("2", "gewijzigd"), ("3", "ingetrokken"), ("4", "nieuw")):
            heads.add([number, status, 'a; "b"\nc'])
            for seq in "12":
                people.add([number, seq])
        save_delivery(inbox, source, "profile", "increment", (day, "2025-01-01"), [heads, people])

    simulated, inbox = tmp_path / "simulated", tmp_path / "inbox"
    for day in ("1", "2", "3"):
        deliver(simulated, "pol", day, "incidenten.csv", "registratienummer", "personen.csv")
        deliver(simulated, "vt", day, "meldingen.csv", "casusnummer", "betrokkenen.csv")
    save_delivery(simulated, "old", "profile", "full", ("1", "2025-01-01"), [Table("clienten.csv", ["dossier"])])
    increment.bring_new(simulated, ["1", "2", "3"], inbox, persons=9)  # eight of a day: a second one is needed
    assert sorted(str(f.relative_to(inbox)) for f in inbox.glob("*/*")) == ["pol/1", "pol/2", "vt/1", "vt/2"]
    for delivery in inbox.glob("*/*"):
        manifest = json.loads((delivery / "manifest.json").read_text(encoding="utf-8"))
        head, persons = (entry["name"] for entry in manifest["files"])
        assert [entry["rows"] for entry in manifest["files"]] == [2, 4]
        written = (delivery / head).read_text(encoding="utf-8")
        assert '1;nieuw;"a; ""b""' in written
        assert "4;nieuw" in written
        assert not {"gewijzigd", "ingetrokken"} & set(written.split(";"))
        people = (delivery / persons).read_text(encoding="utf-8").split()
        assert {line.split(";")[0] for line in people[1:]} == {"1", "4"}


def test_decisions_are_told_with_the_persons_that_each_model_finds(tmp_path: Path) -> None:
    mentions = child.mentions(tmp_path / "sample", incidents=150, noise="high", seed=3)
    told = decisions.measure(mentions, numbers=(20,), draws=1)[20]
    assert {"without them", "in the E step", "different as family"} <= told.keys()
    f1 = {way: found["persons F1"] for way, found in told.items()}
    assert all(0.9 < value <= 1 for value in f1.values()), f1


def test_ratios_are_taken_within_a_round_and_then_their_median() -> None:
    def runs(*seconds: float) -> list[child.Child]:
        return [child.Child(second, second, 0.0, 100.0, ()) for second in seconds]

    told = peers._taken(theirs=runs(5, 10, 30), ours=runs(10, 25, 60))
    assert told["seconds"] == 10
    assert told["ours_to_theirs"]["seconds"] == pytest.approx(2.0)  # of 2, 2.5 and 2: not 25 / 10


def test_a_child_is_measured_from_outside_and_its_error_is_told() -> None:
    run = child.run([sys.executable, "-c", "x = bytearray(150_000_000); print('made')"])
    assert run.text == "made"
    assert run.peak_mb > 143
    assert all(before.second <= after.second for before, after in pairwise(run.lines))
    with pytest.raises(child.ChildError, match="ended with 3:\nsaid"):
        child.run([sys.executable, "-c", "import sys; print('said'); sys.exit(3)"])


def test_a_child_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(child.ChildError, match="stopped after 0 s"):
        child.run([sys.executable, "-c", "import time; time.sleep(20)"], limit=0.3)
    assert child.run([sys.executable, "-c", "print(1)"], limit=20).text == "1"


@pytest.mark.parametrize(
    ("name", "repeat", "everybody", "expected"),
    [
        ("scale_10k", None, True, {"ours": 1, "ecm": 1, "splink_fast": 1}),
        ("scale_1m", None, True, {"ours": 3, "splink_fast": 3}),
        ("scale_5m", None, True, {"ours": 1, "splink_fast": 1}),
        ("scale_1m", 2, True, {"ours": 2, "splink_fast": 2}),
        ("scale_1m", None, False, {"ours": 3, "ecm": 1, "splink_fast": 3}),
    ],
)
def test_rounds_are_planned(name: str, repeat: int | None, everybody: bool, expected: dict[str, int]) -> None:
    assert race.planned(name, ["ours", "ecm", "splink_fast"], repeat, everybody=everybody) == expected


def measured(*seconds: float) -> dict[str, object]:
    rounds = [{"seconds": s, "cpu_seconds": 2 * s, "peak_mb": 100.0} for s in seconds]
    return {"rounds": rounds, **rounds[0], "candidates": 1000, "own": {"f1": 0.9}}


def test_the_closing_table_takes_ratios_within_a_round() -> None:
    figure = {"set": {"rows": [400, 600]}, "contestants": {"ours": measured(1, 3), "splink_fast": measured(4, 6)}}
    assert closing.line("a", figure) == ["a", 1000, 1000, 2, "0.9000", 1, 2, 100, 2000, 2000]
    assert closing.beside("a", figure) == ["a", "0.9000", 4, 8, 100, 0.375, 0.5, 0.375, 1]


def test_a_peer_that_failed_is_a_row_and_no_ratio() -> None:
    failed = {"rounds": [], "error": "it said much\nstopped after 900 s"}
    figure = {"set": {"rows": [5]}, "contestants": {"ours": measured(1), "splink_fast": failed}}
    assert closing.beside("a", figure) == ["a", "-", *[None] * 7]
    assert race.rows({"splink_fast": failed})[0][0] == "Splink 5, fast: failed (stopped after 900 s)"
