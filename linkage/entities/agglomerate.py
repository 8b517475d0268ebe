"""Average linkage under constraints, for many components of one size at a time (Sokal & Michener 1958).

Two parts are joined in the order of their average weight, as long as it says more for than against. Unlike
the textbook's, this one never joins what may not be joined, does not choose between equal claims, and does not
depend on the order of the nodes: weights are whole numbers of ``1 / SCALE`` bits, so that sums are exact, and
what is equally good is joined at once or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.components import components

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SCALE = 2.0**20
ROWS = 4_000_000
"""Cells that are looked at together in the search for rival claims."""
AVERAGE_CUT = 0.0
"""Average weight between two parts from which they are one person: more for than against."""


@dataclass
class Found:
    """What a batch came to: ``part`` (m, n) is the first node of every node's part, by component."""

    part: Ints
    ambiguous: list[tuple[int, int, int, int, float, float]] = field(default_factory=list)
    """component, the part between two, the one and the other part, its average weights with them."""
    capped: list[tuple[int, int, int]] = field(default_factory=list)
    """component, a part that was to grow past the cap, and how many nodes it was to have."""


class Batch:
    """The parts of ``m`` components of ``n`` nodes while they are joined; a part is named by its first node."""

    def __init__(self, weight: Floats, forbidden: Bools, *, cap: int, margin: float) -> None:
        """Start with single nodes: ``weight`` (m, n, n) in bits and ``forbidden`` (m, n, n), both symmetric."""
        self.total = np.round(np.where(np.eye(weight.shape[1], dtype=bool), 0.0, weight) * SCALE)
        self.forbidden = forbidden
        self.cap, self.cut, self.margin = cap, AVERAGE_CUT * SCALE, margin * SCALE
        count, self.n = weight.shape[:2]
        self.size = np.ones((count, self.n))
        self.part = np.tile(np.arange(self.n), (count, 1))
        self.is_closed = np.zeros((count, self.n), dtype=bool)
        self.is_deferred = np.zeros_like(forbidden)
        self.watched = np.zeros_like(forbidden)
        self.capped: list[tuple[int, int, int]] = []
        self.mean = self.total.copy()
        self.claim = np.where(forbidden | np.eye(self.n, dtype=bool), -np.inf, self.mean)
        self.best = self.claim.max(axis=2)
        self.is_stale = np.zeros_like(self.is_closed)
        self.has_conflict: Bools = np.asarray((forbidden | (self.total < 0)).any(axis=(1, 2)))

    def join(self, group: Ints) -> None:
        """Join what must be one from the start: ``group`` (m, n) names a node of every node's group."""
        b, node = np.nonzero(group != np.arange(self.n))
        if len(b):
            self._merge(b, group[b, node], node)

    def run(self) -> Found:
        """Join parts until no two say more for than against."""
        active = np.arange(len(self.size))
        while len(active):
            b, node = np.nonzero(self.is_stale)
            self.best[b, node] = self.claim[b, node].max(axis=1)
            self.is_stale[b, node] = False
            best = self.best[active].max(axis=1)
            active, best = active[best >= self.cut], best[best >= self.cut]
            if len(active):
                self._step(active, best)
        return Found(self.part, list(self._ambiguities()), self.capped)

    def _step(self, active: Ints, best: Floats) -> None:
        at, node = np.nonzero(self.best[active] == best[:, None])
        row, other = np.nonzero(self.claim[active[at], node] == best[at, None])
        b, one = active[at[row]], node[row]
        forward = one < other
        b, one, other = b[forward], one[forward], other[forward]
        b, one, other = self._without_doubt(b, one, other)
        if len(b):
            self._join_equals(b, one, other)

    def _without_doubt(self, b: Ints, one: Ints, other: Ints) -> tuple[Ints, Ints, Ints]:
        """Defer the pairs of which a part has an equal claim elsewhere, until that claim changes; return the rest."""
        is_doubtful = np.zeros(len(b), dtype=bool)
        rows, step = np.flatnonzero(self.has_conflict[b]), max(1, ROWS // self.n)
        for start in range(0, len(rows), step):
            now = rows[start : start + step]
            for part, wanted in ((one[now], other[now]), (other[now], one[now])):
                rivals = self._rivals(b[now], part, wanted)
                found = rivals.any(axis=1)
                is_doubtful[now[found]] = True
                self._watch(b[now[found]], part[found], rivals[found])
        self._defer(b[is_doubtful], one[is_doubtful], other[is_doubtful])
        return b[~is_doubtful], one[~is_doubtful], other[~is_doubtful]

    def _watch(self, b: Ints, part: Ints, rivals: Bools) -> None:
        """Remember on which parts a doubt about ``part`` rests."""
        if len(b):
            order = np.lexsort((part, b))
            first = np.flatnonzero(np.diff(b[order] * self.n + part[order], prepend=-1))
            at = order[first]
            self.watched[b[at], part[at]] |= np.logical_or.reduceat(rivals[order], first, axis=0)

    def _join_equals(self, b: Ints, one: Ints, other: Ints) -> None:
        """Join pairs that are equally good, in whole groups or not at all."""
        nodes, ends = np.unique(np.r_[b * self.n + one, b * self.n + other], return_inverse=True)
        half = len(b)
        label = components(len(nodes), ends[:half], ends[half:])
        is_sound, grown = self._judge(nodes, label)
        keep = is_sound & (grown <= self.cap)
        self._close(nodes[(is_sound & ~keep)[label]], grown[label[(is_sound & ~keep)[label]]])
        wrong = ~is_sound[label[ends[:half]]]
        self._defer(b[wrong], one[wrong], other[wrong])
        first = np.full(len(grown), len(nodes))
        np.minimum.at(first, label, np.arange(len(nodes)))
        lead = nodes[first[label]]
        moved = keep[label] & (lead != nodes)
        if moved.any():
            self._merge(nodes[moved] // self.n, lead[moved] % self.n, nodes[moved] % self.n)

    def _rivals(self, b: Ints, one: Ints, other: Ints) -> Bools:
        """Return (k, n): the parts on which ``one`` has about the same claim as on ``other``, and not with it."""
        claim = self.mean[b, one]
        level = np.maximum(self.mean[b, one, other] - self.margin, self.cut)
        size = self.size[b]
        joint = (self.total[b, one] + self.total[b, other]) / np.maximum(
            (self.size[b, one] + self.size[b, other])[:, None] * size, 1
        )
        found = (claim >= level[:, None]) & (self.forbidden[b, other] | (joint < self.cut))
        found &= ~self.forbidden[b, one] & (size > 0)
        row = np.arange(len(b))
        found[row, one] = found[row, other] = False
        return np.asarray(found)

    def _judge(self, nodes: Ints, label: Ints) -> tuple[Bools, Floats]:
        """Tell of groups of equally good parts whether each may be one as a whole, and how large it would be."""
        order = np.argsort(label, kind="stable")
        counts = np.bincount(label)
        starts = np.cumsum(counts) - counts
        b, node = nodes[order] // self.n, nodes[order] % self.n
        grown = np.bincount(label[order], weights=self.size[b, node])
        is_sound = np.ones(len(counts), dtype=bool)
        many = counts[label[order]] > 2
        row = np.flatnonzero(many)
        reach = counts[label[order[row]]]
        left = np.repeat(row, reach)
        right = (
            np.arange(len(left))
            - np.repeat(np.cumsum(reach) - reach, reach)
            + np.repeat(starts[label[order[row]]], reach)
        )
        at, u, v = b[left], node[left], node[right]
        total = np.where(u == v, 0.0, self.total[at, u, v])
        weak = np.bincount(left, weights=total, minlength=len(nodes)) < 0
        torn = np.bincount(left, weights=self.forbidden[at, u, v] & (u != v), minlength=len(nodes)) > 0
        is_sound[label[order[(weak | torn) & many]]] = False
        return is_sound, np.asarray(grown, dtype=np.float64)

    def _defer(self, b: Ints, one: Ints, other: Ints) -> None:
        self.is_deferred[b, one, other] = self.is_deferred[b, other, one] = True
        self.claim[b, one, other] = self.claim[b, other, one] = -np.inf
        self.is_stale[b, one] = self.is_stale[b, other] = True

    def _close(self, nodes: Ints, grown: Floats) -> None:
        """Let parts that were to grow past the cap stay as they are: this raises the cut until they fit."""
        b, node = nodes // self.n, nodes % self.n
        self.is_closed[b, node] = True
        self.claim[b, node] = -np.inf
        self.claim[b, :, node] = -np.inf
        self.is_stale[b] = True
        self.capped += list(zip(b.tolist(), node.tolist(), grown.astype(int).tolist(), strict=True))

    def _merge(self, b: Ints, kept: Ints, gone: Ints) -> None:
        """Let parts ``kept`` take in parts ``gone`` of components ``b``; a kept one may take in several."""
        key = b * self.n + kept
        order = np.argsort(key, kind="stable")
        b, kept, gone, key = b[order], kept[order], gone[order], key[order]
        rank = np.arange(len(key)) - np.searchsorted(key, key)
        turns = [rank == turn for turn in range(int(rank.max()) + 1)]
        for now in turns:
            at, to, of = b[now], kept[now], gone[now]
            self.total[at, to] += self.total[at, of]
            self.forbidden[at, to] |= self.forbidden[at, of]
            self.size[at, to] += self.size[at, of]
        for now in turns:
            at, to, of = b[now], kept[now], gone[now]
            self.total[at, :, to] += self.total[at, :, of]
            self.forbidden[at, :, to] |= self.forbidden[at, :, of]
        self.size[b, gone] = 0
        touched, at = np.unique(b, return_inverse=True)
        into = np.tile(np.arange(self.n), (len(touched), 1))
        into[at, gone] = kept
        self.part[touched] = np.take_along_axis(into, self.part[touched], axis=1)
        self._renew(b[turns[0]], kept[turns[0]], b, gone)

    def _renew(self, b: Ints, grown: Ints, at: Ints, gone: Ints) -> None:
        """Work out anew the claims of parts that grew and drop those of parts that are gone.

        A doubt that rested on one of them is open again.
        """
        for where, node in ((b, grown), (at, gone)):
            row, part = np.nonzero(self.claim[where, :, node] == self.best[where])
            self.is_stale[where[row], part] = True
            row, part = np.nonzero(self.watched[where, :, node])
            self._reopen(where[row], part)
            self._reopen(where, node)
        self.claim[at, gone] = self.claim[at, :, gone] = -np.inf
        self.is_stale[b, grown] = self.is_stale[at, gone] = True
        size = self.size[b]
        mean = self.total[b, grown] / np.maximum(size[np.arange(len(b)), grown][:, None] * size, 1)
        self.mean[b, grown] = self.mean[b, :, grown] = mean
        claim = np.where(self.forbidden[b, grown] | self.is_closed[b] | (size == 0), -np.inf, mean)
        claim[np.arange(len(b)), grown] = -np.inf
        claim[self.is_closed[b, grown]] = -np.inf
        self.claim[b, grown] = self.claim[b, :, grown] = claim
        np.maximum.at(self.best, b, claim)

    def _reopen(self, b: Ints, part: Ints) -> None:
        """Let the deferred pairs of parts be judged again."""
        self.watched[b, part] = False
        row, other = np.nonzero(self.is_deferred[b, part])
        b, part = b[row], part[row]
        self.is_deferred[b, part, other] = self.is_deferred[b, other, part] = False
        is_open = ~(self.is_closed[b, part] | self.is_closed[b, other])
        b, part, other = b[is_open], part[is_open], other[is_open]
        self.claim[b, part, other] = self.claim[b, other, part] = self.mean[b, part, other]
        self.is_stale[b, part] = self.is_stale[b, other] = True

    def _ambiguities(self) -> list[tuple[int, int, int, int, float, float]]:
        """List every part that stayed between others, with its two best claims."""
        b, part = np.nonzero(self.is_deferred.any(axis=2))
        if not len(b):
            return []
        claimed = np.where(self.is_deferred[b, part], self.mean[b, part], -np.inf)
        claimed = np.where(self._rivals(b, part, claimed.argmax(axis=1)), self.mean[b, part], claimed)
        first = claimed.argmax(axis=1)
        weight = claimed[np.arange(len(b)), first] / SCALE
        claimed[np.arange(len(b)), first] = -np.inf
        second = claimed.argmax(axis=1)
        less = claimed[np.arange(len(b)), second] / SCALE
        rows = zip(*(a.tolist() for a in (b, part, first, second, weight, less)), strict=True)
        return [row for row in rows if row[5] > -np.inf]
