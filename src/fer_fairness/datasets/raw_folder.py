"""A folder of raw data in the layout of its publisher."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io.core import AbstractDataset, DatasetError

if TYPE_CHECKING:
    from fer_fairness.fabrication import FabricatedDataset


class RawFolderDataset(AbstractDataset["FabricatedDataset", Path]):
    """The folder a researcher puts a dataset into, or that `fabrication` writes.

    `load` gives the path and does not look inside: the readers of `fer_fairness.sources` know what
    must be there, and say how to obtain what is missing. `save` takes a fabricated dataset and
    writes it in the publisher's own layout.

    Example of a catalog entry:
        ```yaml
        fer_plus.raw:
          type: fer_fairness.datasets.RawFolderDataset
          filepath: data/01_raw/fer_plus
          layout: fer_plus
        ```
    """

    def __init__(
        self, *, filepath: str, layout: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Make the dataset; the folder is not touched.

        Args:
            filepath: The folder.
            layout: The dataset in whose publisher's layout it is.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.
        """
        self._filepath = Path(filepath)
        self._layout = layout
        self.metadata = metadata

    @property
    def filepath(self) -> Path:
        """The folder."""
        return self._filepath

    def load(self) -> Path:
        """The folder's path, whether or not it is there."""
        return self._filepath

    def save(self, data: "FabricatedDataset") -> None:
        """Write a fabricated dataset as its publisher would.

        Raises:
            DatasetError: If `data` was fabricated for another layout.
        """
        from fer_fairness.fabrication import write_dataset

        if data.layout != self._layout:
            raise DatasetError(
                f"{self._filepath} holds the layout {self._layout!r}, but the dataset to save was "
                f"fabricated for {data.layout!r}. Save it to that dataset's folder."
            )
        write_dataset(data, self._filepath)

    def _exists(self) -> bool:
        # The empty folder of a fresh clone (.gitkeep) is not a dataset.
        return self._filepath.is_dir() and any(
            not entry.name.startswith(".") for entry in self._filepath.iterdir()
        )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix(), "layout": self._layout}
