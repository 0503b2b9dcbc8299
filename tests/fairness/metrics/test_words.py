import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.fairness.metrics import GAP_METRICS, OVERALL_METRICS, GapMetric, class_gap_metrics
from fer_fairness.fairness.metrics.words import (
    ANY_DIFFERENCE,
    CLASS_METRIC_WORDS,
    METRIC_WORDS,
    RECALL_DIFFERENCE,
    class_metric,
    metric_words,
)
from fer_fairness.taxonomy import EMOTIONS


@pytest.mark.parametrize(
    "metric",
    [*GAP_METRICS.values(), *class_gap_metrics(EMOTIONS)],
    ids=lambda metric: metric.name,
)
def test_every_gap_has_words_that_agree_with_its_ideal(metric: GapMetric) -> None:
    words = metric_words(metric.name)
    assert words == metric.words
    assert words.definition.endswith(".")
    assert words.higher_is_more_equal == (metric.ideal == 1.0) == (not metric.higher_is_worse)


def test_scores_come_before_gaps_and_those_of_everybody_first() -> None:
    scores = [metric.name for metric in OVERALL_METRICS]
    others = ["calibration_error", "overconfidence", "theil_index"]
    behind = ["calibration_error_gap", ANY_DIFFERENCE, RECALL_DIFFERENCE]
    assert list(METRIC_WORDS) == [*scores, *others, *GAP_METRICS, *behind]


@pytest.mark.parametrize("name", ["theil_index", "calibration_error", "recall_fear"])
def test_scores_of_one_group_have_words(name: str) -> None:
    assert metric_words(name).definition


def test_equalized_odds_says_how_it_is_meant() -> None:
    words = METRIC_WORDS["equalized_odds_gap"]
    assert "term by term" in words.label
    assert "term by term" in words.definition


@given(st.sampled_from(list(CLASS_METRIC_WORDS)), st.text(min_size=1, max_size=80))
def test_a_metric_of_one_emotion_is_taken_apart_as_it_was_put_together(
    prefix: str, emotion: str
) -> None:
    assert class_metric(prefix + emotion) == (prefix, emotion)
    assert metric_words(prefix + emotion).label.startswith(CLASS_METRIC_WORDS[prefix].label)


def test_a_recall_or_a_metric_of_all_emotions_is_of_no_emotion() -> None:
    assert class_metric("accuracy_gap") is None
    assert class_metric("recall_fear") is None
    assert class_metric("recall_dispersion") is None
    assert metric_words("recall_dispersion").label == "Recall dispersion"
    assert metric_words("recall_dispersion_fear").label == "Recall dispersion, fear"


def test_an_unknown_metric_is_spelled_out() -> None:
    assert metric_words("disparate_impact").label == "Disparate impact"
    assert not metric_words("disparate_impact").definition
