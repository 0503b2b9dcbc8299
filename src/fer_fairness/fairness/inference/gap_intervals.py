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

Noise may hide all of a pattern: where equal treatment is no surprise, the upper end is at least
that under the pattern of the smallest group alone being served worse. And where equal treatment is
not the ideal (groups that show other emotions have another accuracy), how well everybody is served
matters as well, and its uncertainty widens both ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.differences import Differences
from fer_fairness.fairness.inference.draws import CELLS_AT_ONCE, Seed, counts_of_shares, resampled
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval
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

_FEWEST_DRAWS: Final = 100
"""At each scale: with fewer the quantiles in the tails are too narrow."""

_NO_DISTANCE: Final = 1e-9

Counted: TypeAlias = Callable[[Counts, np.random.Generator], Array]
"""Drawn tables as they are, (n, g, c, k), to the tables that would be counted of them."""


@dataclass(frozen=True)
class GapEstimate:
    """What the truth behind a measured value may be.

    Attributes:
        interval: Its confidence interval.
        corrected: The value that gives the measured one on average, once noise is added: at most
            what equal treatment comes to where the measured value is below what noise gives.
    """

    corrected: float
    at: Callable[[float], Interval]

    def interval(self, error: float) -> Interval:
        """The interval at confidence 1 - error."""
        return self.at(error)


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
    counted: Counted | None = None,
) -> list[GapEstimate]:
    """Interval and noise-corrected value of each metric.

    Args:
        differences: People, shares and pattern of the measured counts.
        metrics: The metrics.
        measured: Their values.
        nulls: Their values on shuffled counts, each of shape (draws,).
        params: Confidence, memory, and the number of tables drawn at all scales together.
        seed: Seed or generator.
        counted: What counting makes of a drawn table, where it is not counted as it is.

    Returns:
        One estimate a metric; all NaN where the measured value is.
    """
    seeds = np.random.default_rng(seed).spawn(2)
    fitted = _drawn(differences, metrics, params, seeds[0], counted)
    smallest = differences.of_smallest_group()
    one_group = _drawn(smallest, metrics, params, seeds[1], counted)
    return [
        _estimate(metric, value, null, fitted[place], one_group[place], params.confidence)
        for place, (metric, value, null) in enumerate(zip(metrics, measured, nulls, strict=True))
    ]


@dataclass(frozen=True)
class _Drawn:
    """Distances of one metric from its ideal at every one of `SCALES`.

    Attributes:
        truth: Without noise, shape (scales,).
        draws: For each scale, those of the draws that are defined.
    """

    truth: Array
    draws: list[Array]


def _drawn(
    differences: Differences,
    metrics: Sequence[GapMetric],
    params: InferenceParameters,
    generator: np.random.Generator,
    counted: Counted | None,
) -> list[_Drawn]:
    """Draws of every metric at all scales of one pattern."""
    shares = [differences.shares(scale) for scale in SCALES]
    at_scales = [
        drawn_values(
            differences,
            at_scale,
            metrics,
            n=max(_FEWEST_DRAWS, params.n_bootstrap // len(SCALES)),
            seed=own,
            cells_at_once=params.cells_at_once,
            counted=counted,
        )
        for at_scale, own in zip(shares, generator.spawn(len(SCALES)), strict=True)
    ]
    truths = values_of(metrics, np.stack([differences.expected(part) for part in shares]))
    return [
        _Drawn(
            distance(metric, truths[place]),
            [distance(metric, part[place][np.isfinite(part[place])]) for part in at_scales],
        )
        for place, metric in enumerate(metrics)
    ]


def drawn_values(
    differences: Differences,
    shares: Array,
    metrics: Sequence[GapMetric],
    *,
    n: int,
    seed: Seed,
    cells_at_once: int = CELLS_AT_ONCE,
    counted: Counted | None = None,
) -> list[Array]:
    """Values of metrics on `n` tables drawn at given shares (g, c, k), each of shape (n,)."""

    def draw(_counts: Counts, size: int, own_seed: Seed) -> Counts | Array:
        generator = np.random.default_rng(own_seed)
        drawn = counts_of_shares(differences.people, shares, size, generator)
        return drawn if counted is None else counted(drawn, generator)

    functions = list(metrics)
    like = np.empty(shares.shape, dtype=np.int64)
    return resampled(draw, like, functions, n=n, seed=seed, cells_at_once=cells_at_once)


def _estimate(
    metric: GapMetric,
    value: float,
    null: Array,
    fitted: _Drawn,
    one_group: _Drawn,
    confidence: float,
) -> GapEstimate:
    one = lambda c: _estimate_old(metric, value, null, fitted, one_group, c)
    base = one(confidence)

    def at(error):
        i = one(1 - error)[0]
        j = base[1]
        return Interval(min(i.low, j), max(i.high, j)) if np.isfinite(j) else i

    return GapEstimate(base[1], at)


def _estimate_old(
    metric: GapMetric,
    value: float,
    null: Array,
    fitted: _Drawn,
    one_group: _Drawn,
    confidence: float,
) -> tuple:
    shuffled = distance(metric, null[np.isfinite(null)])
    if not np.isfinite(value) or not all(map(len, (shuffled, *fitted.draws, *one_group.draws))):
        return (NO_INTERVAL, float("nan"))
    measured = float(distance(metric, np.asarray(value)))
    curves = _curves(fitted, shuffled, confidence)
    noise = float(fitted.draws[_NONE_AT].std())
    low, high = _kept(curves, measured, noise=noise)
    if measured <= np.quantile(shuffled, confidence):
        # The fitted pattern may hold nothing that this metric sees, where noise hid it.
        high = max(high, _kept(_curves(one_group, shuffled, confidence), measured, noise=noise)[1])
    corrected = _without_noise(curves, measured)
    if fitted.truth[_NONE_AT] > _NO_DISTANCE:
        # What everybody is served is not known exactly either; shuffles leave it as it is.
        level = np.sqrt(max(0.0, noise**2 - float(shuffled.var())))
        half = NormalDist().inv_cdf(0.5 + confidence / 2.0) * level
        low = max(0.0, corrected - float(np.hypot(max(corrected - low, 0.0), half)))
        high = corrected + float(np.hypot(max(high - corrected, 0.0), half))
    ends = value_at(metric, np.array([low, high] if metric.higher_is_worse else [high, low]))
    return (
        Interval(float(ends[0]), float(ends[1])),
        float(value_at(metric, np.asarray(corrected))),
    )


def _curves(drawn: _Drawn, shuffled: Array, confidence: float) -> _Curves:
    """The curves of one metric; at scale 0 the shuffles of the permutation test are the draws."""
    draws = [
        shuffled if scale == 0.0 else part for scale, part in zip(SCALES, drawn.draws, strict=True)
    ]
    limit = np.quantile(shuffled, confidence)
    error = 1.0 - confidence
    lowest, highest = [], []
    for scale, values in zip(SCALES, draws, strict=True):
        power = float(np.mean(values > limit)) if scale else error
        below = error / 2 * float(np.clip((power - error) / (0.5 - error), 0.0, 1.0))
        lowest.append(np.quantile(values, below) if below > _LEAST_SHARE else _BELOW_ANY)
        highest.append(np.quantile(values, 1.0 - error + below))
    means = [values.mean() for values in draws]
    return _Curves(drawn.truth, np.array(means), np.array(lowest), np.array(highest))


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
