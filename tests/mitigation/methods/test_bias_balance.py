from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError
from scipy.special import log_softmax

from fer_fairness.mitigation.methods.bias_balance import BiasBalance
from fer_fairness.modeling import TrainingSet
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
LOGITS = np.array([[1.0, 0.5, -1.0], [0.2, 0.1, 0.0], [3.0, 0.0, 1.0], [0, 1, 2]], np.float32)
EYE = np.eye(3)


def losses(
    training: TrainingSet, params: TrainingParameters = PARAMS, **settings: Any
) -> np.ndarray:
    made = BiasBalance.model_validate(settings).objective(training, params)
    return np.asarray(made.face_losses(training.columns, training.targets, LOGITS))


def test_the_prior_is_that_of_emotions_within_the_group_not_of_groups_within_the_emotion(
    group_training: GroupTraining,
) -> None:
    # Group 0: classes 0, 0, 1. Group 1: class 2. A table that is read transposed gives others.
    training = group_training([[1, 0], [1, 0], [1, 0], [0, 1]], EYE[[0, 0, 1, 2]].tolist())
    prior = np.array([[2 / 3, 1 / 3, 1e-9]] * 3 + [[1e-9, 1e-9, 1]])
    expected = -(training.targets * log_softmax(LOGITS + np.log(prior), axis=1)).sum(axis=1)
    assert_allclose(losses(training), expected, rtol=1e-5, atol=1e-7)


def test_an_uncertain_group_has_the_prior_of_the_mixture(group_training: GroupTraining) -> None:
    training = group_training(
        [[1, 0], [0, 1], [0.25, 0.75], [0.5, 0.5]], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]
    )
    totals = np.array([[1, 0.5, 0.25], [0, 1.5, 0.75]])
    shares = totals / totals.sum(axis=1, keepdims=True)
    prior = np.array([0.25, 0.75]) @ shares
    expected = -log_softmax(LOGITS[2] + np.log(prior))[2]
    assert losses(training)[2] == pytest.approx(expected, rel=1e-5)


def test_unknown_groups_and_strength_zero_have_the_adjustment_of_plain_training(
    group_training: GroupTraining,
) -> None:
    params = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.5)
    training = group_training([[1, 0], [0, 1], [1, 0], [0, 0]], EYE[[0, 0, 1, 2]].tolist())
    plain = LOGITS + 0.5 * np.log([0.5, 0.25, 0.25])
    expected = -(training.targets * log_softmax(plain, axis=1)).sum(axis=1)
    assert_allclose(losses(training, params)[3], expected[3], rtol=1e-5)
    assert_allclose(losses(training, params, strength=0.0), expected, rtol=1e-5)
    assert not np.allclose(losses(training, params)[:3], expected[:3])


def test_votes_count_by_their_shares_in_the_prior(group_training: GroupTraining) -> None:
    votes = [[0.5, 0.5, 0], [0.25, 0.75, 0], [0.75, 0, 0.25], [1, 0, 0]]
    training = group_training([[1]] * 4, votes)
    prior = np.array([2.5, 1.25, 0.25]) / 4
    expected = -(training.targets * log_softmax(LOGITS + np.log(prior), axis=1)).sum(axis=1)
    assert_allclose(losses(training), expected, rtol=1e-5, atol=1e-7)


def test_teachers_are_compared_with_the_logits_as_they_are(group_training: GroupTraining) -> None:
    distillation = {"weight": 1.0, "temperature": 1.0}
    params = TrainingParameters.model_validate(
        {**PARAMS.model_dump(), "distillation": distillation}
    )
    training = group_training([[1, 0], [1, 0], [0, 1], [0, 1]], EYE[[0, 0, 1, 2]].tolist())
    made = BiasBalance().objective(training, params)
    batch = {**training.columns, "teacher_logits": LOGITS}
    assert_allclose(np.asarray(made.face_losses(batch, training.targets, LOGITS)), 0, atol=1e-6)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValidationError, match="strength"):
        BiasBalance.model_validate({"strength": -1})
