"""A network of no more parameters than the published one that a CPU trains several times faster."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fer_fairness.modeling.layers import dense_convolution, layer_seeds, separable_convolution
from fer_fairness.params.modeling import ArchitectureParameters

if TYPE_CHECKING:
    import keras


def build_compact_network(
    params: ArchitectureParameters, *, seed: int, n_outputs: int
) -> "keras.Model":
    """Build the compact residual network, untrained.

    Most of the published network's time goes into 48x48 positions, and into separable convolutions
    there, which are bound by memory and not by arithmetic. Here at most one convolution of few
    channels, the stem, works there; the next one has stride 2. The first blocks have dense 3x3
    convolutions, which CPUs compute near their peak, and only the last ones, of few positions and
    many channels, separable ones, which save parameters. A convolution that keeps the number of
    channels is added to its input (He et al. 2016, arXiv 1512.03385). Blocks are parted by 2x2 max
    pooling and end with spatial dropout; the mean over positions, dropout and one dense layer give
    the logits.

    Args:
        params: Widths, stem, number of dense blocks, activation, dropout, L2, image side.
        seed: Decides the initial weights and, until training sets its own, the dropout.
        n_outputs: Number of logits.

    Returns:
        A model from images `(n, side, side, 1)` with values 0 to 255 (scaled inside) to float32
        logits `(n, n_outputs)`; no softmax.
    """
    import keras
    from keras import layers

    seeds = layer_seeds(seed)
    side = params.image_side_px
    inputs = keras.Input((side, side, 1), name="image")
    features = layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(inputs)
    if params.stem_width:
        features = _convolution(features, (params.stem_width, 1, True), "stem_{}", params, seeds)
        features = _activation(features, "stem_activation", params)
    for number, widths in enumerate(params.blocks, start=1):
        name = f"block_{number}"
        for place, width in enumerate(widths, start=1):
            is_dense = number <= params.n_dense_blocks
            strides = 2 if number == place == 1 else 1
            features = _convolution(
                features, (width, strides, is_dense), f"{name}_{{}}_{place}", params, seeds
            )
            # Dropout takes whole channels, and leaky ReLU is monotone: after the pooling both give
            # the same values, from a quarter of the positions.
            if place == len(widths) and number < len(params.blocks):
                features = layers.MaxPooling2D(2, padding="same", name=f"{name}_pooling")(features)
            features = _activation(features, f"{name}_activation_{place}", params)
        features = layers.SpatialDropout2D(
            params.spatial_dropout, seed=next(seeds), name=f"{name}_dropout"
        )(features)
    features = layers.GlobalAveragePooling2D(name="mean")(features)
    features = layers.Dropout(params.spatial_dropout, seed=next(seeds), name="dropout")(features)
    initial = keras.initializers.GlorotUniform(seed=next(seeds))
    logits = layers.Dense(n_outputs, kernel_initializer=initial, name="logits")(features)
    return keras.Model(inputs, logits, name="compact_cnn")


def _activation(
    features: "keras.KerasTensor", name: str, params: ArchitectureParameters
) -> "keras.KerasTensor":
    from keras import layers

    if params.activation == "silu":
        return layers.Activation("silu", name=name)(features)
    return layers.LeakyReLU(negative_slope=params.leaky_relu_slope, name=name)(features)


def _convolution(
    features: "keras.KerasTensor",
    shape: tuple[int, int, bool],
    name: str,
    params: ArchitectureParameters,
    seeds: Iterator[int],
) -> "keras.KerasTensor":
    """One convolution with normalisation, added to its input where that fits.

    Args:
        features: Its input.
        shape: Channels of the result, stride, and whether the convolution is dense.
        name: With a place for the kind of layer.
        params: Penalty, momentum.
        seeds: Seeds of the initial kernels.
    """
    from keras import layers

    width, strides, is_dense = shape
    layer_name = name.format("convolution")
    if is_dense or strides > 1:
        layer = dense_convolution(width, strides, layer_name, params, seeds)
    else:
        layer = separable_convolution(width, 3, layer_name, params, seeds, use_bias=False)
    convolved = layers.BatchNormalization(
        momentum=params.batch_normalisation_momentum, name=name.format("normalisation")
    )(layer(features))
    if convolved.shape == features.shape:
        convolved = layers.Add(name=name.format("sum"))([features, convolved])
    return convolved
