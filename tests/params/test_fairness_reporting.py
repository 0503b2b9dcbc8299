import pytest
from pydantic import ValidationError

from fer_fairness.fairness.metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.params.fairness_reporting import COMPARED_METRICS, EvaluationParameters


def test_every_gap_can_be_a_primary_outcome_of_every_attribute() -> None:
    named = [f"{metric} by race" for metric in GAP_METRICS]
    for outcome in [*named, "calibration_error_gap by gender x race"]:
        assert EvaluationParameters(primary=(outcome,)).primary == (outcome,)
    assert (*(metric.name for metric in OVERALL_METRICS), *GAP_METRICS) == COMPARED_METRICS


@pytest.mark.parametrize(
    "outcome", ["acuracy_gap by race", "accuracy_gap by rase", "accuracy by race", "accuracy_gap"]
)
def test_a_misspelt_primary_outcome_is_refused_before_anything_is_trained(outcome: str) -> None:
    with pytest.raises(ValidationError, match=r"primary holds .*expected a metric and an attrib"):
        EvaluationParameters(primary=(outcome,))


def test_five_primary_outcomes_are_the_most() -> None:
    named = tuple(f"{metric} by race" for metric in list(GAP_METRICS)[:6])
    with pytest.raises(ValidationError, match="primary"):
        EvaluationParameters(primary=named)
