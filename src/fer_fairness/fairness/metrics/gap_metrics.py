"""Distances between groups, as functions of counts, each with its words, and the registry of them.

Every function takes counts `C[..., g, c, k]` (group, true class, predicted class; see `counts`) and
works over the last three axes. What is undefined is NaN, never zero:

- a group whose score is undefined (see `metrics`) takes no part in the comparison;
- a class takes part in an average only where at least two groups have people of it (or, for what
  is predicted, are given it);
- a gap or ratio between fewer than two groups is NaN;
- a ratio of rates that are all zero is NaN, and its class is left out of an average of ratios;
- the between-group entropy of a class that everybody is of and nobody is given is NaN, and is left
  out of the average.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.class_gaps import recall_gaps, recall_ratios, recall_variances
from fer_fairness.fairness.metrics.formulas import Formula, GapMetric, MetricWords, Score, Tables
from fer_fairness.fairness.metrics.group_metrics import (
    accuracy,
    balanced_accuracy,
    macro_f1,
    recall,
    row_shares,
    theil_index,
    worst_class_recall,
)
from fer_fairness.fairness.metrics.reductions import (
    Array,
    comparable,
    divide,
    highest,
    lowest,
    mean,
    min_by_max,
    spread,
    total,
)

_METRICS: Final[dict[str, GapMetric]] = {}


def gap_metric(
    label: str,
    definition: str,
    *,
    group_score: Formula,
    in_points: bool = True,
    higher_is_more_equal: bool = False,
    highest: float = 1.0,
) -> Callable[[Callable[[Tables], Array]], GapMetric]:
    """Make a formula a metric, with its words, and list it in `GAP_METRICS` under its name.

    Args:
        label: See `MetricWords`.
        definition: See `MetricWords`.
        group_score: How well each group is served in this metric's own terms, higher is better.
        in_points: See `MetricWords`.
        higher_is_more_equal: Whether the ideal value is 1 and not 0.
        highest: The most that the metric can come to; infinity where it has no bound, or none that
            is of use.
    """
    words = MetricWords(label, definition, in_points, higher_is_more_equal)

    def metric(formula: Callable[[Tables], Array]) -> GapMetric:
        name = formula.__name__
        if name in _METRICS:
            raise ValueError(f"There is a metric {name!r} already: give the formula another name.")
        _METRICS[name] = GapMetric(formula, name, words, group_score=group_score, highest=highest)
        return _METRICS[name]

    return metric


@gap_metric(
    "Accuracy gap",
    "Accuracy of the best-recognised group minus that of the worst.",
    group_score=accuracy,
)
def accuracy_gap(tables: Tables) -> Array:
    """Highest minus lowest accuracy of a group, shape (...)."""
    return spread(tables.of(accuracy))


@gap_metric(
    "Mean-recall gap",
    "Highest mean recall (balanced accuracy) of a group minus the lowest.",
    group_score=balanced_accuracy,
)
def balanced_accuracy_gap(tables: Tables) -> Array:
    """Highest minus lowest balanced accuracy of a group, shape (...)."""
    return spread(tables.of(balanced_accuracy))


@gap_metric(
    "Macro F1 gap",
    "Highest macro F1 of a group minus the lowest.",
    group_score=macro_f1,
)
def macro_f1_gap(tables: Tables) -> Array:
    """Highest minus lowest macro F1 of a group, shape (...)."""
    return spread(tables.of(macro_f1))


@gap_metric(
    "Accuracy ratio",
    "Accuracy of the worst-recognised group divided by that of the best.",
    in_points=False,
    higher_is_more_equal=True,
    group_score=accuracy,
)
def accuracy_ratio(tables: Tables) -> Array:
    """Lowest accuracy of a group divided by the highest, shape (...); NaN where all are zero."""
    return min_by_max(tables.of(accuracy))


@gap_metric(
    "Macro F1 ratio",
    "Lowest macro F1 of a group divided by the highest.",
    in_points=False,
    higher_is_more_equal=True,
    group_score=macro_f1,
)
def macro_f1_ratio(tables: Tables) -> Array:
    """Lowest macro F1 of a group divided by the highest, shape (...); NaN where all are zero."""
    return min_by_max(tables.of(macro_f1))


@gap_metric(
    "Xu fairness",
    "Sum of the recalls of the worst group divided by that of the best "
    "(Xu et al. 2020, arXiv 2007.10075).",
    in_points=False,
    higher_is_more_equal=True,
    group_score=balanced_accuracy,
)
def xu_fairness(tables: Tables) -> Array:
    """The min over g of sum_c recall(c, g), divided by the max over g, shape (...).

    Xu et al. 2020, arXiv 2007.10075. Where a group has nobody of a class, its mean recall over the
    classes it has takes the place of the sum, which changes nothing where no cell is empty. This
    is the lowest balanced accuracy divided by the highest, which has no second name here.
    """
    return min_by_max(tables.of(balanced_accuracy))


@gap_metric(
    "Equal-opportunity gap",
    "Highest minus lowest recall between groups, averaged over emotions "
    "(Dominguez-Catena et al. 2025, arXiv 2503.03446).",
    group_score=balanced_accuracy,
)
def equal_opportunity_gap(tables: Tables) -> Array:
    """Mean over c of max_g recall(c, g) - min_g recall(c, g), shape (...).

    Dominguez-Catena et al. 2025, arXiv 2503.03446.
    """
    return mean(tables.of(recall_gaps), 0)


@gap_metric(
    "Equal-opportunity ratio",
    "Lowest recall of a group divided by the highest, averaged over emotions; the quotient "
    "to the difference of the equal-opportunity gap.",
    in_points=False,
    higher_is_more_equal=True,
    group_score=balanced_accuracy,
)
def equal_opportunity_ratio(tables: Tables) -> Array:
    """Mean over c of min_g recall(c, g) / max_g recall(c, g), shape (...).

    The quotient to the difference of `equal_opportunity_gap`; a class that nobody of any group was
    recognised in is left out.
    """
    return mean(tables.of(recall_ratios), 0)


@gap_metric(
    "Recall dispersion",
    "Standard deviation of the groups' recalls around everybody's, each group weighing "
    "with its people, over all emotions; small groups move it less than they move a "
    "maximum minus a minimum.",
    group_score=balanced_accuracy,
)
def recall_dispersion(tables: Tables) -> Array:
    """Standard deviation of the groups' recalls about everybody's, over all classes, shape (...).

    sqrt(sum_c sum_g n_gc (recall(c, g) - recall(c))^2 / n): each group of a class weighs with its
    people, so that it shows differences between large groups that a gap to a tiny one hides.
    """
    of_class = tables.of_class.sum(axis=0)
    variances = tables.of(recall_variances)
    counted = np.where(np.isnan(variances), 0.0, of_class).sum(axis=0)
    return np.sqrt(divide(total(of_class * variances, 0), counted))


@gap_metric(
    "Demographic-parity gap",
    "Highest minus lowest column sum of the groups' row-normalised confusion matrices, "
    "averaged over predicted emotions (arXiv 2503.03446). Not the selection-rate gap.",
    in_points=False,
    group_score=balanced_accuracy,
    highest=np.inf,
)
def demographic_parity_gap(tables: Tables) -> Array:
    """Mean over k of max_g - min_g of the column sums of g's row-normalised matrix, shape (...).

    Dominguez-Catena et al. 2025, arXiv 2503.03446. Where a group has nobody of a class, the mean
    over its rows times the number of classes that anybody has takes the place of the sum, which
    changes nothing where no cell is empty.
    """
    present = tables.of_class > 0
    n_classes = present.any(axis=0).sum(axis=0)
    sums = tables.of(row_shares).sum(axis=1, where=present[:, :, np.newaxis])
    return mean(spread(divide(sums * n_classes, present.sum(axis=1)[:, np.newaxis])), 0)


@gap_metric(
    "Selection-rate gap",
    "Highest minus lowest share of faces given an emotion, averaged over emotions.",
    group_score=accuracy,
)
def selection_rate_gap(tables: Tables) -> Array:
    """Mean over k of max_g - min_g of the share of g's people given class k, shape (...)."""
    return mean(spread(divide(tables.given, tables.people[:, np.newaxis])), 0)


