"""Under which true values a measured one is no surprise: intervals of any confidence.

For every true distance from equal treatment the curve has how surprising the measured value is, as
a standard normal quantile (above zero: measured more than is usual there). Under equal treatment it
is that of the permutation test, so that test and interval are one event. Elsewhere it comes from
the mean, the spread and the skewness of drawn tables whose true values are near: moments, and not
quantiles, so that it holds for small errors as well, with few draws.

Near equal treatment the measured value can only surprise by being too high, far from it on both
sides. The part of the error that is allowed below therefore grows from none to half of it with the
power of the test, so that the interval holds the truth equally often everywhere (in the spirit of
Feldman and Cousins 1998, arXiv physics/9711021).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from fer_fairness.fairness.metrics.reductions import Array

_WIDER: Final = 1.04
"""Factor of the spread away from equal treatment: how the groups differ is estimated as well, and
its errors go with those of the measured value. Chosen by `benchmarks/interval_coverage.py`."""

_DRAWS_OF_A_KNOT: Final = 100
_MOST_KNOTS: Final = 14
_FEWEST_KNOTS: Final = 4

_NO_SURPRISE_BEYOND: Final = -6.0
"""The curve ends where the measured value is so much too low."""

_POINTS: Final = 40
"""At which the curve is looked at between two knots."""

_SIGNIFICANCE: Final = 0.05
"""Of the test whose power says how far from equal treatment a true value is."""

_FEW: Final = 10
"""Shuffles beyond the measured value; with fewer the tail is that of a fitted distribution."""

_LARGEST_ERROR: Final = 0.2
"""Where the test rejects at it, the estimate is beyond equal treatment too."""

_ROUNDING: Final = 1e-12
"""Values this close are equal: the same table can give sums that differ in the last bits."""

_BEYOND: Final = 1e-9
"""Least distance that is not equal treatment."""


@dataclass(frozen=True)
class Noise:
    """Drawn tables: distances from the ideal without noise, and what noise added to them.

    Attributes:
        truth: Shape (draws, metrics), or (draws,) of one metric.
        added: Like `truth`.
    """

    truth: Array
    added: Array

    def of(self, place: int) -> tuple[Array, Array]:
        """Both of one metric, of the draws in which it is defined."""
        truth, added = self.truth[:, place], self.added[:, place]
        defined = np.isfinite(added)
        return truth[defined], added[defined]


@dataclass(frozen=True)
class Curve:
    """Surprise by true distance; knots rising in distance, the first that of equal treatment.

    Attributes:
        estimate: The estimated distance; within all intervals.
        p_value: Of the permutation test.
        spread: Of the measured distance if all are treated alike, everybody's level included.
        distances: Shape (knots,).
        surprise: Falling, shape (knots,).
        below: Part of the error that is allowed below, from 0 to 0.5, shape (knots,).
    """

    estimate: float
    p_value: float
    spread: float
    distances: Array
    surprise: Array
    below: Array

    def ends(self, error: float) -> tuple[float, float]:
        """Least and greatest true distance of the interval; see `GapEstimate.interval`."""
        knots = np.arange(len(self.distances))
        fine = np.linspace(0.0, knots[-1], _POINTS * knots[-1] + 1)
        distances, surprise, below = (
            np.interp(fine, knots, part) for part in (self.distances, self.surprise, self.below)
        )
        kept = (surprise < -ndtri(error * (1.0 - below))) & (surprise > ndtri(error * below))
        held = distances[kept] if kept.any() else distances[[np.argmin(np.abs(surprise))]]
        low, high = (min(float(held.min()), self.estimate), max(float(held.max()), self.estimate))
        equal = float(self.distances[0])
        if self.p_value <= error:
            return max(low, equal + _BEYOND), high
        # What everybody is served is not known exactly either; shuffles leave it as it is.
        level = float(-ndtri(error / 2.0)) * self.spread if equal > _BEYOND else 0.0
        return max(min(low, min(equal, self.estimate) - level), 0.0), max(high, equal + level)


def curve_of(
    *,
    measured: float,
    estimate: float,
    equal: float,
    shuffled: Array,
    alike: tuple[Array, Array],
    scaled: tuple[Array, Array],
) -> Curve | None:
    """The curve of one metric; everything in distances from its ideal.

    Args:
        measured: The measured distance.
        estimate: The estimated one.
        equal: What equal treatment comes to.
        shuffled: Distances on shuffled counts, shape (shuffles,).
        alike: Truth and added noise of tables drawn with all groups alike, each (draws,).
        scaled: Those of tables drawn at many plausible differences.

    Returns:
        None where something is not defined.
    """
    if not (np.isfinite(measured) and np.isfinite(estimate) and np.isfinite(equal)):
        return None
    if not (shuffled.size and alike[1].size and scaled[1].size):
        return None
    as_extreme = int(np.count_nonzero(shuffled >= measured - _ROUNDING))
    p_value = (1 + as_extreme) / (shuffled.size + 1)
    truth, added, spread, skewness = _moments(*scaled)
    spread *= _WIDER
    away = truth > equal + _BEYOND
    first = float(alike[1].mean()), max(float(alike[1].std()), _ROUNDING)
    truth = np.append(equal, truth[away])
    added = np.append(first[0], added[away])
    spread = np.append(first[1], np.maximum(spread[away], _ROUNDING))
    mean = np.maximum.accumulate(truth + added)
    surprise = _without_skewness((measured - mean) / spread, np.append(0.0, skewness[away]))
    surprise[0] = _surprise_of_test(measured, shuffled, as_extreme, p_value)
    surprise = np.minimum.accumulate(surprise)
    limit = shuffled.mean() - ndtri(_SIGNIFICANCE) * shuffled.std()
    power = ndtr((mean - limit) / spread)
    below = 0.5 * np.clip((power - _SIGNIFICANCE) / (0.5 - _SIGNIFICANCE), 0.0, 1.0)
    below[0] = 0.0
    further = max(float(surprise[-1]) - _NO_SURPRISE_BEYOND, 1.0)
    if p_value <= _LARGEST_ERROR:
        estimate = max(estimate, equal + _BEYOND)
    return Curve(
        estimate=estimate,
        p_value=p_value,
        spread=float(first[1]),
        distances=np.append(truth, truth[-1] + further * spread[-1]),
        surprise=np.append(surprise, surprise[-1] - further),
        below=np.append(np.maximum.accumulate(below), 0.5),
    )


def _moments(truth: Array, added: Array) -> tuple[Array, Array, Array, Array]:
    """Mean truth, and mean, spread and skewness of the noise, of draws with near truths."""
    knots = int(np.clip(len(truth) // _DRAWS_OF_A_KNOT, _FEWEST_KNOTS, _MOST_KNOTS))
    in_each = max(len(truth) // knots, 1)
    order = np.argsort(truth)[: in_each * knots].reshape(-1, in_each)
    near, noise = truth[order], added[order]
    mean = noise.mean(axis=1)
    centred = noise - mean[:, np.newaxis]
    spread = centred.std(axis=1)
    third = (centred**3).mean(axis=1)
    skewness = np.clip(third / np.maximum(spread, _ROUNDING) ** 3, -1.0, 1.0)
    return near.mean(axis=1), mean, spread, skewness


def _without_skewness(z: Array, skewness: Array) -> Array:
    """Standardised values to normal quantiles (Cornish and Fisher 1938, first term)."""
    return np.asarray(z - skewness / 6.0 * (np.clip(z, -3.0, 3.0) ** 2 - 1.0))


def _surprise_of_test(measured: float, shuffled: Array, as_extreme: int, p_value: float) -> float:
    """The normal quantile of the p-value; beyond nearly all shuffles that of a fitted tail."""
    counted = float(-ndtri(min(p_value, 1.0 - 0.5 / (shuffled.size + 1))))
    spread = shuffled.std()
    if as_extreme >= _FEW or spread <= _ROUNDING:
        return counted
    z = (measured - shuffled.mean()) / spread
    skewness = np.clip(((shuffled - shuffled.mean()) ** 3).mean() / spread**3, -1.0, 1.0)
    return max(counted, float(_without_skewness(np.asarray(z), skewness)))
