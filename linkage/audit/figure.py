"""One compared figure, and what makes it stop a night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import sqrt

from linkage import contracts
from linkage.engine.base import Engine

OK, FIRST, SMALL, STOP, ACCEPTED, UNLIKE = "ok", "first", "small", "stop", "accepted", "unlike"
TABLE = "audit"


@dataclass(frozen=True)
class Figure:
    """A row of table ``audit``."""

    measure: str
    scope: str
    name: str
    before: float | None
    after: float | None
    before_count: int | None
    after_count: int | None
    change: float | None
    allowed: float | None
    verdict: str

    @property
    def line(self) -> str:
        """What moved, in one line: names of sources, municipalities and folders, and figures."""
        where = "" if self.scope == "all" else f" of {self.scope} {self.name}"
        if self.measure == "owed_delivery":
            return f"owed_delivery {self.name}: a rollback set it back, and the inbox does not hold it"
        if self.measure == "volume":
            usual = f"usually {_shown(self.before)} rows (a day, of an increment)"
            return f"volume{where}: {usual}, now {_shown(self.after)} ({self._moved})"
        return f"{self.measure}{where}: {_shown(self.before)} -> {_shown(self.after)} ({self._moved})"

    @property
    def _moved(self) -> str:
        if self.measure == "volume":
            return f"{_shown(self.change)} off, at most {_shown(self.allowed)}"
        return f"moved {abs(self.change or 0):.3g}, at most {_shown(self.allowed)}"

    def accepted(self) -> Figure:
        """Return the same figure, let pass by a person."""
        return replace(self, verdict=ACCEPTED)


def shares(
    measure: str, scope: str, name: str, before: tuple[int, int], after: tuple[int, int], *, allowed: float,
    least: int, certainty: float,
) -> Figure:  # fmt: skip
    """Compare two shares, (part, whole) each: beyond the limit and beyond chance stops.

    Chance is the pooled test of two proportions; most records are in both nights, so it is careful to stop.
    """
    old, new = _share(before), _share(after)
    change = None if old is None or new is None else new - old
    if change is None or min(before[1], after[1]) < least:
        verdict = SMALL
    else:
        is_beyond = abs(change) > allowed and _deviations(before, after) > certainty
        verdict = STOP if is_beyond else OK
    return Figure(measure, scope, name, old, new, before[1], after[1], change, allowed, verdict)


def counts(measure: str, scope: str, name: str, whole: int, moved: int, sign: int, *, allowed: float, least: int,
           least_moved: int) -> Figure:  # fmt: skip
    """Judge how many of ``whole`` records moved: as a share beyond the limit, and more than a handful."""
    change = sign * moved / whole if whole else None
    is_beyond = abs(change or 0) > allowed and moved >= least_moved
    verdict = SMALL if whole < least else STOP if is_beyond else OK
    return Figure(measure, scope, name, whole, whole + sign * moved, whole, moved, change, allowed, verdict)


def keep(db: Engine, figures: Iterable[Figure], *, is_first: bool) -> None:
    """Write figures into table ``audit``, in the place of those of an earlier run when ``is_first``."""
    declared = contracts.table(TABLE)
    if is_first or not db.has(TABLE):
        db.run(declared.ddl())
    names = [c.name for c in declared.columns]
    db.insert(TABLE, [[getattr(figure, name) for name in names] for figure in figures])


def let_pass(view: Engine) -> list[str]:
    """Return the lines of the figures that would have stopped the published night and that a person let pass."""
    if not view.has(TABLE):
        return []
    names = [field.name for field in fields(Figure)]
    rows = view.rows(f"SELECT {', '.join(names)} FROM {TABLE} WHERE verdict = '{ACCEPTED}' ORDER BY ALL")
    return [Figure(*row).line for row in rows]


def _share(counted: tuple[int, int]) -> float | None:
    return counted[0] / counted[1] if counted[1] else None


def _deviations(before: tuple[int, int], after: tuple[int, int]) -> float:
    pooled = (before[0] + after[0]) / (before[1] + after[1])
    spread = sqrt(pooled * (1 - pooled) * (1 / before[1] + 1 / after[1]))
    return abs(after[0] / after[1] - before[0] / before[1]) / spread if spread else 0.0


def _shown(value: float | None) -> str:
    if value is None:
        return "nothing"
    return f"{value:.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.3f}"
