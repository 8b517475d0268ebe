"""Pairs to clusters: connected components, and average linkage inside those that contradict themselves.

A component is sound when it is no larger than the cap, every pair in it was compared and agrees, and nothing
says that two of its nodes are two people. The others are divided by average linkage: a mention that fits two
people cannot chain them together, because their own pairs say that they differ. Only components are looked
at one by one, and those of one size at a time, so that millions of nodes take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.components import components
from linkage.entities.agglomerate import Batch
from linkage.entities.constraints import Constraints, constraints

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

UNKNOWN = -3.0
"""Weight of a pair inside a component that no rule found worth comparing."""
CLIP = 14.0
"""Weights beyond this are equally certain; without a bound one equal BSN would outvote many conflicts."""
SLOPE = 1e-3
"""What a bit beyond the clip counts: enough to order what is certain."""
LARGEST = 1000
"""Nodes of a component up to which its full matrix is made; above, weak links go first."""
STEP = 2.0
"""Bits by which the cut of a component that is too large is raised at a time."""
CELLS = 2_000_000
"""Cells of the matrices that are worked on at a time."""
MARGIN = 1.0
"""Bits within which two claims are equal."""
NO_CAP = 2**31


@dataclass(frozen=True)
class Claim:
    """A part that stays apart because it fits two parts equally well that may not be one; parts by a node."""

    node: int
    one: int
    other: int
    weight_one: float
    weight_other: float


@dataclass(frozen=True)
class Clusters:
    """A partition: ``labels`` (size,) from 0 in the order of each cluster's first node, and what was not joined."""

    labels: Ints
    ambiguous: tuple[Claim, ...] = ()
    capped: tuple[tuple[int, int], ...] = ()
    """A node of each part that was to grow past the cap, and how many nodes it was to have."""
    refused: tuple[tuple[int, str], ...] = ()
    """Position of each must-link that was refused, and why (`constraints.ONE_RECORD`, `CONTRADICTED`)."""
    raised: int = 0
    """Nodes of components that were too large to be looked at whole."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of nodes, each once with the smaller node left, and their weights."""

    left: Ints
    right: Ints
    weight: Floats

    def where(self, keep: Bools) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.left[keep], self.right[keep], self.weight[keep])


def clusters(
    size: int,
    left: Ints,
    right: Ints,
    weight: Floats,
    *,
    cut: float,
    record: Ints | None = None,
    seat: Ints | None = None,
    must: Ints | None = None,
    cannot: Ints | None = None,
    cap: int = NO_CAP,
    margin: float = MARGIN,
) -> Clusters:
    """Partition the nodes ``0 … size - 1`` by pairs (log2 odds in ``weight``; those from ``cut`` may join).

    No cluster holds two seats of one record (``record`` and ``seat``: (size,)) or a pair of ``cannot`` (k, 2),
    and rows of one seat and the pairs of ``must`` (k, 2, the first outranks the others) are together unless that
    would contradict them. No cluster has more than ``cap`` nodes unless it must. The result does not depend on the
    order of pairs or nodes. A pair that is given twice counts with its larger weight.
    """
    pairs = Pairs(np.asarray(left), np.asarray(right), np.asarray(weight, dtype=np.float64))
    if record is None and seat is None and must is None and cannot is None and cap > 1:
        return _unconstrained(size, pairs, cut=cut, cap=cap, margin=margin)
    rules = constraints(size, record, seat, must, cannot)
    return _divided(size, pairs, rules, record, seat, cut=cut, cap=cap, margin=margin)


def _divided(
    size: int,
    pairs: Pairs,
    rules: Constraints,
    record: Ints | None,
    seat: Ints | None,
    *,
    cut: float,
    cap: int,
    margin: float,
) -> Clusters:
    refused = tuple(sorted(rules.refused.items()))
    if not size:
        return Clusters(np.zeros(0, dtype=np.int64), refused=refused)
    labels, raised = _components(size, pairs, cut, rules)
    inside = _once(size, pairs.where(labels[pairs.left] == labels[pairs.right]))
    work = _Division(labels, inside, rules, record, seat, cap=cap, margin=margin)
    work.divide(work.contradictory(cut))
    return Clusters(_in_order(work.part), tuple(work.ambiguous), tuple(work.capped), refused, raised)


