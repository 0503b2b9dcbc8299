"""Differences between two groups in how often people who show the same emotion are recognised.

A maximum minus a minimum is widened by noise; the difference of two groups named beforehand is not.
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
        errors: Their standard errors if the groups of a class are shuffled, shape (n, pairs).
    """

    differences: Array
    errors: Array

    @property
    def standardised(self) -> Array:
        """Differences in standard errors, without sign, shape (n, pairs)."""
        varies = self.errors > 0
        return np.where(varies, np.abs(self.differences) / np.where(varies, self.errors, 1), 0.0)


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
    of_class = people.sum(axis=1)
    right = np.diagonal(counts, axis1=2, axis2=3)
    recalls = divide(right, people)
    everybody = right.sum(axis=1) / np.maximum(of_class, 1.0)
    finite = of_class / np.maximum(of_class - 1.0, 1.0)
    variances = everybody * (1.0 - everybody) * finite
    pairs = np.array(pairs_of(counts.shape[1]), dtype=np.int64).reshape(-1, 2)
    first, second = pairs.T
    weights = divide(people[:, first] * people[:, second], people[:, first] + people[:, second])
    weights = np.where(np.isfinite(weights), weights, 0.0)
    apart = np.where(weights > 0, recalls[:, first] - recalls[:, second], 0.0)
    total = weights.sum(axis=2)
    differences = divide((weights * apart).sum(axis=2), total)
    errors = np.sqrt((weights * variances[:, np.newaxis]).sum(axis=2)) / np.maximum(total, 1.0)
    return PairDifferences(differences, np.where(total > 0, errors, 0.0))
