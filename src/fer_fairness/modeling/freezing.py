"""Freeze the early layers of a trained model."""

import logging
from typing import TYPE_CHECKING

from fer_fairness.modeling.inspection import leaf_layers, unfreeze
from fer_fairness.modeling.regularisation import DROPOUT_TYPES
from fer_fairness.params.modeling import FreezingParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


def freeze_layers(model: "keras.Model", params: FreezingParameters) -> list[str]:
    """Freeze all but the last layers of the listed types, in place; every other layer trains.

    Keras runs a frozen batch normalisation in inference mode: it normalises with the statistics of
    the pre-training, and these do not move while the rest of the model trains. That is what keeps
    the frozen features those of the starting model. `every_batch_normalisation` does the same for
    those among the trainable layers.

    Dropout in front of all layers that train is turned off, so that frozen features are those that
    the model predicts with, and may be computed once.

    Call it before the model is compiled: a compiled model keeps the list of what it trains.
    `train` compiles, so before `train` is early enough. A warning says if nothing is frozen though
    freezing is enabled.

    Args:
        model: Any model; its layers are taken in their order, those of a nested model in its place.
        params: Types counted, and how many of them stay trainable at the end.

    Returns:
        Names of the frozen layers; empty if freezing is disabled.
    """
    layers = leaf_layers(model)
    unfreeze(model)
    if not params.enabled:
        return []
    candidates = [layer for layer in layers if type(layer).__name__ in params.layer_types]
    frozen = candidates[: max(len(candidates) - params.n_trainable_layers, 0)]
    if params.every_batch_normalisation:
        already = {id(layer) for layer in frozen}
        frozen += [
            layer
            for layer in layers
            if type(layer).__name__ == "BatchNormalization" and id(layer) not in already
        ]
    for layer in frozen:
        layer.trainable = False
    turn_off_dropout_before_what_trains(model)
    if not frozen:
        logger.warning(
            "Freezing is enabled, but freezes nothing in model %r: it has %d layers of the types "
            "%s, and the last %d of them stay trainable. The whole model trains.",
            model.name,
            len(candidates),
            ", ".join(params.layer_types),
            params.n_trainable_layers,
        )
    return [layer.name for layer in frozen]


def turn_off_dropout_before_what_trains(model: "keras.Model") -> None:
    """Turn off, in place, dropout in front of the first layer that trains."""
    for layer in leaf_layers(model):
        if layer.trainable_weights:
            return
        if type(layer).__name__ in DROPOUT_TYPES:
            layer.rate = 0.0
