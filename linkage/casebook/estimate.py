"""The gap as an estimate: how many incidents truly have no report, and how sure that is.

Four signals. The links have probabilities: which of the reports at hand is about which incident is drawn by them, one
report for one incident, so that a report that answers the wrong incident is missed there and false here in the same
draw. The probabilities are calibrated on simulated regions; by how much they are off elsewhere is drawn too (a shift of
log odds, as in Platt scaling, 1999).

Probabilities only speak of reports that some candidate meets. How often none does, reports tell that name an incident
by number: their numbers left out of sight, do people or households lead there? This is a capture by two means of which
the one does not know of the other (Lincoln & Petersen; Chapman 1951; of linked files Ding & Fienberg 1994). Below that
no estimate may go which the overlap of the blocking passes speaks against: where many links hang on evidence of one
kind alone (numbers, birth date, place, name), others hang on none (the lower bound of Chao, Biometrics 43, 1987, with
its log-normal error). And where reviewers looked, what they found holds: for the incidents they saw, and as a sample
for others of the same kind.

Rates that are unknown get a posterior (beta and gamma, the conjugates of counts: Gelman et al., Bayesian Data Analysis,
chapters 2 and 3), so that few probes make a wide interval; overlap and reviews weigh its draws by what they make likely
(importance resampling, Rubin 1988). The figure is of these incidents, not of a population behind them: without doubt
about a link the interval has no width.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from linkage.casebook.intervals import log_normal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int32]
Bits = npt.NDArray[np.uint8]
DRAWS = 2000
TOGETHER = 64
"""Reports that are drawn at a time: what is thrown for them stays in the processor's cache."""

UNMATCHED, REVIEW, ANSWERED = 0, 1, 2
"""What an incident is: without any link, with a possible one, or with a sure one by people or household."""
KINDS_OF_EVIDENCE = 4
"""Numbers, birth date, place and name: what the blocking passes look at."""

SHIFT = (0.9, 0.5)
"""Mean and standard deviation, over regions, of the log odds by which a report is likelier about nothing at hand than
its probabilities say. From simulated regions (`benchmarks.gap`, seeds from 2000), with room for others."""
PRIOR_UNMET, PRIOR_MET = 9.0, 1760.0
"""Belief before any probe: people and households lead to all but one in two hundred reports. From the same regions,
which differ in it by no more than chance; a region of ten thousand incidents, which has as many probes, goes by its
own."""
DEPENDENCE = (1.0, 2.0)
"""How much more often, in odds, a report without a number is met by nobody than one with. Who books a report under
another member of the family gives the number less often too; the data cannot show it, so that all ratios up to this
count as likely (log-uniform; the sensitivity analysis of Gerritse, Van der Heijden & Bakker, J. Off. Stat. 31, 2015).
In simulated regions it is 1.4."""
PRIOR_REVIEWED = 5.0
"""Incidents that what the probabilities say of possible links counts for, beside those that reviewers looked at."""
PRIOR_WRONG, PRIOR_RIGHT = 0.05, 100.0
"""Links through people of which the people are others: one in two thousand, until reviewers take some apart."""


@dataclass(frozen=True)
class Cells:
    """Incidents in cells, say of a municipality and a month: one number a cell.

    ``answered`` are those linked by people or household, not by number. ``known`` are those of ``unmatched`` that a
    reviewer looked at, and found that the report at hand is of other people.
    """

    judged: Ints
    """Neither excluded nor pending."""
    unmatched: Ints
    review: Ints
    answered: Ints
    known: Ints


@dataclass(frozen=True)
class Doubts:
    """Incidents of which it is not sure which report answers them, and the reports that may.

    Unmatched incidents that no report may be about stand in `Cells` alone; so do those answered beyond doubt or during
    an open case, and those that a reviewer knows.
    """

    cell: Ints
    """Of each incident, (incidents,)."""
    standing: Ints
    """`UNMATCHED`, `REVIEW` or `ANSWERED`, (incidents,)."""
    report: Ints
    """Of each edge, (edges,), in ascending order."""
    incident: Ints
    """Place of the edge's incident in ``cell``, (edges,)."""
    about: Floats
    """Probability that the report is about the incident, (edges,)."""
    whole: Floats
    """Probability that it is about any incident at all, these or others, (edges,)."""

    @classmethod
    def none(cls) -> Doubts:
        """Return that nothing is in doubt."""
        whole, part = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(whole, whole, whole, whole, part, part)


@dataclass(frozen=True)
class Probes:
    """What is seen of reports that nobody meets."""

    met: int
    """Incidents that a report names, to which people or a household would have led as well."""
    unmet: int
    """Those to which neither would."""
    overlap: Ints
    """Incidents answered by people, by how many kinds of evidence led to their report, from one:
    (`KINDS_OF_EVIDENCE`,)."""


