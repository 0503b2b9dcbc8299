from fer_fairness.reporting.findings.finding import performance_findings
from fer_fairness.reporting.inputs import ReportInputs


def test_performance_names_the_first_variant_and_the_range_of_others(
    small_inputs: ReportInputs,
) -> None:
    (finding,) = performance_findings(small_inputs)
    assert finding.text.startswith("Baseline: accuracy 83.")
    assert "The other variant: accuracy" in finding.text


def test_empty_inputs_have_no_findings() -> None:
    assert performance_findings(ReportInputs()) == []
