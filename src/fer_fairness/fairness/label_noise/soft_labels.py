"""Scores of groups from probabilities of the groups instead of labels.

The weighted estimator of Chen et al. 2019 (arXiv 1811.11154): each person counts towards a group
with the probability that they are of it. It is right where the probabilities are calibrated on
these people and, given the probabilities, the group says nothing more of how the model does. That
is another assumption than that of the inversion: where groups are served differently as such, the
weighted estimator shows a part of the difference only.

Probabilities are calibrated for people mixed as those the labeller was measured on. Where the
shares of the groups differ (FairFace is balanced by race, FER+ is not), `adapted_probabilities`
moves them to the mix of the people at hand (Saerens, Latinne and Decaestecker 2002, Neural
Computation 14), under the assumption that the faces of one group look alike in both.
"""

from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.inference.intervals import (
    NO_INTERVAL,
    Interval,
    expanded_confidence,
    wilson_interval,
)
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
    ScoreEstimate,
)
from fer_fairness.fairness.metrics.reductions import Array

_MAX_ITERATIONS: Final = 500
_TOLERANCE: Final = 1e-7
_LEAST_PRIOR: Final = 1e-9
SUM_TOLERANCE: Final = 1e-3


def adapted_probabilities(probabilities: Array, measured_on: Array) -> tuple[Array, Array]:
    """Probabilities for people mixed as these are, and that mix.

    Args:
        probabilities: P(group | face), shape (people, groups); rows sum to one.
        measured_on: Shares of the groups where the probabilities were calibrated, shape (groups,).

    Returns:
        The adapted probabilities, shape (people, groups), and the shares of the groups among these
        people, shape (groups,), by expectation maximisation.

    Raises:
        InvalidInputError: Probabilities are none, or shapes differ.
    """
    _check(probabilities, measured_on)
    prior = np.maximum(measured_on / measured_on.sum(), _LEAST_PRIOR)
    shares = prior.copy()
    adapted = probabilities
    for _ in range(_MAX_ITERATIONS):
        weighted = probabilities * (shares / prior)
        adapted = weighted / np.maximum(weighted.sum(axis=1, keepdims=True), _LEAST_PRIOR)
        moved = adapted.mean(axis=0)
        if np.abs(moved - shares).max() < _TOLERANCE:
            break
        shares = moved
    return np.asarray(adapted), np.asarray(adapted.mean(axis=0))


def soft_scores(
    probabilities: Array,
    true_classes: npt.NDArray[np.int64],
    right: npt.NDArray[np.bool_],
    *,
    confidence: float,
    people: Codes | None = None,
) -> dict[str, tuple[ScoreEstimate, ...]]:
    """The scores of `corrected_scores.SCORES` of every group, each person weighted by probability.

    Intervals are those of a ratio of weighted sums, linearised (Woodruff 1971, JASA 66), of whole
    people where they have several faces, and then wider with few (`expanded_confidence`); they are
    no surer than Wilson's interval of the accuracy, and that of the difference to all others made
    of both (Newcombe 1998, Statistics in Medicine 17, 2635-2650), because people who are all right
    show no spread. The uncertainty of the probabilities themselves is not in them.

    Args:
        probabilities: P(group | face), shape (people, groups).
        true_classes: Position of each person's true class, int64 (people,).
        right: Whether the emotion model was right, bool (people,).
        confidence: Level of the intervals.
        people: Whose face each row is, codes from 0; None where every row is a person.

    Returns:
        For each score the estimates of all groups.

    Raises:
        InvalidInputError: Probabilities are none, or lengths differ.
    """
    if not len(probabilities) == len(true_classes) == len(right):
        raise InvalidInputError(
            f"There are {len(probabilities)} rows of probabilities, {len(true_classes)} true "
            f"classes and {len(right)} answers; one of each a person is needed."
        )
    _check(probabilities, np.ones(probabilities.shape[1]))
    answers = right.astype(np.float64)
    indicators = np.eye(int(true_classes.max(initial=0)) + 1)[true_classes]
    found: dict[str, list[ScoreEstimate]] = {
        name: [] for name in (ACCURACY, ACCURACY_DIFFERENCE, RECALL_DIFFERENCE)
    }
    for weights in probabilities.T:
        level = confidence if people is None else _level_of_people(weights, people, confidence)
        (own, own_influence), (others, others_influence), (same_class, class_influence) = (
            (value, _of_people(influence, people))
            for value, influence in (
                _weighted_mean(weights, answers),
                _weighted_mean(1.0 - weights, answers),
                _same_class_difference(weights, answers, indicators),
            )
        )
        low, high = _least_distances(own, own_influence, weights, people, level)
        of_others = _least_distances(others, others_influence, 1.0 - weights, people, level)
        alike = _alike(own_influence, others_influence, _alike(weights, 1.0 - weights, 0.0))
        apart = _of_difference(low, of_others[1], alike), _of_difference(high, of_others[0], alike)
        for name, value, influence, least in (
            (ACCURACY, own, own_influence, (low, high)),
            (ACCURACY_DIFFERENCE, own - others, own_influence - others_influence, apart),
            (RECALL_DIFFERENCE, same_class, class_influence, apart),
        ):
            found[name].append(_estimate(value, influence, level, least))
    return {name: tuple(estimates) for name, estimates in found.items()}


