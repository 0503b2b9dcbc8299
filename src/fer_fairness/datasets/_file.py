"""What every dataset of the project that is one local file has in common."""

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

from fer_fairness.files import replacing

Data = TypeVar("Data")


class FileDataset(AbstractVersionedDataset[Data, Data]):
    """One file on a local disk: found or clearly missed on load, replaced at once on save.

    A subclass says how a file is read (`_read`) and written (`_write`); this class does the paths,
    the versions, the missing file and the atomic replacement.
    """

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
        """Make the dataset; no file is touched yet.

        Args:
            filepath: The file on a local disk.
            load_args: Further arguments of the function that reads it.
            save_args: Further arguments of the function that writes it.
            version: Given by Kedro where the catalog says `versioned: true`.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.

        Raises:
            DatasetError: If `filepath` is not local: only there can a file be replaced at once.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        if protocol != "file":
            raise DatasetError(
                f"{type(self).__name__} keeps local files only, but filepath is {filepath!r}. "
                "Give a path on a local or mounted disk."
            )
        super().__init__(filepath=PurePosixPath(path), version=version)
        self._load_args = {**self.DEFAULT_LOAD_ARGS, **deepcopy(load_args or {})}
        self._save_args = {**self.DEFAULT_SAVE_ARGS, **deepcopy(save_args or {})}
        self.metadata = metadata

    @property
    def filepath(self) -> Path:
        """The file as the catalog names it, without a version."""
        return Path(self._filepath)

    def load(self) -> Data:
        """Read the file.

        Raises:
            DatasetError: If it is not there or cannot be read.
        """
        return self._read(self._existing_path())

    def save(self, data: Data) -> None:
        """Write `data` beside the file, then put it in the file's place.

        Raises:
            DatasetError: If `data` cannot be written; an older file is then left as it was.
        """
        with replacing(Path(self._get_save_path())) as path:
            self._write(data, path)

    @abstractmethod
    def _read(self, path: Path) -> Data:
        """What the file holds."""

    @abstractmethod
    def _write(self, data: Data, path: Path) -> None:
        """Write `data` to `path`."""

    def _existing_path(self) -> Path:
        try:
            path = Path(self._get_load_path())
        except VersionNotFoundError as error:
            raise DatasetError(_missing(self.filepath)) from error
        if not path.is_file():
            raise DatasetError(_missing(path))
        return path

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


def _missing(path: Path) -> str:
    return (
        f"{path} is not there: an earlier pipeline makes it. Run `kedro run` without --pipelines "
        "for everything, or first the pipeline that has this dataset among its outputs "
        "(`kedro viz` shows which)."
    )
