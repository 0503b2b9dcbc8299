"""Ranks over blocks, and those that are possible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from fer_fairness.fairness.comparisons.measured import Measured
from fer_fairness.fairness.comparisons.ranking import (
    block_ranks,
    critical_difference,
    friedman,
    higher,
    possible_ranks,
)
from fer_fairness.params.inference import InferenceParameters

PARAMS = InferenceParameters()

# C4.5, with m, with cf and with both, on 14 datasets (Demsar 2006, table 6), as ranked there.
DEMSAR = np.array(
    [
        (4, 3, 2, 1),
        (1, 2, 3, 4),
        (4, 1, 2, 3),
        (4, 1, 3, 2),
        (4, 2, 3, 1),
        (1, 2.5, 4, 2.5),
        (3, 2, 4, 1),
        (2.5, 2.5, 4, 1),
        (4, 3, 2, 1),
        (2.5, 2.5, 2.5, 2.5),
        (4, 2.5, 1, 2.5),
        (3, 2, 4, 1),
        (4, 1, 2, 3),
        (3, 1, 4, 2),
    ]
)


def test_the_published_example_comes_out() -> None:
    assert_allclose(DEMSAR.mean(axis=0), [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    found = friedman(DEMSAR)
    # The paper's 9.28 is without the correction for ties: three pairs and one four.
    ties = (3 * (2**3 - 2) + (4**3 - 4)) / (14 * 4 * (4**2 - 1))
    uncorrected = found.chi_square * (1 - ties)
    assert uncorrected == pytest.approx(9.28, abs=0.005)
    assert 13 * uncorrected / (14 * 3 - uncorrected) == pytest.approx(3.69, abs=0.005)
    assert critical_difference(4, 14, 0.05) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, 0.10) == pytest.approx(1.12, abs=0.005)


@pytest.mark.parametrize(
    ("n_methods", "quantile"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)]
)
def test_critical_values_are_those_of_the_table(n_methods: int, quantile: float) -> None:
    scale = np.sqrt(n_methods * (n_methods + 1) / (6 * 7))
    assert critical_difference(n_methods, 7, 0.05) / scale == pytest.approx(quantile, abs=1e-3)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(3, 8), st.integers(2, 20))
def test_friedman_is_that_of_scipy(draw: int, blocks: int, methods: int, different: int) -> None:
    values = np.random.default_rng(draw).integers(0, different, (blocks, methods)) / different
    ranks = block_ranks(values)
    assert_allclose(ranks, np.apply_along_axis(stats.rankdata, 1, -values))
    assert_allclose(block_ranks(values, higher_is_better=False), methods + 1 - ranks)
    found = friedman(ranks)
    if (values == values[:, :1]).all():
        assert (found.chi_square, found.p_value, found.f_p_value) == (0.0, 1.0, 1.0)
        return
    expected = stats.friedmanchisquare(*values.T)
    assert found.chi_square == pytest.approx(expected.statistic, rel=1e-6)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    assert 0.0 <= found.f_p_value <= 1.0


def test_blocks_that_all_agree_leave_no_doubt() -> None:
    found = friedman(np.tile([1.0, 2.0, 3.0, 4.0], (5, 1)))
    assert (found.f, found.f_p_value) == (np.inf, 0.0)
    assert found.chi_square == pytest.approx(15.0)


def test_one_block_ranks_and_tests_nothing() -> None:
    assert np.isnan(
        [friedman(np.array([[1.0, 2.0]])).p_value, critical_difference(3, 1, 0.05)]
    ).all()


def test_values_that_differ_by_rounding_share_a_rank() -> None:
    assert_array_equal(block_ranks(np.array([[0.3, 0.1 + 0.2, 0.1]])), [[1.5, 1.5, 3.0]])


def simulated(truth: list[float], *, noise: float, n_seeds: int, draw: int) -> Measured:
    """Values around a truth with noise of people that all share, and each model's own."""
    generator = np.random.default_rng(draw)
    n_models = len(truth) * n_seeds
    expected = np.repeat(truth, n_seeds)

    def noisy(n: int) -> np.ndarray:
        shared = generator.standard_normal((n, 1))
        own = generator.standard_normal((n, n_models))
        return np.asarray(noise * (shared + own))

    values = (expected + noisy(1)[0])[:, np.newaxis]
    draws = (values[:, 0] + noisy(500))[np.newaxis, :, :, np.newaxis].astype(np.float32)
    return Measured(values, values, draws)


def models(n_variants: int, n_seeds: int) -> np.ndarray:
    return np.arange(n_variants * n_seeds).reshape(n_variants, n_seeds).T


def test_what_lies_far_apart_is_told_apart_and_the_rest_shares_its_ranks() -> None:
    found = simulated([0.9, 0.5, 0.5, 0.1], noise=0.01, n_seeds=5, draw=0)
    above = higher(found, models(4, 5), PARAMS, seed=0)
    expected = np.zeros((4, 4), dtype=bool)
    expected[0, 1:] = expected[1:3, 3] = True
    assert_array_equal(above, expected)
    low, high = possible_ranks(above)
    assert_array_equal(np.stack([low, high], axis=1), [(1, 1), (2, 3), (2, 3), (4, 4)])


def test_equal_methods_are_seldom_told_apart() -> None:
    wrong = [
        higher(
            simulated([0.5] * 6, noise=0.02, n_seeds=1, draw=draw), models(6, 1), PARAMS, seed=draw
        ).any()
        for draw in range(200)
    ]
    assert 0.005 <= np.mean(wrong) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


@given(st.integers(0, 10_000), st.integers(1, 7), st.floats(0, 3))
def test_a_true_order_lies_within_the_possible_ranks(draw: int, n: int, least: float) -> None:
    truth = np.random.default_rng(draw).normal(size=n)
    better = truth[:, np.newaxis] - truth > least
    low, high = possible_ranks(better)
    ranks = block_ranks(truth[np.newaxis])[0]
    assert np.all((low <= ranks) & (ranks <= high))
    assert_array_equal(high - low, n - 1 - better.sum(axis=0) - better.sum(axis=1))
