import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, demographic_parity_difference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score
from tests.fairness.metrics.people import aif360_mean, people_of

from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.metrics import gap_metrics
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.fairness.metrics.group_metrics import Counts

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 6))

TWO_GROUPS = np.array([[[8, 2], [5, 5]], [[6, 4], [1, 9]]])
"""Recalls .8, .5 and .6, .9; accuracies .65 and .75."""

ONE_EMPTY = np.array([[[8, 2], [5, 5]], [[6, 4], [0, 0]]])
"""The second group has nobody of the second class."""


def theil(denied: int, right: int, given_wrongly: int) -> float:
    """Speicher et al.'s index of people with the benefits 0, 1 and 2, term by term."""
    benefits = np.repeat([0, 1, 2], [denied, right, given_wrongly])
    relative = benefits / benefits.mean()
    return float(np.mean([share * np.log(share) if share else 0.0 for share in relative]))


BY_HAND = {
    "accuracy_gap": 0.10,
    "balanced_accuracy_gap": 0.10,
    "macro_f1_gap": (12 / 17 + 18 / 23) / 2 - (16 / 23 + 10 / 17) / 2,
    "accuracy_ratio": 0.65 / 0.75,
    "macro_f1_ratio": (16 / 23 + 10 / 17) / (12 / 17 + 18 / 23),
    "xu_fairness": 1.3 / 1.5,
    "equal_opportunity_gap": (0.2 + 0.4) / 2,
    "equal_opportunity_ratio": (0.6 / 0.8 + 0.5 / 0.9) / 2,
    "recall_dispersion": ((0.1**2 + 0.2**2) / 2) ** 0.5,
    "demographic_parity_gap": (0.6 + 0.6) / 2,
    "selection_rate_gap": (0.3 + 0.3) / 2,
    "equalized_odds_gap": (0.2 + 0.2 + 0.4 + 0.4) / 4,
    "overall_disparity": ((1 - 0.6 / 0.8) + (1 - 0.5 / 0.9)) / 2,
    "worst_group_accuracy": 0.65,
    "theil_index_gap": (theil(2, 13, 5) + theil(5, 13, 2) - theil(4, 15, 1) - theil(1, 15, 4)) / 2,
    "between_group_generalized_entropy": 0.15**2 / 2,
}

ONE_EMPTY_BY_HAND = {
    "accuracy_gap": 0.05,
    "equal_opportunity_gap": 0.2,
    "equal_opportunity_ratio": 0.6 / 0.8,
    "xu_fairness": 0.6 / 0.65,
    "demographic_parity_gap": (0.1 + 0.1) / 2,
    "equalized_odds_gap": 0.2,
    "overall_disparity": 0.25,
}


def test_no_metric_is_registered_under_two_names() -> None:
    counts = np.random.default_rng(3).integers(1, 9, size=(3, 4, 4))
    values = [round(float(metric(counts)), 12) for metric in GAP_METRICS.values()]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("name", GAP_METRICS)
def test_gaps_of_a_table_computed_by_hand(name: str) -> None:
    assert_allclose(GAP_METRICS[name](TWO_GROUPS), BY_HAND[name], rtol=1e-12)


@pytest.mark.parametrize("name", ONE_EMPTY_BY_HAND)
def test_an_empty_cell_is_left_out_and_not_zero(name: str) -> None:
    assert_allclose(GAP_METRICS[name](ONE_EMPTY), ONE_EMPTY_BY_HAND[name], rtol=1e-12)


@pytest.mark.parametrize("name", GAP_METRICS)
def test_one_call_serves_a_stack_of_tables(name: str) -> None:
    stack = np.random.default_rng(0).integers(0, 9, size=(5, 3, 4, 4))
    function = GAP_METRICS[name]
    assert_allclose(function(stack), [function(table) for table in stack])


@pytest.mark.parametrize("name", GAP_METRICS)
def test_groups_that_are_all_right_have_the_ideal_value(name: str) -> None:
    right = np.tile(np.diag([5, 3, 2]), (3, 1, 1))
    metric = GAP_METRICS[name]
    assert_allclose(metric(right), metric.ideal, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in GAP_METRICS if name != "worst_group_accuracy"])
