"""Who belongs to one household: rows in, groups out."""

from __future__ import annotations

from typing import Any

import pytest

from linkage.config import Config
from tests.worlds import World

KIM = {"name": "kim", "born": "20150301"}
HOME = {"postcode": "7901AB", "house_number": 12}


def who(name: str, **values: Any) -> dict[str, Any]:
    """Return a person with columns of a mention."""
    return {"name": name, **values}


def lives(name: str, **values: Any) -> dict[str, Any]:
    """Return a person of the family Berg at one address."""
    return {"name": name, "surname": "berg", **HOME, **values}


def groups(world: World) -> set[frozenset[str]]:
    return world.households().groups()


def sets(*households: str) -> set[frozenset[str]]:
    return {frozenset(names.split()) for names in households}


INCIDENTS: list[tuple[str, list[Any], list[str]]] = [
    ("suspect and victim belong together", ["anna", "bert:verdachte"], ["anna bert"]),
    ("parties of a quarrel belong together", ["anna:betrokkene", "bert:betrokkene"], ["anna bert"]),
    ("a reporter stands alone", ["anna", "bert:verdachte", "cor:melder"], ["anna bert", "cor"]),
    ("a witness stands alone", ["anna", "bert:verdachte", "cor:getuige"], ["anna bert", "cor"]),
    ("a representative stands alone", ["anna", "bert:verdachte", "cor:vertegenwoordiger"], ["anna bert", "cor"]),
    (
        "a witness who is the victim's sister belongs to the family",
        ["anna", "bert:verdachte", who("cor:getuige", relation="zus van slachtoffer")],
        ["anna bert cor"],
    ),
    (
        "a neighbour is no family, though the word holds a woman",
        ["anna", "bert:verdachte", who("cor:getuige", relation="buurvrouw")],
        ["anna bert", "cor"],
    ),
    (
        "a child who saw it belongs to the family",
        ["anna", "bert:verdachte", {**KIM, "name": "kim:getuige"}],
        ["anna bert kim"],
    ),
    (
        "who files the complaint is the victim when no other is named",
        ["anna:aangever", "bert:verdachte"],
        ["anna bert"],
    ),
    (
        "beside a victim the complainant stands alone",
        ["anna", "bert:verdachte", "cor:aangever"],
        ["anna bert", "cor"],
    ),
    ("children whom nobody else knows are a household", [KIM, {"name": "lot", "born": "20170301"}], ["kim lot"]),
]


@pytest.fixture(scope="module")
def families() -> set[frozenset[str]]:
    """One world of all the incidents above, each with people of its own: their names end in its number."""
    world = World()
    for number, (_, people, _) in enumerate(INCIDENTS, 1):
        world.incident(number, "2025-01-10", *(numbered(person, number) for person in people))
    return groups(world)


def numbered(person: Any, number: int) -> dict[str, Any]:
    told = person if isinstance(person, dict) else {"name": person}
    name, colon, role = told["name"].partition(":")
    return {**told, "name": f"{name}{number}{colon}{role}"}


@pytest.mark.parametrize("number", range(1, len(INCIDENTS) + 1), ids=[sentence for sentence, _, _ in INCIDENTS])
def test_one_incident(families: set[frozenset[str]], number: int) -> None:
    expected = {frozenset(f"{name}{number}" for name in household.split()) for household in INCIDENTS[number - 1][2]}
    ours = {name for household in expected for name in household}
    assert {household for household in families if household & ours} == expected


def test_all_people_of_a_case_are_a_household() -> None:
    assert groups(World().report("R1", "2025-01-10", "anna", "bert:overig", KIM)) == sets("anna bert kim")


def test_an_incident_that_is_not_domestic_joins_nobody() -> None:
    assert groups(World().incident(1, "2025-01-10", "anna", "bert:verdachte", dv_flag=False)) == sets("anna", "bert")


def test_a_person_on_two_records_joins_them() -> None:
    world = World().incident(1, "2025-01-10", "anna", "bert:verdachte").report("R1", "2025-01-12", "anna", "cor")
    assert groups(world) == sets("anna bert cor")


def test_a_reporter_of_two_families_does_not_join_them() -> None:
    world = World().incident(1, "2025-01-10", "anna", "bert:verdachte", "nel:melder")
    world.incident(2, "2025-01-12", "cor", "dirk:verdachte", "nel:melder")
    assert groups(world) == sets("anna bert", "cor dirk", "nel")


