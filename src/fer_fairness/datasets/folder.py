"""A folder of files that a node makes together."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, Final

from kedro.io.core import AbstractDataset, DatasetError

from fer_fairness.files import replacing

_WRITTEN: Final = ".written"
"""Names of the files that the last save wrote, one a line."""


class FolderDataset(AbstractDataset[Mapping[str, bytes], dict[str, bytes]]):
    """Files of one folder, by their names.

    Each file is replaced at once. What an earlier save wrote and this one does not is removed;
    files that somebody else put there stay.

    Example of a catalog entry:
        ```yaml
        figures:
          type: fer_fairness.datasets.FolderDataset
          filepath: data/08_reporting/figures
        ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Make the dataset; the folder is not touched.

        Args:
            filepath: The folder, on a local disk.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.
        """
        self.filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, bytes]:
        """The files that the last save wrote, by their names.

        Raises:
            DatasetError: If the folder, or one of these files, is not there.
        """
        missing = [name for name in self._written() if not (self.filepath / name).is_file()]
        if not self._exists() or missing:
            raise DatasetError(
                f"{self.filepath} lacks {', '.join(missing) or 'what a run writes there'}. Run the "
                "same command with --only-missing-outputs, which makes it again."
            )
        return {name: (self.filepath / name).read_bytes() for name in self._written()}

    def save(self, data: Mapping[str, bytes]) -> None:
        """Write the files.

        Raises:
            DatasetError: If a name is none of a file in the folder itself, or hidden.
        """
        for name in data:
            if not name or PurePath(name).name != name or name.startswith("."):
                raise DatasetError(
                    f"{self.filepath} keeps files by plain names, but {name!r} was to be saved. "
                    "Give a name without folders that does not begin with a dot."
                )
        stale = self._written() - data.keys()
        for name, content in sorted(data.items()):
            with replacing(self.filepath / name) as unfinished:
                unfinished.write_bytes(content)
        with replacing(self.filepath / _WRITTEN) as unfinished:
            unfinished.write_text("".join(f"{name}\n" for name in sorted(data)), encoding="utf-8")
        for name in stale:
            (self.filepath / name).unlink(missing_ok=True)

    def _written(self) -> set[str]:
        index = self.filepath / _WRITTEN
        return set(index.read_text(encoding="utf-8").splitlines()) if index.is_file() else set()

    def _exists(self) -> bool:
        return (self.filepath / _WRITTEN).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self.filepath.as_posix()}
