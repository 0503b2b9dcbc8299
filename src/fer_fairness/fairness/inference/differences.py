"""Group differences on a scale: from none, through those measured, to wider ones.

Noise makes groups look more different than they are, most of all where a group has few people of a
class. So the pattern of the differences (who is served worse, in which classes) is estimated with
the noise taken off, and its size is left open: at scale 0 all groups are treated alike, at larger
scales the pattern is stretched. `gap_intervals` asks which scales the data could have come from;
`detectability` asks which planted difference would have been found.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.metrics.calibration import CalibrationCounts
from fer_fairness.fairness.metrics.formulas import Counts
from fer_fairness.fairness.metrics.reductions import Array

_LEAST_VARIANCE: Final = 0.02
"""Of a share, p (1 - p): keeps a class that all are recognised in from ruling an average."""

_ONE_GROUP: Final = 1.25
"""Loss of the smallest group at scale 1, in standard errors: the scales reach four of them."""

_NONE: Final = 1e-9
"""Differences below this are none."""


@dataclass(frozen=True)
class Differences:
    """How groups differ in what is predicted for each true class.

    Attributes:
        people: People per group and true class, float64, shape (g, c).
        pooled: Shares of predictions of everybody of a class, shape (c, k); rows sum to 1.
        estimate: Shares of each group, with the noise taken off, shape (g, c, k); rows sum to 1.
        pattern: What a group's shares differ by at scale 1: the differences of the estimate,
            stretched to the size of the measured ones, shape (g, c, k); rows sum to 0.
        loss: What the shares of a class change by if all that was right in it goes wrong, shape
            (c, k); rows sum to 0.
    """

    people: Array
    pooled: Array
    estimate: Array
    pattern: Array
    loss: Array

    def shares(self, scale: float) -> Array:
        """Shares of predictions at a scale of differences, shape (g, c, k); rows sum to 1."""
        return _as_shares(self.pooled + scale * self.pattern)

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
        shares = np.repeat(self.pooled[np.newaxis], len(self.people), axis=0)
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
        variance = max(right * (1.0 - right), _LEAST_VARIANCE / 2)
        others = people.sum() - people[group]
        return float(np.sqrt(variance * (1.0 / people[group] + 1.0 / others)))

    def of_smallest_group(self) -> "Differences":
        """The same people with another pattern: the smallest group alone is served worse."""
        group = self.smallest_group
        lost = _ONE_GROUP * self.standard_error(group)
        return replace(self, pattern=self.planted(group, lost) - self.pooled)

    def alike(self, shares: Array) -> Array:
        """The shares if every group had those of everybody, shape (g, c, k)."""
        everybody = self.expected(shares).sum(axis=0)
        return np.repeat(_as_shares(everybody)[np.newaxis], len(self.people), axis=0)

    def expected(self, shares: Array) -> Array:
        """Counts expected of shares (g, c, k), without noise."""
        return np.asarray(self.people[..., np.newaxis] * shares)


def fit_differences(counted: GroupCounts) -> Differences:
    """Everybody's shares and the pattern of the groups' differences, with noise taken off.

    Each group's difference is taken as one effect common to all classes plus deviations of single
    classes; both are shrunk towards zero by how much of their variance between groups is noise,
    and scaled so that what remains has the variance that is left (constrained empirical Bayes:
    Ghosh 1992, JASA 87; the variance between groups with the noise of the groups taken off is that
    of Lum, Zhang and Bower 2022, arXiv 2205.05770).

    Args:
        counted: Counts (g, c, k); with one group there are no differences.
    """
    lost = _loss_of_bins if isinstance(counted, CalibrationCounts) else _loss_of_classes
    return differences_of(counted.counts, lost)


def differences_of_worth(counted: GroupCounts, worth: float) -> Differences:
    """`fit_differences` of faces each of which tells as much as `worth` independent ones.

    Args:
        counted: Counts (g, c, k).
        worth: At most 1; less where people have several faces.
    """
    if worth >= 1.0:
        return fit_differences(counted)
    lost = _loss_of_bins if isinstance(counted, CalibrationCounts) else _loss_of_classes
    return differences_of(counted.counts * worth, lost)


def differences_of(counts: Counts, loss_of: Callable[[Array], Array] | None = None) -> Differences:
    """`fit_differences` of counts (g, c, k) that need not be whole numbers.

    Args:
        counts: Counts, or as many people as estimated counts are worth.
        loss_of: Everybody's shares (c, k) to what they change by if all that was right goes wrong;
            by default that of classes.
    """
    people = counts.sum(axis=-1).astype(np.float64)
    pooled = _as_shares(counts.sum(axis=0).astype(np.float64))
    measured = np.where(
        people[..., np.newaxis] > 0,
        counts / np.where(people > 0, people, 1.0)[..., np.newaxis] - pooled,
        0.0,
    )
    loss = (loss_of or _loss_of_classes)(pooled)
    common = _common_effect(people, measured, loss)
    shrunken = common + _shrunken_deviations(people, pooled, measured - common)
    return Differences(
        people=people,
        pooled=pooled,
        estimate=_as_shares(pooled + shrunken),
        pattern=_scaled_like(shrunken, measured, people),
        loss=loss,
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


def _common_effect(people: Array, measured: Array, loss: Array) -> Array:
    """What each group loses (or gains) in all classes alike, shape (g, c, k)."""
    gained = loss < 0
    right = -np.where(gained, loss, 0.0).sum(axis=-1)
    effect_of_class = np.where(gained, measured, 0.0).sum(axis=-1)
    precision = people / np.maximum(right * (1.0 - right), _LEAST_VARIANCE)
    total = np.maximum(precision.sum(axis=-1), _NONE)
    effect = (precision * effect_of_class).sum(axis=-1) / total
    share_of_group = people.sum(axis=-1) / max(people.sum(), 1.0)
    noise = (1.0 - share_of_group) / total
    weights = np.ones_like(effect)
    effect *= _shrinkage(effect**2, noise, weights)
    unit = loss / np.maximum(right, _NONE)[:, np.newaxis]
    return np.asarray(-effect[:, np.newaxis, np.newaxis] * unit)


def _shrunken_deviations(people: Array, pooled: Array, deviations: Array) -> Array:
    """Deviations of single classes from the common effect, shape (g, c, k), shrunk."""
    share_of_class = people / np.maximum(people.sum(axis=0), 1.0)
    spread = (pooled * (1.0 - pooled)).sum(axis=-1)
    noise = np.where(people > 0, spread / np.maximum(people, 1.0) * (1.0 - share_of_class), 0.0)
    weights = people * (1.0 - share_of_class)
    factor = _shrinkage((deviations**2).sum(axis=-1), noise, weights)
    return np.asarray(factor[..., np.newaxis] * deviations)


def _shrinkage(squares: Array, noise: Array, weights: Array) -> Array:
    """Factors that bring effects to the variance they have without their noise."""
    total = max(float(weights.sum()), _NONE)
    variance = max(0.0, float((weights * (squares - noise)).sum()) / total)
    factor = variance / (variance + noise + _NONE**2)
    left = float((weights * factor**2 * squares).sum()) / total
    if left <= 0:
        return np.asarray(factor)
    stretch = min(float(np.sqrt(variance / left)), 1.0 / float(factor.max()))
    return np.asarray(factor * stretch)


def _scaled_like(pattern: Array, measured: Array, people: Array) -> Array:
    """The pattern at the size of the measured differences, which stand in where nothing is left."""
    weights = people[..., np.newaxis]
    size, wanted = ((weights * part**2).sum() for part in (pattern, measured))
    if size <= _NONE * max(wanted, _NONE):
        return measured
    return np.asarray(pattern * max(1.0, float(np.sqrt(wanted / size))))


def _as_shares(values: Array) -> Array:
    """Rows cut at zero and brought to sum 1; rows of nothing become even."""
    positive = np.maximum(values, 0.0)
    total = positive.sum(axis=-1, keepdims=True)
    even = np.full_like(positive, 1.0 / positive.shape[-1])
    return np.where(total > 0, positive / np.where(total > 0, total, 1.0), even)
