"""The compact multi-task CNN whose last features are the embedding."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from fer_fairness.embedding.group_labels import HEADS
from fer_fairness.embedding.protocol import NetworkEmbedder
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import prepare_backend
from fer_fairness.params.embedding import EmbedderParameters

if TYPE_CHECKING:
    import keras

EMBEDDING_LAYER: Final = "embedding"


def build_embedder_network(params: EmbedderParameters, *, seed: int) -> "keras.Model":
    """Build the network, untrained: about 170 thousand weights with the default parameters.

    A convolution with stride 2 leaves 24x24 positions of 48x48 pixels, on which dense 3x3
    convolutions are several times faster on a CPU than separable ones at 48x48; each convolution is
    followed by batch normalisation and ReLU. The mean over positions is the embedding, and one
    dense layer on it gives the logits of all heads.

    Args:
        params: Side and colour of the images, widths, dimension and dropout.
        seed: Decides the initial weights.

    Returns:
        A model from images `(n, side_px, side_px, 1 or 3)` with values 0 to 255 (scaled inside) to
        the logits of all groups of `HEADS`, one after the other, `(n, 18)`.
    """
    prepare_backend()
    import keras
    from keras import layers

    seeds = _layer_seeds(seed)
    shape = (params.side_px, params.side_px, 3 if params.colour else 1)
    inputs = keras.Input(shape, name="image")
    features = layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(inputs)
    widths = (*params.widths, params.dimension)
    for number, width in enumerate(widths, start=1):
        features = _convolution(features, number, width, seeds)
        if 1 < number < len(widths):
            features = layers.MaxPooling2D(2, padding="same", name=f"pooling_{number}")(features)
    embedding = layers.GlobalAveragePooling2D(name=EMBEDDING_LAYER)(features)
    dropped = layers.Dropout(params.dropout, name="dropout")(embedding)
    logits = layers.Dense(
        sum(map(len, HEADS.values())),
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        name="groups",
    )(dropped)
    return keras.Model(inputs, logits, name="face_embedder")


def network_embedder(model: "keras.Model", *, average_mirrored: bool = True) -> NetworkEmbedder:
    """The embedder that such a network is without its heads.

    Args:
        model: A network with a layer called `embedding`.
        average_mirrored: As for `NetworkEmbedder`.

    Raises:
        InvalidInputError: If the network has no such layer.
    """
    import keras

    if not any(layer.name == EMBEDDING_LAYER for layer in model.layers):
        raise InvalidInputError(
            f"Model {model.name} has no layer called {EMBEDDING_LAYER!r}, so it is not a face "
            "embedder. Train one with the race_labeling pipeline."
        )
    output = model.get_layer(EMBEDDING_LAYER).output
    side_px, _, channels = model.input_shape[1:]
    return NetworkEmbedder(
        keras.Model(model.input, output).predict_on_batch,
        name=model.name,
        dimension=int(output.shape[-1]),
        side_px=side_px,
        colour=channels == 3,
        average_mirrored=average_mirrored,
    )


def _convolution(
    features: "keras.KerasTensor", number: int, width: int, seeds: Iterator[int]
) -> "keras.KerasTensor":
    from keras import initializers, layers

    features = layers.Conv2D(
        width,
        3,
        strides=2 if number == 1 else 1,
        padding="same",
        use_bias=False,
        kernel_initializer=initializers.HeNormal(seed=next(seeds)),
        name=f"convolution_{number}",
    )(features)
    # The running statistics of the default momentum, .99, are still those of the start after the
    # few hundred steps of a short run.
    features = layers.BatchNormalization(momentum=0.9, name=f"normalisation_{number}")(features)
    return layers.ReLU(name=f"activation_{number}")(features)


def _layer_seeds(seed: int) -> Iterator[int]:
    """An endless run of seeds, one for each place of the network that draws random numbers."""
    generator = np.random.default_rng(seed)
    while True:
        yield int(generator.integers(2**31))
