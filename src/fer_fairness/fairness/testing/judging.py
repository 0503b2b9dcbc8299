"""Corrected p-values of a whole audit, and the level at which each of its tests is judged.

What is parted among whom is told in `hierarchy`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from fer_fairness.fairness.group_names import INTERSECTION
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.fairness.testing.hierarchy import SteppedDown, corrected, level_of, step_down
from fer_fairness.fairness.testing.omnibus import among, threshold
from fer_fairness.machine import in_threads

WEIGHT_OF_INTERSECTION: Final = 0.5
"""Of an attribute of its own it is 1.

With three attributes and their pairs, a difference of one intersection is then found as often as by
a Mantel-Haenszel test corrected for six, and one of a single attribute hardly less often than
without pairs (`benchmarks/verdict_power.py`).
"""
WEIGHTS_OF_METRICS: Final[Mapping[str, float]] = MappingProxyType(
    {"accuracy_gap": 4.0, "equal_opportunity_gap": 4.0}
)
"""Of the two that a report tells first; of any other over all classes it is 1."""
_WEIGHT_OF_CLASS: Final = 0.25
"""Of a metric of a single class: there are many of them."""
_WEIGHT_OF_PAIRS: Final = 2.0
"""Of all pairs together, by the one that differs most."""
_TESTS_BEHIND: Final = 70
"""Weights of the independent tests behind one attribute, by the least weight, about."""

Primary = Sequence[tuple[str, str]]
"""Attributes and metrics that were named before looking."""


@dataclass(frozen=True)
class Judgement:
    """The tests of one attribute after all corrections.

    Attributes:
        any_difference: Corrected p-value of the question whether anyone is recognised differently.
        metrics: Corrected p-values of the metrics, shape (metrics,).
        pairs: Those of the pairs of groups, shape (pairs,).
        metric_errors: At which p-value each metric is found, where what it is behind is; shape
            (metrics,).
        planned_errors: The same before any test was found, for what could have been seen.
        widest_pair: Standard errors beyond which a pair's difference is found.
        planned_pair: The same before any test was found.
        level: The attribute's part of the significance.
        primary: Which metrics were named before looking, bool (metrics,).
    """

    any_difference: float
    metrics: Array
    pairs: Array
    metric_errors: Array
    planned_errors: Array
    widest_pair: float
    planned_pair: float
    level: float
    primary: np.ndarray


def attribute_weight(attribute: str) -> float:
    """The weight of an attribute among all."""
    return WEIGHT_OF_INTERSECTION if INTERSECTION in attribute else 1.0


def shuffles_needed(attributes: Sequence[str], significance: float) -> int:
    """So many that the smallest p-value possible can survive the correction, about."""
    weights = [attribute_weight(name) for name in attributes]
    if not weights:
        return 1
    return int(np.ceil(_TESTS_BEHIND * sum(weights) / (min(weights) * significance)))


def judged(
    tests: Sequence[AttributeTests], *, significance: float, primary: Primary = ()
) -> list[Judgement]:
    """Correct all tests of one audit together.

    Args:
        tests: Those of each attribute, on the same shuffles.
        significance: Level of the whole audit.
        primary: Metrics that were named before looking; they are tested first, at the full level,
            and all others only where all of these are found.

    Returns:
        One judgement an attribute, in their order.
    """
    if not tests:
        return []
    first = _Primary(tests, primary, significance)
    weights = np.array([attribute_weight(test.part.attribute) for test in tests])
    questions = np.stack([test.any_difference for test in tests], axis=1) / weights
    smallest = questions.min(axis=1)
    limit = level_of(smallest, significance)
    behind = (
        _Behind(test, float(weight), smallest, limit, significance, first)
        for test, weight in zip(tests, weights, strict=True)
    )
    return list(in_threads(_Behind.judgement, behind))


class _Primary:
    """The metrics named before looking, tested together at the full level."""

    def __init__(
        self, tests: Sequence[AttributeTests], primary: Primary, significance: float
    ) -> None:
        places = {
            (test.part.attribute, metric.name): (test, place)
            for test in tests
            for place, metric in enumerate(test.part.summary)
        }
        self._named = [name for name in primary if name in places]
        self.highest = 0.0
        self._stepped: SteppedDown | None = None
        if self._named:
            columns = [places[name][0].metrics[:, places[name][1]] for name in self._named]
            p_values = np.stack(columns, axis=1)
            self._stepped = step_down(p_values, np.ones(p_values.shape[1]), significance)
            self.highest = float(self._stepped.p_values.max())

    def of(self, attribute: str, metric: str) -> tuple[float, float, float] | None:
        """Corrected p-value, error and planned error of a metric; None if it was not named."""
        if self._stepped is None or (attribute, metric) not in self._named:
            return None
        place = self._named.index((attribute, metric))
        stepped = self._stepped
        return float(stepped.p_values[place]), stepped.ratio, stepped.first_ratio


@dataclass(frozen=True)
class _Behind:
    """One attribute, and what is behind its question.

    Attributes:
        test: Its tests.
        weight: Its weight.
        smallest: Smallest weighted p-value of all questions in each shuffle, shape (1 + n,).
        limit: Weighted p-value at which a question is found.
        significance: Level of the whole audit.
        first: The metrics named before looking.
    """

    test: AttributeTests
    weight: float
    smallest: Array
    limit: float
    significance: float
    first: _Primary

    def judgement(self) -> Judgement:
        part = self.test.part
        n_summary, n_metrics = len(part.summary), self.test.metrics.shape[1]
        p_values = np.column_stack([self.test.metrics, self._pairs()])
        weights = np.full(p_values.shape[1], _WEIGHT_OF_CLASS)
        weights[:n_summary] = [WEIGHTS_OF_METRICS.get(metric.name, 1.0) for metric in part.summary]
        weights[n_metrics:] = _WEIGHT_OF_PAIRS
        named = [self.first.of(part.attribute, metric.name) for metric in part.summary]
        for place, found in enumerate(named):
            if found is not None:
                p_values[:, place] = 1.0
        level = min(self.weight * self.limit, self.significance)
        family = step_down(p_values, weights, level)
        question = max(float(self._of_audit(self.test.any_difference[0])), self.first.highest)
        # P-values of questions are coarse where people are few: none behind may slip between two.
        behind = np.maximum(np.maximum(self._of_audit(family.p_values), family.p_values), question)
        errors, planned = family.ratio * weights, family.first_ratio * weights
        for place, found in enumerate(named):
            if found is not None:
                behind[place], errors[place], planned[place] = found
        behind[n_summary:] = np.maximum(behind[n_summary:], behind[:n_summary].min())
        primary = np.zeros(n_metrics, dtype=bool)
        primary[:n_summary] = [found is not None for found in named]
        return Judgement(
            any_difference=question,
            metrics=behind[:n_metrics],
            pairs=behind[n_metrics:],
            metric_errors=errors[:n_metrics],
            planned_errors=planned[:n_metrics],
            widest_pair=self._widest(family.ratio * _WEIGHT_OF_PAIRS),
            planned_pair=self._widest(family.first_ratio * _WEIGHT_OF_PAIRS),
            level=level,
            primary=primary,
        )

    def _of_audit(self, p_values: Array | float) -> Array:
        """P-values of this attribute's family as ones of the whole audit."""
        return corrected(np.asarray(p_values) / self.weight, self.smallest)

    def _pairs(self) -> Array:
        """P-values of the pairs among the widest pairs of the shuffles, shape (1 + n, pairs).

        In every shuffle all of them have that of its widest pair: together they are one test.
        """
        pairs = self.test.pairs
        p_values = np.repeat(self.test.widest_pair[:, np.newaxis], pairs.shape[1], axis=1)
        p_values[0] = among(pairs[0], pairs.max(axis=1, initial=0.0))
        return p_values

    def _widest(self, error: float) -> float:
        """Standard errors beyond which a pair has a p-value of `error` at most."""
        return threshold(self.test.pairs.max(axis=1, initial=0.0), error)
