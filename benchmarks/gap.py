"""Does the interval of the gap hold the truth: simulated regions, each with its own seed, taken through a night."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks import figures, gap_plot
from benchmarks.gap_region import FORM, KEPT, Region
from linkage.casebook import estimate
from linkage.casebook.estimate import Doubts, Floats, Ints, Reviews, Sample
from linkage.casebook.intervals import interval as ends

REGIONS = 200
KINDS = (
    (500, "medium", 1000, 0.5),
    (500, "high", 1100, 0.25),
    (1_500, "medium", 1200, 0.125),
    (1_500, "high", 1300, 0.125),
)
"""Incidents, noise, first seed, and share of the regions. The belief before any probe was chosen on seeds from 2000."""
JUDGED = range(1000, 2000)
REVIEWED = 20
"""Unmatched incidents that a reviewer looks at, drawn at random, where reviews are simulated."""
SMALL = 5
"""Judged incidents from which a cell of a municipality and a month is counted."""
HEADER = (
    "regions", "n", "gap rate", "holds", "95 % of it", "below, above", "width", "bias", "error",
    "counted: bias", "error", "missed", "false",
)  # fmt: skip
NOTE = (
    "Truth: judged incidents (neither excluded nor pending) without a report in the extract whose true household had "
    "no open case. Width, bias and error in points (hundredths of the judged). Below, above: truths outside the "
    "interval. Counted: unmatched and review over judged. Missed and false links: told, true. Reviewed: a person has "
    "looked at some of the unmatched. Cells: municipality and month, with five judged incidents or more."
)


@dataclass(frozen=True)
class Told:
    """Figures of some regions or cells (n,): what is true, and what was told of it."""

    judged: Floats
    absent: Floats
    mean: Floats
    low: Floats
    high: Floats
    counted: Floats
    errors: Floats
    """(4, n): missed links told and true, false links told and true."""

    @classmethod
    def of(cls, some: Iterable[Told]) -> Told:
        """Return all of them together."""
        names = [name for name in cls.__dataclass_fields__ if name != "errors"]
        found = list(some)
        together = {name: np.concatenate([getattr(one, name) for one in found]) for name in names}
        return cls(**together, errors=np.concatenate([one.errors for one in found], axis=1))

    def where(self, is_so: np.ndarray[Any, np.dtype[np.bool_]]) -> Told:
        """Return some of them."""
        return Told(*(getattr(self, name)[..., is_so] for name in self.__dataclass_fields__))

    @property
    def holds(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which intervals hold the truth."""
        return (self.low <= self.absent) & (self.absent <= self.high)

    def row(self, title: str) -> list[object]:
        """Return the row of the table."""
        n, held = len(self.judged), int(self.holds.sum())
        least, most = _wilson(held, n)
        off, plain = (100 * (told - self.absent) / self.judged for told in (self.mean, self.counted))
        width = 100 * (self.high - self.low) / self.judged
        missed, false = ([f"{one:.1f}" for one in pair] for pair in np.split(self.errors.mean(axis=1), 2))
        return [
            title, n, f"{(self.absent.sum() / self.judged.sum()):.4f}", f"{held / n:.3f}", f"{least:.2f}-{most:.2f}",
            f"{int((self.absent < self.low).sum())}, {int((self.absent > self.high).sum())}",
            f"{width.mean():.2f}", f"{off.mean():+.2f}", f"{abs(off).mean():.2f}",
            f"{plain.mean():+.2f}", f"{abs(plain).mean():.2f}", ", ".join(missed), ", ".join(false),
        ]  # fmt: skip


def gap(console: Console, *, kinds: Sequence[tuple[int, str, int, float]], regions: int) -> dict[str, Any]:
    """Measure so many regions and all that were kept, print the table, draw the plot and keep the figures."""
    wanted = [(n, noise, seed + k) for n, noise, seed, share in kinds for k in range(round(regions * share))]
    for one in track(wanted, console=console, transient=True):
        Region.of(*one)
    found = [one for path in sorted(KEPT.glob(f"*.{FORM}.json")) if (one := Region.read(path)).seed in JUDGED]
    whole, by_cell = zip(*(told(one) for one in found), strict=True)
    kinds_found = sorted({(one.incidents, one.noise) for one in found})
    groups = [(f"{n} {noise}", {(n, noise)}) for n, noise in kinds_found]
    levels = sorted({noise for _, noise in kinds_found})
    groups += [(level, {kind for kind in kinds_found if kind[1] == level}) for level in levels]
    rows = []
    for title, group in groups:
        some = [t for t, one in zip(whole, found, strict=True) if (one.incidents, one.noise) in group]
        rows.append(Told.of(some).row(title))
    every, cells = Told.of(whole), Told.of(by_cell)
    rows.append(every.row("all"))
    rows.append(Told.of(told(reviewed(one, REVIEWED))[0] for one in found).row(f"{REVIEWED} reviewed"))
    rows.append(cells.where(cells.judged >= SMALL).row("cells"))
    figures.show(console, "The gap: does its interval hold the truth", HEADER, rows, NOTE)
    plot = gap_plot.draw(every.low, every.mean, every.high, every.absent, every.judged)
    (figures.OUT / "gap.svg").write_text(plot, encoding="utf-8")
    kept = {"header": HEADER, "rows": rows}
    console.print(f"kept in {figures.save('gap', kept)} and gap.svg beside it")
    return kept


