"""How far groups are apart in each class: gaps and ratios of recall, precision and error rates.

Every function takes counts `C[..., g, c, k]` and gives one value a class, shape (..., c). A group
whose rate is undefined (see `metrics`) takes no part; a class with fewer than two groups left is
NaN, and so is a ratio of rates that are all zero.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.metrics.formulas import Formula, GapMetric, Tables
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
def precision_gaps(tables: Tables) -> Array:
    """Highest minus lowest precision of each class between groups, shape (..., k)."""
    return spread(tables.of(precision))


@Formula
def precision_ratios(tables: Tables) -> Array:
    """Lowest by highest precision of each class, shape (..., k); NaN where all are zero."""
    return min_by_max(tables.of(precision))


@Formula
def false_positive_rate_gaps(tables: Tables) -> Array:
    """Highest minus lowest false-positive rate of each class between groups, shape (..., k)."""
    return spread(tables.of(false_positive_rate))


@Formula
def false_positive_rate_ratios(tables: Tables) -> Array:
    """Lowest by highest false-positive rate, shape (..., k); NaN where all are zero."""
    return min_by_max(tables.of(false_positive_rate))


@Formula
def false_negative_rate_gaps(tables: Tables) -> Array:
    """Highest minus lowest false-negative rate of each class, shape (..., c): the recall's gap."""
    return tables.of(recall_gaps)


@Formula
def false_negative_rate_ratios(tables: Tables) -> Array:
    """Lowest by highest false-negative rate, shape (..., c); NaN where all are zero."""
    return min_by_max(tables.of(false_negative_rate))


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


@Formula
def recall_dispersions(tables: Tables) -> Array:
    """Standard deviation of recall between groups, each weighing with its people, (..., c)."""
    return np.sqrt(tables.of(recall_variances))


@dataclass(frozen=True)
class _Rate:
    """A rate of each class and group, (..., g, c), with its gaps and ratios, (..., c)."""

    name: str
    label: str
    rate: Formula
    gaps: Formula
    ratios: Formula
    higher_is_better: bool


_RATES: Final = (
    _Rate("recall", "Recall", recall, recall_gaps, recall_ratios, higher_is_better=True),
    _Rate(
        "precision",
        "Precision",
        precision,
        precision_gaps,
        precision_ratios,
        higher_is_better=True,
    ),
    _Rate(
        "false_positive_rate",
        "False-positive rate",
        false_positive_rate,
        false_positive_rate_gaps,
        false_positive_rate_ratios,
        higher_is_better=False,
    ),
    _Rate(
        "false_negative_rate",
        "False-negative rate",
        false_negative_rate,
        false_negative_rate_gaps,
        false_negative_rate_ratios,
        higher_is_better=False,
    ),
)


def class_gap_metrics(classes: Sequence[str]) -> tuple[GapMetric, ...]:
    """Dispersion of recall, and gap and ratio of four rates, of each class.

    The rates are recall, precision, false-positive and false-negative rate.

    All classes of a rate are computed at once where the metrics are evaluated by `values_of`.

    Args:
        classes: Names of the classes, in the order of the counts' axes.

    Returns:
        Nine metrics a class, class by class, named as in `recall_dispersion_fear`,
        `recall_gap_fear`, `recall_ratio_fear`, `precision_gap_fear`, ...,
        `false_negative_rate_ratio_fear`. Their group scores are the
        class's recall, precision, or 1 - rate of each group.
    """
    return tuple(
        metric
        for place, name in enumerate(classes)
        for metric in (_dispersion_of(name, place), *_rates_of(name, place))
    )


def _dispersion_of(name: str, place: int) -> GapMetric:
    return GapMetric(
        name=f"recall_dispersion_{name}",
        label=f"Recall dispersion, {name}",
        function=_of_class(recall_dispersions, place),
        ideal=0.0,
        group_score=_of_class(recall, place),
    )


def _rates_of(name: str, place: int) -> Iterator[GapMetric]:
    for rate in _RATES:
        yield from _metrics_of(rate, name, place)


def _metrics_of(rate: _Rate, name: str, place: int) -> Iterator[GapMetric]:
    score = _of_class(rate.rate, place)
    if not rate.higher_is_better:
        score = _remainder(score)
    for what, by_class, ideal in (("gap", rate.gaps, 0.0), ("ratio", rate.ratios, 1.0)):
        yield GapMetric(
            name=f"{rate.name}_{what}_{name}",
            label=f"{rate.label} {what}, {name}",
            function=_of_class(by_class, place),
            ideal=ideal,
            group_score=score,
        )


def _of_class(by_class: Formula, place: int) -> Formula:
    """The values of one class of a formula that gives all of them on its last axis."""

    def of_class(tables: Tables) -> Array:
        return np.asarray(tables.of(by_class)[..., place, :])

    return Formula(of_class)


def _remainder(rate: Formula) -> Formula:
    """What is left to 1."""

    def remainder(tables: Tables) -> Array:
        return 1.0 - tables.of(rate)

    return Formula(remainder)
