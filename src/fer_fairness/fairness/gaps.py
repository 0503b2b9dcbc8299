"""Gaps between groups: how wide, how sure, and whether chance alone would give as much."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.corrections import benjamini_hochberg, holm
from fer_fairness.fairness.inference.detectability import Family
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.inference.gap_tests import GapTests, measured_gaps
from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.fairness.metrics.calibration import CalibrationCounts, calibration_gap_metric
from fer_fairness.fairness.metrics.formulas import GapMetric
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.progress import track

Row: TypeAlias = dict[str, str | int | float]

SUMMARY: Final = "summary"
"""Family of the metrics over all classes together."""

BY_CLASS: Final = "by_class"
"""Family of the metrics of single classes, looked at where the summary found something."""

_FAMILIES: Final = (SUMMARY, BY_CLASS)

_ERROR: Final = 0.05
"""1 - `InferenceParameters.confidence`."""

GAP_COLUMNS: Final = (
    "attribute",
    "metric",
    "family",
    "value",
    "ci_low",
    "ci_high",
    "corrected_value",
    "minimum_detectable",
    "equal_treatment",
    "null_mean",
    "null_95",
    "p_value",
    "p_value_holm",
    "p_value_benjamini_hochberg",
    "n_permutations",
    "n_people",
    "n_groups",
    "smallest_group",
    "smallest_group_size",
    "n_missing",
    "left_out",
    "verdict",
)

_NUMBERS: Final = (
    *("value", "ci_low", "ci_high", "corrected_value"),
    *("equal_treatment", "null_mean", "null_95"),
    *("p_value", "p_value_holm", "p_value_benjamini_hochberg"),
)


@dataclass(frozen=True)
class _Part:
    """One table of counts of one attribute, and what is measured on it.

    Attributes:
        attribute: The attribute.
        counted: All groups.
        compared: The groups that are large enough.
        metrics: The metrics, those of the summary first.
        seed: Seed of the part's draws.
    """

    attribute: str
    counted: GroupCounts
    compared: GroupCounts
    metrics: Mapping[str, tuple[GapMetric, ...]]
    seed: tuple[int, ...]

    @property
    def comparable(self) -> bool:
        """Whether there are groups to compare."""
        return len(self.compared.groups) >= 2

    @property
    def all_metrics(self) -> list[GapMetric]:
        """The metrics of all families, in order."""
        return [metric for metrics in self.metrics.values() for metric in metrics]

    def families(self, n_tests: Mapping[str, int]) -> list[Family]:
        """Where the metrics of each family stand among all of them."""
        families, start = [], 0
        for family, metrics in self.metrics.items():
            places = tuple(range(start, start + len(metrics)))
            families.append(Family(places, n_tests[family]))
            start += len(metrics)
        return families


def gap_table(
    by_attribute: Mapping[str, GroupCounts],
    params: InferenceParameters,
    *,
    seed: int,
    calibration: Mapping[str, CalibrationCounts] | None = None,
) -> pd.DataFrame:
    """Every metric between the groups of each attribute: interval, p-values and verdict.

    Args:
        by_attribute: Counts by attribute.
        params: Number of draws, confidence, significance, power, smallest group.
        seed: Seed of all draws; each attribute draws on its own.
        calibration: Counts by bins of confidence, by attribute, where there are probabilities.

    Returns:
        `GAP_COLUMNS`, one row a metric and attribute.

        - `value`, its interval `ci_low` to `ci_high`, and `corrected_value`, the value with the
          widening by noise taken off (`gap_intervals`);
        - `minimum_detectable`: how far beyond equal treatment the metric must be for the verdict
          to find it with the power asked for (`detectability`); NaN where nothing would be found;
          `equal_treatment` is what the metric comes to if people who show the
          same emotion are treated alike: not its ideal where groups show other emotions;
        - `null_mean`, `null_95`: mean of the shuffles, and what 95 of 100 do not pass (from above
          for gaps, from below for ratios);
        - `p_value`, and corrected within its `family`, all attributes together, after Holm and
          after Benjamini and Hochberg; `n_permutations` were drawn, more than asked for where so
          few could find nothing;
        - `left_out` names the groups too small to be compared;
        - `verdict`: "difference found" where Holm's p-value is at most the significance, and, of a
          single class, the summary of the same attribute found a difference as well; so that where
          nothing differs, something is found in at most that share of evaluations.
    """
    parts = list(_parts(by_attribute, calibration or {}, params, seed))
    n_permutations = max(params.n_permutations, _permutations_needed(parts, params))
    measured: list[GapTests | None] = [
        measured_gaps(
            part.compared,
            part.all_metrics,
            params,
            n_permutations=n_permutations,
            seed=part.seed,
        )
        if part.comparable
        else None
        for part in track(parts, description="Testing gaps between groups")
    ]
    rows = [row for part, tests in zip(parts, measured, strict=True) for row in _rows(part, tests)]
    table = _corrected(pd.DataFrame(rows, columns=list(GAP_COLUMNS)))
    tested = table["p_value"].notna()
    n_tests = {family: int(tested[table["family"] == family].sum()) for family in _FAMILIES}
    table["minimum_detectable"] = np.concatenate(
        [
            np.full(len(part.all_metrics), np.nan)
            if tests is None
            else tests.minimum_detectable(part.families(n_tests), params, part.seed)
            for part, tests in track(
                list(zip(parts, measured, strict=True)),
                description="Finding the smallest detectable gaps",
            )
        ]
        or [np.empty(0)]
    )
    table["verdict"] = _verdicts(table, params.significance)
    order = {attribute: place for place, attribute in enumerate(by_attribute)}
    return table.sort_values(
        ["attribute", "family"],
        key=lambda column: column.map({**order, SUMMARY: 0, BY_CLASS: 1}),
        kind="stable",
        ignore_index=True,
    )


def _parts(
    by_attribute: Mapping[str, GroupCounts],
    calibration: Mapping[str, CalibrationCounts],
    params: InferenceParameters,
    seed: int,
) -> Iterator[_Part]:
    smallest = params.minimum_group_size
    summary = tuple(GAP_METRICS.values())
    for attribute, counted in by_attribute.items():
        metrics = {SUMMARY: summary, BY_CLASS: class_gap_metrics(counted.classes)}
        own = seed_for(seed, attribute)
        yield _Part(attribute, counted, counted.reaching(smallest), metrics, own)
    for attribute, binned in calibration.items():
        metrics = {SUMMARY: (calibration_gap_metric(binned.bin_confidence),)}
        own = seed_for(seed, f"calibration by {attribute}")
        yield _Part(attribute, binned, binned.reaching(smallest), metrics, own)


def _permutations_needed(parts: Sequence[_Part], params: InferenceParameters) -> int:
    """So many that the smallest p-value possible survives the correction of its family."""
    n_tests = [
        sum(len(part.metrics.get(family, ())) for part in parts if part.comparable)
        for family in _FAMILIES
    ]
    return int(np.ceil(max(n_tests) / params.significance))


def _rows(part: _Part, tests: GapTests | None) -> Iterator[Row]:
    """The rows of one table, but for what needs the other rows."""
    context = _context(part.counted, part.compared)
    named = [(family, metric) for family in part.metrics for metric in part.metrics[family]]
    for place, (family, metric) in enumerate(named):
        row: Row = {"attribute": part.attribute, "metric": metric.name, "family": family, **context}
        row |= {"n_permutations": 0}
        if tests is not None:
            estimate, test = tests.estimates[place], tests.tests[place]
            interval = estimate.interval(_ERROR)
            row |= {
                "value": float(tests.values[place]),
                "equal_treatment": float(tests.equal_treatment[place]),
                "ci_low": interval.low,
                "ci_high": interval.high,
                "corrected_value": estimate.corrected,
                "null_mean": test.null_mean,
                "null_95": test.null_95,
                "p_value": test.p_value,
                "n_permutations": len(tests.nulls[place]),
            }
        yield row


def _context(counted: GroupCounts, compared: GroupCounts) -> Row:
    """Who was compared; where nothing could be, the smallest group is that of all groups."""
    sized = compared if len(compared.groups) >= 2 else counted
    smallest = int(np.argmin(sized.sizes)) if sized.groups else None
    left_out = [name for name in counted.groups if name not in compared.groups]
    return {
        "n_people": int(compared.sizes.sum()),
        "n_groups": len(compared.groups),
        "smallest_group": "" if smallest is None else sized.groups[smallest],
        "smallest_group_size": 0 if smallest is None else int(sized.sizes[smallest]),
        "n_missing": counted.n_missing,
        "left_out": ", ".join(left_out),
    }


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the p-values corrected within each family."""
    table[list(_NUMBERS)] = table[list(_NUMBERS)].astype(np.float64)
    for _, rows in table.groupby("family"):
        p_values = rows["p_value"].to_numpy(dtype=np.float64)
        table.loc[rows.index, "p_value_holm"] = holm(p_values)
        table.loc[rows.index, "p_value_benjamini_hochberg"] = benjamini_hochberg(p_values)
    return table


def _verdicts(table: pd.DataFrame, significance: float) -> npt.NDArray[np.str_]:
    """The `Verdict` of each row, shape (rows,)."""
    survived = table["p_value_holm"] <= significance
    summary = table["family"] == SUMMARY
    opened = table["attribute"].isin(table.loc[survived & summary, "attribute"])
    sayable = table["p_value"].notna() & table["minimum_detectable"].notna()
    return np.select(
        [survived & (summary | opened), sayable],
        [Verdict.FOUND, Verdict.NOT_FOUND],
        Verdict.TOO_FEW,
    )