def test_a_child_of_two_homes_belongs_to_both_and_joins_neither() -> None:
    """T15."""
    world = World().report("R1", "2025-01-10", "anna", KIM).report("R2", "2025-02-10", "bert", KIM)
    assert groups(world) == sets("anna kim", "bert kim")


def test_a_foster_child_does_not_join_two_families() -> None:
    """T16."""
    child = {**KIM, "relation": "pleegkind"}
    world = World().report("R1", "2024-01-10", "anna", KIM).report("R2", "2025-02-10", "bert", "cor", child)
    assert groups(world) == sets("anna kim", "bert cor kim")


def test_a_record_of_children_only_goes_where_they_are_known() -> None:
    world = World().report("R1", "2025-01-10", "anna", KIM).incident(1, "2025-02-10", KIM)
    world.households()
    assert world.groups() == sets("anna kim")
    assert len(world.db.rows("SELECT DISTINCT household_id FROM record_household")) == 1


ADDRESSES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("one home, one name, one time", {}, {}, True),
    ("another surname", {}, {"surname": "bakker"}, False),
    ("the partner's surname", {}, {"surname": "bakker", "surname_2": "berg"}, True),
    ("another door", {"house_suffix": "a"}, {"house_suffix": "b"}, False),
    ("a door that is not told in a building of several", {"house_suffix": "a"}, {}, False),
    ("a postal address", {"address_type": "brief"}, {"address_type": "brief"}, False),
    ("a shelter", {"address_type": "opvang"}, {"address_type": "opvang"}, False),
    ("a secret address (T28)", {"address_is_secret": True}, {}, False),
]


@pytest.fixture(scope="module")
def homes() -> set[frozenset[str]]:
    """One world of all the pairs above, each in a street of its own."""
    world = World()
    for number, (_, one, other, _) in enumerate(ADDRESSES, 1):
        street = {"house_number": 100 + number}
        world.incident(2 * number, "2025-01-10", lives(f"anna{number}", **street, **one))
        world.incident(2 * number + 1, "2025-02-10", lives(f"bert{number}", **street, **other))
    return groups(world)


@pytest.mark.parametrize("number", range(1, len(ADDRESSES) + 1), ids=[sentence for sentence, *_ in ADDRESSES])
def test_one_address(homes: set[frozenset[str]], number: int) -> None:
    assert (frozenset({f"anna{number}", f"bert{number}"}) in homes) == ADDRESSES[number - 1][3]


def test_new_tenants_of_the_same_name_are_another_household() -> None:
    """T14."""
    world = World().incident(1, "2023-01-10", lives("anna")).incident(2, "2024-01-10", lives("anna", postcode="9401AA"))
    assert groups(world.incident(3, "2024-02-10", lives("bert"))) == sets("anna", "bert")


def test_a_child_at_an_address_joins_nobody() -> None:
    world = World().report("R1", "2025-01-10", "anna", lives("kim", born="20150301"))
    assert groups(world.incident(1, "2025-02-10", lives("bert"))) == sets("anna kim", "bert")


def test_a_shelter_joins_nobody_and_is_marked() -> None:
    """T13: twelve people who have a name and an address in common, by the number that stay there."""
    world = World()
    for number in range(12):
        world.incident(number + 1, f"2025-01-{number + 10}", lives(f"p{number}"))
    assert groups(world) == sets(*(f"p{number}" for number in range(12)))
    assert world.db.rows("SELECT count(*) FROM household WHERE is_collective_address") == [(12,)]


def test_many_people_over_many_years_are_no_shelter() -> None:
    world = World()
    for number in range(12):
        world.incident(number + 1, f"{2010 + number}-01-10", lives(f"p{number}"))
    assert len(groups(world)) == 1


def test_a_household_above_the_limit_is_cut_at_its_weakest_evidence() -> None:
    world = World(Config(households={"max_members": 4}))
    world.report("R1", "2025-01-10", "anna", "bert", lives("cor")).incident(1, "2025-01-11", "dirk", "els:verdachte")
    world.incident(2, "2025-02-10", lives("dirk"))
    assert groups(world) == sets("anna bert cor", "dirk els")
    assert {c for (c,) in world.db.rows("SELECT certainty FROM household_member")} == {"possible"}


