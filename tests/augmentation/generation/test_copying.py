import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.augmentation.generation.copying import (
    SAME_PICTURE,
    copy_limit,
    copying_z,
    looks,
    nearest_distances,
)

GENERATOR = np.random.default_rng(0)


def blurry(n: int, seed: int) -> np.ndarray:
    """Faces of a smooth distribution: mixtures of a few patterns."""
    patterns = np.random.default_rng(42).normal(size=(12, 24 * 24))
    pixels = 128 + 12 * np.random.default_rng(seed).normal(size=(n, 12)) @ patterns
    return np.clip(pixels, 0, 255).astype(np.uint8).reshape(n, 24, 24, 1)


TRAINING, APART = blurry(400, 1), blurry(150, 2)
REAL = nearest_distances(APART, TRAINING)


def z_of(made: np.ndarray) -> float:
    cells = np.zeros(len(APART), int), np.zeros(len(made), int)
    return copying_z(REAL, nearest_distances(made, TRAINING), *cells)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images,
        lambda images: images[:, :, ::-1],
        lambda images: (images * 0.6 + 60).astype(np.uint8),
        lambda images: images + GENERATOR.integers(-3, 4, images.shape).astype(np.uint8),
    ],
    ids=["as it is", "mirrored", "lit otherwise", "with noise"],
)
def test_a_generator_that_gives_training_faces_is_caught(change: object) -> None:
    assert callable(change)
    copies = change(np.clip(TRAINING[:150], 5, 250))
    assert (nearest_distances(copies, TRAINING) < copy_limit(REAL, 0.01)).mean() > 0.95
    assert z_of(copies) < -10


def test_a_generator_of_the_distribution_is_not() -> None:
    made = blurry(150, 3)
    assert (nearest_distances(made, TRAINING) < copy_limit(REAL, 0.01)).mean() < 0.05
    assert abs(z_of(made)) < 3


def test_one_that_misses_the_distribution_is_far_above_0() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (150, 24, 24, 1)).astype(np.uint8)
    assert z_of(noise) > 10


def test_it_is_the_mann_whitney_statistic_averaged_over_cells() -> None:
    real, made = np.array([0.5, 0.6, 0.7, 0.8, 0.9] * 2), np.array([0.65] * 5 + [2.0] * 6)
    # In the first cell a made face is farther in 2 pairs of 5, in the second always.
    first = (10 - 12.5) / np.sqrt(25 * 11 / 12)
    second = (30 - 15) / np.sqrt(30 * 12 / 12)
    cells = np.repeat([0, 1], 5), np.repeat([0, 1], [5, 6])
    assert copying_z(real, made, *cells) == pytest.approx((first + second) / 2)


def test_ties_count_by_half_and_small_cells_not_at_all() -> None:
    same, cells = np.full(6, 0.5), np.repeat([0, 1], [5, 1])
    assert copying_z(same, same, cells, cells) == 0
    assert np.isnan(copying_z(same[:4], same, cells[:4], cells))


@given(st.integers(0, 99))
def test_it_is_symmetric_but_for_its_sign(seed: int) -> None:
    one, other = np.random.default_rng(seed).uniform(0.1, 1, size=(2, 20))
    cells = np.zeros(20, int), np.zeros(20, int)
    assert copying_z(one, other, *cells) == pytest.approx(-copying_z(other, one, *cells))


def test_pictures_that_are_there_twice_make_no_limit_of_0() -> None:
    apart = np.concatenate([np.zeros(30), np.linspace(0.3, 0.8, 101)])
    assert copy_limit(apart, 0.01) == pytest.approx(0.305)
    assert copy_limit(apart, 0.0) == copy_limit(np.zeros(5), 0.5) == SAME_PICTURE


def test_looks_have_length_1_and_no_more_than_24_squares_a_side() -> None:
    images = np.random.default_rng(5).integers(0, 256, (3, 100, 70, 1)).astype(np.uint8)
    images[2] = 7
    found = looks(images)
    assert found.shape == (3, 20 * 14)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 0], abs=1e-6)


def test_without_training_faces_nothing_is_near() -> None:
    assert np.isinf(nearest_distances(APART[:2], TRAINING[:0])).all()
