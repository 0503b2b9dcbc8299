"""The mean over training seeds, how sure it is, and whether seeds or people make it unsure.

The seeds are crossed with the people: every seed has met the same faces. A value of seed s has
noise of the people (p, the same for all seeds), of the seed (b_s), and of this seed with these
people (e_s). The variance of the mean over S seeds is var(p) + var(b)/S + var(e)/S:

- var(p) is the mean covariance between two seeds over resamples of people that all seeds share:
  what one seed alone does with a face is not in it.
- (var(b) + var(e))/S is the sample variance of the S values, divided by S. The values come from
  the same people, so p is not in it: nothing is counted twice.

This is the moment estimate of a crossed design (Owen 2007, "The pigeonhole bootstrap", Annals of
Applied Statistics 1; two-way clustering in Cameron, Gelbach and Miller 2011 is the same sum).

With three seeds the second part rests on two degrees of freedom, and 1.96 standard errors could
cover the truth in as few as 8 of 10 cases. The multiplier is that of Cochran and Cox (1950,
Experimental Designs; SAS PROC TTEST has it): the average of the normal's and of t's with S - 1
degrees of freedom, weighted by the two variances. Where the parts are normal it covers in 95.0 to
97.1 % of cases for any number of seeds from 3 and any mixture of the variances, by numerical
integration (Satterthwaite's: 92.2 to 95.0 %).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.metrics.group_metrics import Array

_SMALLEST_LOG_P: Final = -230.0
"""1e-100: from there on the quantiles of t are not exact any more."""


@dataclass(frozen=True)
class SeedEstimate:
    """A mean over training seeds; everything NaN where a seed's value is not defined.

    Attributes:
        value: The mean.
        interval: For the mean over all seeds that could have been drawn, and all people.
        p_value: Against a true mean of zero, two-sided; the interval excludes zero where it is
            below 1 - confidence. 0 stands for less than 1e-100.
        seed_standard_deviation: Of the values of the seeds, on these people.
        seed_share: Share of the mean's variance that more seeds would take off, in [0, 1]; the
            rest only more people. 0 where there is no variance at all.
    """

    value: float
    interval: Interval
    p_value: float
    seed_standard_deviation: float
    seed_share: float


_UNDEFINED: Final = SeedEstimate(
    float("nan"), Interval(float("nan"), float("nan")), float("nan"), float("nan"), float("nan")
)


def mean_over_seeds(values: Array, replicates: Array, confidence: float) -> SeedEstimate:
    """Mean of a value over training seeds, with the noise of seeds and of people.

    Args:
        values: The value of each seed, shape (seeds,), at least two.
        replicates: The values on resamples of people shared by all seeds, shape (n, seeds);
            resamples where a seed's value is not defined are left out.
        confidence: Level of the interval.
    """
    defined = replicates[np.isfinite(replicates).all(axis=1)]
    if not np.isfinite(values).all() or len(defined) < 2:
        return _UNDEFINED
    n_seeds = len(values)
    value = float(values.mean())
    deviation = float(values.std(ddof=1))
    parts = _people_variance(defined), deviation**2 / n_seeds
    error = float(np.sqrt(sum(parts)))
    share = parts[1] / sum(parts) if error > 0 else 0.0
    half = error * _multiplier(1.0 - confidence, share, n_seeds)
    return SeedEstimate(
        value=value,
        interval=Interval(value - half, value + half),
        p_value=_p_value(abs(value), error, share, n_seeds),
        seed_standard_deviation=deviation,
        seed_share=share,
    )


def _people_variance(replicates: Array) -> float:
    """Mean covariance between two seeds; noise can take the estimate below zero, the truth not."""
    covariances = np.cov(replicates.T)
    n_seeds = len(covariances)
    shared = (covariances.sum() - np.trace(covariances)) / (n_seeds * (n_seeds - 1))
    return max(float(shared), 0.0)


def _multiplier(outside: float, seed_share: float, n_seeds: int) -> float:
    normal = -float(special.ndtri(outside / 2))
    student = -float(special.stdtrit(n_seeds - 1, outside / 2))
    return (1.0 - seed_share) * normal + seed_share * student


def _p_value(distance: float, error: float, seed_share: float, n_seeds: int) -> float:
    """The level at which the interval just reaches zero."""
    from scipy import optimize  # a second to import, and needed here only

    if distance == 0.0:
        return 1.0

    def beyond(log_p: float) -> float:
        return error * _multiplier(float(np.exp(log_p)), seed_share, n_seeds) - distance

    if beyond(_SMALLEST_LOG_P) < 0.0:
        return 0.0
    return float(np.exp(optimize.brentq(beyond, _SMALLEST_LOG_P, 0.0)))
