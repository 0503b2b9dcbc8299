"""Differences between groups: how wide, how sure, and whether chance alone would give as much."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import ndtri

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.inference.corrections import benjamini_hochberg, holm
from fer_fairness.fairness.inference.detectability import Detectable, detectable
from fer_fairness.fairness.inference.differences import Differences, differences_of_worth
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.inference.gap_intervals import GapEstimate, gap_estimates
from fer_fairness.fairness.inference.gap_tests import (
    AttributeTests,
    Compared,
    compared_groups,
    tested,
)
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.inference.judging import Judgement, judged, shuffles_needed
from fer_fairness.fairness.inference.pairs import pairs_of
from fer_fairness.fairness.inference.people import JudgedFaces
from fer_fairness.fairness.metrics import GAP_METRICS
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.words import ANY_DIFFERENCE, RECALL_DIFFERENCE
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.progress import track

Row: TypeAlias = dict[str, str | int | float]

QUESTION: Final = "question"
"""Family of the first question of each attribute: is anyone of any group recognised differently?"""

SUMMARY: Final = "summary"
"""Family of the metrics over all classes together, looked at where the question found something."""

BY_CLASS: Final = "by_class"
"""Family of the metrics of single classes, looked at where the summary found something."""

PAIRS: Final = "pairs"
"""Family of the differences between two groups, looked at where the summary found something."""

GAP_COLUMNS: Final = (
    "attribute",
    "metric",
    "family",
    "group",
    "other_group",
    "value",
    "ci_low",
    "ci_high",
    "uncorrected_ci_low",
    "uncorrected_ci_high",
    "raw_value",
    "minimum_detectable",
    "equal_treatment",
    "null_mean",
    "null_95",
    "p_value",
    "p_value_corrected",
    "p_value_holm",
    "p_value_benjamini_hochberg",
    "n_permutations",
    "n_people",
    "n_faces",
    "n_groups",
    "smallest_group",
    "smallest_group_size",
    "n_missing",
    "left_out",
    "verdict",
)

_NUMBERS: Final = (*GAP_COLUMNS[5:14], *GAP_COLUMNS[15:19])


def gap_table(
    faces: JudgedFaces,
    params: InferenceParameters,
    *,
    seed: int,
) -> pd.DataFrame:
    """Every difference between the groups of each attribute: interval, p-values and verdict.

    Args:
        faces: The faces, their people and groups.
        params: Number of draws, confidence, significance, power, smallest group, primary outcomes.
        seed: Seed of all draws.

    Returns:
        `GAP_COLUMNS`. Of each attribute one row for the question whether anyone is recognised
        differently given the true class (`any_difference`), one a metric over all classes, one a
        metric of a single class, and one a pair of groups (`recall_difference` of `group` minus
        `other_group`, given the class).

        - `value`: the metric with what noise adds taken off; between two groups nothing is added.
        - `ci_low`, `ci_high`: its interval at the level of its test after all corrections. It
          leaves out `equal_treatment` exactly where the verdict is "difference found".
          `uncorrected_ci_low`, `uncorrected_ci_high`: its 95 % interval, looked at alone.
        - `equal_treatment`: what the metric comes to if people who show the same emotion are
          treated alike: not its ideal where groups show other emotions.
        - `minimum_detectable`: how far beyond equal treatment the metric must be to be found with
          the power asked for (`detectability`); of the question the loss of recall of the smallest
          group; NaN where nothing would be found.
        - `raw_value`: the metric as counted; `null_mean`, `null_95`: the mean of its shuffles, and
          what 95 of 100 do not pass (from above for gaps, from below for ratios).
        - `p_value`, and `p_value_corrected` by the rule of `hierarchy`, on which the verdict rests:
          where nothing differs, something is found in at most `params.significance` of audits.
          `p_value_holm` and `p_value_benjamini_hochberg` correct `p_value` within its family over
          all attributes, for those who want these; no verdict rests on them.
        - `n_people` and `n_faces` are compared; `left_out` names the groups too small for it.

    Raises:
        InvalidInputError: If a primary outcome names an unknown metric or attribute.
    """
    primary = _primary(params.primary, tuple(faces.memberships))
    parts = compared_groups(faces, minimum_group_size=params.minimum_group_size)
    comparable = [part.attribute for part in parts if part.comparable]
    n = max(params.n_permutations, shuffles_needed(comparable, params.significance))
    tests = tested(
        faces, parts, n=n, seed=seed_for(seed, "shuffles"), cells_at_once=params.cells_at_once
    )
    judgements = iter(
        judged(
            [test for test in tests if test is not None],
            significance=params.significance,
            primary=primary,
        )
    )
    rows: list[Row] = []
    for part, test in track(
        list(zip(parts, tests, strict=True)), description="Measuring gaps between groups"
    ):
        context = _context(part, faces)
        if test is None:
            rows += [{**context, **row} for row in _untested(part)]
        else:
            found = _Found(test, next(judgements), params, seed)
            rows += [{**context, **row} for row in found.rows()]
    table = pd.DataFrame(rows, columns=list(GAP_COLUMNS))
    table = _also_corrected(table)
    table["verdict"] = _verdicts(table, params.significance, primary)
    return table


class _Found:
    """The rows of one attribute."""

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
        self._detectable: Detectable = detectable(
            tests,
            judgement,
            self._counts,
            self._bins,
            params,
            seed=(*seed_for(seed, self._attribute), 2),
        )

    def _estimated(self, seed: int) -> list[GapEstimate]:
        """One estimate a metric, in the order of the tests' metrics."""
        part = self._tests.part
        n_counts, n_summary = len(part.of_counts), len(part.summary)
        places = np.r_[0:n_counts, n_summary : self._tests.metrics.shape[1]]
        own = seed_for(seed, self._attribute)
        estimates: list[GapEstimate | None] = [None] * self._tests.metrics.shape[1]
        parts: list[tuple[Differences | None, Sequence[GapMetric], Sequence[int], int]] = [
            (self._counts, (*part.of_counts, *part.of_classes), places.tolist(), 0),
            (self._bins, part.of_calibration, range(n_counts, n_summary), 1),
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
        equal = self._equal_treatment(place, metric)
        alone = estimate.interval(1.0 - self._params.confidence)
        error = min(float(self._judgement.metric_errors[place]), 1.0 - self._params.confidence)
        found = corrected <= self._params.significance
        interval = estimate.interval(max(error, 1.0 / (self._tests.n_permutations + 1)))
        if not found:
            interval = _holding(interval, equal)
        null = self._tests.measured.values[1:, place]
        return {
            "metric": metric.name,
            "value": estimate.corrected,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "uncorrected_ci_low": alone.low,
            "uncorrected_ci_high": alone.high,
            "raw_value": float(self._tests.measured.values[0, place]),
            "minimum_detectable": float(self._detectable.metrics[place]),
            "equal_treatment": equal,
            **_null(null, metric),
            **self._p_values(float(self._tests.metrics[0, place]), corrected, place),
        }

    def _p_values(self, p_value: float, corrected: float, place: int) -> Row:
        if not np.isfinite(self._tests.measured.values[0, place]):
            return {"n_permutations": 0}
        return {
            "p_value": p_value,
            "p_value_corrected": corrected,
            "n_permutations": self._tests.n_permutations,
        }

    def _equal_treatment(self, place: int, metric: GapMetric) -> float:
        of_bins = len(self._tests.part.of_counts) <= place < len(self._tests.part.summary)
        differences = self._bins if of_bins and self._bins else self._counts
        (value,) = values_of([metric], differences.expected(differences.shares(0.0)))
        return float(value)

    def _pair_rows(self) -> Iterator[Row]:
        found, judgement = self._tests.pair_differences, self._judgement
        names = self._tests.part.compared.groups
        power = float(ndtri(self._params.power))
        alone = float(ndtri(0.5 + self._params.confidence / 2.0))
        for place, (first, second) in enumerate(pairs_of(len(names))):
            value, error = float(found.differences[0, place]), float(found.errors[0, place])
            row: Row = {
                "metric": RECALL_DIFFERENCE,
                "family": PAIRS,
                "group": names[first],
                "other_group": names[second],
                "value": value,
                "raw_value": value,
                "equal_treatment": 0.0,
                "n_permutations": 0,
            }
            if np.isfinite(value) and error > 0:
                interval = _around(value, error * judgement.widest_pair)
                if judgement.pairs[place] > self._params.significance:
                    interval = _holding(interval, 0.0)
                uncorrected = _around(value, error * alone)
                own = self._tests.pairs[:, place]
                row |= {
                    "ci_low": interval.low,
                    "ci_high": interval.high,
                    "uncorrected_ci_low": uncorrected.low,
                    "uncorrected_ci_high": uncorrected.high,
                    "minimum_detectable": _finite(error * (judgement.planned_pair + power)),
                    "p_value": float((own >= own[0] - 1e-9).mean()),
                    "p_value_corrected": float(judgement.pairs[place]),
                    "n_permutations": self._tests.n_permutations,
                }
            yield row


def _around(value: float, half: float) -> Interval:
    return Interval(max(value - half, -1.0), min(value + half, 1.0))


def _holding(interval: Interval, value: float) -> Interval:
    """The interval, wide enough to hold a value, where what it is behind found nothing."""
    return Interval(min(interval.low, value), max(interval.high, value))


def _finite(value: float) -> float:
    return value if np.isfinite(value) and value <= 1.0 else float("nan")


def _null(null: np.ndarray, metric: GapMetric) -> Row:
    defined = null[np.isfinite(null)]
    if not len(defined):
        return {}
    limit = 0.95 if metric.higher_is_worse else 0.05
    return {"null_mean": float(defined.mean()), "null_95": float(np.quantile(defined, limit))}


def _untested(part: Compared) -> Iterator[Row]:
    """The rows of an attribute whose groups cannot be compared."""
    yield {"metric": ANY_DIFFERENCE, "family": QUESTION, "n_permutations": 0}
    for family, metrics in ((SUMMARY, part.summary), (BY_CLASS, part.of_classes)):
        for metric in metrics:
            yield {"metric": metric.name, "family": family, "n_permutations": 0}


def _context(part: Compared, faces: JudgedFaces) -> Row:
    """Who was compared; where nothing could be, the smallest group is that of all groups."""
    names = np.array(part.counted.groups, dtype=object)
    among = part.kept if part.comparable else np.ones(len(names), dtype=bool)
    smallest = int(np.argmin(part.people[among])) if among.any() else None
    taking_part = np.isin(faces.memberships[part.attribute].codes, np.flatnonzero(part.kept))
    return {
        "attribute": part.attribute,
        "group": "",
        "other_group": "",
        "n_people": len(np.unique(faces.person[taking_part])),
        "n_faces": int(taking_part.sum()),
        "n_groups": int(part.kept.sum()),
        "smallest_group": "" if smallest is None else str(names[among][smallest]),
        "smallest_group_size": 0 if smallest is None else int(part.people[among][smallest]),
        "n_missing": part.counted.n_missing,
        "left_out": ", ".join(names[~part.kept]),
    }


def _primary(named: Sequence[str], attributes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Attribute and metric of each primary outcome."""
    found = []
    known = (*GAP_METRICS, "calibration_error_gap")
    for text in named:
        metric, _, attribute = text.partition(" by ")
        if metric not in known or attribute not in attributes:
            raise InvalidInputError(
                f"The primary outcome {text!r} is unknown; expected a metric and an attribute "
                f'such as "accuracy_gap by {next(iter(attributes), "gender")}". Metrics: '
                f"{', '.join(known)}. Attributes: {', '.join(attributes)}."
            )
        found.append((attribute, metric))
    return tuple(found)


def _also_corrected(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the p-values corrected within each family by two well-known rules as well."""
    table[list(_NUMBERS)] = table[list(_NUMBERS)].astype(np.float64)
    for _, rows in table.groupby("family"):
        p_values = rows["p_value"].to_numpy(dtype=np.float64)
        table.loc[rows.index, "p_value_holm"] = holm(p_values)
        table.loc[rows.index, "p_value_benjamini_hochberg"] = benjamini_hochberg(p_values)
    return table


def _verdicts(
    table: pd.DataFrame, significance: float, primary: Sequence[tuple[str, str]]
) -> np.ndarray:
    """The `Verdict` of each row, shape (rows,)."""
    named = pd.Series(
        [pair in primary for pair in zip(table["attribute"], table["metric"], strict=True)],
        index=table.index,
        dtype=bool,
    )
    found = table["p_value_corrected"] <= significance
    waiting = bool(primary) and not found[named].all()
    sayable = table["p_value"].notna() & (found | table["minimum_detectable"].notna())
    return np.select(
        [sayable & found, sayable & ~named & waiting, sayable],
        [Verdict.FOUND, Verdict.NOT_TESTED, Verdict.NOT_FOUND],
        Verdict.TOO_FEW,
    )
