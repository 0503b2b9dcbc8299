"""Rebuild a model that Keras 2 described, with what Keras 3 does not know left out."""

import inspect
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file import build, reading

if TYPE_CHECKING:
    import keras

Config = dict[str, Any]
Dropped = Counter[tuple[str, str]]
"""How many layers of a class lost an argument: `(class, argument) -> layers`."""

_RENAMED: Final = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("InputLayer", "batch_input_shape"): "batch_shape",
}
_LAYER_ARGUMENTS: Final = frozenset({"name", "trainable", "dtype", "activity_regularizer"})
# An initialiser, regulariser or constraint acts in training only; the others name kernels of
# TensorFlow's, random seeds, or repeat what the input layer says.
_WITHOUT_EFFECT_SUFFIXES: Final = ("_initializer", "_regularizer", "_constraint")
_WITHOUT_EFFECT: Final = frozenset(
    {"batch_input_shape", "fused", "implementation", "optional", "seed", "trainable"}
)
_SAID_ELSEWHERE: Final = ("batch_input_shape", "optional", "trainable")
_REMEDY: Final = "Load it with the Keras it was made with and save it again from there."
_NESTING: Final = ("Functional", "Sequential")


def rebuild(config: Config, path: Path, *, n_stored: int) -> tuple["keras.Model", Dropped]:
    """Build the model that Keras 2 described in `config`, with new weights.

    Args:
        config: The whole description, as `checked_description` gives it.
        path: The file it is from, for messages.
        n_stored: Numbers that are stored beside it, see `build`.

    Returns:
        The model, and the arguments of its layers that were left out because Keras 3 does not have
        them; none of them changes what the model computes.

    Raises:
        InvalidInputError: If a layer is of a class, or has an argument with effect, that Keras 3
            does not have, or Keras refuses the description.
    """
    dropped: Dropped = Counter()
    with reading(path, "the model's description", remedy=_REMEDY):
        modern = _modernised(_plain(config), path, dropped)
    kind = modern["class_name"]
    if kind not in _NESTING:
        raise InvalidInputError(
            f"{path} describes a model of class {kind!r}: expected Sequential or Functional. Save "
            "the model built from Keras's own layers."
        )
    return build(modern, path, n_stored=n_stored), dropped


def describe_dropped(dropped: Dropped) -> str:
    """A sentence that says which arguments were left out; empty if none were."""
    by_class: dict[str, list[str]] = {}
    for kind, argument in sorted(dropped):
        by_class.setdefault(kind, []).append(argument)
    parts = [
        f"{', '.join(names)} of {max(dropped[kind, name] for name in names)} {kind}"
        for kind, names in by_class.items()
    ]
    if not parts:
        return ""
    return f"Arguments that Keras 3 does not have were left out: {'; '.join(parts)}."


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON without the wrappers by which Keras 2 marks tuples and tensor shapes."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape") and "items" in value:
            return _plain(value["items"])
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _modernised(entry: Config, path: Path, dropped: Dropped) -> Config:
    kind = "Functional" if entry["class_name"] == "Model" else str(entry["class_name"])
    config: Config
    if kind == "Sequential":
        config = _sequential(entry["config"])
    elif kind == "Functional":
        config = dict(entry["config"])
    else:
        config = _layer_config(kind, entry["config"], path, dropped)
    if kind in _NESTING:
        config["layers"] = [_modernised(layer, path, dropped) for layer in config["layers"]]
    if kind == "Functional":
        _renumber_nested(config)
    modern: Config = {"class_name": kind, "config": config}
    return modern | {key: entry[key] for key in ("name", "inbound_nodes") if key in entry}


def _sequential(description: Any) -> Config:  # noqa: ANN401 - a list before Keras 2.2.3
    config: Config = {"name": "sequential"}
    config |= {"layers": description} if isinstance(description, list) else description
    layers: list[Config] = list(config["layers"])
    first: Config = layers[0]["config"] if layers else {}
    shape = first.get("batch_input_shape")
    if shape is not None and layers[0]["class_name"] != "InputLayer":
        head = {"batch_input_shape": shape, "name": f"{first['name']}_input"}
        layers.insert(0, {"class_name": "InputLayer", "config": head})
    return config | {"layers": layers}


def _layer_config(kind: str, config: Config, path: Path, dropped: Dropped) -> Config:
    import keras

    layer_class = getattr(keras.layers, kind, None)
    if not inspect.isclass(layer_class):
        raise InvalidInputError(
            f"{path}: layer {config.get('name')!r} is of class {kind!r}, which Keras "
            f"{keras.__version__} does not have. Give the model made of Keras's own layers."
        )
    accepted = _accepted(layer_class)
    modern: Config = {}
    for argument, value in config.items():
        argument = _RENAMED.get((kind, argument), argument)
        if argument in accepted:
            modern[argument] = _modern_value(argument, value, path, dropped)
        elif _has_no_effect(argument, value):
            if argument not in _SAID_ELSEWHERE:
                dropped[kind, argument] += 1
        else:
            raise InvalidInputError(
                f"{path}: argument {argument}={value!r} of layer {config.get('name')!r} ({kind}) "
                f"changes what the model computes, and Keras {keras.__version__} does not have it. "
                "Load the model with the Keras it was made with and give its predictions instead."
            )
    return modern


def _renumber_nested(config: Config) -> None:
    """Count the calls of a model inside a model from 0, as Keras 3 does; Keras 2 began with 1.

    For a Functional among the outputs Keras 3 takes off the 1 itself, for a Sequential it does not.
    """
    kinds = {layer["config"].get("name"): layer["class_name"] for layer in config["layers"]}
    nested = {name for name, kind in kinds.items() if kind in _NESTING}
    for layer in config["layers"]:
        _take_one_off(layer.get("inbound_nodes"), nested)
    _take_one_off(config["output_layers"], {name for name in nested if kinds[name] == "Sequential"})


def _take_one_off(value: Any, names: set[str]) -> None:  # noqa: ANN401 - nested lists and dicts
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return
    if len(value) >= 3 and isinstance(value[0], str) and value[0] in names and value[1]:
        value[1] -= 1
    for inner in value:
        _take_one_off(inner, names)


def _accepted(layer_class: type) -> set[str]:
    parameters = inspect.signature(layer_class.__init__).parameters  # type: ignore[misc]
    takes_more = any(found.kind is found.VAR_KEYWORD for found in parameters.values())
    return set(parameters) | (_LAYER_ARGUMENTS if takes_more else set())


def _modern_value(argument: str, value: Any, path: Path, dropped: Dropped) -> Any:  # noqa: ANN401
    if argument == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if argument == "dtype" and isinstance(value, dict):
        return value.get("config", {}).get("name", "float32")
    if argument in ("layer", "backward_layer") and isinstance(value, dict):
        return _modernised(value, path, dropped)
    return value


def _has_no_effect(argument: str, value: object) -> bool:
    is_neutral = value is None or value is False or value in ([], {})
    is_neutral = is_neutral or (argument == "groups" and value == 1)
    return is_neutral or argument in _WITHOUT_EFFECT or argument.endswith(_WITHOUT_EFFECT_SUFFIXES)
