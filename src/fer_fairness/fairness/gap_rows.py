"""What the table of gaps tells of one attribute: the question, its metrics, its pairs of groups."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
from scipy.special import ndtri

from fer_fairness.fairness.codes import looked_up
from fer_fairness.fairness.group_names import LISTED, joined_names
from fer_fairness.fairness.inference.differences import Differences, differences_of_worth
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.inference.gap_intervals import (
    SEED_OF_COUNTS,
    GapEstimate,
    gap_estimates,
)
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.words import ANY_DIFFERENCE, RECALL_DIFFERENCE
from fer_fairness.fairness.testing.detectability import detectable
from fer_fairness.fairness.testing.gap_tests import AttributeTests, Compared
from fer_fairness.fairness.testing.judging import Judgement
from fer_fairness.fairness.testing.omnibus import among, threshold
from fer_fairness.fairness.testing.pairs import pairs_of
from fer_fairness.fairness.testing.people import JudgedFaces
from fer_fairness.fairness.testing.shown import Shown, agreeing
from fer_fairness.params.inference import InferenceParameters

Row: TypeAlias = dict[str, str | int | float]

QUESTION: Final = "question"
"""Family of the first question of each attribute: is anyone of any group recognised differently?"""

SUMMARY: Final = "summary"
"""Family of the metrics over all classes together, looked at where the question found something."""

BY_CLASS: Final = "by_class"
"""Family of the metrics of single classes, looked at where the summary found something."""

PAIRS: Final = "pairs"
"""Family of the differences between two groups, looked at where the summary found something."""


class AttributeRows:
    """The rows of one attribute whose groups are compared.

    Args:
        tests: Its tests.
        judgement: What they come to among all tests of the audit.
        params: Confidence, significance, power, draws.
        seed: Seed of all draws.
    """

    def __init__(
        self, tests: AttributeTests, judgement: Judgement, params: InferenceParameters, seed: int
    ) -> None:
        self._tests = tests
        self._judgement = judgement
        self._params = params
        self._attribute = tests.part.attribute
        part, worth = tests.part, tests.worth
        self._counts = differences_of_worth(part.compared, worth)
        binned = part.compared_calibration
        self._bins = None if binned is None else differences_of_worth(binned, worth)
        self._estimates = self._estimated(seed)
        self._detectable = detectable(
            tests,
            judgement,
            self._counts,
            self._bins,
            params,
            seed=(*seed_for(seed, self._attribute), SEED_OF_COUNTS + 2),
        )

    def _estimated(self, seed: int) -> list[GapEstimate]:
        """One estimate a metric, in the order of the tests' metrics."""
        part = self._tests.part
        n_counts, n_summary = len(part.of_counts), len(part.summary)
        places = np.r_[0:n_counts, n_summary : self._tests.metrics.shape[1]]
        own = seed_for(seed, self._attribute)
        estimates: list[GapEstimate | None] = [None] * self._tests.metrics.shape[1]
        parts: list[tuple[Differences | None, Sequence[GapMetric], Sequence[int], int]] = [
            (self._counts, (*part.of_counts, *part.of_classes), places.tolist(), SEED_OF_COUNTS),
            (self._bins, part.of_calibration, range(n_counts, n_summary), SEED_OF_COUNTS + 1),
        ]
        for differences, metrics, where, number in parts:
            if differences is None:
                continue
            values = self._tests.measured.values[:, list(where)]
            found = gap_estimates(
                differences,
                metrics,
                values[0].tolist(),
                list(values[1:].T),
                self._params,
                seed=(*own, number),
            )
            for place, estimate in zip(where, found, strict=True):
                estimates[place] = estimate
        return [estimate for estimate in estimates if estimate is not None]

    def rows(self) -> Iterator[Row]:
        """The question, the metrics, the pairs."""
        yield {
            "metric": ANY_DIFFERENCE,
            "family": QUESTION,
            "p_value": float(self._tests.any_difference[0]),
            "p_value_corrected": self._judgement.any_difference,
            "minimum_detectable": self._detectable.loss,
            "equal_treatment": 0.0,
            "n_permutations": self._tests.n_permutations,
        }
        part = self._tests.part
        for place, metric in enumerate((*part.summary, *part.of_classes)):
            family = SUMMARY if place < len(part.summary) else BY_CLASS
            yield {"family": family, **self._metric_row(place, metric)}
        yield from self._pair_rows()

    def _metric_row(self, place: int, metric: GapMetric) -> Row:
        corrected = float(self._judgement.metrics[place])
        estimate = self._estimates[place]
        if not np.isfinite(estimate.corrected):
            return {"metric": metric.name, "n_permutations": 0}
        equal = self._equal_treatment(place, metric)
        error = min(float(self._judgement.metric_errors[place]), self._params.significance)
        shown = agreeing(
            Shown(
                estimate.corrected,
                estimate.interval(max(error, 1.0 / (self._tests.n_permutations + 1))),
                estimate.interval(1.0 - self._params.confidence),
                is_found=corrected <= self._params.significance,
                more_is_worse=metric.higher_is_worse,
            ),
            equal,
        )
        null = self._tests.measured.values[1:, place]
        return {
            "metric": metric.name,
            **_numbers(shown),
            "raw_value": float(self._tests.measured.values[0, place]),
            "minimum_detectable": shown.detectable(float(self._detectable.metrics[place]), equal),
            "equal_treatment": equal,
            **_null(null, metric),
            "p_value": float(self._tests.metrics[0, place]),
            "p_value_corrected": corrected,
            "n_permutations": self._tests.n_permutations,
        }

    def _equal_treatment(self, place: int, metric: GapMetric) -> float:
        of_bins = len(self._tests.part.of_counts) <= place < len(self._tests.part.summary)
        differences = self._bins if of_bins and self._bins else self._counts
        (value,) = values_of([metric], differences.expected(differences.shares(0.0)))
        return float(value)

    def _pair_rows(self) -> Iterator[Row]:
        names = self._tests.part.compared.groups
        for place, (first, second) in enumerate(pairs_of(len(names))):
            yield {
                "metric": RECALL_DIFFERENCE,
                "family": PAIRS,
                "group": names[first],
                "other_group": names[second],
                "equal_treatment": 0.0,
                **self._pair_numbers(place),
            }

    def _pair_numbers(self, place: int) -> Row:
        pairs, judgement = self._tests.pair_differences, self._judgement
        value, error = float(pairs.differences[0, place]), float(pairs.errors[0, place])
        if_alike = float(pairs.errors_if_alike[0, place])
        if not np.isfinite(value) or error <= 0:
            return {"raw_value": value, "n_permutations": 0}
        own, corrected = self._tests.pairs[:, place], float(judgement.pairs[place])
        shown = agreeing(
            Shown(
                value,
                _around(value, error * judgement.widest_pair),
                _around(value, error * threshold(own, 1.0 - self._params.confidence)),
                is_found=corrected <= self._params.significance,
                more_is_worse=value >= 0.0,
            ),
            0.0,
        )
        power = float(ndtri(self._params.power))
        return {
            **_numbers(shown),
            "raw_value": value,
            "minimum_detectable": shown.detectable(
                _finite(if_alike * judgement.planned_pair + error * power), 0.0
            ),
            "p_value": float(among(own[:1], own)[0]),
            "p_value_corrected": corrected,
            "n_permutations": self._tests.n_permutations,
        }