def test_a_record_that_names_a_crowd_is_cut_too() -> None:
    world = World(Config(households={"max_members": 4})).report("R1", "2025-01-10", *(f"p{n}" for n in range(9)))
    assert sorted(len(group) for group in groups(world)) == [1, 4, 4]
    assert len(world.db.rows("SELECT household_id FROM record_household")) == 1


def test_a_membership_by_address_alone_is_possible() -> None:
    world = World().incident(1, "2025-01-10", lives("anna"), "cor:verdachte").incident(2, "2025-02-10", lives("bert"))
    world.households()
    assert dict(world.db.rows("SELECT person_id, certainty FROM household_member")) == {
        "p-anna": "sure",
        "p-cor": "sure",
        "p-bert": "possible",
    }


def test_a_membership_ends_when_the_dossier_says_so() -> None:
    past = who("bert", member_from="2024-03-01", member_to="2025-06-01")
    world = World().report("R1", "2025-01-10", "anna", past).households()
    rows = world.db.rows("SELECT valid_from, valid_until, certainty FROM household_member ORDER BY person_id")
    assert [tuple(map(str, row)) for row in rows] == [
        ("2025-01-10", "None", "sure"),
        ("2024-03-01", "2025-06-01", "past"),
    ]


def test_the_household_of_a_record_is_that_of_its_parties() -> None:
    world = World().incident(1, "2025-01-10", "anna", "bert:verdachte", "nel:melder", "piet:getuige", "rob:getuige")
    world.households()
    rows = world.db.rows(
        "SELECT DISTINCT person_id FROM record_household JOIN household_member USING (household_id) ORDER BY person_id"
    )
    assert rows == [("p-anna",), ("p-bert",)]


def ids(world: World) -> dict[str, str]:
    return {p[2:]: h for p, h in world.db.rows("SELECT person_id, household_id FROM household_member")}


def night_after(before: World) -> World:
    """Return an empty world that knows the ids of the night before."""
    after = World()
    after.db = before.db
    return after


def test_ids_stay_when_a_household_grows() -> None:
    first = World().incident(2, "2025-01-10", "anna", "bert:verdachte").households()
    was = ids(first)
    second = night_after(first).incident(1, "2025-01-02", "anna", "cor:verdachte")
    second.incident(2, "2025-01-10", "anna", "bert:verdachte").households("run-2")
    assert set(ids(second).values()) == set(was.values())
    assert second.db.rows("SELECT * FROM household_id_history") == []


def test_a_merge_keeps_the_id_of_most_records_and_is_told() -> None:
    def families(world: World) -> World:
        return (
            world.incident(1, "2025-01-10", "anna").incident(2, "2025-01-11", "bert").incident(3, "2025-02-11", "bert")
        )

    first = families(World()).households()
    was = ids(first)
    second = families(night_after(first)).report("R1", "2025-03-01", "anna", "bert").households("run-2")
    assert ids(second) == {"anna": was["bert"], "bert": was["bert"]}
    assert second.db.rows("SELECT * FROM household_id_history") == [(was["anna"], was["bert"], "run-2", "merge")]


def test_a_split_keeps_the_id_with_most_records_and_is_told() -> None:
    def families(world: World) -> World:
        return (
            world.incident(1, "2025-01-10", "anna").incident(2, "2025-01-11", "bert").incident(3, "2025-02-11", "bert")
        )

    first = families(World()).report("R1", "2025-03-01", "anna", "bert").households()
    was = ids(first)["bert"]
    second = families(night_after(first)).households("run-2")
    now = ids(second)
    assert now["bert"] == was != now["anna"]
    assert second.db.rows("SELECT * FROM household_id_history") == [(was, now["anna"], "run-2", "split")]


def test_the_order_of_delivery_changes_nothing() -> None:
    def build(order: list[int]) -> list[tuple[Any, ...]]:
        world = World()
        for number in order:
            world.incident(number, f"2025-01-{number + 10}", f"p{number % 5}", f"p{number % 3}:verdachte")
        world.households()
        return world.db.rows("SELECT * FROM household_member ORDER BY ALL")

    assert build([1, 2, 3, 4, 5, 6]) == build([6, 3, 1, 5, 2, 4])
