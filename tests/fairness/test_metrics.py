import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, demographic_parity_difference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)

from fer_fairness.fairness import metrics
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.metrics import GAP_METRICS, Counts

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 6))

TWO_GROUPS = np.array([[[8, 2], [5, 5]], [[6, 4], [1, 9]]])
"""Recalls .8, .5 and .6, .9; accuracies .65 and .75."""

ONE_EMPTY = np.array([[[8, 2], [5, 5]], [[6, 4], [0, 0]]])
"""The second group has nobody of the second class."""

BY_HAND = {
    "accuracy_gap": 0.10,
    "accuracy_ratio": 0.65 / 0.75,
    "xu_fairness": 1.3 / 1.5,
    "equal_opportunity_gap": (0.2 + 0.4) / 2,
    "demographic_parity_gap": (0.6 + 0.6) / 2,
    "selection_rate_gap": (0.3 + 0.3) / 2,
    "equalized_odds_gap": (0.2 + 0.2 + 0.4 + 0.4) / 4,
    "overall_disparity": ((1 - 0.6 / 0.8) + (1 - 0.5 / 0.9)) / 2,
    "macro_f1_gap": (12 / 17 + 18 / 23) / 2 - (16 / 23 + 10 / 17) / 2,
    "macro_f1_ratio": (16 / 23 + 10 / 17) / (12 / 17 + 18 / 23),
    "worst_group_accuracy": 0.65,
}

ONE_EMPTY_BY_HAND = {
    "accuracy_gap": 0.05,
    "equal_opportunity_gap": 0.2,
    "xu_fairness": 0.6 / 0.65,
    "demographic_parity_gap": (0.1 + 0.1) / 2,
    "equalized_odds_gap": 0.2,
    "overall_disparity": 0.25,
}


def people_of(counts: Counts) -> pd.DataFrame:
    cells = np.indices(counts.shape).reshape(3, -1)
    columns = np.repeat(cells, counts.ravel().astype(int), axis=1)
    return pd.DataFrame(dict(zip(("group", "true", "predicted"), columns, strict=True)))


@pytest.mark.parametrize("name", GAP_METRICS)
def test_gaps_of_a_table_computed_by_hand(name: str) -> None:
    assert_allclose(GAP_METRICS[name].function(TWO_GROUPS), BY_HAND[name], rtol=1e-12)


@pytest.mark.parametrize("name", ONE_EMPTY_BY_HAND)
def test_an_empty_cell_is_left_out_and_not_zero(name: str) -> None:
    assert_allclose(GAP_METRICS[name].function(ONE_EMPTY), ONE_EMPTY_BY_HAND[name], rtol=1e-12)


@pytest.mark.parametrize("name", GAP_METRICS)
def test_one_call_serves_a_stack_of_tables(name: str) -> None:
    stack = np.random.default_rng(0).integers(0, 9, size=(5, 3, 4, 4))
    function = GAP_METRICS[name].function
    assert_allclose(function(stack), [function(table) for table in stack])


@pytest.mark.parametrize("name", GAP_METRICS)
def test_equal_groups_have_the_ideal_value(name: str) -> None:
    right = np.tile(np.diag([5, 3, 2]), (3, 1, 1))
    metric = GAP_METRICS[name]
    assert_allclose(metric.function(right), metric.ideal, atol=1e-12)


@pytest.mark.parametrize("name", GAP_METRICS)
def test_fewer_than_two_groups_have_no_gap(name: str) -> None:
    function = GAP_METRICS[name].function
    assert np.isnan(function(TWO_GROUPS[:1]))
    assert np.isnan(function(np.stack([TWO_GROUPS[0], np.zeros((2, 2), dtype=np.int64)])))
    assert np.isnan(function(np.zeros((2, 2, 2), dtype=np.int64)))


@given(TABLES, st.permutations(range(3)))
def test_order_of_groups_does_not_matter(counts: Counts, order: list[int]) -> None:
    for metric in GAP_METRICS.values():
        assert_allclose(metric.function(counts), metric.function(counts[order]), atol=1e-12)


@given(TABLES)
def test_gaps_are_in_their_range(counts: Counts) -> None:
    for metric in GAP_METRICS.values():
        value = metric.function(counts)
        upper = 4.0 if metric.name == "demographic_parity_gap" else 1.0
        assert np.isnan(value) or -1e-12 <= value <= upper + 1e-12


