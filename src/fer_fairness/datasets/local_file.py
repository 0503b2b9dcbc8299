"""What the project's own datasets of one file have in common, read and written by local path."""

import hashlib
import tempfile
from abc import abstractmethod
from copy import deepcopy
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, TypeVar

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    VersionNotFoundError,
    get_protocol_and_path,
)

from fer_fairness.datasets.atomic import AtomicFile
from fer_fairness.files import replacing

Data = TypeVar("Data")


class _LocalFile(AbstractVersionedDataset[Data, Data]):
    """Paths and versions; `_read` and `_write` are a subclass's own."""

    SUFFIX: ClassVar[str] = ""
    """What the file must end in: libraries choose the format by it."""
    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {}
    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {}

    def __init__(
        self,
        *,
        filepath: str,
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Make the dataset; no file is touched yet, no library imported.

        Args:
            filepath: The file, on a local disk or as any URL of fsspec, such as `s3://bucket/x.npy`.
            load_args: Further arguments of the function that reads it.
            save_args: Further arguments of the function that writes it.
            version: Given by Kedro where the catalog says `versioned: true`.
            credentials: Of a remote file system, from `credentials.yml`.
            fs_args: Further arguments of a remote file system.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.

        Raises:
            DatasetError: If `filepath` ends in another suffix than `SUFFIX`.
        """
        self._protocol, path = get_protocol_and_path(filepath, version)
        if not path.endswith(self.SUFFIX):
            raise DatasetError(
                f"{filepath} must end in {self.SUFFIX}: {type(self).__name__} keeps nothing else."
            )
        self._fs = fsspec.filesystem(self._protocol, **(credentials or {}), **(fs_args or {}))
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )
        self._load_args = {**self.DEFAULT_LOAD_ARGS, **deepcopy(load_args or {})}
        self._save_args = {**self.DEFAULT_SAVE_ARGS, **deepcopy(save_args or {})}
        self.metadata = metadata

    def load(self) -> Data:
        return self._read(self._local_copy(str(self._get_load_path())))

    def save(self, data: Data) -> None:
        target = self._get_save_path()
        if self._protocol == "file":
            self._write(data, Path(target))
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, target.name)
            self._write(data, path)
            self._fs.put_file(str(path), str(target))

    def _local_copy(self, path: str) -> Path:
        """The file itself, or of a remote one a copy: arrays are mapped, archives need a file.

        A copy is named after what the file system says of the file (of S3, its ETag) and never
        written again, because an array may be mapped from it.
        """
        if self._protocol == "file":
            return Path(path)
        self._fs.invalidate_cache()  # another process may have replaced it
        state = hashlib.sha256(f"{path} {self._fs.ukey(path)}".encode()).hexdigest()
        copy = Path(_copies().name, state).with_suffix(PurePosixPath(path).suffix)
        if not copy.is_file():
            with replacing(copy) as unfinished:
                self._fs.get_file(path, str(unfinished))
        return copy

    @abstractmethod
    def _read(self, path: Path) -> Data:
        """What the file holds."""

    @abstractmethod
    def _write(self, data: Data, path: Path) -> None:
        """Write `data` to `path`."""

    def _exists(self) -> bool:
        try:
            path = self._get_load_path()
            if self._protocol == "file":
                return Path(path).is_file()
            return bool(self._fs.exists(str(path)))
        except VersionNotFoundError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "load_args": self._load_args,
            "save_args": self._save_args,
            "version": self._version,
        }


@cache
def _copies() -> "tempfile.TemporaryDirectory[str]":
    """Where this process keeps copies of remote files until it ends; `TMPDIR` moves it."""
    return tempfile.TemporaryDirectory(prefix="fer_fairness_")


class LocalFileDataset(AtomicFile, _LocalFile[Data]):
    """One file that a library wants on a disk: found or clearly missed, replaced at once on save.

    On another file system of fsspec a copy is read, and what was written whole is put there.

    A subclass says how a file is read (`_read`) and written (`_write`).
    """
