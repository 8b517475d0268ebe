"""The contestants: each takes the same standardised mentions to persons, without a label. See `PEERS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.contest.result import Result


@dataclass(frozen=True)
class Peer:
    """A contestant: what it is called in tables, and the module and function that do its work."""

    title: str
    module: str
    function: str = "link"
    package: str = "duckdb"
    """What must be installed for it to take part."""

    def work(self) -> Callable[[Path], Result]:
        """Import what it needs."""
        work: Callable[[Path], Result] = getattr(import_module(f"benchmarks.contest.{self.module}"), self.function)
        return work


PEERS = {
    "rules": Peer("rules", "rules"),
    "ecm": Peer("recordlinkage ECM", "ecm", package="recordlinkage"),
    "splink": Peer("Splink 5, usual", "splink_peer", package="splink"),
    "splink_all": Peer("Splink 5, all", "splink_peer", "link_all", package="splink"),
    "ours": Peer("Inbeeld", "ours"),
}