@dataclass(frozen=True)
class Looked:
    """A region of which a person has looked at some incidents."""

    region: Region
    reviews: Reviews


def told(one: Region | Looked) -> tuple[Told, Told]:
    """Return what is told of a region as a whole, and of each of its cells."""
    region, reviews = (one.region, one.reviews) if isinstance(one, Looked) else (one, Reviews())
    errors = estimate.draw(region.cells, region.doubts, region.probes, reviews)

    def of(added: Callable[[Any], Any]) -> Told:
        mean, low, high = ends(added(errors.absent(region.cells)))
        true, cells = region.truth, region.cells
        parts = (errors.missed.mean(axis=0), true.missed + true.missed_review, errors.false.mean(axis=0), true.false)
        return Told(
            judged=added(cells.judged).astype(np.float64),
            absent=added(true.absent).astype(np.float64),
            mean=mean,
            low=low,
            high=high,
            counted=added(cells.unmatched + cells.review).astype(np.float64),
            errors=np.stack([added(part).astype(np.float64) for part in parts]),
        )

    return of(lambda column: column.sum(axis=-1, keepdims=True)), of(lambda column: column)


def reviewed(region: Region, incidents: int) -> Looked:
    """Return the region after a person looked at some of its unmatched incidents, drawn at random, and was right."""
    cells, doubts, true = region.cells, region.doubts, region.truth
    dice = np.random.Generator(np.random.PCG64(region.seed))
    cell, has, doubted = _unmatched(region)
    seen = dice.permutation(len(cell))[:incidents]
    found, absent = (seen[has[seen] == kind] for kind in (1, 0))
    given, not_given = (np.bincount(cell[some], minlength=len(cells.judged)) for some in (found, absent))
    after = replace(
        cells, unmatched=cells.unmatched - given, answered=cells.answered + given, known=cells.known + not_given
    )
    left, has_left = _without(doubts, true.has, doubted[found], doubted[absent])
    truth = replace(true, missed=true.missed - given, has=has_left)
    sample = Sample(len(found), len(absent))
    return Looked(replace(region, cells=after, doubts=left, truth=truth), Reviews(unmatched=sample))


def _unmatched(region: Region) -> tuple[Ints, Ints, Ints]:
    """Return of each unmatched incident its cell, whether it has a report, and its place among the doubts or -1."""
    cells, doubts, true = region.cells, region.doubts, region.truth
    doubted = np.flatnonzero(doubts.standing == estimate.UNMATCHED)
    n = len(cells.judged)
    inside = np.bincount(doubts.cell[doubted], minlength=n)
    missed = np.bincount(doubts.cell[doubted], true.has[doubted], n).astype(np.int64)
    bare, hidden = cells.unmatched - cells.known - inside, true.missed - missed
    kinds = np.stack([hidden, bare - hidden], axis=1).ravel()
    cell = np.repeat(np.repeat(np.arange(n), 2), kinds)
    has = np.repeat(np.tile([1, 0], n), kinds)
    place = np.concatenate([np.full(len(cell), -1), doubted])
    return np.concatenate([cell, doubts.cell[doubted]]), np.concatenate([has, true.has[doubted]]), place


def _without(doubts: Doubts, has: Ints, found: Ints, absent: Ints) -> tuple[Doubts, Ints]:
    """Return the doubts after some incidents were found to have a report and others none: who found, tells which."""
    found, gone = found[found >= 0], np.concatenate([found, absent])
    likeliest = [max(np.flatnonzero(doubts.incident == one), key=lambda edge: doubts.about[edge]) for one in found]
    used = np.isin(doubts.report, doubts.report[np.array(likeliest, dtype=np.int64)])
    incidents = ~np.isin(np.arange(len(doubts.cell)), gone)
    edges = ~used & incidents[doubts.incident]
    number = np.cumsum(incidents) - 1
    kept = Doubts(
        doubts.cell[incidents], doubts.standing[incidents], doubts.report[edges], number[doubts.incident[edges]],
        doubts.about[edges], doubts.whole[edges],
    )  # fmt: skip
    return kept, has[incidents]


def _wilson(held: int, n: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(held, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
