"""Parameters as JSON, and how two of them differ, in words."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from fer_fairness.files import json_sha256

_TOLD: Final = 3
"""Changes of one block that are named; the others are counted."""


def plain(value: Any) -> Any:  # noqa: ANN401  any parameter
    """A parameter as JSON-able data; places of a data root (`..._root`) are left out.

    They say where something lies, not what it is.
    """
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json", serialize_as_any=True))
    if isinstance(value, Mapping):
        kept = {str(key): part for key, part in value.items()}
        return {key: plain(part) for key, part in kept.items() if not key.endswith("_root")}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Enum):
        return plain(value.value)
    return str(value) if isinstance(value, Path) else value


def models_in(value: Any) -> Iterator[BaseModel]:  # noqa: ANN401  any parameter
    """A pydantic model and those in its fields, at any depth; their classes may bring code."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from models_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from models_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from models_in(part)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs between the parameters of two runs of one node.

    Args:
        before: JSON-able values by the names of a node's inputs (`params:seed`, `parameters`).
        after: The same of now.

    Yields:
        A clause a difference, such as `seed was 0 and is 7`; of a block the first three.
    """
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if json_sha256(old) == json_sha256(new):
            continue
        shown = name.removeprefix("params:")
        found = list(_changed(old, new, "" if name == "parameters" else shown))
        yield from found[:_TOLD]
        if len(found) > _TOLD:
            yield f"{len(found) - _TOLD} more changes of {shown}"


def _changed(old: Any, new: Any, name: str) -> Iterator[str]:  # noqa: ANN401  any JSON value
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            if old.get(key) != new.get(key):
                yield from _changed(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
    else:
        yield f"{name} was {_short(old)} and is {_short(new)}"


def _short(value: Any) -> str:  # noqa: ANN401  any JSON value
    text = "not set" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
