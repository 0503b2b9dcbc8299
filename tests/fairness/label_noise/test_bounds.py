import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from tests.fairness.label_noise.worlds import (
    RECALLS,
    answers_of,
    confusion_of,
    fairface_shares,
    losing,
    sampled,
    two_groups,
)

from fer_fairness.fairness.label_noise.bounds import (
    ScoreBounds,
    _program_bounds,
    _Range,
    accuracy_bounds,
    answers_by_label,
    bounded_scores,
    group_shares,
    unidentified_bounded_accuracy,
)
from fer_fairness.fairness.label_noise.corrected_scores import ACCURACY, ACCURACY_DIFFERENCE, scores
from fer_fairness.fairness.metrics.reductions import Array

JOINTS = arrays(np.int64, (3, 4, 2), elements=st.integers(0, 30))
"""People by true group, label (none last), and whether the model is wrong or right: anyhow."""

TOLERANCE = 1e-6


def seen_of(joint: Array) -> tuple[Array, Array, Array]:
    """Answers by label, P(label | group) and shares of the groups, all exact."""
    by_group = joint.sum(axis=(1, 2))
    return joint.sum(axis=0), joint.sum(axis=2) / by_group[:, np.newaxis], by_group / joint.sum()


def program_bounds(answers: Array, shares: Array) -> ScoreBounds:
    """Bounds of a confusion and of people that are known exactly."""
    of_all = answers / answers.sum()
    return _program_bounds(_Range(of_all, of_all), _Range(shares, shares))


def true_scores(joint: Array) -> dict[str, Array]:
    right, people = joint[..., 1].sum(axis=1), joint.sum(axis=(1, 2))
    others = (right.sum() - right) / (people.sum() - people)
    return {ACCURACY: right / people, ACCURACY_DIFFERENCE: right / people - others}


def hold(bounds: ScoreBounds, truth: Array) -> bool:
    return bool(
        np.all(bounds.low <= truth + TOLERANCE) and np.all(truth <= bounds.high + TOLERANCE)
    )


@given(JOINTS)
def test_bounds_hold_the_truth_however_label_errors_and_answers_go_together(joint: Array) -> None:
    assume(np.all(joint.sum(axis=(1, 2)) > 0))
    found = accuracy_bounds(*seen_of(joint))
    for name, truth in true_scores(joint).items():
        assert hold(found[name], truth), name
    assert np.all(found[ACCURACY].low >= 0)
    assert np.all(found[ACCURACY].high <= 1 + TOLERANCE)


@pytest.mark.parametrize("end", ["low", "high"])
@given(joint=JOINTS, group=st.integers(0, 2))
def test_bounds_are_sharp_some_people_would_attain_them(end: str, joint: Array, group: int) -> None:
    assume(np.all(joint.sum(axis=(1, 2)) > 0))
    answers, shares, people = seen_of(joint)
    of_group = joint[group].sum(axis=-1)
    right = np.minimum(answers[:, 1], of_group)
    if end == "low":
        right = np.maximum(0, answers[:, 1] + of_group - answers.sum(axis=-1))
    # People of this group right as often as can be, and all others with what is left of answers.
    own = np.stack([of_group - right, right], axis=-1)
    left = answers - own
    assert np.all(left >= 0)
    world = np.stack([own, left])
    found = accuracy_bounds(answers, shares, people)
    for name, truth in true_scores(world).items():
        ends = getattr(found[name], end)
        assert ends[group] == pytest.approx(truth[0], abs=TOLERANCE)


def test_labels_that_are_never_wrong_leave_nothing_open() -> None:
    joint = np.zeros((2, 3, 2))
    joint[0, 0], joint[1, 1] = [10, 30], [20, 20]
    found = accuracy_bounds(*seen_of(joint))
    for end in (found[ACCURACY].low, found[ACCURACY].high):
        assert_allclose(end, [0.75, 0.5])
    assert found[ACCURACY].estimates[1].interval.low == pytest.approx(0.5)


def test_a_group_of_nobody_has_no_bounds() -> None:
    found = accuracy_bounds(
        np.array([[1, 3], [2, 2], [0, 0]]),
        np.array([[0.5, 0.5, 0], [0.5, 0.5, 0]]),
        np.array([1.0, 0.0]),
    )
    assert np.isnan(found[ACCURACY].low[1])
    assert np.isfinite(found[ACCURACY].high[0])


def test_people_are_told_by_label_and_answer_those_without_a_label_last() -> None:
    labelled = np.array([[[5, 1], [2, 3]], [[4, 0], [0, 6]]])
    everybody = labelled.sum(axis=0) + np.array([[1, 2], [3, 4]])
    assert_allclose(answers_by_label(labelled, everybody), [[3, 8], [0, 10], [5, 5]])


def test_shares_of_groups_are_those_behind_the_labels() -> None:
    mix = np.array([0.5, 0.08, 0.12, 0.09, 0.06, 0.07, 0.08])
    shares = fairface_shares(0.1)
    by_label = 10_000 * mix @ shares
    answers = np.stack([by_label * 0.3, by_label * 0.7], axis=-1)
    assert_allclose(group_shares(answers, shares), mix, atol=1e-8)
    fewer = answers.copy()
    fewer[1] = 0.0  # nobody was labelled so: the group would be below zero
    found = group_shares(fewer, shares)
    assert found.min() == 0.0
    assert found.sum() == pytest.approx(1.0)