def _weighted_mean(weights: Array, answers: Array) -> tuple[float, Array]:
    """A weighted share and what each person adds to its error."""
    total = float(weights.sum())
    if total <= _LEAST_PRIOR:
        return float("nan"), np.full(len(weights), np.nan)
    value = float(weights @ answers) / total
    return value, weights * (answers - value) / total


def _same_class_difference(
    weights: Array, answers: Array, indicators: Array
) -> tuple[float, Array]:
    """The Mantel-Haenszel difference of `corrected_scores.scores`, and each person's influence."""
    of_class = indicators.sum(axis=0)
    present = np.maximum(of_class, 1.0)
    share = (weights @ indicators) / present
    recall = (answers @ indicators) / present
    expected_weight, expected_recall = indicators @ share, indicators @ recall
    products = (weights - expected_weight) * (answers - expected_recall)
    scale = float((of_class * share * (1.0 - share)).sum())
    if scale <= _LEAST_PRIOR:
        return float("nan"), np.full(len(weights), np.nan)
    value = float(products.sum()) / scale
    spread = (weights - expected_weight) * (1.0 - 2.0 * expected_weight) + expected_weight * (
        1.0 - expected_weight
    )
    return value, (products - value * spread) / scale


def _of_people(values: Array, people: Codes | None) -> Array:
    """Values of faces, summed over those of each person."""
    return values if people is None else np.bincount(people, weights=values).astype(np.float64)


def _level_of_people(weights: Array, people: Codes, confidence: float) -> float:
    """The level of a normal interval that covers as wanted with few people of several faces."""
    return expanded_confidence(confidence, _effective(_of_people(weights, people)))


def _effective(weights: Array) -> float:
    """How many of equal weight tell as much: (sum w)^2 / sum w^2 (Kish 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def _least_distances(
    value: float, influence: Array, weights: Array, people: Codes | None, level: float
) -> tuple[float, float]:
    """From a weighted share to the ends of Wilson's interval of as many people as it is worth.

    Where all are right they show no spread: then people count as if all their faces were one.
    """
    variance = float((influence**2).sum())
    if not (np.isfinite(variance) and np.isfinite(level)):
        return 0.0, 0.0
    worth = _effective(weights)
    if variance > 0:
        worth = min(worth, value * (1.0 - value) / variance)
    else:
        worth = _effective(_of_people(weights, people))
    if worth <= 0:  # probabilities that are rounded can make a share of a little more than one
        return 0.0, 0.0
    interval = wilson_interval(value * worth, worth, level)
    return value - interval.low, interval.high - value


def _alike(first: Array, second: Array, otherwise: float) -> float:
    """The cosine of two influences; `otherwise` where one of them is none."""
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float(first @ second) / size if size > 0 else otherwise


def _of_difference(first: float, second: float, alike: float) -> float:
    """How far a difference may be off whose parts may be off so far, and go together so much."""
    return float(np.sqrt(max(first**2 + second**2 - 2.0 * alike * first * second, 0.0)))


def _estimate(
    value: float, influence: Array, level: float, least: tuple[float, float]
) -> ScoreEstimate:
    """An estimate whose interval reaches so far below and above it at least."""
    if not np.isfinite(value):
        return ScoreEstimate(float("nan"), NO_INTERVAL)
    if np.isnan(level):
        return ScoreEstimate(value, NO_INTERVAL)
    half = NormalDist().inv_cdf(0.5 + level / 2.0) * float(np.sqrt((influence**2).sum()))
    return ScoreEstimate(value, Interval(value - max(half, least[0]), value + max(half, least[1])))


def _check(probabilities: Array, measured_on: Array) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] != len(measured_on):  # a table, a column
        raise InvalidInputError(
            f"Probabilities of groups have shape {probabilities.shape}; expected one row a person "
            f"and {len(measured_on)} columns, one a group."
        )
    if len(probabilities) == 0:
        return
    sums = probabilities.sum(axis=1)
    wrong = ~(
        np.isfinite(sums)
        & (probabilities >= 0.0).all(axis=1)
        & (np.abs(sums - 1.0) <= SUM_TOLERANCE)
    )
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidInputError(
            f"Row {row} of the probabilities of groups is {probabilities[row].tolist()}, expected "
            f"values of 0 or more that sum to 1; {int(wrong.sum())} rows are like it. Leave people "
            "without probabilities out."
        )
