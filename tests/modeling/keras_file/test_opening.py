"""Sound models of all kinds of layers come back as they were saved."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fer_fairness.foreign import load_foreign_model
from fer_fairness.modeling.keras_file import open_archive
from fer_fairness.modeling.keras_file.allowed import LAYERS

layers = keras.layers


def graph_of_operations() -> Any:
    inputs = keras.Input((8, 8, 3))
    x = keras.ops.transpose(inputs / 127.5 - 1.0, (0, 2, 1, 3))
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])(x)
    x = layers.Reshape((64, 3))(x)
    x = x + layers.MultiHeadAttention(2, 4)(x, x)
    return keras.Model(inputs, layers.Dense(8)(keras.ops.mean(x, axis=1)))


def shared_norm() -> Any:
    return layers.BatchNormalization(gamma_regularizer="l1")


def shared_layers() -> Any:
    inputs = keras.Input((8, 8, 1))
    shared = layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2")
    inner = keras.Sequential([keras.Input((8, 8, 4)), layers.SpatialDropout2D(0.3), shared_norm()])
    once = shared(inputs)
    joined = layers.Concatenate()([inner(once), shared(layers.ReLU()(inputs)), inner(once)])
    pooled = layers.GlobalMaxPooling2D()(joined)
    return keras.Model(inputs, layers.SpectralNormalization(layers.Dense(8))(pooled))


def recurrent() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.RandomFlip(),
            layers.RandomRotation(0.1),
            layers.Rescaling(1 / 255),
            layers.Reshape((8, 8, 1, 1)),
            layers.TimeDistributed(layers.Conv2D(2, (3, 1), padding="same")),
            layers.Reshape((8, 16)),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(5),
            layers.Dropout(0.5),
            layers.LayerNormalization(),
            layers.Dense(8, activation="softmax"),
        ]
    )


def convolutional() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.ZeroPadding2D(),
            layers.SeparableConv2D(4, 3, depthwise_constraint="non_neg"),
            layers.PReLU(),
            layers.GroupNormalization(2),
            layers.DepthwiseConv2D(3, activation="swish"),
            layers.Conv2DTranspose(3, 2),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(8, kernel_initializer=keras.initializers.Orthogonal()),
        ]
    )


FILES = [
    (make, name)
    for make in (graph_of_operations, shared_layers, recurrent, convolutional)
    for name in ("m.keras", "m.h5")
    # Keras itself cannot read operations from an HDF5 file.
    if (make, name) != (graph_of_operations, "m.h5")
]


@pytest.mark.parametrize(("make", "name"), FILES)
def test_a_sound_model_computes_what_it_did(make: Any, name: str, tmp_path: Path) -> None:
    model = make()
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.save(tmp_path / name)
    images = np.random.default_rng(0).random((3, *model.input_shape[1:])).astype(np.float32)
    found = load_foreign_model(tmp_path / name).model
    expected = np.asarray(model(images, training=False))
    np.testing.assert_allclose(np.asarray(found(images, training=False)), expected, atol=1e-6)
    if name.endswith(".keras"):
        opened = open_archive(tmp_path / name)
        assert not opened.compiled
        assert opened.count_params() == model.count_params()


def test_listed_layers_are_keras_own_or_were_once() -> None:
    gone = {"ThresholdedReLU", "Functional", "Model", "Sequential"}
    assert {name for name in LAYERS if not hasattr(keras.layers, name)} <= gone
    readers = {"StringLookup", "IntegerLookup", "TextVectorization", "TFSMLayer", "Lambda"}
    assert not LAYERS & (readers | {"TorchModuleWrapper", "JaxLayer", "FlaxLayer", "Hashing"})
