"""How far groups are apart in each class: gaps and ratios of recall, precision and error rates.

Every formula takes counts `C[..., g, c, k]` and gives one value a class, shape (..., c). A group
whose rate is undefined (see `metrics`) takes no part; a class with fewer than two groups left is
NaN, and so is a ratio of rates that are all zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.formulas import Formula, GapMetric, MetricWords, Tables
from fer_fairness.fairness.metrics.group_metrics import (
    false_negative_rate,
    false_positive_rate,
    precision,
    recall,
)
from fer_fairness.fairness.metrics.reductions import (
    Array,
    comparable,
    divide,
    min_by_max,
    spread,
    total,
)


@Formula
def recall_gaps(tables: Tables) -> Array:
    """Highest minus lowest recall of each class between groups, shape (..., c).

    Equal to the gaps of the false-negative rate.
    """
    return spread(tables.of(recall))


@Formula
def recall_ratios(tables: Tables) -> Array:
    """Lowest by highest recall of each class, shape (..., c); NaN where all are zero."""
    return min_by_max(tables.of(recall))


@Formula
def recall_variances(tables: Tables) -> Array:
    """Variance of recall between groups, each weighing with its people, shape (..., c).

    sum_g n_g (recall_g - recall of everybody)^2 / n: a few people move it little, where they move
    a maximum minus a minimum much. Lum, Zhang and Bower 2022, arXiv 2205.05770, compare such
    measures of spread.
    """
    people = tables.of_class
    everybody = divide(tables.right.sum(axis=0), people.sum(axis=0))
    squares = total(people * (tables.of(recall) - everybody) ** 2, 0)
    enough = comparable(tables.of(recall))
    return np.where(enough, divide(squares, people.sum(axis=0)), np.nan)


def _gaps_of(rate: Formula) -> Formula:
    """Highest minus lowest rate of each class, shape (..., c)."""
    return Formula(lambda tables: spread(tables.of(rate)))


def _ratios_of(rate: Formula) -> Formula:
    """Lowest by highest rate of each class, shape (..., c); NaN where all are zero."""
    return Formula(lambda tables: min_by_max(tables.of(rate)))


def _remainder(rate: Formula) -> Formula:
    """What is left to 1."""
    return Formula(lambda tables: 1.0 - tables.of(rate))


@dataclass(frozen=True)
class _ClassMetric:
    """A metric of every class at once.

    Attributes:
        prefix: How its names begin: `recall_gap_` of `recall_gap_fear`.
        words: What people read of it.
        by_class: Counts to (..., c).
        served: How well each class of each group is served in the metric's own terms, (..., g, c).
    """

    prefix: str
    words: MetricWords
    by_class: Formula
    served: Formula

    def of(self, emotion: str, place: int) -> GapMetric:
        """The metric of the class at a place."""
        return GapMetric(
            _of_class(self.by_class, place).definition,
            f"{self.prefix}{emotion}",
            replace(self.words, label=f"{self.words.label}, {emotion}"),
            group_score=_of_class(self.served, place),
        )


def _of_rate(
    label: str, meaning: str, gaps: Formula, ratios: Formula, served: Formula
) -> tuple[_ClassMetric, _ClassMetric]:
    """Gap and ratio of a rate, named after its label: `false_positive_rate_gap_`."""
    gap = MetricWords(
        f"{label} gap",
        f"Of one emotion: highest minus lowest {label.lower()} of a group ({meaning}).",
    )
    ratio = MetricWords(
        f"{label} ratio",
        f"Of one emotion: lowest {label.lower()} of a group divided by the highest.",
        in_points=False,
        higher_is_more_equal=True,
    )
    name = label.lower().replace("-", "_").replace(" ", "_")
    return (
        _ClassMetric(f"{name}_gap_", gap, gaps, served),
        _ClassMetric(f"{name}_ratio_", ratio, ratios, served),
    )


_CLASS_METRICS: Final = (
    _ClassMetric(
        "recall_dispersion_",
        MetricWords(
            "Recall dispersion",
            "Of one emotion: standard deviation of the groups' recalls around everybody's, each "
            "group weighing with its people.",
        ),
        Formula(lambda tables: np.sqrt(tables.of(recall_variances))),
        recall,
    ),
    *_of_rate(
        "Recall", "the share of its faces that are recognised", recall_gaps, recall_ratios, recall
    ),
    *_of_rate(
        "Precision",
        "the share of faces given it that show it",
        _gaps_of(precision),
        _ratios_of(precision),
        precision,
    ),
    *_of_rate(
        "False-positive rate",
        "the share of the other faces that are given it",
        _gaps_of(false_positive_rate),
        _ratios_of(false_positive_rate),
        _remainder(false_positive_rate),
    ),
    *_of_rate(
        "False-negative rate",
        "the share of its faces that are given another",
        recall_gaps,
        _ratios_of(false_negative_rate),
        _remainder(false_negative_rate),
    ),
)

CLASS_METRIC_WORDS: Final[Mapping[str, MetricWords]] = MappingProxyType(
    {metric.prefix: metric.words for metric in _CLASS_METRICS}
)
"""The metrics of one emotion by how their names begin: `recall_gap_` of `recall_gap_fear`."""


def class_gap_metrics(classes: Sequence[str]) -> tuple[GapMetric, ...]:
    """Dispersion of recall, and gap and ratio of four rates, of each class.

    The rates are recall, precision, false-positive and false-negative rate. All classes of a rate
    are computed at once where the metrics are evaluated by `values_of`.

    Args:
        classes: Names of the classes, in the order of the counts' axes.

    Returns:
        Nine metrics a class, class by class, named as in `recall_dispersion_fear`,
        `recall_gap_fear`, `recall_ratio_fear`, `precision_gap_fear`, ...,
        `false_negative_rate_ratio_fear`. Their group scores are the class's recall, precision, or
        1 - rate of each group.
    """
    return tuple(
        metric.of(name, place) for place, name in enumerate(classes) for metric in _CLASS_METRICS
    )


def _of_class(by_class: Formula, place: int) -> Formula:
    """The values of one class of a formula that gives all of them on its last axis."""
    return Formula(lambda tables: np.asarray(tables.of(by_class)[..., place, :]))
