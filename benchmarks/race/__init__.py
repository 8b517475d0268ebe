"""Record linkage by several programs on the sets of `benchmarks.sets`, each in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Contestant:
    """A module of this package, in one of its styles."""

    title: str
    module: str
    package: str
    """What must be installed for it."""
    style: str | None = None
    environment: str | None = None
    """The folder of its own environment; without one it shares that of the runner."""
    most_rows: int | None = None
    """Rows per file beyond which it would take too long."""
    needs_address: bool = False

    @property
    def python(self) -> Path:
        """The interpreter that it runs in."""
        return TOP / self.environment / "bin" / "python" if self.environment else Path(sys.executable)

    def missing(self) -> str | None:
        """Return why it cannot run on this machine, or None."""
        if self.environment:
            return None if self.python.exists() else f"there is no {self.environment}"
        return None if find_spec(self.package) else f"{self.package} is not installed"

    def fits(self, told: dict[str, object]) -> bool:
        """Return whether a set, told by its set.json, is one for it."""
        rows = told["rows"]
        assert isinstance(rows, list)
        return (self.most_rows is None or max(rows) <= self.most_rows) and not (
            self.needs_address and not told["address"]
        )


OURS = "ours"
PEERS = {
    "splink_usual": Contestant("Splink 5, usual", "splink_peer", "splink", "usual"),
    "splink_fast": Contestant("Splink 5, fast", "splink_peer", "splink", "fast"),
    "splink_address": Contestant("Splink 5, one address", "splink_peer", "splink", "address", needs_address=True),
    "splink_fast_address": Contestant(
        "Splink 5, fast, one address", "splink_peer", "splink", "fast_address", needs_address=True
    ),
    "mismo": Contestant("mismo, usual", "mismo_peer", "mismo", "usual", ".venv-bench-mismo"),
    "mismo_apart": Contestant("mismo, apart", "mismo_peer", "mismo", "apart", ".venv-bench-mismo"),
    "ecm": Contestant("recordlinkage ECM, first", "ecm_peer", "recordlinkage", "first", most_rows=100_000),
    "ecm_every": Contestant("recordlinkage ECM, every", "ecm_peer", "recordlinkage", "every", most_rows=100_000),
    "ceiling": Contestant("labels given (no contestant)", "ceiling", "sklearn", "usual", most_rows=100_000),
    OURS: Contestant("Inbeeld", "ours", "benchmarks.race.ours", "usual"),
    "ours_unique": Contestant("Inbeeld, unique files", "ours", "benchmarks.race.ours", "unique"),
}
