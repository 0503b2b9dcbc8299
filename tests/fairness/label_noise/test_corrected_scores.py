from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from tests.fairness.label_noise.worlds import (
    BLACK,
    CLASS_SIZES,
    MIDDLE_EASTERN,
    RECALLS,
    SOUTHEAST,
    Sample,
    answers_of,
    confusion_of,
    fairface_shares,
    losing,
    sampled,
    two_groups,
)

from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
    SCORES,
    CorrectedScores,
    corrected_scores,
    raw_scores,
    scores,
)
from fer_fairness.fairness.metrics.reductions import Array

EVEN = np.full(7, 1 / 7)
HALVES = np.array([0.5, 0.5])


def corrected(
    sample: Sample, *, n: int = 200, seed: int = 0, min_people: float = 10.0
) -> CorrectedScores:
    return corrected_scores(
        sample.labelled,
        sample.everybody,
        sample.confusion,
        n=n,
        confidence=0.95,
        min_people=min_people,
        seed=seed,
    )


def test_scores_are_those_computed_by_hand() -> None:
    counts = np.array([[[8, 2], [1, 4]], [[30, 10], [10, 10]]])
    found = scores(counts, counts.sum(axis=0))

    assert_allclose(found[ACCURACY], [12 / 15, 40 / 60])
    assert_allclose(found[ACCURACY_DIFFERENCE], [12 / 15 - 40 / 60, 40 / 60 - 12 / 15])
    weights = np.array([10 * 40 / 50, 5 * 20 / 25])
    by_class = np.array([8 / 10 - 30 / 40, 4 / 5 - 10 / 20])
    expected = (weights * by_class).sum() / weights.sum()
    assert_allclose(found[RECALL_DIFFERENCE], [expected, -expected])


def test_those_without_a_label_are_among_all_others() -> None:
    counts = np.array([[[8, 2], [1, 4]], [[30, 10], [10, 10]]])
    everybody = counts.sum(axis=0) + np.array([[0, 10], [0, 0]])
    found = scores(counts, everybody)
    assert_allclose(found[ACCURACY_DIFFERENCE][0], 12 / 15 - 40 / 70)


def test_recalls_that_are_alike_differ_in_nothing_though_classes_are_mixed_otherwise() -> None:
    people = np.array([[100.0, 900.0, 50.0], [900.0, 100.0, 0.0]])
    counts = people[..., np.newaxis] * answers_of(np.array([0.9, 0.5, 0.7]))
    found = scores(counts, counts.sum(axis=0))
    assert_allclose(found[RECALL_DIFFERENCE], 0.0, atol=1e-12)
    assert found[ACCURACY_DIFFERENCE][0] < -0.25


@given(st.floats(-0.3, 0.1), arrays(np.int64, (2, 7), elements=st.integers(1, 500)))
def test_a_loss_alike_in_all_classes_is_the_recall_difference(loss: float, people: Array) -> None:
    recalls = np.stack([0.6 + loss * np.ones(7), 0.6 * np.ones(7)])
    counts = people[..., np.newaxis] * answers_of(recalls)
    assert_allclose(scores(counts, counts.sum(axis=0))[RECALL_DIFFERENCE], [loss, -loss], atol=1e-9)


def test_a_group_of_nobody_or_of_everybody_has_no_difference() -> None:
    counts = np.array([[[0, 0], [0, 0]], [[3, 1], [2, 2]]])
    found = scores(counts, counts.sum(axis=0))
    assert np.isnan(found[ACCURACY][0])
    assert np.isnan([found[name] for name in (ACCURACY_DIFFERENCE, RECALL_DIFFERENCE)]).all()
    nothing = raw_scores(counts, counts.sum(axis=0), n=20, confidence=0.95, seed=0)[ACCURACY][0]
    assert np.isnan([nothing.value, nothing.interval.low, nothing.interval.high]).all()


def test_raw_scores_are_those_of_the_labels_with_intervals_around_them() -> None:
    sample = sampled(losing(2, 0, 0.1), two_groups(0.8), HALVES, np.random.default_rng(0))
    found = raw_scores(sample.labelled, sample.everybody, n=400, confidence=0.95, seed=0)
    values = scores(sample.labelled, sample.everybody)
    for name in SCORES:
        for place, one in enumerate(found[name]):
            assert one.value == pytest.approx(values[name][place])
            assert one.interval.low < one.value < one.interval.high
    share = found[ACCURACY][0]
    people = sample.labelled[0].sum()
    expected = 2 * 1.96 * np.sqrt(share.value * (1 - share.value) / people)
    assert share.interval.high - share.interval.low == pytest.approx(expected, rel=0.2)


