"""What a model is made of, whoever built it: the layers of nested models among the others."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.modeling import BLOCKS, ArchitectureParameters

if TYPE_CHECKING:
    import keras

_FORMS: Final = {"compact_cnn": "compact", "separable_cnn": "separable"}
"""The form of a model of this project, by its name."""

_CONVOLUTION: Final = re.compile(r"block_(\d+)_convolution_(\d+)")
_PENALTIES: Final = ("kernel_regularizer", "depthwise_regularizer", "pointwise_regularizer")


def leaf_layers(model: "keras.Model") -> "list[keras.Layer]":
    """The layers of `model` and of the models nested in it, each once.

    A nested model, such as a backbone, stands for its layers and is not among them itself.

    Args:
        model: Any model.

    Returns:
        Layers in the order of `model.layers`, those of a nested model in its place.
    """
    return list({id(layer): layer for layer in _leaves(model)}.values())


def _leaves(model: "keras.Model") -> "Iterator[keras.Layer]":
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


def unfreeze(model: "keras.Model") -> None:
    """Make every layer of `model`, and of the models nested in it, trainable.

    One by one: Keras does not pass it on to the layers of a model that is trainable already.
    """
    model.trainable = True
    for layer in model.layers:
        if hasattr(layer, "layers"):
            unfreeze(layer)
        else:
            layer.trainable = True


def output_layer(model: "keras.Model") -> "keras.Layer":
    """The layer, in however nested a model, whose values are the first output."""
    return _maker(model.outputs[0])


def _maker(tensor: "keras.KerasTensor") -> "keras.Layer":
    operation = tensor._keras_history.operation  # noqa: SLF001 - no public way
    while getattr(operation, "outputs", None) and hasattr(operation, "layers"):
        operation = operation.outputs[0]._keras_history.operation  # noqa: SLF001
    return operation


def dense_output_layer(model: "keras.Model", reason: str) -> "keras.layers.Dense":
    """The layer of the logits, where it is a dense one without activation.

    Args:
        model: Any model.
        reason: Why it has to be, and what to do where it is not: the end of the message.

    Raises:
        InvalidInputError: Naming the layer that was found.
    """
    layer = output_layer(model)
    if type(layer).__name__ != "Dense" or last_activation(model) != "linear":
        raise InvalidInputError(
            f"The last layer of model {model.name!r}, {layer.name!r}, is a {type(layer).__name__} "
            f"with activation {last_activation(model) or 'none'}, expected a dense one without: "
            f"{reason}"
        )
    return layer


def linear_output_layer(model: "keras.Model", remedy: str) -> "keras.Layer":
    """The layer whose weights all logits are proportional to.

    Args:
        model: Any model.
        remedy: What to do where there is none: the end of the message.

    Returns:
        A dense layer or a convolution without activation, whose values are the logits or, averaged
        over positions, give them.

    Raises:
        InvalidInputError: Naming the layer that was found.
    """
    layer = output_layer(model)
    if type(layer).__name__ == "GlobalAveragePooling2D":
        layer = _maker(layer.input)
    activation = _activation_of(layer)
    if type(layer).__name__ not in {"Dense", "Conv2D", "SeparableConv2D"} or activation != "linear":
        raise InvalidInputError(
            f"The logits of model {model.name!r} come from {layer.name!r}, a "
            f"{type(layer).__name__} with activation {activation or 'none'}, expected a dense "
            f"layer or a convolution without: {remedy}"
        )
    return layer


def with_features(model: "keras.Model") -> "keras.Model":
    """The same layers, giving what enters the last of them that has weights as well.

    Returns:
        A model of two outputs, that of `model` and `(n, n_features)`, averaged over positions
        where it is a map.
    """
    import keras

    last = next(layer for layer in reversed(model.layers) if layer.weights)
    features = last.input
    if len(features.shape) == 4:
        features = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(model.input, [model.output, features])


def last_activation(model: "keras.Model") -> str:
    """Name of the activation of the last layer, "" where it has none."""
    return _activation_of(output_layer(model))


def _activation_of(layer: "keras.Layer") -> str:
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def n_trainable_weights(model: "keras.Model") -> int:
    """How many numbers training can change."""
    return sum(math.prod(weights.shape) for weights in model.trainable_weights)


def is_untrained(model: "keras.Model") -> bool:
    """Whether the model's batch normalisations have all seen no batch yet.

    Every step of a training moves the statistics of those that are not frozen. A model without
    batch normalisation does not tell, and is taken as trained.
    """
    normalisations = [
        layer for layer in leaf_layers(model) if type(layer).__name__ == "BatchNormalization"
    ]
    return bool(normalisations) and all(
        (layer.moving_mean.numpy() == 0).all() and (layer.moving_variance.numpy() == 1).all()
        for layer in normalisations
    )


def fields_not_met(model: "keras.Model", params: ArchitectureParameters) -> list[str]:
    """Fields that were set in `params` and are not what `model` has.

    Args:
        model: A model that was loaded, so that it has an architecture of its own.
        params: What is asked for; its defaults are not, and `weights` and `image_side_px` describe
            the loaded model.

    Returns:
        Names in the order of the fields.
    """
    layers = leaf_layers(model)
    kinds = _kinds_of_convolutions(layers)
    convolutions = [layer for layer in layers if type(layer).__name__.endswith("Conv2D")]
    is_met = {
        "form": _FORMS.get(model.name) == params.form,
        "blocks": _widths(layers) == params.blocks,
        "stem_width": _stem_width(layers) == params.stem_width,
        "n_dense_blocks": bool(kinds)
        and all(
            (kind == "Conv2D") == (number <= params.n_dense_blocks or number == place == 1)
            for (number, place), kind in kinds.items()
        ),
        "activation": _activation(layers) == params.activation,
        "leaky_relu_slope": _are(params.leaky_relu_slope, layers, "negative_slope"),
        "spatial_dropout": _are(params.spatial_dropout, layers, "rate"),
        "l2": _are(params.l2, convolutions, *_PENALTIES),
        "batch_normalisation_momentum": _are(
            params.batch_normalisation_momentum, layers, "momentum"
        ),
    }
    # The parameters complete the blocks of a form themselves.
    completed = {"blocks"} if params.blocks == BLOCKS[params.form] else set()
    if params.form == "separable":
        completed |= {"n_dense_blocks", "stem_width", "activation"}
    asked = params.model_fields_set - completed
    return [name for name, met in is_met.items() if name in asked and not met]


def _kinds_of_convolutions(layers: "Iterable[keras.Layer]") -> dict[tuple[int, int], str]:
    """Class of each convolution that is named as in this project, by its block and its place."""
    found = ((_CONVOLUTION.fullmatch(layer.name), layer) for layer in layers)
    return {(int(m[1]), int(m[2])): type(layer).__name__ for m, layer in found if m}


def _widths(layers: "Iterable[keras.Layer]") -> tuple[tuple[int, ...], ...]:
    blocks: dict[str, list[int]] = {}
    for layer in layers:
        match = _CONVOLUTION.fullmatch(layer.name)
        if match and hasattr(layer, "filters"):
            blocks.setdefault(match[1], []).append(layer.filters)
    return tuple(map(tuple, blocks.values()))


def _stem_width(layers: "Iterable[keras.Layer]") -> int:
    return sum(layer.filters for layer in layers if layer.name == "stem_convolution")


def _activation(layers: "Iterable[keras.Layer]") -> str:
    kinds = {type(layer).__name__ for layer in layers}
    return "silu" if "Activation" in kinds else "leaky_relu" if "LeakyReLU" in kinds else "none"


def _are(value: float, layers: "Iterable[keras.Layer]", *names: str) -> bool:
    """Whether every layer that has one of these attributes has it at `value`, and one does."""
    found = [
        _number(getattr(layer, name)) for layer in layers for name in names if hasattr(layer, name)
    ]
    return bool(found) and all(
        math.isclose(one, value, rel_tol=1e-5, abs_tol=1e-9) for one in found
    )


def _number(setting: object) -> float:
    """A number as it is, the factor of an L2 penalty, 0 for none; otherwise not a number."""
    if setting is None:
        return 0.0
    if isinstance(setting, (int, float)):
        return float(setting)
    return float(getattr(setting, "l2", math.nan))