@gap_metric(
    "Equalized-odds gap, term by term",
    "Highest minus lowest entry of the groups' row-normalised confusion matrices, each "
    "entry compared on its own, term by term, and averaged over all entries (arXiv "
    "2503.03446, after Putzel and Lee 2022, arXiv 2201.04461). Not the larger of the gaps "
    "in true- and false-positive rates that is called equalized odds for two classes.",
    group_score=balanced_accuracy,
)
def equalized_odds_gap(tables: Tables) -> Array:
    """Term by term: mean over all c, k of max_g - min_g of the row-normalised matrices, (...).

    Each term of the matrices is compared on its own: Dominguez-Catena et al. 2025, arXiv
    2503.03446, after Putzel and Lee 2022, arXiv 2201.04461. It is not the larger of the gaps in
    true- and false-positive rates that libraries call equalized odds of two classes.
    """
    shares = tables.of(row_shares)
    terms = (highest(shares) - lowest(shares)).mean(axis=1)
    return mean(np.where(comparable(shares[:, :, 0]), terms, np.nan), 0)


@gap_metric(
    "Overall disparity",
    "Mean shortfall of the groups' recalls against the best group, averaged over emotions "
    "(arXiv 2205.10049).",
    in_points=False,
    group_score=balanced_accuracy,
)
def overall_disparity(tables: Tables) -> Array:
    """Mean over c of sum_g (1 - recall(c, g) / max_g recall(c, .)) / (groups - 1), shape (...).

    arXiv 2205.10049; a class that nobody of any group was recognised in counts as 0. `groups` are
    those with people of the class.
    """
    recalls = tables.of(recall)
    shortfall = total(1.0 - divide(recalls, highest(recalls)), 0)
    others = (tables.of_class > 0).sum(axis=0) - 1
    return mean(np.where(others >= 1, shortfall / np.maximum(others, 1), np.nan), 0)


