"""What the tests of regions share."""

from __future__ import annotations

import pytest

from linkage import casebook
from linkage.casebook.gap import take_apart


@pytest.fixture
def without_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the interval of the gap out: it takes most of the time, and nothing here rests on it."""
    monkeypatch.setattr(casebook, "STEPS", tuple(step for step in casebook.STEPS if step is not take_apart))
    monkeypatch.setattr(casebook, "VIEWS", tuple(name for name in casebook.VIEWS if name != "gap"))
