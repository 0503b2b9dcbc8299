"""What the project's own datasets of one local file have in common."""

from abc import abstractmethod
from copy import deepcopy
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, TypeVar

from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    VersionNotFoundError,
    get_protocol_and_path,
)

from fer_fairness.datasets.atomic import AtomicFile

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
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Make the dataset; no file is touched yet, no library imported.

        Args:
            filepath: The file on a local disk.
            load_args: Further arguments of the function that reads it.
            save_args: Further arguments of the function that writes it.
            version: Given by Kedro where the catalog says `versioned: true`.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.

        Raises:
            DatasetError: If `filepath` is not local, or ends in another suffix than `SUFFIX`.
        """
        self._protocol, path = get_protocol_and_path(filepath, version)
        if self._protocol != "file":
            raise DatasetError(
                f"{type(self).__name__} keeps local files only, but filepath is {filepath!r}. "
                "Give a path on a local or mounted disk."
            )
        if not path.endswith(self.SUFFIX):
            raise DatasetError(
                f"{filepath} must end in {self.SUFFIX}: {type(self).__name__} keeps nothing else."
            )
        super().__init__(filepath=PurePosixPath(path), version=version)
        self._load_args = {**self.DEFAULT_LOAD_ARGS, **deepcopy(load_args or {})}
        self._save_args = {**self.DEFAULT_SAVE_ARGS, **deepcopy(save_args or {})}
        self.metadata = metadata

    def load(self) -> Data:
        return self._read(Path(self._get_load_path()))

    def save(self, data: Data) -> None:
        self._write(data, Path(self._get_save_path()))

    @abstractmethod
    def _read(self, path: Path) -> Data:
        """What the file holds."""

    @abstractmethod
    def _write(self, data: Data, path: Path) -> None:
        """Write `data` to `path`."""

    def _exists(self) -> bool:
        try:
            return Path(self._get_load_path()).is_file()
        except VersionNotFoundError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "load_args": self._load_args,
            "save_args": self._save_args,
            "version": self._version,
        }


class LocalFileDataset(AtomicFile, _LocalFile[Data]):
    """One file on a local disk: found or clearly missed on load, replaced at once on save.

    A subclass says how a file is read (`_read`) and written (`_write`).
    """