def test_groups_that_are_wrong_alike_have_the_ideal_value(name: str) -> None:
    alike = np.tile(np.array([[5, 3, 2], [0, 7, 1], [4, 4, 1]]), (3, 1, 1))
    metric = GAP_METRICS[name]
    assert_allclose(metric(alike * [[[1]], [[2]], [[5]]]), metric.ideal, atol=1e-12)


@pytest.mark.parametrize("name", GAP_METRICS)
def test_fewer_than_two_groups_have_no_gap(name: str) -> None:
    function = GAP_METRICS[name]
    assert np.isnan(function(TWO_GROUPS[:1]))
    assert np.isnan(function(TWO_GROUPS[:0]))
    assert np.isnan(function(np.stack([TWO_GROUPS[0], np.zeros((2, 2), dtype=np.int64)])))
    assert np.isnan(function(np.zeros((2, 2, 2), dtype=np.int64)))


@given(TABLES)
def test_a_group_without_people_changes_nothing(counts: Counts) -> None:
    with_nobody = np.concatenate([counts, np.zeros((1, 4, 4), dtype=np.int64)])
    for metric in GAP_METRICS.values():
        assert_allclose(metric(with_nobody), metric(counts), atol=1e-12)
        assert np.isnan(metric.group_score(with_nobody)[3])


@given(TABLES, st.permutations(range(3)), st.permutations(range(4)))
def test_order_of_groups_and_classes_does_not_matter(
    counts: Counts, groups: list[int], classes: list[int]
) -> None:
    turned = counts[groups][:, classes][:, :, classes]
    for metric in GAP_METRICS.values():
        assert_allclose(metric(counts), metric(turned), atol=1e-12)


@given(TABLES)
def test_gaps_are_in_their_range(counts: Counts) -> None:
    for metric in GAP_METRICS.values():
        value = metric(counts)
        assert np.isnan(value) or -1e-12 <= value <= metric.highest + 1e-12


@pytest.mark.parametrize("name", GAP_METRICS)
def test_a_better_served_group_has_a_higher_group_score(name: str) -> None:
    better, worse = GAP_METRICS[name].group_score(np.array([[[9, 1], [1, 9]], [[6, 4], [4, 6]]]))
    assert better > worse


def test_gaps_are_those_of_fairlearn() -> None:
    counts = np.random.default_rng(1).integers(1, 30, size=(4, 3, 3))
    people = people_of(counts)
    frame = MetricFrame(
        metrics={
            "accuracy": accuracy_score,
            "balanced_accuracy": balanced_accuracy_score,
            "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
        },
        y_true=people["true"],
        y_pred=people["predicted"],
        sensitive_features=people["group"],
    )
    difference, ratio = frame.difference(), frame.ratio()
    assert_allclose(gap_metrics.accuracy_gap(counts), difference["accuracy"])
    assert_allclose(gap_metrics.balanced_accuracy_gap(counts), difference["balanced_accuracy"])
    assert_allclose(gap_metrics.macro_f1_gap(counts), difference["macro_f1"])
    assert_allclose(gap_metrics.accuracy_ratio(counts), ratio["accuracy"])
    assert_allclose(gap_metrics.xu_fairness(counts), ratio["balanced_accuracy"])
    assert_allclose(gap_metrics.macro_f1_ratio(counts), ratio["macro_f1"])
    assert_allclose(gap_metrics.worst_group_accuracy(counts), frame.group_min()["accuracy"])


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
    assert_allclose(gap_metrics.selection_rate_gap(counts), np.mean(expected))


@pytest.mark.parametrize("n_groups", [2, 4])
def test_entropy_between_groups_is_the_mean_of_aif360s_over_the_classes(n_groups: int) -> None:
    counts = np.random.default_rng(n_groups).integers(0, 6, size=(n_groups, 3, 3))
    expected = aif360_mean("between_all_groups_generalized_entropy_index", people_of(counts))
    found = gap_metrics.between_group_generalized_entropy(counts)
    assert_allclose(found, expected, atol=1e-12)


