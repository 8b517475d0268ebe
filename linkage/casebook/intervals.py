"""What draws and delays say: the ends of an interval, and the reports that are still to come."""

from __future__ import annotations

from math import erfc, log, pi, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CERTAINTY = 0.95


def interval(drawn: npt.NDArray[np.integer] | Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean, lower and upper end over the first axis; the mean of a skewed few is inside too.

    A value is inside while at least a fortieth of the draws lies beyond it, those on it counted half (the mid-P of
    Lancaster 1961): of small whole numbers the quantiles themselves would hold too much, 97 of 100 and not 95.
    """
    tail, ordered, mean = (1 - CERTAINTY) / 2, np.sort(drawn, axis=0), np.asarray(drawn.mean(axis=0))
    # What comes before this place is outside, and of other values behind it the first is inside: so from either end.
    place, last = int(tail * len(drawn)), len(drawn) - 1
    low, high = ordered[place], ordered[last - place]
    after = np.minimum(_counted(ordered <= low), last)
    before = np.maximum(_counted(ordered < high) - 1, 0)
    low = np.where(_below(ordered, low) >= tail, low, _at(ordered, after))
    high = np.where(_below(ordered, high) <= 1 - tail, high, _at(ordered, before))
    # Where each is beyond the other's end, no value is inside.
    low = np.where(_below(ordered, low) <= 1 - tail, low, mean)
    high = np.where(_below(ordered, high) >= tail, high, mean)
    return mean, np.minimum(low, mean), np.maximum(high, mean)


def _below(ordered: npt.NDArray[np.integer] | Floats, value: npt.NDArray[np.integer] | Floats) -> Floats:
    """Return which share of the draws lies below a value, those on it counted half."""
    return np.asarray((_counted(ordered < value) + _counted(ordered <= value)) / 2 / len(ordered))


def _counted(told: npt.NDArray[np.bool_]) -> Ints:
    return np.asarray(told.sum(axis=0, dtype=np.int32))


def _at(ordered: npt.NDArray[np.integer] | Floats, place: Ints) -> npt.NDArray[np.integer] | Floats:
    return np.asarray(np.take_along_axis(ordered, place[np.newaxis], axis=0)[0])


def still_to_come(delays: Ints, censored: Ints, ages: Ints) -> Floats:
    """Return the chance that a report still comes for incidents of these ages (days) that have none yet.

    ``delays`` are those of reports that came, ``censored`` the ages of incidents without one. Product limit (Kaplan &
    Meier 1958); who gets no report at all is the share that is left at its end (Maller & Zhou 1996).
    """
    if not len(delays):
        return np.zeros(len(ages))
    # Whose age is below nought are gone before the first day.
    came, lost = np.maximum(delays, 0), censored[censored >= 0]
    days = int(max(came.max(), lost.max(initial=0))) + 1
    deaths = np.bincount(came, minlength=days)
    at_risk = (deaths + np.bincount(lost, minlength=days))[::-1].cumsum()[::-1]
    survival = np.concatenate([[1.0], np.cumprod((at_risk - deaths) / at_risk)])
    left = survival[np.clip(ages + 1, 0, days)]
    return np.where(left > 0, 1 - survival[-1] / np.maximum(left, 1e-12), 0.0)


def log_normal(value: float) -> float:
    """Return the log of the normal distribution function. scipy has it too, but loading it takes longer than a night's
    draws."""
    if value > -30:
        return log(erfc(-value / sqrt(2)) / 2)
    return -(value**2) / 2 - log(-value * sqrt(2 * pi)) - value**-2
