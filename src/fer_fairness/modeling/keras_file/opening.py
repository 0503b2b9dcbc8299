"""A `.keras` file of Keras 3 opened as a whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.keras_file.archive import CheckedArchive, checked_archive
from fer_fairness.modeling.keras_file.building import build
from fer_fairness.modeling.keras_file.damage import reading
from fer_fairness.modeling.keras_file.hdf5 import checked_hdf5, n_stored_values

if TYPE_CHECKING:
    import keras


def open_archive(path: Path) -> "keras.Model":
    """Open a `.keras` file of Keras 3, this project's own or a stranger's, without its code.

    Raises:
        InvalidInputError: There is no such file, it is damaged, it is refused (see
            `checked_archive`, `checked_hdf5` and `build`), or Keras 2 wrote it.
    """
    if not path.is_file():
        raise InvalidInputError(f"{path}: there is no such file. Give a .keras file.")
    with checked_archive(path) as archive:
        if archive.version.startswith("2."):
            raise InvalidInputError(
                f"{path} was written by Keras {archive.version}, expected Keras 3: load it there "
                "and save it again."
            )
        return loaded(archive, path)


def loaded(archive: CheckedArchive, path: Path) -> "keras.Model":
    """The model of an archive of Keras 3, uncompiled."""
    prepare_backend()
    with checked_hdf5(archive.weights, path, archive.weights.name) as file:
        n_stored = n_stored_values(file)
    model = build(archive.config, path, n_stored=n_stored)
    with reading(path, archive.weights.name):
        model.load_weights(archive.weights)
    return model
