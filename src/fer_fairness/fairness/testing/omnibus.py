"""Is anyone of any group recognised differently, given the true emotion? Several tests as one.

No single statistic sees every way in which groups can differ. Here a few look, each at one:

- recognised or not, over all classes together: the Mantel-Haenszel chi-square over groups
  (Mantel and Haenszel 1959, JNCI 22; Landis, Heyman and Koch 1978, ISR 46; as the sum over groups
  of z^2 (1 - share), which it is where groups show the same classes) and the largest
  difference of one group from all others. A class weighs by (p (1 - p))^-1/2, p its recall, and not
  by 1 as in Mantel and Haenszel's: theirs is best where the odds ratio is the same in all classes,
  (p (1 - p))^-1 where the loss in points is; in between, both are nearly reached;
- recognised or not in one class: the differences of single groups in single classes, the largest
  of which counts most (the mean of exp(0.45 z^2), of which a Bayes factor with a normal prior nine
  times as wide as the noise is made), and the sum of the classes' chi-squares, for differences in
  opposite directions;
- taken for one class by people of the others: the largest difference of a group. A class weighs by
  (p (1 - p))^-1/4, p the share of it taken so: between errors that rise by points and ones that
  rise in proportion;
- a trend over groups that have an order (ages);
- confidence, given the class and whether the answer is right, where there are probabilities.

A difference of single cells has the variance of one more face: where a group of a class should
have one such answer in ten shuffles and has two, that is ten standard errors and yet no evidence,
and such cells would make the largest of all differences useless.

Each is turned into its p-value among the shuffles, and the p-values into their weighted harmonic
mean (Wilson 2019, PNAS 116), whose own distribution is again that among the shuffles: it is exact,
whatever the statistics' dependence. The weights make the power that is lost against the best single
test small where it is largest, over 58 planted differences in ten designs (400 to 20,000 people, 3
to 8 classes, 2 to 10 groups), false positives, which no usual test looks at, counting less: any of
them costs the others power. What is left, and where another test finds more, is told by
`benchmarks/verdict_power.py` and docs/results.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.reductions import Array

RECOGNISED: Final = (0.08, 0.30)
"""Weights of chi-square and largest difference over all classes."""
ONE_CLASS: Final = (0.30, 0.14)
"""Weights of the differences in one class, the largest counting most, and of the sum of classes."""
TAKEN_FOR: Final = 0.10
TREND: Final = 0.10
"""Small, since no other test comes near it where there is a trend."""
CALIBRATION: Final = 0.12

_ONE_FACE: Final = 1.0
"""Variance of one more face, in counts."""
_PRIOR: Final = 0.45
"""Half of g / (1 + g) with g = 9, the prior's variance over that of the noise."""
_LEAST: Final = 1e-9
_NUMBER: Final = re.compile(
    r"\s*(?P<below><|under|below|less than|up to)?(?:>|over|above|more than)?=?"
    r"\s*(?P<number>\d+\.?\d*)",
    re.IGNORECASE,
)


def order_of_groups(groups: Sequence[str]) -> Array | None:
    """Scores of groups that stand for rising numbers, such as ages: 0, 1, 2, ...; None of others.

    Args:
        groups: Names such as "0-3", "4-19", "70+"; fewer than three have no trend.
    """
    firsts = [_NUMBER.match(name) for name in groups]
    if len(groups) < 3 or not all(firsts):
        return None
    numbers = [
        float(first["number"]) - 0.5 * bool(first["below"]) for first in firsts if first is not None
    ]
    if len(set(numbers)) < len(numbers):
        return None
    return np.asarray(np.argsort(np.argsort(numbers)), dtype=np.float64)


def weights_of(*, ordered: bool, calibrated: bool) -> Array:
    """The weight of each statistic, in the order of `statistics` and `calibration_statistic`."""
    weights = [*RECOGNISED, *ONE_CLASS, TAKEN_FOR]
    return np.array(weights + [TREND] * ordered + [CALIBRATION] * calibrated)


def statistics(counts: Array, order: Array | None) -> Array:
    """The statistics of tables, larger where groups differ more.

    Args:
        counts: Shape (n, g, c, k), two groups at least.
        order: Scores of the groups for a trend, shape (g,), or None.

    Returns:
        Shape (n, 5), or (n, 6) with the trend.
    """
    people = counts.sum(axis=3)
    of_class = people.sum(axis=1)
    shares = people / np.maximum(of_class, 1.0)[:, np.newaxis]
    right = np.diagonal(counts, axis1=2, axis2=3)
    recalls = right.sum(axis=1) / np.maximum(of_class, 1.0)
    variance = recalls * (1.0 - recalls) * _finite(of_class)
    surplus = right - people * recalls[:, np.newaxis]
    weights = _weights(right.sum(axis=1), of_class)
    scores = (surplus * weights[:, np.newaxis]).sum(axis=2)
    weighted = variance * weights**2
    of_groups = np.einsum("nc,ngc->ng", weighted, shares * (1.0 - shares))
    apart = _squares(scores, of_groups)
    by_class = variance[:, np.newaxis] * shares * (1.0 - shares)
    chi_squares = _squares(surplus, by_class) * (1.0 - shares)
    found = [
        (
            apart
            * (1.0 - people.sum(axis=2) / np.maximum(of_class.sum(axis=1, keepdims=True), 1.0))
        ).sum(axis=1),
        apart.max(axis=1),
        _soft_maximum(surplus**2 / (by_class + _ONE_FACE)),
        chi_squares.sum(axis=(1, 2)),
        _taken_for(counts, people, shares),
    ]
    if order is not None:
        mean = np.einsum("g,ngc->nc", order, shares)
        spread = np.einsum("g,ngc->nc", order**2, shares) - mean**2
        found.append(_squares(scores @ order, (weighted * spread).sum(axis=1)))
    return np.stack(found, axis=1)


