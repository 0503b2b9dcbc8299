from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from tests.fairness.label_noise.worlds import confusion_of, expected_labels, fairface_shares

from fer_fairness.fairness.label_noise.inversion import (
    by_true_group,
    condition_number,
    drawn_confusions,
    drawn_labels,
    inverse,
    possible,
    reasons_against,
)
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.label_noise import LabelNoiseParameters

DEFAULTS = LabelNoiseParameters()
TABLES = arrays(np.int64, (4, 3, 3), elements=st.integers(0, 200))


@st.composite
def labellers(draw: st.DrawFn) -> Array:
    """P(label or none | true group), (4, 5): more than half right, up to a third without label."""
    right = np.array(draw(st.lists(st.floats(0.55, 1.0), min_size=4, max_size=4)))
    likeness = draw(arrays(np.float64, (4, 4), elements=st.floats(0.05, 1.0)))
    none = np.array(draw(st.lists(st.floats(0.0, 0.33), min_size=4, max_size=4)))[:, np.newaxis]
    off = likeness * (1 - np.eye(4))
    wrong = (1 - right[:, np.newaxis]) * off / off.sum(axis=1, keepdims=True)
    return np.hstack([(np.diag(right) + wrong) * (1 - none), none])


@given(TABLES)
def test_labels_that_are_never_wrong_change_nothing(counts: Array) -> None:
    assert_allclose(by_true_group(counts, inverse(np.eye(4))), counts, atol=1e-5)


@given(TABLES, labellers())
def test_labels_as_they_are_on_average_give_the_true_counts_back(
    counts: Array, shares: Array
) -> None:
    labelled, _ = expected_labels(counts.astype(float), shares)
    assert_allclose(by_true_group(labelled, inverse(shares[:, :-1])), counts, atol=1e-4)


def test_many_confusions_are_inverted_at_once() -> None:
    shares = np.stack([fairface_shares()[:, :-1], fairface_shares(0.2)[:, :-1]])
    together = inverse(shares)
    for one, alone in zip(together, shares, strict=True):
        assert_allclose(one, inverse(alone))
        assert_allclose(one @ alone.T, np.eye(7), atol=1e-6)


@given(
    arrays(np.float64, (3, 2, 2), elements=st.floats(-50, 200)),
    arrays(np.int64, (2, 2), elements=st.integers(0, 300)),
)
def test_possible_counts_are_none_below_zero_and_sum_to_everybody(
    estimated: Array, everybody: Array
) -> None:
    found = possible(estimated, everybody)
    assert np.all(found >= 0)
    assert_allclose(found.sum(axis=0), everybody, atol=1e-6)


def test_counts_that_are_possible_already_stay() -> None:
    counts = np.random.default_rng(0).integers(1, 50, size=(3, 2, 2)).astype(float)
    assert_allclose(possible(counts, counts.sum(axis=0)), counts)


def test_a_cell_of_which_nothing_is_known_is_shared_alike() -> None:
    found = possible(np.full((2, 1, 1), -3.0), np.array([[8]]))
    assert_allclose(found, 4.0)


def test_the_condition_number_tells_how_far_groups_are_told_apart() -> None:
    assert condition_number(confusion_of([[9, 0, 0], [0, 9, 0]])) == pytest.approx(1.0)
    # Singular values of [[.8, .2], [.2, .8]] are 1 and .6.
    assert condition_number(confusion_of([[80, 20, 0], [20, 80, 0]])) == pytest.approx(1 / 0.6)
    assert condition_number(confusion_of([[50, 50, 0], [50, 50, 0]])) > 1e12
    assert condition_number(confusion_of([[0, 0, 9], [0, 0, 9]])) == np.inf


def test_a_good_confusion_has_nothing_against_it() -> None:
    counts = np.rint(fairface_shares(0.1) * 350)
    assert reasons_against(confusion_of(counts), DEFAULTS) == {}


