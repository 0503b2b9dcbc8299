"""Weights of an HDF5 file put into a model, layer by layer, with every shape checked."""

import re
from collections.abc import Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import build_network
from fer_fairness.modeling.keras_file import checked_hdf5, first_line
from fer_fairness.modeling.keras_file.hdf5 import attribute_values
from fer_fairness.params.modeling import ArchitectureParameters

if TYPE_CHECKING:
    import keras

_MOST_OUTPUTS: Final = 1_000

StoredLayers = dict[str, dict[str, np.ndarray]]
"""Layer name -> weight name -> values, in the order of the file; only layers with weights."""


def read_named_layers(group: Any) -> StoredLayers:  # noqa: ANN401 - h5py has no types
    """The weights of a group in the layout of Keras 2 (attributes layer_names, weight_names)."""
    layers: StoredLayers = {}
    for layer in names_of(group, "layer_names"):
        names = names_of(group[layer], "weight_names")
        if names:
            layers[layer] = {name: _values(group[layer], name) for name in names}
    return layers


def read_numbered_layers(file: Any) -> StoredLayers:  # noqa: ANN401 - h5py has no types
    """The weights of a `.weights.h5` file (groups vars/0, vars/1 ...), layers in natural order."""
    found: dict[str, dict[str, np.ndarray]] = {}

    def visit(name: str, item: Any) -> None:  # noqa: ANN401 - h5py has no types
        layer, _, number = name.rpartition("/vars/")
        is_of_training = layer.split("/")[0] in ("optimizer", "metrics")
        if number.isdigit() and not is_of_training and item.dtype.kind == "f":
            found.setdefault(layer, {})[number] = np.asarray(item)

    file.visititems(visit)
    return {
        layer: {number: found[layer][number] for number in sorted(found[layer], key=int)}
        for layer in sorted(found, key=_natural)
    }


def _values(group: Any, name: str) -> np.ndarray:  # noqa: ANN401 - h5py has no types
    values = np.asarray(group[name][()])
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds values of type {values.dtype}, expected numbers")
    return values


def load_by_name(model: "keras.Model", stored: StoredLayers, path: Path) -> int:
    """Put the stored weights into the layers of the same names.

    Args:
        model: The model that takes them.
        stored: Weights in the layout of Keras 2.
        path: The file they are from, for messages.

    Returns:
        The number of parameters loaded: all that the model has.

    Raises:
        InvalidInputError: If a layer is in one and not in the other, or a shape differs.
    """
    layers = {layer.name: layer for layer in weighted_layers(model)}
    for names, others, where in (
        (layers.keys(), stored.keys(), "the model's description but not among the stored weights"),
        (stored.keys(), layers.keys(), "the stored weights but not in the model's description"),
    ):
        missing = [name for name in names if name not in others]
        if missing:
            raise InvalidInputError(
                f"{path}: {len(missing)} layers are in {where}, the first is {missing[0]!r}. "
                "The file was not written as a whole: save the model again."
            )
    return sum(_assign(layers[name], values, path) for name, values in stored.items())


def load_numbered(model: "keras.Model", weights_path: Path, path: Path) -> int:
    """Load a `.weights.h5` file with Keras, and check that all of it was used.

    Args:
        model: The model that takes the weights.
        weights_path: The file with the weights, its name ending in .weights.h5.
        path: The file the user named, for messages.

    Returns:
        The number of parameters loaded: all that the model has.

    Raises:
        InvalidInputError: If Keras refuses, or the file holds more than the model takes.
    """
    with checked_hdf5(weights_path, path, "the file of weights") as file:
        stored = read_numbered_layers(file)
    try:
        model.load_weights(weights_path)
    except Exception as error:  # Keras raises many kinds for weights that do not fit
        raise InvalidInputError(
            f"{path}: the weights do not fit the model: {first_line(error)} "
            f"{_whole_model_wanted(stored)}"
        ) from error
    n_stored = sum(values.size for layer in stored.values() for values in layer.values())
    n_parameters = sum(
        int(np.prod(weight.shape)) for weight in model.weights if _is_parameter(weight)
    )
    if n_stored != n_parameters:
        raise InvalidInputError(
            f"{path} holds {n_stored:,} parameters, the model takes {n_parameters:,}. "
            f"{_whole_model_wanted(stored)}"
        )
    return n_parameters


