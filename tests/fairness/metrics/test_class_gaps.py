import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from fer_fairness.fairness.metrics import group_metrics as metrics
from fer_fairness.fairness.metrics.class_gaps import class_gap_metrics
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.fairness.metrics.group_metrics import Counts

TABLES = arrays(np.int64, (3, 4, 4), elements=st.integers(0, 6))

TWO_GROUPS = np.array([[[8, 2], [5, 5]], [[6, 4], [1, 9]]])

BY_HAND = {
    "recall_dispersion_calm": 0.1,
    "recall_gap_calm": 0.2,
    "recall_ratio_calm": 0.6 / 0.8,
    "precision_gap_calm": 6 / 7 - 8 / 13,
    "precision_ratio_calm": (8 / 13) / (6 / 7),
    "false_positive_rate_gap_calm": 0.4,
    "false_positive_rate_ratio_calm": 0.1 / 0.5,
    "false_negative_rate_gap_calm": 0.2,
    "false_negative_rate_ratio_calm": 0.2 / 0.4,
    "recall_dispersion_fear": 0.2,
    "recall_gap_fear": 0.4,
    "recall_ratio_fear": 0.5 / 0.9,
    "precision_gap_fear": 5 / 7 - 9 / 13,
    "precision_ratio_fear": (9 / 13) / (5 / 7),
    "false_positive_rate_gap_fear": 0.2,
    "false_positive_rate_ratio_fear": 0.2 / 0.4,
    "false_negative_rate_gap_fear": 0.4,
    "false_negative_rate_ratio_fear": 0.1 / 0.5,
}
BY_NAME = {metric.name: metric for metric in class_gap_metrics(("calm", "fear"))}


def test_every_class_has_its_gaps_and_ratios_in_order() -> None:
    assert list(BY_NAME) == list(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_gaps_of_a_table_computed_by_hand(name: str) -> None:
    assert_allclose(BY_NAME[name](TWO_GROUPS), BY_HAND[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("recall_gap_fear", [0.5, 0.9]),
        ("precision_ratio_fear", [5 / 7, 9 / 13]),
        ("false_positive_rate_gap_fear", [0.8, 0.6]),
        ("false_negative_rate_ratio_fear", [0.5, 0.9]),
    ],
)
def test_group_score_is_how_well_the_class_of_a_group_is_served(
    name: str, expected: list[float]
) -> None:
    assert_allclose(BY_NAME[name].group_score(TWO_GROUPS), expected)


@given(TABLES)
def test_gaps_and_ratios_are_those_between_the_groups_with_a_rate(counts: Counts) -> None:
    values = {metric.name: metric(counts) for metric in class_gap_metrics("abcd")}
    for rate in (
        metrics.recall,
        metrics.precision,
        metrics.false_positive_rate,
        metrics.false_negative_rate,
    ):
        for name, of_groups in zip("abcd", rate(counts).T, strict=True):
            defined = [value for value in of_groups if not np.isnan(value)]
            enough = len(defined) >= 2
            gap = max(defined) - min(defined) if enough else np.nan
            ratio = min(defined) / max(defined) if enough and max(defined) > 0 else np.nan
            assert_allclose(values[f"{rate.__name__}_gap_{name}"], gap, atol=1e-12)
            assert_allclose(values[f"{rate.__name__}_ratio_{name}"], ratio, atol=1e-12)


@given(TABLES, st.permutations(range(3)))
def test_order_of_groups_does_not_matter(counts: Counts, order: list[int]) -> None:
    every = class_gap_metrics("abcd")
    found, turned = values_of(every, counts), values_of(every, counts[order])
    assert_allclose(found, turned, atol=1e-12)


def test_groups_that_are_wrong_alike_have_the_ideal_value() -> None:
    alike = np.tile(np.array([[5, 3, 2], [1, 7, 1], [4, 4, 1]]), (3, 1, 1))
    for metric in class_gap_metrics("abc"):
        assert_allclose(metric(alike), metric.ideal)


def test_ratios_of_rates_that_are_all_zero_are_missing() -> None:
    right = np.tile(np.diag([5, 3]), (2, 1, 1))
    for metric in class_gap_metrics(("calm", "fear")):
        of_errors = metric.name.startswith("false") and "ratio" in metric.name
        assert np.isnan(metric(right)) == of_errors
