"""The mean over training seeds, how sure it is, and whether seeds or people make it unsure.

The seeds are crossed with the people: every seed has met the same faces. A value of seed s has
noise of the people (p, the same for all seeds), of the seed (b_s), and of this seed with these
people (e_s). The variance of the mean over S seeds is var(p) + var(b)/S + var(e)/S. What is seen:

- C, the mean covariance between two seeds over resamples of people that all seeds share, is
  var(p): what one seed alone does with a face is not in it.
- M, the sample variance of the S values divided by S, is (var(b) + var(e))/S, on S - 1 degrees of
  freedom. The values come from the same people, so p is not in it: nothing is counted twice.
- W, what resampling gives each seed alone (mean variance minus C), divided by S, is var(e)/S.

C + M is the moment estimate of a crossed design (Owen 2007, "The pigeonhole bootstrap", Annals of
Applied Statistics 1; two-way clustering in Cameron, Gelbach and Miller 2011 is the same sum). M of
two or three seeds is often near zero by accident, where var(b) would be estimated below zero. It
cannot be, so M is at least W and C at least 0: the variance is max(C, 0) + max(M, W), never below
C + W, which is the variance of the mean over resamples of people alone.

With three seeds the second part rests on two degrees of freedom, and 1.96 standard errors could
cover the truth in as few as 8 of 10 cases. The multiplier is that of Cochran and Cox (1950,
Experimental Designs; SAS PROC TTEST has it): the average of the normal's and of t's with S - 1
degrees of freedom, weighted by the two parts. t has S - 1 degrees of freedom also where W takes
the place of M: that no more noise was seen is no reason to be surer of it. And t weighs a tenth at
least: seeds that all but agree may do so by accident, and with the normal's tails a rare accident
would be a certain finding.

Where the parts are normal, this misses the truth in at most so many cases, 95 % intervals and then
tests at 0.005 and 0.001 (the worst of 30 mixtures of the variances, 400,000 simulations of each;
`benchmarks/seeds_coverage.py` makes such on a smaller scale):

- 5.8 %, 0.4 % and 0.0 % with two seeds, and 0.0 to 0.2 % of intervals where var(b) = 0;
- 5.1 %, 0.7 % and 0.2 % with three, and 0.0 to 2.8 % where var(b) = 0;
- 5.0 %, 0.5 % and 0.1 % with five, and 0.4 to 4.1 % where var(b) = 0.

So few seeds err on the side of no finding: with two, t's multiplier is 12.7 at 0.05 and 637 at
0.001, and hardly anything is found after correction. Satterthwaite's degrees of freedom on the same
parts miss in up to 12.7, 7.9 and 5.8 %, and tests at 0.001 with two seeds in up to 5.1 %.

Assumed: seeds are drawn alike and independently; values are near normal; people are so many that
resampling tells C and W. Resampling within small groups and rare emotions tells too little: among
n people of one group and emotion it finds (n - 1)/n of the variance, none with one person. So the
accuracy of a group of 23 with seven emotions is missed by 8 to 9 % of intervals with five seeds; a
difference between two variants there by 4 to 5 %.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval
from fer_fairness.fairness.metrics.group_metrics import Array

_SMALLEST_LOG_P: Final = -230.0
"""1e-100: from there on the quantiles of t are not exact any more."""
_LEAST_WEIGHT_OF_T: Final = 0.1
"""From here on tests at 0.005 and below hold their level with two seeds (with a twentieth those at
0.005 find a difference in 0.9 % where there is none). Where seeds agree, it makes 95 % intervals
4 % wider with five seeds and 55 % with two."""
_NO_ERROR: Final = 1e-12
"""Standard errors below it are rounding."""


@dataclass(frozen=True)
class SeedEstimate:
    """A mean over training seeds; everything NaN where a seed's value is not defined.

    Attributes:
        value: The mean.
        interval: For the mean over all seeds that could have been drawn, and all people. NaN where
            neither seeds nor resamples of people show any noise, unless the mean is zero.
        p_value: Against a true mean of zero, two-sided; the interval excludes zero where it is
            below 1 - confidence. 0 stands for less than 1e-100, NaN is where the interval is.
        seed_standard_deviation: Of the values of the seeds, on these people.
        seed_share: Share of the mean's variance that more seeds would take off, in [0, 1]; the
            rest only more people. 0 where there is no variance at all.
    """

    value: float
    interval: Interval
    p_value: float
    seed_standard_deviation: float
    seed_share: float


_NAN: Final = float("nan")
_UNDEFINED: Final = SeedEstimate(_NAN, NO_INTERVAL, _NAN, _NAN, _NAN)


def mean_over_seeds(values: Array, replicates: Array, confidence: float) -> SeedEstimate:
    """Mean of a value over training seeds, with the noise of seeds and of people.

    Args:
        values: The value of each seed, shape (seeds,), at least two.
        replicates: The values on resamples of people shared by all seeds, shape (n, seeds);
            resamples where a seed's value is not defined are left out, and where that are more than
            half of them, nothing is said.
        confidence: Level of the interval.
    """
    defined = replicates[np.isfinite(replicates).all(axis=1)]
    if not np.isfinite(values).all() or len(defined) < max(2, len(replicates) / 2):
        return _UNDEFINED
    n_seeds = len(values)
    value = float(values.mean())
    deviation = float(values.std(ddof=1))
    shared, own = _variances_of_people(defined)
    of_seeds = max(deviation**2 / n_seeds, own)
    error = float(np.sqrt(shared + of_seeds))
    if error < _NO_ERROR:
        return _without_noise(value)
    share = of_seeds / (shared + of_seeds)
    half = error * _multiplier(1.0 - confidence, share, n_seeds)
    return SeedEstimate(
        value=value,
        interval=Interval(value - half, value + half),
        p_value=_p_value(abs(value), error, share, n_seeds),
        seed_standard_deviation=deviation,
        seed_share=share,
    )


def _without_noise(value: float) -> SeedEstimate:
    """That a few people answer alike in all resamples says nothing about how sure their answer is.

    A mean of zero is left as it is: no model differs from another.
    """
    if abs(value) < _NO_ERROR:
        return SeedEstimate(value, Interval(value, value), 1.0, 0.0, 0.0)
    return SeedEstimate(value, NO_INTERVAL, _NAN, 0.0, 0.0)


def _variances_of_people(replicates: Array) -> tuple[float, float]:
    """What people do to the mean over seeds: noise shared by all seeds, and of each with them.

    C and W above. Noise can take the estimate of C below zero, the truth not.
    """
    covariances = np.cov(replicates.T)
    n_seeds = len(covariances)
    of_one = float(np.trace(covariances)) / n_seeds
    shared = (float(covariances.sum()) - n_seeds * of_one) / (n_seeds * (n_seeds - 1))
    return max(shared, 0.0), max((of_one - shared) / n_seeds, 0.0)


def _multiplier(outside: float, seed_share: float, n_seeds: int) -> float:
    normal = -float(special.ndtri(outside / 2))
    student = -float(special.stdtrit(n_seeds - 1, outside / 2))
    weight = max(seed_share, _LEAST_WEIGHT_OF_T)
    return (1.0 - weight) * normal + weight * student


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
