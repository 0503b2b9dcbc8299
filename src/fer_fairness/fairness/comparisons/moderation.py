"""The variance between training seeds, moderated over the methods that are compared.

With three seeds the variance of one mean rests on two degrees of freedom, and at the level of one
test among many its interval is some fifty standard errors wide. Many methods together tell more:
a variance that is small by accident is drawn towards those of the others, and rests on more degrees
of freedom (the empirical Bayes of Smyth 2004, Statistical Applications in Genetics and Molecular
Biology 3; `fitFDist` and `squeezeVar` of limma). Methods are no genes, so four things differ:

- What is compared is each variance as a multiple of that by noise of each seed with these people
  (`own` of `estimates.PeopleVariance`), which is known from the draws of people. A method that
  hardly changes any answer has a small variance, and is told from one that is small by accident.
- Rows vary together: differences to a control all have its noise, and methods that are nearly the
  same have nearly the same. Then many tell little more than one, however alike their variances
  look. The squared cosines between the rows' deviations over seeds say how much; less what chance
  adds (Olkin and Pratt 1958, Annals of Mathematical Statistics 29), their mean is the squared
  correlation that the degrees of freedom and the expected spread of variances are reduced by.
- Few methods say little of how far variances spread: to the estimate of the spread its standard
  error is added, so that few are drawn together little.
- What a method has shown itself is never made smaller: so a method that diverges with some seeds
  keeps its variance, without the rule for outliers of Phipson et al. 2016 (Annals of Applied
  Statistics 10). Intervals of a method that is five times as noisy as 34 others hold the truth in
  89 of 100 cases, and something is falsely found in 2 of 100 families.

With fewer than `FEWEST_SEEDS` correlation cannot be seen, and with fewer than `FEWEST_METHODS` the
spread cannot: each variance stays as it is, with its own degrees of freedom.
`benchmarks/moderated_seeds.py` prints how often the truth is held, and something found that is not
there.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import special

from fer_fairness.fairness.metrics.reductions import Array

FEWEST_SEEDS: Final = 3
FEWEST_METHODS: Final = 8
"""Beside the control. With four, one of which is five times as noisy, something is falsely found in
6 % of families."""

_NOTHING: Final = 1e-24
"""Variances below it are rounding."""
_LEAST_SPREAD: Final = 1e-6
"""Of log variances: from here on they are alike."""
_STEPS: Final = 20
"""Of Newton's method, at most: seven are enough for any value that a computer holds."""
_ROUNDING: Final = 1e-12
"""Steps that are a smaller share of the argument change nothing any more."""


@dataclass(frozen=True)
class BetweenSeeds:
    """The variance of means over seeds by what differs between seeds, each of shape (...).

    Attributes:
        variances: Of the means.
        freedom: Degrees of freedom that they rest on.
    """

    variances: Array
    freedom: Array


def moderated(values: Array, own: Array, n_methods: int) -> BetweenSeeds:
    """The variance of means over seeds, that of each row moderated by those of the others.

    Args:
        values: The value of each seed, two seeds at least; shape (seeds, rows, metrics), each
            metric moderated apart, or any (seeds, ...) of too few seeds or methods.
        own: Variance of the means by noise of each seed with these people, shape (rows, metrics).
        n_methods: How many of the rows are no sums or differences of others; fewer than
            `FEWEST_METHODS` are not moderated.

    Returns:
        Of a row without `own` or value, and where fewer than `FEWEST_METHODS` rows vary, what the
        row shows by itself.
    """
    n_seeds = len(values)
    variances = np.asarray(values.var(axis=0, ddof=1) / n_seeds)
    freedom = np.full(variances.shape, n_seeds - 1.0)
    if n_seeds < FEWEST_SEEDS or n_methods < FEWEST_METHODS:
        return BetweenSeeds(variances, freedom)
    deviations = values - values.mean(axis=0)
    for metric in range(variances.shape[1]):
        alone, scale = variances[:, metric], own[:, metric]
        known = np.isfinite(alone) & (scale > _NOTHING)
        varies = known & (alone > _NOTHING)
        if varies.sum() < FEWEST_METHODS:
            continue
        prior = _prior(deviations[:, varies, metric], alone[varies] / scale[varies], n_methods)
        of_others = prior.share * prior.ratio * scale[known] + (1.0 - prior.share) * alone[known]
        variances[known, metric] = np.maximum(alone[known], of_others)
        freedom[known, metric] = prior.freedom
    return BetweenSeeds(variances, freedom)


