"""Estimates of metrics between groups with the noise taken off, and intervals by inverting a test.

A gap is a maximum minus a minimum, and noise widens it: among groups that are treated alike it is
above zero, and resampling adds the noise a second time, so that percentiles of resamples lie above
the truth. How much noise adds depends on how the groups differ: where one emotion differs, noise
widens the gaps of all the others; where all differ by as much, it hardly widens any. So tables are
drawn from many shares that may be behind the counts (`differences`), and what a table shows beyond
its own shares is what noise adds.

- The estimate is the measured value minus the mean of that over the plausible shares. The variance
  between groups has a formula for it (the double-corrected estimator of Lum, Zhang and Bower 2022,
  arXiv 2205.05770); here it is found for every metric by simulation.
- For the interval the differences of the plausible shares are scaled as well, from none to several
  times as much. That gives, for each true value, the mean and spread of what is measured, and the
  interval holds the true values under which the measured one is no surprise (`curves`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.inference.curves import Curve, Noise, curve_of
from fer_fairness.fairness.inference.differences import Differences, differences_of_worth
from fer_fairness.fairness.inference.draws import CELLS_AT_ONCE, Seed, counts_of_shares, resampled
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

_SCALES: Final = (0.3, 0.6, 1.0, 1.5, 2.2, 3.2)
"""Sizes of the differences, as multiples of plausible ones."""

_FEWEST_DRAWS: Final = 100
"""At each scale."""

_DRAWS_OF_ESTIMATE: Final = 1000

SEED_OF_COUNTS: Final = 0
"""Ends the seed of the estimates made of an attribute's counts, wherever they are shown."""

_OF_EACH: Final = 4
"""Tables drawn at each plausible share: that is as fast as it is to draw them."""

Counted: TypeAlias = Callable[[Counts, np.random.Generator], Array]
"""Drawn tables as they are, (n, g, c, k), to the tables that would be counted of them."""


@dataclass(frozen=True)
class GapEstimate:
    """What the truth behind a measured value may be.

    Attributes:
        corrected: The measured value without what noise adds on average: the estimate.
    """

    corrected: float
    _metric: GapMetric | None = field(default=None, repr=False, compare=False)
    _curve: Curve | None = field(default=None, repr=False, compare=False)

    def interval(self, error: float) -> Interval:
        """The interval that misses the truth in a share `error` of samples; it holds the estimate.

        It leaves out equal treatment exactly where the permutation test rejects it at this error,
        and lies within that of any smaller error.

        Args:
            error: 1 - confidence; meant for 0.2 at most.
        """
        if self._curve is None or self._metric is None:
            return NO_INTERVAL
        low, high = self._curve.ends(error)
        ends = value_at(self._metric, np.array([low, high]))
        return Interval(*(float(end) for end in np.sort(ends)))


def distance(metric: GapMetric, values: Array) -> Array:
    """How far values of a metric are from its ideal: 0 is equal treatment, more is worse."""
    return values if metric.higher_is_worse else metric.ideal - values


def value_at(metric: GapMetric, distances: Array) -> Array:
    """The values of a metric at distances from its ideal, as far as it can get from it."""
    furthest = metric.highest if metric.higher_is_worse else metric.ideal
    return distance(metric, np.clip(distances, 0.0, furthest))


