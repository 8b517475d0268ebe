"""The retraining flow writes a candidate and promotes nothing; what Prefect stores names nobody."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.retrain import retrain
from linkage.promotions import Promotions
from linkage.store import OutFolder
from tests.nights import Night

pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.slow
def test_a_candidate_is_written_and_not_promoted(prefect_server: None, night: Night, tmp_path: Path) -> None:
    shutil.copytree(night.out, tmp_path / "out", symlinks=True)
    state = retrain(out=str(tmp_path / "out"), return_state=True)
    promotions = Promotions(OutFolder(tmp_path / "out"))
    (candidate,) = promotions.candidates()
    assert state.is_completed()
    assert str(state.message).startswith(candidate.stem)
    assert promotions.current() is None


@pytest.mark.slow
def test_nothing_published_fails_with_one_line(prefect_server: None, tmp_path: Path) -> None:
    state = retrain(out=str(tmp_path), return_state=True)
    assert state.is_failed()
    assert "holds no published case view" in str(state.message)
