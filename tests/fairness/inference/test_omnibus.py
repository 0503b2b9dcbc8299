import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import chi2_contingency

from fer_fairness.fairness.inference.draws import permutation_counts
from fer_fairness.fairness.inference.omnibus import (
    among,
    calibration_statistic,
    harmonic,
    order_of_groups,
    ranked,
    statistics,
    weights_of,
)

CHI_SQUARE, LARGEST, ONE_CLASS, ALL_CLASSES, TAKEN_FOR, TREND = range(6)


def answers(*rights: tuple[float, ...], people: int = 100) -> np.ndarray:
    """Groups of as many people in each of three classes; errors are split evenly."""
    counts = np.empty((len(rights), 3, 3))
    for group, recalls in enumerate(rights):
        for place, recall in enumerate(recalls):
            counts[group, place] = people * (1.0 - recall) / 2
            counts[group, place, place] = people * recall
    return counts[np.newaxis]


def test_groups_alike_have_no_statistic() -> None:
    found = statistics(answers((0.8, 0.5, 0.9), (0.8, 0.5, 0.9)), None)[0]
    assert_allclose(found, 0.0, atol=1e-9)


def test_sum_over_classes_is_that_of_the_textbook() -> None:
    counts = answers((0.8, 0.5, 0.9), (0.7, 0.6, 0.9), (0.9, 0.5, 0.8))
    expected = 0.0
    for place in range(3):
        right = counts[0, :, place, place]
        table = np.stack([right, counts[0, :, place].sum(axis=1) - right], axis=1)
        n = table.sum()
        expected += chi2_contingency(table, correction=False).statistic * (n - 1) / n
    assert statistics(counts, None)[0, ALL_CLASSES] == pytest.approx(expected)


def test_of_two_groups_chi_square_and_largest_difference_are_the_same() -> None:
    found = statistics(answers((0.8, 0.5, 0.9), (0.7, 0.6, 0.7)), None)[0]
    assert found[CHI_SQUARE] == pytest.approx(found[LARGEST])


@pytest.mark.parametrize(
    ("other", "place"),
    [
        ((0.7, 0.4, 0.8), LARGEST),
        ((0.8, 0.3, 0.9), ONE_CLASS),
        ((0.65, 0.65, 0.9), ALL_CLASSES),
    ],
)
def test_each_looks_at_its_difference(other: tuple[float, ...], place: int) -> None:
    counts = answers((0.8, 0.5, 0.9), other).astype(np.int64)[0]
    null = statistics(permutation_counts(counts, 2000, 1).astype(np.float64), None)
    own = statistics(counts[np.newaxis].astype(np.float64), None)[0]
    p_values = [among(own[[column]], null[:, column])[0] for column in range(null.shape[1])]
    assert p_values[place] <= 0.02


def test_taken_for_sees_what_recall_does_not() -> None:
    counts = answers((0.8, 0.5, 0.9), (0.8, 0.5, 0.9))
    counts[0, 1, 1] = [40, 50, 10]
    counts[0, 1, 2] = [9, 1, 90]
    found = statistics(counts, None)[0]
    assert_allclose(found[[CHI_SQUARE, LARGEST, ONE_CLASS, ALL_CLASSES]], 0.0, atol=1e-9)
    assert found[TAKEN_FOR] > 5.0


def test_one_answer_in_a_cell_that_expects_a_tenth_is_no_evidence() -> None:
    counts = np.zeros((1, 2, 2, 2))
    counts[0, :, 0] = [[297, 0], [2, 1]]
    counts[0, :, 1] = [[150, 150], [1, 2]]
    own = statistics(counts, None)[0]
    assert own[ONE_CLASS] < 1.0
    assert own[ALL_CLASSES] > 50.0


def test_a_huge_difference_is_finite() -> None:
    counts = answers((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), people=1_000_000)
    found = statistics(counts, None)
    assert np.isfinite(found).all()
    assert found[0, ONE_CLASS] > 1e5


def test_trend_is_that_of_the_order() -> None:
    rising = answers((0.7, 0.5, 0.6), (0.75, 0.55, 0.65), (0.8, 0.6, 0.7))
    order = np.array([0.0, 1.0, 2.0])
    shuffled = rising[:, [0, 2, 1]]
    assert statistics(rising, order)[0, TREND] > 2 * statistics(shuffled, order)[0, TREND]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (("0-3", "20-39", "4-19", "70+"), [0, 2, 1, 3]),
        (("20-39", "40+", "<20"), [1, 2, 0]),
        (("0-3", "4+"), None),
        (("a", "b", "c"), None),
    ],
)
def test_order_of_groups(groups: tuple[str, ...], expected: list[int] | None) -> None:
    found = order_of_groups(groups)
    assert (None if found is None else found.tolist()) == expected


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("calibrated", [False, True])
def test_a_weight_each(ordered: bool, calibrated: bool) -> None:  # noqa: FBT001
    counts = answers((0.8, 0.5, 0.9), (0.8, 0.5, 0.9), (0.8, 0.5, 0.9))
    order = np.arange(3.0) if ordered else None
    n = statistics(counts, order).shape[1] + calibrated
    assert len(weights_of(ordered=ordered, calibrated=calibrated)) == n


def test_overconfidence_of_one_group_is_seen() -> None:
    confidence = np.array([0.5, 0.9])
    alike = np.array([[[50.0, 50, 10, 90]], [[50, 50, 10, 90]]])
    sure = np.array([[[0.0, 0, 60, 140]], [[100, 100, 0, 0]]])
    found = calibration_statistic(np.stack([alike, sure]), confidence)
    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert found[1] > 9.0


def test_p_values_are_shares_that_reach() -> None:
    assert_allclose(ranked(np.array([[3.0], [1.0], [2.0], [2.0]]))[:, 0], [0.25, 1.0, 0.75, 0.75])
    assert among(np.array([np.nan]), np.arange(4.0))[0] == 1.0


def test_harmonic_follows_the_smallest() -> None:
    weights = np.array([0.5, 0.5])
    assert harmonic(np.array([0.001, 1.0]), weights) > harmonic(np.array([0.01, 0.01]), weights)
