"""A `.keras` archive: three members are read, each within bounds, and nothing else is unpacked."""

import json
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file.damage import reading
from fer_fairness.modeling.keras_file.description import Config, checked_description
from fer_fairness.modeling.keras_file.limits import (
    ARCHIVE_MEMBERS,
    DESCRIPTION_BYTES,
    refuse_larger,
)

_CONFIG: Final = "config.json"
_METADATA: Final = "metadata.json"
_WEIGHTS: Final = "model.weights.h5"
_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 1


@dataclass(frozen=True)
class CheckedArchive:
    """What a `.keras` file holds.

    Attributes:
        config: The description of the model, see `checked_description`.
        version: The Keras that wrote it.
        weights: Its `model.weights.h5`, unpacked into a folder that goes when the block ends.
    """

    config: Config
    version: str
    weights: Path


@contextmanager
def checked_archive(path: Path) -> Iterator[CheckedArchive]:
    """Open a `.keras` file for a block.

    Raises:
        InvalidInputError: It is damaged, no `.keras` file, has members outside of itself, twice or
            larger than its size allows, or its description is refused.
    """
    with reading(path, "the archive"), zipfile.ZipFile(path) as archive:
        _check_members(archive, path)
        config = checked_description(_text(archive, _CONFIG, path), path, _CONFIG)
        version = _version(_text(archive, _METADATA, path), path)
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder) / _WEIGHTS
            with (
                reading(path, _WEIGHTS),
                archive.open(_WEIGHTS) as source,
                weights.open("wb") as target,
            ):
                shutil.copyfileobj(source, target, 2**20)
            yield CheckedArchive(config, version, weights)


def check_members(path: Path) -> None:
    """Refuse an archive of any kind whose members lie outside of it or unfold too far.

    Raises:
        InvalidInputError: As `checked_archive`.
    """
    with reading(path, "the archive"), zipfile.ZipFile(path) as archive:
        _refuse_strange_members(archive, path)


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    missing = [name for name in (_CONFIG, _WEIGHTS, _METADATA) if name not in archive.namelist()]
    if missing:
        raise InvalidInputError(
            f"{path} is an archive without {' and '.join(missing)}: it is not a "
            ".keras file. Save the model with model.save('model.keras')."
        )
    _refuse_strange_members(archive, path)


def _refuse_strange_members(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) < len(names) or len(names) > ARCHIVE_MEMBERS:
        raise InvalidInputError(
            f"{path}: the archive has {len(names)} members of {len(set(names))} names; expected "
            f"each name once and at most {ARCHIVE_MEMBERS}. Save the model again."
        )
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        outside = parts.is_absolute() or ".." in parts.parts or ":" in member.filename
        if outside or stat.S_ISLNK(member.external_attr >> 16):
            raise InvalidInputError(
                f"{path}: the archive's member {member.filename!r} points out of the archive; "
                "nothing was unpacked. Do not use this file."
            )
        if member.compress_type not in _COMPRESSIONS or member.flag_bits & _ENCRYPTED:
            raise InvalidInputError(
                f"{path}: the archive's member {member.filename!r} is encrypted or packed in a way "
                "that Keras does not write. Save the model again."
            )
    refuse_larger(sum(member.file_size for member in members), path, "the archive")


def _text(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    size = archive.getinfo(name).file_size
    if size > DESCRIPTION_BYTES:
        raise InvalidInputError(
            f"{path}: {name} has {size:,} bytes, at most {DESCRIPTION_BYTES:,} are read. Give the "
            "model made of Keras's own layers."
        )
    with reading(path, name):
        return archive.read(name)


def _version(text: bytes, path: Path) -> str:
    with reading(path, _METADATA):
        metadata = json.loads(text)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    if not isinstance(version, str):
        raise InvalidInputError(
            f"{path}: {_METADATA} does not say which Keras wrote the file (keras_version). Save "
            "the model again with model.save('model.keras')."
        )
    return version
