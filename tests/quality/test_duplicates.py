import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_fairness.params.quality import QualityParameters
from fer_fairness.quality.duplicates import (
    are_constant,
    exact_duplicate_groups,
    find_near_duplicates,
)

Images = npt.NDArray[np.uint8]


def noise_images(n: int, seed: int = 0) -> Images:
    return np.random.default_rng(seed).integers(0, 256, (n, 48, 48, 1), dtype=np.uint8)


def smooth_images(n: int, seed: int = 0) -> Images:
    coarse = np.random.default_rng(seed).integers(40, 200, (n, 8, 8), dtype=np.uint8)
    return np.kron(coarse, np.ones((1, 6, 6), dtype=np.uint8))[..., None]


@settings(deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(0, 12), st.just(2), st.just(1), st.just(1))))
def test_groups_are_those_of_comparing_every_pair(images: Images) -> None:
    groups = exact_duplicate_groups(images, np.arange(len(images)))
    expected = (images[:, None] == images[None]).all(axis=(2, 3, 4))
    assert ((groups[:, None] == groups[None]) == expected).all()


def test_groups_are_numbered_by_first_appearance_and_follow_the_index() -> None:
    images = noise_images(3)[[0, 1, 0, 2]]
    assert exact_duplicate_groups(images, np.array([3, 1, 0, 2])).tolist() == [0, 1, 2, 2]


def test_images_ending_in_zeros_are_told_apart() -> None:
    images = np.zeros((2, 4, 4, 1), dtype=np.uint8)
    images[1, -1, -1] = 1
    assert exact_duplicate_groups(images, np.arange(2)).tolist() == [0, 1]


def test_constant_images_are_found_at_any_grey_level() -> None:
    images = noise_images(3)
    images[0], images[2] = 0, 200
    assert are_constant(images, np.arange(3)).tolist() == [True, False, True]
    assert are_constant(images, np.array([1, 2])).tolist() == [False, True]


def test_a_slightly_changed_copy_is_found_and_strangers_are_not() -> None:
    images = smooth_images(30)
    images[17] = images[4] + 3
    near = find_near_duplicates(images, np.arange(30), QualityParameters())
    assert near.pairs.tolist() == [[4, 17]]
    assert near.differences.tolist() == [3.0]
    assert near.complete


def test_a_copy_far_brighter_is_beyond_the_pixel_difference() -> None:
    images = smooth_images(4)
    images[3] = images[0] + 40
    params = QualityParameters(near_duplicate_max_difference=39)
    assert len(find_near_duplicates(images, np.arange(4), params).pairs) == 0
    wider = QualityParameters(near_duplicate_max_difference=40)
    assert find_near_duplicates(images, np.arange(4), wider).pairs.tolist() == [[0, 3]]


def test_constant_images_are_near_nothing() -> None:
    images = np.full((5, 48, 48, 1), 90, dtype=np.uint8)
    images[1:] += np.arange(4, dtype=np.uint8)[:, None, None, None]
    assert len(find_near_duplicates(images, np.arange(5), QualityParameters()).pairs) == 0


def test_pairs_across_blocks_are_found_once() -> None:
    images = noise_images(1100)
    images[1050] = images[3]
    images[1050, 0, 0] ^= 8
    near = find_near_duplicates(images, np.arange(1100), QualityParameters())
    assert near.pairs.tolist() == [[3, 1050]]


def test_the_search_stops_at_its_budget_and_says_so() -> None:
    images = np.repeat(smooth_images(1), 20, axis=0)
    images[:, 0, 0, 0] = np.arange(20)
    params = QualityParameters(near_duplicate_max_candidates=10)
    near = find_near_duplicates(images, np.arange(20), params)
    assert not near.complete
    assert len(near.pairs) == 0


@pytest.mark.parametrize("side", [12, 30, 50])
def test_sizes_that_twelve_does_not_divide_are_compared(side: int) -> None:
    images = np.random.default_rng(1).integers(0, 250, (3, side, side, 1), dtype=np.uint8)
    images[2] = images[1] + 1
    near = find_near_duplicates(images, np.arange(3), QualityParameters())
    assert near.pairs.tolist() == [[1, 2]]


def test_no_images_give_no_pairs() -> None:
    none = np.empty((0, 48, 48, 1), dtype=np.uint8)
    index = np.empty(0, dtype=np.int64)
    assert exact_duplicate_groups(none, index).shape == (0,)
    assert are_constant(none, index).shape == (0,)
    assert find_near_duplicates(none, index, QualityParameters()).pairs.shape == (0, 2)
