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

Where many methods are compared, M of each is moderated over them, with more degrees of freedom than
S - 1; `moderation` tells how and from how many methods on. All of the above holds for one method.

With one seed there is no second part: C alone is the variance, and the multiplier is the normal's.
Such an interval is for this trained model only.

Assumed: seeds are drawn alike and independently; values are near normal.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from fer_fairness.fairness.comparisons.moderation import moderated
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval
from fer_fairness.fairness.metrics.reductions import Array

_SMALLEST_LOG_P: Final = -230.0
"""1e-100: from there on the quantiles of t are not exact any more."""
_HALVINGS: Final = 60
"""Of the range of log p: leaves 1e-16 of it."""
_LEAST_WEIGHT_OF_T: Final = 0.1
"""From here on tests at 0.005 and below hold their level with two seeds (with a twentieth those at
0.005 find a difference in 0.9 % where there is none). Where seeds agree, it makes 95 % intervals
4 % wider with five seeds and 55 % with two."""
_NO_ERROR: Final = 1e-12
"""Standard errors below it are rounding."""


@dataclass(frozen=True)
class PeopleVariance:
    """What people do to means over seeds, each array of shape (...): C and W / S above.

    NaN where a value is undefined in more than half of the draws.

    Attributes:
        shared: Variance of the mean by noise that all seeds share.
        own: Variance of the mean by noise of each seed with these people.
        scores: Draws of the mean, brought to mean 0 and variance 1, shape (n, ...); 0 where they do
            not vary.
    """

    shared: Array
    own: Array
    scores: Array


def people_variance(replicates: Array) -> PeopleVariance:
    """Tell apart noise that all seeds share and noise of each seed, from draws of people.

    Args:
        replicates: Values on draws of people shared by all seeds, shape (n, seeds, ...); draws
            where a seed's value is not defined are left out.
    """
    n, n_seeds = replicates.shape[:2]
    defined = np.asarray(np.isfinite(replicates).all(axis=1))
    kept = np.where(defined[:, np.newaxis], replicates, 0.0)
    n_defined = defined.sum(axis=0)
    centre = kept.sum(axis=0) / np.maximum(n_defined, 1)
    kept = np.where(defined[:, np.newaxis], kept - centre, 0.0)
    freedom = np.where(n_defined >= max(2, n / 2), n_defined - 1.0, np.nan)
    of_one = (kept**2).sum(axis=0).mean(axis=0) / freedom
    mean = kept.mean(axis=1)
    of_mean = (mean**2).sum(axis=0) / freedom
    shared = of_mean if n_seeds == 1 else (n_seeds * of_mean - of_one) / (n_seeds - 1)
    deviation = np.sqrt(of_mean)
    varies = deviation > _NO_ERROR
    return PeopleVariance(
        shared=np.maximum(shared, 0.0),
        own=np.maximum((of_one - shared) / n_seeds, 0.0),
        scores=np.where(varies, mean / np.where(varies, deviation, 1.0), 0.0),
    )


@dataclass(frozen=True)
class SeedMeans:
    """Means over training seeds, each array of shape (...); NaN where a seed's is not defined.

    Attributes:
        values: The means.
        errors: Their standard errors. NaN where neither seeds nor draws of people show any noise,
            unless the mean is zero.
        seed_share: Share of the mean's variance that more seeds would take off, in [0, 1]; the
            rest only more people. 0 where there is no variance at all.
        seed_standard_deviation: Of the values of the seeds, on these people; NaN with one seed.
        freedom: Degrees of freedom of the part of the variance that more seeds would take off;
            infinite with one seed.
        n_seeds: Number of seeds.
    """

    values: Array
    errors: Array
    seed_share: Array
    seed_standard_deviation: Array
    freedom: Array
    n_seeds: int

    def half_widths(self, outside: Array | float) -> Array:
        """Half of the intervals that miss the truth in a share `outside` of cases, shape (...)."""
        return self.errors * _multipliers(outside, self.seed_share, self.freedom)

    def detectable(self, outside: Array | float, power: float) -> Array:
        """The mean that tests at the level `outside` find in a share `power` of cases, (...).

        The estimate then lies beyond the half of the interval, with the same multipliers.
        """
        return self.half_widths(outside) + self.half_widths(2.0 * (1.0 - power))

    def p_values(self) -> Array:
        """Against a mean of zero, two-sided: the `outside` whose interval just reaches zero.

        0 stands for less than 1e-100; NaN where the error is; 1 where the mean is zero.
        """
        low = np.full(self.values.shape, _SMALLEST_LOG_P)
        high = np.zeros(self.values.shape)
        distances = np.abs(self.values)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reaches = self.half_widths(np.exp(middle)) >= distances
            low, high = np.where(reaches, middle, low), np.where(reaches, high, middle)
        found = np.exp(high)
        found[self.half_widths(np.exp(np.full(low.shape, _SMALLEST_LOG_P))) < distances] = 0.0
        found[distances < _NO_ERROR] = 1.0
        return np.where(np.isfinite(self.errors) & np.isfinite(self.values), found, np.nan)


