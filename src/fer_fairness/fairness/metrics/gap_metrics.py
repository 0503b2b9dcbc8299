"""Distances between groups, as functions of counts, and the registry of them.

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

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.class_gaps import (
    class_gap_metrics,
    recall_gaps,
    recall_ratios,
    recall_variances,
)
from fer_fairness.fairness.metrics.formulas import Formula, GapMetric, Tables, values_of
from fer_fairness.fairness.metrics.group_metrics import (
    accuracy,
    balanced_accuracy,
    macro_f1,
    recall,
    row_shares,
    theil_index,
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

__all__ = [
    "GAP_METRICS",
    "GapMetric",
    "accuracy_gap",
    "accuracy_ratio",
    "balanced_accuracy_gap",
    "between_group_generalized_entropy",
    "class_gap_metrics",
    "demographic_parity_gap",
    "equal_opportunity_gap",
    "equal_opportunity_ratio",
    "equalized_odds_gap",
    "macro_f1_gap",
    "macro_f1_ratio",
    "overall_disparity",
    "recall_dispersion",
    "selection_rate_gap",
    "theil_index_gap",
    "values_of",
    "worst_group_accuracy",
    "xu_fairness",
]


@Formula
def accuracy_gap(tables: Tables) -> Array:
    """Highest minus lowest accuracy of a group, shape (...)."""
    return spread(tables.of(accuracy))


@Formula
def accuracy_ratio(tables: Tables) -> Array:
    """Lowest accuracy of a group divided by the highest, shape (...); NaN where all are zero."""
    return min_by_max(tables.of(accuracy))


@Formula
def worst_group_accuracy(tables: Tables) -> Array:
    """Accuracy of the group with the lowest, shape (...); NaN with fewer than two groups."""
    values = tables.of(accuracy)
    return np.where(comparable(values), lowest(values), np.nan)


@Formula
def balanced_accuracy_gap(tables: Tables) -> Array:
    """Highest minus lowest balanced accuracy of a group, shape (...)."""
    return spread(tables.of(balanced_accuracy))


@Formula
def macro_f1_gap(tables: Tables) -> Array:
    """Highest minus lowest macro F1 of a group, shape (...)."""
    return spread(tables.of(macro_f1))


@Formula
def macro_f1_ratio(tables: Tables) -> Array:
    """Lowest macro F1 of a group divided by the highest, shape (...); NaN where all are zero."""
    return min_by_max(tables.of(macro_f1))


@Formula
def xu_fairness(tables: Tables) -> Array:
    """The min over g of sum_c recall(c, g), divided by the max over g, shape (...).

    Xu et al. 2020, arXiv 2007.10075. Where a group has nobody of a class, its mean recall over the
    classes it has takes the place of the sum, which changes nothing where no cell is empty. This
    is the lowest balanced accuracy divided by the highest, which has no second name here.
    """
    return min_by_max(tables.of(balanced_accuracy))


@Formula
def equal_opportunity_gap(tables: Tables) -> Array:
    """Mean over c of max_g recall(c, g) - min_g recall(c, g), shape (...).

    Dominguez-Catena et al. 2025, arXiv 2503.03446.
    """
    return mean(tables.of(recall_gaps), 0)


@Formula
def equal_opportunity_ratio(tables: Tables) -> Array:
    """Mean over c of min_g recall(c, g) / max_g recall(c, g), shape (...).

    The quotient to the difference of `equal_opportunity_gap`; a class that nobody of any group was
    recognised in is left out.
    """
    return mean(tables.of(recall_ratios), 0)


@Formula
def recall_dispersion(tables: Tables) -> Array:
    """Standard deviation of the groups' recalls about everybody's, over all classes, shape (...).

    sqrt(sum_c sum_g n_gc (recall(c, g) - recall(c))^2 / n): each group of a class weighs with its
    people, so that it shows differences between large groups that a gap to a tiny one hides.
    """
    of_class = tables.of_class.sum(axis=0)
    variances = tables.of(recall_variances)
    counted = np.where(np.isnan(variances), 0.0, of_class).sum(axis=0)
    return np.sqrt(divide(total(of_class * variances, 0), counted))


@Formula
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


@Formula
def selection_rate_gap(tables: Tables) -> Array:
    """Mean over k of max_g - min_g of the share of g's people given class k, shape (...)."""
    return mean(spread(divide(tables.given, tables.people[:, np.newaxis])), 0)


