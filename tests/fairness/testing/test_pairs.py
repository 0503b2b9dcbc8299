from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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


def right_or_wrong(people: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Tables of two classes with so many right, shape (n, g, 2, 2)."""
    right = right.reshape(-1, *people.shape).astype(float)
    tables = np.zeros((*right.shape, 2))
    for place in range(2):
        tables[:, :, place, place] = right[:, :, place]
        tables[:, :, place, 1 - place] = (people - right)[:, :, place]
    return tables


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
    for pair in pairs_of(3):
        two = COUNTS[list(pair)]
        spread = pair_differences(permutation_counts(two, 5000, 1).astype(float)).differences
        assert_allclose(spread.mean(), 0.0, atol=0.004)
        errors = pair_differences(two[np.newaxis].astype(float)).errors_if_alike[0]
        assert_allclose(spread.std(), errors, rtol=0.04)
    drawn = permutation_counts(COUNTS, 5000, 1).astype(float)
    assert_allclose((pair_differences(drawn).standardised ** 2).mean(axis=0), 1.0, rtol=0.08)


def test_errors_for_intervals_are_those_of_groups_that_differ() -> None:
    generator = np.random.default_rng(0)
    people = np.array([[2000, 1000], [80, 40], [60, 60]])
    recalls = np.array([[0.98, 0.95], [0.6, 0.5], [0.6, 0.6]])
    drawn = right_or_wrong(people, generator.binomial(people, recalls, (4000, 3, 2)))
    found = pair_differences(drawn)
    spread = found.differences.std(axis=0)
    assert_allclose(np.sqrt((found.errors**2).mean(axis=0)), spread, rtol=0.05)
    assert (found.errors_if_alike[:, :2].mean(axis=0) < 0.7 * spread[:2]).all()
    # Of the two that are alike they are about the same.
    assert_allclose(found.errors[:, 2], found.errors_if_alike[:, 2], rtol=0.1)


def test_standardised_differences_are_mantel_and_haenszels() -> None:
    for place, (first, second) in enumerate(pairs_of(3)):
        apart, variance = 0.0, 0.0
        for emotion in range(4):
            n, m = COUNTS[first, emotion].sum(), COUNTS[second, emotion].sum()
            right = COUNTS[first, emotion, emotion] + COUNTS[second, emotion, emotion]
            apart += COUNTS[first, emotion, emotion] - right * n / (n + m)
            variance += n * m * right * (n + m - right) / ((n + m) ** 2 * (n + m - 1))
        found = pair_differences(COUNTS[np.newaxis].astype(float)).standardised[0, place]
        assert found == pytest.approx(abs(apart) / np.sqrt(variance))


@given(seed=st.integers(0, 10_000), others=st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_a_pair_has_the_numbers_of_its_two_groups_alone(seed: int, others: int) -> None:
    counts = np.random.default_rng(seed).integers(1, 12, (1, 2 + others, 3, 3)).astype(float)
    alone, among = pair_differences(counts[:, :2]), pair_differences(counts)
    for name in ("differences", "errors_if_alike", "errors", "standardised"):
        assert_allclose(getattr(among, name)[:, :1], getattr(alone, name))
    assert (among.errors >= among.errors_if_alike).all()


def test_two_groups_all_of_whom_are_right_are_as_sure_as_all_groups_tell() -> None:
    people = np.array([[40, 30], [20, 20], [50, 60]])
    found = pair_differences(right_or_wrong(people, people - [[0, 0], [0, 0], [9, 12]]))
    assert found.differences[0, 0] == found.standardised[0, 0] == 0.0
    expected = people.sum(axis=0) * 1.0
    recalls = 1.0 - np.array([9, 12]) / expected
    variance = recalls * (1.0 - recalls) * expected / (expected - 1.0)
    weights = people[0] * people[1] / (people[0] + people[1])
    error = np.sqrt((weights * variance).sum()) / weights.sum()
    assert_allclose([found.errors[0, 0], found.errors_if_alike[0, 0]], error)


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
