"""Lists the image files below a folder: every one, once, in an order that people expect."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.progress import track

IMAGE_SUFFIXES: Final = frozenset(
    (
        ".bmp",
        ".gif",
        ".jfif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pgm",
        ".png",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    )
)
"""Suffixes taken for images, in small or capital letters."""
NO_SUFFIX: Final = "none"

_DIGITS = re.compile(r"([0-9]+)")

NaturalKey = list[tuple[list[str | int], str]]


@dataclass
class ImageListing:
    """What lies below a folder.

    Attributes:
        files: The image files, paths below the folder with forward slashes, "2.jpg" before
            "10.jpg". Whether they can be read is not known yet.
        other_files: Number of files that are no images, by suffix in small letters.
        hidden_files: Number of files whose name begins with a point, by suffix.
        hidden_folders: Folders whose name begins with a point; nobody looked into them.
        links_not_followed: Links to folders that are listed already, or that hold this one.
    """

    files: list[str] = field(default_factory=list)
    other_files: Counter[str] = field(default_factory=Counter)
    hidden_files: Counter[str] = field(default_factory=Counter)
    hidden_folders: list[str] = field(default_factory=list)
    links_not_followed: list[str] = field(default_factory=list)


def list_images(folder: Path) -> ImageListing:
    """List the image files below a folder, at any depth, with a progress bar.

    Links to files and folders are followed. A folder that several paths lead to is listed once, by
    its own path where that lies below `folder`, so that a link back up is no endless walk and no
    face is counted twice.

    Args:
        folder: The folder.

    Raises:
        DatasetNotFoundError: `folder` is not there.
        InvalidInputError: `folder` is a file, or it or a folder below it cannot be listed.
    """
    if not folder.exists():
        raise DatasetNotFoundError(
            f"There is no folder {folder}. Put the images there, or give the folder they are in."
        )
    if not folder.is_dir():
        raise InvalidInputError(
            f"{folder} is a file, expected a folder of images. Give the folder the file is in; "
            "one image alone is put into a folder of its own."
        )
    listing = ImageListing()
    for _ in track(_walk(folder, listing), description="Listing images"):
        pass
    for names in (listing.files, listing.hidden_folders, listing.links_not_followed):
        names.sort(key=_natural)
    return listing


def _walk(folder: Path, listing: ImageListing) -> Iterator[None]:
    """Enter into the listing what lies below a folder, one step a directory entry."""
    # The folders above count as seen: a link to one of them would list the whole disk.
    with _listable(folder):
        seen = {_identity(above) for above in folder.resolve().parents}
    # Links come last, after all that can be reached without them has been seen, and in their
    # order: which of two links to one folder is followed must not depend on the disk.
    pending = [""]
    links: list[tuple[NaturalKey, str]] = []
    while pending or links:
        place = pending.pop() if pending else heappop(links)[1]
        with _listable(folder / place):
            identity = _identity(folder / place)
            if identity in seen:
                listing.links_not_followed.append(printable(place))
                continue
            seen.add(identity)
            with os.scandir(folder / place) as found:
                entries = list(found)
        for entry in entries:
            below = f"{place}/{entry.name}" if place else entry.name
            if not _leads_to_folder(entry):
                _enter_file(below, listing)
            elif entry.name.startswith("."):
                listing.hidden_folders.append(printable(below))
            elif entry.is_symlink():
                heappush(links, (_natural(below), below))
            else:
                pending.append(below)
            yield


def _enter_file(below: str, listing: ImageListing) -> None:
    name = below.rpartition("/")[2]
    suffix = printable(Path(name).suffix.lower())
    if name.startswith("."):
        listing.hidden_files[suffix or NO_SUFFIX] += 1
    elif suffix in IMAGE_SUFFIXES:
        listing.files.append(below)
    else:
        listing.other_files[suffix or NO_SUFFIX] += 1


@contextmanager
def _listable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(
            f"{printable(str(folder))} cannot be listed: {error.strerror}. The images in it would "
            "be missing without a trace: make the folder readable, or move it elsewhere."
        ) from error


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link to itself. As an image it is named when its header cannot be read.
        return False


def _identity(folder: Path) -> tuple[int, int]:
    """Device and inode: what two paths to the same folder have in common."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def printable(name: str) -> str:
    """A file name as UTF-8 can write it: bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", errors="replace").decode("utf-8")


def _natural(file: str) -> NaturalKey:
    """Sort key by which folders stay together and numbers count as numbers."""
    parts = file.split("/")
    # split gives text and digits by turns, so that like is compared with like; the part itself
    # tells 1.jpg from 01.jpg.
    return [
        ([int(t) if i % 2 else t for i, t in enumerate(_DIGITS.split(part))], part)
        for part in parts
    ]
