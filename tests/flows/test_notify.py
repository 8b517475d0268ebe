"""A stopped night is told to the notification block that the settings name, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from small_pipeline import SmallNight, SmallPipeline

from flows.nightly import nightly
from linkage.errors import GateFailed
from linkage.ledger import LOCAL
from tests.server import serving

# isort: split
from prefect.blocks.notifications import CustomWebhookNotificationBlock

Install = Callable[..., SmallPipeline]
CANARY = "ZQ7-KANARIE-achternaam-0002"

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A local address that keeps what it is sent."""
    got: list[dict[str, Any]] = []

    def answer(_path: str, body: bytes) -> tuple[int, bytes]:
        got.append(json.loads(body))
        return 200, b""

    with serving(answer) as address:
        yield f"{address}/", got


def run(tmp_path: Path, block: str | None, url: str) -> str:
    """Run a night with a block that is known to the server, and settings that may name it."""
    body = {"subject": "{{subject}}", "body": "{{body}}"}
    CustomWebhookNotificationBlock(name="team", url=url, json_data=body).save("data-team", overwrite=True)
    config = tmp_path / "inbeeld.toml"
    config.write_text(f'[operations]\nnotify_block = "{block}"\n' if block else "", encoding="utf-8")
    folders = {"inbox": str(tmp_path / "inbox"), "out": str(tmp_path / "out")}
    return str(nightly(**folders, config=str(config), return_state=True).name)


def gate(night: SmallNight) -> None:
    raise GateFailed("the audit stopped the run, nothing was published: match_rate: 0.8 -> 0.5")


def crash(night: SmallNight) -> None:
    raise ValueError(CANARY)


def nothing(night: SmallNight) -> None:
    """A step that works."""


def test_a_stopped_night_is_told_with_its_reason(
    small_pipeline: Install, tmp_path: Path, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    url, got = heard
    small_pipeline(check=gate)
    assert run(tmp_path, "custom-webhook/data-team", url) == "Gate failed"
    [told] = got
    assert told["subject"] == "Inbeeld: Gate failed"
    assert "match_rate: 0.8 -> 0.5" in told["body"]
    assert told["body"].startswith(f"night of {datetime.now(LOCAL):%Y-%m-%d}: ")


def test_an_error_of_the_program_is_told_without_its_text(
    small_pipeline: Install, tmp_path: Path, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    url, got = heard
    small_pipeline(check=crash)
    assert run(tmp_path, "custom-webhook/data-team", url) == "Failed"
    assert "ValueError" in got[0]["body"]
    assert CANARY not in json.dumps(got)


def test_a_good_night_and_one_without_a_block_say_nothing(
    small_pipeline: Install, tmp_path: Path, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    url, got = heard
    small_pipeline(check=nothing)
    assert run(tmp_path, "custom-webhook/data-team", url) == "Completed"
    small_pipeline(check=gate)
    assert run(tmp_path, None, url) == "Gate failed"
    assert got == []


def test_a_block_that_does_not_exist_does_not_change_the_night(
    small_pipeline: Install, tmp_path: Path, heard: tuple[str, list[dict[str, Any]]]
) -> None:
    small_pipeline(check=gate)
    assert run(tmp_path, "custom-webhook/nobody", heard[0]) == "Gate failed"
