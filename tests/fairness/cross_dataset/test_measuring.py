"""Recalls and overconfidence on one set, with the noise of its people."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.fairness.cross_dataset.worlds import EMOTIONS, PARAMS, answered

from fer_fairness.fairness.comparisons.crossed_predictions import CrossedPredictions
from fer_fairness.fairness.cross_dataset.measuring import OfSet, measured_sets, recalls_of
from fer_fairness.fairness.cross_dataset.shared import on_shared


def measured(**world: object) -> OfSet:
    audience = answered({"one": 0.8, "other": 0.6}, **world)  # type: ignore[arg-type]
    (asked, _), _ = on_shared([audience, answered({"one": 0.5, "other": 0.5}, name="b")], 10)
    return next(iter(measured_sets([asked], PARAMS, seed=1)))


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(60, 400))
def test_mean_recall_and_accuracy_are_weighted_means_of_recalls(draw: int, n_faces: int) -> None:
    one = measured(draw=draw, n_faces=n_faces)
    recalls, (everybody, *_) = one.recalls[None, None], one.parts
    metrics = {metric.name: place for place, metric in enumerate(everybody.part.metrics)}
    even = np.full((len(EMOTIONS), 1), 1 / len(EMOTIONS))
    for weights, name in ((even, "balanced_accuracy"), (one.emotion_shares[:, None], "accuracy")):
        expected = everybody.found.values[:, metrics[name]]
        assert_allclose(recalls.weighed(weights).values[:, 0], expected, atol=1e-12)


def test_recalls_vary_as_binomial_shares_do() -> None:
    one = measured(n_faces=3000)
    recalls = one.recalls[None, None]
    expected = recalls.values * (1 - recalls.values) / recalls.n_people
    assert_allclose(recalls.variances, expected, rtol=0.3)


def test_faces_of_one_person_tell_no_more_than_one_of_them() -> None:
    one = measured(n_faces=3000, faces_of_a_person=10)
    recalls = one.recalls[None, None]
    assert recalls.n_people.sum() == 300
    expected = recalls.values * (1 - recalls.values) / recalls.n_people
    assert_allclose(recalls.variances, expected, rtol=0.4)
    errors = one.overconfidence
    right = 0.7 - errors.values[:, 0]
    assert_allclose(errors.variances[:, 0], right * (1 - right) / 300, rtol=0.4)


def test_overconfidence_is_mean_confidence_minus_accuracy() -> None:
    one = measured(sureness=0.9)
    accuracy = one.parts[0].found.values[:, 0]
    assert_allclose(one.overconfidence.values[:, 0], 0.9 - accuracy)


def test_an_emotion_that_is_always_recognised_has_an_interval_of_about_three_faces() -> None:
    audience = answered({"one": 1.0, "other": 0.6}, n_faces=900)
    (asked, _), _ = on_shared([audience, answered({"one": 0.5, "other": 0.5}, name="b")], 10)
    recalls = next(iter(measured_sets([asked], PARAMS, seed=1))).recalls[None, None]
    assert (recalls.values[0] == 1).all()
    half = 1.96 * np.sqrt(recalls.variances[0])
    assert_allclose(half * recalls.n_people, 3.0, rtol=0.15)


def test_one_person_who_shows_an_emotion_in_many_faces_is_not_certain() -> None:
    rows = np.arange(70)
    angry = rows < 10
    people = CrossedPredictions(
        groups=np.zeros(70, dtype=np.int64),
        true=np.where(angry, 0, 1),
        predicted=(rows % 2)[:, np.newaxis],
        people=np.where(angry, 0, rows),
        n_groups=1,
        n_classes=2,
    )
    weights = np.random.default_rng(1).standard_normal((300, 70), dtype=np.float32)
    found = recalls_of(people, weights)
    assert_array_equal(found.n_people, [1, 60])
    assert found.values[0, 0] == 0.5
    # Of one person as unsure as four more, half of them right, leave it.
    assert found.variances[0, 0] > 0.04


def test_what_nobody_shows_is_left_out_of_a_weighted_mean() -> None:
    one = measured()
    group = one.recalls["gender", "female"]
    group.values[:, 0] = np.nan
    weights = np.array([[0.0], [0.5], [0.5]])
    assert_allclose(group.weighed(weights).values[:, 0], group.values[:, 1:].mean(axis=1))