def _unconstrained(size: int, pairs: Pairs, *, cut: float, cap: int, margin: float) -> Clusters:
    """Return the clusters where nothing is known but the pairs.

    Two nodes that have no pair but their own are one cluster or two by its weight. That is nearly all pairs where a
    person stands twice, so that only the others have to be looked at as components.
    """
    degree = np.bincount(pairs.left, minlength=size) + np.bincount(pairs.right, minlength=size)
    is_alone = (degree[pairs.left] == 1) & (degree[pairs.right] == 1)
    part = np.arange(size, dtype=np.int32 if size < NO_CAP else np.int64)
    joined = pairs.where(is_alone & (pairs.weight >= cut))
    part[np.maximum(joined.left, joined.right)] = np.minimum(joined.left, joined.right)
    rest = pairs.where(~is_alone)
    has_rest = np.zeros(size, dtype=bool)
    has_rest[rest.left] = has_rest[rest.right] = True
    node = np.flatnonzero(has_rest)
    number = np.cumsum(has_rest, dtype=part.dtype) - 1
    renumbered = Pairs(number[rest.left], number[rest.right], rest.weight)
    free = constraints(len(node), None, None, None, None)
    found = _divided(len(node), renumbered, free, None, None, cut=cut, cap=cap, margin=margin)
    part[node] = node[np.unique(found.labels, return_index=True)[1]][found.labels]
    ambiguous = tuple(
        replace(claim, node=int(node[claim.node]), one=int(node[claim.one]), other=int(node[claim.other]))
        for claim in found.ambiguous
    )
    capped = tuple((int(node[at]), grown) for at, grown in found.capped)
    labels = (np.cumsum(part == np.arange(size, dtype=part.dtype)) - 1)[part]
    return Clusters(labels, ambiguous, capped, raised=found.raised)


def _in_order(part: Ints) -> Ints:
    """Number parts, each told by one of its nodes, from 0 in the order of their first node."""
    nodes = np.arange(len(part))
    first = np.empty_like(nodes)
    # Written backwards, so that the first node of a part is the one that stays.
    first[part[::-1]] = nodes[::-1]
    return np.asarray((np.cumsum(first[part] == nodes) - 1)[first[part]])


def _components(size: int, pairs: Pairs, cut: float, rules: Constraints) -> tuple[Ints, int]:
    """Return the components of sure pairs and must-links; weak links of those that are too large go first."""
    joined = np.flatnonzero(rules.group != np.arange(size))
    sure = pairs.where(pairs.weight >= cut)
    labels = components(size, np.r_[sure.left, joined], np.r_[sure.right, rules.group[joined]])
    raised = 0
    too_large = np.bincount(labels) > LARGEST
    while too_large.any():
        raised = raised or int(np.bincount(labels)[too_large].sum())
        cut += STEP
        crowded = too_large[labels[sure.left]]
        if not crowded.any():
            break
        sure = sure.where(~crowded | (sure.weight >= cut))
        labels = components(size, np.r_[sure.left, joined], np.r_[sure.right, rules.group[joined]])
        too_large = np.bincount(labels) > LARGEST
    return labels, raised


def _sorted(labels: Ints) -> Ints:
    """Return the places of labels (below 2^31) in their order; quicker than a stable argsort."""
    packed = labels.astype(np.int64) << 32 | np.arange(len(labels))
    packed.sort()
    return packed & 0xFFFFFFFF


