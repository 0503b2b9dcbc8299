"""Confidence intervals of shares, of smooth averages and of gaps.

A gap is a maximum minus a minimum, and noise widens it: it is above zero where groups are treated
alike, and resampling adds the noise a second time. Percentiles of resamples would therefore lie
above the truth, often above the measured value itself. Intervals of gaps are reflected (Davison
and Hinkley 1997, section 5.2, "basic bootstrap"), which takes the added noise off once; with many
groups and few people more noise remains than that, and the interval still lies somewhat high.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fer_fairness.fairness.metrics import Array, Counts, GapMetric, equal_treatment


@dataclass(frozen=True)
class Interval:
    """Bounds of a confidence interval; NaN where the value is not defined."""

    low: float
    high: float


def percentile_interval(replicates: Array, confidence: float) -> Interval:
    """The middle `confidence` of the replicates; undefined replicates are left out."""
    defined = replicates[np.isfinite(replicates)]
    if defined.size == 0:
        return Interval(float("nan"), float("nan"))
    outside = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [outside, 1.0 - outside])
    return Interval(float(low), float(high))


def reflected_interval(value: float, replicates: Array, confidence: float) -> Interval:
    """The middle `confidence` of the replicates, reflected about the value.

    Replicates exceed the value by as much as the value exceeds the truth, as far as noise is the
    reason; so the bounds are 2 value - (their quantiles), widened to hold the value.
    """
    middle = percentile_interval(replicates, confidence)
    return _holding(Interval(2 * value - middle.high, 2 * value - middle.low), value)


def gap_interval(
    metric: GapMetric, counts: Counts, replicates: Array, *, p_value: float, confidence: float
) -> Interval:
    """Interval of a metric between groups: reflected, within the metric's range, true to the test.

    Where the permutation test does not reject equal treatment at this confidence, neither does the
    interval: it is widened to hold what the metric comes to under equal treatment.

    Args:
        metric: The metric.
        counts: What was measured, int64, shape (g, c, k).
        replicates: Values of the metric on resamples, shape (n,).
        p_value: The unadjusted p-value.
        confidence: Level of the interval.
    """
    interval = reflected_interval(float(metric.function(counts)), replicates, confidence)
    if p_value > 1.0 - confidence:
        interval = _holding(interval, float(metric.function(equal_treatment(counts))))
    highest = np.inf if metric.higher_is_worse else 1.0
    return Interval(max(interval.low, 0.0), min(interval.high, float(highest)))


def wilson_interval(successes: int, people: int, confidence: float) -> Interval:
    """Interval of a share (Wilson 1927): of use with few people, and where all or none succeed.

    Resampling would give 3 of 3 the interval from 1 to 1.
    """
    if people == 0:
        return Interval(float("nan"), float("nan"))
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, z2 = successes / people, z * z
    centre = (share + z2 / (2 * people)) / (1 + z2 / people)
    spread = share * (1 - share) / people + z2 / (4 * people * people)
    half = z / (1 + z2 / people) * float(np.sqrt(spread))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def _holding(interval: Interval, value: float) -> Interval:
    return Interval(min(interval.low, value), max(interval.high, value))
