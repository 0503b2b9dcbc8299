import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.inference.draws import bootstrap_counts, permutation_counts, resampled
from fer_fairness.fairness.metrics.calibration import (
    CalibrationCounts,
    calibration_counts,
    calibration_error,
    calibration_gap_metric,
)

CLASSES = ("calm", "fear")
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(CLASSES),
        st.sampled_from(CLASSES),
        st.sampled_from([0.0, 0.5, 0.5, 0.6, 0.75, 0.9, 1.0]),
        st.sampled_from(["x", "y", "z", None]),
    ),
    min_size=1,
    max_size=30,
)


def counted(
    people: "list[tuple[str, str, float, str | None]]", n_bins: int = 3
) -> CalibrationCounts:
    true, predicted, confidence, groups = zip(*people, strict=True)
    membership = np.array(groups, dtype=object)
    return calibration_counts(
        true, predicted, confidence, membership, classes=CLASSES, n_bins=n_bins
    )


def fabricated(n: int, *, overconfident: float, seed: int = 0) -> CalibrationCounts:
    """Group "x" is as often right as its confidence says, "y" less often."""
    generator = np.random.default_rng(seed)
    groups = generator.choice(["x", "y"], n)
    confidence = generator.uniform(0.5, 1.0, n)
    right = generator.random(n) < confidence - overconfident * (groups == "y")
    true = generator.choice(CLASSES, n)
    other = np.where(true == "calm", "fear", "calm")
    return calibration_counts(
        true, np.where(right, true, other), confidence, groups, classes=CLASSES
    )


def test_error_of_people_counted_by_hand() -> None:
    people = [
        ("calm", "calm", 0.6, "x"),
        ("calm", "fear", 0.7, "x"),
        ("fear", "fear", 0.8, "y"),
        ("fear", "fear", 1.0, "x"),
    ]
    found = counted(people, n_bins=2)  # type: ignore[arg-type]
    assert_allclose(found.bin_confidence, [0.65, 0.9])
    assert found.counts.tolist() == [[[1, 1, 0, 0], [0, 0, 0, 1]], [[0, 0, 0, 0], [0, 0, 0, 1]]]
    errors = calibration_error(found.counts, found.bin_confidence)
    assert_allclose(errors, [2 / 3 * abs(0.5 - 0.65) + 1 / 3 * 0.1, 0.1])
    gap = calibration_gap_metric(found.bin_confidence)
    assert_allclose(gap(found.counts), errors[0] - 0.1)
    assert_allclose(gap.group_score(found.counts), 1 - errors)
    assert (gap.name, gap.ideal) == ("calibration_error_gap", 0.0)


def test_bins_have_equal_mass_where_all_confidences_differ() -> None:
    confidence = np.random.default_rng(0).permutation(np.linspace(0.2, 0.9, 40))
    labels = ["calm"] * 40
    found = calibration_counts(labels, labels, confidence, ["x"] * 40, classes=CLASSES)
    assert found.counts.sum(axis=(0, 1)).tolist() == [0, 4] * 10
    assert_allclose(found.bin_confidence, np.sort(confidence).reshape(10, 4).mean(axis=1))


@given(PEOPLE)
def test_everybody_is_in_one_bin_with_their_equals(
    people: "list[tuple[str, str, float, str | None]]",
) -> None:
    found = counted(people)
    assert found.counts.sum() + found.n_missing == len(people)
    assert np.all(np.diff(found.bin_confidence) > 0)
    several = {confidence for _, _, confidence, _ in people}
    assert len(found.bin_confidence) <= min(3, len(several))
    mean = np.mean([confidence for _, _, confidence, _ in people])
    assert found.bin_confidence.min() - 1e-12 <= mean <= found.bin_confidence.max() + 1e-12


def test_equal_confidences_are_not_split() -> None:
    people = [("calm", "calm", 0.8, "x")] * 9 + [("calm", "fear", 0.9, "x")]
    found = counted(people, n_bins=5)  # type: ignore[arg-type]
    assert_allclose(found.bin_confidence, [0.8, 0.9])
    assert found.counts.tolist() == [[[0, 9, 1, 0], [0, 0, 0, 0]]]


@given(PEOPLE)
def test_error_is_that_of_a_loop_over_groups_and_bins(
    people: "list[tuple[str, str, float, str | None]]",
) -> None:
    found = counted(people)
    errors = calibration_error(found.counts, found.bin_confidence)
    for counts, error in zip(found.counts.sum(axis=1), errors, strict=True):
        expected = 0.0
        for (wrong, right), confidence in zip(
            counts.reshape(-1, 2), found.bin_confidence, strict=True
        ):
            if wrong + right:
                accuracy = right / (wrong + right)
                expected += (wrong + right) / counts.sum() * abs(accuracy - confidence)
        assert_allclose(error, expected, atol=1e-12)


