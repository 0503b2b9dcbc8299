"""Readers of datasets and of prediction files: each verifies what it is given, then reads.

Every reader of a dataset takes its folder and its parameters (of the class that its `DatasetFacts`
name) and gives `RawFaces`: the faces, their images, a record of what was damaged by file, line and
value, and a report of published figures beside those found. `read_dataset` reads one that a block
of parameters describes, in one of the layouts of `blocks`. `read_predictions` gives a
`PredictionFile`, which somebody's model has written. `read_image_folder` gives an `ImageFolder`:
faces whose images stay in their files, where `image_paths` finds them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.sources.base import DatasetFacts, RawFaces
from fer_fairness.sources.blocks import PRESETS, read_dataset
from fer_fairness.sources.held_out_labels import HeldOutLabels, read_held_out_labels
from fer_fairness.sources.image_files.folder import (
    IMAGES,
    ImageFolder,
    image_paths,
    read_image_folder,
)
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions
from fer_fairness.sources.published.fairface import FAIRFACE, read_fairface
from fer_fairness.sources.published.ferplus import FER_PLUS, read_fer_plus
from fer_fairness.sources.published.rafdb import RAF_DB, read_raf_db

READERS: Final[Mapping[str, Callable[..., RawFaces]]] = MappingProxyType(
    {"fer_plus": read_fer_plus, "raf_db": read_raf_db, "fairface": read_fairface}
)
"""The reader of each dataset: given its folder and its parameters, it gives `RawFaces`."""

__all__ = [
    "FAIRFACE",
    "FER_PLUS",
    "IMAGES",
    "PRESETS",
    "RAF_DB",
    "READERS",
    "DatasetFacts",
    "HeldOutLabels",
    "ImageFolder",
    "PredictionFile",
    "RawFaces",
    "image_paths",
    "read_dataset",
    "read_fairface",
    "read_fer_plus",
    "read_held_out_labels",
    "read_image_folder",
    "read_predictions",
    "read_raf_db",
]
