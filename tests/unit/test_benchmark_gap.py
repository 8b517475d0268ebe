"""The measurement of the gap's interval: regions that were kept are read and not simulated, and told as they are."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are run from a checkout, they are not installed

from benchmarks import figures, gap, gap_region
from benchmarks.gap_region import FORM, Region, Truth
from linkage.casebook.estimate import ANSWERED, UNMATCHED, Cells, Doubts, Probes

CELLS = Cells(np.array([100, 60]), np.array([14, 8]), np.array([2, 0]), np.array([46, 36]), np.array([0, 0]))
DOUBTS = Doubts(
    cell=np.array([0, 0, 1]),
    standing=np.array([UNMATCHED, ANSWERED, UNMATCHED]),
    report=np.array([5, 5, 8]),
    incident=np.array([0, 1, 2]),
    about=np.array([0.7, 0.3, 0.2]),
    whole=np.array([1.0, 1.0, 0.2]),
)
TRUTH = Truth(np.array([13, 7]), np.array([2, 1]), np.array([2, 0]), np.array([1, 0]), has=np.array([1, 0, 0]))
PROBES = Probes(60, 1, np.array([2, 20, 40, 20]))
REGION = Region(500, "medium", 1000, ["GM0109", "GM0118"], CELLS, DOUBTS, PROBES, TRUTH)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two regions, one of which lies by its seed among those that the belief was chosen on."""
    monkeypatch.setattr(figures, "OUT", tmp_path)
    for module in (gap, gap_region):
        monkeypatch.setattr(module, "KEPT", tmp_path / "gap")
    (tmp_path / "gap").mkdir()
    for seed in (1000, 2000):
        text = json.dumps(asdict(replace(REGION, seed=seed)), default=np.ndarray.tolist)
        (tmp_path / "gap" / f"500-medium-{seed}.{FORM}.json").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_region_that_was_kept_is_read(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(gap_region, "_night")
    again = Region.of(500, "medium", 1000)
    assert asdict(again).keys() == asdict(REGION).keys()
    assert (again.cells.answered == CELLS.answered).all() and (again.truth.missed == TRUTH.missed).all()


def test_the_command_tells_regions_of_its_own_seeds_and_draws_them(kept: Path) -> None:
    found = gap.gap(Console(quiet=True), kinds=((500, "medium", 1000, 1.0),), regions=1)
    rows = {row[0]: row[1] for row in found["rows"]}
    assert rows == {"500 medium": 1, "medium": 1, "all": 1, "20 reviewed": 1, "cells": 2}
    assert (kept / "gap.svg").read_text(encoding="utf-8").count("<circle") == 1


def test_who_looks_finds_what_is_there() -> None:
    looked = gap.reviewed(REGION, 22)
    sample = looked.reviews.unmatched
    assert (sample.yes, sample.no) == (3, 19)
    assert looked.region.truth.missed.sum() == 0 and looked.region.cells.known.sum() == 19
    assert looked.region.truth.absent.sum() == TRUTH.absent.sum()
    wide, narrow = (gap.told(one)[0] for one in (REGION, looked))
    assert (narrow.high - narrow.low < wide.high - wide.low).all()


def test_a_report_that_a_reviewer_gave_to_one_incident_is_no_longer_about_another() -> None:
    left = gap.reviewed(REGION, 22).region.doubts
    assert (left.standing == ANSWERED).all() and len(left.cell) == 1
    assert len(left.report) == 0


def test_a_reviewer_who_looks_at_none_leaves_all_as_it_is() -> None:
    looked = gap.reviewed(REGION, 0)
    assert looked.reviews.used == 0
    assert asdict(looked.region.cells).keys() == asdict(CELLS).keys()
    assert (looked.region.doubts.report == DOUBTS.report).all() and (looked.region.cells.unmatched == [14, 8]).all()
