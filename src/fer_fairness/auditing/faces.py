"""The faces that a model is asked about: arrays, pictures, or a dataset prepared here."""

import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pictures import picture_or_problem, upright, without_warnings
from fer_fairness.sources.foreign_file import open_table
from fer_fairness.sources.foreign_table import ForeignTable, listed
from fer_fairness.sources.given_frame import table_of_frame
from fer_fairness.sources.images import within
from fer_fairness.sources.predictions_roles import image_column
from fer_fairness.tables import PERSON, has_majority_emotion
from fer_fairness.taxonomy import ATTRIBUTES

logger = logging.getLogger(__name__)

Images: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Faces:
    """The faces that a model is asked about.

    Attributes:
        images: uint8 of shape `(n, height, width, 1 or 3)`.
        table: One row an image: true emotion, groups, and whatever else is known.
        emotions: Those that the dataset labels, where it is known.
        predicted_attributes: Attributes whose groups a labeller predicted.
        held_out_labels: What is known of this labeller: a file as `audit` takes it.
    """

    images: Images
    table: pd.DataFrame
    emotions: tuple[str, ...] | None = None
    predicted_attributes: tuple[str, ...] = ()
    held_out_labels: Path | None = None


@dataclass(frozen=True)
class Pictures:
    """Pictures that a table names, one face a row.

    Attributes:
        table: The table, or the path of its file (CSV, Parquet, JSON): a column of pictures
            (`image`, `file`, `path` ...), true emotions and groups. The box of each face in pixels
            may stand in columns `x`, `y`, `w` and `h`: the part of it that lies in the picture is
            cut out; without a box the whole picture is taken, and how many have none is told. A
            relative path begins at the folder of the file, or at the working folder.
        size_px: Side of the square that faces are brought to.
        colour: Whether they are read in colour.
    """

    table: pd.DataFrame | str | os.PathLike[str]
    size_px: int = 48
    colour: bool = False


Dataset: TypeAlias = tuple[Images, pd.DataFrame] | Pictures | str
"""Images with a table of them, row by row; pictures; or the name of an evaluation set."""

_WHOLE_PX: Final = 1 << 20
"""So large a side has a JPEG decoded at its whole size, in which boxes are counted."""

_BOX: Final = (
    ("x", "left", "region.x"),
    ("y", "top", "region.y"),
    ("w", "width", "region.w"),
    ("h", "height", "region.h"),
)


def faces_of(dataset: Dataset, data_root: Path) -> Faces:
    """The faces of a dataset and what is known of them.

    Args:
        dataset: See `Dataset`.
        data_root: Where evaluation sets lie, `data` in the project.

    Returns:
        Images and table; of an evaluation set the test faces with a majority emotion.

    Raises:
        InvalidInputError: There is no such dataset, images and table differ in length, or a picture
            cannot be read, or a box is empty or lies beside its picture.
    """
    if isinstance(dataset, tuple):
        return _arrays(*dataset)
    if isinstance(dataset, Pictures):
        return _pictures(dataset)
    if dataset not in EVALUATION_SETS:
        raise InvalidInputError(
            f"dataset is {dataset!r}: expected (images, table), Pictures(table), or one of "
            f"{', '.join(EVALUATION_SETS)}."
        )
    return _evaluation_set(dataset, data_root)


def _arrays(images: Images, table: pd.DataFrame) -> Faces:
    images = np.asarray(images)
    if len(images) != len(table):
        raise InvalidInputError(
            f"There are {len(images):,} images and {len(table):,} rows of the table: expected one "
            "row an image, in the same order."
        )
    images = images[..., None] if images.ndim == 3 else images
    return Faces(images, table.reset_index(drop=True))


