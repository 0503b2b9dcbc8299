"""How each group is served compared with everybody else, once label errors are taken off.

A gap between the best and the worst of several groups is widened by noise. A group against all
others is not: its estimate is about as often too high as too low, so these are the figures to read
first where groups were predicted.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import Seed
from fer_fairness.fairness.inference.intervals import NO_INTERVAL, Interval, percentile_interval
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.inversion import (
    AnyCounts,
    by_true_group,
    drawn_confusions,
    inverse,
)
from fer_fairness.fairness.metrics.reductions import Array, divide
from fer_fairness.fairness.people.whole_people import WholePeople

ACCURACY: Final = "accuracy"
ACCURACY_DIFFERENCE: Final = "accuracy_difference"
RECALL_DIFFERENCE: Final = "recall_difference"
SCORES: Final = (ACCURACY, ACCURACY_DIFFERENCE, RECALL_DIFFERENCE)
"""What is estimated of each group; the differences are to all other people together."""

_MORE_PEOPLE: Final = 4.0
"""Of each label, in what resamples are drawn from: about the square of 1.96."""


@dataclass(frozen=True)
class ScoreEstimate:
    """One score of one group.

    Attributes:
        value: The estimate; NaN where it is not defined.
        interval: Its confidence interval.
    """

    value: float
    interval: Interval


def scores(counts: AnyCounts, everybody: AnyCounts) -> dict[str, Array]:
    """The scores of every group.

    `recall_difference` is the difference in recall at the same true class, averaged over classes
    with the weights of Mantel and Haenszel, n_gc n_oc / n_c (Greenland and Robins 1985, Biometrics
    41): it is zero where people who show the same emotion are recognised equally often, and a rare
    class weighs no more than it can tell.

    Args:
        counts: Counts by group, shape (..., g, c, k); estimates may be below zero.
        everybody: All people, those without a label too, shape (..., c, k).

    Returns:
        The scores by name, each of shape (..., g).
    """
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    of_class = counts.sum(axis=-1)
    all_right = np.diagonal(everybody, axis1=-2, axis2=-1)[..., np.newaxis, :]
    all_of_class = everybody.sum(axis=-1)[..., np.newaxis, :]
    people, all_people = of_class.sum(axis=-1), all_of_class.sum(axis=-1)
    accuracy = divide(right.sum(axis=-1), people)
    others = divide(all_right.sum(axis=-1) - right.sum(axis=-1), all_people - people)
    share = divide(of_class, all_of_class)
    empty = all_of_class == 0
    surplus = np.where(empty, 0.0, right - all_right * np.where(empty, 0.0, share))
    weight = np.where(empty, 0.0, of_class * (1.0 - np.where(empty, 0.0, share)))
    return {
        ACCURACY: accuracy,
        ACCURACY_DIFFERENCE: accuracy - others,
        RECALL_DIFFERENCE: divide(surplus.sum(axis=-1), weight.sum(axis=-1)),
    }


@dataclass(frozen=True)
class CorrectedScores:
    """Scores by true group, estimated from labels.

    Attributes:
        people: Estimated number of people of each group, shape (g,).
        people_intervals: Their confidence intervals.
        scores: For each score the estimates of all groups.
        compared: Which groups are surely large enough to be compared, bool (g,).
    """

    people: Array
    people_intervals: tuple[Interval, ...]
    scores: dict[str, tuple[ScoreEstimate, ...]]
    compared: np.ndarray


def raw_scores(
    labelled: Counts,
    everybody: Counts,
    *,
    n: int,
    confidence: float,
    seed: Seed,
    people: WholePeople | None = None,
) -> dict[str, tuple[ScoreEstimate, ...]]:
    """The scores of groups as labelled, as if no label were wrong, with bootstrap intervals.

    Args:
        labelled: Counts by label, int64 (h, c, k).
        everybody: All people, int64 (c, k).
        n: Number of draws.
        confidence: Level of the intervals.
        seed: Seed or generator.
        people: The same faces by label, those without one last, where people have several: then
            people are resampled whole; accuracy has Wilson's interval of as many people as they
            are worth, and differences are no surer.
    """
    generator = np.random.default_rng(seed)
    measured = scores(labelled, everybody)
    if people is None:
        drawn, drawn_everybody = _drawn_people(labelled, everybody, n, generator)
        return _estimates(measured, scores(drawn, drawn_everybody), confidence=confidence)
    unlabelled = everybody - labelled.sum(axis=0)
    cells = np.concatenate([labelled, unlabelled[np.newaxis]])
    tables = people.draw(cells, people.n_draws(n), generator)
    replicates = scores(tables[:, :-1], tables.sum(axis=1))
    found: dict[str, list[ScoreEstimate]] = {name: [] for name in SCORES}
    for place in range(len(labelled)):
        own, level = people.share(place, None, confidence), people.confidence(place, confidence)
        of_accuracy = ScoreEstimate(float(measured[ACCURACY][place]), own)
        found[ACCURACY].append(of_accuracy)
        for name in (ACCURACY_DIFFERENCE, RECALL_DIFFERENCE):
            one = _one(measured[name][place], replicates[name][:, place], level)
            found[name].append(_no_surer(one, of_accuracy))
    return {name: tuple(estimates) for name, estimates in found.items()}


def corrected_scores(
    labelled: Counts,
    everybody: Counts,
    confusion: LabelConfusion,
    *,
    n: int,
    confidence: float,
    min_people: float,
    seed: Seed,
) -> CorrectedScores:
    """The scores of true groups, with intervals that carry the uncertainty of the confusion.

    People are resampled within each true class (`with_more_people`), and with each resample the
    labeller's confusion is drawn anew from what its held-out people leave open; both go through the
    inversion. Of groups of 23 and 38 people of whom .93 and .98 are recognised, intervals of the
    recall difference hold the truth in .98 of cases; of people resampled as counted, in .85, .59.

    Args:
        labelled: Counts by label, int64 (h, c, k), in the order of `confusion.groups`.
        everybody: All people, int64 (c, k).
        confusion: The labeller's confusion; it must be one that may be inverted.
        n: Number of draws.
        confidence: Level of the intervals.
        min_people: A group is compared where the lower end of its number of people reaches this.
        seed: Seed or generator.
    """
    generator = np.random.default_rng(seed)
    drawn, drawn_everybody = _drawn_people(labelled, everybody, n, generator)
    shares = drawn_confusions(confusion, n, generator)[..., :-1]
    replicates = by_true_group(drawn, inverse(shares))
    estimated = by_true_group(labelled, inverse(confusion.shares))
    people = estimated.sum(axis=(-1, -2))
    sizes = replicates.sum(axis=(-1, -2))
    intervals = tuple(percentile_interval(column, confidence) for column in sizes.T)
    return CorrectedScores(
        people=people,
        people_intervals=intervals,
        scores=_estimates(
            scores(estimated, everybody), scores(replicates, drawn_everybody), confidence=confidence
        ),
        compared=np.array([interval.low >= min_people for interval in intervals]),
    )


def _estimates(
    values: dict[str, Array], replicates: dict[str, Array], *, confidence: float
) -> dict[str, tuple[ScoreEstimate, ...]]:
    return {
        name: tuple(
            _one(value, column, confidence)
            for value, column in zip(values[name], replicates[name].T, strict=True)
        )
        for name in SCORES
    }


def _one(value: float, replicates: Array, confidence: float) -> ScoreEstimate:
    if not np.isfinite(value):
        return ScoreEstimate(float("nan"), NO_INTERVAL)
    return ScoreEstimate(float(value), percentile_interval(replicates, confidence))


def _no_surer(one: ScoreEstimate, of_accuracy: ScoreEstimate) -> ScoreEstimate:
    """A difference whose interval reaches as far as that of the group's accuracy at least."""
    low = one.value - (of_accuracy.value - of_accuracy.interval.low)
    high = one.value + (of_accuracy.interval.high - of_accuracy.value)
    # What is not defined comes first: it stays.
    ends = Interval(min(one.interval.low, low), max(one.interval.high, high))
    return ScoreEstimate(one.value, ends)


