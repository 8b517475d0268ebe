"""One temporary Prefect server for all flow tests, and a pipeline of small steps to run on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from small_pipeline import SmallNight, SmallPipeline

import flows.nightly
from linkage import pipeline

# isort: split
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def small_pipeline(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SmallPipeline]:
    def install(**steps: Callable[[SmallNight], None]) -> SmallPipeline:
        small = SmallPipeline()

        def named(name: str, run: Callable[[SmallNight], None]) -> Callable[[Any], None]:
            def work(night: SmallNight) -> None:
                night.ran.append(name)
                run(night)

            return work

        retries = {"take_in": 2}
        made = tuple(pipeline.Step(n, named(n, run), retries.get(n, 0)) for n, run in steps.items())
        monkeypatch.setattr(pipeline, "STEPS", made)
        monkeypatch.setattr(pipeline, "start", small.start)
        monkeypatch.setattr(pipeline, "outcome", small.outcome)
        monkeypatch.setattr(flows.nightly, "RETRY_SECONDS", 0)
        return small

    return install
