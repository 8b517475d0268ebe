"""Reports written once for the tests that only read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import reports
from tests.spec.reports import report_view as made
from tests.spec.reports.payloads import PAYLOADS


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the reports of an ordinary night, one source behind."""
    return write(tmp_path_factory.mktemp("reports"), stale=["vt-groningen"])


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with reports of a case view in which every text is an attack."""
    return write(tmp_path_factory.mktemp("hostile"), hostile=PAYLOADS, stale=PAYLOADS[:3])


def write(folder: Path, *, stale: list[str] | None = None, incidents: int = 900, **how: object) -> Path:
    """Write the reports of a made case view."""
    with made.build(incidents=incidents, **how) as db:  # type: ignore[arg-type]
        reports.write(db, folder, run_id=made.RUN, as_of=made.AS_OF, made_at=made.MADE_AT, stale=stale or [])
    return folder
