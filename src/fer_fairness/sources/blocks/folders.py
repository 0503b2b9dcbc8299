"""Lists faces that lie in one folder an emotion, with or without folders of splits above."""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.blocks.emotions import EmotionReader
from fer_fairness.sources.blocks.listing import NO_EMOTION, ListedFace, Listing, split_named
from fer_fairness.sources.image_files.folder import name_problem, no_images
from fer_fairness.sources.image_files.listing import list_images, printable

NO_FOLDER: Final = "it lies in no folder of an emotion"

PersonOf = Callable[[str], str | None]
"""Whose face an image is, by its path below the dataset's folder."""


def list_folders(
    folder: Path, reader: EmotionReader, record: DamageRecord, person_of: PersonOf
) -> Listing:
    """List the images below a folder by the folders that they lie in.

    The emotion is the outermost folder whose name is one, else the folder that the image is in;
    the split is the outermost folder whose name is one. What lies deeper, such as a folder a clip,
    changes nothing.

    Args:
        folder: The dataset's folder.
        reader: What names of emotions are known.
        record: Where images that cannot be named, or have no label, are recorded.
        person_of: Whose face an image is.

    Raises:
        DatasetNotFoundError: There is no such folder, or no image in it.
    """
    images = list_images(folder)
    if not images.files:
        raise no_images(folder, images)
    faces: list[ListedFace] = []
    for file in images.files:
        place = (printable(file), None, PurePosixPath(printable(file)).name)
        if problem := name_problem(file):
            record.add(*place, problem)
            continue
        above = file.split("/")[:-1]
        split = next((found for part in above if (found := split_named(part))), None)
        unsplit = [part for part in above if not split_named(part)]
        if not unsplit:
            record.add(*place, NO_FOLDER, action=NO_EMOTION)
            continue
        label = next((part for part in above if reader.knows(part)), unsplit[-1])
        faces.append(ListedFace(file, label, place, file=file, split=split, person=person_of(file)))
    return Listing(faces, len(images.files))


def matched(pattern: str | None) -> PersonOf:
    """Who a regular expression with one group finds in a path; nobody without one."""
    if pattern is None:
        return lambda _: None
    compiled = re.compile(pattern)

    def person_of(file: str) -> str | None:
        found = compiled.search(file)
        return found[1] if found else None

    return person_of


def clip_folder(file: str) -> str | None:
    """The folder of a frame, which is its clip: `Train/Angry/000046280/00000001.png`."""
    return PurePosixPath(file).parent.name


CLIP_IN_NAME: Final = r"([^/]+_\d+)_\d+\.\w+$"
"""A frame of SFEW: `Airheads_000519240_00000005.png` is of the clip `Airheads_000519240`."""

SUBJECT_IN_NAME: Final = r"(S\d{3})_\d{3}_\d{8}"
"""A frame of CK+: `S010_004_00000017.png` is of the person `S010`."""
