"""Performance of each group, and the distances between groups, as functions of counts.

Every function takes counts `C[..., g, c, k]` (group, true class, predicted class; see `counts`) and
works over the last three axes, so that one call serves one table or ten thousand resamples.

What is undefined is NaN, never zero: the recall of a class that a group has nobody of, the
accuracy of a group without people. Such cells are left out where groups are compared and where
classes are averaged; a class that fewer than two groups have people of takes no part in a gap; a
gap between fewer than two groups is NaN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.int64 | np.float64]
"""Whole numbers of people, or the numbers expected of a hypothesis."""
Metric: TypeAlias = Callable[[Counts], Array]


def accuracy(counts: Counts) -> Array:
    """Share of each group's people whose class was predicted, shape (..., g)."""
    return _divide(_right(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def recall(counts: Counts) -> Array:
    """Share of a class recognised: C[g, c, c] / sum_k C[g, c, k], shape (..., g, c)."""
    return _divide(_right(counts), counts.sum(axis=-1))


def precision(counts: Counts) -> Array:
    """Share of those given a class who are of it: C[g, k, k] / sum_c C[g, c, k], (..., g, k)."""
    return _divide(_right(counts), counts.sum(axis=-2))


def f1(counts: Counts) -> Array:
    """F1 = 2 C[g, c, c] / (row sum + column sum) of each class, shape (..., g, c).

    NaN, like recall, for a class that the group has nobody of: people mistaken for that class
    count against the class they belong to.
    """
    of_class = counts.sum(axis=-1)
    scores = _divide(2 * _right(counts), of_class + counts.sum(axis=-2))
    return np.where(of_class > 0, scores, np.nan)


def macro_f1(counts: Counts) -> Array:
    """F1 averaged over the classes that a group has people of, shape (..., g)."""
    return _mean(f1(counts), -1)


def balanced_accuracy(counts: Counts) -> Array:
    """Recall averaged over the classes that a group has people of, shape (..., g)."""
    return _mean(recall(counts), -1)


def accuracy_gap(counts: Counts) -> Array:
    """Highest minus lowest accuracy of a group, shape (...)."""
    return _spread(accuracy(counts), -1)


def macro_f1_gap(counts: Counts) -> Array:
    """Highest minus lowest macro F1 of a group, shape (...)."""
    return _spread(macro_f1(counts), -1)


def accuracy_ratio(counts: Counts) -> Array:
    """Lowest accuracy of a group divided by the highest, shape (...); NaN where all are zero."""
    return _min_by_max(accuracy(counts))


def macro_f1_ratio(counts: Counts) -> Array:
    """Lowest macro F1 of a group divided by the highest, shape (...); NaN where all are zero."""
    return _min_by_max(macro_f1(counts))


def xu_fairness(counts: Counts) -> Array:
    """The min over g of sum_c recall(c, g), divided by the max over g, shape (...).

    Xu et al. 2020, arXiv 2007.10075. Where a group has nobody of a class, its mean recall over the
    classes it has takes the place of the sum, which changes nothing where no cell is empty.
    """
    return _min_by_max(balanced_accuracy(counts))


def equal_opportunity_gap(counts: Counts) -> Array:
    """Mean over c of max_g recall(c, g) - min_g recall(c, g), shape (...).

    Dominguez-Catena et al. 2025, arXiv 2503.03446.
    """
    return _mean(_spread(recall(counts), -2), -1)


def demographic_parity_gap(counts: Counts) -> Array:
    """Mean over k of max_g - min_g of the column sums of g's row-normalised matrix, shape (...).

    Dominguez-Catena et al. 2025, arXiv 2503.03446. Where a group has nobody of a class, the mean
    over its rows times the number of classes that anybody has takes the place of the sum, which
    changes nothing where no cell is empty.
    """
    rows = _row_normalised(counts)
    n_classes = (counts.sum(axis=(-3, -1)) > 0).sum(axis=-1)
    sums = _mean(rows, -2) * n_classes[..., np.newaxis, np.newaxis]
    return _mean(_spread(sums, -2), -1)


def selection_rate_gap(counts: Counts) -> Array:
    """Mean over k of max_g - min_g of the share of g's people given class k, shape (...)."""
    shares = _divide(counts.sum(axis=-2), counts.sum(axis=(-2, -1))[..., np.newaxis])
    return _mean(_spread(shares, -2), -1)


def equalized_odds_gap(counts: Counts) -> Array:
    """Mean over all c, k of max_g - min_g of the row-normalised matrices, shape (...).

    Term by term: Dominguez-Catena et al. 2025, arXiv 2503.03446, after Putzel and Lee 2022,
    arXiv 2201.04461.
    """
    return _mean(_mean(_spread(_row_normalised(counts), -3), -1), -1)


def overall_disparity(counts: Counts) -> Array:
    """Mean over c of sum_g (1 - recall(c, g) / max_g recall(c, .)) / (groups - 1), shape (...).

    arXiv 2205.10049; a class that nobody of any group was recognised in counts as 0. `groups` are
    those with people of the class.
    """
    recalls = recall(counts)
    present = np.isfinite(recalls)
    best = np.max(recalls, axis=-2, where=present, initial=0.0)
    shortfall = 1.0 - _divide(recalls, best[..., np.newaxis, :])
    total = np.sum(shortfall, axis=-2, where=present & (best[..., np.newaxis, :] > 0))
    n_groups = present.sum(axis=-2)
    return _mean(np.where(n_groups >= 2, total / np.maximum(n_groups - 1, 1), np.nan), -1)


def worst_group_accuracy(counts: Counts) -> Array:
    """Accuracy of the group with the lowest, shape (...); NaN with fewer than two groups."""
    values = accuracy(counts)
    return np.where(_at_least_two(values, -1), _lowest(values, -1), np.nan)


def equal_treatment(counts: Counts) -> Array:
    """Counts expected if every group were treated alike within each true class.

    Each group keeps its people per class and takes the predictions that all groups together get:
    E[g, c, k] = C[g, c, .] C[., c, k] / C[., c, .]. A metric of these is what it comes to without
    any difference in treatment, and without noise: not always its ideal, since groups that show
    other emotions have another accuracy.

    Args:
        counts: Shape (..., g, c, k).

    Returns:
        float64, the same shape.
    """
    pooled = np.nan_to_num(_row_normalised(counts.sum(axis=-3, keepdims=True)))
    expected: Array = counts.sum(axis=-1, keepdims=True) * pooled
    return expected


@dataclass(frozen=True)
class GapMetric:
    """A distance between groups.

    Attributes:
        name: Key in tables.
        label: Name for people.
        function: Counts (..., g, c, k) to values (...).
        ideal: The value that means equal treatment: 0 for gaps, 1 for ratios and accuracies.
        group_score: Counts to (..., g): how well each group is served in this metric's own terms.
            By it a gap is recognised that closed because its best group fell.
    """

    name: str
    label: str
    function: Metric
    ideal: float
    group_score: Metric

    @property
    def higher_is_worse(self) -> bool:
        """Whether larger values mean less equal treatment."""
        return self.ideal == 0.0


_GAP_METRICS: Final = (
    GapMetric("accuracy_gap", "Accuracy gap", accuracy_gap, 0.0, accuracy),
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
        "demographic_parity_gap",
        "Demographic-parity gap",
        demographic_parity_gap,
        0.0,
        balanced_accuracy,
    ),
    GapMetric("selection_rate_gap", "Selection-rate gap", selection_rate_gap, 0.0, accuracy),
    GapMetric(
        "equalized_odds_gap", "Equalized-odds gap", equalized_odds_gap, 0.0, balanced_accuracy
    ),
    GapMetric("overall_disparity", "Overall disparity", overall_disparity, 0.0, balanced_accuracy),
    GapMetric("worst_group_accuracy", "Worst-group accuracy", worst_group_accuracy, 1.0, accuracy),
)
GAP_METRICS: Final[Mapping[str, GapMetric]] = MappingProxyType(
    {metric.name: metric for metric in _GAP_METRICS}
)
"""Every between-group metric of the project by name."""


def _right(counts: Counts) -> Counts:
    right: Counts = np.diagonal(counts, axis1=-2, axis2=-1)
    return right


def _row_normalised(counts: Counts) -> Array:
    return _divide(counts, counts.sum(axis=-1, keepdims=True))


def _divide(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Array:
    """Quotient, NaN where the denominator is zero."""
    top, bottom = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom != 0)
    return quotient


def _mean(values: Array, axis: int) -> Array:
    """Mean of the defined values, NaN where there is none."""
    present = np.isfinite(values)
    return _divide(np.sum(values, axis=axis, where=present), present.sum(axis=axis))


def _at_least_two(values: Array, axis: int) -> npt.NDArray[np.bool_]:
    enough: npt.NDArray[np.bool_] = np.isfinite(values).sum(axis=axis) >= 2
    return enough


def _lowest(values: Array, axis: int) -> Array:
    lowest: Array = np.min(values, axis=axis, where=np.isfinite(values), initial=np.inf)
    return lowest


def _highest(values: Array, axis: int) -> Array:
    highest: Array = np.max(values, axis=axis, where=np.isfinite(values), initial=-np.inf)
    return highest


def _spread(values: Array, axis: int) -> Array:
    """Highest minus lowest defined value, NaN where fewer than two are defined."""
    spread = _highest(values, axis) - _lowest(values, axis)
    return np.where(_at_least_two(values, axis), spread, np.nan)


def _min_by_max(values: Array) -> Array:
    """Lowest by highest defined value over the last axis, NaN where fewer than two are defined."""
    comparable = _at_least_two(values, -1)
    highest = np.where(comparable, _highest(values, -1), 0.0)
    return _divide(np.where(comparable, _lowest(values, -1), 0.0), highest)
