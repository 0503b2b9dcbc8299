"""Keras files of whoever wrote them: looked at before Keras sees them, then opened without code."""

from fer_fairness.modeling.keras_file.archive import CheckedArchive, checked_archive
from fer_fairness.modeling.keras_file.building import build, layer_values
from fer_fairness.modeling.keras_file.damage import first_line, reading
from fer_fairness.modeling.keras_file.description import checked_description
from fer_fairness.modeling.keras_file.hdf5 import checked_hdf5, n_stored_values
from fer_fairness.modeling.keras_file.opening import open_archive

__all__ = [
    "CheckedArchive",
    "build",
    "checked_archive",
    "checked_description",
    "checked_hdf5",
    "first_line",
    "layer_values",
    "n_stored_values",
    "open_archive",
    "reading",
]
