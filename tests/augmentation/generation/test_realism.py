import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from fer_fairness.augmentation.generation.realism import (
    density_and_coverage,
    frechet_distance,
    realism,
)


def correlated(seed: int, n: int, d: int = 4) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)) @ generator.normal(size=(d, d)) + generator.normal(size=d)


def test_the_distance_of_normal_numbers_is_that_of_means_and_deviations() -> None:
    # Two numbers m - s and m + s have the deviation 2 ** 0.5 s.
    one, other = np.array([[1.0], [3.0]]), np.array([[2.0], [8.0]])
    assert frechet_distance(one, other) == pytest.approx((2 - 5) ** 2 + 2 * (1 - 3) ** 2)


@pytest.mark.parametrize("n", [50, 3])
def test_the_distance_is_that_with_a_root_of_the_product(n: int) -> None:
    one, other = correlated(1, n), correlated(2, 40)
    covariances = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = np.real(sqrtm(covariances[0] @ covariances[1]))
    difference = one.mean(axis=0) - other.mean(axis=0)
    expected = difference @ difference + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-5)


@given(seed=st.integers(0, 99), shift=st.floats(-5, 5))
def test_the_distance_is_symmetric_and_grows_by_the_square_of_a_shift(
    seed: int, shift: float
) -> None:
    one, other = correlated(seed, 12), correlated(seed + 1, 9)
    assert frechet_distance(one, one + shift) == pytest.approx(4 * shift**2, abs=1e-6)
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one))


def test_density_and_coverage_count_balls_around_real_faces() -> None:
    real, made = correlated(3, 30), correlated(4, 20)
    apart = np.linalg.norm(real[:, None] - real, axis=2)
    reach = np.sort(apart, axis=1)[:, 3]
    is_in = np.linalg.norm(real[:, None] - made, axis=2) <= reach[:, None]
    expected = is_in.sum() / (3 * 20), is_in.any(axis=1).mean()
    assert density_and_coverage(real, made, k=3) == pytest.approx(expected)


def test_samples_of_one_distribution_have_the_density_and_coverage_that_the_paper_gives() -> None:
    generator = np.random.default_rng(0)
    real, made = generator.normal(size=(2, 1500, 8))
    density, coverage = density_and_coverage(real, made, k=5)
    assert density == pytest.approx(1.0, abs=0.05)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert density_and_coverage(real, made + 100, k=5) == (0, 0)


def test_one_mode_of_two_is_dense_and_does_not_cover() -> None:
    generator = np.random.default_rng(1)
    real = generator.normal(size=(400, 2)) + np.repeat([[0, 0], [50, 50]], 200, axis=0)
    density, coverage = density_and_coverage(real, generator.normal(size=(400, 2)), k=5)
    assert density > 0.9
    assert coverage < 0.51


def test_too_few_faces_are_not_measured() -> None:
    one, five = correlated(5, 1), correlated(6, 5)
    assert np.isnan(realism(one, five)).all()
    assert np.isnan(realism(five, five)).tolist() == [False, True, True]