def _numbers(shown: Shown) -> Row:
    return {
        "value": shown.value,
        "ci_low": shown.corrected.low,
        "ci_high": shown.corrected.high,
        "uncorrected_ci_low": shown.alone.low,
        "uncorrected_ci_high": shown.alone.high,
    }


def _around(value: float, half: float) -> Interval:
    return Interval(max(value - half, -1.0), min(value + half, 1.0))


def _finite(value: float) -> float:
    return value if np.isfinite(value) and value <= 1.0 else float("nan")


def _null(null: np.ndarray, metric: GapMetric) -> Row:
    defined = null[np.isfinite(null)]
    if not len(defined):
        return {}
    limit = 0.95 if metric.higher_is_worse else 0.05
    return {"null_mean": float(defined.mean()), "null_95": float(np.quantile(defined, limit))}


def untested_rows(part: Compared) -> Iterator[Row]:
    """The rows of an attribute whose groups cannot be compared."""
    yield {"metric": ANY_DIFFERENCE, "family": QUESTION, "n_permutations": 0}
    for family, metrics in ((SUMMARY, part.summary), (BY_CLASS, part.of_classes)):
        for metric in metrics:
            yield {"metric": metric.name, "family": family, "n_permutations": 0}


def who_is_compared(part: Compared, faces: JudgedFaces) -> Row:
    """Who was compared; where nothing could be, the smallest group is that of all groups."""
    names = np.array(part.counted.groups, dtype=object)
    among = part.kept if part.comparable else np.ones(len(names), dtype=bool)
    smallest = int(np.argmin(part.people[among])) if among.any() else None
    taking_part = looked_up(np.append(part.kept, False), faces.memberships[part.attribute].codes)
    n_faces = int(taking_part.sum())
    return {
        "attribute": part.attribute,
        "group": "",
        "other_group": "",
        "n_people": len(np.unique(faces.person[taking_part])) if faces.several_faces else n_faces,
        "n_faces": n_faces,
        "n_groups": int(part.kept.sum()),
        "smallest_group": "" if smallest is None else str(names[among][smallest]),
        "smallest_group_size": 0 if smallest is None else int(part.people[among][smallest]),
        "n_missing": part.counted.n_missing,
        "left_out": joined_names(names[~part.kept].tolist(), LISTED),
    }
