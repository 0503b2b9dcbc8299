import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.fairness.label_noise.worlds import CLASS_SIZES, RECALLS

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
    SCORES,
    scores,
)
from fer_fairness.fairness.label_noise.soft_labels import adapted_probabilities, soft_scores
from fer_fairness.fairness.metrics.reductions import Array

HALVES = np.array([0.5, 0.5])


class Faces:
    """People of two groups whose faces tell the group with more or less certainty.

    A face shows x, normal around -1 in group 0 and around 1 in group 1; by Bayes' rule the
    probability of group 1 among people of the mix (1 - share, share) is a logistic function of x.
    """

    def __init__(self, n: int, share: float, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.group = (self.generator.random(n) < share).astype(int)
        self.shown = self.generator.normal(2.0 * self.group - 1.0, 1.0)
        self.classes = self.generator.choice(7, size=n, p=CLASS_SIZES / CLASS_SIZES.sum())

    def probabilities(self, share: float) -> Array:
        """P(group | face) for people of whom so many are of group 1."""
        odds = np.exp(2.0 * self.shown) * share / (1 - share)
        return np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)

    def answers(self, lost: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether the model is right about each, where each loses so much recall."""
        return np.asarray(self.generator.random(len(self.group)) < RECALLS[self.classes] - lost)

    def true_scores(self, lost: Array) -> dict[str, Array]:
        right = RECALLS[self.classes] - lost
        counts = np.zeros((2, 7, 7))
        np.add.at(counts, (self.group, self.classes, self.classes), right)
        np.add.at(counts, (self.group, self.classes, (self.classes + 1) % 7), 1 - right)
        return scores(counts, counts.sum(axis=0))


def test_certain_probabilities_give_the_scores_as_labelled() -> None:
    faces = Faces(900, 0.3, seed=0)
    right = faces.answers(0.1 * faces.group)
    found = soft_scores(np.eye(2)[faces.group], faces.classes, right, confidence=0.95)

    counts = np.zeros((2, 7, 7))
    predicted = np.where(right, faces.classes, (faces.classes + 1) % 7)
    np.add.at(counts, (faces.group, faces.classes, predicted), 1)
    expected = scores(counts, counts.sum(axis=0))
    for name in SCORES:
        assert_allclose([one.value for one in found[name]], expected[name])


def test_a_certain_probability_has_the_interval_of_a_share() -> None:
    faces = Faces(4000, 0.5, seed=1)
    right = faces.answers(np.zeros(4000))
    one = soft_scores(np.eye(2)[faces.group], faces.classes, right, confidence=0.95)[ACCURACY][0]
    half = 1.96 * np.sqrt(one.value * (1 - one.value) / (faces.group == 0).sum())
    assert_allclose(
        [one.interval.low, one.interval.high], [one.value - half, one.value + half], rtol=1e-3
    )


def test_weighting_is_right_where_the_answer_depends_on_the_face_alone() -> None:
    values, truths = [], []
    for seed in range(20):
        faces = Faces(3000, 0.4, seed)
        soft = faces.probabilities(0.4)
        lost = 0.2 * soft[:, 1]  # the more a face looks like group 1, whoever it is
        found = soft_scores(soft, faces.classes, faces.answers(lost), confidence=0.95)
        values.append([found[name][1].value for name in SCORES])
        truths.append([faces.true_scores(lost)[name][1] for name in SCORES])
    assert_allclose(np.mean(values, axis=0), np.mean(truths, axis=0), atol=0.008)
    assert np.mean(truths, axis=0)[2] < -0.06


def test_weighting_shows_a_part_only_where_groups_are_served_differently_as_such() -> None:
    values = []
    for seed in range(20):
        faces = Faces(3000, 0.4, seed)
        right = faces.answers(0.2 * faces.group)
        found = soft_scores(faces.probabilities(0.4), faces.classes, right, confidence=0.95)
        values.append(found[RECALL_DIFFERENCE][1].value)
    assert -0.16 < np.mean(values) < -0.08


def test_a_shifted_mix_is_recovered_from_probabilities_for_another() -> None:
    faces = Faces(20_000, 0.85, seed=2)
    adapted, shares = adapted_probabilities(faces.probabilities(0.5), HALVES)

    assert shares[1] == pytest.approx(0.85, abs=0.01)
    assert_allclose(adapted, faces.probabilities(0.85), atol=0.02)
    assert_allclose(adapted.sum(axis=1), 1.0)
    assert_allclose(shares, adapted.mean(axis=0))


def test_the_mix_measured_on_need_not_be_even_nor_sum_to_one() -> None:
    faces = Faces(20_000, 0.3, seed=3)
    _, shares = adapted_probabilities(faces.probabilities(0.8), np.array([20.0, 80.0]))
    assert shares[1] == pytest.approx(0.3, abs=0.015)


def test_a_mix_that_fits_already_stays() -> None:
    faces = Faces(20_000, 0.5, seed=4)
    before = faces.probabilities(0.5)
    assert_allclose(adapted_probabilities(before, HALVES)[0], before, atol=0.02)


def test_a_group_that_nobody_was_measured_of_stays_possible() -> None:
    adapted, shares = adapted_probabilities(
        np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]), np.array([1.0, 1.0, 0.0])
    )
    assert np.isfinite(adapted).all()
    assert shares[2] == 0.0


@pytest.mark.parametrize("name", SCORES)
def test_intervals_are_as_wide_as_those_of_resampled_people(name: str) -> None:
    faces = Faces(2000, 0.2, seed=5)
    soft = faces.probabilities(0.2)
    right = faces.answers(0.9 * faces.group)  # so that the weights' own scatter matters too
    generator = np.random.default_rng(0)
    resampled = []
    for _ in range(3000):
        rows = generator.integers(len(soft), size=len(soft))
        again = soft_scores(soft[rows], faces.classes[rows], right[rows], confidence=0.95)
        resampled.append([one.value for one in again[name]])
    found = soft_scores(soft, faces.classes, right, confidence=0.95)[name]
    widths = [one.interval.high - one.interval.low for one in found]
    assert_allclose(widths, 2 * 1.96 * np.std(resampled, axis=0), rtol=0.1)


@pytest.mark.parametrize(("recall", "share"), [(0.93, 0.06), (0.98, 0.1)])
def test_intervals_hold_where_nearly_all_of_a_few_people_are_recognised(
    recall: float, share: float
) -> None:
    generator = np.random.default_rng(0)
    covered = []
    for _ in range(200):
        likely = np.where(generator.random(380) < share, 0.95, 0.01)
        classes, right = generator.integers(0, 7, 380), generator.random(380) < recall
        soft = np.stack([likely, 1.0 - likely], axis=1)
        found = soft_scores(soft, classes, right, confidence=0.95)
        covered.append(
            [
                found[name][0].interval.low <= truth <= found[name][0].interval.high + 1e-9
                for name, truth in zip(SCORES, (recall, 0.0, 0.0), strict=True)
            ]
        )
    # By the linearised spread alone .83 of each, and .57, .62 and .67.
    assert np.all(np.mean(covered, axis=0) >= 0.92)


def test_a_group_of_which_nobody_may_be_has_no_scores() -> None:
    faces = Faces(50, 0.5, seed=6)
    certain = np.hstack([faces.probabilities(0.5), np.zeros((50, 1))])
    found = soft_scores(certain, faces.classes, faces.answers(np.zeros(50)), confidence=0.95)
    for name in (ACCURACY, ACCURACY_DIFFERENCE, RECALL_DIFFERENCE):
        one = found[name][2]
        assert np.isnan([one.value, one.interval.low, one.interval.high]).all()
        assert np.isfinite(found[name][0].value)


@pytest.mark.parametrize("row", [[0.7, 0.7], [-0.1, 1.1], [np.nan, 1.0], [0.2, 0.2], [np.inf, 0.0]])
def test_what_is_no_probability_is_refused_with_its_row(row: list[float]) -> None:
    table = np.array([[0.5, 0.5], [1.0, 0.0], row, row])
    with pytest.raises(InvalidInputError, match=r"Row 2 of the probabilities.* 2 rows are like it"):
        adapted_probabilities(table, HALVES)
    with pytest.raises(InvalidInputError, match="Row 2 of the probabilities"):
        soft_scores(table, np.zeros(4, dtype=np.int64), np.ones(4, dtype=bool), confidence=0.95)


def test_rounded_probabilities_are_accepted() -> None:
    adapted, _ = adapted_probabilities(np.array([[0.3333, 0.6666]]), HALVES)
    assert_allclose(adapted.sum(axis=1), 1.0)


def test_probabilities_of_other_groups_than_measured_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"shape \(2, 2\).*3 columns, one a group"):
        adapted_probabilities(np.full((2, 2), 0.5), np.ones(3))


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="2 rows of probabilities, 3 true classes and 2"):
        soft_scores(
            np.full((2, 2), 0.5),
            np.zeros(3, dtype=np.int64),
            np.ones(2, dtype=bool),
            confidence=0.95,
        )


def test_nobody_has_no_scores() -> None:
    found = soft_scores(
        np.empty((0, 2)), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool), confidence=0.95
    )
    assert_array_equal([one.value for one in found[ACCURACY]], [np.nan, np.nan])
