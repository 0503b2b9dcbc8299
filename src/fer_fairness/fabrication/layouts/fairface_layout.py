"""FairFace: two label files and two folders of JPEG pictures; it records no emotion."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.fabrication.layouts.layout import (
    FabricatedDataset,
    Layout,
    pictures,
    save_jpeg,
    write_csv,
)
from fer_fairness.params.fabrication import ByGroup, FabricationParameters

WRITTEN_SIDE: Final = 224
RACE_NAME_OF: Final = {
    "white": "White",
    "black": "Black",
    "latino_hispanic": "Latino_Hispanic",
    "east_asian": "East Asian",
    "southeast_asian": "Southeast Asian",
    "indian": "Indian",
    "middle_eastern": "Middle Eastern",
}
CLASS_SHARES: Final = {
    "neutral": 0.45,
    "happiness": 0.4,
    "surprise": 0.08,
    "sadness": 0.07,
}
"""What people in everyday photographs show."""


class FairFaceLayout(Layout):
    """FairFace's colour faces of 224 pixels, drawn at half their side."""

    name = "fairface"
    size = 112
    framing = 0.85
    has_emotions = False

    def split_sizes(self, params: FabricationParameters) -> Mapping[str, int]:
        """See `Layout`."""
        return {"train": params.fairface.train, "test": params.fairface.val}

    def class_shares(self, params: FabricationParameters) -> dict[str, float]:
        """See `Layout`."""
        del params
        return CLASS_SHARES

    def group_shares(self, params: FabricationParameters) -> ByGroup:
        """See `Layout`."""
        return params.fairface.group_shares

    def names(self, truth: pd.DataFrame, seed: int) -> tuple[list[str], list[str]]:
        """See `Layout`."""
        del seed
        folders = truth["split"].map({"train": "train", "test": "val"})
        places = list(zip(folders, truth["row"] + 1, strict=True))
        files = [f"{folder}/{row}.jpg" for folder, row in places]
        return files, [f"fairface_{folder}_{row:05d}" for folder, row in places]

    def write(self, dataset: FabricatedDataset, folder: Path) -> None:
        """See `Layout`."""
        truth = dataset.truth
        labels = pd.DataFrame(
            {
                "file": truth["file"],
                "age": truth["age_group"].replace("70+", "more than 70"),
                "gender": truth["gender"].str.capitalize(),
                "race": truth["race"].map(RACE_NAME_OF),
                "service_test": truth["row"] % 2 == 0,
            }
        )
        for name, rows in labels.groupby(labels["file"].str.split("/").str[0]):
            (folder / str(name)).mkdir()
            write_csv(rows, folder / f"fairface_label_{name}.csv")
        for row, image, _ in pictures(dataset):
            save_jpeg(image, folder / str(row["file"]), side=WRITTEN_SIDE)
