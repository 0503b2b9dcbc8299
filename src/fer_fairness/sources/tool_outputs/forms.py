"""Recognises the output of a known tool by its columns, and says where its answers are.

| tool | what it is known by | its answers |
|---|---|---|
| DeepFace (`analyze`) | `dominant_emotion` | `emotion.angry` ... in percent |
| py-feat (`Fex`) | `FaceRectX` or `FaceScore` beside emotions | `anger` ... |
| fer (`detect_emotions`, `Video`) | `box` beside emotions | `angry` ..., rounded to two digits |
| HSEmotion, EmotiEffLib | a list of scores, the largest for the emotion beside it | the list |
| Rekognition, Hugging Face | lists of classes with scores in JSON | `class_score.sad` ... |
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fer_fairness.sources.foreign_tables.arrow_columns import is_text
from fer_fairness.sources.foreign_tables.json_text import CLASS_SCORES, LARGEST
from fer_fairness.sources.foreign_tables.number_lists import lists_of_numbers
from fer_fairness.sources.foreign_tables.table import ForeignTable
from fer_fairness.sources.predictions.roles import LIST_NAMES, PREDICTED_NAMES, image_column, normal
from fer_fairness.taxonomy import probability_column

Numbers = npt.NDArray[np.float64]

_FER2013: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_PY_FEAT: Final = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
_EMOTI_EFF: Final = (
    ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"),
    ("Anger", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise"),
)
"""Orders of the models of eight and of seven classes; multi-task ones add valence and arousal."""

_HSE: Final = "HSEmotion or EmotiEffLib"
_CLASS_LISTS: Final = "Rekognition or a pipeline of Hugging Face"
_PERCENT: Final = 100.0
_ROUNDED: Final = 0.04
"""Largest distance from one of a sum of seven numbers of two digits."""

IMAGES: Final = "picture"
"""Column that is added where a tool has none."""


@dataclass(frozen=True)
class ToolOutput:
    """The output of a tool as a table of predictions.

    Attributes:
        tool: Its name.
        table: With columns `probability_<emotion>`, or `logit_<emotion>`, of the tool's answers.
        predicted: The column of the emotion that the tool names.
        image: The column of the picture that a face is in; None where there is none.
        area: Size of each face in square pixels, shape (n,); NaN where the tool does not say.
        answered: Whether the tool named an emotion, shape (n,).
    """

    tool: str
    table: ForeignTable
    predicted: str
    image: str | None
    area: Numbers
    answered: npt.NDArray[np.bool_]


def tool_output(table: ForeignTable) -> ToolOutput | None:
    """What a known tool wrote, or None where no tool is recognised.

    Args:
        table: A file or DataFrame whose records are spread; a note tells the tool.
    """
    for reader in _READERS:
        found = reader(table)
        if found is not None:
            table.notes.append(f"The table has the form of the output of {found.tool}.")
            return found
    return None


def _deepface(table: ForeignTable) -> ToolOutput | None:
    if "dominant_emotion" not in table.names:
        return None
    emotions = _emotion_columns(table, _FER2013, r"emotion[._]{}")
    if emotions:
        table = _with_numbers(table, _FER2013, _shares(_numbers(table, emotions)))
    named = _texts(table, "dominant_emotion")
    area = _product(table, "region.w", "region.h")
    if "face_confidence" in table.names:
        n_whole = int((table.numbers("face_confidence") == 0).sum())
        if n_whole:
            table.notes.append(
                f"DeepFace looked for no face, or found none, in {n_whole:,} of "
                f"{table.n_rows:,} rows (face_confidence 0): it answered for the whole picture."
            )
    return ToolOutput(
        "DeepFace", table, "dominant_emotion", image_column(table), area, named.notna().to_numpy()
    )


def _py_feat(table: ForeignTable) -> ToolOutput | None:
    if not {"FaceRectX", "FaceScore"} & set(table.names):
        return None
    emotions = _emotion_columns(table, _PY_FEAT, "{}")
    if not emotions:
        return None
    image = "input" if "input" in table.names else image_column(table)
    if image and "frame" in table.names:
        table, image = _frames(table, image), IMAGES
    area = _product(table, "FaceRectWidth", "FaceRectHeight")
    return _by_largest("py-feat", table, _PY_FEAT, _numbers(table, emotions), image, area)


def _fer(table: ForeignTable) -> ToolOutput | None:
    for pattern, box in ((r"emotions\.{}", "box"), ("{}", "box"), ("{}0", "box0")):
        emotions = _emotion_columns(table, _FER2013, pattern)
        if not emotions or box not in table.names:
            continue
        if box == "box0":
            return _fer_video(table)
        image, area = image_column(table), _box_area(table, box)
        return _by_largest("fer", table, _FER2013, _numbers(table, emotions), image, area)
    return None


def _fer_video(table: ForeignTable) -> ToolOutput:
    """One row a face of a file with `box0, angry0 ..., box1, angry1 ...` in one row a frame."""
    faces = [int(name[3:]) for name in table.names if re.fullmatch(r"box\d+", name)]
    image = image_column(table)
    if image is None:
        frames = pa.array([f"row {number + 1}" for number in range(table.n_rows)])
        table, image = replace(table, data=table.data.append_column(IMAGES, frames)), IMAGES
    every = [_emotion_columns(table, _FER2013, f"{{}}{face}") for face in faces]
    numbers = [_numbers(table, emotions) for emotions in every]
    areas = [_box_area(table, f"box{face}") for face in faces]
    of_faces = re.compile(rf"(box|{'|'.join(_FER2013)})\d+")
    kept = table.data.select([name for name in table.names if not of_faces.fullmatch(name)])
    # A frame with fewer faces than another has empty cells: the first face stands for the frame.
    rows = [
        np.flatnonzero(~np.isnan(of_face).all(axis=1) | (place == 0))
        for place, of_face in enumerate(numbers)
    ]
    order = np.concatenate(rows)
    by_frame = np.argsort(order, kind="stable")
    long = replace(table, data=kept.take(pa.array(order[by_frame])))
    found = np.concatenate([own[of] for own, of in zip(numbers, rows, strict=True)])
    area = np.concatenate([own[of] for own, of in zip(areas, rows, strict=True)])
    return _by_largest("fer", long, _FER2013, found[by_frame], image, area[by_frame])


def _emoti_eff(table: ForeignTable) -> ToolOutput | None:
    for scores in filter(_is_list_name, table.names):
        numbers = lists_of_numbers(table.data.column(scores))
        for classes in _EMOTI_EFF:
            # A multi-task model gives valence and arousal behind the classes.
            if numbers is None or numbers.shape[1] - len(classes) not in (0, 2):
                continue
            own = numbers[:, : len(classes)]
            answered = _finite(own)
            predicted = _agreeing(table, classes, own, answered)
            if predicted is not None:
                others = replace(table, data=table.data.drop_columns([scores]))
                others = _with_scores(others, classes, own, own[answered])
                area = np.full(table.n_rows, np.nan)
                image = image_column(table)
                return ToolOutput(_HSE, others, predicted, image, area, answered)
    return None


def _class_lists(table: ForeignTable) -> ToolOutput | None:
    if LARGEST not in table.names:
        return None
    table = _with_neutral(table)
    columns = [name for name in table.names if name.startswith(f"{CLASS_SCORES}.")]
    shares = _shares(_numbers(table, columns))
    answered = _texts(table, LARGEST).notna().to_numpy()
    if np.allclose(shares[answered].sum(axis=1), 1):
        classes = [name.removeprefix(f"{CLASS_SCORES}.") for name in columns]
        table = _with_numbers(table, classes, shares)
    else:
        table.notes.append(
            "The scores of classes are no probabilities: some lists lack classes, or do not sum to "
            "one. The class of the largest is the predicted emotion."
        )
    area = _product(table, "BoundingBox.Width", "BoundingBox.Height")
    return ToolOutput(_CLASS_LISTS, table, LARGEST, image_column(table), area, answered)


def _with_neutral(table: ForeignTable) -> ForeignTable:
    """The table with the class that Rekognition has in place of neutral called so."""
    calm = f"{CLASS_SCORES}.CALM"
    if calm not in table.names:
        return table
    table.notes.append("Rekognition has no class neutral: its CALM is read as neutral.")
    largest = pc.replace_substring_regex(table.data.column(LARGEST), "^CALM$", "neutral")
    data = table.data.set_column(table.names.index(LARGEST), LARGEST, largest)
    return replace(table, data=data).renamed({calm: f"{CLASS_SCORES}.neutral"})


def _with_scores(
    table: ForeignTable, classes: Sequence[str], numbers: Numbers, answered: Numbers
) -> ForeignTable:
    """The table with the numbers as probabilities where they are some, else as logits."""
    is_shares = (answered >= 0).all() and np.allclose(answered.sum(axis=1), 1, atol=_ROUNDED)
    if is_shares:
        return _with_numbers(table, classes, _shares(numbers))
    return _with_numbers(table, classes, numbers, column="logit_{}".format)


_READERS: Final[Sequence[Callable[[ForeignTable], ToolOutput | None]]] = (
    _deepface,
    _py_feat,
    _fer,
    _emoti_eff,
    _class_lists,
)


def _by_largest(
    tool: str,
    table: ForeignTable,
    classes: Sequence[str],
    numbers: Numbers,
    image: str | None,
    area: Numbers,
) -> ToolOutput:
    """The output of a tool that names no emotion itself: that of the largest number, the first."""
    answered = _finite(numbers)
    largest = np.where(answered, np.nan_to_num(numbers).argmax(axis=1), len(classes))
    names = np.array([*classes, None], dtype=object)[largest]
    predicted = f"emotion of {tool}"
    column = pa.array(names, type=pa.string())
    table = replace(table, data=table.data.append_column(predicted, column))
    table = _with_numbers(table, classes, _shares(numbers))
    return ToolOutput(tool, table, predicted, image, area, answered)


def _emotion_columns(table: ForeignTable, classes: Sequence[str], pattern: str) -> list[str]:
    """The columns of all classes in their order; none where one is missing."""
    found = [
        next((n for n in table.names if re.fullmatch(pattern.format(name), n)), None)
        for name in classes
    ]
    return [name for name in found if name is not None] if all(found) else []


def _finite(numbers: Numbers) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isfinite(numbers).all(axis=1))


def _numbers(table: ForeignTable, columns: Sequence[str]) -> Numbers:
    return np.stack([table.numbers(name) for name in columns], axis=1)


def _shares(numbers: Numbers) -> Numbers:
    """Numbers of which each row sums to one, from percentages or rounded shares; others as is."""
    sums = numbers.sum(axis=1, keepdims=True)
    known = sums[np.isfinite(sums)]
    for whole in (1.0, _PERCENT):
        if known.size and (np.abs(known / whole - 1) <= _ROUNDED).all() and not (numbers < 0).any():
            return np.asarray(numbers / sums)
    return numbers


def _with_numbers(
    table: ForeignTable,
    classes: Sequence[str],
    numbers: Numbers,
    *,
    column: Callable[[str], str] = probability_column,
) -> ForeignTable:
    data = table.data
    for name, values in zip(classes, numbers.T, strict=True):
        if column(name) not in table.every_name:
            data = data.append_column(column(name), pa.array(np.ascontiguousarray(values)))
    return replace(table, data=data)


def _texts(table: ForeignTable, column: str) -> pd.Series:
    return table.text(column).texts


def _product(table: ForeignTable, width: str, height: str) -> Numbers:
    if {width, height} <= set(table.names):
        return table.numbers(width) * table.numbers(height)
    return np.full(table.n_rows, np.nan)


def _box_area(table: ForeignTable, column: str) -> Numbers:
    boxes = lists_of_numbers(table.data.column(column))
    if boxes is None or boxes.shape[1] != 4:
        return np.full(table.n_rows, np.nan)
    return np.asarray(boxes[:, 2] * boxes[:, 3], dtype=np.float64)


def _frames(table: ForeignTable, image: str) -> ForeignTable:
    """The table with the picture of each row: the file, and its frame where it has several."""
    files, frames = table.one_line(image), table.text("frame").texts.astype("str")
    is_video = frames.groupby(files).transform("nunique") > 1
    pictures = files.where(~is_video, files + " frame " + frames)
    column = pa.array(pictures, type=pa.large_string(), from_pandas=True)
    return replace(table, data=table.data.append_column(IMAGES, column))


def _is_list_name(name: str) -> bool:
    names = " ".join(LIST_NAMES.values()).split()
    return normal(name) in names


def _agreeing(
    table: ForeignTable,
    classes: Sequence[str],
    numbers: Numbers,
    answered: npt.NDArray[np.bool_],
) -> str | None:
    """The column of emotions that are those of the largest numbers in every row."""
    names = [*" ".join(PREDICTED_NAMES).split(), "emotion", "emotions", "expression"]
    if not answered.any():
        return None
    largest = np.array(classes)[np.nan_to_num(numbers, nan=-np.inf).argmax(axis=1)]
    for column in table.names:
        is_named = normal(column) in names and is_text(table.data.column(column).type)
        if not is_named:
            continue
        written = table.one_line(column).str.strip().to_numpy()
        if (written[answered] == largest[answered]).all():
            return column
    return None
