from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax

from fer_fairness.mitigation.methods.multi_task import MultiTask
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


@pytest.mark.parametrize("weight", [None, [2.0, 1.0, 0.5, 3.0]])
def test_loss_and_gradients_are_those_of_both_tasks(
    group_training: GroupTraining, step: Step, weight: list[float] | None
) -> None:
    training = group_training(MEMBERS, np.eye(2)[[0, 1, 1, 0]].tolist(), weight)
    made: Any = MultiTask(strength=0.5).objective(training, PARAMS)
    taken = step(made, training, LOGITS, FEATURES, rate=1e-3)
    kernel = np.asarray(made.head.kernel) + 1e-3 * taken["kernel"]
    weights = np.array(weight or [1.0] * 4)
    members = np.array(MEMBERS)
    said = FEATURES @ kernel
    of_groups = -(members * np.log(softmax(said, axis=1))).sum(axis=1)
    plain = cross_entropy(LOGITS.astype(float), training.targets)
    assert float(taken["loss"]) == pytest.approx((weights * (plain + 0.5 * of_groups)).mean())
    errors = members.sum(axis=1, keepdims=True) * softmax(said, axis=1) - members
    errors = 0.5 * weights[:, None] * errors / 4
    assert_allclose(taken["features"], errors @ kernel.T, rtol=1e-2, atol=1e-4)
    assert_allclose(taken["kernel"], FEATURES.T @ errors, rtol=1e-2, atol=1e-4)
    assert_allclose(taken["features"][3], 0)


def test_the_head_starts_from_the_seed_alone(group_training: GroupTraining) -> None:
    import keras

    training = group_training(MEMBERS, np.eye(2)[[0, 1, 1, 0]].tolist())
    kernels = []
    for seed in (0, 0, 1):
        made: Any = MultiTask().objective(training, PARAMS)
        made.build(keras.Model(), n_features=5, seed=seed)
        kernels.append(np.asarray(made.head.kernel))
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    assert np.abs(kernels[0]).max() <= np.sqrt(6 / 8)