@gap_metric(
    "Worst-group accuracy",
    "Accuracy of the worst-recognised group.",
    higher_is_more_equal=True,
    group_score=accuracy,
)
def worst_group_accuracy(tables: Tables) -> Array:
    """Accuracy of the group with the lowest, shape (...); NaN with fewer than two groups."""
    values = tables.of(accuracy)
    return np.where(comparable(values), lowest(values), np.nan)


@Formula
def _theil_equality(tables: Tables) -> Array:
    """1 - Theil index, shape (..., g): higher is better."""
    return 1.0 - tables.of(theil_index)


@gap_metric(
    "Theil-index gap",
    "Highest Theil index of a group minus the lowest.",
    in_points=False,
    group_score=_theil_equality,
    highest=np.inf,
)
def theil_index_gap(tables: Tables) -> Array:
    """Highest minus lowest Theil index of a group, shape (...); no upper bound.

    See `group_metrics.theil_index`; Speicher et al. 2018, arXiv 1807.00787.
    """
    return spread(tables.of(theil_index))


@gap_metric(
    "Between-group generalized entropy",
    "How unequal the groups are in being given an emotion as often as they show it, right "
    "people or not, averaged over emotions (Speicher et al. 2018, arXiv 1807.00787, "
    "alpha = 2); 0 is equal.",
    in_points=False,
    group_score=accuracy,
    highest=np.inf,
)
def between_group_generalized_entropy(tables: Tables) -> Array:
    """Inequality between the mean benefits of all groups, averaged over the classes, shape (...).

    One class against the rest, with b_g the mean of 1 + predicted - true of a group and m that of
    everybody: the mean over people of ((b_g / m)^2 - 1) / 2, that is of (b_g / m - 1)^2 / 2
    (Speicher et al. 2018, arXiv 1807.00787, alpha = 2). It is 0 where each group is given a class
    as often as it is of it, be the right people given it or not.
    """
    people = tables.people[:, np.newaxis]
    benefits = people + tables.given - tables.of_class
    everybody = people.sum(axis=0)
    relative = divide(divide(benefits, people), divide(benefits.sum(axis=0), everybody)) - 1.0
    by_class = divide(total(people * relative**2, 0), everybody) / 2
    defined = comparable(tables.of(accuracy)) & (benefits.sum(axis=0) > 0)
    return mean(np.where(defined, by_class, np.nan), 0)


GAP_METRICS: Final[Mapping[str, GapMetric]] = MappingProxyType(_METRICS)
"""Every metric between groups over all classes together, by name; by class: `class_gap_metrics`."""


def _of_everybody(score: Score) -> GapMetric:
    """A score of the only group, so that scores and gaps are compared alike."""

    def value(tables: Tables) -> Array:
        return np.asarray(tables.of(score)[0])

    return GapMetric(value, score.__name__, score.words, group_score=score, ideal=1.0)


OVERALL_METRICS: Final = tuple(
    _of_everybody(score) for score in (accuracy, balanced_accuracy, macro_f1, worst_class_recall)
)
"""Scores of all people together, for counts with a single group."""
