"""The difference between incidents and reports taken apart, as a manager could read it."""

from __future__ import annotations

import pytest

from tests.worlds import World, fill

PARTS = ("scope", "not_yet_arrived", "covered", "follow_ups", "missed_links", "false_links", "truly_absent")


def parts(world: World, municipality: str = "alle", period: str = "alle") -> dict[str, float]:
    """Return the parts of one municipality and period, rounded."""
    rows = world.db.rows(
        "SELECT part, expected FROM gap_part WHERE municipality_code = ? AND period = ?", [municipality, period]
    )
    return {part: round(expected, 1) for part, expected in rows}


@pytest.fixture(scope="module")
def region() -> World:
    """Two municipalities: what each incident is stands beside it."""
    world = World()
    world.incident(1, "2025-01-05 20:00:00", "anna", "bram:verdachte").report("R1", "2025-01-07 09:00:00", "anna")
    world.incident(2, "2025-01-06 20:00:00", "cor", "dina:verdachte")  # no report
    world.incident(3, "2025-01-08 20:00:00", "eef", record_status="ingetrokken")  # out of scope
    world.incident(4, "2025-02-01 20:00:00", "gijs", incident_municipality_code="GM0109")  # no report
    world.incident(5, "2025-03-25 20:00:00", "hans", incident_municipality_code="GM0109")  # young
    world.report("R2", "2025-02-10 09:00:00", "ine")  # of no incident
    return world.households().reconcile()


def test_the_parts_sum_to_the_raw_difference(region: World) -> None:
    told = parts(region)
    assert told["raw_difference"] == 5 - 2
    assert sum(told[name] for name in PARTS) == pytest.approx(told["raw_difference"], abs=0.3)
    rows = region.db.rows(
        "SELECT municipality_code, period, sum(expected) FILTER (part <> 'raw_difference'), "
        "sum(expected) FILTER (part = 'raw_difference') FROM gap_part GROUP BY ALL"
    )
    assert len(rows) == 1 + 2 + 3 + 4
    assert all(made == pytest.approx(raw, abs=1e-9) for _, _, made, raw in rows)


def test_what_is_counted_is_counted(region: World) -> None:
    told = parts(region)
    assert (told["scope"], told["covered"]) == (1, 0)
    assert told["follow_ups"] == 1 - 2, "one incident has a report, the police sent two"


def test_a_municipality_has_its_own_incidents(region: World) -> None:
    assert parts(region, "GM0109")["raw_difference"] == 2
    assert parts(region, "GM0118", "2025-01")["raw_difference"] == 3 - 1
    assert parts(region, "GM0118", "2025-02")["raw_difference"] == 0 - 1, "a month with a report and no incident"


def test_the_estimate_is_near_what_was_seen_where_nothing_speaks_against_it(region: World) -> None:
    [(judged, unmatched, absent, low, high, rate)] = region.db.rows(
        "SELECT judged, unmatched, absent, absent_low, absent_high, gap_rate FROM gap_estimate "
        "WHERE municipality_code = 'alle' AND period = 'alle'"
    )
    assert (judged, unmatched) == (3, 2)
    assert low <= absent <= high
    assert 1.5 <= absent <= 2.5
    assert rate == pytest.approx(absent / judged)


def test_totals_are_narrower_than_the_sum_of_their_cells() -> None:
    world = World()
    for number in range(1, 61):
        place = "GM0118" if number % 2 else "GM0109"
        world.incident(number, "2025-01-05 20:00:00", f"a{number}", incident_municipality_code=place)
        if number % 3:
            world.report(f"R{number}", "2025-01-07 09:00:00", f"a{number}")
    world.households().reconcile()
    widths = dict(
        world.db.rows("SELECT municipality_code, absent_high - absent_low FROM gap_estimate WHERE period = 'alle'")
    )
    assert 0 < widths["alle"] <= widths["GM0109"] + widths["GM0118"]


def test_a_region_in_which_nothing_counts_has_no_gap() -> None:
    world = World().incident(1, "2025-01-05 20:00:00", "anna", record_status="ingetrokken").households().reconcile()
    [told] = world.db.rows("SELECT judged, absent, gap_rate FROM gap_estimate WHERE period = 'alle' LIMIT 1")
    assert told == (0, 0.0, None)
    assert parts(world)["scope"] == parts(world)["raw_difference"] == 1


def test_a_report_that_may_be_about_either_of_two_incidents_is_missed_or_false_at_one_of_them() -> None:
    """The latest one has it by the rules; the earlier one may be whose report it is."""
    world = World()
    world.incident(1, "2025-01-05 20:00:00", "anna").incident(2, "2025-01-06 20:00:00", "anna")
    world.report("R1", "2025-01-07 09:00:00", "anna")
    told = parts(world.households().reconcile())
    assert told["missed_links"] > 0.2
    assert told["false_links"] < -0.2
    assert told["truly_absent"] == pytest.approx(1, abs=0.3)