def noise_corrected(
    counts: GroupCounts,
    metrics: Sequence[GapMetric],
    *,
    n: int = _DRAWS_OF_ESTIMATE,
    seed: Seed,
    worth: float = 1.0,
) -> Array:
    """Metrics without what noise adds to them: `GapEstimate.corrected` of the same counts and seed.

    Args:
        counts: Counts (g, c, k) of two groups or more.
        metrics: The metrics.
        n: Number of tables drawn.
        seed: Seed or generator.
        worth: Independent faces that tell as much as one of these, at most 1.

    Returns:
        Shape (metrics,); NaN where a metric is not defined.
    """
    measured = np.array(values_of(metrics, counts.counts), dtype=np.float64)
    generator, _ = _generators(seed)
    differences = differences_of_worth(counts, worth)
    return _estimates(differences, metrics, measured, n, generator)


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
    """Estimate and intervals of each metric.

    Args:
        differences: Of the measured counts.
        metrics: The metrics.
        measured: Their values.
        nulls: Their values on shuffled counts, each of shape (draws,).
        params: `n_bootstrap` tables at all scales together, half of them without noise.
        seed: Seed or generator.
        counted: What counting makes of a drawn table, where it is not counted as it is.

    Returns:
        One estimate a metric; all NaN where the measured value is.
    """
    of_estimate, of_curves = _generators(seed)
    values = np.array(measured, dtype=np.float64)
    corrected = _estimates(
        differences, metrics, values, _DRAWS_OF_ESTIMATE, of_estimate, counted=counted
    )
    n = max(_FEWEST_DRAWS, params.n_bootstrap // (2 * len(_SCALES) + 2))
    alike, scaled = _noises(differences, metrics, n, of_curves, counted)
    equal = values_of(metrics, differences.expected(differences.alike_shares))
    estimates = []
    for place, (metric, null) in enumerate(zip(metrics, nulls, strict=True)):
        curve = curve_of(
            measured=float(distance(metric, values[place])),
            estimate=float(distance(metric, corrected[place])),
            equal=float(distance(metric, equal[place])),
            shuffled=distance(metric, null[np.isfinite(null)]),
            alike=alike.of(place),
            scaled=scaled.of(place),
        )
        if curve is None:
            estimates.append(GapEstimate(float("nan")))
        else:
            shown = float(value_at(metric, np.asarray(curve.estimate)))
            estimates.append(GapEstimate(shown, metric, curve))
    return estimates


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


def _generators(seed: Seed) -> list[np.random.Generator]:
    """Of the estimate, and of the curves: so that the estimate alone is the same number."""
    return np.random.default_rng(seed).spawn(2)


def _estimates(
    differences: Differences,
    metrics: Sequence[GapMetric],
    measured: Array,
    n: int,
    generator: np.random.Generator,
    *,
    counted: Counted | None = None,
) -> Array:
    """Measured values without the mean of what noise adds, shape (metrics,)."""
    shares = differences.plausible(-(-n // _OF_EACH), generator)
    noise = _noise(differences, metrics, shares, generator, counted)
    found = np.full(len(metrics), np.nan)
    for place, metric in enumerate(metrics):
        _, added = noise.of(place)
        if added.size and np.isfinite(measured[place]):
            away = distance(metric, measured[place])
            left = np.maximum(away - added.mean(), 0.0)
            found[place] = value_at(metric, left)
    return found


def _noises(
    differences: Differences,
    metrics: Sequence[GapMetric],
    n: int,
    generator: np.random.Generator,
    counted: Counted | None,
) -> tuple[Noise, Noise]:
    """Where all groups are treated alike, and at all scales of plausible differences together."""
    plausible = differences.plausible(-(-n // _OF_EACH), generator)
    alike = np.broadcast_to(differences.alike_shares, plausible.shape)
    parts = [
        _noise(differences, metrics, shares, generator, counted)
        for shares in (alike, *(differences.scaled(plausible, scale) for scale in _SCALES))
    ]
    first, *others = parts
    truth = np.concatenate([part.truth for part in others])
    return first, Noise(truth, np.concatenate([part.added for part in others]))


def _noise(
    differences: Differences,
    metrics: Sequence[GapMetric],
    shares: Array,
    generator: np.random.Generator,
    counted: Counted | None,
) -> Noise:
    """`_OF_EACH` tables drawn at each of many shares (n, g, c, k)."""
    n = _OF_EACH * len(shares)
    repeated = np.repeat(shares, _OF_EACH, axis=0)
    drawn = counts_of_shares(differences.people, repeated, n, generator)
    seen = drawn if counted is None else counted(drawn, generator)
    truths, values = (
        np.stack(
            [
                distance(metric, part)
                for metric, part in zip(metrics, values_of(metrics, tables), strict=True)
            ],
            axis=-1,
        )
        for tables in (differences.expected(shares), seen)
    )
    truths = np.repeat(truths, _OF_EACH, axis=0)
    return Noise(truths, values - truths)
