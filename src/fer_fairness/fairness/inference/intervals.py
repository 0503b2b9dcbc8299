"""Confidence intervals of shares, of smooth averages and of differences between models.

Intervals of gaps between groups are those of `gap_intervals`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from scipy.special import stdtrit

from fer_fairness.fairness.metrics.formulas import Counts
from fer_fairness.fairness.metrics.reductions import Array


@dataclass(frozen=True)
class Interval:
    """Bounds of a confidence interval; NaN where the value is not defined."""

    low: float
    high: float


NO_INTERVAL: Final = Interval(float("nan"), float("nan"))
"""Of a value that is not defined."""

_NOTHING_KNOWN: Final = 1e-3
"""So few faces or degrees of freedom are as good as none."""


def percentile_interval(replicates: Array, confidence: float) -> Interval:
    """The middle `confidence` of the replicates; undefined replicates are left out.

    `NO_INTERVAL` where none is defined, or the confidence is NaN.
    """
    defined = replicates[np.isfinite(replicates)]
    if defined.size == 0 or math.isnan(confidence):
        return NO_INTERVAL
    outside = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [outside, 1.0 - outside])
    return Interval(float(low), float(high))


def raised_interval(
    value: float, replicates: Array, noises: Sequence[Array], confidence: float
) -> Interval:
    """Interval of a mean of absolute errors, which noise raises.

    Where the errors t are measured as t + e, sum |t + e| <= sum |t| + sum |e|: the value exceeds
    the truth by no more than noise alone comes to, and that is taken off below. Above nothing is
    taken off but the spread of the replicates about their mean, for the mean of |t + e| is no less
    than |t| (Jensen 1906). Where t is 0 the upper bound cannot miss, so all of the error is below.

    Args:
        value: The measured mean.
        replicates: What it is on resamples, shape (draws,).
        noises: What it is where only noise is, found in several ways, each of shape (draws,): the
            greatest quantile counts.
        confidence: Of the interval; with NaN it is not defined.

    Returns:
        An interval that holds the value, its bounds at least 0.
    """
    middle = percentile_interval(replicates, confidence)
    if math.isnan(middle.low):
        return NO_INTERVAL
    noise = max(float(np.nanquantile(drawn, confidence)) for drawn in noises)
    spread = max(float(np.nanmean(replicates)) - middle.low, 0.0)
    return Interval(max(value - noise, 0.0), value + spread)


def wilson_interval(successes: float, people: float, confidence: float) -> Interval:
    """Interval of a share (Wilson 1927): of use with few people, and where all or none succeed.

    Resampling would give 3 of 3 the interval from 1 to 1. Weighted people need not be whole.
    """
    return _wilson(successes / people, people, confidence) if people else NO_INTERVAL


def share_interval_of_people(
    right: Counts, faces: Counts, people: Counts, confidence: float
) -> Interval:
    """Interval of the share of faces recognised where people have several.

    Wilson's interval of n / d faces. The design effect d (Kish 1965) is the variance of the ratio
    of people's totals, whole people being drawn, over that of as many independent faces; at least
    1. With few people it is itself unsure: n is further divided by (t / z)^2, as Korn and Graubard
    1998 (Survey Methodology 24, 193-201) do; Franco et al. 2019 (J. Survey Statistics and
    Methodology 7, 334-364) compare such intervals. Where all or none are recognised no spread is
    seen, and people count as if all their faces were one.

    Args:
        right: Faces of a person recognised, int64, shape (rows,).
        faces: Faces of that person, shape (rows,).
        people: How many people have so many, shape (rows,).
        confidence: As a share.

    Returns:
        `NO_INTERVAL` where fewer than two people have a face: one says nothing of others.
    """
    n, n_people = float(people @ faces), int(people[faces > 0].sum())
    if n_people < 2:
        return NO_INTERVAL
    share, effective = float(people @ right) / n, effective_people(faces, people)
    spread = float(people @ (right - share * faces) ** 2) * n_people / (n_people - 1) / n
    binomial = share * (1 - share)
    # Of faces that are all of one mind: as many as people.
    of_faces = n / max(spread / binomial, 1.0) if binomial > 0 else effective
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    sure = of_faces * (z / _t(confidence, effective)) ** 2
    return _wilson(share, sure, confidence) if sure > _NOTHING_KNOWN else Interval(0.0, 1.0)


def effective_people(faces: Counts, people: Counts) -> float:
    """How many people of equally many faces weigh as much: (sum m)^2 / sum m^2 (Kish 1965).

    Args:
        faces: Faces of a person, shape (rows,).
        people: How many people have so many, shape (rows,).
    """
    squares = float(people @ faces**2)
    return float(people @ faces) ** 2 / squares if squares else 0.0


def expanded_confidence(confidence: float, n_people: float) -> float:
    """The share of resamples of `n_people` to keep, so that an interval covers with few of them.

    Resampling n people gives (n - 1) / n of the variance, and a normal spread where it is t's:
    Hesterberg 2015 (The American Statistician 69, 371-386) widens the percentile
    interval to the probability that a normal deviate is within sqrt(n / (n - 1)) t. NaN with one
    person or none.
    """
    if not n_people > 1 + _NOTHING_KNOWN:
        return float("nan")
    widened = float(np.sqrt(n_people / (n_people - 1))) * _t(confidence, n_people)
    return 1.0 - 2.0 * NormalDist().cdf(-widened)


def _t(confidence: float, n_people: float) -> float:
    """Student's quantile, two-sided, of n people."""
    return float(stdtrit(max(n_people - 1, _NOTHING_KNOWN), 0.5 + confidence / 2.0))


def _wilson(share: float, people: float, confidence: float) -> Interval:
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    z2 = z * z
    centre = (share + z2 / (2 * people)) / (1 + z2 / people)
    spread = share * (1 - share) / people + z2 / (4 * people * people)
    half = z / (1 + z2 / people) * float(np.sqrt(spread))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
