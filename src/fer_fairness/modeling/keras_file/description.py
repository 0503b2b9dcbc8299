"""The description of a model, looked at before anything is built from it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file import allowed
from fer_fairness.modeling.keras_file.damage import reading
from fer_fairness.modeling.keras_file.limits import (
    DESCRIPTION_BYTES,
    DESCRIPTION_DEPTH,
    DESCRIPTION_ENTRIES,
    refuse_larger,
)

Config = dict[str, Any]

_REMEDY = "Give the model made of Keras's own layers, without layers of code, text or files."
_VALUES = {"__numpy__", "__tensor__"}


def checked_description(text: str | bytes, path: Path, part: str) -> Config:
    """Parse the description of a model and refuse what may not be rebuilt from a stranger's file.

    A class is rebuilt only if it is listed in `allowed`: a list of what is forbidden would be
    incomplete with the next version of Keras. How a model was compiled is left out, in models
    inside models too: it is of no use here, and names losses and optimisers.

    Args:
        text: JSON, `{"class_name": ..., "config": ...}`.
        path: The file it is from, and `part` the part of that file, for messages.
        part: As above.

    Returns:
        The description; every class and function in it is one of `allowed`.

    Raises:
        InvalidInputError: It is no JSON, too large or too deep, carries code, or names a class,
            function or module that is not listed; the layer is named.
    """
    if len(text) > DESCRIPTION_BYTES:
        raise InvalidInputError(
            f"{path}: {part} has {len(text):,} bytes, at most {DESCRIPTION_BYTES:,} are read. "
            f"{_REMEDY}"
        )
    with reading(path, part):
        config = json.loads(text)
    if not (isinstance(config, dict) and isinstance(config.get("class_name"), str)):
        raise InvalidInputError(
            f"{path}: {part} is not the description of a model, an object with class_name and "
            "config. Save the model again with model.save('model.keras')."
        )
    n_entries = 0
    for value, depth in _walk(config):
        if depth > DESCRIPTION_DEPTH:
            raise InvalidInputError(
                f"{path}: {part} is nested more than {DESCRIPTION_DEPTH} levels deep. Give the "
                "model with fewer models inside models."
            )
        if "class_name" in value:
            n_entries += 1
            _check_entry(value, path)
        elif "vocabulary" in value:
            raise InvalidInputError(f"{path}: {part} names a vocabulary. {_REMEDY}")
        value.pop("compile_config", None)
    if n_entries > DESCRIPTION_ENTRIES:
        raise InvalidInputError(
            f"{path}: {part} describes {n_entries:,} objects, at most {DESCRIPTION_ENTRIES:,} are "
            "rebuilt. Give a smaller model."
        )
    return config


def _walk(config: Config) -> Iterator[tuple[Config, int]]:
    """Every object of the JSON with its depth, outer ones first; no recursion to exhaust."""
    waiting: list[tuple[Any, int]] = [(config, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            yield value, depth
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _check_entry(entry: Config, path: Path) -> None:
    kind, inner = entry["class_name"], entry.get("config")
    name = _name(entry)
    if kind in ("Lambda", "__lambda__"):
        raise InvalidInputError(
            f"{path}: layer {name!r} is a Lambda layer, which holds code of the file's author; "
            "it is not run here. Give the model with that step written as a Keras layer."
        )
    _check_origin(entry, name, path)
    if kind == "function":
        if inner not in allowed.ACTIVATIONS:
            raise InvalidInputError(
                f"{path}: the function {_short(inner)} is not one of Keras's activations. {_REMEDY}"
            )
    elif kind in _VALUES:
        _check_array(inner, path)
    elif kind == "TensorShape":
        if inner is not None:
            raise InvalidInputError(f"{path}: a shape is {_short(inner)}. {_REMEDY}")
    elif kind not in allowed.LAYERS | allowed.OPERATIONS | allowed.PARTS | allowed.FORMS:
        raise InvalidInputError(
            f"{path}: {name!r} is of class {_short(kind)}, which is not among the layers of Keras "
            f"that are rebuilt from a file. {_REMEDY}"
        )
    elif kind in allowed.LAYERS and not isinstance(inner, dict | list):
        raise InvalidInputError(
            f"{path}: layer {name!r} of class {kind!r} has the settings {_short(inner)}, expected "
            "an object. Save the model again with model.save('model.keras')."
        )


def _check_origin(entry: Config, name: object, path: Path) -> None:
    kind, module = entry["class_name"], entry.get("module")
    known = module is None or (isinstance(module, str) and module.split(".")[0] in allowed.MODULES)
    registered = entry.get("registered_name")
    if not known or registered not in (None, kind, entry.get("config")):
        raise InvalidInputError(
            f"{path}: {name!r} is of class {_short(kind)} from module {_short(module)}, registered "
            f"as {_short(registered)}, found where only Keras's own layers can be loaded. {_REMEDY}"
        )


def _check_array(inner: object, path: Path) -> None:
    """A constant of the graph: numbers, in a type whose size the file cannot choose."""
    dtype = inner.get("dtype") if isinstance(inner, Mapping) else None
    kinds = {"bool", "bfloat16", *(f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64))}
    if dtype not in kinds | {"float16", "float32", "float64"}:
        raise InvalidInputError(
            f"{path}: a constant of the model is of type {_short(dtype)}, expected numbers. "
            f"{_REMEDY}"
        )
    refuse_larger(8 * np.size(inner["value"]), path, "a constant of the model")  # type: ignore[index]


def _name(entry: Config) -> object:
    inner = entry.get("config")
    name = entry.get("name") or (inner.get("name") if isinstance(inner, Mapping) else None)
    return name if isinstance(name, str) else entry["class_name"]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
