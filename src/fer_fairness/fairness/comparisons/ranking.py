"""Ranks of methods: over blocks as Demsar ranks them, and which ranks are possible at all.

A block is a training seed on an evaluation set. Friedman's test in the form of Iman and Davenport,
and Nemenyi's critical difference of mean ranks, are those of Demsar 2006 (JMLR 7). Both take blocks
for independent, and so speak of further blocks of the same kind: seeds that met the same faces say
whether an order holds for other seeds on these faces, and nothing of other people. Mean ranks also
depend on which other methods are ranked (Benavoli, Corani and Mangili 2016, JMLR 17), and the
signed-rank test that they advise instead has no p-value below 2^(1 - blocks): with ten blocks it
finds nothing among the 435 pairs of 30 methods, whatever they do.

So methods are told apart by their values, pair by pair, with the noise of people and of seeds
(`joint_tests`), corrected over all pairs of an outcome. From the pairs follow the ranks that each
method may have: 1 + how many are better than it, to the number of methods less those that are
worse (Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91). They hold for all
methods at once, ties included, where a bootstrap of ranks does not (Xie, Singh and Zhang 2009,
JASA 104).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.joint_tests import joint_tests
from fer_fairness.fairness.comparisons.measured import Measured
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters

_DIGITS: Final = 12
"""Values that agree to so many decimals have one rank: the same table can give sums that differ in
the last bits."""

_NOTHING: Final = float("nan")


def block_ranks(values: Array, *, higher_is_better: bool = True) -> Array:
    """The rank of each method in each block, 1 the best; equal values share the mean of theirs.

    Args:
        values: Shape (blocks, methods).
        higher_is_better: Whether the highest value has rank 1, else the lowest.

    Returns:
        Shape (blocks, methods).
    """
    ordered = -values if higher_is_better else values
    return np.asarray(stats.rankdata(np.round(ordered, _DIGITS), axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Friedman:
    """Whether methods differ in their ranks over blocks; NaN with one block or one method.

    Attributes:
        chi_square: Friedman's statistic, corrected for ties; 0 where all are tied.
        p_value: By the chi-square distribution with methods - 1 degrees of freedom.
        f: That of Iman and Davenport 1980, less cautious with few blocks; infinite where all
            blocks agree.
        f_p_value: By the F distribution with methods - 1 and (methods - 1)(blocks - 1) degrees of
            freedom.
    """

    chi_square: float
    p_value: float
    f: float
    f_p_value: float


def friedman(ranks: Array) -> Friedman:
    """Friedman's test.

    Args:
        ranks: As `block_ranks` gives them, shape (blocks, methods).
    """
    blocks, methods = ranks.shape
    if blocks < 2 or methods < 2:
        return Friedman(_NOTHING, _NOTHING, _NOTHING, _NOTHING)
    expected = blocks * (methods + 1) / 2
    between = float(((ranks.sum(axis=0) - expected) ** 2).sum())
    within = float((ranks**2).sum() - blocks * methods * (methods + 1) ** 2 / 4)
    if within <= 0:
        return Friedman(0.0, 1.0, 0.0, 1.0)
    highest = float(blocks * (methods - 1))
    chi_square = min((methods - 1) * between / within, highest)
    left = highest - chi_square
    f = (blocks - 1) * chi_square / left if left > 1e-9 * highest else float("inf")
    freedom = methods - 1, (methods - 1) * (blocks - 1)
    return Friedman(
        chi_square, float(stats.chi2.sf(chi_square, freedom[0])), f, float(stats.f.sf(f, *freedom))
    )


def critical_difference(n_methods: int, n_blocks: int, significance: float) -> float:
    """The difference of mean ranks from which Nemenyi's test tells two methods apart.

    q sqrt(k (k + 1) / (6 N)), q being the quantile of the studentized range of k methods divided
    by the root of 2, N the number of blocks. NaN with one block or one method.
    """
    if n_methods < 2 or n_blocks < 2:
        return _NOTHING
    quantile = stats.studentized_range.ppf(1.0 - significance, n_methods, np.inf) / np.sqrt(2.0)
    return float(quantile * np.sqrt(n_methods * (n_methods + 1) / (6.0 * n_blocks)))


def higher(
    found: Measured, models: Codes, params: InferenceParameters, *, seed: int
) -> npt.NDArray[np.bool_]:
    """Which variants are told apart, in the mean over seeds, corrected over all pairs.

    Args:
        found: Values of one metric.
        models: Place of each model, shape (seeds, variants).
        params: Significance.
        seed: Seed of the noise of seeds.

    Returns:
        Shape (variants, variants): whether the first has the higher value and the pair was told
        apart. The chance that any pair is told apart that does not differ is at most the
        significance.
    """
    n = models.shape[1]
    first, second = np.triu_indices(n, k=1)
    means, noise = found.means(models[:, first], models[:, second])
    tests = joint_tests(
        [means],
        [noise],
        np.ones(first.size, dtype=bool),
        np.zeros(first.size, dtype=np.int64),
        params,
        seed=seed,
    )
    apart = (tests["verdict"] == Verdict.FOUND).to_numpy(dtype=bool)
    above = means.values[:, 0] > 0
    result = np.zeros((n, n), dtype=bool)
    result[first, second] = apart & above
    result[second, first] = apart & ~above
    return result


def possible_ranks(better: npt.NDArray[np.bool_]) -> tuple[Codes, Codes]:
    """The best and the worst rank that each method may have, int64, shape (methods,).

    Args:
        better: Whether the first is better and was told apart, shape (methods, methods).
    """
    return 1 + better.sum(axis=0), len(better) - better.sum(axis=1)
