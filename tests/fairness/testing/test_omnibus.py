import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2_contingency

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.draws import permutation_counts
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing import omnibus
from fer_fairness.fairness.testing.omnibus import (
    among,
    calibration_statistic,
    harmonic,
    order_of_groups,
    ranked,
    statistics,
    threshold,
    weights_of,
)

CHI_SQUARE, ONE_GROUP, ONE_CLASS, ALL_CLASSES, TAKEN_FOR, TREND = range(6)
TABLES = arrays(np.int64, (3, 3, 3), elements=st.integers(0, 9))
VALUES = arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 8).map(float))
RAF_DB = ["0-3", "4-19", "20-39", "40-69", "70+"]
FAIRFACE = ["0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70"]


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every class weighs 1, as in the textbook tests."""
    monkeypatch.setattr(omnibus, "_weights", lambda right, _: np.ones_like(right))


def measured(counts: Counts, order: Array | None = None) -> Array:
    return np.asarray(statistics(counts[np.newaxis].astype(np.float64), order)[0])


def random_table(seed: int, *, groups: int = 2, classes: int = 4, most: int = 40) -> Counts:
    generator = np.random.default_rng(seed)
    return generator.integers(1, most, (groups, classes, classes))


def mantel_haenszel(counts: Counts) -> float:
    """Mantel and Haenszel 1959 for two groups, without continuity correction, in a loop."""
    surplus, variance = 0.0, 0.0
    for place in range(counts.shape[1]):
        people = counts[:, place].sum(axis=1)
        right, total = counts[:, place, place].sum(), people.sum()
        surplus += counts[0, place, place] - people[0] * right / total
        variance += people[0] * people[1] * right * (total - right) / total**2 / (total - 1)
    return float(surplus**2 / variance)


def right_and_wrong(counts: Counts, place: int) -> Counts:
    right = counts[:, place, place]
    return np.stack([right, counts[:, place].sum(axis=1) - right], axis=1)


def answers(*rights: tuple[float, ...], people: int = 100) -> Array:
    """Groups of as many people in each of three classes; errors are split evenly."""
    counts = np.empty((len(rights), 3, 3))
    for group, recalls in enumerate(rights):
        for place, recall in enumerate(recalls):
            counts[group, place] = people * (1.0 - recall) / 2
            counts[group, place, place] = people * recall
    return counts[np.newaxis]


@pytest.mark.usefixtures("alike")
@pytest.mark.parametrize("seed", range(5))
def test_two_groups_have_the_chi_square_of_mantel_and_haenszel(seed: int) -> None:
    counts = random_table(seed)
    found = measured(counts)
    assert_allclose(found[CHI_SQUARE], mantel_haenszel(counts), rtol=1e-6)
    # Of two groups each differs as much from the other as both together.
    assert_allclose(found[ONE_GROUP], found[CHI_SQUARE], rtol=1e-6)


@pytest.mark.usefixtures("alike")
def test_classes_may_be_given_weights_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # A class that weighs nothing is as good as away; scores are linear in the weights.
    counts = random_table(1)
    only = np.array([0.0, 1.0, 0.0, 0.0])
    monkeypatch.setattr(omnibus, "_weights", lambda right, _: np.broadcast_to(only, right.shape))
    expected = mantel_haenszel(counts[:, 1:2])
    people = counts[:, 1].sum(axis=1)
    right = counts[:, 1, 1].sum()
    n = people.sum()
    surplus = counts[0, 1, 1] - people[0] * right / n
    expected = surplus**2 / (people.prod() * right * (n - right) / n**2 / (n - 1))
    assert_allclose(measured(counts)[CHI_SQUARE], expected, rtol=1e-6)


@pytest.mark.parametrize("groups", [2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_the_sum_over_classes_is_pearsons_chi_square(groups: int, seed: int) -> None:
    counts = random_table(seed, groups=groups)
    found = measured(counts)
    chi_squares = []
    for place in range(counts.shape[1]):
        n = counts[:, place].sum()
        pearson = chi2_contingency(right_and_wrong(counts, place), correction=False).statistic
        chi_squares.append(pearson * (n - 1) / n)  # labels are shuffled, not drawn
    assert_allclose(found[ALL_CLASSES], sum(chi_squares))


@pytest.mark.parametrize(
    ("other", "place"),
    [
        ((0.7, 0.4, 0.8), ONE_GROUP),
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


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_statistics_have_the_moments_of_chi_squares_under_shuffles(groups: int) -> None:
    own = random_table(0, groups=groups, most=60)
    order = np.arange(groups, dtype=np.float64)
    drawn = statistics(permutation_counts(own, 4000, 1).astype(np.float64), order)
    assert_allclose(drawn[:, CHI_SQUARE].mean(), groups - 1, rtol=0.06)
    assert_allclose(drawn[:, ALL_CLASSES].mean(), 4 * (groups - 1), rtol=0.05)
    assert_allclose(drawn[:, TREND].mean(), 1.0, rtol=0.08)


@settings(max_examples=60)
@given(TABLES, st.permutations(range(3)), st.permutations(range(3)))
def test_order_of_groups_and_classes_changes_nothing(
    counts: Counts, groups: list[int], classes: list[int]
) -> None:
    # (Of the trend the order of groups is the point; it turns with its scores.)
    scores = np.array([0.0, 1.0, 2.0])
    turned = counts[groups][:, classes][:, :, classes]
    assert_allclose(
        measured(turned, scores[groups]), measured(counts, scores), rtol=1e-5, atol=1e-5
    )


@settings(max_examples=60)
@given(TABLES)
def test_statistics_are_finite_whatever_is_empty(counts: Counts) -> None:
    counts[:, 1] = 0
    counts[0, 0] = 0
    found = measured(counts, np.arange(3.0))
    assert np.isfinite(found).all()
    assert np.all(found >= -1e-9)


def test_statistics_are_zero_where_nothing_varies() -> None:
    right = np.stack([np.diag([9, 5, 3]), np.diag([4, 8, 2])])
    assert_allclose(measured(right, np.arange(2.0)), 0.0)
    always = np.zeros((2, 3, 3), dtype=np.int64)
    always[:, :, 0] = [[9, 5, 3], [4, 8, 2]]
    assert_allclose(measured(always), 0.0)
    same = np.tile(random_table(2, groups=1), (3, 1, 1))
    assert_allclose(measured(same), 0.0, atol=1e-9)


def test_being_taken_for_a_class_is_seen_where_recognition_is_the_same() -> None:
    counts = np.tile([[60, 20, 20], [20, 60, 20], [20, 20, 60]], (2, 1, 1))
    counts[0, 1], counts[0, 2] = [38, 60, 2], [38, 2, 60]
    found = measured(counts)
    assert_allclose(np.delete(found, TAKEN_FOR), 0.0, atol=1e-9)
    assert found[TAKEN_FOR] > 10.0


def test_a_trend_is_strongest_in_its_order() -> None:
    people, recalls = 200, np.array([0.9, 0.8, 0.7, 0.6])
    right = (people * recalls).astype(np.int64)
    counts = np.zeros((4, 2, 2), dtype=np.int64)
    counts[:, 0, 0], counts[:, 0, 1], counts[:, 1, 1] = right, people - right, people
    rising = measured(counts, np.arange(4.0))[TREND]
    assert_allclose(rising, measured(counts, np.arange(4.0)[::-1])[TREND])
    assert_allclose(rising, measured(counts)[CHI_SQUARE], rtol=1e-5)  # all of it is trend
    assert rising > 4 * measured(counts, np.array([1.0, 0.0, 3.0, 2.0]))[TREND] / 3


@pytest.mark.parametrize("groups", [RAF_DB, FAIRFACE, ["<18", "18-30", ">30"], ["1", "2", "10"]])
def test_ages_have_their_order_however_they_are_listed(groups: list[str]) -> None:
    order = order_of_groups(groups)
    assert order is not None
    assert_array_equal(order, np.arange(len(groups)))
    shuffled = np.random.default_rng(0).permutation(len(groups))
    turned = order_of_groups([groups[place] for place in shuffled])
    assert turned is not None
    assert_array_equal(turned, shuffled)


@pytest.mark.parametrize(
    "groups",
    [
        ["asian", "black", "white"],
        ["0-3", "4-19", "unknown"],
        ["0-39", "40+"],
        ["female x 0-3", "male x 0-3", "female x 4-19", "male x 4-19"],
        [],
    ],
)
def test_other_groups_have_no_order(groups: list[str]) -> None:
    assert order_of_groups(groups) is None


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("calibrated", [False, True])
def test_every_statistic_has_a_weight(*, ordered: bool, calibrated: bool) -> None:
    weights = weights_of(ordered=ordered, calibrated=calibrated)
    own = measured(random_table(0, groups=3), np.arange(3.0) if ordered else None)
    assert len(weights) == len(own) + calibrated
    assert np.all(weights > 0)


def overconfident(n: int, by: float, *, seed: int = 0) -> tuple[Array, Array]:
    """Tables (1, 2, 2, 2 * bins) of two groups as often right; of the second it is surer."""
    generator = np.random.default_rng(seed)
    sure = np.array([0.6, 0.75, 0.9])
    bins, true, group = (generator.integers(size, size=n) for size in (3, 2, 2))
    right = generator.random(n) < sure[bins]
    bins = np.where(group * (generator.random(n) < by), 2, bins)
    counts = np.zeros((1, 2, 2, 6))
    np.add.at(counts[0], (group, true, 2 * bins + right.astype(np.int64)), 1)
    return counts, sure


def test_calibration_is_the_standardised_difference_in_confidence_of_right_and_wrong() -> None:
    counts, sure = overconfident(800, 0.2)
    score, variance = 0.0, 0.0
    for place in range(2):
        for right in range(2):
            first = counts[0, 0, place, right::2]
            both = counts[0, :, place, right::2].sum(axis=0)
            values = np.repeat(sure, both.astype(int))
            n, n_first = len(values), first.sum()
            score += first @ sure - n_first * values.mean()
            variance += n_first * (n - n_first) / n * values.var(ddof=1)
    assert_allclose(calibration_statistic(counts, sure), score**2 / variance)


def test_overconfidence_is_seen_and_its_absence_is_not() -> None:
    sure_of_it, alike = (calibration_statistic(*overconfident(2000, by))[0] for by in (0.3, 0.0))
    assert sure_of_it > 30 > 8 > alike
    counts, sure = overconfident(50, 0.0)
    assert_allclose(calibration_statistic(np.zeros_like(counts), sure), 0.0)
    assert_allclose(calibration_statistic(counts[:, [0, 0]], sure), 0.0, atol=1e-9)


def test_being_less_often_right_is_no_overconfidence() -> None:
    counts, sure = overconfident(2000, 0.0)
    fewer = counts.copy()
    fewer[0, 1, :, 1::2] = counts[0, 1, :, 1::2] / 2
    fewer[0, 1, :, 0::2] += counts[0, 1, :, 1::2] / 2
    assert calibration_statistic(fewer, sure)[0] < 12 * calibration_statistic(counts, sure)[0] + 6


@given(VALUES, VALUES)
def test_a_p_value_is_the_share_of_draws_that_reach_it(values: Array, null: Array) -> None:
    expected = [(null >= value).mean() for value in values]
    assert_allclose(among(values, null), expected)
    assert_allclose(among(values + 0.1 + 0.2, null + 0.3), expected)  # another order of adding


def test_what_is_not_defined_reaches_nothing_and_has_p_value_one() -> None:
    values = np.array([np.nan, 2.0, np.nan, 1.0])
    assert_allclose(among(values, values), [1.0, 0.25, 1.0, 0.5])
    assert_allclose(ranked(np.stack([values, values[::-1]], axis=1))[:, 1], [0.5, 1, 0.25, 1])


@given(VALUES)
def test_p_values_of_draws_are_exact(values: Array) -> None:
    p_values = ranked(values[:, np.newaxis])[:, 0]
    for level in (0.05, 0.3, 0.8):
        assert (p_values <= level).mean() <= level
    assert p_values.min() >= 1 / len(values)


@given(VALUES, VALUES, st.floats(0.0, 1.0))
def test_beyond_the_threshold_lie_the_p_values_of_at_most_the_error(
    null: Array, values: Array, error: float
) -> None:
    null = np.append(null, values.max())  # what is measured is among the draws
    found = among(values, null) <= error
    assert_array_equal(values > threshold(null, error), found)


@given(
    arrays(np.float64, 4, elements=st.floats(0.01, 1.0)),
    st.integers(0, 3),
    st.floats(0.1, 0.99),
)
def test_a_smaller_p_value_is_never_less_unequal(
    p_values: Array, place: int, factor: float
) -> None:
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    smaller = p_values.copy()
    smaller[place] *= factor
    assert harmonic(smaller, weights) > harmonic(p_values, weights)
    assert_allclose(harmonic(np.full(4, 0.2), weights), 1.0 / 0.2)
