"""Fabricated datasets in their publishers' own layouts: all or nothing, never over real data."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication.fabricating import FabricatedDataset
from fer_fairness.fabrication.truth import CHOICES
from fer_fairness.params.fabrication import RAF_DB_DRAWN_RACES
from fer_fairness.progress import track
from fer_fairness.taxonomy import FER2013_CODES, RAF_DB_CODES

MARKER: Final = "truth.json"
TRUTH: Final = "truth.parquet"
MADE_BY: Final = "fer_fairness.fabrication"
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


def is_fabricated(folder: Path) -> bool:
    """Whether a folder carries the mark of `write_dataset`."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("made_by") == MADE_BY


def write_dataset(dataset: FabricatedDataset, folder: Path) -> None:
    """Write a dataset in its publisher's layout, with truth.parquet and truth.json beside it.

    The files are written to a new folder next to `folder` and renamed into place at the end, so a
    run that is cut short leaves what was there before.

    Args:
        dataset: What `fabricate` gives.
        folder: Where to; must be absent, empty, or fabricated earlier.

    Raises:
        InvalidInputError: Where `folder` holds anything that was not fabricated.
    """
    folder = Path(folder)
    _refuse_other_data(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        staged.chmod(0o755)
        _WRITERS[dataset.layout](dataset, staged)
        dataset.truth.to_parquet(staged / TRUTH, index=False)
        truth = {
            "made_by": MADE_BY,
            "layout": dataset.layout,
            "n_faces": len(dataset.truth),
            "parameters": dataset.parameters.model_dump(mode="json"),
        }
        text = json.dumps(truth, indent=2, sort_keys=True) + "\n"
        (staged / MARKER).write_text(text, encoding="utf-8")
        _swap(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _refuse_other_data(folder: Path) -> None:
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise InvalidInputError(
            f"{folder} is not a plain folder; fabricated data is not written over it. "
            "Name another folder or move it away."
        )
    if any(folder.iterdir()) and not is_fabricated(folder):
        raise InvalidInputError(
            f"{folder} holds data that was not fabricated (its {MARKER} is missing or not ours); "
            "it is left untouched. Name another folder or move that data away."
        )


def _swap(staged: Path, folder: Path) -> None:
    """Move the finished folder into place; the old one goes only after that succeeded."""
    if not folder.exists():
        staged.rename(folder)
        return
    retired = staged.with_name(f"{staged.name}.old")
    folder.rename(retired)
    try:
        staged.rename(folder)
    except OSError:
        retired.rename(folder)
        raise
    shutil.rmtree(retired)


def _save_jpeg(pixels: NDArray[np.uint8], path: Path, *, side: int | None = None) -> None:
    image = Image.fromarray(pixels)
    if side is not None and side != image.width:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    image.save(path, format="JPEG", quality=JPEG_QUALITY)


def _pictures(
    dataset: FabricatedDataset,
) -> Iterator[tuple[dict[str, object], NDArray[np.uint8], NDArray[np.float64]]]:
    """Truth, picture and landmarks of each face, with a progress bar."""
    truth = dataset.truth.to_dict("records")
    faces = zip(truth, dataset.images, dataset.landmarks, strict=True)
    yield from track(faces, description=f"writing {dataset.layout}", total=len(truth))  # type: ignore[misc]


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="ascii")


def _write_fer_plus(dataset: FabricatedDataset, folder: Path) -> None:
    """fer2013.csv and fer2013new.csv, joined by row order, as FER2013 and FER+ publish them."""
    truth = dataset.truth
    usage = truth["split"].map(FER2013_USAGE)
    # Without a face there is no emotion, and a code all the same.
    codes = truth["labelled_emotion"].map(FER2013_CODE_OF).fillna(NOT_A_FACE_CODE).astype(int)
    with (folder / "fer2013.csv").open("w", encoding="ascii") as file:
        file.write("emotion,pixels,Usage\n")
        pictures = (image for _, image, _ in _pictures(dataset))
        for code, image, name in zip(codes, pictures, usage, strict=True):
            file.write(f"{code},{' '.join(map(str, image.ravel().tolist()))},{name}\n")
    votes = truth[[f"votes_{name}" for name in (*CHOICES[:-1], "not_a_face")]]
    table = votes.set_axis(list(CHOICES), axis=1)
    table.insert(0, "Usage", usage)
    table.insert(1, "Image name", truth["file"])
    _write_csv(table, folder / "fer2013new.csv")


def _write_raf_db(dataset: FabricatedDataset, folder: Path) -> None:
    """The authors' `basic/` tree: labels, aligned pictures, manual annotation.

    Landmarks are those of the aligned picture, since there is no original beside it.
    """
    for name in (RAF_DB_MANUAL, RAF_DB_ALIGNED, str(Path(RAF_DB_LABELS).parent)):
        (folder / name).mkdir(parents=True)
    lines = []
    for row, image, landmarks in _pictures(dataset):
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


def _write_fairface(dataset: FabricatedDataset, folder: Path) -> None:
    """fairface_label_{train,val}.csv and train/N.jpg, val/N.jpg of 224 pixels."""
    truth = dataset.truth
    labels = pd.DataFrame(
        {
            "file": truth["file"],
            "age": truth["age_group"].replace("70+", "more than 70"),
            "gender": truth["gender"].str.capitalize(),
            "race": truth["race"].map(FAIRFACE_RACE_NAME_OF),
            "service_test": truth["row"] % 2 == 0,
        }
    )
    for name, rows in labels.groupby(labels["file"].str.split("/").str[0]):
        (folder / str(name)).mkdir()
        _write_csv(rows, folder / f"fairface_label_{name}.csv")
    for row, image, _ in _pictures(dataset):
        _save_jpeg(image, folder / str(row["file"]), side=FAIRFACE_SIDE)


_WRITERS: Final[Mapping[str, Callable[[FabricatedDataset, Path], None]]] = {
    "fer_plus": _write_fer_plus,
    "raf_db": _write_raf_db,
    "fairface": _write_fairface,
}
