"""The Pareto front, by brute force and by what it must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest, t

from fer_fairness.fairness.comparisons.front import SeedDraws, joint_draws, on_front, seed_draws
from fer_fairness.fairness.comparisons.measured import Measured

Points = list[tuple[int, int]]
points = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8)


def front(given_points: Points) -> list[bool]:
    first, second = np.array(given_points, dtype=float).T / 10
    return [bool(one) for one in on_front(first, second)]


@given(points)
def test_nobody_on_the_front_is_dominated_and_everybody_else_is(given_points: Points) -> None:
    expected = [
        not any(
            other[0] >= one[0] and other[1] >= one[1] and other != one for other in given_points
        )
        for one in given_points
    ]
    assert front(given_points) == expected
    assert any(expected)


@given(points, st.integers(0, 5), st.integers(0, 5), st.integers(0, 7))
def test_a_dominated_method_changes_nobody_elses_place(
    given_points: Points, less: int, lower: int, place: int
) -> None:
    one = given_points[place % len(given_points)]
    added = (one[0] - less, one[1] - lower - 1)
    assert front([*given_points, added]) == [*front(given_points), False]


@given(points)
def test_equal_methods_are_on_the_front_together(given_points: Points) -> None:
    assert front([*given_points, *given_points]) == front(given_points) * 2


def test_rounding_dominates_nobody() -> None:
    values = np.array([0.8, 0.8 + 1e-8])
    assert on_front(values, values[::-1]).all()
    assert on_front(values, values).all()


def test_draws_are_taken_one_by_one() -> None:
    first = np.array([[0.1, 0.2], [0.2, 0.1]])
    assert_array_equal(on_front(first, first), [[False, True], [True, False]])


def measured(values: list[float], *, noise: float = 0.01, n: int = 4000) -> Measured:
    """Models whose noise of people is the same."""
    of_people = noise * np.random.default_rng(0).standard_normal((n, 1))
    table = np.array(values)[:, np.newaxis]
    draws = (table[:, 0] + of_people)[np.newaxis, :, :, np.newaxis].astype(np.float32)
    return Measured(table, table, draws)


def test_draws_have_the_mean_and_the_error_of_the_means_over_seeds() -> None:
    found = measured([0.48, 0.5, 0.52, 0.49, 0.57, 0.62])
    models = np.arange(6).reshape(2, 3).T
    means, _ = found.means(models)
    generator = np.random.default_rng(1)
    # There chi-square with the two degrees of freedom of three seeds is two: no tails.
    usual = SeedDraws(generator.standard_normal((4000, 3)), np.full(4000, 1 - np.exp(-1)))
    draws = joint_draws(found, models, usual, np.array([1.0]))
    assert_allclose(draws.mean(axis=0), means.values, atol=3e-3)
    assert_allclose(draws.std(axis=0), means.errors, rtol=0.05)


def test_variants_share_the_noise_of_people_and_of_seeds() -> None:
    found = measured([0.48, 0.5, 0.52, 0.58, 0.6, 0.62])
    of_seeds = seed_draws(4000, 3, 0)
    draws = joint_draws(found, np.arange(6).reshape(2, 3).T, of_seeds, np.array([1.0]))
    inside = np.all((draws > 0) & (draws < 1), axis=(1, 2))
    assert inside.mean() > 0.95
    assert_allclose((draws[:, 1] - draws[:, 0])[inside], 0.1, atol=1e-5)


@pytest.mark.parametrize("freedom", [2.0, 4.4, 30.0])
def test_draws_of_seeds_have_the_tails_of_the_degrees_of_freedom(freedom: float) -> None:
    of_seeds = seed_draws(20_000, 1, 0)
    draws = of_seeds.weights[:, 0] * of_seeds.tails(np.array(freedom))
    assert kstest(draws, t(freedom).cdf).pvalue > 0.001


def test_a_variance_that_is_known_leaves_draws_normal() -> None:
    of_seeds = seed_draws(10, 1, 0)
    assert_array_equal(of_seeds.tails(np.array([np.inf, np.inf])), np.ones((10, 2)))


def test_seeds_that_agree_leave_the_noise_to_people() -> None:
    found = measured([0.5, 0.5, 0.5])
    models = np.arange(3).reshape(1, 3).T
    draws = joint_draws(found, models, seed_draws(4000, 3, 0), np.array([1.0]))
    assert draws.std() == pytest.approx(float(found.means(models)[0].errors[0, 0]), rel=0.05)


def test_draws_stay_within_the_metric() -> None:
    found = measured([0.001, 0.999], noise=0.1)
    draws = joint_draws(found, np.array([[0, 1]]), seed_draws(4000, 1, 0), np.array([1.0]))
    assert (draws.min(), draws.max()) == (0.0, 1.0)