@dataclass(frozen=True)
class Sample:
    """Incidents that reviewers looked at: how many proved to have a report, or a right link, and how many not."""

    yes: int = 0
    no: int = 0


@dataclass(frozen=True)
class Reviews:
    """What reviewers said of people on incidents and reports, by what the model had made of the incident."""

    unmatched: Sample = field(default_factory=Sample)
    """Without any link: ``yes`` where the decision gave it its report."""
    review: Sample = field(default_factory=Sample)
    """With a possible link."""
    answered: Sample = field(default_factory=Sample)
    """With a sure link: ``no`` where the decision took it away."""

    @property
    def used(self) -> int:
        """How many incidents were looked at."""
        return sum(one.yes + one.no for one in (self.unmatched, self.review, self.answered))


@dataclass(frozen=True)
class Errors:
    """Draws of what went wrong in each cell: arrays of shape (draws, cells), the draws of a cell side by side."""

    missed: Counts
    """Unmatched or to review, and there is a report."""
    false: Counts
    """Linked, and there is neither a report nor an open case."""

    def absent(self, cells: Cells) -> Counts:
        """Return draws of the incidents without a report."""
        return (cells.unmatched + cells.review).astype(np.int32) - self.missed + self.false


def draw(
    cells: Cells, doubts: Doubts, probes: Probes, reviews: Reviews | None = None, draws: int = DRAWS, seed: int = 1
) -> Errors:
    """Return draws of the errors among the incidents of all cells; the same arguments give the same draws."""
    dice, reviews = np.random.Generator(np.random.PCG64(seed)), reviews or Reviews()
    (unmatched, astray), open_to_doubt = _lacking(dice, cells, doubts, draws), cells.unmatched - cells.known
    odds = _unmet(dice, probes, draws)
    left = unmatched.sum(axis=0)
    answered = max(0, int(cells.answered.sum()) - reviews.unmatched.yes)
    hidden = np.clip(odds * answered / np.maximum(left + reviews.unmatched.yes, 1), 0.0, 0.999)
    has = 1 - (1 - hidden) * left / max(1, int(open_to_doubt.sum()))
    kept = _kept(dice, _above_overlap(odds, probes.overlap) + _likely(has, reviews.unmatched))
    hidden, unmatched, astray = hidden[kept], unmatched[:, kept], astray[:, kept]
    missed = _binomial(dice, unmatched, hidden)
    missed += open_to_doubt.astype(np.int32)[:, None] - unmatched
    missed += _possible(dice, cells, doubts, reviews.review, draws)
    false = _binomial(dice, astray, 1 - hidden)
    false += _wrong(dice, cells.answered.astype(np.int32)[:, None] - false, reviews.answered)
    return Errors(missed.T, false.T)


def _lacking(dice: np.random.Generator, cells: Cells, doubts: Doubts, draws: int) -> tuple[Counts, Counts]:
    """Return how many incidents no report at hand is about, (cells, draws) for unmatched and answered.

    Every report is about one incident, or about none.
    """
    has = _answered(dice, doubts, draws)
    unmatched, answered = (
        _by_cell(doubts.cell[inside], ~has[inside], len(cells.judged), draws)
        for inside in (doubts.standing == UNMATCHED, doubts.standing == ANSWERED)
    )
    beside = np.bincount(doubts.cell[doubts.standing == UNMATCHED], minlength=len(cells.judged))
    unmatched += (cells.unmatched - cells.known - beside).astype(np.int32)[:, None]
    return unmatched, answered


