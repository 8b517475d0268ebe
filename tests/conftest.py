"""What tests of several kinds share."""

from __future__ import annotations

import pytest

from tests.nights import Night, publish


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """One small published night; tests only read it."""
    return publish(tmp_path_factory.mktemp("night"))
