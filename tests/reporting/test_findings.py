import pandas as pd
from tests.reporting.rows import report

from fer_fairness.reporting.findings import (
    comparison_findings,
    performance_findings,
)
from fer_fairness.reporting.inputs import ReportInputs


def test_performance_names_the_first_variant_and_the_range_of_others(
    small_inputs: ReportInputs,
) -> None:
    (finding,) = performance_findings(small_inputs)
    assert finding.text.startswith("Baseline: accuracy 83.")
    assert "The other variant: accuracy" in finding.text


def test_a_change_is_named_only_where_its_interval_excludes_zero() -> None:
    head = {"variant": "reweighing", "evaluation_set": "raf_db", "level_down": False, "n_people": 9}
    head |= {"metric": "accuracy_gap", "attribute": "", "difference": -0.02}
    rows = [
        {"metric": "accuracy", "corrected_difference": 0.01, "ci_low": 0, "ci_high": 0.02},
        {"attribute": "race", "corrected_difference": -0.03, "ci_low": -0.05, "ci_high": -0.01},
        {"attribute": "gender", "corrected_difference": -0.03, "ci_low": -0.07, "ci_high": 0.01},
    ]
    table = pd.DataFrame([{**head, **row} for row in rows])
    (finding,) = comparison_findings(report(comparisons=table))
    assert "Narrowed: accuracy gap for perceived race −3.0 points [−5.0 to −1.0]." in finding.text  # noqa: RUF001
    assert "perceived gender" not in finding.text
    assert "The change of 1 of 2 gaps may be zero." in finding.text
    assert finding.kind == "better"


def test_empty_inputs_have_no_findings() -> None:
    empty = ReportInputs()
    assert performance_findings(empty) == []
    assert comparison_findings(empty) == []