def _evaluation_set(name: str, data_root: Path) -> Faces:
    known = EVALUATION_SETS[name]
    images = data_root / "03_primary" / name / "test_images.npy"
    faces = data_root / "05_model_input" / name / "test_labelled_faces.parquet"
    for file in (images, faces):
        if not file.is_file():
            raise InvalidInputError(
                f"There is no file {file}: run kedro run --pipelines data_processing,race_labeling "
                "first, or give the folder of the data as data_root."
            )
    table = pd.read_parquet(faces)
    table = table[has_majority_emotion(table)].reset_index(drop=True)
    stored = np.load(images, mmap_mode="r", allow_pickle=False)
    groups = [attribute for attribute in ATTRIBUTES if table[attribute].notna().any()]
    labelled = [one for one in groups if (table[f"{one}_source"] == "predicted").any()]
    held_out = data_root / "08_reporting/labeller" / known.condition / "held_out_labels.parquet"
    if labelled and not held_out.is_file():
        raise InvalidInputError(
            f"Groups of {name} are predicted ({', '.join(labelled)}), and there is no file "
            f"{held_out}, which tells how often wrongly: run kedro run --pipelines race_labeling."
        )
    people = [PERSON] if PERSON in table.columns else []
    return Faces(
        np.asarray(stored[table["image_index"].to_numpy()]),
        table[["sample_id", *people, "emotion", *groups]],
        known.emotions,
        tuple(labelled),
        held_out if labelled else None,
    )


def _pictures(given: Pictures) -> Faces:
    if isinstance(given.table, pd.DataFrame):
        table, frame, folder = table_of_frame(given.table), given.table, Path()
    else:
        path = Path(given.table).expanduser()
        table, folder = open_table(path), path.parent
        frame = pd.DataFrame({name: table.one_line(name) for name in table.names})
    column = image_column(table)
    if column is None:
        table.refuse(
            f"no column names the pictures; the columns are {listed(table.names)}. Call it image."
        )
    columns = _box_columns(table)
    boxes = _boxes(table, columns) if columns else None
    images = []
    with without_warnings():
        for row, written in enumerate(table.one_line(column)):
            box = None if boxes is None or np.isnan(boxes[row]).any() else boxes[row]
            found = picture_or_problem(folder / written.strip(), partial(_face, box, given))
            if isinstance(found, str):
                table.refuse(f"the picture {written!r} in row {row + 1} cannot be read: {found}.")
            images.append(found)
    n_without_box = 0 if boxes is None else int(np.isnan(boxes).any(axis=1).sum())
    if n_without_box:
        logger.warning(
            "%s: %s of %s faces have no box: their whole pictures are taken for the face.",
            table.name,
            f"{n_without_box:,}",
            f"{len(images):,}",
        )
    boxed = [name for name in frame.columns if str(name).strip() in columns]
    return Faces(np.stack(images), frame.drop(columns=boxed).reset_index(drop=True))


def _box_columns(table: ForeignTable) -> list[str]:
    """Left, top, width and height of faces; none where one of them is missing."""
    names = [next((n for n in known if n in table.names), "") for known in _BOX]
    return names if all(names) else []


def _boxes(table: ForeignTable, columns: list[str]) -> npt.NDArray[np.float64]:
    """Left, top, right and bottom of each face in pixels, shape (n, 4)."""
    left, top, width, height = (table.numbers(name) for name in columns)
    return np.stack([left, top, left + width, top + height], axis=1)


def _face(box: npt.NDArray[np.float64] | None, given: Pictures, image: Image.Image) -> Images:
    smallest = given.size_px if box is None else _WHOLE_PX
    picture = upright(image, colour=given.colour, at_least_px=smallest)
    if box is not None:
        left, top, right, bottom = np.rint(box).astype(int).tolist()
        picture = picture.crop(within((left, top, right, bottom), picture.size))
    resized = picture.resize((given.size_px, given.size_px), Image.Resampling.BILINEAR)
    pixels = np.asarray(resized, dtype=np.uint8)
    return pixels if given.colour else pixels[..., None]
