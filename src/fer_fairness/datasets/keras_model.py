"""Keras models as `.keras` files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from kedro.io.core import DatasetError, Version

from fer_fairness.datasets._file import FileDataset

if TYPE_CHECKING:
    import keras


class KerasModelDataset(FileDataset["keras.Model"]):
    """A Keras model in a `.keras` file, read in safe mode.

    Safe mode refuses layers that carry code. The model comes uncompiled: who trains it says how.

    A Keras model cannot be deep-copied while it is being trained, so a model that passes between
    two nodes without being saved needs a catalog entry of its own,
    `{type: MemoryDataset, copy_mode: assign}`.

    Example of a catalog entry:
        ```yaml
        baseline.model:
          type: fer_fairness.datasets.KerasModelDataset
          filepath: data/06_models/baseline/model.keras
        ```
    """

    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {"safe_mode": True, "compile": False}

    def __init__(
        self,
        *,
        filepath: str,
        load_args: dict[str, Any] | None = None,
        save_args: dict[str, Any] | None = None,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Make the dataset; neither Keras nor the file is touched yet.

        Args:
            filepath: The `.keras` file on a local disk.
            load_args: Further arguments of `keras.saving.load_model`.
            save_args: Further arguments of `keras.Model.save`.
            version: Given by Kedro where the catalog says `versioned: true`.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.

        Raises:
            DatasetError: If the file is not `.keras`.
        """
        super().__init__(
            filepath=filepath,
            load_args=load_args,
            save_args=save_args,
            version=version,
            metadata=metadata,
        )
        if self.filepath.suffix != ".keras":
            raise DatasetError(
                f"{filepath} must end in .keras: older formats (.h5, SavedModel) can carry code."
            )

    def _read(self, path: Path) -> "keras.Model":
        from fer_fairness.modeling import prepare_backend

        prepare_backend()
        import keras

        return keras.saving.load_model(path, **self._load_args)

    def _write(self, data: "keras.Model", path: Path) -> None:
        data.save(path, **self._save_args)
