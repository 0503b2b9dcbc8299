"""What a layout is: how the faces of a dataset look, how many there are, which files they fill."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_fairness.fabrication.drawing import Mode
from fer_fairness.params.fabrication import GROUPS, ByGroup, FabricationParameters
from fer_fairness.progress import track

JPEG_QUALITY: Final = 92


@dataclass(frozen=True)
class FabricatedDataset:
    """One fabricated dataset with all that is true about it.

    Attributes:
        layout: Name of its layout: whose files `write_dataset` writes.
        images: uint8 (n, side, side, channels): fer_plus (48, 48, 1), raf_db (100, 100, 3),
            fairface (112, 112, 3), doubled when written.
        truth: One row an image, in its order: `sample_id` (as the readers name
            it), `file` (the publisher's name of the picture; empty where FER+ has none), `row`
            (0-based within the dataset for fer_plus, within the split otherwise), dataset, split,
            gender, race, age_group, true_emotion, labelled_emotion,
            mislabelled, quality_loss; for fer_plus also not_a_face, ambiguous and votes_<choice>;
            for raf_db also gender_unsure. Groups and emotions are missing where there is no face.
        landmarks: float64 (n, 5, 2), pixels of `images`: left eye, right eye, nose tip, left and
            right corner of the mouth as they appear.
        parameters: What it was made with.
    """

    layout: str
    images: NDArray[np.uint8]
    truth: pd.DataFrame
    landmarks: NDArray[np.float64]
    parameters: FabricationParameters


class Layout(ABC):
    """One publisher's dataset, to be drawn and to be written as its publisher does.

    Attributes:
        name: Of the dataset, one of `planting.DATASETS`.
        size: Side of its pictures, pixels.
        mode: `L` for grey pictures, `RGB` for colour.
        framing: Face units to shares of half a picture's side.
        has_emotions: Whether it records an emotion; where not, nothing is planted.
        races: Groups that its people are drawn from.
        numbers_through: Whether rows are numbered through all splits, not within each.
        annotated_as: attribute -> drawn group -> what its publisher calls it, where it annotates.
    """

    name: ClassVar[str]
    size: ClassVar[int]
    mode: ClassVar[Mode] = "RGB"
    framing: ClassVar[float] = 0.95
    has_emotions: ClassVar[bool] = True
    races: ClassVar[tuple[str, ...]] = GROUPS["race"]
    numbers_through: ClassVar[bool] = False
    annotated_as: ClassVar[Mapping[str, Mapping[str, str]]] = MappingProxyType({})

    @abstractmethod
    def split_sizes(self, params: FabricationParameters) -> Mapping[str, int]:
        """Number of faces of each split, by the names of `planting.SPLITS`."""

    @abstractmethod
    def class_shares(self, params: FabricationParameters) -> dict[str, float]:
        """Share of each emotion that people show, before the planted tilt."""

    def group_shares(self, params: FabricationParameters) -> ByGroup:
        """Share of people of each group by attribute, where it is not the default."""
        return params.planted.group_shares

    def completed(self, truth: pd.DataFrame, params: FabricationParameters) -> pd.DataFrame:
        """The truth of one split with the columns that only this dataset has."""
        del params
        return truth

    @abstractmethod
    def names(self, truth: pd.DataFrame, seed: int) -> tuple[list[str], list[str]]:
        """Publisher's file name, and id that the reader in `sources` gives it, of each face."""

    @abstractmethod
    def write(self, dataset: FabricatedDataset, folder: Path) -> None:
        """Write the publisher's files into a folder that is there and empty."""


def pictures(
    dataset: FabricatedDataset,
) -> Iterator[tuple[dict[str, object], NDArray[np.uint8], NDArray[np.float64]]]:
    """Truth, picture and landmarks of each face, with a progress bar."""
    truth = dataset.truth.to_dict("records")
    faces = zip(truth, dataset.images, dataset.landmarks, strict=True)
    yield from track(faces, description=f"writing {dataset.layout}", total=len(truth))  # type: ignore[misc]


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as publishers do: no index, one line feed a row, ASCII."""
    table.to_csv(path, index=False, lineterminator="\n", encoding="ascii")


def save_jpeg(pixels: NDArray[np.uint8], path: Path, *, side: int | None = None) -> None:
    """Write pixels as a JPEG file, resized to `side` pixels where that is given."""
    image = Image.fromarray(pixels)
    if side is not None and side != image.width:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    image.save(path, format="JPEG", quality=JPEG_QUALITY)