@Formula
def equalized_odds_gap(tables: Tables) -> Array:
    """Term by term: mean over all c, k of max_g - min_g of the row-normalised matrices, (...).

    Each term of the matrices is compared on its own: Dominguez-Catena et al. 2025, arXiv
    2503.03446, after Putzel and Lee 2022, arXiv 2201.04461. It is not the larger of the gaps in
    true- and false-positive rates that libraries call equalized odds of two classes.
    """
    shares = tables.of(row_shares)
    terms = (highest(shares) - lowest(shares)).mean(axis=1)
    return mean(np.where(comparable(shares[:, :, 0]), terms, np.nan), 0)


@Formula
def overall_disparity(tables: Tables) -> Array:
    """Mean over c of sum_g (1 - recall(c, g) / max_g recall(c, .)) / (groups - 1), shape (...).

    arXiv 2205.10049; a class that nobody of any group was recognised in counts as 0. `groups` are
    those with people of the class.
    """
    recalls = tables.of(recall)
    shortfall = total(1.0 - divide(recalls, highest(recalls)), 0)
    others = (tables.of_class > 0).sum(axis=0) - 1
    return mean(np.where(others >= 1, shortfall / np.maximum(others, 1), np.nan), 0)


@Formula
def theil_index_gap(tables: Tables) -> Array:
    """Highest minus lowest Theil index of a group, shape (...); no upper bound.

    See `group_metrics.theil_index`; Speicher et al. 2018, arXiv 1807.00787.
    """
    return spread(tables.of(theil_index))


@Formula
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


@Formula
def _theil_equality(tables: Tables) -> Array:
    """1 - Theil index, shape (..., g): higher is better."""
    return 1.0 - tables.of(theil_index)


_GAP_METRICS: Final = (
    GapMetric("accuracy_gap", "Accuracy gap", accuracy_gap, 0.0, accuracy),
    GapMetric(
        "balanced_accuracy_gap",
        "Balanced-accuracy gap",
        balanced_accuracy_gap,
        0.0,
        balanced_accuracy,
    ),
    GapMetric("macro_f1_gap", "Macro F1 gap", macro_f1_gap, 0.0, macro_f1),
    GapMetric("accuracy_ratio", "Accuracy ratio", accuracy_ratio, 1.0, accuracy),
    GapMetric("macro_f1_ratio", "Macro F1 ratio", macro_f1_ratio, 1.0, macro_f1),
    GapMetric("xu_fairness", "Xu fairness", xu_fairness, 1.0, balanced_accuracy),
    GapMetric(
        "equal_opportunity_gap",
        "Equal-opportunity gap",
        equal_opportunity_gap,
        0.0,
        balanced_accuracy,
    ),
    GapMetric(
        "equal_opportunity_ratio",
        "Equal-opportunity ratio",
        equal_opportunity_ratio,
        1.0,
        balanced_accuracy,
    ),
    GapMetric("recall_dispersion", "Recall dispersion", recall_dispersion, 0.0, balanced_accuracy),
    GapMetric(
        "demographic_parity_gap",
        "Demographic-parity gap",
        demographic_parity_gap,
        0.0,
        balanced_accuracy,
    ),
    GapMetric("selection_rate_gap", "Selection-rate gap", selection_rate_gap, 0.0, accuracy),
    GapMetric(
        "equalized_odds_gap",
        "Equalized-odds gap, term by term",
        equalized_odds_gap,
        0.0,
        balanced_accuracy,
    ),
    GapMetric("overall_disparity", "Overall disparity", overall_disparity, 0.0, balanced_accuracy),
    GapMetric("worst_group_accuracy", "Worst-group accuracy", worst_group_accuracy, 1.0, accuracy),
    GapMetric("theil_index_gap", "Theil-index gap", theil_index_gap, 0.0, _theil_equality),
    GapMetric(
        "between_group_generalized_entropy",
        "Between-group generalized entropy",
        between_group_generalized_entropy,
        0.0,
        accuracy,
    ),
)
GAP_METRICS: Final[Mapping[str, GapMetric]] = MappingProxyType(
    {metric.name: metric for metric in _GAP_METRICS}
)
"""Every metric between groups over all classes together, by name; by class: `class_gap_metrics`."""
