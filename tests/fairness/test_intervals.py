import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binomtest

from fer_fairness.fairness.inference import bootstrap_counts, resampled
from fer_fairness.fairness.intervals import (
    gap_interval,
    percentile_interval,
    reflected_interval,
    wilson_interval,
)
from fer_fairness.fairness.metrics import GAP_METRICS


@pytest.mark.parametrize(("successes", "people"), [(0, 3), (3, 3), (7, 20), (810, 1000)])
def test_wilson_is_that_of_scipy(successes: int, people: int) -> None:
    expected = binomtest(successes, people).proportion_ci(0.9, method="wilson")
    found = wilson_interval(successes, people, 0.9)
    assert_allclose([found.low, found.high], [expected.low, expected.high], atol=1e-12)


def test_three_of_three_right_is_not_certainty() -> None:
    assert wilson_interval(3, 3, 0.95).low < 0.5


def test_nobody_gives_no_interval() -> None:
    assert np.isnan(wilson_interval(0, 0, 0.95).low)
    assert np.isnan(percentile_interval(np.array([np.nan]), 0.95).high)


def test_percentiles_leave_undefined_replicates_out() -> None:
    interval = percentile_interval(np.append(np.arange(101.0), np.nan), 0.9)
    assert (interval.low, interval.high) == pytest.approx((5.0, 95.0))


def test_reflection_lowers_what_noise_has_raised_and_holds_the_value() -> None:
    interval = reflected_interval(0.10, np.linspace(0.10, 0.20, 101), 0.9)
    assert interval.low < 0.01
    assert interval.high == pytest.approx(0.10)


def test_interval_holds_equal_treatment_where_the_test_does_not_reject_it() -> None:
    counts = np.array([[[90, 10], [40, 60]], [[80, 20], [45, 55]]])
    metric = GAP_METRICS["equal_opportunity_gap"]
    (replicates,) = resampled(bootstrap_counts, counts, [metric.function], n=300, seed=0)
    tight = np.full_like(replicates, float(metric.function(counts)))
    unclear = gap_interval(metric, counts, tight, p_value=0.4, confidence=0.95)
    clear = gap_interval(metric, counts, tight, p_value=0.01, confidence=0.95)
    assert unclear.low == pytest.approx(0.0, abs=1e-12)
    assert clear.low == pytest.approx(0.075)


def test_ratios_do_not_exceed_one() -> None:
    counts = np.array([[[90, 10], [40, 60]], [[89, 11], [41, 59]]])
    metric = GAP_METRICS["accuracy_ratio"]
    (replicates,) = resampled(bootstrap_counts, counts, [metric.function], n=300, seed=0)
    interval = gap_interval(metric, counts, replicates, p_value=0.9, confidence=0.95)
    assert interval.low <= float(metric.function(counts)) <= interval.high <= 1.0


@pytest.mark.parametrize("planted", [0.0, 0.15])
def test_accuracy_gap_intervals_cover_the_truth(planted: float) -> None:
    generator = np.random.default_rng(5)
    metric = GAP_METRICS["accuracy_gap"]
    rights = np.array([0.8, 0.8 - planted])
    covered = []
    for _ in range(100):
        hits = generator.binomial(300, rights)
        counts = np.stack([[[n, 300 - n], [0, 0]] for n in hits])
        (replicates,) = resampled(
            bootstrap_counts, counts, [metric.function], n=200, seed=generator
        )
        interval = gap_interval(metric, counts, replicates, p_value=0.0, confidence=0.95)
        covered.append(interval.low <= planted <= interval.high)
    assert np.mean(covered) >= (0.88 if planted else 0.75)
