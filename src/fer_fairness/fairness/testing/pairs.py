"""Differences between two groups in how often people who show the same emotion are recognised.

A maximum minus a minimum is widened by noise; the difference of two groups named beforehand is not.

A pair is tested in standard errors of its own two groups, in what was measured and in every shuffle
alike. So groups that are alike are told apart no more often than they should be, whatever differs
elsewhere: studentised shuffles hold the level also where not all groups are exchangeable (Janssen
1997, Statistics and Probability Letters 36; Chung and Romano 2013, Annals of Statistics 41). Errors
of all groups together, which stood here before, are far too small where a large group is recognised
better. For intervals the variances of the two are not pooled where that gives more: beside a large
group of .98, a small one of .6 has hardly any part in what is pooled.

Two groups of 100 alike (recall .6) beside 3,000 of .98, 2,000 draws: 95 % intervals hold the truth
in 94 % (57 % before), and the two are told apart in 2.5 % where all pairs together are given 5 %
(35 % before). More figures are in docs/results, 2026-11-28_verdict_power.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array, divide

MOST_GROUPS: Final = 30
"""With more groups no pairs are looked at: there are hundreds, and hardly one could be found."""


@dataclass(frozen=True)
class PairDifferences:
    """Recognition of one group minus that of another, given the class, for all pairs of groups.

    Attributes:
        differences: Weighted mean over classes of the difference in recall, shape (n, pairs); NaN
            where the two have no class in common.
        errors_if_alike: Their standard errors if the two groups of a class are treated alike, for
            tests, shape (n, pairs).
        errors: The same if they may differ, for intervals: no smaller, shape (n, pairs).
    """

    differences: Array
    errors_if_alike: Array
    errors: Array

    @property
    def standardised(self) -> Array:
        """Differences in errors of groups treated alike, without sign, shape (n, pairs)."""
        varies = self.errors_if_alike > 0
        errors = np.where(varies, self.errors_if_alike, 1.0)
        return np.where(varies, np.abs(self.differences) / errors, 0.0)


def pairs_of(n_groups: int) -> tuple[tuple[int, int], ...]:
    """All pairs of groups, each once, by their places; none of more than `MOST_GROUPS`."""
    return tuple(combinations(range(n_groups), 2)) if n_groups <= MOST_GROUPS else ()


def pair_differences(counts: Array) -> PairDifferences:
    """The differences of all `pairs_of` groups.

    Classes weigh n_gc n_hc / (n_gc + n_hc), after Mantel and Haenszel (Greenland and Robins 1985,
    Biometrics 41): a class weighs no more than it can tell.

    Args:
        counts: Shape (n, g, c, k).
    """
    people = counts.sum(axis=3)
    right = np.diagonal(counts, axis1=2, axis2=3)
    recalls = divide(right, people)
    pairs = np.array(pairs_of(counts.shape[1]), dtype=np.int64).reshape(-1, 2)
    first, second = pairs.T
    ones, others = people[:, first], people[:, second]
    weights = divide(ones * others, ones + others)
    weights = np.where(np.isfinite(weights), weights, 0.0)
    apart = np.where(weights > 0, recalls[:, first] - recalls[:, second], 0.0)
    total = weights.sum(axis=2)
    differences = divide((weights * apart).sum(axis=2), total)
    scale = np.where(total > 0, total, 1.0)
    alike = _variances(right[:, first] + right[:, second], ones + others)
    squares = (weights * alike).sum(axis=2)
    if not squares.all():
        # Two groups all of whom are right differ in nothing: how sure that is, the others tell.
        everybody = _variances(right.sum(axis=1), people.sum(axis=1))[:, np.newaxis]
        squares = np.where(squares > 0, squares, (weights * everybody).sum(axis=2))
    errors_if_alike = np.sqrt(squares) / scale
    own = _variances(right, people) / np.maximum(people, 1.0)
    unequal = np.sqrt((weights**2 * (own[:, first] + own[:, second])).sum(axis=2)) / scale
    return PairDifferences(differences, errors_if_alike, np.maximum(errors_if_alike, unequal))


def _variances(right: Array, people: Array) -> Array:
    """Variance of being recognised in a class, with n / (n - 1), as it is among shuffles."""
    recalls = right / np.maximum(people, 1.0)
    return recalls * (1.0 - recalls) * people / np.maximum(people - 1.0, 1.0)