@settings(max_examples=40)
@given(JOINTS)
def test_the_program_gives_the_closed_form_where_the_shares_of_groups_follow(joint: Array) -> None:
    assume(np.all(joint.sum(axis=(1, 2)) > 0))
    answers, shares, people = seen_of(joint)
    assume(np.linalg.cond(shares) < 50)
    closed = accuracy_bounds(answers, shares, people)[ACCURACY]
    found = program_bounds(answers, shares)
    assert_allclose(found.low, closed.low, atol=1e-5)
    assert_allclose(found.high, closed.high, atol=1e-5)


def test_a_labeller_that_tells_nobody_apart_leaves_all_open_but_bounds_hold() -> None:
    joint = np.zeros((3, 4, 2))
    for group, accuracy in enumerate((0.9, 0.7, 0.5)):
        joint[group, :3] = 100 * np.array([1 - accuracy, accuracy])
    answers, shares, _ = seen_of(joint)
    found = program_bounds(answers, shares)
    assert hold(found, true_scores(joint)[ACCURACY])
    # A group may be as small as one likes: all of it right, or none.
    assert_allclose(found.low, 0.0, atol=1e-6)
    assert_allclose(found.high, 1.0, atol=1e-6)


def test_two_groups_that_get_the_same_labels_still_leave_the_third_bounded() -> None:
    joint = np.zeros((3, 4, 2))
    joint[0, 0], joint[0, 1] = [5, 45], [2, 8]
    joint[1, 1], joint[1, 2] = [40, 80], [10, 30]
    joint[2, 1], joint[2, 2] = [15, 15], [5, 5]  # labelled as group 1 is
    answers, shares, _ = seen_of(joint)
    assert np.linalg.matrix_rank(shares) == 2
    found = program_bounds(answers, shares)
    assert hold(found, true_scores(joint)[ACCURACY])
    assert found.high[0] - found.low[0] < 0.4
    assert found.high[2] - found.low[2] > 0.9


def refused_bounds(joint: Array, faces: int, generator: np.random.Generator) -> ScoreBounds:
    """Bounds from people drawn of a joint table, and so many held-out people of each group."""
    shares = joint.sum(axis=2) / joint.sum(axis=(1, 2))[:, np.newaxis]
    drawn = generator.multinomial(3000, joint.ravel() / joint.sum()).reshape(joint.shape)
    answers = drawn.sum(axis=0)
    # One class of two: who is wrong is given the second.
    labelled = np.zeros((3, 2, 2), dtype=np.int64)
    labelled[:, 0] = answers[:3, ::-1]
    everybody = np.zeros((2, 2), dtype=np.int64)
    everybody[0] = answers.sum(axis=0)[::-1]
    confusion = confusion_of(generator.multinomial(faces, shares))
    return unidentified_bounded_accuracy(labelled, everybody, confusion, confidence=0.95)


def test_what_noise_may_do_is_in_bounds_of_confusions_that_cannot_be_inverted() -> None:
    generator = np.random.default_rng(0)
    joint = np.zeros((3, 4, 2))
    joint[0] = [[5, 45], [2, 8], [3, 7], [1, 4]]
    joint[1] = [[2, 2], [40, 80], [10, 30], [5, 1]]
    joint[2] = [[1, 0], [15, 15], [5, 5], [1, 0]]  # labelled nearly as group 1 is
    truth = true_scores(joint)[ACCURACY]
    few, many = ([refused_bounds(joint, n, generator) for _ in range(40)] for n in (12, 5000))
    assert np.mean([hold(found, truth) for found in few]) >= 0.95
    assert np.mean([hold(found, truth) for found in many]) >= 0.95
    exact = program_bounds(*seen_of(joint)[:2])
    width = [np.mean([found.high - found.low for found in part], axis=0) for part in (few, many)]
    assert np.all(width[0] >= width[1] - TOLERANCE)
    assert np.all(width[1] >= exact.high - exact.low - TOLERANCE)
    assert width[1][0] < 0.8 * width[0][0]


def test_a_group_without_held_out_people_is_bounded_by_what_the_others_leave_to_it() -> None:
    confusion = confusion_of([[900, 100, 0], [0, 0, 0]])
    as_all_of_the_first = np.array([[[75, 15], [0, 0]], [[5, 5], [0, 0]]])
    found = unidentified_bounded_accuracy(
        as_all_of_the_first, as_all_of_the_first.sum(axis=0), confusion, confidence=0.95
    )
    assert_allclose([found.low[1], found.high[1]], [0, 1], atol=1e-6)

    many_of_the_second = as_all_of_the_first * np.array([1, 90])[:, np.newaxis, np.newaxis]
    found = unidentified_bounded_accuracy(
        many_of_the_second, many_of_the_second.sum(axis=0), confusion, confidence=0.95
    )
    assert 0.3 < found.low[1] < 0.5 < found.high[1] < 0.7