def answered_by(*rules: str) -> World:
    """Return thirty families with a report and ten without; the rules found who is on the one and on the other."""
    world = World()
    for number in range(1, 41):
        world.incident(number, "2025-01-05 20:00:00", f"a{number}")
        if number <= 30:
            world.report(f"R{number}", "2025-01-07 09:00:00", f"a{number}")
    world.households()
    known = ("bsn", "birth_initial", "address", "words")
    fill(world.db, "blocking_rule", [
        {"rule": rule, "why": "", "max_block": 9, "dropped_blocks": 0, "dropped_mentions": 0, "pairs": 30}
        for rule in known
    ])  # fmt: skip
    bits = sum(1 << known.index(rule) for rule in rules)
    same = world.db.rows(
        "SELECT min(mention_id), max(mention_id) FROM mention_person GROUP BY person_id HAVING count(*) = 2"
    )
    pair = {"match_probability": 0.99, "match_weight": 7.0, "pattern": 0, "rules": bits}
    fill(world.db, "pair", [{"left_id": left, "right_id": right} | pair for left, right in same])
    return world.reconcile()


def test_where_links_hang_on_one_kind_of_evidence_more_are_expected_to_be_missed() -> None:
    one, several = (parts(answered_by(*rules))["missed_links"] for rules in (("words",), ("words", "bsn", "address")))
    assert one > several + 0.1


def reviewed(*said: tuple[str, str, str, float]) -> World:
    """Return five incidents; ``said``: a person of an incident, one of a report, a verdict, the model's probability."""
    world = World().maybe("dina", "dinah")
    world.incident(1, "2025-01-05 20:00:00", "anna").report("R1", "2025-01-07 09:00:00", "anna")
    world.incident(2, "2025-01-06 20:00:00", "cor").report("R2", "2025-01-08 09:00:00", "cora")
    world.incident(3, "2025-01-09 20:00:00", "dina").report("R3", "2025-01-10 09:00:00", "dinah")
    world.incident(4, "2025-01-09 20:00:00", "eef").incident(5, "2025-01-09 20:00:00", "fien")
    world.households()
    mentions = dict(
        world.db.rows("SELECT person_id || record_kind, mention_id FROM mention JOIN mention_person USING (mention_id)")
    )
    rows, pairs = [], []
    for number, (one, other, verdict, probability) in enumerate(said, 1):
        left, right = sorted((mentions[f"p-{one}incident"], mentions[f"p-{other}case"]))
        pair = {"left_id": left, "right_id": right}
        rows.append({"decision_id": number, "verdict": verdict, "outcome": "applied"} | pair)
        pairs.append({"match_probability": probability, "match_weight": 0.0, "pattern": 0, "rules": 0} | pair)
    fill(world.db, "decision", rows)
    fill(world.db, "pair", pairs)
    return world.reconcile()


def used(world: World) -> int:
    """Return how many incidents that reviewers looked at the estimate used."""
    [(incidents,)] = world.db.rows("SELECT DISTINCT reviewed FROM gap_estimate")
    return int(incidents)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((), 0),
        ((("anna", "anna", "same", 0.4),), 1),  # the decision gave the incident its report
        ((("anna", "anna", "same", 0.99),), 1),  # a link that a person confirms
        ((("cor", "cora", "different", 0.2),), 1),  # a person looked, and the report is of others
        ((("cor", "cora", "different", 0.95),), 1),  # a link that a person took away
        ((("cor", "cora", "unsure", 0.2),), 0),  # nobody can tell
        ((("cor", "dinah", "different", 0.2), ("cor", "cora", "different", 0.2)), 1),  # one incident, looked at twice
        ((("anna", "cora", "different", 0.2),), 0),  # another report answers it
    ],
    ids=["none", "found", "confirmed", "absent", "taken away", "unsure", "twice", "answered otherwise"],
)
def test_what_reviewers_said_enters_the_estimate(said: tuple[tuple[str, str, str, float], ...], expected: int) -> None:
    assert used(reviewed(*said)) == expected


def test_the_fitted_interval_is_never_narrower_than_the_bounds_of_review(region: World) -> None:
    rows = region.db.rows(
        "SELECT g.unmatched, review, incidents - excluded - pending, g.gap_rate_low, g.gap_rate_high, "
        "e.gap_rate_low, e.gap_rate_high FROM gap g JOIN gap_estimate e USING (municipality_code) "
        "WHERE e.period = strftime(g.month, '%Y-%m') AND judged > 0"
    )
    assert rows
    for unmatched, review, judged, low, high, fitted_low, fitted_high in rows:
        assert low == pytest.approx(min(unmatched / judged, fitted_low))
        assert high == pytest.approx(max((unmatched + review) / judged, fitted_high))