def _answered(dice: np.random.Generator, doubts: Doubts, draws: int) -> Bits:
    """Return which incidents in doubt some report is about, (incidents, draws) as bits."""
    odds = np.exp(dice.normal(*SHIFT, draws)).astype(np.float32)
    _, first, place = np.unique(doubts.report, return_index=True, return_inverse=True)
    end = doubts.about.cumsum()
    end = (end - (end - doubts.about)[first][place]).astype(np.float32)[:, None]
    whole = np.minimum(doubts.whole[first], 1).astype(np.float32)[:, None]
    starts, incidents = np.append(first, len(place)), doubts.incident.tolist()
    has = np.zeros((len(doubts.cell), -(-draws // 8)), dtype=np.uint8)
    for at in range(0, len(first), TOGETHER):
        here, edges = slice(at, at + TOGETHER), slice(starts[at], starts[min(at + TOGETHER, len(first))])
        thrown = dice.random((len(whole[here]), draws), dtype=np.float32)
        thrown *= whole[here] + (1 - whole[here]) * odds
        below = np.packbits(thrown[place[edges] - at] < end[edges], axis=1)
        # What lies below the end of an edge and not below that of the report's edge before it.
        further = np.flatnonzero(np.diff(place[edges]) == 0)
        below[further + 1] ^= below[further]
        for incident, told in zip(incidents[edges], below, strict=True):
            has[incident] |= told
    return has


def _by_cell(cell: Ints, told: Bits, cells: int, draws: int) -> Counts:
    """Return of how many incidents of each cell ``told``, (incidents, draws) as bits, is true, (cells, draws)."""
    order = np.argsort(cell, kind="stable")
    there, starts = np.unique(cell[order], return_index=True)
    counted = np.zeros((cells, draws), dtype=np.int32)
    for place, rows in zip(there, np.split(order, starts[1:]), strict=False):
        counted[place] = np.unpackbits(told[rows], axis=1, count=draws).sum(axis=0, dtype=np.int32)
    return counted


def _binomial(dice: np.random.Generator, there: Counts, share: Floats) -> Counts:
    """Return of how many of those there, (cells, draws), something is true, by its chance, (draws,)."""
    drawn = np.empty_like(there)
    for cell, here in enumerate(there):
        drawn[cell] = dice.binomial(here, share)
    return drawn


def _unmet(dice: np.random.Generator, probes: Probes, draws: int) -> Floats:
    """Return draws of the odds that nobody meets a report without a number."""
    odds = dice.gamma(PRIOR_UNMET + probes.unmet, 1 / (PRIOR_MET + probes.met), draws)
    return np.asarray(odds * np.exp(dice.uniform(np.log(DEPENDENCE[0]), np.log(DEPENDENCE[1]), draws)))


def _above_overlap(odds: Floats, overlap: Ints) -> Floats:
    """Return the log likelihood of each of the odds by the overlap of passes: that the lower bound is below it."""
    once, twice, met = float(overlap[0]), float(overlap[1]), float(overlap.sum())
    if once < 2:
        return np.zeros(len(odds))
    share = (KINDS_OF_EVIDENCE - 1) / KINDS_OF_EVIDENCE
    bound = share * once * (once - 1) / (2 * (twice + 1))
    ratio = once / max(twice, 1.0)
    spread = share * max(twice, 1.0) * (share * ratio**4 / 4 + share * ratio**3 + ratio**2 / 2)
    error = np.sqrt(np.log1p(spread / bound**2))
    return np.array([log_normal(one) for one in (np.log(odds * met / bound) / error).tolist()])


def _likely(share: Floats, seen: Sample) -> Floats:
    """Return the log likelihood of each share by a sample."""
    return np.asarray(seen.yes * np.log(np.maximum(share, 1e-12)) + seen.no * np.log(np.maximum(1 - share, 1e-12)))


def _kept(dice: np.random.Generator, told: Floats) -> Ints:
    """Return which draws stay, by log likelihood.

    Where signals speak against all that was believed, a few draws would stand for all. The likelihood is tempered until
    no less than a tenth do (by the effective sample size of Kong 1992, as in Del Moral, Doucet & Jasra 2006).
    """
    power = 1.0
    for _ in range(40):
        weight = np.exp(power * (told - told.max()))
        if weight.sum() ** 2 >= 0.1 * len(told) * (weight**2).sum():
            break
        power *= 0.8
    return dice.choice(len(told), len(told), p=weight / weight.sum())


def _possible(dice: np.random.Generator, cells: Cells, doubts: Doubts, reviewed: Sample, draws: int) -> Counts:
    """Return draws of the incidents with a possible link that have a report, (draws, cells)."""
    inside = doubts.standing == REVIEW
    lacking = np.ones(len(doubts.cell))
    np.multiply.at(lacking, doubts.incident, 1 - np.minimum(doubts.about, 1.0))
    told = np.clip(1 - lacking[inside].mean(), 0.05, 0.95) if inside.any() else 0.9
    share = dice.beta(PRIOR_REVIEWED * told + reviewed.yes, PRIOR_REVIEWED * (1 - told) + reviewed.no, draws)
    there = np.broadcast_to(cells.review.astype(np.int32)[:, None], (len(cells.review), draws))
    return _spread(dice, there, dice.binomial(int(cells.review.sum()), share))


def _wrong(dice: np.random.Generator, there: Counts, reviewed: Sample) -> Counts:
    """Return draws of the links through people of which the people are others, among those there, (cells, draws)."""
    share = dice.beta(PRIOR_WRONG + reviewed.no, PRIOR_RIGHT + reviewed.yes, there.shape[1])
    return _spread(dice, there, dice.binomial(np.maximum(there.sum(axis=0) - reviewed.yes, 0), share))


def _spread(dice: np.random.Generator, there: Counts, totals: Ints) -> Counts:
    """Return each total, (draws,), drawn without replacement from the incidents of the cells, (cells, draws)."""
    some = np.flatnonzero(totals)
    drawn, left, rest = np.zeros(there.shape, dtype=np.int32), totals[some], there[:, some].sum(axis=0)
    for cell in np.flatnonzero(there.any(axis=1)):
        here = there[cell, some]
        rest -= here
        told = dice.hypergeometric(here, rest, left)
        drawn[cell, some] = told
        left -= told
    return drawn
