from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.fairness.inference.draws import permutation_counts
from fer_fairness.fairness.testing.pairs import pair_differences, pairs_of

COUNTS = np.random.default_rng(0).integers(2, 30, (3, 4, 4))


def by_hand(counts: np.ndarray, first: int, second: int) -> float:
    total, weight = 0.0, 0.0
    for place in range(counts.shape[1]):
        n, m = counts[first, place].sum(), counts[second, place].sum()
        if n and m:
            apart = counts[first, place, place] / n - counts[second, place, place] / m
            total, weight = total + n * m / (n + m) * apart, weight + n * m / (n + m)
    return total / weight


def test_pairs_are_all_pairs_once() -> None:
    assert pairs_of(4) == tuple(combinations(range(4), 2))
    assert pairs_of(1) == ()


def test_differences_are_those_of_a_loop_over_classes() -> None:
    found = pair_differences(COUNTS[np.newaxis].astype(float))
    expected = [by_hand(COUNTS, *pair) for pair in pairs_of(3)]
    assert_allclose(found.differences[0], expected)
    turned = pair_differences(COUNTS[np.newaxis, ::-1].astype(float))
    assert_allclose(turned.differences[0], [-value for value in expected[::-1]])
    assert_allclose(turned.errors[0], found.errors[0, ::-1])


def test_errors_are_those_of_shuffles() -> None:
    drawn = permutation_counts(COUNTS, 5000, 1).astype(float)
    spread = pair_differences(drawn).differences
    assert_allclose(spread.mean(axis=0), 0.0, atol=0.004)
    errors = pair_differences(COUNTS[np.newaxis].astype(float)).errors[0]
    assert_allclose(spread.std(axis=0), errors, rtol=0.04)
    assert_allclose((pair_differences(drawn).standardised ** 2).mean(axis=0), 1.0, rtol=0.08)


def test_a_difference_between_classes_groups_show_is_none() -> None:
    recalls = np.array([0.9, 0.5])
    people = np.array([[100, 20], [20, 100]])
    counts = np.zeros((1, 2, 2, 2))
    for place in range(2):
        counts[0, :, place, place] = people[:, place] * recalls[place]
        counts[0, :, place, 1 - place] = people[:, place] * (1 - recalls[place])
    assert_allclose(pair_differences(counts).differences, 0.0, atol=1e-12)


@pytest.mark.parametrize("nobody", [(0, 0), (1, 0)])
def test_a_class_that_one_of_two_does_not_show_tells_nothing(nobody: tuple[int, int]) -> None:
    counts = COUNTS.copy()
    counts[nobody] = 0
    found = pair_differences(counts[np.newaxis].astype(float))
    assert_allclose(found.differences[0], [by_hand(counts, *pair) for pair in pairs_of(3)])
    assert np.isfinite(found.standardised).all()


def test_groups_without_a_class_in_common_cannot_be_compared() -> None:
    counts = COUNTS[:2, :2, :2].copy()
    counts[0, 0] = counts[1, 1] = 0
    found = pair_differences(counts[np.newaxis].astype(float))
    assert np.isnan(found.differences).all()
    assert_allclose(found.errors, 0.0)
    assert_allclose(found.standardised, 0.0)


def test_where_all_are_right_nothing_is_standardised() -> None:
    counts = np.stack([np.diag([5, 4]), np.diag([3, 9])])[np.newaxis].astype(float)
    found = pair_differences(counts)
    assert_allclose(found.differences, 0.0)
    assert_allclose(found.standardised, 0.0)
