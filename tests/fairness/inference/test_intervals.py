import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.stats import binomtest

from fer_fairness.fairness.inference.intervals import (
    percentile_interval,
    raised_interval,
    wilson_interval,
)
from fer_fairness.fairness.metrics.reductions import Array

REPLICATES = arrays(np.float64, st.integers(1, 40), elements=st.floats(-1, 1))


@pytest.mark.parametrize(("successes", "people"), [(0, 3), (3, 3), (7, 20), (810, 1000)])
def test_wilson_is_that_of_scipy(successes: int, people: int) -> None:
    expected = binomtest(successes, people).proportion_ci(0.9, method="wilson")
    found = wilson_interval(successes, people, 0.9)
    assert_allclose([found.low, found.high], [expected.low, expected.high], atol=1e-12)


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_holds_the_share_within_zero_to_one(people: int, share: float) -> None:
    successes = round(share * people)
    found = wilson_interval(successes, people, 0.95)
    assert 0.0 <= found.low <= successes / people + 1e-12
    assert successes / people - 1e-12 <= found.high <= 1.0


def test_three_of_three_right_is_not_certainty() -> None:
    assert wilson_interval(3, 3, 0.95).low < 0.5


def test_nobody_gives_no_interval() -> None:
    assert np.isnan(wilson_interval(0, 0, 0.95).low)
    assert np.isnan(percentile_interval(np.array([np.nan]), 0.95).high)


def test_percentiles_leave_undefined_replicates_out() -> None:
    interval = percentile_interval(np.append(np.arange(101.0), np.nan), 0.9)
    assert (interval.low, interval.high) == pytest.approx((5.0, 95.0))


def test_noise_is_taken_off_below_and_only_its_spread_added_above() -> None:
    replicates, noise = np.linspace(0.10, 0.20, 101), np.linspace(0.0, 0.10, 101)
    interval = raised_interval(0.12, replicates, [noise / 2, noise], 0.9)
    assert (interval.low, interval.high) == pytest.approx((0.12 - 0.09, 0.12 + 0.045))


@given(REPLICATES, st.floats(0, 1))
def test_intervals_of_errors_hold_the_value_and_are_not_negative(
    replicates: Array, value: float
) -> None:
    found = raised_interval(value, np.abs(replicates), [np.abs(replicates)], 0.9)
    assert 0.0 <= found.low <= value <= found.high


def test_errors_that_are_not_defined_have_no_interval() -> None:
    nothing = np.array([np.nan])
    assert np.isnan(raised_interval(np.nan, nothing, [nothing], 0.95).low)
    assert np.isnan(raised_interval(0.1, np.ones(9), [np.ones(9)], np.nan).high)
