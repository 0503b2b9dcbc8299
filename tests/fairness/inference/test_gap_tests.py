import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_fairness.fairness.inference.draws import permutation_counts, resampled
from fer_fairness.fairness.inference.gap_tests import permutation_test
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.reductions import Array

NULLS = arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 20).map(lambda n: n / 20))


def test_p_value_counts_the_value_itself_among_the_draws() -> None:
    null = np.array([0.0, 0.1, 0.2, 0.3])
    assert permutation_test(0.2, null, higher_is_worse=True).p_value == pytest.approx(3 / 5)
    assert permutation_test(0.1, null, higher_is_worse=False).p_value == pytest.approx(3 / 5)
    assert permutation_test(9.0, null, higher_is_worse=True).p_value == pytest.approx(1 / 5)


@given(NULLS, st.floats(-1, 2))
def test_ratios_are_tested_as_gaps_turned_round(null: Array, value: float) -> None:
    gap = permutation_test(value, null, higher_is_worse=True)
    ratio = permutation_test(1 - value, 1 - null, higher_is_worse=False)
    assert gap.p_value == pytest.approx(ratio.p_value)
    assert gap.null_mean == pytest.approx(1 - ratio.null_mean)
    assert gap.null_95 == pytest.approx(1 - ratio.null_95)
    assert 1 / (null.size + 1) <= gap.p_value <= 1


@given(NULLS, st.integers(0, 19))
def test_worse_values_have_no_larger_p_values(null: Array, twentieths: int) -> None:
    better, worse = (
        permutation_test(part / 20, null, higher_is_worse=True)
        for part in (twentieths, twentieths + 1)
    )
    assert worse.p_value <= better.p_value


def test_the_tail_is_what_95_draws_of_100_do_not_pass() -> None:
    null = np.linspace(0.0, 1.0, 101)
    assert permutation_test(0.5, null, higher_is_worse=True).null_95 == pytest.approx(0.95)
    assert permutation_test(0.5, null, higher_is_worse=False).null_95 == pytest.approx(0.05)
    assert permutation_test(0.5, null, higher_is_worse=True).null_mean == pytest.approx(0.5)


def test_the_same_value_in_another_order_of_adding_is_as_extreme() -> None:
    null = np.full(9, 0.1 + 0.2)
    assert permutation_test(0.3, null, higher_is_worse=True).p_value == 1.0
    assert permutation_test(0.1 + 0.2, np.full(9, 0.3), higher_is_worse=True).p_value == 1.0


def test_draws_that_are_not_defined_do_not_count() -> None:
    found = permutation_test(0.5, np.array([np.nan, 0.1, 0.9]), higher_is_worse=True)
    assert found.p_value == pytest.approx(2 / 3)
    assert found.null_mean == pytest.approx(0.5)


@pytest.mark.parametrize(("value", "null"), [(np.nan, np.zeros(3)), (0.1, np.full(3, np.nan))])
def test_what_is_not_defined_has_no_p_value(value: float, null: Array) -> None:
    found = permutation_test(value, null, higher_is_worse=True)
    assert np.isnan([found.p_value, found.null_mean, found.null_95]).all()


@pytest.mark.parametrize("name", ["equal_opportunity_gap", "accuracy_ratio"])
def test_false_alarms_are_as_rare_as_promised(name: str) -> None:
    metric = GAP_METRICS[name]
    generator = np.random.default_rng(6)
    people = np.array([[60, 20], [25, 8]])
    p_values = []
    for _ in range(200):
        counts = generator.multinomial(people, [[[0.8, 0.2], [0.3, 0.7]]] * 2)
        (null,) = resampled(permutation_counts, counts, [metric], n=99, seed=generator)
        test = permutation_test(float(metric(counts)), null, higher_is_worse=metric.higher_is_worse)
        p_values.append(test.p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.1
    assert 0.1 <= np.mean(np.array(p_values) <= 0.25) <= 0.36
