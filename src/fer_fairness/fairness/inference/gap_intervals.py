"""Intervals and noise-corrected values of metrics between groups, by inverting a test.

A gap is a maximum minus a minimum, and noise widens it: among groups that are treated alike it is
above zero, and resampling adds the noise a second time, so that percentiles of resamples lie above
the truth. Here the size of the differences is varied instead, from none to several times those
measured (`differences`), tables are drawn at every size, and those sizes are kept under which the
measured value is no surprise: its interval is what the metric comes to, without noise, at the sizes
kept (a Neyman interval over one parameter; the noise correction that Lum, Zhang and Bower 2022,
arXiv 2205.05770, make for a variance is here made for every metric by simulation).

Near equal treatment the measured value can only surprise by being too high, far from it on both
sides. The part of the error that is allowed below therefore grows from none to half of it with the
power of the test, so that the interval leaves out equal treatment where the permutation test
rejects it at the same level, and holds the truth equally often everywhere (in the spirit of Feldman
and Cousins 1998, arXiv physics/9711021).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.differences import Differences
from fer_fairness.fairness.inference.draws import CELLS_AT_ONCE, Seed, counts_of_shares, resampled
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

SCALES: Final = (-2.0, -1.2, -0.7, -0.35, 0.0, 0.25, 0.5, 0.75, 1.0, 1.3, 1.7, 2.3, 3.2)
"""Sizes of the differences, as multiples of those measured; below 0 they are turned round."""

_NONE_AT: Final = SCALES.index(0.0)
_FINE: Final = np.union1d(np.linspace(SCALES[0], SCALES[-1], 261), SCALES)
_BELOW_ANY: Final = -1.0
_LEAST_SHARE: Final = 0.002
"""A smaller share of the draws has no quantile to speak of."""


@dataclass(frozen=True)
class GapEstimate:
    """What the truth behind a measured value may be.

    Attributes:
        interval: Its confidence interval.
        corrected: The value that gives the measured one on average, once noise is added: at most
            what equal treatment comes to where the measured value is below what noise gives.
    """

    interval: Interval
    corrected: float


@dataclass(frozen=True)
class _Curves:
    """Distances from the ideal at every one of `SCALES`; `lowest` and `highest` bound no surprise.

    Attributes:
        truth: Without noise.
        mean: Mean of the draws.
        lowest: A measured value below is a surprise at this scale.
        highest: A measured value above is a surprise at this scale.
    """

    truth: Array
    mean: Array
    lowest: Array
    highest: Array


def distance(metric: GapMetric, values: Array) -> Array:
    """How far values of a metric are from its ideal: 0 is equal treatment, more is worse."""
    return values if metric.higher_is_worse else metric.ideal - values


def value_at(metric: GapMetric, distances: Array) -> Array:
    """The values of a metric at distances from its ideal, as far as it can get from it."""
    furthest = np.inf if metric.higher_is_worse else metric.ideal
    return distance(metric, np.minimum(distances, furthest))


def gap_estimates(
    differences: Differences,
    metrics: Sequence[GapMetric],
    measured: Sequence[float],
    nulls: Sequence[Array],
    params: InferenceParameters,
    *,
    seed: Seed,
) -> list[GapEstimate]:
    """Interval and noise-corrected value of each metric.

    Args:
        differences: People, shares and pattern of the measured counts.
        metrics: The metrics.
        measured: Their values.
        nulls: Their values on shuffled counts, each of shape (draws,).
        params: Confidence, memory, and the number of tables drawn at all scales together.
        seed: Seed or generator.

    Returns:
        One estimate a metric; all NaN where the measured value is.
    """
    seeds = np.random.default_rng(seed).spawn(len(SCALES))
    shares = [differences.shares(scale) for scale in SCALES]
    drawn = [
        drawn_values(
            differences,
            at_scale,
            metrics,
            n=max(1, params.n_bootstrap // len(SCALES)),
            seed=own_seed,
            cells_at_once=params.cells_at_once,
        )
        for at_scale, own_seed in zip(shares, seeds, strict=True)
    ]
    truths = values_of(metrics, np.stack([differences.expected(part) for part in shares]))
    return [
        _estimate(metric, value, truth, null, [draws[place] for draws in drawn], params.confidence)
        for place, (metric, value, truth, null) in enumerate(
            zip(metrics, measured, truths, nulls, strict=True)
        )
    ]


def drawn_values(
    differences: Differences,
    shares: Array,
    metrics: Sequence[GapMetric],
    *,
    n: int,
    seed: Seed,
    cells_at_once: int = CELLS_AT_ONCE,
) -> list[Array]:
    """Values of metrics on `n` tables drawn at given shares (g, c, k), each of shape (n,)."""

    def draw(_counts: Counts, size: int, own_seed: Seed) -> Counts:
        return counts_of_shares(differences.people, shares, size, own_seed)

    functions = [metric.function for metric in metrics]
    like = np.empty(shares.shape, dtype=np.int64)
    return resampled(draw, like, functions, n=n, seed=seed, cells_at_once=cells_at_once)


def _estimate(
    metric: GapMetric,
    value: float,
    truth: Array,
    null: Array,
    draws: Sequence[Array],
    confidence: float,
) -> GapEstimate:
    away = [distance(metric, part[np.isfinite(part)]) for part in (null, *draws)]
    if not np.isfinite(value) or not all(part.size for part in away):
        return GapEstimate(Interval(float("nan"), float("nan")), float("nan"))
    shuffled, drawn = away[0], away[1:]
    # The people of a true class are as many in every shuffle; how well everybody is recognised
    # varies only in the draws.
    noise = float(drawn[_NONE_AT].std())
    drawn[_NONE_AT] = shuffled
    measured = float(distance(metric, np.asarray(value)))
    curves = _curves(distance(metric, truth), drawn, confidence)
    low, high = _kept(curves, measured, noise=noise)
    ends = value_at(metric, np.array([low, high] if metric.higher_is_worse else [high, low]))
    corrected = value_at(metric, np.asarray(_without_noise(curves, measured)))
    return GapEstimate(Interval(float(ends[0]), float(ends[1])), float(corrected))


def _curves(truth: Array, draws: Sequence[Array], confidence: float) -> _Curves:
    """The curves of one metric; the draws at scale 0 are those of the permutation test."""
    limit = np.quantile(draws[_NONE_AT], confidence)
    error = 1.0 - confidence
    lowest, highest = [], []
    for scale, values in zip(SCALES, draws, strict=True):
        power = float(np.mean(values > limit)) if scale else error
        below = error / 2 * float(np.clip((power - error) / (0.5 - error), 0.0, 1.0))
        lowest.append(np.quantile(values, below) if below > _LEAST_SHARE else _BELOW_ANY)
        highest.append(np.quantile(values, 1.0 - error + below))
    means = [values.mean() for values in draws]
    return _Curves(truth, np.array(means), np.array(lowest), np.array(highest))


def _kept(curves: _Curves, measured: float, *, noise: float) -> tuple[float, float]:
    """Least and greatest true distance at the scales under which `measured` is no surprise."""
    lowest = np.interp(_FINE, SCALES, curves.lowest)
    highest = np.interp(_FINE, SCALES, curves.highest)
    truth = np.interp(_FINE, SCALES, curves.truth)
    surprise = np.maximum(np.maximum(lowest - measured, measured - highest), 0.0)
    kept = surprise <= surprise.min()
    low, high = float(truth[kept].min()), float(truth[kept].max())
    if measured >= curves.lowest[-1]:
        high = max(high, measured)
    if kept[np.searchsorted(_FINE, 0.0)]:
        # Other patterns than the one fitted may also bring the groups closer than alike treatment
        # does, where they differ in what they show: as far as noise would hide it.
        low = min(low, float(curves.truth[_NONE_AT]) - 2.0 * noise)
    return max(low, 0.0), high


def _without_noise(curves: _Curves, measured: float) -> float:
    """The true distance at the scale whose draws are `measured` on average; noise only adds."""
    scales = np.asarray(SCALES)[_NONE_AT:]
    truth, means = curves.truth[_NONE_AT:], np.maximum.accumulate(curves.mean[_NONE_AT:])
    if measured <= means[0]:
        found = float(truth[0])
    elif measured >= means[-1]:
        found = max(measured - float(means[-1] - truth[-1]), 0.0)
    else:
        found = float(np.interp(np.interp(measured, means, scales), scales, truth))
    return min(found, measured)
