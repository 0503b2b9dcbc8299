"""The metrics of one attribute measured, tested against shuffled groups, and given intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.detectability import Family, minimum_detectable
from fer_fairness.fairness.inference.differences import Differences, fit_differences
from fer_fairness.fairness.inference.draws import permutation_counts, resampled
from fer_fairness.fairness.inference.gap_intervals import GapEstimate, gap_estimates
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

_ROUNDING: Final = 1e-12
"""Values this close are equal: the same table can give sums that differ in the last bits."""


@dataclass(frozen=True)
class PermutationTest:
    """A value against the values that chance alone gives.

    Attributes:
        p_value: (1 + number of draws at least as far from equal treatment) / (draws + 1).
        null_mean: Mean over the draws.
        null_95: The value that 95 draws of 100 do not pass on the side of unequal treatment.
    """

    p_value: float
    null_mean: float
    null_95: float


def permutation_test(value: float, null: Array, *, higher_is_worse: bool) -> PermutationTest:
    """Compare a value with its permutation draws, one-sided towards unequal treatment.

    Args:
        value: The value measured; NaN gives a test of NaN.
        null: Values on shuffled counts, shape (n,).
        higher_is_worse: Whether larger values mean less equal treatment.
    """
    defined = null[np.isfinite(null)]
    if not np.isfinite(value) or defined.size == 0:
        return PermutationTest(float("nan"), float("nan"), float("nan"))
    sign = 1.0 if higher_is_worse else -1.0
    as_extreme = np.count_nonzero(sign * defined >= sign * value - _ROUNDING)
    limit = 0.95 if higher_is_worse else 0.05
    return PermutationTest(
        p_value=(1 + as_extreme) / (defined.size + 1),
        null_mean=float(defined.mean()),
        null_95=float(np.quantile(defined, limit)),
    )


@dataclass(frozen=True)
class GapTests:
    """Metrics of one table of counts, in the order of `metrics`.

    Attributes:
        metrics: What was measured.
        differences: The groups' differences, for the minimum detectable one.
        values: The values, shape (metrics,).
        equal_treatment: What they come to under equal treatment, without noise, shape (metrics,).
        nulls: Values on shuffled counts, each of shape (draws,).
        tests: The permutation tests.
        estimates: Intervals and noise-corrected values.
    """

    metrics: tuple[GapMetric, ...]
    differences: Differences
    values: Array
    equal_treatment: Array
    nulls: tuple[Array, ...]
    tests: tuple[PermutationTest, ...]
    estimates: tuple[GapEstimate, ...]

    def minimum_detectable(
        self, families: Sequence[Family], params: InferenceParameters, seed: tuple[int, ...]
    ) -> Array:
        """`detectability.minimum_detectable` of these metrics, shape (metrics,)."""
        return minimum_detectable(
            self.differences,
            self.metrics,
            self.nulls,
            families,
            params,
            seed=(*seed, 2),
        )


def measured_gaps(
    counted: GroupCounts,
    metrics: Sequence[GapMetric],
    params: InferenceParameters,
    *,
    n_permutations: int,
    seed: tuple[int, ...],
) -> GapTests:
    """Measure metrics between the groups of one table and test them against shuffled groups.

    Args:
        counted: Counts (g, c, k) of two groups or more.
        metrics: Functions of such counts.
        params: Number of draws, confidence, memory.
        n_permutations: Number of shuffles, `params.n_permutations` or more.
        seed: Seed of all draws.
    """
    values = [float(value) for value in values_of(metrics, counted.counts)]
    nulls = resampled(
        permutation_counts,
        counted.counts,
        list(metrics),
        n=n_permutations,
        seed=(*seed, 0),
        cells_at_once=params.cells_at_once,
    )
    differences = fit_differences(counted)
    estimates = gap_estimates(differences, metrics, values, nulls, params, seed=(*seed, 1))
    return GapTests(
        metrics=tuple(metrics),
        differences=differences,
        values=np.array(values),
        equal_treatment=np.array(
            values_of(metrics, differences.expected(differences.shares(0.0))), dtype=np.float64
        ),
        nulls=tuple(nulls),
        tests=tuple(
            permutation_test(value, null, higher_is_worse=metric.higher_is_worse)
            for metric, value, null in zip(metrics, values, nulls, strict=True)
        ),
        estimates=tuple(estimates),
    )