def test_noise_widens_bounds_and_a_seed_fixes_them() -> None:
    sample = sampled(
        losing(2, 0, 0.1), two_groups(0.8), np.array([0.4, 0.6]), np.random.default_rng(0)
    )
    answers = answers_by_label(sample.labelled, sample.everybody)
    shares = sample.confusion.all_shares
    exact = accuracy_bounds(answers, shares, group_shares(answers, shares))[ACCURACY]
    first, again = (
        bounded_scores(
            sample.labelled, sample.everybody, sample.confusion, n=500, confidence=0.95, seed=1
        )
        for _ in range(2)
    )
    assert np.all(first[ACCURACY].low < exact.low)
    assert np.all(first[ACCURACY].high >= exact.high)
    assert first[ACCURACY].high[1] > exact.high[1] + 0.01
    assert_allclose(first[ACCURACY_DIFFERENCE].low, again[ACCURACY_DIFFERENCE].low)


def shared_quality(strength: float, generator: np.random.Generator) -> list[bool]:
    """Whether the bounds of all groups hold, of accuracy and of its difference.

    Half of all faces are poor: labeller and model err more often on them, on the others less.
    """
    shares, mix = two_groups(0.8, abstained=0.1), np.array([0.4, 0.6])
    people = generator.multinomial(np.array([329, 74, 160, 1185, 478, 162, 680]), mix).T
    poor = generator.binomial(people, 0.5)
    labelled, everybody, truth = (
        np.zeros((2, 7, 7), int),
        np.zeros((7, 7), int),
        np.zeros((2, 7, 7)),
    )
    for part, wrong in ((poor, 1 + strength), (people - poor, 1 - strength)):
        recalls = 1 - (1 - RECALLS) * wrong
        answered = generator.multinomial(part, answers_of(np.stack([recalls, recalls])))
        errors = shares * (1 - np.eye(2, 3)) * wrong
        given_labels = errors + np.eye(2, 3) * (1 - errors.sum(axis=1, keepdims=True))
        labels = generator.multinomial(answered, given_labels[:, np.newaxis, np.newaxis])
        labelled += np.moveaxis(labels.sum(axis=0)[..., :-1], -1, 0)
        everybody += answered.sum(axis=0)
        truth = truth + part[..., np.newaxis] * answers_of(np.stack([recalls, recalls]))
    confusion = confusion_of(generator.multinomial(400, shares))
    found = bounded_scores(labelled, everybody, confusion, n=300, confidence=0.95, seed=generator)
    true = scores(truth, truth.sum(axis=0))
    return [hold(found[name], true[name]) for name in (ACCURACY, ACCURACY_DIFFERENCE)]


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.6])
def test_bounds_hold_where_poor_images_mislead_labeller_and_model(strength: float) -> None:
    generator = np.random.default_rng(round(strength * 10))
    held = np.array([shared_quality(strength, generator) for _ in range(60)])
    assert held.mean(axis=0).min() >= 0.98


def attained(group: int, generator: np.random.Generator, n: int) -> list[bool]:
    """Whether bounds hold the accuracy of a group that is as often right as labels allow.

    Of each label so many are right as are truly of group 0: there the two parts of each minimum are
    alike.
    """
    shares = fairface_shares(0.1)
    people = shares / len(shares)
    right = people[0]
    own = np.minimum(right, people[group])
    others = people.sum(axis=0) - people[group]
    joint = np.stack([people[group] - own, own, others - (right - own), right - own], axis=-1)
    held = []
    for seed in range(n):
        drawn = generator.multinomial(3000, joint.ravel() / joint.sum()).reshape(-1, 2, 2)
        answers = drawn.sum(axis=1)
        labelled = np.zeros((7, 2, 2), dtype=np.int64)
        labelled[:, 0] = answers[:7, ::-1]
        everybody = np.zeros((2, 2), dtype=np.int64)
        everybody[0] = answers.sum(axis=0)[::-1]
        confusion = confusion_of(generator.multinomial(350, shares))
        found = bounded_scores(labelled, everybody, confusion, n=200, confidence=0.95, seed=seed)[
            ACCURACY
        ]
        truth = own.sum() / people[group].sum()
        held.append(bool(found.low[group] <= truth <= found.high[group]))
    return held


@pytest.mark.parametrize("group", [0, 5])
def test_bounds_hold_people_who_attain_them(group: int) -> None:
    # Of quantiles of drawn bounds .14 and .8 do.
    assert np.mean(attained(group, np.random.default_rng(3), 100)) >= 0.9


def test_bounds_are_open_where_all_of_a_few_people_are_recognised() -> None:
    labelled = np.array([[[20, 0], [0, 0]], [[280, 120], [0, 0]]])
    found = bounded_scores(
        labelled,
        labelled.sum(axis=0),
        confusion_of([[4000, 0, 0], [0, 4000, 0]]),
        n=500,
        confidence=0.95,
        seed=0,
    )[ACCURACY]
    assert found.low[0] < 0.9
    assert found.high[0] == 1.0