def test_those_without_a_label_are_resampled_with_the_others() -> None:
    labelled = np.array([[[400, 100], [0, 0]], [[350, 150], [0, 0]]])
    everybody = labelled.sum(axis=0) + np.array([[0, 2000], [0, 0]])  # the model is never right
    for found in (
        raw_scores(labelled, everybody, n=200, confidence=0.95, seed=0),
        corrected_scores(
            labelled,
            everybody,
            confusion_of([[900, 0, 2000], [0, 900, 2000]]),
            n=200,
            confidence=0.95,
            min_people=10,
            seed=0,
        ).scores,
    ):
        one = found[ACCURACY_DIFFERENCE][0]
        assert one.value > 0.5
        assert one.interval.low < one.value < one.interval.high


def test_labels_that_are_never_wrong_are_corrected_to_themselves() -> None:
    sample = sampled(losing(2, 1, 0.1), two_groups(1.0), HALVES, np.random.default_rng(1))
    found, raw = (
        corrected(sample).scores,
        raw_scores(sample.labelled, sample.everybody, n=200, confidence=0.95, seed=0),
    )
    for name in SCORES:
        for one, other in zip(found[name], raw[name], strict=True):
            assert one.value == pytest.approx(other.value, abs=1e-6)
            assert one.interval.low == pytest.approx(other.interval.low, abs=0.01)


def test_a_confusion_known_exactly_gives_the_planted_difference_back_exactly() -> None:
    people = np.array([[4000.0] * 7, [2000.0] * 7]).astype(np.int64) * 10
    shares = two_groups(0.75, abstained=0.2)
    answered = np.rint(people[..., np.newaxis] * answers_of(losing(2, 0, 0.08))).astype(np.int64)
    labelled = np.rint(np.einsum("gh,gck->hck", shares[:, :2], answered)).astype(np.int64)
    confusion = confusion_of(np.rint(shares * 10_000))
    found = corrected_scores(
        labelled, answered.sum(axis=0), confusion, n=50, confidence=0.95, min_people=10, seed=0
    )
    assert found.scores[RECALL_DIFFERENCE][0].value == pytest.approx(-0.08, abs=0.002)
    assert_allclose(found.people, people.sum(axis=1), rtol=1e-3)
    raw = scores(labelled, answered.sum(axis=0))[RECALL_DIFFERENCE][0]
    assert -0.04 < raw < -0.02


@dataclass(frozen=True)
class Simulated:
    """One group planted in many times: estimates, and whether intervals hold the truth."""

    raw: Array
    values: Array
    covered: Array
    covered_others: Array


def simulated(group: int, loss: float, n: int = 240, held_out: int = 357) -> Simulated:
    generator = np.random.default_rng([group, round(loss * 100)])
    raw, values, covered, others = [], [], [], []
    for number in range(n):
        sample = sampled(
            losing(7, group, loss), fairface_shares(), EVEN, generator, held_out=held_out
        )
        everyone = scores(sample.labelled, sample.everybody)
        raw.append(everyone[RECALL_DIFFERENCE][group])
        found = corrected(sample, n=300, seed=number).scores
        values.append(found[RECALL_DIFFERENCE][group].value)
        counts = sample.people[..., np.newaxis] * answers_of(losing(7, group, loss))
        truth = scores(counts, counts.sum(axis=0))
        inside = [
            holds(one.interval, truth[name][place])
            for name in SCORES[1:]
            for place, one in enumerate(found[name])
        ]
        covered.append(inside[7 + group])
        others.append(np.mean(inside))
    return Simulated(np.array(raw), np.array(values), np.array(covered), np.array(others))


def holds(interval: Interval, truth: float) -> bool:
    return bool(interval.low <= truth <= interval.high)


@pytest.mark.parametrize(
    ("group", "loss"),
    [(MIDDLE_EASTERN, 0.0), (MIDDLE_EASTERN, 0.04), (MIDDLE_EASTERN, 0.08), (SOUTHEAST, 0.08)],
)
def test_planted_differences_come_back_on_average_where_labels_hide_them(
    group: int, loss: float
) -> None:
    found = simulated(group, loss)
    assert found.values.mean() == pytest.approx(-loss, abs=0.01)
    if loss == 0.08:
        assert -0.055 < found.raw.mean() < -0.02
    # Of 240 intervals of 95 %, 219 to 237 hold the truth in 998 of a thousand series.
    assert 219 / 240 <= found.covered.mean() <= 237 / 240
    assert 0.93 <= found.covered_others.mean() <= 0.97


def test_a_group_that_is_hardly_mistaken_needs_little_correction() -> None:
    found = simulated(BLACK, 0.08, n=60)
    assert found.values.mean() == pytest.approx(-0.08, abs=0.015)
    assert found.raw.mean() < -0.055


