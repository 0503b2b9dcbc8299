import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.overall_metrics import OVERALL_METRICS

REFERENCES = {
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
    "worst_class_recall": lambda true, predicted: recall_score(true, predicted, average=None).min(),
}


@given(arrays(np.int64, (1, 3, 3), elements=st.integers(1, 9)))
def test_scores_of_everybody_are_those_of_scikit_learn(counts: Counts) -> None:
    true, predicted = (
        np.repeat(place, counts[0].ravel()) for place in np.indices((3, 3)).reshape(2, 9)
    )
    found = values_of(OVERALL_METRICS, counts)
    for metric, value in zip(OVERALL_METRICS, found, strict=True):
        assert_allclose(value, REFERENCES[metric.name](true, predicted))


@pytest.mark.parametrize("metric", OVERALL_METRICS, ids=lambda metric: metric.name)
def test_one_call_serves_stacks(metric: GapMetric) -> None:
    stack = np.random.default_rng(0).integers(1, 9, size=(5, 1, 3, 3))
    assert_allclose(metric.function(stack), [metric.function(counts) for counts in stack])
    assert metric.group_score(stack).shape == (5, 1)
    assert not metric.higher_is_worse


def test_an_emotion_that_nobody_shows_is_not_the_worst() -> None:
    counts = np.array([[[8, 2, 0], [3, 7, 0], [0, 0, 0]]])
    worst = next(metric for metric in OVERALL_METRICS if metric.name == "worst_class_recall")
    assert_allclose(worst.function(counts), 0.7)


def test_nobody_has_no_score() -> None:
    nobody = np.zeros((1, 3, 3), dtype=np.int64)
    assert np.isnan(values_of(OVERALL_METRICS, nobody)).all()