@dataclass(frozen=True)
class _Prior:
    """What the rows together say of one row's variance.

    Attributes:
        ratio: The geometric mean of variances, as multiples of `own`.
        share: Weight that it has against the row's own variance, in [0, 1].
        freedom: Degrees of freedom that the weighted mean rests on.
    """

    ratio: float
    share: float
    freedom: float


def _prior(deviations: Array, ratios: Array, n_methods: int) -> _Prior:
    """Fit the prior to rows of shape (seeds, rows) and the multiples that they show, (rows,)."""
    own_freedom, n_rows = len(deviations) - 1, len(ratios)
    half = own_freedom / 2.0
    together = squared_correlation(deviations)
    logs = np.log(ratios) - special.digamma(half) + np.log(half)
    by_chance, fourth = special.polygamma(1, half), special.polygamma(3, half)
    error = np.sqrt((fourth + 2.0 * by_chance**2) / min(n_methods, n_rows))
    beyond_chance = max(logs.var(ddof=1) - by_chance * (1.0 - together), 0.0)
    prior_freedom = 2.0 * trigamma_inverse(beyond_chance + error)
    share = prior_freedom / (prior_freedom + own_freedom)
    # The rows' common level is itself known only as well as rows that vary together tell it.
    pooled = own_freedom / (1.0 / n_rows + (1.0 - 1.0 / n_rows) * together)
    freedom = 1.0 / ((1.0 - share) / own_freedom + share**2 / pooled)
    # As in limma, no row is surer than all of them together. The level is that of the logarithms'
    # mean, without limma's factor exp(digamma(d / 2)) / (d / 2) of the prior's d, which is below 1:
    # variances come out larger (by 31 % at d = 4), never smaller.
    return _Prior(float(np.exp(logs.mean())), float(share), float(min(freedom, pooled)))


def trigamma_inverse(value: float) -> float:
    """The argument at which the trigamma function has this positive value.

    Newton's method on the reciprocal, which is convex (appendix of Smyth 2004).
    """
    value = max(value, _LEAST_SPREAD)
    found = 0.5 + 1.0 / value
    for _ in range(_STEPS):
        trigamma = special.polygamma(1, found)
        step = trigamma * (1.0 - trigamma / value) / special.polygamma(2, found)
        found += step
        if abs(step) < _ROUNDING * found:
            break
    return float(found)


def squared_correlation(deviations: Array) -> float:
    """The mean squared correlation between two rows, in [0, 1).

    Rows that vary apart also point in one direction by chance, the more the fewer seeds. What the
    mean squared cosine comes to is curved in the squared correlation such that a mean over unlike
    pairs errs on the side of more.

    Args:
        deviations: Of each row from its mean over seeds, shape (seeds, rows), none of them zero
            everywhere; two rows at least.
    """
    directions = deviations / np.sqrt((deviations**2).sum(axis=0))
    n_rows = directions.shape[1]
    squares = ((directions @ directions.T) ** 2).sum() - n_rows
    grid, curve = _expected_cosines(len(deviations) - 1)
    return float(np.interp(squares / (n_rows * (n_rows - 1)), curve, grid))


@lru_cache
def _expected_cosines(freedom: int) -> tuple[Array, Array]:
    """Squared correlations, and the mean squared cosine that each has with so much freedom."""
    grid = np.linspace(0.0, 0.999, 400)
    unlike = special.hyp2f1(1.0, 1.0, freedom / 2.0 + 1.0, grid)
    return grid, 1.0 - (freedom - 1.0) / freedom * (1.0 - grid) * unlike