def published_form(stored: StoredLayers, path: Path) -> "keras.Model":
    """This project's published separable CNN with as many outputs as the stored weights have.

    Its layers with weights are as many as those stored, and their weights have the same shapes.

    Raises:
        InvalidInputError: If the stored weights are not those of that network; the layers found in
            the file are listed.
    """
    last = list(next(reversed(stored.values()), {}).values())
    n_outputs = last[-1].shape[-1] if last and last[-1].ndim else 1
    model = build_network(
        ArchitectureParameters(form="separable"),
        seed=0,
        n_outputs=min(max(n_outputs, 1), _MOST_OUTPUTS),
    )
    layers = weighted_layers(model)
    expected = sorted(tuple(weight.shape) for weight in model.weights if _is_parameter(weight))
    found = sorted(values.shape for layer in stored.values() for values in layer.values())
    if found != expected or len(stored) != len(layers):
        raise InvalidInputError(
            f"{path} holds weights without the model, and they are not those of the separable CNN "
            f"of {len(layers)} layers that is tried here. {_whole_model_wanted(stored)}"
        )
    return model


def check_finite(model: "keras.Model", path: Path) -> None:
    """Raise InvalidInputError if a weight of `model` is not a finite number."""
    for layer in weighted_layers(model):
        for weight in layer.weights:
            values = np.asarray(weight.numpy())
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise InvalidInputError(
                    f"{path}: weight {weight.name!r} of layer {layer.name!r} has values that are "
                    "not finite: the model has diverged in training. Give an earlier checkpoint."
                )


def _assign(layer: "keras.Layer", stored: dict[str, np.ndarray], path: Path) -> int:
    """Give each stored weight to the variable of its name, or of its place if names differ."""
    # The order in which Keras 2 wrote them: what is trained first, also inside a nested model.
    ordered = [*layer.trainable_weights, *layer.non_trainable_weights]
    variables = [weight for weight in ordered if _is_parameter(weight)]
    if len(variables) != len(stored):
        raise InvalidInputError(
            f"{path}: layer {layer.name!r} has {len(stored)} stored weights, expected "
            f"{len(variables)} ({', '.join(variable.name for variable in variables)})."
        )
    by_key = dict(zip(_keys(list(stored)), stored.values(), strict=True))
    keys = _keys([variable.path for variable in variables])
    values = [by_key[key] for key in keys if key in by_key]
    if len(set(keys)) < len(keys) or len(values) < len(keys):
        values = list(stored.values())
    for variable, value in zip(variables, values, strict=True):
        if tuple(variable.shape) != value.shape:
            raise InvalidInputError(
                f"{path}: weight {variable.name!r} of layer {layer.name!r} has shape "
                f"{value.shape} in the file, expected {tuple(variable.shape)}. The weights belong "
                "to another model."
            )
        variable.assign(value)
    return sum(value.size for value in values)


def _keys(paths: Sequence[str]) -> list[str]:
    """Layer and weight of each path: what both Kerases call alike, also inside a nested model."""
    parts = [path.removesuffix(":0").split("/") for path in paths]
    owners = {"/".join(part[-2:-1]) for part in parts}
    # One layer: its own name may differ between file and model, the weights' names do not.
    return ["/".join(part[-1:] if len(owners) == 1 else part[-2:]) for part in parts]


def weighted_layers(model: "keras.Model") -> list["keras.Layer"]:
    """The layers of `model` that have parameters, in its order."""
    return [layer for layer in model.layers if any(map(_is_parameter, layer.weights))]


def _is_parameter(variable: "keras.Variable") -> bool:
    # Dropout keeps the state of its random numbers as a variable of integers.
    return "float" in str(variable.dtype)


def names_of(group: Any, attribute: str) -> list[str]:  # noqa: ANN401 - h5py has no types
    """The text, or texts, of an attribute; none where the group has no such attribute.

    Keras splits lists of names that are too long for one attribute: name0, name1 ...
    """
    numbered = takewhile(group.attrs.__contains__, (f"{attribute}{n}" for n in count()))
    values = [
        np.atleast_1d(attribute_values(group, name))
        for name in (attribute, *numbered)
        if name in group.attrs
    ]
    return [
        value.decode() if isinstance(value, bytes) else str(value)
        for part in values
        for value in part
    ]


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _whole_model_wanted(stored: StoredLayers) -> str:
    layers = [
        f"{name} {' '.join(str(values.shape) for values in weights.values())}"
        for name, weights in stored.items()
    ]
    more = f" and {len(layers) - 12} more" if len(layers) > 12 else ""
    return (
        f"Layers in the file: {'; '.join(layers[:12])}{more}. Give the whole model: "
        "model.save('model.keras')."
    )
