"""The agenda of the consultation: households and what happened, in; order, reasons and points, out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linkage import agenda, contracts, definitions
from linkage.agenda import FACTS, Agenda, draw_up, page
from linkage.errors import ContractError, UsageError
from tests.command import inbeeld
from tests.spec.families.tables import AS_OF, describe
from tests.worlds import POLICE, STEUNPUNT, World

KIM = {"name": "kim:getuige", "born": "20150301", "relation": "kind"}
MADE = datetime(2026, 1, 1, 9, tzinfo=UTC)


def ago(days: int) -> str:
    return str(AS_OF - timedelta(days=days))


@pytest.fixture(scope="module")
def world() -> World:
    """As of 31 December 2025. Only some have reasons enough."""
    told = World()
    for number, days in enumerate((5, 100, 200, 300), 1):
        told.incident(number, ago(days), {"name": "ada", "born": "19800101"}, *([KIM] if days == 5 else []))
        told.report(f"A{number}", ago(days - 1), "ada", closed_at=ago(days - 3), safety_assessment_end=ago(days - 2))
    told.incident(10, ago(3), "bea", exclusion_order=True, exclusion_until=str(AS_OF + timedelta(days=7)))
    told.report("B1", ago(2), "bea")
    for number, days in enumerate((60, 70, 80, 90), 20):
        told.incident(number, ago(days), "cor").incident(number + 30, ago(days), "fay")
    told.incident(30, ago(200), "dee", weapon_used="J")
    told.report("D1", ago(199), "dee", transfer_at=ago(100), transfer_to="lokaal team")
    told.incident(40, ago(500), "eva")
    told.report("E1", ago(499), "eva", closed_at=ago(400), safety_assessment_end=ago(495))
    return describe(told)


def drawn(world: World, **asked: Any) -> Agenda:
    return draw_up(world.db, run_id="run-1", **asked)


def name(world: World, household_id: str) -> str:
    query = "SELECT min(person_id) FROM household_member WHERE household_id = ?"
    return str(world.db.rows(query, [household_id])[0][0]).removeprefix("p-")


def table(world: World, told: Agenda) -> list[tuple[Any, ...]]:
    return [
        (
            item.place,
            name(world, item.household_id),
            item.points,
            " ".join(f"{g.code}:{g.points}" for g in item.grounds),
        )
        for item in told.items
    ]


def test_households_stand_in_the_order_of_the_points_of_their_reasons(world: World) -> None:
    """Eva's incident is long ago and answered; Dee stays below the least number of points."""
    assert table(world, drawn(world)) == [
        (1, "ada", 90, "red:40 went_up:10 recent:15 returned:10 children:15"),
        (2, "cor", 80, "red:40 unmatched:30 out_of_view:10"),
        (3, "fay", 80, "red:40 unmatched:30 out_of_view:10"),
        (4, "bea", 70, "red:40 order_runs:15 recent:15"),
    ]


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_equal_points_go_by_id(world: World, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_order = tmp_path / "facts.sql"
    in_order.write_text(f"SELECT * FROM ({FACTS.read_text(encoding='utf-8')}) ORDER BY household_id {order}")
    monkeypatch.setattr(agenda, "FACTS", in_order)
    _, second, third, _ = drawn(world).items
    assert second.points == third.points
    assert second.household_id < third.household_id


def test_what_is_no_fact_of_today() -> None:
    """An incident of next week, a care report that stands for its incident anyhow, an incident of last year."""
    told = World()
    told.report("L1", ago(50), "later", closed_at=ago(20)).incident(1, ago(-5), "later")
    told.report("N1", ago(50), "now", closed_at=ago(20)).incident(2, ago(5), "now")
    told.incident(3, ago(30), "care").care(3, "Z3")
    told.report("T1", ago(30), "handed", transfer_at=ago(20))
    told.incident(4, ago(366), "old").incident(5, ago(365), "not_so_old")
    describe(told)
    facts = "days_since_return, oldest_transfer_days, unmatched_recent"
    rows = told.db.rows(f"SELECT household_id, {facts} FROM ({FACTS.read_text(encoding='utf-8')})")
    assert {name(told, household): values for household, *values in rows} == {
        "later": [None, None, 0],
        "now": [5, None, 0],
        "care": [None, None, 0],
        "handed": [None, 20, 0],
        "old": [None, None, 0],
        "not_so_old": [None, None, 1],
    }


def test_what_stands_beside_the_reasons(world: World) -> None:
    found = {name(world, item.household_id): item for item in drawn(world).items}
    bea = found["bea"]
    assert (bea.severity, bea.is_open_case, bea.exclusion_until) == ("red", True, date(2026, 1, 7))
    assert (bea.known_at, found["cor"].known_at) == ((POLICE, STEUNPUNT), (POLICE,))
    assert (found["ada"].children_certain, found["cor"].children_certain) == (1, 0)
    assert drawn(world).eligible == 4


def test_an_agenda_has_at_most_so_many_households_and_they_are_the_first(world: World) -> None:
    whole = drawn(world)
    assert drawn(world, most=2).items == whole.items[:2]
    assert (drawn(world, most=2).eligible, drawn(world, most=99).items) == (4, whole.items)


def test_own_record_numbers_are_those_of_the_organisation_that_asks_and_of_nobody_else(world: World) -> None:
    assert {item.own_numbers for item in drawn(world).items} == {()}
    police = {name(world, i.household_id): i.own_numbers for i in drawn(world, organisation=POLICE).items}
    assert police["bea"] == ("PL0100-2025000010",)
    assert police["cor"][0] == "PL0100-2025000020"
    steunpunt = {name(world, i.household_id): i.own_numbers for i in drawn(world, organisation=STEUNPUNT).items}
    assert (steunpunt["bea"], steunpunt["cor"]) == (("C-B1",), ())
    partner = drawn(world, organisation="vt", own=("vt-elsewhere", STEUNPUNT))
    assert {name(world, i.household_id): i.own_numbers for i in partner.items} == steunpunt
    assert partner.organisation == "vt"


def test_no_page_quotes_a_name_a_number_of_another_or_what_one_party_knows(world: World) -> None:
    plain = page.render(drawn(world), made_at=MADE)
    police = page.render(drawn(world, organisation=POLICE), made_at=MADE)
    mentions = [value for row in world.db.rows("SELECT surname, birth_date FROM mention") for value in row if value]
    for item in drawn(world).items:  # ids of these small worlds hold the number of a record
        plain, police = (text.replace(item.household_id, "H") for text in (plain, police))
    for text in (plain, police):
        for told in (*mentions, "C-B1", "acutely_unsafe", "four_incidents", "p-ada"):
            assert str(told) not in text, told
    assert "PL0100" not in plain
    assert "PL0100-2025000010" in police and "alleen voor politie-nn" in police
    assert "Incident zonder melding in het laatste jaar (4)" in plain
    assert "07-01-2026 (over 7 dagen)" in plain
    twice = [page.render(drawn(world), made_at=MADE) for _ in range(2)]
    assert twice[0] == twice[1]


def test_an_agenda_without_households_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = replace(definitions.agenda(), least=91)
    monkeypatch.setattr(definitions, "agenda", lambda: strict)
    empty = drawn(world)
    assert (empty.items, empty.eligible, empty.as_of) == ((), 0, AS_OF)
    assert "Er is geen gezin om te bespreken." in page.render(empty, made_at=MADE)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"organisation": "om"}, "--for must be a source that knows households: politie-nn, vt-drenthe"),
        ({"most": 0}, "--most must be at least 1"),
    ],
)
def test_what_cannot_be_asked_is_one_line(world: World, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        drawn(world, **asked)


def test_the_command_says_when_nothing_was_published(tmp_path: Path) -> None:
    done = inbeeld("agenda", "--out", tmp_path / "out")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is no output folder: run `inbeeld run" in done.stderr


REASON = """
[reasons.red]
nl = "n"
en = "e"
question = "q"
question_en = "q"
fact = "grade"
points = 40
at_least = 4
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('fact = "grade"', 'fact = "gossip"', "red asks gossip, which is no fact"),
        ("points = 40", "points = 0", "red needs points above 0"),
        ("at_least = 4", "", "red needs points above 0, and at_least or at_most"),
        ("at_least", "atleast", "unexpected keyword argument"),
        ('nl = "n"', "", "missing 1 required positional argument"),
        ("[reasons.red]", "[reasons.red", "agenda.toml: "),
    ],
)
def test_a_reason_that_cannot_be_read_is_refused(
    old: str, new: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old in REASON
    head = 'most = 3\nleast = 1\n[facts]\ngrade = "colour"\n'
    (tmp_path / "agenda.toml").write_text(head + REASON.replace(old, new), encoding="utf-8")
    monkeypatch.setattr(contracts, "SCHEMAS", tmp_path)
    with pytest.raises(ContractError, match=told):
        definitions.agenda.__wrapped__()


POINTS = [
    ("at least", {"at_least": 3}, {None: 0, 2: 0, 3: 10, 9: 10}),
    ("at most", {"at_most": 3}, {None: 0, 0: 10, 3: 10, 4: 0}),
    ("between", {"at_least": 3, "at_most": 3}, {2: 0, 3: 10, 4: 0}),
    ("each, at most 25", {"at_least": 1, "each": True, "most": 25}, {0: 0, 1: 10, 2: 20, 3: 25, 9: 25}),
]


@pytest.mark.parametrize(("sentence", "spec", "expected"), POINTS, ids=[s for s, _, _ in POINTS])
def test_the_points_of_a_reason(sentence: str, spec: dict[str, Any], expected: dict[int | None, int]) -> None:
    one = definitions.Reason("r", "n", "e", "q", "q", "fact", 10, **spec)
    assert {fact: one.value(fact) for fact in expected} == expected


def test_json_has_all_of_it(world: World) -> None:
    told = json.loads(json.dumps(drawn(world, most=1).as_dict(), default=str))
    assert sum(ground["points"] for ground in told["items"][0]["grounds"]) == told["items"][0]["points"]


def test_both_languages_have_the_same_words() -> None:
    dutch, english = (dict(page.texts(language).texts) for language in ("nl", "en"))
    assert dutch.keys() == english.keys()
    assert {key for key in dutch if dutch[key] == english[key]} == set()


def test_the_page_in_english_has_no_dutch_left(world: World) -> None:
    told = page.render(drawn(world, organisation=POLICE), made_at=MADE, language="en")
    text = re.sub(r"<(style|script|head).*?</\1>|<[^>]+>", " ", told, flags=re.DOTALL)
    words = re.findall(r"[a-z]+", text.casefold())
    dutch = {
        "de",
        "het",
        "een",
        "van",
        "en",
        "niet",
        "geen",
        "gezin",
        "gezinnen",
        "kleur",
        "punten",
        "wie",
        "wat",
        "nog",
    }
    assert '<html lang="en">' in told and len(words) > 80
    assert dutch & set(words) == set()
