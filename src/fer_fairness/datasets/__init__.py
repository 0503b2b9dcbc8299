"""Kedro datasets of the project: local files that are replaced at once, and raw folders.

Each imports what it needs when it loads or saves, so that the catalog is made without Keras,
scikit-learn or Matplotlib.
"""

from fer_fairness.datasets.csv_table import CsvDataset
from fer_fairness.datasets.document import JsonDataset, OptionalJsonDataset, TextDataset
from fer_fairness.datasets.embedder import EmbedderDataset
from fer_fairness.datasets.figure import FigureDataset
from fer_fairness.datasets.keras_model import KerasModelDataset
from fer_fairness.datasets.numpy_array import NumpyArrayDataset
from fer_fairness.datasets.raw_folder import RawFolderDataset
from fer_fairness.datasets.skops_estimator import SkopsDataset
from fer_fairness.datasets.table import TableDataset

__all__ = [
    "CsvDataset",
    "EmbedderDataset",
    "FigureDataset",
    "JsonDataset",
    "KerasModelDataset",
    "NumpyArrayDataset",
    "OptionalJsonDataset",
    "RawFolderDataset",
    "SkopsDataset",
    "TableDataset",
    "TextDataset",
]
