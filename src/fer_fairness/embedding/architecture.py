"""The compact multi-task CNN whose last features are the embedding."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from fer_fairness.modeling import prepare_backend
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.taxonomy import FAIRFACE_AGE_GROUPS, FAIRFACE_RACES, GENDERS

if TYPE_CHECKING:
    import keras

HEADS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"race": FAIRFACE_RACES, "gender": GENDERS, "age_group": FAIRFACE_AGE_GROUPS}
)
"""What the network learns to tell apart at once: attribute -> FairFace's groups."""

EMBEDDING_LAYER: Final = "embedding"
DROPOUT_LAYER: Final = "dropout"


def build_embedder_network(params: EmbedderParameters, *, seed: int) -> "keras.Model":
    """Build the network, untrained: about 170 thousand weights with the default parameters.

    A convolution with stride 2 leaves 24x24 positions of 48x48 pixels, on which dense 3x3
    convolutions are several times faster on a CPU than separable ones at 48x48; each convolution is
    followed by batch normalisation and ReLU. The mean over positions is the embedding, and one
    dense layer on it a head.

    Args:
        params: Side and colour of the images, widths, dimension and dropout.
        seed: Decides the initial weights and the dropout.

    Returns:
        A model from images `(n, side_px, side_px, 1 or 3)` with values 0 to 255 (scaled inside) to
        a mapping of each attribute of `HEADS` to its logits `(n, groups)`.
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
    dropped = layers.Dropout(params.dropout, seed=next(seeds), name=DROPOUT_LAYER)(embedding)
    heads = {
        attribute: layers.Dense(
            len(groups),
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
            name=attribute,
        )(dropped)
        for attribute, groups in HEADS.items()
    }
    return keras.Model(inputs, heads, name="face_embedder")


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
