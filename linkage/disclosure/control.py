"""Disclosure control of tables of counts that leave the organisation, and the attacker who tries to undo it.

The rules are those that Statistics Netherlands' tables on Veilig Thuis show (domain study, section 4): no count below
`THRESHOLD` is given, every other one is rounded to a multiple of `BASE`, and percentages are made of rounded counts. As
totals are given too, a withheld count could be had back by subtraction; so further counts are withheld (complementary
suppression) until nobody who knows these rules and every relation between the counts can tell a small one more
closely than `PROTECTION`. What anybody can tell is found by linear programming: the audit of a suppression pattern in
A. Hundepool, J. Domingo-Ferrer, L. Franconi, S. Giessing, E. Schulte Nordholt, K. Spicer and P.-P. de Wolf, Statistical
Disclosure Control (Wiley 2012), section 4.3. Which counts to withhold besides is chosen greedily, the smallest that
helps: more than an optimum would, never too few.

What this does not do: it says nothing of a table that shows everybody of a group to be alike (100 %), nor of tables
of several periods or days that are held side by side (rounding blurs what they give, and nothing else does).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from linkage.components import components
from linkage.disclosure.program import Bounds, Program, Relations, Rows
from linkage.errors import ContractError

THRESHOLD = 10
"""The smallest count that is given."""
BASE = 5
"""Counts are rounded to multiples of this."""
PROTECTION = THRESHOLD - 1
"""The least width of what can be told of a small count: no closer than that it is one of ten."""
IDLE = 3
"""Tables that help no count any more, after which each gets a program of its own."""
WALL = 10_000.0
"""How far a withheld count is let go: it may have no upper end, and a program must."""
SLACK = 1e-6
"""What a solver may be off."""
PASSES = 100
"""How often all relations are taken one after the other, as long as that tells more."""

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def rounded(counts: Counts) -> Counts:
    """Return the nearest multiples of `BASE`."""
    return (counts + BASE // 2) // BASE * BASE


def protect(counts: Counts, relations: Relations, costs: Counts | None = None) -> Mask:
    """Return which counts must be withheld so that no small one can be told too closely.

    ``costs``: of the counts that may be withheld besides, the cheapest goes first; the smallest when none are given.
    Raises `ContractError` when a relation is not true of the counts: the choice would be made for another table.
    """
    if not relations.hold(counts):
        raise ContractError("the counts to protect break a relation between them")
    withheld = counts < THRESHOLD
    for cells, own in _components(len(counts), relations):
        if withheld[cells].any():
            withheld[cells] = _protect(counts[cells], own, withheld[cells], (counts if costs is None else costs)[cells])
    return withheld


def attack(published: Bounds, relations: Relations, which: Iterable[int] | None = None) -> tuple[Bounds, Bounds]:
    """Return the least and the greatest value that each count can have; of some counts only, when ``which`` names them.

    ``published`` holds the rounded counts, NaN where one is withheld. This is all that an attacker can know who has
    everything that was published, the rules and the relations; the bounds are those of the linear program, rounded to
    whole counts.
    """
    low, high = np.zeros(len(published)), np.full(len(published), np.inf)
    wanted = set(range(len(published)) if which is None else which)
    for cells, own in _components(len(published), relations):
        attacker = _Attacker(published[cells], own)
        for place, cell in enumerate(cells):
            if cell in wanted:
                least, most = attacker.bounds(place)
                low[cell], high[cell] = np.ceil(least - SLACK), np.floor(most + SLACK)
    return low, high


class _Attacker:
    """The linear program over the counts of one component, with what was published as bounds."""

    def __init__(self, published: Bounds, relations: Relations) -> None:
        size = len(published)
        known = ~np.isnan(published)
        reach = (BASE - 1) // 2
        self.low = np.where(known, np.maximum(published - reach, THRESHOLD), 0.0)
        self.high = np.where(known, published + reach, np.inf)
        self.program = Program(size, relations)

    def bounds(self, cell: int) -> tuple[float, float]:
        """Return the least and the greatest value of one count."""
        direction = np.zeros(len(self.low))
        direction[cell] = 1.0
        least, most = (self.program.furthest(sign * direction, self.low, self.high) for sign in (-1.0, 1.0))
        return (0.0 if least is None else least[cell]), (np.inf if most is None else most[cell])


def _protect(counts: Counts, relations: Relations, withheld: Mask, costs: Counts) -> Mask:
    """Withhold more and more counts of one component, until the small ones are safe."""
    moves, lines = _Moves(counts, relations), _lines(len(counts), relations)
    while True:
        for exposed in moves.exposed(withheld):
            more = {cell for one in exposed if (cell := _cheapest(one, costs, lines, withheld)) is not None}
            if more:
                break
        else:
            return withheld
        withheld = withheld.copy()
        withheld[sorted(more)] = True


class _Moves:
    """Other tables that would have been published alike: how far each count goes in one of them.

    Any such table shows how far counts can go at least, and withholding more only allows more of them, so what was seen
    once stays true. One table moves many counts at once, as far as each has to go; what the relations tell closely when
    they are taken one after the other needs no table. The others get programs of their own.
    """

    def __init__(self, counts: Counts, relations: Relations) -> None:
        self.counts = counts.astype(np.float64)
        self.least, self.most = self.counts.copy(), self.counts.copy()
        self.program = Program(len(counts), relations)
        self.given = rounded(counts)

    def exposed(self, withheld: Mask) -> Iterator[list[int]]:
        """Yield small counts that cannot be moved far enough: first all that the relations tell, then one at a time."""
        told = np.flatnonzero(self._told(withheld) & withheld & (self.counts < THRESHOLD))
        yield [int(cell) for cell in told]
        self._move_together(withheld)
        for cell in self._doubtful(withheld):
            for sign in (1.0, -1.0):
                if self._width(cell) < PROTECTION:
                    self._move(np.array([cell]), sign, withheld)
            if self._width(cell) < PROTECTION:
                yield [int(cell)]

    def _move_together(self, withheld: Mask) -> None:
        """Move all counts that are in doubt, the one before the other as the dice fall, while that helps."""
        dice, idle = np.random.default_rng(0), 0
        while idle < IDLE and len(doubtful := self._doubtful(withheld)) > 1:
            self._move(doubtful, dice.random(len(doubtful)) + 0.5, withheld)
            below = self._doubtful(withheld)
            below = below[self.least[below] > SLACK]
            if len(below):
                self._move(below, -1.0, withheld)
            idle = 0 if len(self._doubtful(withheld)) < len(doubtful) else idle + 1

    def _doubtful(self, withheld: Mask) -> npt.NDArray[np.intp]:
        small = withheld & (self.counts < THRESHOLD)
        return np.flatnonzero(small & (self.most - self.least < PROTECTION - SLACK))

    def _width(self, cell: int) -> float:
        return float(np.floor(self.most[cell] + SLACK) - np.ceil(self.least[cell] - SLACK))

    def _limits(self, withheld: Mask) -> tuple[Bounds, Bounds]:
        """Return what was published as bounds of each count."""
        reach = (BASE - 1) // 2
        low = np.where(withheld, 0.0, np.maximum(self.given - reach, THRESHOLD))
        return low, np.where(withheld, self.counts + WALL, self.given + reach)

    def _told(self, withheld: Mask) -> Mask:
        """Return the counts of which one relation after the other tells too much: no table can move these."""
        low, high = self._limits(withheld)
        for _ in range(PASSES):
            before = high - low
            for rows, is_sum in ((self.program.sums, True), (self.program.at_most, False)):
                _tighten(rows, low, high, is_sum=is_sum)
            if np.array_equal(before, high - low):
                break
        return np.asarray(np.floor(high + SLACK) - np.ceil(low - SLACK) < PROTECTION)

    def _move(self, cells: npt.NDArray[np.intp], weights: Bounds | float, withheld: Mask) -> None:
        """Go up (down: a weight below 0) with some counts as far as needed and allowed; keep what was seen of each."""
        low, high = self._limits(withheld)
        high[cells] = np.minimum(high[cells], self.least[cells] + PROTECTION)
        direction = np.zeros(len(self.counts))
        direction[cells] = weights
        found = self.program.furthest(direction, low, high)
        if found is not None:
            self.least, self.most = np.minimum(self.least, found), np.maximum(self.most, found)


def _tighten(rows: Rows, low: Bounds, high: Bounds, *, is_sum: bool) -> None:
    """Narrow bounds in place to what each row tells of each of its counts: the row is 0, or at most 0."""
    if not len(rows):
        return
    start, cell, sign = rows.start, rows.cell, rows.sign
    row = np.repeat(np.arange(len(rows)), np.diff(start))
    least, most = np.minimum(sign * low[cell], sign * high[cell]), np.maximum(sign * low[cell], sign * high[cell])
    up = least - np.add.reduceat(least, start[:-1])[row]
    down = most - np.add.reduceat(most, start[:-1])[row] if is_sum else np.full(len(up), -np.inf)
    is_part = sign > 0
    np.minimum.at(high, cell, np.where(is_part, up, -down))
    np.maximum.at(low, cell, np.where(is_part, down, -up))


def _lines(size: int, relations: Relations) -> list[list[tuple[int, ...]]]:
    """Return the sums, as total and parts, that each count stands in."""
    lines: list[list[tuple[int, ...]]] = [[] for _ in range(size)]
    for total, parts in relations.sums:
        for cell in (total, *parts):
            lines[cell].append((total, *parts))
    return lines


def _cheapest(cell: int, costs: Counts, lines: list[list[tuple[int, ...]]], withheld: Mask) -> int | None:
    """Return the count to withhold for one that is exposed.

    A sum in which it is the only one withheld tells most, the shortest first; without such a sum, it is the cheapest
    count in any sum with it, or with others that stand in one.
    """
    own = sorted((len(line), line) for line in lines[cell] if withheld[list(line)].sum() == 1)
    if own:
        return int(min((costs[other], other) for other in own[0][1] if other != cell)[1])
    reached = {cell}
    while True:
        around = reached.union(*(line for one in reached for line in lines[one]))
        published = [(costs[other], other) for other in around if not withheld[other]]
        if published:
            return int(min(published)[1])
        if around <= reached:
            return None
        reached = around


def _components(size: int, relations: Relations) -> Iterable[tuple[npt.NDArray[np.intp], Relations]]:
    """Yield the counts that hang together, with their relations renumbered."""
    links = [(one, other) for one, others in (*relations.sums, *relations.at_most) for other in others]
    left, right = np.array(links, dtype=np.int64).reshape(-1, 2).T
    label = components(size, left, right)
    count = int(label.max(initial=-1)) + 1
    sums: dict[int, Relations] = {number: Relations() for number in range(count)}
    members = [np.flatnonzero(label == number) for number in range(count)]
    place = np.empty(size, dtype=np.int64)
    for cells in members:
        place[cells] = np.arange(len(cells))
    for name in ("sums", "at_most"):
        for one, others in getattr(relations, name):
            renumbered = (int(place[one]), tuple(int(place[other]) for other in others))
            getattr(sums[int(label[one])], name).append(renumbered)
    for number, cells in enumerate(members):
        yield cells, sums[number]
