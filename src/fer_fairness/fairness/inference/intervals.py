"""Confidence intervals of shares, of smooth averages and of differences between models.

Intervals of gaps between groups are those of `gap_intervals`.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array


@dataclass(frozen=True)
class Interval:
    """Bounds of a confidence interval; NaN where the value is not defined."""

    low: float
    high: float


NO_INTERVAL: Final = Interval(float("nan"), float("nan"))
"""Of a value that is not defined."""


def percentile_interval(replicates: Array, confidence: float) -> Interval:
    """The middle `confidence` of the replicates; undefined replicates are left out."""
    defined = replicates[np.isfinite(replicates)]
    if defined.size == 0:
        return NO_INTERVAL
    outside = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [outside, 1.0 - outside])
    return Interval(float(low), float(high))


def reflected_interval(value: float, replicates: Array, confidence: float) -> Interval:
    """The middle `confidence` of the replicates, reflected about the value.

    Davison and Hinkley 1997, section 5.2, the basic bootstrap. Replicates exceed the value by as
    much as the value exceeds the truth, as far as noise is the reason; so the bounds are 2 value -
    (their quantiles), widened to hold the value.
    """
    middle = percentile_interval(replicates, confidence)
    return _holding(Interval(2 * value - middle.high, 2 * value - middle.low), value)


def wilson_interval(successes: int, people: int, confidence: float) -> Interval:
    """Interval of a share (Wilson 1927): of use with few people, and where all or none succeed.

    Resampling would give 3 of 3 the interval from 1 to 1.
    """
    if people == 0:
        return NO_INTERVAL
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, z2 = successes / people, z * z
    centre = (share + z2 / (2 * people)) / (1 + z2 / people)
    spread = share * (1 - share) / people + z2 / (4 * people * people)
    half = z / (1 + z2 / people) * float(np.sqrt(spread))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def _holding(interval: Interval, value: float) -> Interval:
    return Interval(min(interval.low, value), max(interval.high, value))
