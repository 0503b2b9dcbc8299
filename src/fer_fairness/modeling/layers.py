"""Layers that both forms of the network are made of, initialised from seeds and penalised."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.params.modeling import ArchitectureParameters

if TYPE_CHECKING:
    import keras


def layer_seeds(seed: int) -> Iterator[int]:
    """An endless run of seeds, one for each place of the network that draws random numbers."""
    generator = np.random.default_rng(seed)
    while True:
        yield int(generator.integers(2**31))


def separable_convolution(
    filters: int,
    size: int,
    name: str,
    params: ArchitectureParameters,
    seeds: Iterator[int],
    *,
    use_bias: bool = True,
) -> "keras.layers.SeparableConv2D":
    """A depthwise and a pointwise convolution, L2 on both kernels.

    Args:
        filters: Channels of the result.
        size: Side of the depthwise kernels.
        name: Name of the layer.
        params: The penalty.
        seeds: Where the seeds of the initial kernels are taken from, two of them.
        use_bias: False where a normalisation follows, which has a bias of its own.
    """
    from keras import initializers, layers

    return layers.SeparableConv2D(
        filters,
        size,
        padding="same",
        use_bias=use_bias,
        depthwise_initializer=initializers.GlorotUniform(seed=next(seeds)),
        pointwise_initializer=initializers.GlorotUniform(seed=next(seeds)),
        depthwise_regularizer=_penalty(params),
        pointwise_regularizer=_penalty(params),
        name=name,
    )


def dense_convolution(
    filters: int, strides: int, name: str, params: ArchitectureParameters, seeds: Iterator[int]
) -> "keras.layers.Conv2D":
    """A 3x3 convolution without bias, L2 on its kernel, initialised for rectifiers.

    Args:
        filters: Channels of the result.
        strides: Step in pixels, both ways.
        name: Name of the layer.
        params: The penalty.
        seeds: Where the seed of the initial kernel is taken from.
    """
    from keras import initializers, layers

    return layers.Conv2D(
        filters,
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=initializers.HeNormal(seed=next(seeds)),
        kernel_regularizer=_penalty(params),
        name=name,
    )


def _penalty(params: ArchitectureParameters) -> "keras.regularizers.L2 | None":
    from keras import regularizers

    return regularizers.L2(params.l2) if params.l2 > 0 else None


def dense_layer(
    n_inputs: int, n_outputs: int, generator: np.random.Generator, *, activation: str | None = None
) -> "keras.layers.Dense":
    """A dense layer that has been built; Glorot's uniform weights, biases 0.

    Drawn by NumPy, since each back end of Keras draws in its own way.
    """
    from keras import layers

    layer = layers.Dense(n_outputs, activation=activation)
    layer.build((None, n_inputs))
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    kernel = generator.uniform(-limit, limit, (n_inputs, n_outputs))
    layer.set_weights([kernel.astype(np.float32), np.zeros(n_outputs, np.float32)])
    return layer
