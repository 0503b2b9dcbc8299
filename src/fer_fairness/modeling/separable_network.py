"""The published separable CNN of FER+, with L2 that reaches its kernels."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fer_fairness.modeling.layers import layer_seeds, separable_convolution
from fer_fairness.params.modeling import ArchitectureParameters

if TYPE_CHECKING:
    import keras


def build_separable_network(
    params: ArchitectureParameters, *, seed: int, n_outputs: int
) -> "keras.Model":
    """Build the network of https://github.com/vicksam/fer-model, untrained.

    Blocks of 3x3 separable convolutions, each with bias and followed by batch normalisation and
    leaky ReLU; 2x2 max pooling and spatial dropout close each block; a separable 1x1 convolution to
    the outputs, averaged over positions. With the default parameters 171,137 weights are trainable,
    of 173,537, the published counts.

    The published code hands L2 to `kernel_regularizer`, which a separable layer does not use; here
    the depthwise and the pointwise kernels are both penalised.

    Args:
        params: Widths, slope, dropout, L2, image side.
        seed: Decides the initial weights and, until training sets its own, the dropout.
        n_outputs: Number of logits.

    Returns:
        A model from images `(n, side, side, 1)` with values 0 to 255 (scaled inside) to float32
        logits `(n, n_outputs)` in the order of `taxonomy.EMOTIONS`; no softmax.
    """
    import keras

    side = params.image_side_px
    seeds = layer_seeds(seed)
    features = inputs = keras.Input((side, side, 1), name="image")
    features = keras.layers.Rescaling(1 / 255, name="scaling")(features)
    for number, widths in enumerate(params.blocks, start=1):
        features = _block(features, f"block_{number}", widths, params, seeds)
    features = separable_convolution(n_outputs, 1, "classes", params, seeds)(features)
    logits = keras.layers.GlobalAveragePooling2D(name="logits")(features)
    return keras.Model(inputs, logits, name="separable_cnn")


def _block(
    features: "keras.KerasTensor",
    name: str,
    widths: tuple[int, ...],
    params: ArchitectureParameters,
    seeds: Iterator[int],
) -> "keras.KerasTensor":
    from keras import layers

    for number, width in enumerate(widths, start=1):
        features = separable_convolution(width, 3, f"{name}_convolution_{number}", params, seeds)(
            features
        )
        features = layers.BatchNormalization(
            momentum=params.batch_normalisation_momentum, name=f"{name}_normalisation_{number}"
        )(features)
        if number == len(widths):
            # Leaky ReLU is monotone, so pooling first gives the same values from a quarter of work.
            features = layers.MaxPooling2D(2, name=f"{name}_pooling")(features)
        features = layers.LeakyReLU(
            negative_slope=params.leaky_relu_slope, name=f"{name}_activation_{number}"
        )(features)
    return layers.SpatialDropout2D(
        params.spatial_dropout, seed=next(seeds), name=f"{name}_dropout"
    )(features)
