"""The gap as an estimate: how many incidents truly have no report, and how sure that is.

Three probes. Some links cannot be wrong: reports that name an incident by its number. Their numbers are left out of
sight for a moment, and what people and households alone make of them shows how often a report that is there is missed.
This is a capture by two means of which the one does not know of the other (Lincoln & Petersen; Chapman 1951; of linked
files Ding & Fienberg 1994). Reports that are about no incident come before an incident of their household as often as
after it: before it they cannot be its answer, so their number there tells how often one is taken for it (a placebo in
time, as the negative controls of Lipsitch, Tchetgen & Cohen 2010). And where reviewers looked, what they found holds:
for the incidents they saw, and as a sample for others of the same kind.

The rates are unknown and get a posterior (beta and gamma, the conjugates of counts: Gelman et al., Bayesian Data
Analysis, chapters 2 and 3), so that few probes make a wide interval; reviews weigh its draws by what they make likely
(importance resampling, Rubin 1988). The errors among the incidents at hand are drawn with them. The figure is of these
incidents, not of a population behind them: without errors of linkage the interval has no width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 2000
CERTAINTY = 0.95

SEEN = ("found", "covered", "review", "unmatched")
"""What becomes of an incident that truly has a report, when nobody tells its number."""
SPEEDS = ("timely", "late", "very_late")

PRIOR_LOST, PRIOR_FOUND = 12.0, 800.0
"""Belief before any probe: people alone miss three for every two hundred reports that they find. From simulated regions
(`benchmarks.gap`), which differ in it by no more than chance; the weight is that of eight hundred probes, so that a
region of twenty thousand incidents, which has five thousand, goes by its own."""
DEPENDENCE = (1.0, 2.0)
"""How much more often, in odds, a report without a number is missed than one with. Who books a report under another
member of the family gives the number less often too; the data cannot show it, so that all ratios up to this count
as likely (log-uniform; the sensitivity analysis of Gerritse, Van der Heijden & Bakker, J. Off. Stat. 31, 2015). In
simulated regions it is 1.6."""
PRIOR_REVIEW = (4.5, 0.5)
"""Of five incidents with a possible link four and a half have a report: one that comes in time and shares a possible
person is seldom another's. From the same regions, with a weight that a few reviews outdo."""
PRIOR_WRONG, PRIOR_RIGHT = 0.05, 100.0
"""Links through people of which the people are others: one in two thousand, until reviewers take some apart."""
AFTER = (1.0, 1.4)
"""How much more often a report about no incident comes after an incident than before: what happened may bring a family
to the notice of others, which the days before cannot show. All ratios between count as likely (log-uniform); in
simulated regions it is 1.15."""
RECAST = 0.1
"""Share of the missed reports that are taken for the answer to another incident, one without a report: the two errors
cancel. One in ten in simulated regions."""
PRIOR_REPORTS, PRIOR_DAYS = 0.5, 1000.0
"""Half a report in a thousand days of a household: what is believed before any is seen (Jeffreys, with few days)."""


@dataclass(frozen=True)
class Cells:
    """Incidents in cells, say of a municipality and a month: one number a cell.

    ``answered`` has a column for each of `SPEEDS`: incidents linked by people or household, not by number. ``known``
    are those of ``unmatched`` that a reviewer looked at, and found that the report at hand is of other people.
    """

    judged: Ints
    """Neither excluded nor pending."""
    unmatched: Ints
    review: Ints
    answered: Ints
    known: Ints


@dataclass(frozen=True)
class Probes:
    """What the first two probes found."""

    seen: Ints
    """Incidents that a report names, by what people alone make of them: a number for each of `SEEN`."""
    reports: int
    """Reports about no incident, in ``days`` before incidents of their household."""
    days: int
    exposed: Floats
    """Mean days of an incident without a sure link in which such a report would answer it, for each of `SPEEDS`."""


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
    """Draws of what went wrong in each cell: arrays of shape (draws, cells)."""

    missed: Ints
    """Unmatched or to review, and there is a report."""
    false: Ints
    """Linked, and there is neither a report nor an open case."""

    def absent(self, cells: Cells) -> Ints:
        """Return draws of the incidents without a report."""
        return cells.unmatched + cells.review - self.missed + self.false


def draw(cells: Cells, probes: Probes, reviews: Reviews | None = None, draws: int = DRAWS, seed: int = 1) -> Errors:
    """Return draws of the errors among the incidents of all cells; the same arguments give the same draws."""
    dice, reviews = np.random.Generator(np.random.PCG64(seed)), reviews or Reviews()
    lost = _lost(dice, cells, probes, reviews.unmatched, draws)
    in_review = dice.beta(PRIOR_REVIEW[0] + reviews.review.yes, PRIOR_REVIEW[1] + reviews.review.no, draws)
    missed = [
        _spread(dice, there, dice.binomial(int(there.sum()), share))
        for there, share in ((cells.unmatched - cells.known, lost), (cells.review, in_review))
    ]
    false = _false(dice, cells, probes, reviews.answered, missed)
    return Errors(np.sum(missed, axis=0), np.sum(false, axis=0))


