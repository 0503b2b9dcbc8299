"""Parameters as JSON, and how two of them differ, in words."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from fer_fairness.files import json_sha256

PLACES: Final = frozenset({"data_root", "checkpoint_root", "embedding_cache_root", "mlflow"})
"""Parameters that say where something lies, or whether it is tracked, not what it is."""

_TOLD: Final = 3
"""Changes of one block that are named; the others are counted."""


def plain(value: Any) -> Any:  # noqa: ANN401  any parameter
    """A parameter, or all of them, as JSON-able data; without `PLACES` among all of them."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json", serialize_as_any=True))
    if isinstance(value, Mapping):
        is_all = value.keys() >= PLACES
        kept = {str(key): part for key, part in value.items() if not (is_all and key in PLACES)}
        return {key: plain(part) for key, part in kept.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Enum):
        return plain(value.value)
    return str(value) if isinstance(value, Path) else value


def named_path(text: str) -> Path | None:
    """The file or folder that a text names, seen from the current folder; None if none is there.

    Pipes, devices and the current folder itself are none.
    """
    try:
        path = Path(text).expanduser()
        return path if str(path) != "." and (path.is_file() or path.is_dir()) else None
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, somebody without a home
        return None


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


def texts_in(value: Any, name: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON value
    """The texts in a parameter, at any depth, each after its dotted name."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from texts_in(part, f"{name}.{key}")
    elif isinstance(value, Iterable):
        for number, part in enumerate(value):
            yield from texts_in(part, f"{name}.{number}")


def without_folders(value: Any, name: str) -> Any:  # noqa: ANN401  any JSON value
    """Names of files and folders in place of their paths: what they hold counts, not where."""
    if isinstance(value, Mapping):
        return {key: without_folders(part, f"{name}.{key}") for key, part in value.items()}
    if isinstance(value, list):
        return [without_folders(part, name) for part in value]
    path = file_named(value, name) if isinstance(value, str) else None
    return value if path is None else path.name


def file_named(text: str, parameter: str) -> Path | None:
    """The file or folder that a parameter names; a word that is no path names none."""
    is_path = "/" in text or "." in text or parameter.endswith("folder")
    return named_path(text) if is_path else None


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
