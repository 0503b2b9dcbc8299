import numpy as np
import pytest
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
from tests.fairness.metrics.people import aif360_mean, people_of

from fer_fairness.fairness.metrics import group_metrics as metrics
from fer_fairness.fairness.metrics.group_metrics import Counts, Metric

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 6))

TWO_GROUPS = np.array([[[8, 2], [5, 5]], [[6, 4], [1, 9]]])
"""Recalls .8, .5 and .6, .9; accuracies .65 and .75."""

SCORES = (
    metrics.accuracy,
    metrics.balanced_accuracy,
    metrics.f1,
    metrics.false_negative_rate,
    metrics.false_positive_rate,
    metrics.macro_f1,
    metrics.precision,
    metrics.recall,
    metrics.row_shares,
    metrics.theil_index,
)
NAMES = [score.__name__ for score in SCORES]


def test_rates_of_a_table_computed_by_hand() -> None:
    assert_allclose(metrics.accuracy(TWO_GROUPS), [0.65, 0.75])
    assert_allclose(metrics.recall(TWO_GROUPS), [[0.8, 0.5], [0.6, 0.9]])
    assert_allclose(metrics.false_negative_rate(TWO_GROUPS), [[0.2, 0.5], [0.4, 0.1]])
    assert_allclose(metrics.false_positive_rate(TWO_GROUPS), [[0.5, 0.2], [0.1, 0.4]])
    assert_allclose(metrics.precision(TWO_GROUPS), [[8 / 13, 5 / 7], [6 / 7, 9 / 13]])
    assert_allclose(metrics.balanced_accuracy(TWO_GROUPS), [0.65, 0.75])


@pytest.mark.parametrize("score", SCORES, ids=NAMES)
def test_one_call_serves_stacks_of_any_shape(score: Metric) -> None:
    stack = np.random.default_rng(0).integers(0, 3, size=(2, 5, 3, 4, 4))
    expected = [[score(table) for table in tables] for tables in stack]
    assert_allclose(score(stack), expected)
    assert score(stack[:, :0]).shape == (2, 0, *np.shape(expected)[2:])


@pytest.mark.parametrize("score", SCORES, ids=NAMES)
def test_a_group_without_people_has_no_score(score: Metric) -> None:
    counts = np.stack([TWO_GROUPS[0], np.zeros((2, 2), dtype=np.int64)])
    assert np.isfinite(score(counts)[0]).all()
    assert np.isnan(score(counts)[1]).all()


def test_what_nobody_allows_to_measure_is_missing_and_not_zero() -> None:
    all_of_one_class = np.array([[[3, 0, 1], [0, 0, 0], [0, 0, 0]]])
    assert_allclose(metrics.recall(all_of_one_class), [[0.75, np.nan, np.nan]])
    assert_allclose(metrics.f1(all_of_one_class), [[6 / 7, np.nan, np.nan]])
    assert_allclose(metrics.precision(all_of_one_class), [[1.0, np.nan, 0.0]])
    assert_allclose(metrics.false_positive_rate(all_of_one_class), [[np.nan, 0.0, 0.25]])
    assert_allclose(metrics.balanced_accuracy(all_of_one_class), [0.75])


@settings(max_examples=25)
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
        assert_allclose(metrics.false_negative_rate(counts)[group][present], 1 - expected)
        given_to = sorted(set(predicted))
        expected = precision_score(true, predicted, labels=given_to, average=None)
        assert_allclose(metrics.precision(counts)[group][given_to], expected)


@given(TABLES)
def test_false_positive_rate_is_one_minus_the_recall_of_the_rest(counts: Counts) -> None:
    for place in range(4):
        order = [place, *(other for other in range(4) if other != place)]
        sorted_counts = counts[:, order][:, :, order]
        rest = np.stack([sorted_counts[:, :1].sum(1), sorted_counts[:, 1:].sum(1)], axis=1)
        binary = np.stack([rest[..., 0], rest[..., 1:].sum(-1)], axis=-1)
        found = metrics.false_positive_rate(counts)[:, place]
        assert_allclose(found, 1 - metrics.recall(binary)[:, 1], atol=1e-12)


def test_balanced_accuracy_is_that_of_scikit_learn() -> None:
    people = people_of(TWO_GROUPS)
    expected = balanced_accuracy_score(people["true"], people["predicted"])
    assert_allclose(metrics.balanced_accuracy(TWO_GROUPS.sum(axis=0)[np.newaxis]), [expected])


@pytest.mark.parametrize("seed", range(3))
def test_theil_index_is_the_mean_of_aif360s_over_the_classes(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 6, size=(2, 3, 3))
    for group, found in enumerate(metrics.theil_index(counts)):
        expected = aif360_mean("theil_index", people_of(counts[[group]]))
        assert_allclose(found, expected, atol=1e-12)


def test_theil_index_leaves_out_a_class_that_everybody_is_denied() -> None:
    benefits = np.array([2, 2, 2, 1]) / 1.75
    all_denied = np.array([[[0, 3, 0], [0, 0, 0], [0, 0, 0]]])
    one_right = np.array([[[0, 3, 0], [0, 1, 0], [0, 0, 0]]])
    assert_allclose(metrics.theil_index(all_denied), [0.0])  # everybody is given class 1 alike
    denied = np.array([0.25 * 4 * np.log(4), np.mean(benefits * np.log(benefits)), 0.0])
    assert_allclose(metrics.theil_index(one_right), [denied.mean()])


@given(TABLES)
def test_theil_index_is_zero_only_where_everybody_gets_the_same(counts: Counts) -> None:
    right = counts * np.eye(4, dtype=np.int64)
    assert np.nan_to_num(metrics.theil_index(right)).tolist() == [0.0, 0.0, 0.0]
    assert not np.any(metrics.theil_index(counts) < -1e-12)