def test_groups_with_too_few_held_out_faces_are_named_with_their_number() -> None:
    few = confusion_of([[90, 5, 5], [2, 12, 0], [4, 1, 50]]).counts
    padded = np.hstack([few, np.zeros((3, 1), dtype=int)])
    (reason,) = reasons_against(confusion_of(padded), DEFAULTS).values()
    assert reason.startswith("Too few held-out faces")
    assert "b 14; at least 30" in reason
    assert "a 100" not in reason


def test_groups_that_get_the_same_labels_are_refused() -> None:
    (reason,) = reasons_against(confusion_of([[60, 40, 0], [60, 40, 0]]), DEFAULTS).values()
    assert "hardly tells some of the groups apart" in reason
    (reason,) = reasons_against(confusion_of([[0, 0, 40], [0, 0, 40]]), DEFAULTS).values()
    assert "without limit" in reason


def test_the_allowed_magnification_is_a_parameter_and_told() -> None:
    confusion = confusion_of([[60, 40, 0], [40, 60, 0]])  # 1 to .2: five times
    assert reasons_against(confusion, DEFAULTS) == {}
    strict = LabelNoiseParameters(max_condition_number=4.0)
    (reason,) = reasons_against(confusion, strict).values()
    assert "up to 5 times (at most 4 are allowed)" in reason


def test_all_reasons_are_told_together() -> None:
    reasons = list(reasons_against(confusion_of([[5, 5, 0], [5, 5, 0]]), DEFAULTS).values())
    assert len(reasons) == 2


def test_one_group_alone_is_nothing_to_compare() -> None:
    (reason,) = reasons_against(confusion_of([[100, 0]]), DEFAULTS).values()
    assert "one group only" in reason


def test_drawn_confusions_scatter_as_the_held_out_faces_leave_open() -> None:
    counts = np.array([[70, 20, 10], [5, 300, 95]])
    drawn = drawn_confusions(confusion_of(counts), 4000, np.random.default_rng(0))

    assert drawn.shape == (4000, 2, 3)
    assert_allclose(drawn.sum(axis=-1), 1.0)
    faces = counts.sum(axis=1, keepdims=True) + 1
    shares = (counts + 1 / 3) / faces
    assert_allclose(drawn.mean(axis=0), shares, atol=0.004)
    assert_allclose(drawn.std(axis=0), np.sqrt(shares * (1 - shares) / (faces + 1)), rtol=0.06)


def test_an_error_that_few_held_out_faces_did_not_show_may_still_happen() -> None:
    drawn = drawn_confusions(confusion_of([[9, 0, 0], [0, 9, 0]]), 4000, np.random.default_rng(0))
    assert_allclose(drawn.mean(axis=0), [[0.95, 0.05, 0], [0.05, 0.95, 0]], atol=0.005)
    assert not drawn[..., 2].any(), "a labeller that always answers"


def test_what_a_group_can_not_be_called_is_not_drawn() -> None:
    confusion = replace(confusion_of([[9, 0, 1], [0, 9, 0]]), impossible=~np.eye(2, dtype=bool))
    drawn = drawn_confusions(confusion, 50, np.random.default_rng(0))
    assert not drawn[:, [0, 1], [1, 0]].any()
    assert drawn[:, 1, 2].all()


def test_people_are_labelled_as_often_as_the_confusion_says() -> None:
    people = np.array([[[[800, 200]]], [[[100, 900]]]]).transpose(1, 0, 2, 3)
    shares = np.array([[[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]]])
    labelled = drawn_labels(
        np.repeat(people, 300, axis=0), np.repeat(shares, 300, axis=0), np.random.default_rng(0)
    )
    expected, _ = expected_labels(people[0].astype(float), shares[0])
    assert labelled.shape == (300, 2, 1, 2)
    assert_allclose(labelled.mean(axis=0), expected, rtol=0.02)
    assert np.all(labelled.sum(axis=1) <= people.sum(axis=1))
