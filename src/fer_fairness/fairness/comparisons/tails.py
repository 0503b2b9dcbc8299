"""Noise with heavier tails than the normal's, as the kurtosis of its draws tells.

Where two models answer few faces of a small group differently, most resamples of people show no
change, and some a large one: beyond five standard errors such noise may be thousands of times as
frequent as the normal's. Corrected together with others as if it were normal, one such test takes
the level of all: in a comparison of six methods on drawn faces three of 110 did, and others had to
be six standard errors from zero, where 3.5 were enough without them. So every test has p-values of
Student's t with the excess kurtosis of its own draws, 6 / (df - 4), brought to variance 1. At 0.05
they are nearly the normal's. Far out they are about as frequent as they say, two or three times so
where most draws are next to nothing; draws go through the same t, so that the level of all tests
together does not depend on the fit.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from fer_fairness.fairness.metrics.reductions import Array

_LEAST: Final = 1e-300
"""Stands for a level of the normal's that is less."""
_FURTHEST: Final = float(ndtri(0.5e-100))
"""The score of the least p-value that is not 0."""


@dataclass(frozen=True)
class Tails:
    """The tails of many tests.

    Attributes:
        freedom: Degrees of freedom of t for each test, shape (tests,), above 4; infinite where
            draws are no heavier than the normal's, or do not vary.
    """

    freedom: Array

    @classmethod
    def of(cls, draws: Array) -> "Tails":
        """Those of draws where nothing differs, with mean 0 and variance 1, shape (n, tests)."""
        squares = (draws**2).mean(axis=0)
        fourths = (draws**4).mean(axis=0)
        excess = fourths / np.where(squares > 0, squares, np.inf) ** 2 - 3.0
        return cls(np.where(excess > 0, 4.0 + 6.0 / np.where(excess > 0, excess, 1.0), np.inf))

    def p_values(self, scores: Array) -> Array:
        """Two-sided, of scores with variance 1, shape (..., tests)."""
        found = np.asarray(2.0 * ndtr(-np.abs(scores)))
        heavy = np.isfinite(self.freedom)
        freedom = self.freedom[heavy]
        found[..., heavy] = 2.0 * stdtr(
            freedom, -np.abs(scores[..., heavy]) * _deviation_of_t(freedom)
        )
        return found

    def of_normal(self, p_values: Array) -> Array:
        """The p-values of tests whose noise was taken for normal, shape (tests,).

        0, which stands for less than 1e-100, is 1e-100 of tests with heavier tails.
        """
        scores = ndtri(p_values / 2.0)
        heavy = np.isfinite(self.freedom)
        return self.p_values(np.where(heavy, np.maximum(scores, _FURTHEST), scores))

    def to_normal(self, levels: Array) -> Array:
        """What levels above 0 are on the normal's scale: the inverse of `of_normal`, (tests,)."""
        heavy = np.isfinite(self.freedom)
        freedom = self.freedom[heavy]
        found = np.array(levels)
        scores = stdtrit(freedom, levels[heavy] / 2.0) / _deviation_of_t(freedom)
        found[heavy] = np.maximum(2.0 * ndtr(scores), _LEAST)
        return found


def _deviation_of_t(freedom: Array) -> Array:
    """The standard deviation of t."""
    return np.asarray(np.sqrt(freedom / (freedom - 2.0)))
