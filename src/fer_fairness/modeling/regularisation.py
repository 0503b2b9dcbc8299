"""Give a loaded model other dropout and L2."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.params.modeling import RegularisationParameters

if TYPE_CHECKING:
    import keras

_DROPOUT_TYPES = ("SpatialDropout2D", "Dropout")
_KERNEL_REGULARISERS: Mapping[str, tuple[str, ...]] = {
    "SeparableConv2D": ("depthwise_regularizer", "pointwise_regularizer"),
    "DepthwiseConv2D": ("depthwise_regularizer",),
    "Conv2D": ("kernel_regularizer",),
}


def set_regularisation(
    model: "keras.Model", params: RegularisationParameters, *, seed: int
) -> "keras.Model":
    """Rebuild `model` with another dropout rate and another L2 penalty.

    A layer's rate and regularisers are fixed when it is made, so the layers are made again from
    their configurations. The penalty goes to every convolution kernel; biases and batch
    normalisation are left alone.

    Args:
        model: A functional or sequential model with dropout and convolutions.
        params: New rate and penalty; a penalty of 0 removes it.
        seed: Decides the dropout until training sets its own.

    Returns:
        A new, uncompiled model with the weights of `model`, which is not changed.

    Raises:
        InvalidInputError: If the model has no such layer, so that a parameter would do nothing.
    """
    prepare_backend()
    import keras

    kinds = {type(layer).__name__ for layer in model.layers}
    if not kinds & set(_DROPOUT_TYPES) or not kinds & set(_KERNEL_REGULARISERS):
        raise InvalidInputError(
            f"Model {model.name!r} has the layer types {sorted(kinds)}. Setting its regularisation "
            f"needs one of {list(_DROPOUT_TYPES)} and one of {sorted(_KERNEL_REGULARISERS)}."
        )
    penalty = keras.regularizers.serialize(keras.regularizers.L2(params.l2)) if params.l2 else None
    seeds = np.random.default_rng(seed)

    def rebuild(layer: "keras.Layer") -> "keras.Layer":
        config = layer.get_config()
        kind = type(layer).__name__
        if kind in _DROPOUT_TYPES:
            config |= {"rate": params.spatial_dropout, "seed": int(seeds.integers(2**31))}
        config |= dict.fromkeys(_KERNEL_REGULARISERS.get(kind, ()), penalty)
        return type(layer).from_config(config)

    rebuilt = keras.models.clone_model(model, clone_function=rebuild)
    rebuilt.set_weights(model.get_weights())
    return rebuilt