def _drawn_people(
    labelled: Counts, everybody: Counts, n: int, generator: np.random.Generator
) -> tuple[Counts, Counts]:
    """Resamples of people within each true class, by label and over all labels.

    Those without a label are resampled with the others: they are part of everybody. Drawn from are
    the counts `with_more_people`: where all of a group are right, resamples of them are alike.
    """
    unlabelled = everybody - labelled.sum(axis=0)
    cells = with_more_people(np.concatenate([labelled, unlabelled[np.newaxis]]))
    n_labels, n_classes, n_given = cells.shape
    rows = np.moveaxis(cells, 1, 0).reshape(n_classes, n_labels * n_given)
    people = everybody.sum(axis=-1)
    shares = np.where(
        people[:, np.newaxis] > 0,
        rows / np.maximum(people, 1)[:, np.newaxis],
        1.0 / rows.shape[-1],
    )
    drawn = generator.multinomial(people, shares, size=(n, n_classes))
    tables = np.moveaxis(drawn.reshape(n, n_classes, n_labels, n_given), 2, 1)
    return tables[:, :-1], tables.sum(axis=1)


def with_more_people(cells: AnyCounts) -> Array:
    """As many people as there are, with the answers of each label as if four more had been seen.

    Two of the four are right (Agresti and Coull 1998, The American Statistician 52): a binomial
    draw of such a share has about the spread that Wilson's interval knows of.

    Args:
        cells: Counts by label, shape (h, c, k).

    Returns:
        Counts that need not be whole; people of each label and class are what they were.
    """
    people = cells.sum(axis=-1, keepdims=True)
    weight = _MORE_PEOPLE / (cells.sum(axis=(-1, -2), keepdims=True) + _MORE_PEOPLE)
    right = np.eye(*cells.shape[-2:])
    even = right + (1.0 - right) / max(cells.shape[-1] - 1, 1)
    even = even / even.sum(axis=-1, keepdims=True)
    return np.asarray((1.0 - weight) * cells + weight * people * even)
