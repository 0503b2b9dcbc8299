"""Gaps between true groups, estimated from labels, with intervals for the whole way of measuring.

The corrected counts of `inversion` are noisier than counts, and a gap is widened by noise. So the
interval is found as for gaps without label errors (`inference.gap_intervals`), only that a draw
goes the whole way: people answer at random, are labelled at random by a confusion drawn from what
its held-out people leave open, and are counted back by the confusion that was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.differences import Differences, differences_of
from fer_fairness.fairness.inference.draws import counts_of_shares
from fer_fairness.fairness.inference.gap_intervals import GapEstimate, drawn_values, gap_estimates
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.inversion import (
    AnyCounts,
    by_true_group,
    drawn_confusions,
    drawn_labels,
    inverse,
    possible,
)
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters


@dataclass(frozen=True)
class CorrectedGap:
    """A metric between true groups.

    Attributes:
        value: Its value on the counts by true group, nothing taken off for their noise.
        estimate: Value with the noise taken off, and its intervals.
        interval: That of `InferenceParameters.confidence`.
    """

    value: float
    estimate: GapEstimate
    interval: Interval


def corrected_gaps(
    labelled: Counts,
    everybody: Counts,
    confusion: LabelConfusion,
    compared: np.ndarray,
    metrics: Sequence[GapMetric],
    params: InferenceParameters,
    *,
    seed: tuple[int, ...],
) -> list[CorrectedGap]:
    """Metrics between the true groups.

    Args:
        labelled: Counts by label, int64 (h, c, k), in the order of `confusion.groups`.
        everybody: All people, int64 (c, k).
        confusion: A confusion that may be inverted.
        compared: Which groups take part in the comparison, bool (g,), two at least.
        metrics: The metrics.
        params: Draws, confidence, memory.
        seed: Seed of all draws.
    """
    inverted = inverse(confusion.shares)
    estimated = possible(by_true_group(labelled, inverted), everybody)
    values = [float(value) for value in values_of(metrics, estimated[compared])]
    differences = _differences(estimated, labelled, inverted, compared)
    others = _people_of(estimated[~compared])
    others_shares = np.repeat(differences.pooled[np.newaxis], len(others), axis=0)

    def counted_back(counts: Counts, generator: np.random.Generator) -> Array:
        people = np.zeros((len(counts), *estimated.shape), dtype=np.int64)
        people[:, compared] = counts
        people[:, ~compared] = counts_of_shares(others, others_shares, len(counts), generator)
        shares = drawn_confusions(confusion, len(counts), generator)
        labels = drawn_labels(people, shares, generator)
        back = possible(by_true_group(labels, inverted), people.sum(axis=1))
        return back[:, compared]

    nulls = drawn_values(
        differences,
        differences.alike_shares,
        metrics,
        n=params.n_bootstrap,
        seed=(*seed, 0),
        cells_at_once=params.cells_at_once,
        counted=counted_back,
    )
    estimates = gap_estimates(
        differences, metrics, values, nulls, params, seed=(*seed, 1), counted=counted_back
    )
    error = 1.0 - params.confidence
    return [
        CorrectedGap(value, estimate, estimate.interval(error))
        for value, estimate in zip(values, estimates, strict=True)
    ]


def _differences(
    estimated: Array, labelled: AnyCounts, inverted: Array, compared: np.ndarray
) -> Differences:
    """People, shares and pattern of the true groups, as sure as so many people would make them."""
    worth = _worth(estimated, labelled, inverted)[compared]
    kept = estimated[compared]
    fitted = differences_of(kept * worth[:, np.newaxis, np.newaxis])
    return replace(fitted, people=_people_of(kept).astype(np.float64))


def _worth(estimated: Array, labelled: AnyCounts, inverted: Array) -> Array:
    """Share of the people of each group whose true labels would tell as much, shape (g,).

    The variance of a count by true group is the sum of those of the counts by label, each times its
    squared weight in the inversion.
    """
    people = estimated.sum(axis=(-1, -2))
    variance = inverted**2 @ labelled.sum(axis=(-1, -2))
    return np.asarray(np.clip(people / np.maximum(variance, 1e-9), 0.01, 1.0))


def _people_of(counts: Array) -> Counts:
    """Whole numbers of people per group and class."""
    people: Counts = np.rint(counts.sum(axis=-1)).astype(np.int64)
    return people