@settings(deadline=None, max_examples=25)
@given(TABLES)
def test_group_scores_are_those_of_scikit_learn(counts: Counts) -> None:
    people = people_of(counts)
    for group in sorted(set(people["group"])):
        rows = people[people["group"] == group]
        true, predicted = rows["true"], rows["predicted"]
        present = sorted(set(true))
        averages = {"labels": present, "average": "macro", "zero_division": 0}
        assert_allclose(metrics.accuracy(counts)[group], accuracy_score(true, predicted))
        assert_allclose(metrics.macro_f1(counts)[group], f1_score(true, predicted, **averages))
        expected = recall_score(true, predicted, labels=present, average=None)
        assert_allclose(metrics.recall(counts)[group][present], expected)
        given_to = sorted(set(predicted))
        expected = precision_score(true, predicted, labels=given_to, average=None)
        assert_allclose(metrics.precision(counts)[group][given_to], expected)


def test_balanced_accuracy_is_that_of_scikit_learn() -> None:
    people = people_of(TWO_GROUPS)
    expected = balanced_accuracy_score(people["true"], people["predicted"])
    assert_allclose(metrics.balanced_accuracy(TWO_GROUPS.sum(axis=0)[np.newaxis]), [expected])


def test_gaps_are_those_of_fairlearn() -> None:
    counts = np.random.default_rng(1).integers(1, 30, size=(4, 3, 3))
    people = people_of(counts)
    frame = MetricFrame(
        metrics={
            "accuracy": accuracy_score,
            "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
        },
        y_true=people["true"],
        y_pred=people["predicted"],
        sensitive_features=people["group"],
    )
    difference, ratio = frame.difference(), frame.ratio()
    assert_allclose(metrics.accuracy_gap(counts), difference["accuracy"])
    assert_allclose(metrics.macro_f1_gap(counts), difference["macro_f1"])
    assert_allclose(metrics.accuracy_ratio(counts), ratio["accuracy"])
    assert_allclose(metrics.macro_f1_ratio(counts), ratio["macro_f1"])
    assert_allclose(metrics.worst_group_accuracy(counts), frame.group_min()["accuracy"])


def test_selection_rate_gap_is_the_mean_of_fairlearn_demographic_parity() -> None:
    people = people_of(np.random.default_rng(2).integers(0, 30, size=(4, 3, 3)))
    expected = [
        demographic_parity_difference(
            people["true"] == emotion,
            people["predicted"] == emotion,
            sensitive_features=people["group"],
        )
        for emotion in range(3)
    ]
    columns = [people[name].astype(str) for name in ("true", "predicted", "group")]
    counts = group_counts(*columns, classes=("0", "1", "2")).counts
    assert_allclose(metrics.selection_rate_gap(counts), np.mean(expected))


def test_a_class_recognised_in_no_group_has_no_disparity() -> None:
    counts = np.array([[[0, 5], [1, 4]], [[0, 5], [2, 3]]])
    assert_allclose(metrics.overall_disparity(counts), (0 + (1 - 0.6 / 0.8)) / 2)


def test_all_groups_failing_leaves_the_ratio_undefined() -> None:
    counts = np.tile(np.array([[0, 5], [5, 0]]), (2, 1, 1))
    assert np.isnan(metrics.accuracy_ratio(counts))
    assert metrics.accuracy_gap(counts) == 0.0


@given(TABLES)
def test_equal_treatment_keeps_the_people_and_has_no_gap(counts: Counts) -> None:
    expected = metrics.equal_treatment(counts)
    assert_allclose(expected.sum(axis=-1), counts.sum(axis=-1))
    assert_allclose(expected.sum(axis=0), counts.sum(axis=0))
    gap = metrics.equalized_odds_gap(expected)
    assert np.isnan(gap) or gap < 1e-12


def test_equal_treatment_of_groups_with_other_emotions_is_no_equal_accuracy() -> None:
    counts = np.array([[[8, 2], [1, 1]], [[4, 1], [10, 10]]])
    expected = metrics.equal_treatment(counts)
    assert_allclose(metrics.accuracy(expected), [(10 * 0.8 + 2 * 0.5) / 12, (4 + 10) / 25])