def test_entropy_leaves_out_a_class_that_everybody_is_denied() -> None:
    counts = np.zeros((2, 3, 3), dtype=np.int64)
    counts[0, 0, 1] = counts[1, 0, 2] = 4
    by_class = ((2 / 1.5 - 1) ** 2 + (1 / 1.5 - 1) ** 2) / 2 / 2  # of each class given
    assert_allclose(gap_metrics.between_group_generalized_entropy(counts), by_class)


def test_a_class_recognised_in_no_group_has_no_disparity_and_no_ratio() -> None:
    counts = np.array([[[0, 5], [1, 4]], [[0, 5], [2, 3]]])
    assert_allclose(gap_metrics.overall_disparity(counts), (0 + (1 - 0.6 / 0.8)) / 2)
    assert_allclose(gap_metrics.equal_opportunity_ratio(counts), 0.6 / 0.8)


def test_all_groups_failing_leaves_the_ratio_undefined() -> None:
    counts = np.tile(np.array([[0, 5], [5, 0]]), (2, 1, 1))
    for name in ("accuracy_ratio", "macro_f1_ratio", "xu_fairness", "equal_opportunity_ratio"):
        assert np.isnan(GAP_METRICS[name](counts))
    assert gap_metrics.accuracy_gap(counts) == 0.0


def test_recall_dispersion_is_the_weighted_deviation_from_everybodys_recall() -> None:
    counts = np.array([[[80, 20], [5, 45]], [[30, 20], [2, 8]], [[0, 0], [3, 7]]])
    recalls = {0: ([0.8, 0.6], [100, 50]), 1: ([0.9, 0.8, 0.7], [50, 10, 10])}
    squares, people = 0.0, 0
    for rates, sizes in recalls.values():
        everybody = np.average(rates, weights=sizes)
        squares += float(np.sum(np.array(sizes) * (np.array(rates) - everybody) ** 2))
        people += sum(sizes)
    assert_allclose(gap_metrics.recall_dispersion(counts), np.sqrt(squares / people))


def test_recall_dispersion_is_moved_less_by_a_tiny_group_than_a_gap() -> None:
    alike = np.array([[[800, 200], [100, 900]], [[800, 200], [100, 900]]])
    tiny = np.array([[[4, 6], [5, 5]]])
    counts = np.concatenate([alike, tiny])
    assert gap_metrics.recall_dispersion(counts) < 0.04
    assert gap_metrics.equal_opportunity_gap(counts) > 0.35


def test_recall_dispersion_without_two_groups_is_undefined() -> None:
    assert np.isnan(gap_metrics.recall_dispersion(np.array([[[3, 1], [0, 4]]])))


SCORES_OF_SCIKIT_LEARN = {
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
        assert_allclose(value, SCORES_OF_SCIKIT_LEARN[metric.name](true, predicted))


@pytest.mark.parametrize("metric", OVERALL_METRICS, ids=lambda metric: metric.name)
def test_one_call_serves_stacks_of_everybody(metric: GapMetric) -> None:
    stack = np.random.default_rng(0).integers(1, 9, size=(5, 1, 3, 3))
    assert_allclose(metric(stack), [metric(counts) for counts in stack])
    assert metric.group_score(stack).shape == (5, 1)
    assert not metric.higher_is_worse


def test_an_emotion_that_nobody_shows_is_not_the_worst() -> None:
    counts = np.array([[[8, 2, 0], [3, 7, 0], [0, 0, 0]]])
    worst = next(metric for metric in OVERALL_METRICS if metric.name == "worst_class_recall")
    assert_allclose(worst(counts), 0.7)


def test_nobody_has_no_score() -> None:
    nobody = np.zeros((1, 3, 3), dtype=np.int64)
    assert np.isnan(values_of(OVERALL_METRICS, nobody)).all()
