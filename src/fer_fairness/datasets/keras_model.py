"""Keras models as `.keras` files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fer_fairness.datasets.local_file import LocalFileDataset

if TYPE_CHECKING:
    import keras


class KerasModelDataset(LocalFileDataset["keras.Model"]):
    """A Keras model in a `.keras` file, read in safe mode.

    Safe mode refuses layers that carry code, as older formats (.h5, SavedModel) can. The model
    comes uncompiled: who trains it says how.

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
    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {"safe_mode": True, "compile": False}

    def _read(self, path: Path) -> "keras.Model":
        from fer_fairness.modeling import prepare_backend

        prepare_backend()
        import keras

        return keras.saving.load_model(path, **self._load_args)

    def _write(self, data: "keras.Model", path: Path) -> None:
        data.save(path, **self._save_args)
