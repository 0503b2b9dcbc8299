"""Give a loaded model other dropout and L2."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.params.modeling import RegularisationParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

DROPOUT_TYPES: Final = ("SpatialDropout2D", "Dropout")
"""Layers whose rate is set."""

KERNEL_REGULARISERS: Final[Mapping[str, tuple[str, ...]]] = {
    "SeparableConv2D": ("depthwise_regularizer", "pointwise_regularizer"),
    "DepthwiseConv2D": ("depthwise_regularizer",),
    "Conv2D": ("kernel_regularizer",),
}
"""Layers whose kernels are penalised, and by which arguments."""


def set_regularisation(
    model: "keras.Model", params: RegularisationParameters, *, seed: int, anew: bool = False
) -> "keras.Model":
    """Rebuild `model` with another dropout rate and another L2 penalty.

    A layer's rate and regularisers are fixed when it is made, so the layers are made again from
    their configurations. The penalty goes to every convolution kernel; biases and batch
    normalisation are left alone. Layers of nested models are made again like the others. A warning
    says which parameter does nothing, because the model has no layer for it.

    Args:
        model: A functional or sequential model.
        params: New rate and penalty; a penalty of 0 removes it.
        seed: Decides the dropout until training sets its own, and new weights.
        anew: Whether weights are drawn anew, by the initialisers of the layers, and all trainable.

    Returns:
        A new, uncompiled model with the weights of `model`, which is not changed, or with new ones.
    """
    prepare_backend()
    import keras

    _warn_of_what_does_nothing(model, params)
    penalty = keras.regularizers.serialize(keras.regularizers.L2(params.l2)) if params.l2 else None
    seeds = np.random.default_rng(seed)

    def rebuild(layer: "keras.Layer") -> "keras.Layer":
        config = layer.get_config()
        kind = type(layer).__name__
        if kind in DROPOUT_TYPES:
            config |= {"rate": params.spatial_dropout, "seed": int(seeds.integers(2**31))}
        config |= dict.fromkeys(KERNEL_REGULARISERS.get(kind, ()), penalty)
        if anew:
            config |= _seeded_initialisers(config, seeds)
        return type(layer).from_config(config)

    rebuilt = keras.models.clone_model(model, clone_function=rebuild, recursive=True)
    if anew:
        for layer in leaf_layers(rebuilt):
            layer.trainable = True
    else:
        rebuilt.set_weights(model.get_weights())
    return rebuilt


def _seeded_initialisers(
    config: Mapping[str, Any], seeds: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """The initialisers of a layer that draw numbers, each with a seed of its own."""
    found = {name: value for name, value in config.items() if name.endswith("_initializer")}
    return {
        name: value | {"config": value["config"] | {"seed": int(seeds.integers(2**31))}}
        for name, value in found.items()
        if "seed" in (value or {}).get("config", {})
    }


def _warn_of_what_does_nothing(model: "keras.Model", params: RegularisationParameters) -> None:
    kinds = {type(layer).__name__ for layer in leaf_layers(model)}
    for name, value, types in (
        ("spatial_dropout", params.spatial_dropout, DROPOUT_TYPES),
        ("l2", params.l2, tuple(KERNEL_REGULARISERS)),
    ):
        if value > 0 and not kinds & set(types):
            logger.warning(
                "regularisation.%s of %g does nothing: model %r has layers of the types %s, none "
                "of %s.",
                name,
                value,
                model.name,
                ", ".join(sorted(kinds)),
                ", ".join(types),
            )
