"""The faces that a model is asked about: arrays, pictures, or a dataset prepared here."""

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
from fer_fairness.files import home_expanded
from fer_fairness.params.embedding import Alignment
from fer_fairness.pictures import picture_or_problem, upright, without_warnings
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import ForeignTable, listed
from fer_fairness.sources.image_files.images import within
from fer_fairness.sources.predictions.roles import image_column, normal
from fer_fairness.tables import PERSON, has_majority_emotion
from fer_fairness.taxonomy import ATTRIBUTES

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
        warnings: What may be wrong with the images, in sentences for the report.
    """

    images: Images
    table: pd.DataFrame
    emotions: tuple[str, ...] | None = None
    predicted_attributes: tuple[str, ...] = ()
    held_out_labels: Path | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pictures:
    """Pictures that a table names, one face a row.

    Attributes:
        table: The table, or the path of its file (CSV, Parquet, JSON): a column of pictures
            (`image`, `file`, `path` ...), true emotions and groups. The box of each face in pixels
            may stand in columns such as `x`, `y`, `w` and `h`, or `x1`, `y1`, `x2` and `y2`: the
            part of it that lies in the picture is cut out. A relative path begins at the folder of
            the file, or at the working folder.
        size_px: Side of the square that faces are brought to.
        colour: Whether they are read in colour.
        alignment: What is done to a picture without a box: "none" takes it whole, "landmarks" as a
            crop of a face that is turned upright, "detect" finds its largest face first (both need
            the extra `dlib`). How many have no box, or no face, is told in the report.
    """

    table: pd.DataFrame | str | os.PathLike[str]
    size_px: int = 48
    colour: bool = False
    alignment: Alignment = "none"


Dataset: TypeAlias = tuple[Images, pd.DataFrame] | Pictures | str
"""Images with a table of them, row by row; pictures; or the name of an evaluation set."""

_WHOLE_PX: Final = 1 << 20
"""So large a side has a JPEG decoded at its whole size, in which boxes are counted."""

_BOXES: Final = (
    "x y w h",
    "left top width height",
    "regionx regiony regionw regionh",
    "bboxx bboxy bboxw bboxh",
    "facex facey facewidth faceheight",
    "facerectx facerecty facerectwidth facerectheight",
)
_CORNERS: Final = ("x1 y1 x2 y2", "xmin ymin xmax ymax", "left top right bottom")
"""Names of left, top, right and bottom, compared without case and underscores."""

_IN_ONE_CELL: Final = ("box", "bbox", "facebox", "boundingbox", "facialarea", "region")


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
        file = home_expanded(given.table)
        table, folder = open_table(file), file.parent
        # As they are: cells of a column that is not used may be anything.
        frame = table.data.to_pandas(integer_object_nulls=True)
    column = image_column(table)
    if column is None:
        table.refuse(
            f"no column names the pictures; the columns are {listed(table.names)}. Call it image."
        )
    columns = _box_columns(table)
    boxes = _boxes(table, columns) if columns else np.full((table.n_rows, 4), np.nan)
    has_box = np.asarray(np.isfinite(boxes).all(axis=1))
    cut = _Cutter(given) if not has_box.all() else None
    images = []
    with without_warnings():
        for row, written in enumerate(table.one_line(column)):
            face = partial(_face, boxes[row], given) if cut is None or has_box[row] else cut.face
            path = folder / written.strip().replace("\\", "/")  # as Windows writes it, too
            found = picture_or_problem(path, face)
            if isinstance(found, str):
                table.refuse(f"the picture {written!r} in row {row + 1} cannot be read: {found}.")
            images.append(found)
    boxed = [name for name in frame.columns if str(name).strip() in columns]
    return Faces(
        np.stack(images),
        frame.drop(columns=boxed).reset_index(drop=True),
        warnings=() if cut is None else cut.told(table, has_columns=bool(columns)),
    )


def _box_columns(table: ForeignTable) -> list[str]:
    """Two opposite corners of faces, or one with width and height; none where a column lacks."""
    names = {normal(name).replace("_", ""): name for name in table.names}
    forms = (form.split() for form in (*_BOXES, *_CORNERS))
    return next(([names[one] for one in form] for form in forms if {*form} <= names.keys()), [])


def _boxes(table: ForeignTable, columns: list[str]) -> npt.NDArray[np.float64]:
    """Left, top, right and bottom of each face in pixels, shape (n, 4)."""
    left, top, third, fourth = (table.numbers(name) for name in columns)
    plain = " ".join(normal(name).replace("_", "") for name in columns)
    ends = (third, fourth) if plain in _CORNERS else (left + third, top + fourth)
    return np.stack([left, top, *ends], axis=1)


def _face(box: npt.NDArray[np.float64], given: Pictures, image: Image.Image) -> Images:
    picture = upright(image, colour=given.colour, at_least_px=_WHOLE_PX)
    left, top, right, bottom = np.rint(box).astype(int).tolist()
    return _square(picture.crop(within((left, top, right, bottom), picture.size)), given)


def _square(picture: Image.Image, given: Pictures) -> Images:
    resized = picture.resize((given.size_px, given.size_px), Image.Resampling.BILINEAR)
    pixels = np.asarray(resized.convert("RGB" if given.colour else "L"), dtype=np.uint8)
    return pixels if given.colour else pixels[..., None]


class _Cutter:
    """Takes the face out of pictures without a box, and counts them."""

    def __init__(self, given: Pictures) -> None:
        from fer_fairness.embedding.alignment import FaceAligner  # loads more than arrays need

        self._given = given
        self._aligner = FaceAligner(given.alignment)
        self._of_crops = FaceAligner("landmarks") if given.alignment == "detect" else None
        self._n_pictures = self._n_without_face = 0

    def face(self, image: Image.Image) -> Images:
        """The face of an opened picture; where none is found, the picture as a crop of one."""
        self._n_pictures += 1
        if self._given.alignment == "none":
            smallest, colour = self._given.size_px, self._given.colour
            return _square(upright(image, colour=colour, at_least_px=smallest), self._given)
        pixels = np.asarray(upright(image, colour=True, at_least_px=_WHOLE_PX))
        face = self._aligner.align(pixels)
        if face is None and self._of_crops is not None:
            self._n_without_face += 1
            face = self._of_crops.align(pixels)
        return _square(Image.fromarray(pixels if face is None else face), self._given)

    def told(self, table: ForeignTable, *, has_columns: bool) -> tuple[str, ...]:
        """What was taken for a face that may be none, in sentences.

        Args:
            table: Where the pictures are named.
            has_columns: Whether it has columns of boxes.
        """
        whole = "their whole pictures are taken for the face"
        told = []
        unread = [n for n in table.names if normal(n).replace("_", "") in _IN_ONE_CELL]
        if unread and not has_columns:
            told.append(
                f"Column {unread[0]!r} is not read as boxes, for nothing tells whether its numbers "
                "are corners or sizes: give x, y, w and h, or x1, y1, x2 and y2, a column each."
            )
        if has_columns and self._given.alignment == "none":
            told.append(f"{self._n_pictures:,} of {table.n_rows:,} faces have no box: {whole}.")
        if self._n_without_face:
            told.append(f"In {self._n_without_face:,} pictures no face was found: {whole}.")
        return tuple(told)
