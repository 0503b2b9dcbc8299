"""RAF-DB: the authors' `basic/` tree of labels, aligned pictures and manual annotation."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from fer_fairness.fabrication.layouts.layout import FabricatedDataset, Layout, pictures, save_jpeg
from fer_fairness.fabrication.planting import generator
from fer_fairness.params.fabrication import RAF_DB_DRAWN_RACES, FabricationParameters
from fer_fairness.taxonomy import GENDERS, RAF_DB_AGE_GROUPS, RAF_DB_CODES, RAF_DB_RACES

CODE_OF: Final = {name: code for code, name in RAF_DB_CODES.items()}
GENDER_CODE_OF: Final = {"male": 0, "female": 1}
UNSURE: Final = 2
RACE_CODE_OF: Final = {race: code for code, race in enumerate(RAF_DB_DRAWN_RACES)}
AGE_CODE_OF: Final = {
    "0-2": 0,
    "3-9": 1,
    "10-19": 1,
    "20-29": 2,
    "30-39": 2,
    "40-49": 3,
    "50-59": 3,
    "60-69": 3,
    "70+": 4,
}
MANUAL: Final = "basic/Annotation/manual"
ALIGNED: Final = "basic/Image/aligned"
LABELS: Final = "basic/EmoLabel/list_patition_label.txt"
"""Spelt as its authors spell it."""


class RafDbLayout(Layout):
    """RAF-DB's aligned colour faces of 100 pixels."""

    name = "raf_db"
    size = 100
    races = RAF_DB_DRAWN_RACES
    annotated_as = MappingProxyType(
        {
            "gender": {name: name for name in GENDERS},
            "race": dict(zip(RAF_DB_DRAWN_RACES, RAF_DB_RACES, strict=True)),
            "age_group": {name: RAF_DB_AGE_GROUPS[code] for name, code in AGE_CODE_OF.items()},
        }
    )

    def split_sizes(self, params: FabricationParameters) -> Mapping[str, int]:
        """See `Layout`."""
        return {"train": params.raf_db.train, "test": params.raf_db.test}

    def class_shares(self, params: FabricationParameters) -> dict[str, float]:
        """See `Layout`."""
        return params.raf_db.class_shares

    def completed(self, truth: pd.DataFrame, params: FabricationParameters) -> pd.DataFrame:
        """Add whether the annotators were unsure of the gender: `gender_unsure`."""
        rng = generator(params.seed, self.name, str(truth["split"].iloc[0]), "layout")
        unsure = rng.random(len(truth)) < params.raf_db.unsure_gender_share
        return truth.assign(gender_unsure=unsure)

    def names(self, truth: pd.DataFrame, seed: int) -> tuple[list[str], list[str]]:
        """See `Layout`."""
        del seed
        places = zip(truth["split"], truth["row"] + 1, strict=True)
        stems = [f"{split}_{row:0{5 if split == 'train' else 4}d}" for split, row in places]
        return [f"{stem}.jpg" for stem in stems], [f"raf_db_{stem}" for stem in stems]

    def write(self, dataset: FabricatedDataset, folder: Path) -> None:
        """See `Layout`.

        Landmarks are those of the aligned picture, since there is no original beside it.
        """
        for name in (MANUAL, ALIGNED, str(Path(LABELS).parent)):
            (folder / name).mkdir(parents=True)
        lines = []
        for row, image, landmarks in pictures(dataset):
            name = str(row["file"])
            stem = Path(name).stem
            lines.append(f"{name} {CODE_OF[str(row['labelled_emotion'])]}\n")
            save_jpeg(image, folder / ALIGNED / f"{stem}_aligned.jpg")
            gender = GENDER_CODE_OF[str(row["gender"])]
            codes = (
                UNSURE if row["gender_unsure"] else gender,
                RACE_CODE_OF[str(row["race"])],
                AGE_CODE_OF[str(row["age_group"])],
            )
            positions = [f"{x:.3f}\t{y:.3f}" for x, y in landmarks.tolist()]
            text = "\n".join([*positions, *map(str, codes)]) + "\n"
            path = folder / MANUAL / f"{stem}_manu_attri.txt"
            path.write_text(text, encoding="ascii")
        (folder / LABELS).write_text("".join(lines), encoding="ascii")
