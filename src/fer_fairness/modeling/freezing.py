"""Freeze the early layers of a trained model."""

from typing import TYPE_CHECKING

from fer_fairness.params.modeling import FreezingParameters

if TYPE_CHECKING:
    import keras


def freeze_layers(model: "keras.Model", params: FreezingParameters) -> list[str]:
    """Freeze all but the last layers of the listed types, in place; every other layer trains.

    Keras runs a frozen batch normalisation in inference mode: it normalises with the statistics of
    the pre-training, and these do not move while the rest of the model trains. That is what keeps
    the frozen features those of the starting model. `every_batch_normalisation` does the same for
    those among the trainable layers.

    Call it before the model is compiled: a compiled model keeps the list of what it trains.
    `train` compiles, so before `train` is early enough.

    Args:
        model: Any model; layers are taken in the order of `model.layers`.
        params: Types counted, and how many of them stay trainable at the end.

    Returns:
        Names of the frozen layers; empty if freezing is disabled.
    """
    candidates = [layer for layer in model.layers if type(layer).__name__ in params.layer_types]
    n_frozen = max(len(candidates) - params.n_trainable_layers, 0) if params.enabled else 0
    frozen = [layer.name for layer in candidates[:n_frozen]]
    if params.enabled and params.every_batch_normalisation:
        frozen += [
            layer.name
            for layer in model.layers
            if type(layer).__name__ == "BatchNormalization" and layer.name not in frozen
        ]
    for layer in model.layers:
        layer.trainable = layer.name not in frozen
    return frozen
