"""How likely each report is about each incident that it may be about.

A generative model of one chain of events. An incident leads to no report, to one, or to a further one by a second
channel; its report comes after a lag, by a reporter of some kind. A family has other reports besides, about no incident
at hand, at a steady rate. Who sees the incidents and the reports of a family asks which came of which: the weight of an
assignment is the product of what its parts say, and the probability of a link is its share over all assignments (the
matching of events to detections of multi-target tracking: Bar-Shalom & Fortmann 1988, ch. 9).

Summing over all assignments is exponential, so the sums are passed as messages between reports and incidents
(sum-product: Kschischang, Frey & Loeliger, IEEE Trans. Inf. Theory 47, 2001; for assignments Williams & Lau, IEEE
Trans. Aerosp. Electron. Syst. 50, 2014): exact where no circle of doubtful links remains. A message only goes along a
link, and each takes the same number of rounds, so that a family's figures rest on its own records and on `Rates` alone.

The rates are learnt without labels (EM: Dempster, Laird & Rubin 1977), from reports that name a number where there are
some, and from a start by the domain study where there are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

POLICE, OTHER = 0, 1
"""Kinds of reporters."""
UNKNOWN, YES, NO = 0, 1, 2
"""What a comparison of an incident with a report says."""

LAG_ENDS = (1, 2, 3, 5, 8, 15, 29, 43, 91, 181)
"""First day of each class of lags after the first, which holds everything before."""
LAG_START = (0.27, 0.16, 0.12, 0.13, 0.11, 0.1, 0.05, 0.025, 0.02, 0.01, 0.005)
"""Shares of these classes: a median of two days, a tenth after ten, three in a hundred after 42 (domain study 3.2)."""
LAG_BELIEF = 40.0
"""Reports that the start counts for beside those at hand."""

EM_ROUNDS = 5
"""Times that rates are fitted; three more moved none by more than a thirtieth, in a region of 20,000 incidents."""
EM_MESSAGES, MESSAGES = 6, 50
"""Times that messages go from reports to incidents and back, while rates are fitted and in the end. After thirty, four
probabilities in 36,000 still moved by more than 0.01; after six, 250."""
MOST = 1e9
"""Odds beyond which nothing more is learnt, so that products stay finite."""


@dataclass(frozen=True)
class Edges:
    """Pairs of an incident and a report that may be about it, in the order of (report, incident).

    All arrays have the shape (edges,), but for ``named`` (incidents,) and ``exposure``.
    """

    report: Ints
    """Number of the report, from 0 without gaps."""
    incident: Ints
    """Number of the incident, from 0 without gaps."""
    delay: Ints
    """Days from the incident to the report."""
    same: Floats
    """Probability that both speak of the same people."""
    kind: Ints
    """`POLICE` or `OTHER`: who made the report."""
    told: Sequence[Ints]
    """Comparisons of what incident and report tell: `UNKNOWN`, `YES` or `NO`."""
    blind: Bools
    """The report names a number: what would be thought of it without is told, and weighs on nothing."""
    named: Bools
    """A report names the incident."""
    without: int
    """Incidents to which no report may belong."""
    exposure: float
    """Days in which a report about something else would stand among these."""


@dataclass(frozen=True)
class Rates:
    """What is learnt of a region."""

    lag: Floats
    """Density of the lag by day for each class of `LAG_ENDS`."""
    first: float = 4.0
    """Odds of one report against none."""
    further: float = 0.04
    """Odds of each further report."""
    by: tuple[float, float] = (0.97, 0.03)
    """Shares of reporters of reports about incidents."""
    beside: tuple[float, float] = (0.0002, 0.001)
    """Reports a day about something else, by kind of reporter."""
    told: tuple[tuple[float, float], ...] = ()
    """Of each comparison, how often it says yes where the report is about the incident, and where not."""


def lag_class(delay: Ints) -> Ints:
    """Return the class of each lag."""
    return np.searchsorted(LAG_ENDS, delay, side="right")


def start(comparisons: int, early: int, late: int) -> Rates:
    """Return the rates before any data; ``early`` and ``late`` are the first and the last day of a lag."""
    return Rates(_density(np.zeros(len(LAG_START)), early, late), told=((0.8, 0.5),) * comparisons)


def learn(edges: Edges, early: int, late: int) -> Rates:
    """Return the rates that fit the edges, by expectation and maximisation."""
    rates = start(len(edges.told), early, late)
    for _ in range(EM_ROUNDS if len(edges.report) else 0):
        rates = _maximised(edges, about(edges, rates, EM_MESSAGES), rates, early, late)
    return rates


def about(edges: Edges, rates: Rates, messages: int = MESSAGES) -> Floats:
    """Return the probability that the report of each edge is about its incident, (edges,)."""
    alone = np.minimum(_alone(edges, rates), MOST)
    free = np.where(edges.blind, 0.0, alone)
    heard = np.full(len(alone), rates.first)
    for _ in range(messages):
        said = free / (1 + _others(edges.report, free * heard))
        heard = _heard(edges, said, rates)
    weight = alone * heard
    return np.asarray(weight / (1 + _total(edges.report, weight)))


def _alone(edges: Edges, rates: Rates) -> Floats:
    """Return the odds of each edge by itself, against a report about something else."""
    by, beside = np.array(rates.by), np.array(rates.beside)
    odds = edges.same * rates.lag[lag_class(edges.delay)] * (by / beside)[edges.kind]
    for says, (when_about, when_not) in zip(edges.told, rates.told, strict=True):
        ratio = np.array([1.0, when_about / when_not, (1 - when_about) / (1 - when_not)])
        odds = odds * ratio[says]
    return np.asarray(odds)


def _heard(edges: Edges, said: Floats, rates: Rates) -> Floats:
    """Return what each incident answers its reports: the odds of one more, given what the others say."""
    every = np.bincount(edges.incident, np.log1p(rates.further * said), len(edges.named))
    others = np.exp(np.clip(every[edges.incident] - np.log1p(rates.further * said), 0, np.log(MOST)))
    answer = rates.first * others / (1 + rates.first / rates.further * (others - 1))
    return np.where(edges.named[edges.incident] & ~edges.blind, rates.further, answer)


def _maximised(edges: Edges, weight: Floats, rates: Rates, early: int, late: int) -> Rates:
    free = ~edges.blind
    counted = np.where(free, weight, 0.0)
    answers = np.bincount(edges.incident, counted, len(edges.named)) + edges.named
    lacking = np.exp(np.bincount(edges.incident, np.log1p(-np.minimum(counted, 1 - 1e-9)), len(edges.named)))
    without = float(lacking[~edges.named].sum()) + edges.without + 1.0
    answered = len(edges.named) + edges.without - without + 2.0
    further = float(np.clip(1 - (answered + 1) / (answers.sum() + 2), 0.001, 0.5))
    reports = np.zeros(int(edges.report.max()) + 1, dtype=np.int64)
    reports[edges.report] = edges.kind
    is_free = np.zeros(len(reports), dtype=bool)
    is_free[edges.report] = free
    is_about = np.bincount(edges.report, counted, len(reports))
    by = np.bincount(reports, is_about * is_free, 2) + np.array([1.0, 0.1])
    beside = np.bincount(reports, (1 - is_about) * is_free, 2) + 0.5
    return replace(
        rates,
        lag=_density(np.bincount(lag_class(edges.delay), counted, len(LAG_START)).astype(float), early, late),
        first=max(answered / without, 0.01) * (1 - further),
        further=further,
        by=tuple(by / by.sum()),
        beside=tuple(beside / (edges.exposure + 1000)),
        told=tuple(_told(says, counted, free) for says in edges.told),
    )


def _told(says: Ints, weight: Floats, free: Bools) -> tuple[float, float]:
    """Return how often a comparison says yes: where the report is about the incident, and where not."""
    known = free & (says != UNKNOWN)
    yes = known & (says == YES)
    rest = 1 - weight
    return (
        float((weight[yes].sum() + 4) / (weight[known].sum() + 5)),
        float((rest[yes].sum() + 2) / (rest[known].sum() + 4)),
    )


def _density(counted: Floats, early: int, late: int) -> Floats:
    """Return the density by day of lag classes, of those counted and `LAG_START`; nowhere nought."""
    ends = np.clip(np.array([-early, *LAG_ENDS, late + 1], dtype=np.float64), -early, late + 1)
    shares = counted + np.array(LAG_START) * LAG_BELIEF
    return np.asarray(shares / shares.sum() / np.maximum(np.diff(ends), 1.0))


def _total(group: Ints, value: Floats) -> Floats:
    """Return for each edge the sum over its group."""
    return np.bincount(group, value).astype(float)[group] if len(group) else value


def _others(group: Ints, value: Floats) -> Floats:
    """Return for each edge the sum over the other edges of its group."""
    return np.maximum(_total(group, value) - value, 0.0)
