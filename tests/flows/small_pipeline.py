"""A pipeline of small steps in the place of the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any


@dataclass
class SmallNight:
    """What the flow needs of a night."""

    is_done: bool = False
    ran: list[str] = field(default_factory=list)


@dataclass
class SmallPipeline:
    """Replaces the steps by small ones, and says which of them ran."""

    night: SmallNight = field(default_factory=SmallNight)
    ended: list[str] = field(default_factory=list)
    refused: tuple[tuple[str, str, str], ...] = ()

    @contextmanager
    def start(self, config: Any, inbox: Path, out: Path, as_of: Any, progress: Callable[[str], None]) -> Iterator[Any]:
        progress("night started")
        try:
            yield self.night
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("well")

    def outcome(self, night: SmallNight) -> Any:
        return SimpleNamespace(
            run_id="run-1",
            status="published",
            as_of=None,
            accepted=2,
            refused=self.refused,
            exit_code=2 if self.refused else 0,
        )
