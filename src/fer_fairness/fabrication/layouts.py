"""Write fabricated datasets in their publishers' own layouts."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_fairness.fabrication.fabricating import FabricatedDataset
from fer_fairness.fabrication.votes import CHOICES
from fer_fairness.params.fabrication import RAF_DB_DRAWN_RACES
from fer_fairness.progress import track
from fer_fairness.taxonomy import FER2013_CODES, RAF_DB_CODES

FER2013_USAGE: Final = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
FER2013_CODE_OF: Final = {name: code for code, name in FER2013_CODES.items()} | {"contempt": 6}
"""FER2013 has no contempt: its annotators called those faces neutral."""
NOT_A_FACE_CODE: Final = 6
RAF_DB_CODE_OF: Final = {name: code for code, name in RAF_DB_CODES.items()}
RAF_DB_GENDER_CODE_OF: Final = {"male": 0, "female": 1}
RAF_DB_UNSURE: Final = 2
RAF_DB_RACE_CODE_OF: Final = {race: code for code, race in enumerate(RAF_DB_DRAWN_RACES)}
RAF_DB_AGE_CODE_OF: Final = {
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
FAIRFACE_RACE_NAME_OF: Final = {
    "white": "White",
    "black": "Black",
    "latino_hispanic": "Latino_Hispanic",
    "east_asian": "East Asian",
    "southeast_asian": "Southeast Asian",
    "indian": "Indian",
    "middle_eastern": "Middle Eastern",
}
FAIRFACE_SIDE: Final = 224
JPEG_QUALITY: Final = 92
RAF_DB_MANUAL: Final = "basic/Annotation/manual"
RAF_DB_ALIGNED: Final = "basic/Image/aligned"
RAF_DB_LABELS: Final = "basic/EmoLabel/list_patition_label.txt"
"""Spelt as its authors spell it."""


def _save_jpeg(pixels: NDArray[np.uint8], path: Path, *, side: int | None = None) -> None:
    image = Image.fromarray(pixels)
    if side is not None and side != image.width:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    image.save(path, format="JPEG", quality=JPEG_QUALITY)


def _rows(dataset: FabricatedDataset) -> Iterator[dict[str, object]]:
    yield from dataset.truth.to_dict("records")  # type: ignore[misc]


def write_fer_plus(dataset: FabricatedDataset, folder: Path) -> None:
    """Write fer2013.csv and fer2013new.csv, joined by row order, as FER2013 and FER+ publish them.

    Args:
        dataset: Of layout fer_plus.
        folder: Exists already.
    """
    bar = track(
        zip(_rows(dataset), dataset.images, strict=True),
        description="writing fer_plus",
        total=len(dataset.images),
    )
    with (
        (folder / "fer2013.csv").open("w", newline="", encoding="ascii") as pixel_file,
        (folder / "fer2013new.csv").open("w", newline="", encoding="ascii") as vote_file,
    ):
        pixel_rows = csv.writer(pixel_file, lineterminator="\n")
        vote_rows = csv.writer(vote_file, lineterminator="\n")
        pixel_rows.writerow(["emotion", "pixels", "Usage"])
        vote_rows.writerow(["Usage", "Image name", *CHOICES])
        for row, image in bar:
            usage = FER2013_USAGE[str(row["split"])]
            code = (
                NOT_A_FACE_CODE
                if row["not_a_face"]
                else FER2013_CODE_OF[str(row["labelled_emotion"])]
            )
            pixel_rows.writerow([code, " ".join(map(str, image.ravel().tolist())), usage])
            votes = [row[f"votes_{name}"] for name in (*CHOICES[:-1], "not_a_face")]
            vote_rows.writerow([usage, row["file"], *votes])


def write_raf_db(dataset: FabricatedDataset, folder: Path) -> None:
    """Write the authors' `basic/` tree: labels, aligned pictures, manual annotation.

    Landmarks are those of the aligned picture, since there is no original beside it.

    Args:
        dataset: Of layout raf_db.
        folder: Exists already.
    """
    for name in (RAF_DB_MANUAL, RAF_DB_ALIGNED, str(Path(RAF_DB_LABELS).parent)):
        (folder / name).mkdir(parents=True)
    bar = track(
        zip(_rows(dataset), dataset.images, dataset.landmarks, strict=True),
        description="writing raf_db",
        total=len(dataset.images),
    )
    lines = []
    for row, image, landmarks in bar:
        name = str(row["file"])
        stem = Path(name).stem
        lines.append(f"{name} {RAF_DB_CODE_OF[str(row['labelled_emotion'])]}\n")
        _save_jpeg(image, folder / RAF_DB_ALIGNED / f"{stem}_aligned.jpg")
        gender = RAF_DB_GENDER_CODE_OF[str(row["gender"])]
        codes = (
            RAF_DB_UNSURE if row["gender_unsure"] else gender,
            RAF_DB_RACE_CODE_OF[str(row["race"])],
            RAF_DB_AGE_CODE_OF[str(row["age_group"])],
        )
        positions = [f"{x:.3f}\t{y:.3f}" for x, y in landmarks.tolist()]
        text = "\n".join([*positions, *map(str, codes)]) + "\n"
        path = folder / RAF_DB_MANUAL / f"{stem}_manu_attri.txt"
        path.write_text(text, encoding="ascii")
    (folder / RAF_DB_LABELS).write_text("".join(lines), encoding="ascii")


def write_fairface(dataset: FabricatedDataset, folder: Path) -> None:
    """Write fairface_label_{train,val}.csv and train/N.jpg, val/N.jpg of 224 pixels.

    Args:
        dataset: Of layout fairface.
        folder: Exists already.
    """
    for name in ("train", "val"):
        (folder / name).mkdir()
    labels: dict[str, list[list[object]]] = {"train": [], "val": []}
    bar = track(
        zip(_rows(dataset), dataset.images, strict=True),
        description="writing fairface",
        total=len(dataset.images),
    )
    for row, image in bar:
        name = str(row["file"])
        _save_jpeg(image, folder / name, side=FAIRFACE_SIDE)
        age = "more than 70" if row["age_group"] == "70+" else row["age_group"]
        labels[name.split("/")[0]].append(
            [
                name,
                age,
                str(row["gender"]).capitalize(),
                FAIRFACE_RACE_NAME_OF[str(row["race"])],
                int(str(row["row"])) % 2 == 0,
            ]
        )
    for name, rows in labels.items():
        path = folder / f"fairface_label_{name}.csv"
        with path.open("w", newline="", encoding="ascii") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["file", "age", "gender", "race", "service_test"])
            writer.writerows(rows)
