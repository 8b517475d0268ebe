"""Telling somebody that a night stopped: through the Prefect notification block that the settings name.

Prefect's own automations can do the same without a setting (trigger: a run of ``nightly`` enters Failed or Crashed).
What is sent is what Prefect has anyway: the name of the run, its state and its one-line message, which holds no value
of a record. A block is loaded by name, so its address and secret stay in Prefect's encrypted block store.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import flows  # noqa: F401  # its settings must stand before prefect is imported

# isort: split
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.schemas.objects import FlowRun, State
from prefect.logging import get_logger

from linkage import config as settings
from linkage.errors import InbeeldError
from linkage.ledger import LOCAL

NEXT = "What is published stays as it is where the message does not say otherwise; see inbeeld status."


def night_stopped(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Send the state of a night that failed or crashed; what keeps it from being sent never changes the night."""
    name = _block(flow_run.parameters.get("config"))
    if name is None:
        return
    try:
        # A block is only known by its type once its class is imported.
        import prefect.blocks.notifications  # noqa: F401

        block = Block.load(name)
        assert isinstance(block, NotificationBlock), "the block is no notification block"
        sent: Any = block.notify(subject=f"Inbeeld: {state.name}", body=f"{_night(flow_run)}: {state.message}\n{NEXT}")
        if inspect.isawaitable(sent):  # most blocks send when called, but a site's own may be written for a loop
            asyncio.run(_finish(sent))
    except Exception as error:  # noqa: BLE001
        get_logger("inbeeld").error("notification block %s could not be used: %s", name, type(error).__name__)


def _night(flow_run: FlowRun) -> str:
    """Return which night it is: who reports a killed one knows it by the name that Prefect made up for it."""
    start = flow_run.expected_start_time
    return f"night of {start.astimezone(LOCAL):%Y-%m-%d}" if start else str(flow_run.name)


async def _finish(sent: Awaitable[None]) -> None:
    await sent


def _block(config: str | None) -> str | None:
    try:
        return settings.load(Path(config) if config else None).operations.notify_block
    except InbeeldError:
        return None