@given(PEOPLE, st.permutations(["x", "y", "z"]))
def test_names_of_groups_do_not_matter(
    people: "list[tuple[str, str, float, str | None]]", names: list[str]
) -> None:
    renamed = dict(zip("xyz", names, strict=True)) | {None: None}
    first = counted(people)
    second = counted([(*person[:3], renamed[person[3]]) for person in people])
    gap = calibration_gap_metric(first.bin_confidence)
    assert_array_equal(first.bin_confidence, second.bin_confidence)
    assert_allclose(gap(first.counts), gap(second.counts), atol=1e-12)


def test_groups_may_be_numbers() -> None:
    answers = (["a", "b"] * 20, ["a"] * 40, np.linspace(0.3, 1.0, 40))
    numbers = [3, 20, 20, 20] * 10
    counted = calibration_counts(*answers, numbers, classes=("a", "b"))  # type: ignore[arg-type]
    assert counted.groups == ("20", "3")
    assert_array_equal(counted.sizes, [30, 10])


def test_bins_are_the_same_for_every_attribute() -> None:
    people = [("calm", "calm", value, "x") for value in np.linspace(0.5, 1.0, 12)]
    half = [(*person[:3], None if row % 2 else "x") for row, person in enumerate(people)]
    first, second = counted(people), counted(half)  # type: ignore[arg-type]
    assert_array_equal(first.bin_confidence, second.bin_confidence)
    assert (second.n_missing, int(second.counts.sum())) == (6, 6)


def test_small_groups_can_be_left_out() -> None:
    people = [("calm", "calm", 0.8, "x")] * 3 + [("calm", "fear", 0.9, "y")]
    found = counted(people).reaching(2)  # type: ignore[arg-type]
    assert isinstance(found, CalibrationCounts)
    assert (found.groups, found.counts.shape) == (("x",), (1, 2, 4))
    assert_allclose(found.bin_confidence, [0.8, 0.9])


def test_a_group_without_people_has_no_error_and_one_group_no_gap() -> None:
    found = counted([("calm", "calm", 0.8, "x")])
    with_nobody = np.concatenate([found.counts, np.zeros_like(found.counts)])
    assert_allclose(calibration_error(with_nobody, found.bin_confidence), [0.2, np.nan])
    assert np.isnan(calibration_gap_metric(found.bin_confidence)(with_nobody))


def test_nobody_at_all_gives_empty_counts() -> None:
    found = calibration_counts([], [], [], [], classes=CLASSES)
    assert found.counts.shape == (0, 2, 0)
    assert np.isnan(calibration_gap_metric(found.bin_confidence)(found.counts))


def test_counts_are_resampled_and_shuffled_like_any_others() -> None:
    found = fabricated(600, overconfident=0.0)
    gap = calibration_gap_metric(found.bin_confidence)
    for draw in (bootstrap_counts, permutation_counts):
        drawn = draw(found.counts, 5, 0)
        people = found.counts.sum(axis=(-2, -1))
        assert_array_equal(drawn.sum(axis=(-2, -1)), np.tile(people, (5, 1)))
        assert_allclose(gap(drawn), [gap(counts) for counts in drawn])


@pytest.mark.parametrize("overconfident", [0.0, 0.25])
def test_overconfidence_in_one_group_is_told_from_chance(overconfident: float) -> None:
    found = fabricated(2000, overconfident=overconfident)
    gap = calibration_gap_metric(found.bin_confidence)
    (null,) = resampled(permutation_counts, found.counts, [gap], n=199, seed=1)
    p_value = (1 + np.count_nonzero(null >= gap(found.counts))) / 200
    assert (p_value <= 0.01) == (overconfident > 0)


@pytest.mark.parametrize(
    ("confidence", "message"),
    [
        ([0.5, np.nan], r"Row 1 has the confidence nan, expected a probability in \[0, 1\]; 1 row"),
        ([1.5, -0.1], "Row 0 has the confidence 1.5, .*; 2 rows are like it"),
        ([0.5], r"shape \(1,\), expected \(2,\)"),
        ([[0.5, 0.5], [0.1, 0.9]], r"shape \(2, 2\), expected \(2,\)"),
    ],
)
def test_confidences_that_are_none_are_refused(confidence: npt.ArrayLike, message: str) -> None:
    labels = ["calm", "fear"]
    with pytest.raises(InvalidInputError, match=message):
        calibration_counts(labels, labels, confidence, ["x", "y"], classes=CLASSES)


def test_other_wrong_inputs_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="Row 1 has the true class 'joy'"):
        calibration_counts(
            ["calm", "joy"], ["calm", "calm"], [0.5, 0.5], ["x", "y"], classes=CLASSES
        )
    with pytest.raises(InvalidInputError, match="n_bins is 0"):
        calibration_counts(["calm"], ["calm"], [0.5], ["x"], classes=CLASSES, n_bins=0)
    with pytest.raises(InvalidInputError, match=r"4 cells a class, expected two .* the 3 bins"):
        calibration_error(np.ones((2, 2, 4), dtype=np.int64), np.array([0.1, 0.2, 0.3]))
