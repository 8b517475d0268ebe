"""An acceptance covers what was seen, once; it is on record for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkage.config import Config
from linkage.errors import UsageError
from linkage.ledger import Ledger
from linkage.overrides import Overrides, Owed, Stop
from linkage.store import OutFolder

NOW = datetime(2025, 3, 14, 1, 0, tzinfo=UTC)
LOST = Stop("links_lost", "all", "all", -0.1, "links_lost: 100 -> 90")


class Site:
    """The ledger of a folder, one run after the other."""

    def __init__(self, folder: OutFolder) -> None:
        self.ledger, self.overrides = Ledger(folder), Overrides(folder)

    def run(self, status: str, *stops: Stop, persons: int = 1) -> str:
        run_id = self.ledger.begin(NOW, Config())
        if stops:
            self.overrides.stopped(run_id, stops, persons=persons)
        self.ledger.end(run_id, status, message="", ended_at=NOW)
        return run_id


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    folder = OutFolder(tmp_path / "out")
    with folder.lock():
        yield Site(folder)


def test_an_acceptance_holds_until_a_run_publishes(site: Site) -> None:
    site.run("published")
    assert site.overrides.waiting() is None
    stopped = site.run("gate_failed", LOST)
    assert site.overrides.waiting() == (stopped, (LOST,))
    assert site.overrides.accepted() == ()
    assert site.overrides.accept(by="anna", reason="a new unit") == (stopped, (LOST,), 0)
    assert (site.overrides.accepted(), site.overrides.waiting()) == ((LOST,), None)
    site.run("failed")
    site.run("crashed")
    assert site.overrides.accepted() == (LOST,)
    site.run("published")
    assert site.overrides.accepted() == ()


def test_a_night_in_which_nothing_is_left_to_do_ends_what_waited(site: Site) -> None:
    site.run("gate_failed", LOST)
    site.run("nothing_new")
    assert site.overrides.waiting() is None


def test_two_stops_on_the_way_to_one_publication_are_accepted_one_by_one(site: Site) -> None:
    volume = Stop("volume", "delivery", "pol/2025-03-14", 900.0, "volume")
    site.run("gate_failed", volume)
    site.overrides.accept(by="anna", reason="a")
    second = site.run("gate_failed", LOST)
    assert site.overrides.waiting() == (second, (LOST,))
    site.overrides.accept(by="anna", reason="b")
    assert site.overrides.accepted() == (volume, LOST)


def test_where_two_people_are_asked_for_one_of_them_twice_is_not_enough(site: Site) -> None:
    """The second may see the night stopped again, by the same figure moved hardly further."""
    first = site.run("gate_failed", LOST, persons=2)
    assert site.overrides.accept(by="anna", reason="a") == (first, (LOST,), 1)
    with pytest.raises(UsageError, match="another person must too"):
        site.overrides.accept(by="Anna", reason="b")
    assert (site.overrides.accepted(2), site.overrides.waiting()) == ((), (first, (LOST,)))
    more = replace(LOST, change=-0.11)
    second = site.run("gate_failed", more, persons=2)
    assert site.overrides.accept(by="bert", reason="c") == (second, (more,), 0)
    assert site.overrides.waiting() is None
    further = replace(LOST, change=-0.13)
    assert site.overrides.passing([more, further], 2) == {more}, "bert's would cover it, anna's does not"
    assert site.overrides.passing([further], 1) == {further}


def test_who_went_on_without_a_delivery_is_counted_too(site: Site) -> None:
    site.run("published")
    gone = Owed("pol", "2025-03-14", "h2")
    owed = Stop("owed_delivery", "delivery", "pol/2025-03-14", None, "owed")
    site.overrides.rolled_back(by="anna", reason="x", before="00003-c", after="00001-a", deliveries=(gone,))
    site.run("gate_failed", owed, persons=2)
    site.overrides.accept(by="anna", reason="x")
    site.run("published")
    assert site.overrides.owed() == [gone], "one of two is not enough"
    site.run("gate_failed", owed, persons=2)
    site.overrides.accept(by="bert", reason="x")
    site.run("published")
    assert site.overrides.owed() == []


def test_a_ledger_of_an_earlier_version_asks_for_one_person(site: Site) -> None:
    stopped = site.run("gate_failed", LOST)
    with sqlite3.connect(site.overrides.path) as db:
        db.execute("DROP TABLE quorum")
    db.close()
    assert site.overrides.waiting() == (stopped, (LOST,))
    assert site.overrides.accept(by="anna", reason="x") == (stopped, (LOST,), 0)
    assert site.overrides.accepted() == (LOST,)


@pytest.mark.parametrize(
    ("other", "is_covered"),
    [
        (Stop("links_lost", "all", "all", -0.1, ""), True),
        (Stop("links_lost", "all", "all", -0.12, ""), True),
        (Stop("links_lost", "all", "all", -0.05, ""), True),
        (Stop("links_lost", "all", "all", -0.13, ""), False),
        (Stop("links_lost", "all", "all", 0.1, ""), False),
        (Stop("links_lost", "source", "pol", -0.1, ""), False),
        (Stop("links_won", "all", "all", -0.1, ""), False),
        (Stop("links_lost", "all", "all", None, ""), False),
    ],
)
def test_it_covers_the_same_figure_moving_the_same_way_and_hardly_further(other: Stop, is_covered: bool) -> None:
    assert LOST.covers(other) is is_covered


def test_without_a_stop_or_a_reason_there_is_nothing_to_accept(site: Site) -> None:
    site.run("gate_failed")
    with pytest.raises(UsageError, match="no run waits"):
        site.overrides.accept(by="anna", reason="x")
    site.run("gate_failed", LOST)
    for by, reason in [(" ", "x"), ("anna", ""), ("anna", "x" * 1001)]:
        with pytest.raises(UsageError, match="must have 1 to 1000 characters"):
            site.overrides.accept(by=by, reason=reason)
    assert site.overrides.accepted() == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM acceptance",
        "UPDATE acceptance SET reason = 'other'",
        "DELETE FROM finding",
        "INSERT OR REPLACE INTO acceptance VALUES (1, 'x', 'x', 'x', 'x')",
    ],
)
def test_the_record_only_grows(site: Site, statement: str) -> None:
    site.run("gate_failed", LOST)
    site.overrides.accept(by="anna", reason="x")
    db = sqlite3.connect(site.overrides.path)
    with pytest.raises(sqlite3.IntegrityError, match="the ledger only grows"):
        db.execute(statement)
    db.close()


def test_a_rollback_that_died_before_the_swap_owes_nothing(site: Site) -> None:
    """It is written down before the swap: what the publication still holds cannot be missing."""
    run_id = site.run("published")
    held, gone = Owed("pol", "2025-03-13", "h1"), Owed("pol", "2025-03-14", "h2")
    with sqlite3.connect(site.ledger.path) as db:
        db.execute("INSERT INTO accepted VALUES ('h1', 'pol', '2025-03-13', ?, '')", (run_id,))
    db.close()
    site.overrides.rolled_back(by="anna", reason="x", before="00002-b", after="00001-a", deliveries=(held,))
    assert site.overrides.owed() == []
    site.overrides.rolled_back(by="anna", reason="x", before="00003-c", after="00001-a", deliveries=(held, gone))
    assert site.overrides.owed() == [gone]
