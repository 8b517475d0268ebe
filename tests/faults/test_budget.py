"""A suite that is run again with its folder goes on where it stopped, and begins nothing new when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import budget


@pytest.fixture(autouse=True)
def endless() -> Iterator[None]:
    yield
    budget.give(None)


def rounds(kept: Path | None, minutes: float | None, did: list[int]) -> list[int | None]:
    """Run a suite of three rounds, of which each writes down that it was done."""

    def work(number: int) -> int:
        did.append(number)
        return 10 * number

    budget.give(minutes, kept)
    with budget.folder("suite") as folder:
        assert folder.is_dir()
        return [budget.in_time(f"round {n}", lambda n=n: work(n)) for n in range(3)]


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    did: list[int] = []
    assert rounds(tmp_path, None, did) == rounds(tmp_path, None, did) == [0, 10, 20]
    assert did == [0, 1, 2]


def test_without_a_folder_each_run_begins_anew() -> None:
    did: list[int] = []
    assert rounds(None, None, did) == rounds(None, None, did) == [0, 10, 20]
    assert did == [0, 1, 2, 0, 1, 2]


def test_when_the_time_is_over_only_what_was_done_is_told(tmp_path: Path) -> None:
    did: list[int] = []
    budget.give(None, tmp_path)
    with budget.folder("suite"):
        budget.once("round 1", lambda: 10)
    assert rounds(tmp_path, -1, did) == [None, 10, None]
    assert did == []


def test_a_round_that_was_cut_off_while_it_was_written_down_is_done_again(tmp_path: Path) -> None:
    did: list[int] = []
    rounds(tmp_path, None, did)
    journal = tmp_path / "suite" / "journal"
    journal.write_bytes(journal.read_bytes()[:-3])
    assert rounds(tmp_path, None, did) == [0, 10, 20]
    assert did == [0, 1, 2, 2]
