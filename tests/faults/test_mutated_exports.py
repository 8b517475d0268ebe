"""A few hundred mutated exports; ``make faults`` reads ten thousand."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.intake import reader as strict
from tests.faults import reader
from tests.faults.exports import Pool
from tests.faults.mutators import MUTATORS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


@pytest.mark.slow
def test_no_mutated_export_breaks_a_promise(folder: Path) -> None:
    tallies = reader.examine(5 * len(MUTATORS), 7, folder)
    assert [failure for tally in tallies.values() for failure in tally.wrong] == []
    assert all(tally.files == 5 for tally in tallies.values())
    assert sum(tally.accepted for tally in tallies.values()) > 1000
    assert sum(tally.rejected.total() for tally in tallies.values()) > 100


@pytest.mark.parametrize("name", reader.CONTROLS)
def test_another_reader_breaks_them(folder: Path, name: str) -> None:
    broken = reader.examine_control(reader.CONTROLS[name], 4 * len(MUTATORS), 7, folder)
    assert broken["swallowed"]
    assert broken["taken whole"]


def plainly(mutator: str, folder: Path, tries: int = 20) -> list[str]:
    """Return what is wrong with the records of files of one mutator."""
    pool, wrong = Pool(folder / mutator, incidents=20), []
    for seed in range(tries):
        dice = random.Random(seed)
        export = pool.export(dice, "politie_bvh", "personen.csv")
        mutation = MUTATORS[mutator](dice, export)
        right = reader.strictly(export, export.data)
        wrong += reader.judge(export, mutation, reader.strictly(export, mutation.data), right)
    return wrong


def swallow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "_starts_a_record", lambda *_: False)


def take_rows_in_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    real = strict._quoted

    def one_line(lines: list[str], number: int, *rest: Any) -> tuple[list[str] | str, int]:
        found, last = real(lines, number, *rest)
        return (found, number) if isinstance(found, str) else (found, last)

    monkeypatch.setattr(strict, "_quoted", one_line)


def give_up_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    real = strict._quoted

    def one_more(lines: list[str], number: int, *rest: Any) -> tuple[list[str] | str, int]:
        found, last = real(lines, number, *rest)
        return found, min(last + isinstance(found, str), len(lines) - 1)

    monkeypatch.setattr(strict, "_quoted", one_more)


def trust_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "_refuse_damage", lambda *_: None)


def trust_the_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "_is_coded_twice", lambda *_: False)


@pytest.mark.parametrize(
    ("break_it", "mutator"),
    [
        (swallow, "two stray quotes in one column"),
        (take_rows_in_fields, "row inside a quoted field"),
        (give_up_too_much, "stray quote"),
        (trust_the_bytes, "cut off anywhere"),
        (trust_the_letters, "encoded twice"),
    ],
)
def test_without_one_of_its_guards_the_reader_breaks_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None], mutator: str
) -> None:
    assert plainly(mutator, folder) == []
    break_it(monkeypatch)
    assert plainly(mutator, folder) != []
