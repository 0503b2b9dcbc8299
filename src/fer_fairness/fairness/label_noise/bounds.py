"""What a group's accuracy may be where nothing is assumed about how label errors and answers go.

With the labeller's confusion T[g, h] and the shares of the true groups known, the people of group g
among those labelled h are q[g, h] = T[g, h] p[g]; how many of them the model is right about is not
known, but it is at most the smaller of q[g, h] and of those right among the labelled, and at least
what does not fit elsewhere (Frechet 1951). Summed over labels these bounds are sharp (Kallus, Mao
and Zhou 2022, Management Science 68, section 5). Where the confusion cannot be inverted the shares
of the groups are not known either; then both are bounded together by a linear program, after
Charnes and Cooper 1962. What was counted of people and of held-out faces enters it as intervals
(Clopper and Pearson 1934, all of them together at the level asked for), so that a confusion that is
hardly known bounds hardly anything.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linprog
from scipy.special import betaincinv

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    ScoreEstimate,
    with_more_people,
)
from fer_fairness.fairness.label_noise.inversion import (
    AnyCounts,
    drawn_confusions,
    mean_confusion,
)
from fer_fairness.fairness.metrics.reductions import Array, divide

_SMALL: Final = 1e-12
_LEAST_SHARE: Final = 1e-6
"""A draw may leave a group nobody; its bounds are then those of a few people, not undefined."""


@dataclass(frozen=True)
class ScoreBounds:
    """Bounds of one score of every group; NaN where a group has nobody.

    Attributes:
        low: Lower bounds, shape (g,).
        high: Upper bounds, shape (g,).
    """

    low: Array
    high: Array

    @property
    def estimates(self) -> tuple[ScoreEstimate, ...]:
        """Those of every group: an interval without a value."""
        ends = zip(self.low.tolist(), self.high.tolist(), strict=True)
        return tuple(ScoreEstimate(float("nan"), Interval(low, high)) for low, high in ends)


def accuracy_bounds(answers: AnyCounts, shares: Array, people: Array) -> dict[str, ScoreBounds]:
    """Sharp bounds of accuracy, and of accuracy minus that of everybody else, of every group.

    Args:
        answers: People by label or none, and whether the model is wrong or right, shape
            (..., h + 1, 2).
        shares: P(label or none | true group), shape (..., g, h + 1).
        people: Shares of the true groups, shape (..., g); they sum to one.

    Returns:
        By name of the score; shapes (..., g).
    """
    total = answers.sum(axis=(-1, -2))[..., np.newaxis]
    by_label = answers.sum(axis=-1)[..., np.newaxis, :]
    joint = shares * people[..., np.newaxis]
    # As many people of each label as there are: the shares are estimates and need not add up.
    joint = joint / np.maximum(joint.sum(axis=-2, keepdims=True), _SMALL) * by_label
    right = answers[..., 1][..., np.newaxis, :]
    low = np.maximum(0.0, right + joint - by_label).sum(axis=-1)
    high = np.minimum(right, joint).sum(axis=-1)
    sizes, all_right = joint.sum(axis=-1), right.sum(axis=-1)
    differences = [
        divide(part, sizes) - divide(all_right - part, total - sizes) for part in (low, high)
    ]
    return {
        ACCURACY: ScoreBounds(divide(low, sizes), divide(high, sizes)),
        ACCURACY_DIFFERENCE: ScoreBounds(*differences),
    }


def bounded_scores(
    labelled: Counts,
    everybody: Counts,
    confusion: LabelConfusion,
    *,
    n: int,
    confidence: float,
    seed: Seed,
) -> dict[str, ScoreBounds]:
    """Bounds that hold whatever the dependence between label errors and answers, widened by noise.

    The shares of the true groups come from the labels by inversion, which needs no assumption about
    the emotion model. The lower end is a lower quantile of the lower bound over draws of people and
    of the confusion, the upper end an upper one of the upper bound. The lesser of two counts is on
    average less than that of two expected ones, and draws of what was counted are lower once more:
    by twice as much as draws narrow a bound on average its end is moved out (what plain quantiles
    of estimated minima miss: Chernozhukov, Lee and Rosen 2013, Econometrica 81). Where both a group
    is always right and all others never, the difference is still held in .75 of cases only.

    Args:
        labelled: Counts by label, int64 (h, c, k).
        everybody: All people, int64 (c, k).
        confusion: A confusion that may be inverted.
        n: Number of draws.
        confidence: Level; each end is passed by the truth in about half of the rest at most.
        seed: Seed or generator.
    """
    generator = np.random.default_rng(seed)
    unlabelled = everybody - labelled.sum(axis=0)
    cells = with_more_people(np.concatenate([labelled, unlabelled[np.newaxis]]))
    answers = answers_by_label(cells[:-1], cells.sum(axis=0))
    shares = drawn_confusions(confusion, n, generator)
    n_people = int(everybody.sum())
    flat = answers.ravel() / max(answers.sum(), 1.0)
    drawn = generator.multinomial(n_people, flat, size=n).reshape(n, *answers.shape)
    measured = _bounds_of(answers, mean_confusion(confusion))
    return {
        name: _widened(measured[name], found, confidence, least=0.0 if name == ACCURACY else -1.0)
        for name, found in _bounds_of(drawn, shares).items()
    }


def _bounds_of(answers: AnyCounts, shares: Array) -> dict[str, ScoreBounds]:
    """`accuracy_bounds` of the people that the labels come from."""
    people = np.maximum(group_shares(answers, shares), _LEAST_SHARE)
    return accuracy_bounds(answers, shares, people)


def _widened(
    measured: ScoreBounds, drawn: ScoreBounds, confidence: float, *, least: float
) -> ScoreBounds:
    """Quantiles of drawn bounds (n, g), and twice what draws narrow the measured ones (g,) by."""
    outside = (1.0 - confidence) / 2.0
    raised = np.maximum(drawn.low.mean(axis=0) - measured.low, 0.0)
    lowered = np.maximum(measured.high - drawn.high.mean(axis=0), 0.0)
    return ScoreBounds(
        np.maximum(np.quantile(drawn.low, outside, axis=0) - 2.0 * raised, least),
        np.minimum(np.quantile(drawn.high, 1.0 - outside, axis=0) + 2.0 * lowered, 1.0),
    )


def answers_by_label(labelled: AnyCounts, everybody: AnyCounts) -> Array:
    """People by label (none last) and whether the model is wrong (0) or right (1), (h + 1, 2)."""
    cells = np.concatenate([labelled, (everybody - labelled.sum(axis=0))[np.newaxis]])
    right = np.trace(cells, axis1=-2, axis2=-1)
    return np.stack([cells.sum(axis=(-1, -2)) - right, right], axis=-1)


def group_shares(answers: AnyCounts, shares: Array) -> Array:
    """Shares of the true groups, (..., g), from labels by inversion; none below zero."""
    by_label = answers.sum(axis=-1)[..., :-1].astype(np.float64)
    transposed = np.swapaxes(shares[..., :-1], -1, -2) + _SMALL * np.eye(shares.shape[-2])
    people = np.maximum(np.linalg.solve(transposed, by_label[..., np.newaxis])[..., 0], 0.0)
    return np.asarray(people / np.maximum(people.sum(axis=-1, keepdims=True), _SMALL))


def unidentified_bounded_accuracy(
    labelled: Counts, everybody: Counts, confusion: LabelConfusion, *, confidence: float
) -> ScoreBounds:
    """Bounds of accuracy where the confusion cannot be inverted, widened by all that noise may do.

    Args:
        labelled: Counts by label, int64 (h, c, k).
        everybody: All people, int64 (c, k); somebody at least.
        confusion: Any confusion; of a group without held-out people nothing is taken to be known.
        confidence: At least so often all bounds hold together.

    Returns:
        Bounds of every group; NaN where no people at all would fit what was counted.
    """
    answers = answers_by_label(labelled, everybody)
    error = (1.0 - confidence) / (answers.size + confusion.counts.size)
    return _program_bounds(
        _exact_interval(answers, np.asarray(answers.sum()), error),
        _exact_interval(confusion.counts, confusion.faces[:, np.newaxis], error),
    )


@dataclass(frozen=True)
class _Range:
    """Least and greatest values of shares, of one shape."""

    low: Array
    high: Array


def _exact_interval(counts: AnyCounts, of: AnyCounts, error: float) -> _Range:
    """Clopper-Pearson intervals of shares; from 0 to 1 where they are shares of nobody."""
    others = of - counts
    low = betaincinv(np.maximum(counts, 1), others + 1, error / 2.0)
    high = betaincinv(counts + 1, np.maximum(others, 1), 1.0 - error / 2.0)
    return _Range(np.where(counts > 0, low, 0.0), np.where(others > 0, high, 1.0))


def _program_bounds(answers: _Range, shares: _Range) -> ScoreBounds:
    """Least and greatest accuracy of each group, by linear-fractional programs.

    Args:
        answers: Shares of all people by label or none, and wrong or right, (h + 1, 2).
        shares: P(label or none | true group), (g, h + 1).
    """
    n_groups, n_labels = shares.low.shape
    cells = np.arange(n_groups * n_labels * 2).reshape(n_groups, n_labels, 2)
    rows = _rows_of_program(cells, answers, shares)
    ends = np.array(
        [
            [_extreme_accuracy(cells, rows, group, sign) for group in range(n_groups)]
            for sign in (1.0, -1.0)
        ]
    )
    return ScoreBounds(ends[0], ends[1])


@dataclass(frozen=True)
class _Rows:
    """Rows that are zero at most, and rows that are zero, over cells, groups and scale."""

    at_most: Array
    equal: Array


def _rows_of_program(cells: np.ndarray, answers: _Range, shares: _Range) -> _Rows:
    """The program's constraints.

    Unknown are the people y[g, h, answer] (`cells`), the people p[g], and the scale t: the number
    of all people when those of one group are one.
    """
    unit = np.eye(cells.size + len(cells) + 1)
    of_cells = unit[cells]
    of_groups, scale = unit[cells.size : -1], unit[-1]
    by_answer = of_cells.sum(axis=0)
    by_label = of_cells.sum(axis=2)
    limited = [
        side * (sums - limit[..., np.newaxis] * whole)
        for sums, limits, whole in (
            (by_answer, answers, scale),
            (by_label, shares, of_groups[:, np.newaxis]),
        )
        for side, limit in ((1.0, limits.high), (-1.0, limits.low))
    ]
    return _Rows(
        at_most=np.concatenate([part.reshape(-1, len(unit)) for part in limited]),
        equal=np.vstack([by_label.sum(axis=1) - of_groups, of_groups.sum(axis=0) - scale]),
    )


def _extreme_accuracy(cells: np.ndarray, rows: _Rows, group: int, sign: float) -> float:
    """Least (sign 1) or greatest (sign -1) accuracy of a group, its people being one."""
    size = rows.equal.shape[1]
    one = np.zeros((1, size))
    one[0, cells.size + group] = 1.0
    objective = np.zeros(size)
    objective[cells[group, :, 1]] = sign
    found = linprog(
        objective,
        A_ub=rows.at_most,
        b_ub=np.zeros(len(rows.at_most)),
        A_eq=np.vstack([rows.equal, one]),
        b_eq=np.append(np.zeros(len(rows.equal)), 1.0),
        bounds=(0, None),
    )
    return float(sign) * float(found.fun) if found.fun is not None else float("nan")
