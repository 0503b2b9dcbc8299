from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.methods.attribute_aware import AttributeAware
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(4, 5)).astype(np.float32)
TARGETS = np.eye(2)[[0, 1, 1, 0]]
MEMBERS = [[1.0, 0, 0], [0, 1.0, 0], [0.2, 0.3, 0.5], [0, 0, 0]]
REPRESENTATIONS = GENERATOR.normal(size=(3, 5)).astype(np.float32)


def network() -> Any:
    import keras

    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(inputs))
    model.set_weights([np.random.default_rng(1).normal(size=(5, 2))])
    return model


def loss(training: TrainingSet, strength: float) -> float:
    import keras

    made: Any = AttributeAware(strength=strength).objective(training, PARAMS)
    graph = keras.Model()
    graph.model = network()
    made.build(graph, n_features=5, seed=0)
    made.representations.assign(REPRESENTATIONS)
    logits = np.asarray(graph.model(FEATURES))
    return float(made.loss(Seen(training.columns, training.targets, logits, FEATURES)))


@pytest.mark.parametrize("strength", [1.0, 0.5, 0.0])
def test_the_last_layer_is_given_features_with_the_groups_representation(
    group_training: GroupTraining, strength: float
) -> None:
    training = group_training(MEMBERS, TARGETS.tolist())
    centred = REPRESENTATIONS - REPRESENTATIONS.mean(axis=0)
    given = FEATURES + strength * np.array(MEMBERS) @ centred
    expected = cross_entropy((given @ network().get_weights()[0]).astype(float), TARGETS).mean()
    assert loss(training, strength) == pytest.approx(expected, rel=1e-5)


def test_at_first_it_is_the_plain_loss_and_each_group_learns_from_its_own_faces(
    group_training: GroupTraining, step: Step
) -> None:
    training = group_training(MEMBERS, TARGETS.tolist())
    made: Any = AttributeAware().objective(training, PARAMS)
    model = network()
    (kernel,) = model.get_weights()
    logits = FEATURES @ kernel
    taken = step(made, training, logits, FEATURES, model=model)
    plain = cross_entropy(logits.astype(float), TARGETS).mean()
    assert float(taken["loss"]) == pytest.approx(plain, rel=1e-5)
    members = np.array(MEMBERS)
    centred = members - members.sum(axis=1, keepdims=True) / 3
    errors = (softmax(logits, axis=1) - TARGETS) / 4
    assert_allclose(-np.asarray(made.representations), centred.T @ errors @ kernel.T, atol=1e-5)


def test_a_model_without_a_dense_last_layer_is_refused(group_training: GroupTraining) -> None:
    import keras

    inputs = keras.Input((4, 4, 3))
    graph = keras.Model()
    graph.model = keras.Model(
        inputs, keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 1)(inputs))
    )
    made: Any = AttributeAware().objective(group_training(MEMBERS, TARGETS.tolist()), PARAMS)
    with pytest.raises(InvalidInputError, match="added to its features"):
        made.build(graph, n_features=3, seed=0)
