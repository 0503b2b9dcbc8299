import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.corrections import holm
from fer_fairness.fairness.testing.hierarchy import corrected, level_of, step_down
from fer_fairness.fairness.testing.omnibus import ranked


def some_statistics(seed: int, most: int) -> Array:
    """Whole numbers, so that there are ties, the more the fewer; shape (30, 4)."""
    return np.random.default_rng(seed).integers(0, most, (30, 4)).astype(np.float64)


STATISTICS = st.builds(some_statistics, st.integers(0, 2**32), st.integers(1, 40))
WEIGHTS = st.lists(st.sampled_from([0.25, 1.0, 2.0, 4.0]), min_size=4, max_size=4).map(np.array)
LEVELS = st.sampled_from([0.01, 1 / 30, 0.05, 0.1, 0.3, 0.7])


def literal(p_values: Array, weights: Array) -> Array:
    """Westfall and Young 1993, algorithm 2.8, as it is written: test after test, in a loop."""
    ratios = [[p / weight for p, weight in zip(row, weights, strict=True)] for row in p_values]
    order = sorted(range(len(weights)), key=lambda test: ratios[0][test])
    found, highest = np.empty(len(weights)), 0.0
    for place, test in enumerate(order):
        left = order[place:]
        reached = [min(row[other] for other in left) <= ratios[0][test] + 1e-12 for row in ratios]
        highest = max(highest, sum(reached) / len(reached))
        found[test] = highest
    return found


@settings(max_examples=150)
@given(STATISTICS, WEIGHTS, LEVELS)
def test_step_down_is_that_of_westfall_and_young(
    statistics: Array, weights: Array, level: float
) -> None:
    p_values = ranked(statistics)
    found = step_down(p_values, weights, level)
    assert_allclose(found.p_values, literal(p_values, weights))
    assert np.all(found.p_values >= p_values[0] - 1e-12)
    assert np.all(found.p_values <= 1.0)
    order = np.argsort(p_values[0] / weights, kind="stable")
    assert np.all(np.diff(found.p_values[order]) >= 0)


@settings(max_examples=300)
@given(STATISTICS, WEIGHTS, LEVELS, st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_test_is_found_exactly_where_its_p_value_is_at_most_the_ratio(
    statistics: Array, weights: Array, level: float, undefined: list[bool]
) -> None:
    p_values = ranked(statistics)
    p_values[:, undefined] = 1.0  # of a test that is not defined
    found = step_down(p_values, weights, level)
    assert_array_equal(found.p_values <= level, p_values[0] / weights <= found.ratio)
    single_step = corrected(p_values[0] / weights, (p_values / weights).min(axis=1))
    assert_array_equal(single_step <= level, p_values[0] / weights <= found.first_ratio)
    assert found.first_ratio <= found.ratio


@settings(max_examples=100)
@given(STATISTICS, WEIGHTS)
def test_a_single_step_finds_no_more(statistics: Array, weights: Array) -> None:
    p_values = ranked(statistics)
    ratios = p_values / weights
    single_step = corrected(ratios[0], ratios.min(axis=1))
    assert np.all(step_down(p_values, weights, 0.05).p_values <= single_step + 1e-12)


@given(STATISTICS)
def test_the_same_test_several_times_costs_nothing(statistics: Array) -> None:
    p_values = np.repeat(ranked(statistics[:, :1]), 5, axis=1)
    found = step_down(p_values, np.ones(5), 0.05)
    assert_allclose(found.p_values, p_values[0])


def test_tests_that_exclude_one_another_cost_what_holm_charges() -> None:
    # In no shuffle are two of the tests extreme: the bound of Bonferroni is reached.
    n, tests = 400, 4
    p_values = np.ones((n, tests))
    share = np.arange(1, n // tests + 1)
    for test in range(tests):
        p_values[test * len(share) : (test + 1) * len(share), test] = share / n
    measured = np.array([3, 9, 1, 20]) / n
    table = np.vstack([measured, p_values])
    found = step_down(table, np.ones(tests), 0.05)
    assert_allclose(found.p_values, holm(measured), atol=1.5 / n)


def test_independent_tests_cost_what_sidak_charges() -> None:
    statistics = np.random.default_rng(0).normal(size=(20_000, 3))
    statistics[0] = [2.6, 2.3, 0.3]
    p_values = ranked(statistics)
    found = step_down(p_values, np.ones(3), 0.05).p_values
    raw = np.sort(p_values[0])
    expected = np.maximum.accumulate(1 - (1 - raw) ** np.array([3, 2, 1]))
    assert_allclose(found, expected, rtol=0.12)


def test_a_heavier_test_is_charged_less() -> None:
    statistics = np.random.default_rng(1).normal(size=(5000, 2))
    statistics[0] = [2.2, 0.0]
    p_values = ranked(statistics)
    light, even, heavy = (
        step_down(p_values, np.array([weight, 1.0]), 0.05).p_values[0] for weight in (0.25, 1, 4)
    )
    assert p_values[0, 0] < heavy < even < light


@given(
    arrays(np.float64, st.integers(1, 40), elements=st.integers(1, 40).map(lambda n: n / 40)),
    LEVELS,
)
def test_the_level_is_where_correction_reaches_it(smallest: Array, level: float) -> None:
    limit = level_of(smallest, level)
    for p_value in np.arange(0, 42) / 40:
        assert (p_value <= limit) == bool(corrected(p_value, smallest) <= level)


@pytest.mark.parametrize(("level", "n"), [(0.05, 20), (0.05, 100), (0.2, 100)])
def test_shuffles_find_something_in_no_more_than_the_level(level: float, n: int) -> None:
    # Every row as if it were the measured one: exact, whatever hangs together.
    statistics = np.random.default_rng(n).integers(0, 15, (n, 3)).astype(float)
    statistics[:, 2] = statistics[:, 1]
    p_values, weights = ranked(statistics), np.array([1.0, 2.0, 0.5])
    alarms = 0
    for row in range(n):
        turned = np.concatenate([p_values[row:], p_values[:row]])
        alarms += bool((step_down(turned, weights, level).p_values <= level).any())
    assert alarms / n <= level
