"""Decodes many image files into one array of small grey faces, or reads their headers alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from fer_fairness.params.data_processing import SourceParameters
from fer_fairness.pictures import picture_or_problem, upright, without_warnings
from fer_fairness.progress import track
from fer_fairness.sources.base import DamageRecord

SIDE: Final = 48
"""Height and width of every face, that of FER2013."""

_BATCH = 64

Size = tuple[int, int]
Place = tuple[str, int | None, str]
"""File, 1-based line (None for a file without lines) and value."""
Box = tuple[int, int, int, int]
"""Left, top, right and bottom of a face in its picture, in pixels; the last two lie outside."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class DecodedImages:
    """Faces decoded from the files that a dataset lists.

    Attributes:
        images: uint8 of shape (n_readable, 48, 48, 1), in the order of the files.
        readable: Mask of shape (n_files,): True where a file could be decoded.
        sizes: Number of readable files by "width x height" before resizing.
    """

    images: npt.NDArray[np.uint8]
    readable: npt.NDArray[np.bool_]
    sizes: dict[str, int]


class ImageHeader(NamedTuple):
    """What the first bytes of an image file claim: its format ("JPEG") and size in pixels."""

    format: str
    width: int
    height: int


def decode_listed(
    paths: Sequence[Path],
    places: Sequence[Place],
    record: DamageRecord,
    params: SourceParameters,
    *,
    n_rows: int,
    boxes: Sequence[Box | None] = (),
) -> DecodedImages:
    """Decode the images that a dataset lists, with a progress bar.

    An image that cannot be read (absent, empty, truncated, no image, deeper than 8 bits a channel:
    `pictures`) is recorded and stops nothing.

    Args:
        paths: The images of the rows that could be read.
        places: What to record each of them under if it cannot be decoded.
        record: What is damaged so far.
        params: Tolerated damage, and how many threads decode.
        n_rows: Number of rows that the dataset lists, damaged ones included.
        boxes: Where the face is in each image, None where it is all of it; empty where all are.

    Raises:
        DamagedDataError: There are no rows, or more is damaged than `params.max_damaged_share`;
            where rows alone are, no image is opened.
    """
    record.check_share(n_rows, params.max_damaged_share)
    images = np.zeros((len(paths), SIDE, SIDE, 1), dtype=np.uint8)
    readable = np.ones(len(paths), dtype=np.bool_)
    sizes: Counter[str] = Counter()
    description = f"Decoding {record.dataset} images"
    # Pillow releases the interpreter lock while it decodes.
    reads = [partial(_grey, box=box) for box in boxes or [None] * len(paths)]
    results = _in_threads(reads, paths, description, params.n_threads)
    for index, result in enumerate(results):
        if isinstance(result, str):
            readable[index] = False
            record.add(*places[index], f"the image is unreadable: {result}")
        else:
            images[index, :, :, 0], (width, height) = result
            sizes[f"{width} x {height}"] += 1
    record.check_share(n_rows, params.max_damaged_share)
    return DecodedImages(images[readable], readable, dict(sizes.most_common()))


def read_headers(paths: Sequence[Path], *, n_threads: int) -> Iterator[ImageHeader | str]:
    """Header of each file, or what is wrong with it in one clause, in order with a progress bar.

    A file that is cut short after its header only shows so when it is decoded.

    Args:
        paths: The files; a link to a file is followed.
        n_threads: Threads that read: on a slow disk they wait together.
    """
    return _in_threads([_header] * len(paths), paths, "Reading image headers", n_threads)


def _header(image: Image.Image) -> ImageHeader:
    return ImageHeader(str(image.format), *image.size)


def _grey(image: Image.Image, box: Box | None = None) -> tuple[npt.NDArray[np.uint8], Size]:
    """The face as grey pixels, uint8 of shape (48, 48), and the file's (width, height)."""
    size = image.size
    # Of a picture that is shrunk while it is decoded, a box would name another part.
    at_least_px = SIDE if box is None else max(size)
    grey = upright(image, colour=False, at_least_px=at_least_px)
    if box is not None:
        grey = grey.crop(within(box, grey.size))
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(grey, dtype=np.uint8), size


def within(box: Box, size: Size) -> Box:
    """The part of a box that lies in its picture.

    Raises:
        ValueError: No part of it does.
    """
    left, top, right, bottom = box
    inside = (max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1]))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise ValueError(f"the box {box} of the face is not in a picture of {size[0]} x {size[1]}")
    return inside


def _in_threads(
    reads: Sequence[Callable[[Image.Image], Result]],
    paths: Sequence[Path],
    description: str,
    n_threads: int,
) -> Iterator[Result | str]:
    """What is read of each file, or what is wrong with it, in order with a progress bar."""

    def batch(start: int) -> list[Result | str]:
        part = slice(start, start + _BATCH)
        pairs = zip(paths[part], reads[part], strict=True)
        return [picture_or_problem(path, read) for path, read in pairs]

    def results() -> Iterator[Result | str]:
        # A few batches at a time, so that an interrupted run does not wait for every file queued.
        at_once = _BATCH * n_threads
        with ThreadPoolExecutor(max_workers=n_threads) as pool:
            for first in range(0, len(paths), at_once):
                starts = range(first, min(first + at_once, len(paths)), _BATCH)
                with without_warnings():
                    found = list(pool.map(batch, starts))
                yield from chain.from_iterable(found)

    yield from track(results(), description=description, total=len(paths))
