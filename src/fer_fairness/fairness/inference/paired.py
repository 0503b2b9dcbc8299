"""Differences of metrics between two models on the same people.

A gap is raised by noise, and two gaps by more or less of it: a model whose groups are alike by more
than one whose groups differ. The difference of two gaps is therefore measured, the difference of
what noise adds to each is estimated and taken off, and the interval is about what is left. And a
gap may close only because the group served best is served worse (`levelled_down`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from fer_fairness.fairness.counts import GroupCounts, PairedCounts
from fer_fairness.fairness.inference.differences import fit_differences
from fer_fairness.fairness.inference.draws import Seed, bootstrap_counts, resampled
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval
from fer_fairness.fairness.metrics.formulas import Counts, GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array

_ROUNDING: Final = 1e-12
"""Values this close are equal: the same table can give sums that differ in the last bits."""

_UNSURE: Final = 0.2
"""Share of what noise adds that it may be off by; with it intervals hold the truth often enough in
the pairs of benchmarks/verdict_simulation.py."""


@dataclass(frozen=True)
class PairedDifference:
    """How far a metric differs between two models on the same people, second minus first.

    Attributes:
        value: The difference as measured.
        corrected: The difference without what noise adds to each model's value.
        interval: Confidence interval of the difference without noise, about `corrected`.
        level_down: Whether the second model is closer to equal treatment only because the group
            that the first served best is served worse, and no group better.
    """

    value: float
    corrected: float
    interval: Interval
    level_down: bool


def paired_differences(
    joint: PairedCounts, metrics: Sequence[GapMetric], *, n: int, confidence: float, seed: Seed
) -> dict[str, PairedDifference]:
    """Differences of metrics between two models on the same people, second minus first.

    Both models' predictions of a person are resampled together, so what both find hard cancels.
    The noise of the resamples is laid on the measured counts and on counts whose differences
    between groups have their own noise taken off (`differences`): the first shows how far the
    difference varies, the second also what noise adds to each value. The interval is normal, with
    the larger of both spreads and the uncertainty of what is taken off.

    Args:
        joint: Counts over (group, true, predicted by the first, predicted by the second).
        metrics: What is compared.
        n: Number of bootstrap replicates.
        confidence: Level of the interval.
        seed: Seed or generator.

    Returns:
        A difference by metric name.
    """
    measured = _of_each(joint.counts)
    centres = [_without_noise(joint, counts) for counts in measured]

    def replicated(counts: Counts) -> Array:
        """Values on resamples, shape (n, 4, metrics): of each model, then of its centre."""
        resamples = _of_each(counts)
        noisy = [
            drawn - counts + centre
            for drawn, counts, centre in zip(resamples, measured, centres, strict=True)
        ]
        tables = (*resamples, *noisy)
        return np.stack([np.stack(values_of(metrics, part), axis=-1) for part in tables], axis=1)

    (replicates,) = resampled(bootstrap_counts, joint.counts, [replicated], n=n, seed=seed)
    values = np.array([values_of(metrics, part) for part in (*measured, *centres)], dtype=float)
    return {
        metric.name: _difference(
            values[:, place],
            replicates[:, :, place],
            confidence,
            level_down=levelled_down(metric, *(counts[np.newaxis] for counts in measured)),
        )
        for place, metric in enumerate(metrics)
    }


def levelled_down(metric: GapMetric, first: Counts, second: Counts) -> bool:
    """Whether a second model is closer to equal treatment by loss alone.

    That is: the metric is closer to its ideal, the group that the first model served best is
    served worse, and no group is served better (the levelling down of Mittelstadt, Wachter and
    Russell 2023, arXiv 2302.02404).

    Args:
        metric: The metric, whose `group_score` says how well a group is served.
        first: Counts of the first model, one table a training seed, shape (seeds, g, c, k).
        second: Those of the second model.

    Returns:
        The answer for the means over the seeds; False where something is not defined.
    """
    before, after = (np.abs(metric(counts) - metric.ideal).mean() for counts in (first, second))
    if not np.isfinite([before, after]).all() or after >= before - _ROUNDING:
        return False
    served, then_served = (metric.group_score(counts).mean(axis=0) for counts in (first, second))
    change = then_served - served
    best = int(np.nanargmax(served))
    return bool(change[best] < -_ROUNDING and not np.any(change > _ROUNDING))


def _of_each(joint: Counts) -> tuple[Counts, Counts]:
    """The counts of the first and of the second model, shape (..., g, c, k)."""
    return joint.sum(axis=-1), joint.sum(axis=-2)


def _without_noise(joint: PairedCounts, counts: Counts) -> Array:
    own = GroupCounts(counts.astype(np.int64), joint.groups, joint.classes, joint.n_missing)
    differences = fit_differences(own)
    return differences.expected(differences.estimate)


def _difference(
    values: Array, replicates: Array, confidence: float, *, level_down: bool
) -> PairedDifference:
    """One metric; both arrays hold (first, second, first's centre, second's centre)."""
    defined = replicates[np.isfinite(replicates).all(axis=1)]
    value = float(values[1] - values[0])
    if not np.isfinite(values).all() or len(defined) < 2:
        nowhere = NO_INTERVAL
        return PairedDifference(value, float("nan"), nowhere, level_down=level_down)
    added = defined[:, 2:].mean(axis=0) - values[2:]
    spreads = (defined[:, [1, 3]] - defined[:, [0, 2]]).std(axis=0)
    corrected = value - float(added[1] - added[0])
    # Models that vary together are also wrong together in what noise adds.
    varies = (defined[:, :2].std(axis=0) > _ROUNDING).all()
    alike = np.corrcoef(defined[:, 0], defined[:, 1])[0, 1] if varies else 0.0
    unsure = added @ np.array([[1.0, -alike], [-alike, 1.0]]) @ added
    error = float(np.sqrt(spreads.max() ** 2 + _UNSURE**2 * max(unsure, 0.0)))
    half = NormalDist().inv_cdf(0.5 + confidence / 2.0) * error
    return PairedDifference(
        value, corrected, Interval(corrected - half, corrected + half), level_down=level_down
    )