def _false(
    dice: np.random.Generator, cells: Cells, probes: Probes, reviewed: Sample, missed: Sequence[Ints]
) -> list[Ints]:
    """Return draws of the links that answer no report, (draws, cells) for each of `SPEEDS`; ``missed`` were drawn."""
    draws, answered = len(missed[0]), int(cells.answered.sum())
    without = np.maximum(cells.unmatched.sum() + cells.review.sum() - sum(one.sum(axis=1) for one in missed), 0)
    rate = dice.gamma(probes.reports + PRIOR_REPORTS, 1 / (probes.days + PRIOR_DAYS), draws)
    hit = 1 - np.exp(-(rate * _between(dice, AFTER, draws))[:, None] * probes.exposed)
    # Those that were hit are gone from the unmatched: of all without a report, a share of ``hit`` is.
    taken = without[:, None] * hit / np.maximum(1 - hit.sum(axis=1, keepdims=True), 0.05)
    whole, lost = np.maximum(taken.sum(axis=1), 1e-12), missed[0].sum(axis=1)
    by_speed = taken / whole[:, None]
    own = taken * np.maximum(1 - RECAST * lost.mean() / whole, 0.0)[:, None]
    recast = _whole(dice, dice.binomial(lost, RECAST)[:, None] * by_speed)
    wrong = dice.beta(PRIOR_WRONG + reviewed.no, PRIOR_RIGHT + reviewed.yes, draws)
    wrong *= max(0, answered - reviewed.yes) / max(1, answered)
    return [
        _spread(dice, there, dice.poisson(own[:, n] + wrong * there.sum()) + recast[:, n])
        for n, there in enumerate(cells.answered.T)
    ]


def _lost(dice: np.random.Generator, cells: Cells, probes: Probes, reviewed: Sample, draws: int) -> Floats:
    """Return draws of the share of the unmatched that have a report, which the probes and the reviews make likely."""
    found, lost = int(probes.seen[SEEN.index("found")]), int(probes.seen[SEEN.index("unmatched")])
    odds = dice.gamma(PRIOR_LOST + lost, 1 / (PRIOR_FOUND + found), draws)
    odds *= _between(dice, DEPENDENCE, draws)
    there = int(cells.unmatched.sum()) + reviewed.yes
    share = np.clip(odds * (int(cells.answered.sum()) - reviewed.yes) / max(there, 1), 0.0, 0.999)
    if not reviewed.yes + reviewed.no:
        return share
    told = reviewed.yes * np.log(np.maximum(share, 1e-12)) + reviewed.no * np.log1p(-share)
    weight = np.exp(told - told.max())
    return dice.choice(share, draws, p=weight / weight.sum())


def _whole(dice: np.random.Generator, values: Floats) -> Ints:
    """Return whole numbers with these means."""
    return np.floor(values + dice.random(values.shape)).astype(np.int64)


def _between(dice: np.random.Generator, ends: tuple[float, float], draws: int) -> Floats:
    return np.exp(dice.uniform(np.log(ends[0]), np.log(ends[1]), draws))


def _spread(dice: np.random.Generator, there: Ints, totals: Ints) -> Ints:
    """Return each total, or all that are there, drawn without replacement from the incidents of the cells."""
    totals = np.minimum(totals, there.sum())
    drawn = np.zeros((len(totals), len(there)), dtype=np.int64)
    left, rest = totals.copy(), int(there.sum())
    for cell, here in enumerate(there.tolist()):
        rest -= here
        drawn[:, cell] = dice.hypergeometric(here, rest, left)
        left -= drawn[:, cell]
    return drawn


def interval(drawn: Ints | Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean, lower and upper end over the first axis; the mean of a skewed few is inside too."""
    tail = (1 - CERTAINTY) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0, method="inverted_cdf")
    mean = drawn.mean(axis=0)
    return mean, np.minimum(low, mean), np.maximum(high, mean)


def still_to_come(delays: Ints, censored: Ints, ages: Ints) -> Floats:
    """Return the chance that a report still comes for incidents of these ages (days) that have none yet.

    ``delays`` are those of reports that came, ``censored`` the ages of incidents without one. Product limit (Kaplan &
    Meier 1958); who gets no report at all is the share that is left at its end (Maller & Zhou 1996).
    """
    from scipy.stats import CensoredData, ecdf

    if not len(delays):
        return np.zeros(len(ages))
    observed = CensoredData(uncensored=np.maximum(delays, 0), right=censored)
    curve = ecdf(observed).sf
    survival = np.concatenate([[1.0], curve.probabilities])
    left = survival[np.searchsorted(curve.quantiles, ages, side="right")]
    return np.where(left > 0, 1 - survival[-1] / np.maximum(left, 1e-12), 0.0)
