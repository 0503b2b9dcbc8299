from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.methods.mixstyle import MixStyle, mixed_layer, style_mixed
from fer_fairness.modeling import (
    Objective,
    Procedure,
    TrainingData,
    TrainingSet,
    build_network,
    freeze_layers,
    train,
)
from fer_fairness.modeling.batches import Batch
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters
from fer_fairness.params.training import TrainingParameters

PARAMS = TrainingParameters(
    keep_activations=False, batch_size=8, max_epochs=1, warmup_epochs=0, precision="float32"
)
SIDE, N = 16, 16
GENERATOR = np.random.default_rng(0)
MAPS = GENERATOR.normal(3, 2, (4, 5, 6, 3)).astype(np.float32)


def network(**settings: Any) -> Any:
    asked = {
        "blocks": ((4, 4), (6,), (6,)),
        "stem_width": 0,
        "image_side_px": SIDE,
        "spatial_dropout": 0.0,
    }
    return build_network(ArchitectureParameters.model_validate({**asked, **settings}), seed=0)


def faces(codes: list[int]) -> TrainingSet:
    images = np.random.default_rng(1).integers(0, 256, (N, SIDE, SIDE, 1)).astype(np.uint8)
    columns = {"group": np.array(codes, np.int32)}
    return TrainingSet(images, np.arange(N), np.eye(8, dtype=np.float32)[np.arange(N) % 8], columns)


def trained(procedure: Procedure, codes: list[int]) -> list[np.ndarray]:
    model = network()
    freeze_layers(model, FreezingParameters())
    part = faces(codes)
    result = train(
        model,
        TrainingData(part, part),
        PARAMS,
        seed=0,
        checkpoint_folder=None,
        description="MixStyle",
        procedure=procedure,
    )
    return [np.asarray(weights) for weights in result.model.get_weights()]


def test_mean_and_deviation_are_those_of_both_faces_in_their_shares() -> None:
    share, partner = np.array([1, 0, 0.25, 0.5], np.float32), np.array([3, 2, 0, 1], np.int32)
    found = np.asarray(style_mixed(MAPS, share, partner))
    assert_allclose(found[0], MAPS[0], rtol=1e-4, atol=1e-5)
    for statistic in (np.mean, np.std):
        own = statistic(MAPS, axis=(1, 2))
        expected = share[:, None] * own + (1 - share)[:, None] * own[partner]
        assert_allclose(statistic(found, axis=(1, 2)), expected, rtol=1e-3, atol=1e-4)
    # What is left is the face's own: maps normalised are the same as before.
    normal = [
        (one - one.mean(axis=(1, 2), keepdims=True)) / one.std(axis=(1, 2), keepdims=True)
        for one in (MAPS, found)
    ]
    assert_allclose(normal[1], normal[0], atol=1e-3)


def test_no_gradient_goes_through_means_and_deviations() -> None:
    import keras
    from keras import ops

    share, partner = np.full(4, 0.25, np.float32), np.array([1, 0, 3, 2], np.int32)

    class Shift(keras.Model):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.moved = self.add_weight(shape=MAPS.shape, initializer="zeros")

        def call(self, maps: Any) -> Any:
            return style_mixed(maps + self.moved, share, partner)

        def compute_loss(self, *given: Any, y_pred: Any = None, **_: Any) -> Any:
            return ops.sum(given[2] if y_pred is None else y_pred)

    model = Shift()
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    model.train_on_batch(MAPS, MAPS)
    deviation = MAPS.std(axis=(1, 2), keepdims=True)
    slope = (0.25 * deviation + 0.75 * deviation[partner]) / deviation
    assert_allclose(-np.asarray(model.moved), np.broadcast_to(slope, MAPS.shape), rtol=1e-3)


@pytest.mark.parametrize(
    ("depth", "name"),
    [
        (0.0, "block_1_activation_1"),
        (0.5, "block_1_activation_2"),
        (0.75, "block_2_activation_1"),
        (1.0, "block_3_activation_1"),
    ],
)
def test_maps_are_mixed_behind_as_many_convolutions(depth: float, name: str) -> None:
    assert mixed_layer(network(), depth).name == name


def test_a_nested_model_is_mixed_inside_and_one_without_maps_refused() -> None:
    import keras

    inputs = keras.Input((SIDE, SIDE, 1))
    nested = keras.Model(inputs, network()(inputs))
    assert mixed_layer(nested, 0.5).name == "block_1_activation_2"
    flat = keras.Model(inputs, keras.layers.Dense(8)(keras.layers.Flatten()(inputs)))
    with pytest.raises(InvalidInputError, match="0 convolutions"):
        mixed_layer(flat, 0.5)


def test_what_follows_sees_mixed_maps_while_training_and_only_then() -> None:
    import keras

    inputs = keras.Input((SIDE, SIDE, 1))
    convolution, dense = keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Dense(8)
    # A deviation does not show in a mean: what follows has to see more of the maps.
    flat = keras.layers.Flatten()
    graph = keras.Model()
    graph.model = keras.Model(inputs, dense(flat(convolution(inputs))))
    made = MixStyle().objective(faces([0, 1] * (N // 2)), PARAMS)
    made.build(graph, n_features=0, seed=0)
    images = GENERATOR.normal(size=(4, SIDE, SIDE, 1)).astype(np.float32)
    share, partner = np.array([1, 0, 0.5, 0.5], np.float32), np.array([1, 2, 3, 0], np.int32)
    batch = {"style_share": share, "style_partner": partner}
    found, plain = (
        np.asarray(made.outputs(graph.model, images, batch, training=training))
        for training in (True, False)
    )
    maps = np.asarray(style_mixed(convolution(images), share, partner))
    assert_allclose(found, dense(flat(maps)), rtol=1e-3, atol=1e-4)
    assert_allclose(plain, graph.model(images), rtol=1e-5)
    assert np.abs(found - plain)[1:].max(axis=1).min() > 1e-3
    assert "call" not in vars(convolution)


def test_a_batch_says_whose_style_a_face_takes_on() -> None:
    groups = np.array([0, 1, 2, -1] * 50, np.int32)
    batch = Batch(
        {"images": np.zeros((200, 8, 8, 1), np.uint8), "group": groups}, np.eye(200), None
    )
    found = MixStyle(alpha=2.0).mix(batch, PARAMS, np.random.default_rng(0)).inputs
    is_mixed = found["style_share"] < 1
    assert is_mixed[groups >= 0].mean() == pytest.approx(0.5, abs=0.1)
    assert not is_mixed[groups < 0].any()
    assert (groups[found["style_partner"]] != groups)[is_mixed].all()
    assert found["style_share"][is_mixed].mean() == pytest.approx(0.5, abs=0.1)


def test_with_the_default_frozen_layers_the_others_learn_something_else() -> None:
    codes = [0, 1] * (N // 2)
    plain, mixed = trained(Procedure(), codes), trained(MixStyle(probability=1.0), codes)
    start = network().get_weights()
    is_frozen = [np.array_equal(*pair) for pair in zip(plain, start, strict=True)]
    assert any(is_frozen)
    is_alike = [np.array_equal(*pair) for pair in zip(plain, mixed, strict=True)]
    assert is_alike == is_frozen


def test_with_one_group_it_is_plain_training() -> None:
    codes = [0, -1] * (N // 2)
    assert type(MixStyle().objective(faces(codes), PARAMS)) is Objective
    plain, same = trained(Procedure(), codes), trained(MixStyle(), codes)
    assert all(map(np.array_equal, plain, same))
