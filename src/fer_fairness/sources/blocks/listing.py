"""What a layout lists of a dataset before any image is opened, and how splits are called."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.sources.base import Json
from fer_fairness.sources.image_files.images import Box, Place

NO_EMOTION: Final = "left out: none of the eight emotions"
"""What was done with a face that shows none of the eight, or of which nobody says what it shows."""

ELSEWHERE: Final = "the image does not lie below the dataset's folder"
"""Why a face is damaged whose image `lies_below` does not allow."""

_WORDS: Final = "train|training|val|valid|validation|dev|test|testing"
_SPLIT: Final = re.compile(rf"(?:(?:.*[ _-])?({_WORDS})|({_WORDS})[ _-].*)")
_JOINED: Final = {
    "publictest": "validation",
    "privatetest": "test",
    "fer2013train": "train",
    "fer2013valid": "validation",
    "fer2013test": "test",
}
_BEGINNINGS: Final = {"tr": "train", "va": "validation", "de": "validation", "te": "test"}


@dataclass(frozen=True, slots=True)
class ListedFace:
    """A face as its publisher lists it.

    Attributes:
        name: What tells it apart within the dataset.
        label: Its emotion as it is written; None where `votes` or `emotion` tell it.
        place: What damage is recorded under.
        file: Its image below the dataset's folder, with forward slashes; None where `pixels` of
            the listing are its image.
        split: One of `taxonomy.SPLITS`, None where none is told.
        person: Whose face it is, None where that is not told.
        attributes: Its annotated groups, by attribute.
        box: Where it is in its image: left, top, right, bottom in pixels; None: all of it.
        votes: Annotators by emotion, in canonical order.
    """

    name: str
    label: str | None
    place: Place
    file: str | None = None
    split: str | None = None
    person: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    box: Box | None = None
    votes: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Listing:
    """The faces of a dataset.

    Attributes:
        faces: Those with a row or file that could be understood.
        n_rows: All rows or files, damaged ones included.
        notes: Sentences on how the dataset was understood.
        files: What a report says of the files of labels.
        pixels: uint8 of shape (faces, 48, 48, 1) where images stand in a table.
    """

    faces: Sequence[ListedFace]
    n_rows: int
    notes: list[str] = field(default_factory=list)
    files: Sequence[Json] = ()
    pixels: npt.NDArray[np.uint8] | None = None


def split_named(text: str) -> str | None:
    """The split that a folder or cell names: `Training`, `val_set`, `Test_Aligned_Faces`.

    Returns:
        One of `taxonomy.SPLITS`; None where it names none.
    """
    plain = text.strip().lower()
    if plain in _JOINED:
        return _JOINED[plain]
    found = _SPLIT.fullmatch(plain)
    return _BEGINNINGS[(found[1] or found[2])[:2]] if found else None


def lies_below(file: str) -> bool:
    """Whether a relative path with forward slashes stays below the folder at which it begins."""
    return not f"{posixpath.normpath(file)}/".startswith(("/", "../"))
