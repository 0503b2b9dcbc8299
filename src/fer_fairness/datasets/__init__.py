"""Kedro datasets of the project: Kedro's own with atomic saves, further local files, raw folders.

Each imports what it needs when it loads or saves, so that the catalog is made without Keras,
scikit-learn or Matplotlib.
"""

from fer_fairness.datasets.atomic import (
    CSVDataset,
    JSONDataset,
    ParquetDataset,
    PlotlyDataset,
    TextDataset,
)
from fer_fairness.datasets.embedder import EmbedderDataset
from fer_fairness.datasets.figure import FigureDataset
from fer_fairness.datasets.folder import FolderDataset
from fer_fairness.datasets.keras_model import KerasModelDataset
from fer_fairness.datasets.numpy_array import NumpyArrayDataset
from fer_fairness.datasets.raw_folder import RawFolderDataset
from fer_fairness.datasets.results import ResultsDataset
from fer_fairness.datasets.skops_estimator import SkopsDataset

__all__ = [
    "CSVDataset",
    "EmbedderDataset",
    "FigureDataset",
    "FolderDataset",
    "JSONDataset",
    "KerasModelDataset",
    "NumpyArrayDataset",
    "ParquetDataset",
    "PlotlyDataset",
    "RawFolderDataset",
    "ResultsDataset",
    "SkopsDataset",
    "TextDataset",
]
