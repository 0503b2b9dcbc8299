"""What is said of changes: from what to what, by how much, and whether it was found."""

import pandas as pd
import pytest
from tests.reporting.rows import CHANGE, GAP_CHANGE, NO_CHANGE, report, row_of

from fer_fairness.reporting.findings.changes import (
    change_finding,
    comparison_findings,
    seen_range,
    together_note,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.changes import ComparisonOverSeedsRow, ComparisonRow


def rows(*changes: dict[str, object]) -> list[ComparisonOverSeedsRow]:
    return [row_of(ComparisonOverSeedsRow, CHANGE, change) for change in changes]


def finding(*changes: dict[str, object]) -> tuple[str, str]:
    """Kind and text of the finding."""
    found = change_finding(rows(*changes), "Reweighing")
    return found.kind, found.text


def test_a_change_is_told_from_the_value_before_to_the_one_after() -> None:
    kind, text = finding({}, {**GAP_CHANGE, **NO_CHANGE})
    assert kind == "better"
    change = "83.1 \N{RIGHTWARDS ARROW} 84.3, +1.2 points [0.4 to 2.0]"
    assert text == f"Better: accuracy {change}, p = 0.020."
    assert finding(NO_CHANGE)[1].startswith(f"Accuracy {change}. No difference found")
    assert "gender" not in text


def test_gains_and_harms_are_told_apart() -> None:
    wider = {**GAP_CHANGE, "difference": 0.03, "ci_low": 0.01, "ci_high": 0.05, "value": 0.111}
    kind, text = finding({}, wider)
    assert kind == "unclear"
    assert "Worse: accuracy gap for perceived gender 8.1 \N{RIGHTWARDS ARROW} 11.1" in text


def test_nothing_found_is_said_in_plain_words() -> None:
    kind, text = finding(NO_CHANGE, {**GAP_CHANGE, **NO_CHANGE})
    assert kind == "unclear"
    assert "No difference found: none of 2 changes is beyond noise after correction." in text
    assert "cannot be ruled out" in text


def test_beside_no_difference_found_stands_what_would_have_been_found() -> None:
    secondary = {**GAP_CHANGE, **NO_CHANGE, "outcome": "secondary", "minimum_detectable": 0.5}
    gap = {**GAP_CHANGE, **NO_CHANGE, "minimum_detectable": 0.031}
    _, text = finding(NO_CHANGE, gap, secondary)
    sizes = "accuracy 1.9 points; accuracy gap for perceived gender 3.1 points. Differences within"
    assert f"In 8 of 10 such comparisons it would have been found from: {sizes}" in text
    nan = float("nan")
    assert "8 of 10" not in finding({**NO_CHANGE, "minimum_detectable": nan})[1]


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([0.019, 0.024, float("nan")], "a change of 1.9 to 2.4 points would be found in 8 of 10"),
        ([0.019, 0.01902], "a change of 1.9 points would be found"),
        ([float("nan")], "no change could have been found, whatever its size"),
    ],
)
def test_sizes_that_would_be_found_are_a_range(sizes: list[float], told: str) -> None:
    changes: list[dict[str, object]] = [{"minimum_detectable": size} for size in sizes]
    assert seen_range(rows(*changes)).startswith(told)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ([{"difference": -0.012}], "worse"),
        ([GAP_CHANGE], "better"),
        ([{**GAP_CHANGE, "difference": 0.03}], "worse"),
        ([{**GAP_CHANGE, "metric": "accuracy_ratio"}], "worse"),
        ([{**GAP_CHANGE, "metric": "worst_group_accuracy", "difference": 0.03}], "better"),
        ([{"difference": -0.012}, GAP_CHANGE], "unclear"),
        ([{**GAP_CHANGE, "level_down": True}], "worse"),
        ([{}, {**GAP_CHANGE, **NO_CHANGE, "level_down": True}], "better"),
    ],
)
def test_what_was_found_is_better_or_worse_by_what_it_measures(
    changes: list[dict[str, object]], kind: str
) -> None:
    assert finding(*changes)[0] == kind


def test_levelling_down_is_named_where_the_change_was_found_and_no_chance() -> None:
    _, text = finding({**GAP_CHANGE, "level_down": True})
    assert "Levelled down: accuracy gap for perceived gender." in text
    _, text = finding({**GAP_CHANGE, **NO_CHANGE, "level_down": True})
    assert "Levelled down" not in text


def test_many_findings_are_counted_not_listed() -> None:
    metrics = ("accuracy_gap", "macro_f1_gap", "selection_rate_gap", "equalized_odds_gap")
    both = ("gender", "race")
    changes = [{**GAP_CHANGE, "metric": m, "attribute": a} for m in metrics for a in both]
    assert "; 3 more, in the table of every change." in finding(*changes)[1]


def test_a_metric_that_is_not_defined_is_no_test() -> None:
    nan = float("nan")
    undefined = {**GAP_CHANGE, "difference": nan, "ci_low": nan, "p_value_corrected": nan}
    untested = {**undefined, "verdict": "too few people to say"}
    assert "none of 1 changes" in finding(NO_CHANGE, untested)[1]
    assert finding(undefined)[1] == "Nothing could be tested."


def test_how_many_were_together_note_is_said_and_which_first() -> None:
    secondary = {**GAP_CHANGE, "metric": "macro_f1_gap", "outcome": "secondary"}
    text = together_note(rows({}, GAP_CHANGE, secondary))
    assert "All 240 changes" in text
    assert "accuracy and accuracy gap first" in text
    assert "macro" not in text


def test_there_is_a_finding_for_each_variant_and_set() -> None:
    changes = [{**CHANGE, "variant": name} for name in ("reweighing", "equalized_odds")]
    found = comparison_findings(
        report(comparisons=pd.DataFrame([*changes, {**CHANGE, **GAP_CHANGE}]))
    )
    assert [one.heading for one in found] == ["Reweighing, RAF-DB", "Equalized odds, RAF-DB"]
    assert comparison_findings(ReportInputs()) == []
    assert ComparisonRow.table == "comparisons"
