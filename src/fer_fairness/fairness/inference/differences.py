"""How groups differ in what is predicted: what was counted, and what may be behind it.

Noise makes groups look more different than they are, most of all where a group has few people of a
class. So what is counted is never taken for the truth: `Differences.plausible` draws shares that
may be behind it (`plausible`), and `Differences.planted` gives shares of which the difference is
known. `gap_intervals` asks which differences the data could have come from; `detectability` asks
which planted one would have been found.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.inference.plausible import Mask, plausible_shares
from fer_fairness.fairness.metrics.calibration import CalibrationCounts
from fer_fairness.fairness.metrics.formulas import Counts
from fer_fairness.fairness.metrics.reductions import Array

_LEAST_VARIANCE: Final = 0.01
"""Of a share, p (1 - p): keeps classes that all are recognised in from an error of zero."""

_DRAWS_OF_ESTIMATE: Final = 500

_NONE: Final = 1e-9
"""Differences below this are none."""


@dataclass(frozen=True)
class Differences:
    """How groups differ in what is predicted for each true class.

    Attributes:
        people: People per group and true class, float64, shape (g, c).
        pooled: Shares of predictions of everybody of a class, shape (c, k); rows sum to 1.
        counts: What was counted, as many people as it is worth, float64, shape (g, c, k).
        right: Which answers are right for which class, shape (c, k).
        loss: What the shares of a class change by if all that was right in it goes wrong, shape
            (c, k); rows sum to 0.
    """

    people: Array
    pooled: Array
    counts: Array
    right: Mask
    loss: Array

    @property
    def alike_shares(self) -> Array:
        """Shares of every group if all are treated alike, shape (g, c, k); rows sum to 1."""
        return np.repeat(self.pooled[np.newaxis], len(self.people), axis=0)

    def shares(self, scale: float) -> Array:
        """Shares with the estimated differences scaled, shape (g, c, k); at 0 all are alike."""
        return self.alike_shares if scale == 0 else self.scaled(self.estimate, scale)

    def scaled(self, shares: Array, scale: float) -> Array:
        """Shares (..., g, c, k) that differ from everybody's so many times as much."""
        scaled = self.pooled + scale * (shares - self.pooled)
        return scaled if 0 <= scale <= 1 else _as_shares(scaled)

    def plausible(self, n: int, seed: Seed) -> Array:
        """Shares that may be behind what was counted, shape (n, g, c, k); rows sum to 1."""
        generator = np.random.default_rng(seed)
        return plausible_shares(self.counts, self.right, n, generator)

    @cached_property
    def estimate(self) -> Array:
        """Mean of the plausible shares: those counted with the noise taken off, (g, c, k)."""
        return np.asarray(self.plausible(_DRAWS_OF_ESTIMATE, 0).mean(axis=0))

    def planted(self, group: int, lost_recall: float) -> Array:
        """Shares if only `group` differs: so much less of each class right, as far as there is.

        Args:
            group: Index of the group.
            lost_recall: By how much the share that is right falls in every class, from 0 to 1.

        Returns:
            Shape (g, c, k); rows sum to 1. What is lost goes where everybody's errors go.
        """
        right = np.maximum(-np.where(self.loss < 0, self.loss, 0.0).sum(axis=-1), _NONE)
        lost = np.minimum(lost_recall / right, 1.0)
        shares = self.alike_shares
        shares[group] += lost[:, np.newaxis] * self.loss
        return _as_shares(shares)

    @property
    def smallest_group(self) -> int:
        """Index of the group with the fewest people."""
        return int(np.argmin(self.people.sum(axis=-1)))

    def standard_error(self, group: int) -> float:
        """Of the share that is right in one group minus that in all others, no class weighed."""
        people = self.people.sum(axis=-1)
        right = float(-np.where(self.loss < 0, self.loss, 0.0).sum(axis=-1).mean())
        variance = max(right * (1.0 - right), _LEAST_VARIANCE)
        others = people.sum() - people[group]
        return float(np.sqrt(variance * (1.0 / people[group] + 1.0 / others)))

    def alike(self, shares: Array) -> Array:
        """The shares if every group had those of everybody, shape (g, c, k)."""
        everybody = self.expected(shares).sum(axis=0)
        return np.repeat(_as_shares(everybody)[np.newaxis], len(self.people), axis=0)

    def expected(self, shares: Array) -> Array:
        """Counts expected of shares (g, c, k), without noise."""
        return np.asarray(self.people[..., np.newaxis] * shares)


def fit_differences(counted: GroupCounts) -> Differences:
    """The differences between the groups of a table of counts (g, c, k)."""
    return differences_of(counted.counts, binned=isinstance(counted, CalibrationCounts))


def differences_of_worth(counted: GroupCounts, worth: float) -> Differences:
    """`fit_differences` of faces each of which tells as much as `worth` independent ones.

    Args:
        counted: Counts (g, c, k).
        worth: At most 1; less where people have several faces.
    """
    return differences_of(
        np.asarray(counted.counts * worth, dtype=np.float64),
        binned=isinstance(counted, CalibrationCounts),
    )


def differences_of(counts: Counts | Array, *, binned: bool = False) -> Differences:
    """`fit_differences` of counts (g, c, k) that need not be whole numbers.

    Args:
        counts: Counts, or as many people as estimated counts are worth.
        binned: Whether predictions are bins of confidence, each wrong and right
            (`CalibrationCounts`), and not classes.
    """
    worth = counts.astype(np.float64)
    pooled = _as_shares(worth.sum(axis=0))
    answers = np.arange(pooled.shape[1])
    classes = np.arange(len(pooled))[:, np.newaxis]
    right = np.broadcast_to(answers % 2 == 1, pooled.shape) if binned else answers == classes
    return Differences(
        people=worth.sum(axis=-1),
        pooled=pooled,
        counts=worth,
        right=right,
        loss=_loss_of_bins(pooled) if binned else _loss_of_classes(pooled),
    )


def _loss_of_bins(pooled: Array) -> Array:
    """Where right answers go that are lost: from a bin's right to its wrong ones.

    The model is as sure as it was.
    """
    loss = np.zeros_like(pooled)
    loss[:, 0::2] = pooled[:, 1::2]
    loss[:, 1::2] = -pooled[:, 1::2]
    return loss


def _loss_of_classes(pooled: Array) -> Array:
    """Where predictions go that are lost: to the other classes, as everybody's errors do."""
    right = np.diagonal(pooled)[:, np.newaxis]
    wrong = pooled * (1.0 - np.eye(len(pooled)))
    errors = wrong.sum(axis=-1, keepdims=True)
    spread_evenly = (1.0 - np.eye(len(pooled))) / max(len(pooled) - 1, 1)
    others = np.where(errors > _NONE, wrong / np.maximum(errors, _NONE), spread_evenly)
    return np.asarray(right * (others - np.eye(len(pooled))))


def _as_shares(values: Array) -> Array:
    """Rows cut at zero and brought to sum 1; rows of nothing become even."""
    positive = np.maximum(values, 0.0)
    total = positive.sum(axis=-1, keepdims=True)
    even = np.full_like(positive, 1.0 / positive.shape[-1])
    return np.where(total > 0, positive / np.where(total > 0, total, 1.0), even)