def seed_means(values: Array, shared: Array, own: Array, n_methods: int = 1) -> SeedMeans:
    """Means over seeds with the noise of seeds and of people.

    Args:
        values: The value of each seed, shape (seeds, ...).
        shared: Variance of the mean by noise of people that all seeds share, shape (...).
        own: Variance of the mean by noise of each seed with these people, shape (...).
        n_methods: How many values along the second axis are no sums or differences of others;
            where there are enough, the variance between seeds is moderated over them.
    """
    n_seeds = len(values)
    means = np.asarray(values.mean(axis=0))
    of_seeds = np.zeros(means.shape)
    freedom = np.full(means.shape, np.inf)
    if n_seeds > 1:
        between = moderated(values, own, n_methods)
        of_seeds, freedom = np.maximum(between.variances, own), between.freedom
    variance = shared + of_seeds
    errors = np.sqrt(variance)
    # That a few people answer alike in all draws says nothing about how sure their answer is; a
    # mean of zero is left as it is: no model differs from another.
    silent = errors < _NO_ERROR
    errors = np.where(silent, np.where(np.abs(means) < _NO_ERROR, 0.0, np.nan), errors)
    share = np.where(silent, 0.0, of_seeds / np.where(silent, 1.0, variance))
    deviation = values.std(axis=0, ddof=1) if n_seeds > 1 else np.full(means.shape, np.nan)
    return SeedMeans(means, errors, share, deviation, freedom, n_seeds)


@dataclass(frozen=True)
class SeedEstimate:
    """One mean over training seeds; see `SeedMeans`.

    Attributes:
        value: The mean.
        interval: For the mean over all seeds that could have been drawn, and all people.
        p_value: Against a true mean of zero.
        seed_standard_deviation: Of the values of the seeds, on these people.
        seed_share: Share of the mean's variance that more seeds would take off.
    """

    value: float
    interval: Interval
    p_value: float
    seed_standard_deviation: float
    seed_share: float


def mean_over_seeds(values: Array, replicates: Array, confidence: float) -> SeedEstimate:
    """Mean of one value over training seeds, with the noise of seeds and of people.

    Args:
        values: The value of each seed, shape (seeds,), at least two.
        replicates: The values on draws of people shared by all seeds, shape (n, seeds).
        confidence: Level of the interval.
    """
    people = people_variance(replicates[..., np.newaxis])
    found = seed_means(values[:, np.newaxis], people.shared, people.own)
    value, half = float(found.values[0]), float(found.half_widths(1.0 - confidence)[0])
    if not np.isfinite(people.shared[0] + value):
        nothing = float("nan")
        return SeedEstimate(nothing, NO_INTERVAL, nothing, nothing, nothing)
    return SeedEstimate(
        value=value,
        interval=Interval(value - half, value + half),
        p_value=float(found.p_values()[0]),
        seed_standard_deviation=float(found.seed_standard_deviation[0]),
        seed_share=float(found.seed_share[0]),
    )


def _multipliers(outside: Array | float, seed_share: Array, freedom: Array) -> Array:
    level = np.broadcast_to(np.asarray(outside) / 2, seed_share.shape)
    normal = -special.ndtri(level)
    several = np.isfinite(freedom)
    student = -special.stdtrit(np.where(several, freedom, 1.0), level)
    weight = np.where(several, np.maximum(seed_share, _LEAST_WEIGHT_OF_T), 0.0)
    return np.where(several, (1.0 - weight) * normal + weight * student, normal)
