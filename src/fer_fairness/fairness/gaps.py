"""Differences between groups: how wide, how sure, and whether chance alone would give as much."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.gap_rows import (
    AttributeRows,
    Row,
    untested_rows,
    who_is_compared,
)
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics import GAP_METRICS
from fer_fairness.fairness.testing.corrections import benjamini_hochberg, holm
from fer_fairness.fairness.testing.gap_tests import (
    AttributeTests,
    Compared,
    compared_groups,
    tested,
)
from fer_fairness.fairness.testing.judging import Judgement, judged, shuffles_needed
from fer_fairness.fairness.testing.people import JudgedFaces
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.machine import in_threads
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.progress import track

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

_NUMBERS: Final = tuple(name for name in GAP_COLUMNS[5:19] if name != "n_permutations")
"""From the value to the last p-value."""


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
          the power asked for (`detectability`), and no less than `value` is where that was not
          found; of the question the loss of recall of the smallest group; NaN where nothing would
          be found.
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
    primary = _primary(params.primary, faces)
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
    given = [
        (part, test, None if test is None else next(judgements))
        for part, test in zip(parts, tests, strict=True)
    ]

    def told(one: tuple[Compared, AttributeTests | None, Judgement | None]) -> list[Row]:
        part, test, judgement = one
        context = who_is_compared(part, faces)
        if test is None or judgement is None:
            return [{**context, **row} for row in untested_rows(part)]
        found = AttributeRows(test, judgement, params, seed)
        return [{**context, **row} for row in found.rows()]

    described = track(
        in_threads(told, given), description="Measuring gaps between groups", total=len(given)
    )
    rows = [row for part_rows in described for row in part_rows]
    table = pd.DataFrame(rows, columns=list(GAP_COLUMNS))
    table = _also_corrected(table)
    table["verdict"] = _verdicts(table, params.significance, primary)
    return table


def _primary(named: Sequence[str], faces: JudgedFaces) -> tuple[tuple[str, str], ...]:
    """Attribute and metric of each primary outcome."""
    found, attributes = [], tuple(faces.memberships)
    calibrated = ("calibration_error_gap",) if faces.bin_confidence is not None else ()
    known = (*GAP_METRICS, *calibrated)
    for text in named:
        metric, _, attribute = text.partition(" by ")
        if metric == "calibration_error_gap" and not calibrated:
            raise InvalidInputError(
                f"The primary outcome {text!r} needs probabilities, and there are none. Give them, "
                "or name another outcome."
            )
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
    ) & (table["n_groups"] >= 2)  # who cannot be compared keeps nobody waiting
    found = table["p_value_corrected"] <= significance
    waiting = bool(primary) and not found[named].all()
    sayable = table["p_value"].notna() & (found | table["minimum_detectable"].notna())
    return np.select(
        [sayable & found, sayable & ~named & waiting, sayable],
        [Verdict.FOUND, Verdict.NOT_TESTED, Verdict.NOT_FOUND],
        Verdict.TOO_FEW,
    )
