from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.reporting.findings import (
    comparison_findings,
    difference_found,
    gap_findings,
    gap_sentence,
    left_out_text,
    level_down,
    performance_findings,
)
from fer_fairness.reporting.inputs import ReportInputs

GAP: dict[str, object] = {
    "variant": "baseline",
    "evaluation_set": "raf_db",
    "attribute": "gender",
    "attribute_source": "annotated",
    "metric": "accuracy_gap",
    "value": 0.081,
    "ci_low": 0.059,
    "ci_high": 0.102,
    "null_mean": 0.014,
    "null_95": 0.029,
    "p_value": 0.0004,
    "p_value_adjusted": 0.004,
    "n_people": 3153,
    "n_groups": 2,
    "smallest_group": "female",
    "smallest_group_size": 1502,
    "n_missing": 77,
    "left_out": "",
    "verdict": "difference found",
}


def gaps_of(**changes: object) -> ReportInputs:
    return ReportInputs(gaps=pd.DataFrame([{**GAP, **changes}]))


def test_a_found_gap_is_told_with_interval_chance_and_corrected_p() -> None:
    sentence = gap_sentence(GAP)
    assert sentence == (
        "Accuracy gap: difference found, 8.1 points [5.9 to 10.2]; "
        "chance alone: 1.4, up to 2.9; corrected p = 0.004."
    )


@pytest.mark.parametrize("verdict", ["no difference found", "", "significant"])
def test_a_gap_that_did_not_survive_is_no_difference_found(verdict: str) -> None:
    (finding,) = gap_findings(gaps_of(verdict=verdict, p_value_adjusted=0.3), variant="baseline")
    assert finding.kind == "not_found"
    assert "no difference found" in finding.text


def test_without_a_corrected_p_value_nothing_is_found() -> None:
    row = {**GAP, "p_value_adjusted": np.nan}
    assert not difference_found(row)
    assert "too few people to say" in gap_sentence(row)


def test_a_value_that_could_not_be_computed_is_said_to_be_so() -> None:
    assert "not determined" in gap_sentence({**GAP, "value": np.nan})


def test_ratios_read_downward() -> None:
    row = {**GAP, "metric": "accuracy_ratio", "value": 0.9, "ci_low": 0.88, "ci_high": 0.93}
    sentence = gap_sentence({**row, "null_mean": 0.98, "null_95": 0.96})
    assert "0.900 [0.880 to 0.930]; chance alone: 0.980, down to 0.960" in sentence


def test_sizes_and_missing_labels_are_told() -> None:
    (finding,) = gap_findings(gaps_of(left_out="asian"), variant="baseline")
    assert "3,153 faces in 2 groups; smallest: female, n = 1,502." in finding.text
    assert "77 faces without such a label" in finding.text
    assert "Left out as too small: asian." in finding.text
    assert finding.heading == "RAF-DB, perceived gender (labels by annotators)"


def test_small_groups_are_called_too_few() -> None:
    (finding,) = gap_findings(gaps_of(smallest_group_size=12), variant="baseline")
    assert "n = 12, too few to read on its own" in finding.text


def test_found_differences_come_first_and_name_the_extremes(
    make_inputs: Callable[..., ReportInputs],
) -> None:
    findings = gap_findings(make_inputs(), variant="baseline")
    kinds = [finding.kind for finding in findings]
    assert set(kinds) == {"found", "not_found"}
    assert kinds == sorted(kinds)
    told = [("Lowest accuracy:" in f.text) for f in findings]
    assert told == [("Accuracy gap: difference found" in f.text) for f in findings]
    assert any(told)


def test_performance_names_the_first_variant_and_the_range_of_others(
    small_inputs: ReportInputs,
) -> None:
    (finding,) = performance_findings(small_inputs)
    assert finding.text.startswith("Baseline: accuracy 83.")
    assert "The other variant: accuracy" in finding.text


def test_a_change_is_named_only_where_its_interval_excludes_zero() -> None:
    head = {"variant": "reweighing", "evaluation_set": "raf_db", "level_down": False, "n_people": 9}
    rows = [
        {"metric": "accuracy", "attribute": "", "difference": 0.01, "ci_low": 0, "ci_high": 0.02},
        {"attribute": "race", "difference": -0.03, "ci_low": -0.05, "ci_high": -0.01},
        {"attribute": "gender", "difference": -0.03, "ci_low": -0.07, "ci_high": 0.01},
    ]
    table = pd.DataFrame([{**head, "metric": "accuracy_gap", **row} for row in rows])
    (finding,) = comparison_findings(ReportInputs(comparisons=table))
    assert "Narrowed: accuracy gap for perceived race −3.0 points [−5.0 to −1.0]." in finding.text  # noqa: RUF001
    assert "perceived gender" not in finding.text
    assert "The change of 1 of 2 gaps may be zero." in finding.text
    assert finding.kind == "better"


@pytest.mark.parametrize(("value", "expected"), [(True, True), (np.False_, False), (None, False)])
def test_level_down_tolerates_missing_values(value: object, expected: object) -> None:
    assert level_down({"level_down": value}) is expected


@pytest.mark.parametrize(
    ("value", "text"),
    [("", ""), (np.nan, ""), (None, ""), (["a", "b_c"], "a and b c"), (np.array(["a"]), "a")],
)
def test_left_out_comes_in_many_shapes(value: object, text: str) -> None:
    assert left_out_text(value) == text


def test_empty_inputs_have_no_findings() -> None:
    empty = ReportInputs()
    assert performance_findings(empty) == []
    assert gap_findings(empty, variant="baseline") == []
    assert comparison_findings(empty) == []
