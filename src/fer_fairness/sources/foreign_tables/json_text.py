"""Reads JSON of predictions: records, faces of pictures, or what a function returned for each.

The forms: a list of records (`pandas.DataFrame.to_json(orient="records")`) or an object of columns
(`to_json()`); a list with the faces of each picture (`DeepFace.analyze` and `FER.detect_emotions`
over several); an object from a picture's name to its faces, or to null or an error where there are
none; records that hold a list of faces; a pair of labels and scores (`predict_emotions` of
HSEmotion and EmotiEffLib), or a list of classes with their scores (a pipeline of Hugging Face,
`Emotions` of Rekognition), of which the largest is the prediction; any of these below one key of an
object, such as "results", beside what it says of all; one such value a line.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.base import shortened
from fer_fairness.sources.image_files.listing import IMAGE_SUFFIXES
from fer_fairness.sources.predictions.roles import ATTRIBUTE_NAMES, ID_NAMES, normal

IMAGE: Final = "image"
"""Column of the pictures where a file names them outside of its records."""

CLASS_SCORES: Final = "class_score"
LARGEST: Final = "class of the largest score"
"""Columns of lists of classes: `class_score.<class>`, and the one that is taken of them."""

_PARTS_OF_A_FACE: Final = frozenset(
    ("emotion", "emotions", "gender", "race", "region", "box", "facial_area", "scores")
)
_PICTURES: Final = frozenset(ID_NAMES[-1].split())
_PAIR: Final = 2
_DIGITS: Final = 15
"""Whole numbers of more digits are not all numbers of 64 bits with a point."""
_CLASS: Final = ("label", "class", "type")
_SCORE: Final = ("score", "confidence", "probability")


def frame_of_json(name: str, text: str) -> pd.DataFrame:
    """Records of JSON text, one row a face; a picture without faces has a row without values.

    Args:
        name: The file's name, for messages.
        text: JSON, or one JSON value a line.

    Returns:
        Objects inside of records as columns named `emotion.angry`; lists of classes as those of
        `CLASS_SCORES` and `LARGEST`.

    Raises:
        InvalidInputError: It is no JSON, or holds no records.
    """
    try:
        records = list(_records(_value(text), {}))
        frame = pd.json_normalize(records)
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            f"{name}, line {error.lineno}: this is no JSON ({error.msg}). Write the results with "
            "json.dump, or as CSV."
        ) from error
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"{name}: the JSON holds {shortened(repr(error.object))}, half of a character, which "
            "is no UTF-8 text. Correct it, or leave that value out."
        ) from error
    except RecursionError as error:
        raise InvalidInputError(
            f"{name}: the JSON is nested too deeply. Write one record a face."
        ) from error
    if frame.empty or list(frame.columns) == [IMAGE]:
        raise InvalidInputError(
            f"{name}: the JSON holds no records of faces. Expected a list of records such as "
            '[{"image": "a.jpg", "dominant_emotion": "happy"}], or an object from pictures to '
            "the faces in them."
        )
    return frame


def _value(text: str) -> Any:  # noqa: ANN401  JSON
    try:
        return _loaded(text)
    except json.JSONDecodeError:
        # Not splitlines: JSON may hold characters in its texts at which that breaks too.
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2 or not lines[0].rstrip().endswith(("}", "]")):
            raise
        return [
            _of_line(line, number)
            for number, line in enumerate(text.split("\n"), start=1)
            if line.strip()
        ]


def _of_line(line: str, number: int) -> Any:  # noqa: ANN401  JSON
    try:
        return _loaded(line)
    except json.JSONDecodeError as error:
        error.lineno = number
        raise


def _loaded(text: str) -> Any:  # noqa: ANN401  JSON
    return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int | str:
    """A whole number; as its digits where it is so long that it can only be a name.

    Beside an empty cell pandas makes numbers with a point of whole ones, which have 15 digits.
    """
    return int(digits) if len(digits) <= _DIGITS else digits


def _records(value: Any, known: dict[str, Any]) -> Iterator[dict[str, Any]]:  # noqa: ANN401  JSON
    if isinstance(value, Mapping):
        yield from _records_of_object(value, known)
    elif _is_pair(value):
        yield from _faces(value, known)
    elif isinstance(value, list):
        name = _naming_key(value)
        for number, found in enumerate(value, start=1):
            if isinstance(found, Mapping) and any(map(_is_file_of_picture, found)):
                yield from _records(found, known)
                continue
            of_picture = isinstance(found, list) and not _is_pair(found)
            yield from _faces(found, known | ({name: f"picture {number}"} if of_picture else {}))


def _records_of_object(value: Mapping[str, Any], known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if _is_by_column(value):
        rows = next(iter(value.values()))
        yield from (known | {name: value[name][row] for name in value} for row in rows)
    elif (wrapper := _wrapper(value)) is not None:
        beside = {key: found for key, found in value.items() if key != wrapper}
        yield from _records(value[wrapper], known | beside)
    elif _names_pictures(value):
        name = _naming_key(value.values())
        for picture, found in value.items():
            yield from _faces(found, known | {name: str(picture)})
    else:
        yield from _faces(value, known)


def _naming_key(pictures: Iterable[Any]) -> str:
    """What faces call the name of their picture themselves, or `IMAGE`."""
    for found in pictures:
        for face in found if isinstance(found, list) else [found]:
            for key in face if isinstance(face, Mapping) else ():
                if normal(key) in _PICTURES:
                    return str(key)
    return IMAGE


def _wrapper(value: Mapping[str, Any]) -> str | None:
    """The one key, such as "results", below which an object holds all records."""
    if any(map(_is_file_of_picture, value)) or _PICTURES & {*map(normal, value)}:
        return None
    holding = [key for key, found in value.items() if _holds_records(found)]
    return holding[0] if len(holding) == 1 else None


def _holds_records(found: object) -> bool:
    if isinstance(found, Mapping):
        listed = bool(found) and all(one and _are_records(one) for one in found.values())
        return listed or _is_by_column(found) or any(map(_is_file_of_picture, found))
    return isinstance(found, list) and any(
        isinstance(one, Mapping) or _is_pair(one) or (one and _are_records(one)) for one in found
    )


def _is_file_of_picture(key: str) -> bool:
    return PurePosixPath(key).suffix.lower() in IMAGE_SUFFIXES


def _is_by_column(value: Mapping[str, Any]) -> bool:
    """Whether it is an object from columns to numbered rows, the same in each."""
    columns = list(value.values())
    if not columns or not all(isinstance(column, Mapping) for column in columns):
        return False
    rows = list(columns[0])
    numbered = bool(rows) and all(row.isdecimal() for row in rows)
    return numbered and all(list(one) == rows for one in columns)


def _names_pictures(value: Mapping[str, Any]) -> bool:
    """Whether it is an object from pictures to faces; null or a text stands for no face."""
    if any(map(_is_file_of_picture, value)):
        return True
    found = [one for one in value.values() if not (one is None or isinstance(one, str))]
    nested = bool(found) and all(isinstance(one, list | Mapping) for one in found)
    return nested and not (_PARTS_OF_A_FACE & set(value) or _PICTURES & {*map(normal, value)})


def _faces(found: Any, known: dict[str, Any]) -> Iterator[dict[str, Any]]:  # noqa: ANN401  JSON
    """One record a face, each with what is known of its picture."""
    if isinstance(found, Mapping):
        lists = {key: value for key, value in found.items() if _are_faces(value, key)}
        own = {key: value for key, value in found.items() if key not in lists}
        own = known | _with_largest(own)
        for face in itertools.chain(*lists.values()):
            yield from _faces(face, own)
        if not any(lists.values()):
            yield own
    elif _is_pair(found):
        yield from _labels_and_scores(found, known)
    elif _scores(found) is not None:
        yield known | _with_largest({LARGEST: found})
    elif isinstance(found, list) and found:
        for face in found:
            yield from _faces(face, known)
    else:
        yield dict(known)


def _are_records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def _are_faces(value: object, key: str) -> bool:
    """Whether it is a list of records of faces, and of no points or classes of one face."""
    plain = key.casefold()
    is_of_one = "landmark" in plain or ("face" not in plain and _scores(value) is not None)
    return _are_records(value) and not is_of_one


def _scores(value: object) -> dict[str, float] | None:
    """Scores by class from what was thought of one face: [{"label": "sad", "score": 0.8}, ...]."""
    if not (isinstance(value, list) and value and _are_records(value)):
        return None
    found: dict[str, float] = {}
    for one in value:
        plain = {normal(key): cell for key, cell in one.items()}
        label = next((plain[key] for key in _CLASS if key in plain), None)
        score = next((plain[key] for key in _SCORE if key in plain), None)
        if len(one) != _PAIR or not isinstance(label, str) or not isinstance(score, int | float):
            return None
        found[label] = score
    return found if len(found) == len(value) else None


def _with_largest(face: dict[str, Any]) -> dict[str, Any]:
    """A face with the largest of each list of classes; of emotions with the scores too."""
    lists = {key: scores for key, value in face.items() if (scores := _scores(value)) is not None}
    emotions = [key for key in lists if normal(key) not in ATTRIBUTE_NAMES.split()]
    found: dict[str, Any] = {}
    for key, scores in lists.items():
        largest = max(scores, key=scores.__getitem__)
        # Of two such lists nobody knows which is the model's.
        found |= {LARGEST: largest, CLASS_SCORES: scores} if emotions == [key] else {key: largest}
    return found | {key: value for key, value in face.items() if key not in lists}


def _is_pair(value: object) -> bool:
    """Whether it is labels and scores, as `("Anger", [...])` or `(["Anger", ...], [[...], ...])`.

    A missing face may be (None, None), as `FER.top_emotion` gives it.
    """
    if not isinstance(value, list) or len(value) != _PAIR:
        return False
    labels, scores = value
    if isinstance(labels, list):
        texts = bool(labels) and all(isinstance(label, str) for label in labels)
        return texts and isinstance(scores, list)
    return isinstance(labels, str) or (labels is None and scores is None)


def _labels_and_scores(pair: Sequence[Any], known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    labels, scores = pair
    if not isinstance(labels, list):
        labels, scores = [labels], [scores]
    elif len(scores) != len(labels):
        scores = [scores]
    for label, of_face in zip(labels, scores, strict=False):
        yield known | {"predicted_emotion": label, "scores": of_face}
