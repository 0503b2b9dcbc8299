import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.reporting.metric_words import (
    CLASS_METRICS,
    METRIC_WORDS,
    class_metric,
    metric_words,
)
from fer_fairness.taxonomy import EMOTIONS


@pytest.mark.parametrize("name", [*GAP_METRICS, "calibration_error_gap"])
def test_every_registered_metric_has_words(name: str) -> None:
    words = METRIC_WORDS[name]
    assert words.definition.endswith(".")
    assert words.higher_is_more_equal == (name in GAP_METRICS and GAP_METRICS[name].ideal == 1.0)


@pytest.mark.parametrize("metric", class_gap_metrics(EMOTIONS), ids=lambda metric: metric.name)
def test_every_metric_of_one_emotion_has_words(metric: object) -> None:
    name, ideal = str(getattr(metric, "name")), getattr(metric, "ideal")  # noqa: B009
    found = class_metric(name)
    assert found is not None
    assert found[1] in EMOTIONS
    words = metric_words(name)
    assert words.label.endswith(f", {found[1]}")
    assert words.definition
    assert words.higher_is_more_equal == (ideal == 1.0)


@pytest.mark.parametrize("name", ["theil_index", "calibration_error", "recall_fear"])
def test_scores_of_one_group_have_words(name: str) -> None:
    assert metric_words(name).definition


def test_equalized_odds_says_how_it_is_meant() -> None:
    words = METRIC_WORDS["equalized_odds_gap"]
    assert "term by term" in words.label
    assert "term by term" in words.definition


@given(st.sampled_from(list(CLASS_METRICS)), st.text(min_size=1, max_size=80))
def test_a_metric_of_one_emotion_is_taken_apart_as_it_was_put_together(
    prefix: str, emotion: str
) -> None:
    assert class_metric(prefix + emotion) == (prefix, emotion)
    assert metric_words(prefix + emotion).label.startswith(CLASS_METRICS[prefix].label)


def test_other_metrics_are_of_no_emotion() -> None:
    assert class_metric("accuracy_gap") is None
    assert class_metric("recall_fear") is None


def test_dispersion_of_recall_is_no_recall_of_an_emotion() -> None:
    assert metric_words("recall_dispersion").label == "Recall dispersion"
    assert metric_words("recall_dispersion_fear").label == "Recall dispersion, fear"
    assert metric_words("recall_dispersion_fear").in_points
    assert class_metric("recall_dispersion") is None
