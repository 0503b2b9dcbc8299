"""Resampled counts, and what is read from them: permutation tests and paired differences.

Resampling draws tables of counts, never rows: a multinomial draw of a row of counts is a resample
of the people behind it, so the cost does not depend on how many they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

from fer_fairness.fairness.counts import Counts, PairedCounts
from fer_fairness.fairness.intervals import Interval, reflected_interval
from fer_fairness.fairness.metrics import Array, GapMetric, Metric

Seed: TypeAlias = "int | Sequence[int] | np.random.Generator"
AnyCounts: TypeAlias = npt.NDArray[np.int64 | np.float64]
Draw: TypeAlias = Callable[[Counts, int, Seed], Counts]

CELLS_AT_ONCE: Final = 2**20
"""Counts held at a time (8 MiB); more replicates are drawn in turns."""

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


@dataclass(frozen=True)
class PairedDifference:
    """How far a metric differs between two models on the same people, second minus first.

    Attributes:
        value: The difference.
        interval: Its reflected interval.
        level_down: Whether the second model is closer to equal treatment only because the group
            that the first served best is served worse, and no group better.
    """

    value: float
    interval: Interval
    level_down: bool


def seed_for(seed: int, name: str) -> tuple[int, int]:
    """A seed of its own for each name, the same whatever else is drawn in the run."""
    return seed, crc32(name.encode())


def bootstrap_counts(counts: Counts, n: int, seed: Seed) -> Counts:
    """Resample people with replacement within each group and true class.

    One multinomial draw a row (g, c), so group sizes and class counts stay as they are: they are
    facts of the evaluation set, not results of the model.

    Args:
        counts: int64, shape (g, c, ...): the axes after the first two are what was predicted.
        n: Number of replicates.
        seed: Seed or generator.

    Returns:
        int64, shape (n, g, c, ...).
    """
    rows = counts.reshape(*counts.shape[:2], prod(counts.shape[2:]))
    people = rows.sum(axis=-1)
    shares = rows / np.maximum(people, 1)[..., np.newaxis]
    shares[people == 0] = 1.0 / rows.shape[-1]
    drawn = np.random.default_rng(seed).multinomial(people, shares, size=(n, *people.shape))
    return drawn.reshape(n, *counts.shape)


def permutation_counts(counts: Counts, n: int, seed: Seed) -> Counts:
    """Shuffle the group labels among the people of each true class.

    Within a class this is a random table with the margins (g) and (k) fixed, drawn cell by cell
    from hypergeometric distributions for all replicates and classes at once.

    Args:
        counts: int64, shape (g, c, k).
        n: Number of replicates.
        seed: Seed or generator.

    Returns:
        int64, shape (n, g, c, k): every replicate has the people per (g, c) and per (c, k) of
        `counts`.
    """
    generator = np.random.default_rng(seed)
    n_groups, n_classes, n_predicted = counts.shape
    shuffled = np.zeros((n, *counts.shape), dtype=np.int64)
    remaining = np.broadcast_to(counts.sum(axis=0), (n, n_classes, n_predicted)).copy()
    for group in range(n_groups - 1):
        to_place = np.broadcast_to(counts[group].sum(axis=-1), (n, n_classes)).copy()
        for predicted in range(n_predicted - 1):
            others = remaining[..., predicted + 1 :].sum(axis=-1)
            drawn = generator.hypergeometric(remaining[..., predicted], others, to_place)
            shuffled[:, group, :, predicted] = drawn
            to_place -= drawn
        shuffled[:, group, :, -1] = to_place
        remaining -= shuffled[:, group]
    shuffled[:, -1] = remaining
    return shuffled


def resampled(
    draw: Draw, counts: Counts, metrics: Sequence[Metric], *, n: int, seed: Seed
) -> list[Array]:
    """Values of metrics on `n` resamples, all on the same draws, within a bounded memory.

    Args:
        draw: `bootstrap_counts` or `permutation_counts`.
        counts: int64, shape (g, c, ...).
        metrics: Functions of a stack of such counts.
        n: Number of replicates.
        seed: Seed or generator.

    Returns:
        One array a metric, shape (n, ...).
    """
    generator = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // max(counts.size, 1))
    parts: list[list[Array]] = [[] for _ in metrics]
    for start in range(0, n, at_once):
        replicates = draw(counts, min(at_once, n - start), generator)
        for values, metric in zip(parts, metrics, strict=True):
            values.append(metric(replicates))
    return [np.concatenate(values) for values in parts]


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


def paired_differences(
    joint: PairedCounts, metrics: Sequence[GapMetric], *, n: int, confidence: float, seed: Seed
) -> dict[str, PairedDifference]:
    """Differences of metrics between two models on the same people, second minus first.

    Both models' predictions of a person are resampled together, so what both find hard cancels.

    Args:
        joint: Counts over (group, true, predicted by the first, predicted by the second).
        metrics: What is compared.
        n: Number of bootstrap replicates.
        confidence: Level of the interval.
        seed: Seed or generator.

    Returns:
        A difference by metric name.
    """
    functions = [_difference_of(metric.function) for metric in metrics]
    replicates = resampled(bootstrap_counts, joint.counts, functions, n=n, seed=seed)
    return {
        metric.name: PairedDifference(
            value=float(function(joint.counts)),
            interval=reflected_interval(float(function(joint.counts)), values, confidence),
            level_down=_levelled_down(joint, metric),
        )
        for metric, function, values in zip(metrics, functions, replicates, strict=True)
    }


def paired_difference(
    joint: PairedCounts, metric: GapMetric, *, n: int, confidence: float, seed: Seed
) -> PairedDifference:
    """Difference of one metric between two models; see `paired_differences`."""
    return paired_differences(joint, [metric], n=n, confidence=confidence, seed=seed)[metric.name]


def _difference_of(metric: Metric) -> Metric:
    def difference(joint: AnyCounts) -> Array:
        return metric(joint.sum(axis=-2)) - metric(joint.sum(axis=-1))

    return difference


def _levelled_down(joint: PairedCounts, metric: GapMetric) -> bool:
    first, second = joint.counts.sum(axis=-1), joint.counts.sum(axis=-2)
    distances = [abs(float(metric.function(counts)) - metric.ideal) for counts in (first, second)]
    before, after = metric.group_score(first), metric.group_score(second)
    if not np.isfinite(distances).all() or distances[1] >= distances[0] - _ROUNDING:
        return False
    change = after - before
    best = int(np.nanargmax(before))
    return bool(change[best] < -_ROUNDING and not np.any(change > _ROUNDING))
