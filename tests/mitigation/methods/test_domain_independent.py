from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.domain_independent import DomainIndependent
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.objective import Seen, cross_entropy
from fer_fairness.params.training import TrainingParameters

GroupTraining = Callable[..., TrainingSet]
Step = Callable[..., dict[str, np.ndarray]]
PARAMS = TrainingParameters(label_smoothing=0.0, logit_adjustment=0.0)
GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(4, 2)).astype(np.float32)
FEATURES = GENERATOR.normal(size=(4, 5)).astype(np.float32)
KERNELS = GENERATOR.normal(size=(3, 5, 2)).astype(np.float32)
BIASES = GENERATOR.normal(size=(3, 2)).astype(np.float32)


def faces(group_training: GroupTraining, members: list[list[float]]) -> TrainingSet:
    return group_training(members, np.eye(2)[[0, 1, 1, 0]].tolist())


def objective(training: TrainingSet, **settings: Any) -> Any:
    import keras

    made: Any = DomainIndependent.model_validate(settings).objective(training, PARAMS)
    made.build(keras.Model(), n_features=5, seed=0)
    made.kernels.assign(KERNELS)
    made.biases.assign(BIASES)
    return made


def said(made: Any, training: TrainingSet) -> np.ndarray:
    return np.asarray(made.head_logits(Seen(training.columns, training.targets, LOGITS, FEATURES)))


def test_heads_of_all_groups_sum_to_the_models_logits(group_training: GroupTraining) -> None:
    training = faces(group_training, [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]])
    made = objective(training)
    everyone = []
    for group in range(3):
        alike = faces(group_training, [np.eye(3)[group].tolist()] * 4)
        everyone.append(said(made, alike))
    assert_allclose(np.sum(everyone, axis=0), 3 * LOGITS, atol=1e-4)
    assert np.ptp(everyone, axis=0).min() > 0.01
    assert_allclose(said(made, training)[1], everyone[1][1], rtol=1e-5)
    assert_allclose(said(made, training)[3], LOGITS[3], rtol=1e-6)


def test_the_loss_is_that_of_the_head_of_the_faces_group(group_training: GroupTraining) -> None:
    training = faces(group_training, [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]])
    made = objective(training)
    found = made.loss(Seen(training.columns, training.targets, LOGITS, FEATURES))
    kernels, biases = KERNELS - KERNELS.mean(axis=0), BIASES - BIASES.mean(axis=0)
    own = LOGITS + np.vstack(
        [FEATURES[g] @ kernels[g] + biases[g] for g in range(3)] + [np.zeros(2)]
    )
    assert float(found) == pytest.approx(cross_entropy(own, training.targets).mean(), rel=1e-4)


def test_an_uncertain_group_has_the_mean_of_the_heads(group_training: GroupTraining) -> None:
    sure = [
        said(objective(t), t)
        for t in (
            faces(group_training, [[1.0, 0, 0]] * 4),
            faces(group_training, [[0, 1.0, 0]] * 4),
            faces(group_training, [[0.3, 0.7, 0]] * 4),
        )
    ]
    assert_allclose(sure[2], 0.3 * sure[0] + 0.7 * sure[1], atol=1e-5)


def test_deviations_start_at_zero_and_one_step_moves_each_groups_by_its_own_faces(
    group_training: GroupTraining, step: Step
) -> None:
    training = faces(group_training, [[1.0, 0], [1.0, 0], [0, 1.0], [0, 0]])
    made: Any = DomainIndependent().objective(training, PARAMS)
    taken = step(made, training, LOGITS, FEATURES)
    plain = cross_entropy(LOGITS.astype(float), training.targets).mean()
    assert float(taken["loss"]) == pytest.approx(plain, rel=1e-5)
    errors = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True) - training.targets
    centred = np.array([[0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0, 0]])
    expected = np.einsum("ng,nf,nk->gfk", centred, FEATURES, errors) / 4
    assert_allclose(-np.asarray(made.kernels), expected, rtol=1e-4, atol=1e-6)
    assert_allclose(taken["logits"], errors / 4, rtol=1e-4, atol=1e-6)


def test_a_single_group_has_the_models_own_head(group_training: GroupTraining) -> None:
    training = group_training([[1.0]] * 4, np.eye(2)[[0, 1, 1, 0]].tolist())
    made: Any = DomainIndependent().objective(training, PARAMS)
    import keras

    made.build(keras.Model(), n_features=5, seed=0)
    made.biases.assign(BIASES[:1])
    assert_allclose(said(made, training), LOGITS, rtol=1e-6)


def test_the_saved_model_has_no_more_weights_than_before() -> None:
    from fer_fairness.modeling import TrainingData, build_network, train
    from fer_fairness.params.modeling import ArchitectureParameters

    generator = np.random.default_rng(0)
    network = build_network(ArchitectureParameters(blocks=((4,),), image_side_px=8), seed=0)
    shapes = [weight.shape for weight in network.weights]
    training = TrainingSet(
        images=generator.integers(0, 256, (16, 8, 8, 1)).astype(np.uint8),
        image_index=np.arange(16),
        targets=np.eye(8, dtype=np.float32)[np.arange(16) % 8],
        columns={
            "membership_0": (np.arange(16) < 8).astype(np.float32),
            "membership_1": (np.arange(16) >= 8).astype(np.float32),
        },
    )
    result = train(
        network,
        TrainingData(training, training),
        TrainingParameters(max_epochs=1, batch_size=8),
        seed=0,
        checkpoint_folder=None,
        description="Heads",
        procedure=DomainIndependent(),
    )
    assert [weight.shape for weight in result.model.weights] == shapes