def calibration_statistic(counts: Array, bin_confidence: Array) -> Array:
    """Largest difference of a group in confidence, given the class and whether it is right, (n,).

    Whether people are right is left to the other statistics, and its noise with it.

    Args:
        counts: Shape (n, g, c, 2 * bins), as in `CalibrationCounts`.
        bin_confidence: Mean confidence of each bin.
    """
    answers = np.moveaxis(counts.reshape(*counts.shape[:3], -1, 2), 3, 4)
    people = answers.sum(axis=4)
    everybody = answers.sum(axis=1)
    of_stratum = everybody.sum(axis=3)
    shares = people / np.maximum(of_stratum, 1.0)[:, np.newaxis]
    means = everybody @ bin_confidence / np.maximum(of_stratum, 1.0)
    squares = everybody @ bin_confidence**2 / np.maximum(of_stratum, 1.0)
    variance = np.maximum(squares - means**2, 0.0) * _finite(of_stratum)
    scores = answers @ bin_confidence - people * means[:, np.newaxis]
    spread = variance[:, np.newaxis] * shares * (1.0 - shares)
    return np.asarray(_squares(scores.sum(axis=(2, 3)), spread.sum(axis=(2, 3))).max(axis=1))


def harmonic(p_values: Array, weights: Array) -> Array:
    """Weighted sum of reciprocal p-values, shape (...,): larger is more unequal.

    Args:
        p_values: Shape (..., statistics).
        weights: Shape (statistics,).
    """
    return np.asarray((weights / p_values).sum(axis=-1))


def ranked(values: Array) -> Array:
    """P-value of each value among all of its column, shape (n, columns).

    The first row is what was measured, the others are shuffles: the share of rows that reach it.
    Undefined values have 1.
    """
    p_values = np.ones_like(values)
    order = np.argsort(values, axis=0)
    for column, places in enumerate(order.T):
        # In rising order a search is several times faster.
        p_values[places, column] = among(values[places, column], values[places, column])
    return p_values


def among(values: Array, null: Array) -> Array:
    """Share of `null` that reaches each value; undefined values have 1, undefined nulls 0 of it."""
    ascending = np.sort(np.where(np.isfinite(null), null, -np.inf))
    tolerance = 1e-9 * np.maximum(np.abs(values), 1e-3)
    below = np.searchsorted(ascending, values - tolerance)
    return np.where(np.isfinite(values), (len(null) - below) / len(null), 1.0)


def threshold(null: Array, error: float) -> float:
    """The value beyond which `among` gives p-values of `error` at most; infinite if none does.

    Args:
        null: What was measured and its shuffles, at least 0, shape (1 + n,).
        error: From 0 to 1.
    """
    not_found = null[among(null, null) > error * (1.0 + 1e-12)]
    if len(not_found) == len(null):
        return float("inf")
    return float(not_found.max(initial=0.0))


def _finite(people: Array) -> Array:
    """People of a class, with the finite population's n / (n - 1): labels are shuffled, not drawn.

    None where there are fewer than two.
    """
    return np.where(people > 1, people**2 / np.maximum(people - 1.0, 1.0), 0.0)


def _weights(right: Array, of_class: Array) -> Array:
    """(p (1 - p))^-1/2 of each class; one more of either kind keeps a perfect class in bounds."""
    recalls = (right + 1.0) / (of_class + 2.0)
    return np.asarray((recalls * (1.0 - recalls)) ** -0.5)


def _squares(scores: Array, variances: Array) -> Array:
    """Squared standardised scores, zero where nothing varies."""
    varies = variances > _LEAST
    return np.where(varies, scores**2 / np.where(varies, variances, 1.0), 0.0)


def _soft_maximum(squares: Array) -> Array:
    """Logarithm of the mean of exp(0.45 z^2) over all axes but the first, shape (n,)."""
    exponents = _PRIOR * squares.reshape(len(squares), -1)
    largest = exponents.max(axis=1, keepdims=True)
    return np.asarray(largest[:, 0] + np.log(np.exp(exponents - largest).mean(axis=1)))


def _taken_for(counts: Array, people: Array, shares: Array) -> Array:
    """Largest difference of a group in being taken for a class by people of others, shape (n,)."""
    of_class = people.sum(axis=1)
    given = counts.sum(axis=1)
    rates = given / np.maximum(of_class, 1.0)[..., np.newaxis]
    others = 1.0 - np.eye(counts.shape[3])
    weights = _weights(given, of_class[..., np.newaxis]) ** 0.5 * others
    variance = rates * (1.0 - rates) * _finite(of_class)[..., np.newaxis] * others
    expected = np.einsum("ngc,nck->ngk", people, rates * weights, optimize=True)
    scores = np.einsum("ngck,nck->ngk", counts, weights, optimize=True) - expected
    apart = shares * (1.0 - shares)
    spread = np.einsum("ngc,nck->ngk", apart, variance * weights**2, optimize=True)
    in_faces = np.einsum("ngc,nck->ngk", apart, variance, optimize=True)
    squares = _squares(scores, spread) * in_faces / (in_faces + _ONE_FACE)
    return np.asarray(squares.max(axis=(1, 2)))
