"""The gap as an estimate: how many incidents truly have no report, and how sure that is.

Two probes. Some links cannot be wrong: reports that name an incident by its number. Their numbers are left out of sight
for a moment, and what people and households alone make of them shows how often a report that is there is missed. This
is a capture by two means of which the one does not know of the other (Lincoln & Petersen; Chapman 1951; of linked files
Ding & Fienberg 1994). And reports that are about no incident come before an incident of their household as often as
after it: before it they cannot be its answer, so their number there tells how often one is taken for it (a placebo in
time, as the negative controls of Lipsitch, Tchetgen & Cohen 2010).

The rates are unknown and get a posterior (Dirichlet and gamma, the conjugates of counts: Gelman et al., Bayesian Data
Analysis, chapter 2 and 3.4), so that few probes make a wide interval; the errors among the incidents at hand are drawn
with them. The figure is of these incidents, not of a population behind them: without errors of linkage the interval has
no width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = 2000
CERTAINTY = 0.95

SEEN = ("found", "covered", "review", "unmatched")
"""What becomes of an incident that truly has a report, when nobody tells its number."""
SPEEDS = ("timely", "late", "very_late")

PRIOR_SEEN = (1.9, 0.02, 0.02, 0.06)
"""Two incidents' worth of belief before any probe: three in a hundred are missed. Chosen, not measured."""
DEPENDENCE = (1.0, 3.0)
"""How much more often, in odds, a report without a number is missed than one with. Who books a report under another
member of the family gives the number less often too; the data cannot show it, so that all ratios up to three count
as likely (log-uniform; the sensitivity analysis of Gerritse, Van der Heijden & Bakker, J. Off. Stat. 31, 2015)."""
PRIOR_REPORTS, PRIOR_DAYS = 0.5, 1000.0
"""Half a report in a thousand days of a household: what is believed before any is seen (Jeffreys, with few days)."""


@dataclass(frozen=True)
class Cells:
    """Incidents in cells, say of a municipality and a month: one number a cell.

    ``answered`` has a column for each of `SPEEDS`: incidents linked by people or household, not by number.
    """

    judged: Ints
    """Neither excluded nor pending."""
    unmatched: Ints
    review: Ints
    answered: Ints


@dataclass(frozen=True)
class Probes:
    """What the two probes found."""

    seen: Ints
    """Incidents that a report names, by what people alone make of them: a number for each of `SEEN`."""
    reports: int
    """Reports about no incident, in ``days`` before incidents of their household."""
    days: int
    exposed: Floats
    """Mean days of an incident without a sure link in which such a report would answer it, for each of `SPEEDS`."""


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


def draw(cells: Cells, probes: Probes, draws: int = DRAWS, seed: int = 1) -> Errors:
    """Return draws of the errors among the incidents of all cells; the same arguments give the same draws."""
    dice = np.random.Generator(np.random.PCG64(seed))
    seen = dice.dirichlet(probes.seen + np.array(PRIOR_SEEN), draws)
    dependence = np.exp(dice.uniform(np.log(DEPENDENCE[0]), np.log(DEPENDENCE[1]), draws))
    odds = {kind: dependence * seen[:, SEEN.index(kind)] / np.maximum(seen[:, 0], 1e-12) for kind in SEEN[2:]}
    answered, without = int(cells.answered.sum()), int(cells.unmatched.sum() + cells.review.sum())
    likely = np.clip(without - answered * sum(odds.values()), 0, None)
    rate = dice.gamma(probes.reports + PRIOR_REPORTS, 1 / (probes.days + PRIOR_DAYS), draws)
    hit = 1 - np.exp(-rate[:, None] * probes.exposed)
    # Those that were hit are gone from the unmatched: of all without a report, a share of ``hit`` is.
    mean = likely[:, None] * hit / np.maximum(1 - hit.sum(axis=1, keepdims=True), 0.05)
    false = sum(_spread(dice, there, dice.poisson(mean[:, speed])) for speed, there in enumerate(cells.answered.T))
    right = answered - np.asarray(false).sum(axis=1)
    missed = sum(
        _spread(dice, there, dice.poisson(right * odds[kind]))
        for kind, there in (("unmatched", cells.unmatched), ("review", cells.review))
    )
    return Errors(np.asarray(missed), np.asarray(false))


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