def _once(size: int, pairs: Pairs) -> Pairs:
    """Return each pair once, ordered by its nodes, with its larger weight."""
    left = np.minimum(pairs.left, pairs.right).astype(np.int64)
    key = left * size + np.maximum(pairs.left, pairs.right)
    keep = (pairs.left != pairs.right) & ~np.isnan(pairs.weight)
    key, weight = key[keep], pairs.weight[keep]
    order = np.lexsort((-weight, key))
    key, weight = key[order], weight[order]
    first = np.diff(key, prepend=-1) != 0
    key = key[first]
    return Pairs(key // size, key % size, weight[first])


class _Division:
    """The components of a graph with the pairs inside them, divided where they contradict themselves."""

    def __init__(
        self,
        labels: Ints,
        pairs: Pairs,
        rules: Constraints,
        record: Ints | None,
        seat: Ints | None,
        *,
        cap: int,
        margin: float,
    ) -> None:
        self.cap, self.margin = cap, margin
        self.group = rules.group
        self.record, self.seat = record, seat
        self.labels = labels
        self.sizes = np.bincount(labels)
        self.order = _sorted(labels)
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.place = np.empty_like(labels)
        self.place[self.order] = np.arange(len(labels)) - np.repeat(self.starts, self.sizes)
        by_label = _sorted(labels[pairs.left])
        self.pairs = Pairs(pairs.left[by_label], pairs.right[by_label], pairs.weight[by_label])
        self.pair_ends = np.searchsorted(labels[self.pairs.left], np.arange(len(self.sizes) + 1))
        self.cannot = rules.cannot[labels[rules.cannot[:, 0]] == labels[rules.cannot[:, 1]]]
        self.part = self.order[self.starts[labels]]
        self.ambiguous: list[Claim] = []
        self.capped: list[tuple[int, int]] = []

    def contradictory(self, cut: float) -> Ints:
        """Return the components that are not sound."""
        against = np.bincount(self.labels[self.pairs.left], self.pairs.weight < cut, len(self.sizes)) > 0
        complete = np.diff(self.pair_ends) == self.sizes * (self.sizes - 1) // 2
        wrong = against | ~complete | (self.sizes > self.cap) | self._twice_on_a_record()
        wrong[self.labels[self.cannot[:, 0]]] = True
        return np.flatnonzero(wrong & (self.sizes > 1))

    def _twice_on_a_record(self) -> Bools:
        """Tell for each component whether it holds two seats of one record."""
        found = np.zeros(len(self.sizes), dtype=bool)
        if self.record is not None and self.seat is not None:
            order = np.lexsort((self.seat, self.record, self.labels))
            here, ahead = order[:-1], order[1:]
            same = (self.labels[here] == self.labels[ahead]) & (self.record[here] == self.record[ahead])
            found[self.labels[ahead][same & (self.seat[here] != self.seat[ahead])]] = True
        return found

    def divide(self, wrong: Ints) -> None:
        """Divide components, those of one size together and as many at a time as fit."""
        for size in np.unique(self.sizes[wrong]).tolist():
            alike = wrong[self.sizes[wrong] == size]
            step = max(1, CELLS // size**2)
            for start in range(0, len(alike), step):
                self._divide(alike[start : start + step], size)

    def _divide(self, chosen: Ints, size: int) -> None:
        nodes = self.order[self.starts[chosen][:, None] + np.arange(size)]
        weight, forbidden = self._matrices(chosen, nodes)
        batch = Batch(weight, forbidden, cap=self.cap, margin=self.margin)
        batch.join(self.place[self.group[nodes]])
        found = batch.run()
        self.part[nodes] = np.take_along_axis(nodes, found.part, axis=1)
        for b, part, one, other, weight_one, weight_other in found.ambiguous:
            at = nodes[b]
            self.ambiguous.append(Claim(int(at[part]), int(at[one]), int(at[other]), weight_one, weight_other))
        self.capped += [(int(nodes[b, part]), grown) for b, part, grown in found.capped]

    def _matrices(self, chosen: Ints, nodes: Ints) -> tuple[Floats, Bools]:
        """Return the weights and the cannot-links inside components as (m, n, n)."""
        count, size = nodes.shape
        weight = np.full((count, size, size), UNKNOWN)
        b, rows = _ranges(self.pair_ends[chosen], self.pair_ends[chosen + 1])
        one, other = self.place[self.pairs.left[rows]], self.place[self.pairs.right[rows]]
        weight[b, one, other] = weight[b, other, one] = squash(self.pairs.weight[rows])
        forbidden = np.zeros(weight.shape, dtype=bool)
        if self.record is not None and self.seat is not None:
            record, seat = self.record[nodes], self.seat[nodes]
            same = record[:, :, None] == record[:, None, :]
            alike = seat[:, :, None] == seat[:, None, :]
            forbidden |= same & ~alike
            weight[same & alike] = CLIP
        position = np.searchsorted(chosen, self.labels[self.cannot[:, 0]])
        here = chosen[np.minimum(position, count - 1)] == self.labels[self.cannot[:, 0]]
        one, other = self.place[self.cannot[here]].T
        forbidden[position[here], one, other] = forbidden[position[here], other, one] = True
        return weight, forbidden


def squash(weight: Floats) -> Floats:
    """Bound weights softly: beyond the clip a bit counts for a thousandth."""
    bounded = np.clip(weight, -CLIP, CLIP)
    return np.asarray(bounded + SLOPE * (np.clip(weight, -1e3, 1e3) - bounded))


def _ranges(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Return the numbers of several ranges one after the other, each with the number of its range."""
    lengths = ends - starts
    which = np.repeat(np.arange(len(starts)), lengths)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(starts, lengths)
