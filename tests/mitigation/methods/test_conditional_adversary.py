from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pydantic import ValidationError
from scipy.special import softmax

from fer_fairness.mitigation.methods.conditional_adversary import (
    ConditionalAdversary,
    reversed_gradient,
)
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(4, 2)).astype(np.float32)
FEATURES = GENERATOR.normal(size=(4, 5)).astype(np.float32)
MEMBERS = [[1.0, 0, 0], [0, 0.25, 0.75], [0, 0, 1.0], [0, 0, 0]]
VOTES = np.array([[1.0, 0], [0, 1], [0.25, 0.75], [1, 0]])


def test_the_adversary_learns_and_the_features_get_the_opposite(
    group_training: GroupTraining, step: Step
) -> None:
    rate, members = 1e-3, np.array(MEMBERS)
    training = group_training(MEMBERS, VOTES.tolist())
    made: Any = ConditionalAdversary(strength=0.5, depth=1).objective(training, PARAMS)
    taken = step(made, training, LOGITS, FEATURES, rate=rate)
    kernel = np.asarray(made.layers[0].kernel) + rate * taken["kernel"]
    vectors = np.asarray(made.emotions) + rate * taken["emotion_vectors"]
    told = FEATURES + VOTES @ vectors
    shares = softmax(told @ kernel, axis=1)
    of_groups = -(members * np.log(shares)).sum(axis=1)
    plain = cross_entropy(LOGITS.astype(float), training.targets)
    assert float(taken["loss"]) == pytest.approx((plain + 0.5 * of_groups).mean(), rel=1e-5)
    errors = 0.5 * (members.sum(axis=1, keepdims=True) * shares - members) / 4
    assert_allclose(taken["kernel"], told.T @ errors, rtol=1e-2, atol=1e-4)
    assert_allclose(taken["emotion_vectors"], VOTES.T @ errors @ kernel.T, rtol=1e-2, atol=1e-4)
    assert_allclose(taken["features"], -errors @ kernel.T, rtol=1e-2, atol=1e-4)
    assert_allclose(taken["features"][3], 0)


def test_a_reversal_keeps_values() -> None:
    assert_allclose(np.asarray(reversed_gradient(FEATURES)), FEATURES)


def test_width_and_depth_are_those_of_the_settings(group_training: GroupTraining) -> None:
    import keras

    training = group_training(MEMBERS, VOTES.tolist())
    made: Any = ConditionalAdversary(width=7, depth=3).objective(training, PARAMS)
    graph = keras.Model()
    made.build(graph, n_features=5, seed=0)
    assert [layer.kernel.shape for layer in made.layers] == [(5, 7), (7, 7), (7, 3)]
    assert len(graph.trainable_variables) == 7
    assert [layer.activation.__name__ for layer in made.layers] == ["relu", "relu", "linear"]


def test_bad_settings_are_refused() -> None:
    for wrong in ({"strength": -0.1}, {"width": 0}, {"depth": 0}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            ConditionalAdversary.model_validate(wrong)
