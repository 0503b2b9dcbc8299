"""Decodes many image files into one array of small grey faces, or reads their headers alone."""

import stat
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from fer_fairness.progress import track

SIDE: Final = 48
"""Height and width of every face, that of FER2013."""

# A small file can claim, and unpack to, more pixels than there is memory.
_MAX_PIXELS = 50_000_000
_BATCH = 512
# What Pillow raises on files that are not the image they claim to be.
_OPENING_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    EOFError,
    IndexError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # raised where warnings are errors
)

Size = tuple[int, int]


@dataclass(frozen=True)
class DecodedImages:
    """Faces decoded from files.

    Attributes:
        images: uint8 of shape (n, 48, 48, 1) in the order of the paths; zeros where unreadable.
        problems: What is wrong with a file, by its position.
        sizes: Number of readable files by "width x height" before resizing.
    """

    images: npt.NDArray[np.uint8]
    problems: dict[int, str]
    sizes: dict[str, int]

    @property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Mask of shape (n,): True where a file could be decoded."""
        mask = np.ones(len(self.images), dtype=np.bool_)
        mask[list(self.problems)] = False
        return mask


class ImageHeader(NamedTuple):
    """What the first bytes of an image file claim: its format ("JPEG") and size in pixels."""

    format: str
    width: int
    height: int


def read_header(path: Path) -> ImageHeader | str:
    """Read what an image file claims to be, without decoding its pixels.

    Args:
        path: The file; a link to a file is followed.

    Returns:
        The header, or what is wrong with the file in one clause. A file that is cut short after
        its header only shows so when it is decoded.
    """
    try:
        # Opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(path.stat().st_mode):
            return "it is not a regular file"
        _check_has_bytes(path)
        with Image.open(path) as image:
            _check_size(image.size)
            return ImageHeader(str(image.format), *image.size)
    except _OPENING_ERRORS as error:
        return _problem(path, error)


def decode_grey(path: Path) -> tuple[npt.NDArray[np.uint8], Size]:
    """Decode one image file as a grey 48x48 face.

    A JPEG is decoded at the smallest of its own scales that is not below 48x48 (`Image.draft`).

    Returns:
        The face, uint8 of shape (48, 48), and (width, height) of the file.

    Raises:
        ValueError: The file is empty, or claims more than 50 million pixels.
        OSError: The file is absent, truncated or no image (other decoders' errors may pass too).
    """
    _check_has_bytes(path)
    with Image.open(path) as image:
        size = image.size
        _check_size(size)
        image.draft("L", (SIDE, SIDE))
        grey = image.convert("L")
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(grey, dtype=np.uint8), size


def _check_has_bytes(path: Path) -> None:
    if path.stat().st_size == 0:
        raise ValueError("the file has no bytes")


def _check_size(size: Size) -> None:
    if size[0] * size[1] > _MAX_PIXELS:
        raise ValueError(f"the image claims {size[0]} x {size[1]} pixels")


def _problem(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    # Pillow's messages name the file by its full path, which the record already does.
    return str(error).replace(str(path), path.name)


def _decode_or_problem(path: Path) -> tuple[npt.NDArray[np.uint8] | None, Size | str]:
    try:
        return decode_grey(path)
    except _OPENING_ERRORS as error:
        return None, _problem(path, error)


def decode_images(paths: Sequence[Path], *, description: str, n_threads: int) -> DecodedImages:
    """Decode image files into one array, with a progress bar.

    An unreadable file (absent, empty, truncated, no image) is named and does not stop the others.

    Args:
        paths: The files.
        description: What the progress bar says.
        n_threads: Threads that decode; Pillow releases the interpreter lock while it does.

    Returns:
        The faces in the order of `paths`.
    """
    images = np.zeros((len(paths), SIDE, SIDE, 1), dtype=np.uint8)
    problems: dict[int, str] = {}
    sizes: Counter[str] = Counter()
    results = _decode_in_batches(paths, n_threads)
    for index, (image, detail) in enumerate(
        track(results, description=description, total=len(paths))
    ):
        if image is None:
            problems[index] = str(detail)
        else:
            images[index, :, :, 0] = image
            sizes[f"{detail[0]} x {detail[1]}"] += 1
    return DecodedImages(images, problems, dict(sizes.most_common()))


def _decode_in_batches(
    paths: Sequence[Path], n_threads: int
) -> Iterator[tuple[npt.NDArray[np.uint8] | None, Size | str]]:
    # In batches, so that an interrupted run does not wait for every file already queued.
    with ThreadPoolExecutor(max_workers=n_threads) as pool:
        for start in range(0, len(paths), _BATCH):
            yield from pool.map(_decode_or_problem, paths[start : start + _BATCH])