@pytest.mark.parametrize(("recall", "share"), [(0.93, 0.06), (0.98, 0.1)])
def test_intervals_hold_where_nearly_all_of_a_few_people_are_recognised(
    recall: float, share: float
) -> None:
    generator = np.random.default_rng(2)
    recalls, mix = np.full((2, 7), recall), np.array([share, 1 - share])
    covered = []
    for number in range(150):
        sample = sampled(
            recalls, two_groups(1.0), mix, generator, held_out=300, class_sizes=CLASS_SIZES // 8
        )
        raw = raw_scores(sample.labelled, sample.everybody, n=200, confidence=0.95, seed=number)
        truth = scores(np.asarray(sample.people[..., np.newaxis] * answers_of(recalls)),
                       sample.everybody)[ACCURACY][0]  # fmt: skip
        for found in (raw, corrected(sample, seed=number).scores):
            accuracy, difference = found[ACCURACY][0].interval, found[RECALL_DIFFERENCE][0].interval
            covered.append([accuracy.low <= truth <= accuracy.high + 1e-6, holds(difference, 0.0)])
    # Of resamples of the people as they were counted .85 and .84 do, and .5 and .59.
    assert np.all(np.mean(covered, axis=0) >= 0.92)


def widths(sample: Sample, faces: int) -> Array:
    """Widths of the intervals of accuracy if that many held-out people had shown the same."""
    known = np.rint(sample.confusion.all_shares * faces).astype(np.int64)
    one = Sample(
        sample.people, sample.labelled, sample.everybody, LabelConfusion(known, tuple("ab"))
    )
    intervals = [found.interval for found in corrected(one, n=1000).scores[ACCURACY]]
    return np.array([interval.high - interval.low for interval in intervals])


def test_intervals_widen_as_fewer_faces_were_held_out() -> None:
    sample = sampled(losing(2, 0, 0.2), two_groups(0.8), np.array([0.3, 0.7]),
                     np.random.default_rng(3))  # fmt: skip
    few, some, many = (widths(sample, faces) for faces in (40, 400, 100_000))
    assert np.all(few > 1.3 * many)
    assert np.all(some > many * 0.99)


def coverage_with_few_held_out(*, uncertain: bool) -> float:
    """Coverage of the corrected number of people with 40 held-out faces of each group.

    Where the confusion is taken to be certain, it is given as if ten thousand had shown it.
    """
    generator = np.random.default_rng(5)
    covered = []
    for number in range(200):
        sample = sampled(losing(2, 0, 0.3), two_groups(0.8), HALVES, generator, held_out=40)
        counts = sample.confusion.counts * (1 if uncertain else 10_000)
        one = Sample(sample.people, sample.labelled, sample.everybody, confusion_of(counts))
        found = corrected(one, n=300, seed=number)
        covered.append(
            [
                *map(holds, found.people_intervals, sample.people.sum(axis=1)),
            ]
        )
    return float(np.mean(covered))


def test_coverage_falls_where_the_confusion_is_taken_to_be_certain() -> None:
    assert coverage_with_few_held_out(uncertain=True) > 0.91
    assert coverage_with_few_held_out(uncertain=False) < 0.6


def test_groups_that_may_be_too_small_are_not_compared() -> None:
    sample = sampled(
        losing(2, 0, 0.0), two_groups(0.8), np.array([0.03, 0.97]), np.random.default_rng(0)
    )
    found = corrected(sample)
    assert found.people_intervals[0].low < 10 < found.people_intervals[1].low
    assert found.compared.tolist() == [False, True]
    assert corrected(sample, min_people=-500.0).compared.all()


def test_a_seed_gives_the_same_and_another_other_intervals() -> None:
    sample = sampled(losing(2, 0, 0.1), two_groups(0.8), HALVES, np.random.default_rng(0))
    first, again, other = (corrected(sample, seed=seed).scores for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_class_that_nobody_shows_is_no_obstacle() -> None:
    sample = sampled(
        losing(2, 0, 0.1),
        two_groups(0.85),
        HALVES,
        np.random.default_rng(0),
        class_sizes=np.array([400, 0, 300, 0, 0, 200, 100]),
    )
    for estimates in corrected(sample).scores.values():
        for one in estimates:
            assert np.isfinite([one.value, one.interval.low, one.interval.high]).all()
    assert RECALLS.min() > 0.3  # the loss of a tenth is planted in full


def test_numbers_of_people_lie_within_their_intervals_although_few_faces_were_held_out() -> None:
    generator = np.random.default_rng(0)
    mix, shares = np.array([0.7, 0.3]), two_groups(0.98)
    n_within = 0
    for _ in range(150):
        sample = sampled(np.full((2, 7), 0.8), shares, mix, generator, held_out=30)
        intervals = corrected(sample).people_intervals
        numbers = sample.people.sum(axis=1)
        n_within += sum(
            one.low <= number <= one.high for one, number in zip(intervals, numbers, strict=True)
        )
    assert n_within >= 0.93 * 300
