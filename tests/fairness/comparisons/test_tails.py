import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr
from scipy.stats import t

from fer_fairness.fairness.comparisons.step_down import corrected
from fer_fairness.fairness.comparisons.tails import Tails
from fer_fairness.fairness.metrics.reductions import Array


def noise(n: int, n_tests: int, n_heavy: int) -> Array:
    """Normal draws, but for the first tests: next to nothing, and rarely much."""
    generator = np.random.default_rng(1)
    draws = generator.standard_normal((n, n_tests))
    draws[:, :n_heavy] *= np.where(generator.random((n, n_heavy)) < 0.02, 1.0, 0.05)
    return np.asarray(draws / draws.std(axis=0))


def test_draws_of_t_have_its_freedom_and_others_none() -> None:
    generator = np.random.default_rng(0)
    heavy = t(12).rvs(400_000, random_state=generator)
    columns = [heavy, generator.standard_normal(400_000), generator.random(400_000) - 0.5]
    draws = np.stack([column / column.std() for column in columns], axis=1)
    freedom = Tails.of(draws).freedom
    assert freedom[0] == pytest.approx(12, rel=0.15)
    assert freedom[1] > 100
    assert np.isinf(freedom[2])


def test_a_test_that_does_not_vary_is_taken_for_normal() -> None:
    assert np.isinf(Tails.of(np.zeros((50, 2))).freedom).all()


def test_p_values_are_those_of_t_with_variance_one() -> None:
    found = Tails(np.array([5.0, np.inf])).p_values(np.array([[2.5, 2.5], [-4.0, -4.0]]))
    scaled = t(5, scale=np.sqrt(3 / 5))
    assert_allclose(found[:, 0], 2 * scaled.sf([2.5, 4.0]))
    assert_allclose(found[:, 1], 2 * ndtr([-2.5, -4.0]))


@given(
    st.lists(st.floats(1e-5, 1.0), min_size=3, max_size=3),
    st.lists(st.floats(4.01, 1e4), min_size=2, max_size=2),
)
def test_levels_and_p_values_are_one_scale(values: list[float], freedom: list[float]) -> None:
    tails, levels = Tails(np.array([*freedom, np.inf])), np.array(values)
    assert_allclose(tails.of_normal(tails.to_normal(levels)), levels, rtol=1e-6)


def test_what_is_no_test_stays_so_and_no_level_becomes_zero() -> None:
    tails = Tails(np.array([5.0, 5.0, np.inf, np.inf]))
    assert_allclose(
        tails.to_normal(np.array([np.nan, 0.05, np.nan, 0.05])).round(2)[[0, 2]], np.nan
    )
    found = tails.of_normal(np.array([0.0, np.nan, 0.0, 1.0]))
    assert 0 < found[0] < 1e-5
    assert_allclose(found[1:], [np.nan, 0, 1])
    assert tails.to_normal(np.full(4, 1e-200)).min() > 0


def test_tests_far_from_normal_do_not_take_the_level_of_the_others() -> None:
    n_tests = 20
    draws = t(4.5).rvs((9999, n_tests), random_state=np.random.default_rng(1))
    draws[:, 8:] = np.random.default_rng(2).standard_normal((9999, n_tests - 8))
    draws /= draws.std(axis=0)
    tails = Tails.of(draws)
    primary, blocks = np.ones(n_tests, dtype=bool), np.arange(n_tests)
    p_values = np.full(n_tests, 0.5)
    p_values[10] = 0.001
    as_normal = corrected(p_values, 2 * ndtr(-np.abs(draws)), primary, blocks, 0.05)
    own = corrected(tails.of_normal(p_values), tails.p_values(draws), primary, blocks, 0.05)
    assert as_normal.p_values[10] > 0.05
    assert as_normal.levels[10] < 0.0004
    assert own.p_values[10] == pytest.approx(1 - (1 - 0.001) ** n_tests, rel=0.25)
    assert own.levels[10] == pytest.approx(0.05 / n_tests, rel=0.25)


def test_what_is_often_so_far_from_zero_is_not_found_for_it() -> None:
    draws = noise(9999, 20, 5)
    tails = Tails.of(draws)
    p_values = np.full(20, 0.5)
    p_values[0] = 2 * ndtr(-4.0)
    assert (np.abs(draws[:, 0]) > 4).mean() > 0.005
    assert tails.of_normal(p_values)[0] > 0.002
