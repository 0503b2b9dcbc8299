"""The value of a metric without what noise adds to it."""

from collections.abc import Sequence

import numpy as np

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.differences import fit_differences
from fer_fairness.fairness.inference.draws import Seed, counts_of_shares
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array


def noise_corrected(
    counts: GroupCounts, metrics: Sequence[GapMetric], *, n: int = 1000, seed: Seed
) -> Array:
    """Metrics without what noise adds to them.

    What noise adds is the mean over tables drawn around the shares of `fit_differences` minus the
    value of these shares themselves.

    Args:
        counts: Counts (g, c, k) of two groups or more.
        metrics: The metrics.
        n: Number of tables drawn.
        seed: Seed or generator.

    Returns:
        Shape (metrics,); none beyond its ideal. NaN where the measured value is.
    """
    fitted = fit_differences(counts)
    drawn = counts_of_shares(fitted.people, fitted.estimate, n, seed)
    expected = fitted.expected(fitted.estimate)
    found = []
    for metric, measured, noisy, true in zip(
        metrics,
        values_of(metrics, counts.counts),
        values_of(metrics, drawn),
        values_of(metrics, expected),
        strict=True,
    ):
        defined = noisy[np.isfinite(noisy)]
        added = float(defined.mean() - true) if defined.size else float("nan")
        least = np.maximum if metric.higher_is_worse else np.minimum
        found.append(float(least(measured - added, metric.ideal)))
    return np.array(found)
