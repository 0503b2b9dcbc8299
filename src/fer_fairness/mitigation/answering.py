"""Thresholds of confidence under which faces are left unanswered."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from fer_fairness.mitigation.scored import Array, Flags, Indices


def threshold_of(confidence: Array, coverage: float) -> float:
    """The highest threshold that a share of the faces reaches.

    Args:
        confidence: Of each face, in [0, 1], shape `(n,)`, n at least 1.
        coverage: The share, above 0; more are answered where several faces are equally sure.

    Returns:
        Halfway to the next face that does not reach it, so that rounding moves no face across; 0
        where all reach it.
    """
    levels, counts = np.unique(confidence, return_counts=True)
    answered = counts[::-1].cumsum()
    asked = coverage * len(confidence) - 1e-9
    return _halfway(levels, len(levels) - 1 - int(np.searchsorted(answered, asked)))


def _halfway(levels: Array, place: int) -> float:
    """A threshold that the level at `place` and those above reach, of rising levels."""
    return float(levels[place - 1 : place + 1].mean()) if place > 0 else 0.0


class _Curve(NamedTuple):
    """What a group's thresholds give, from the highest, which only its surest faces reach.

    Attributes:
        levels: Rising confidences of its faces, each once.
        answered: How many faces reach each, from the highest level on.
        accuracy: Of those faces, by an isotonic regression on confidence; falls, or stays.
        start: The first place at which enough of the group is answered.
    """

    levels: Array
    answered: Indices
    accuracy: Array
    start: int

    @classmethod
    def of(cls, confidence: Array, right: Flags, least_coverage: float) -> "_Curve":
        levels, places, counts = np.unique(confidence, return_inverse=True, return_counts=True)
        shares = np.bincount(places, weights=right) / counts
        smooth = isotonic_regression(shares, weights=counts).x
        answered = counts[::-1].cumsum()
        accuracy = (smooth * counts)[::-1].cumsum() / answered
        # Falls by its making, but for rounding.
        accuracy = np.minimum.accumulate(accuracy)
        start = int(np.searchsorted(answered, least_coverage * len(confidence) - 1e-9))
        return cls(levels, answered, accuracy, start)

    def place(self, accuracy: float) -> int:
        """Where most are answered with that accuracy, or else as few as may be."""
        return max(self.start, int((self.accuracy >= accuracy).sum()) - 1)


def answered_alike(
    confidence: Sequence[Array],
    right: Sequence[Flags],
    *,
    n_answered: int,
    least_coverage: float,
) -> list[float]:
    """A threshold for each group: the worst served one's answers shall be as right as can be.

    Each group is answered as far as its accuracy among answered faces is a level that all have in
    common; the level is the highest at which enough faces are answered.

    Args:
        confidence: Of each group, of its faces, shape `(n_g,)`, at least 1 face.
        right: Whether the predicted emotion of each of these is the true one.
        n_answered: Faces of all groups that are answered, at least.
        least_coverage: Share of each group that is answered, at least.

    Returns:
        A threshold for each group; 0 where all of it is answered.
    """
    curves = [
        _Curve.of(sure, correct, least_coverage)
        for sure, correct in zip(confidence, right, strict=True)
    ]
    levels = np.unique(np.concatenate([curve.accuracy for curve in curves]))
    low, high = 0, len(levels)
    while high - low > 1:  # the lowest level answers every face
        middle = (low + high) // 2
        answered = sum(int(each.answered[each.place(levels[middle])]) for each in curves)
        low, high = (middle, high) if answered >= n_answered else (low, middle)
    return [
        _halfway(curve.levels, len(curve.levels) - 1 - curve.place(levels[low])) for curve in curves
    ]
