from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.sam import SharpnessAwareMinimisation, sharpness_aware
from fer_fairness.modeling import Procedure, TrainingData, TrainingSet, build_network, train
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(size=(6, 3)).astype(np.float32)
TARGETS = GENERATOR.normal(size=(6, 2)).astype(np.float32)
KERNEL = GENERATOR.normal(size=(3, 2)).astype(np.float32)
SMALL = ArchitectureParameters(blocks=((4,),), image_side_px=8, spatial_dropout=0.0, l2=0.0)


def gradient(kernel: np.ndarray) -> np.ndarray:
    return np.asarray(2 * INPUTS.T @ (INPUTS @ kernel - TARGETS) / TARGETS.size)


def regression(optimizer: Any) -> Any:
    import keras

    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(inputs))
    model.set_weights([KERNEL])
    model.compile(optimizer=optimizer, loss="mse")
    return model


@pytest.mark.parametrize("adaptive", [False, True])
def test_a_step_goes_from_below_by_the_gradient_at_the_top(adaptive: bool) -> None:  # noqa: FBT001
    import keras

    model = regression(sharpness_aware(keras.optimizers.SGD, 0.5, adaptive=adaptive)(0.1))
    kernel = KERNEL.astype(float)
    for _ in range(3):
        first = gradient(kernel)
        size = np.abs(kernel) if adaptive else 1.0
        top = kernel + 0.5 * size**2 * first / np.linalg.norm(size * first)
        model.train_on_batch(INPUTS, TARGETS)
        assert_allclose(model.get_weights()[0], top, rtol=1e-4, atol=1e-5)
        model.train_on_batch(INPUTS, TARGETS)
        kernel = kernel - 0.1 * gradient(top)
        assert_allclose(model.get_weights()[0], kernel, rtol=1e-4, atol=1e-5)


def test_going_up_leaves_momentum_weight_decay_and_the_count_of_steps_alone() -> None:
    import keras

    settings: dict[str, Any] = {"weight_decay": 0.1, "global_clipnorm": 0.2}
    plain = regression(keras.optimizers.AdamW(0.01, **settings))
    # So short a way up that both gradients are the same.
    sam = regression(sharpness_aware(keras.optimizers.AdamW, 1e-7)(0.01, **settings))
    for _ in range(4):
        plain.train_on_batch(INPUTS, TARGETS)
        sam.train_on_batch(INPUTS, TARGETS)
        sam.train_on_batch(INPUTS, TARGETS)
    assert_allclose(sam.get_weights()[0], plain.get_weights()[0], rtol=1e-4)
    assert int(sam.optimizer.iterations) == 4


def faces(n: int = 20) -> TrainingSet:
    images = np.random.default_rng(1).integers(0, 256, (n, 8, 8, 1)).astype(np.uint8)
    return TrainingSet(images, np.arange(n), np.eye(8, dtype=np.float32)[np.arange(n) % 8])


def trained(procedure: Procedure, **changes: Any) -> list[np.ndarray]:
    params = TrainingParameters(
        batch_size=8, max_epochs=1, warmup_epochs=0, precision="float32", **changes
    )
    result = train(
        build_network(SMALL, seed=0),
        TrainingData(faces(), faces()),
        params,
        seed=0,
        checkpoint_folder=None,
        description="SAM",
        procedure=procedure,
    )
    return [np.asarray(weights.numpy()) for weights in result.model.trainable_weights]


def test_an_epoch_of_three_steps_ends_below_however_high_it_went() -> None:
    names = ("initial_learning_rate", "target_learning_rate", "min_learning_rate")
    after = trained(SharpnessAwareMinimisation(radius=5.0), **dict.fromkeys(names, 1e-9))
    before = build_network(SMALL, seed=0).trainable_weights
    for old, new in zip(before, after, strict=True):
        assert_allclose(new, old.numpy(), atol=1e-6)


def test_a_larger_radius_gives_another_model() -> None:
    found = [trained(SharpnessAwareMinimisation(radius=radius)) for radius in (0.0, 0.05, 0.5)]
    kernels = [weights[0] for weights in found]
    assert np.array_equal(kernels[0], trained(Procedure())[0])
    assert np.abs(kernels[0] - kernels[1]).max() > 1e-6
    assert np.abs(kernels[1] - kernels[2]).max() > 1e-6
