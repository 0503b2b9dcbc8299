"""Keras models as `.keras` files."""

from pathlib import Path
from typing import TYPE_CHECKING

from kedro.io.core import DatasetError

from fer_fairness.datasets.local_file import LocalFileDataset
from fer_fairness.errors import InvalidInputError

if TYPE_CHECKING:
    import keras


class KerasModelDataset(LocalFileDataset["keras.Model"]):
    """A Keras model in a `.keras` file, looked at before it is read (`modeling.keras_file`).

    What carries code, refers to other files or is larger than its file allows is refused, whoever
    put it there. The model comes uncompiled: who trains it says how.

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

    SUFFIX = ".keras"

    def _read(self, path: Path) -> "keras.Model":
        from fer_fairness.modeling.keras_file import open_archive

        try:
            return open_archive(path)
        except InvalidInputError as error:
            raise DatasetError(
                f"{error} If the file is one of this project's, delete it and run the pipeline "
                "that makes it."
            ) from error

    def _write(self, data: "keras.Model", path: Path) -> None:
        data.save(path, **self._save_args)
