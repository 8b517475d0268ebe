"""What tests of several kinds share."""

from __future__ import annotations

import pytest

from tests.nights import Night, publish
from tests.shared import once


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """One small published night; tests only read it."""
    return Night(once(tmp_path_factory, "night", publish))
