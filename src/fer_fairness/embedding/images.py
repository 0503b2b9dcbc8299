"""Faces to embed, behind one protocol: image files, or rows of an array."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from fer_fairness.embedding.decoding import conditioned, decode_or_problem, resized
from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256
from fer_fairness.params.embedding import ImageCondition
from fer_fairness.progress import track

DecodedFaces = tuple[list[np.ndarray | None], dict[int, str]]
"""Images, uint8 `(h, w, 3)` or None, and by position the reason why there is none."""

_ROWS_HASHED_AT_ONCE = 256


class FaceChunk(Protocol):
    """A few faces, small enough to be sent to another process."""

    def __len__(self) -> int: ...

    def part(self, start: int, stop: int) -> "FaceChunk":
        """The faces from `start` up to `stop`, which is not among them."""
        ...

    def decode(self, condition: ImageCondition) -> DecodedFaces:
        """The images of all faces, put into a condition."""
        ...


class FaceImages(Protocol):
    """The images of a set of faces, in a fixed order."""

    def __len__(self) -> int: ...

    def name(self, row: int) -> str:
        """What a face is called in messages."""
        ...

    def chunk(self, start: int, stop: int) -> FaceChunk:
        """The faces from `start` up to `stop`, which is not among them."""
        ...

    def content_sha256(self) -> str:
        """SHA-256 over all images in their order: another image, or another order, changes it."""
        ...


@dataclass(frozen=True)
class FileChunk:
    """Faces in image files.

    Attributes:
        paths: The files.
    """

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def part(self, start: int, stop: int) -> "FileChunk":
        """The faces from `start` up to `stop`."""
        return FileChunk(self.paths[start:stop])

    def decode(self, condition: ImageCondition) -> DecodedFaces:
        """Decode each file; one that is absent, damaged or too large is listed."""
        return _sorted_out(decode_or_problem(path, condition) for path in self.paths)


@dataclass(frozen=True)
class PixelChunk:
    """Faces as a block of pixels.

    Attributes:
        pixels: uint8 `(n, height, width, 1 or 3)`.
    """

    pixels: np.ndarray

    def __len__(self) -> int:
        return len(self.pixels)

    def part(self, start: int, stop: int) -> "PixelChunk":
        """The faces from `start` up to `stop`."""
        return PixelChunk(self.pixels[start:stop])

    def decode(self, condition: ImageCondition) -> DecodedFaces:
        """Put each image into the condition; none can fail."""
        single = self.pixels.shape[-1] == 1
        return _sorted_out(
            conditioned(Image.fromarray(face[:, :, 0] if single else face), condition)
            for face in self.pixels
        )


class ImageFiles:
    """Faces in image files of any size and of any kind that Pillow reads.

    Grey, palette, CMYK and transparent pictures are made RGB, and turned as their EXIF says. No
    file is opened before it is needed.
    """

    def __init__(self, paths: Sequence[Path], names: Sequence[str] | None = None) -> None:
        """Take the files in their order.

        Args:
            paths: The files; they may be absent, which is listed once they are decoded.
            names: What the faces are called in messages; None: as their files.

        Raises:
            InvalidInputError: If there are more or fewer names than files.
        """
        _check_names(names, len(paths))
        self._paths = paths
        self._names = names

    def __len__(self) -> int:
        return len(self._paths)

    def name(self, row: int) -> str:
        """The face's name, with its file's."""
        file = self._paths[row].name
        return file if self._names is None else f"{self._names[row]} ({file})"

    def chunk(self, start: int, stop: int) -> FileChunk:
        """The faces from `start` up to `stop`."""
        return FileChunk(tuple(self._paths[start:stop]))

    def content_sha256(self) -> str:
        """SHA-256 over the SHA-256 of every file; an absent one counts as such."""
        digest = hashlib.sha256(b"files")
        bar = track(self._paths, description="Reading image files")
        for path in bar:
            try:
                digest.update(file_sha256(path).encode())
            except OSError:
                digest.update(b"no file")
        bar.close()
        return digest.hexdigest()


class ImageRows:
    """Faces in an array, which may be a memory map: only the rows in use are read."""

    def __init__(
        self, images: np.ndarray, image_index: np.ndarray, names: Sequence[str] | None = None
    ) -> None:
        """Take rows of an array in the order of their index.

        Args:
            images: uint8 `(m, height, width, 1 or 3)`.
            image_index: Rows of `images`, integers `(n,)`.
            names: What the faces are called in messages; None: by their row.

        Raises:
            InvalidInputError: If the images have another dtype or number of channels, or an index
                lies outside them.
        """
        if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.dtype != np.uint8:
            raise InvalidInputError(
                f"Faces to embed are {images.dtype} {images.shape}; expected uint8 (n, height, "
                "width, channels) with 1 (grey) or 3 (RGB) channels and values 0 to 255. Convert "
                "them first."
            )
        if len(image_index) and not (image_index.min() >= 0 and image_index.max() < len(images)):
            raise InvalidInputError(
                f"image_index goes from {image_index.min()} to {image_index.max()}, but there are "
                f"{len(images)} images. The table and the array belong to different runs: make "
                "both again."
            )
        _check_names(names, len(image_index))
        self._images = images
        self._index = np.asarray(image_index, dtype=np.int64)
        self._names = names

    def __len__(self) -> int:
        return len(self._index)

    def name(self, row: int) -> str:
        """The face's name."""
        return f"row {self._index[row]}" if self._names is None else self._names[row]

    def chunk(self, start: int, stop: int) -> PixelChunk:
        """The faces from `start` up to `stop`, copied."""
        return PixelChunk(np.asarray(self._images[self._index[start:stop]]))

    def content_sha256(self) -> str:
        """SHA-256 over the shape of an image and the pixels of all."""
        digest = hashlib.sha256(f"rows {self._images.shape[1:]}".encode())
        starts = range(0, len(self), _ROWS_HASHED_AT_ONCE)
        bar = track(starts, description="Reading images")
        for start in bar:
            pixels = self._images[self._index[start : start + _ROWS_HASHED_AT_ONCE]]
            digest.update(np.ascontiguousarray(pixels).data)
        bar.close()
        return digest.hexdigest()


def pixel_block(images: Sequence[np.ndarray], side_px: int, *, colour: bool) -> np.ndarray:
    """Images of any size as one block.

    Args:
        images: uint8 `(h, w, 3)` each; at least one.
        side_px: Height and width of the block's images.
        colour: Whether they keep three channels.

    Returns:
        uint8 `(n, side_px, side_px, 3 or 1)`.

    Raises:
        InvalidInputError: If an image has another dtype or number of channels.
    """
    check_images(images)
    return np.stack([resized(image, side_px, colour=colour) for image in images])


def check_images(images: Sequence[np.ndarray]) -> None:
    """Refuse what no embedder takes.

    Raises:
        InvalidInputError: If an image is not uint8 `(h, w, 3)` with at least one pixel.
    """
    for position, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise InvalidInputError(
                f"Image {position} of a batch to embed is {image.dtype} {image.shape}; expected "
                "uint8 (height, width, 3). `ImageFiles` and `ImageRows` make such images."
            )


def _sorted_out(results: Iterable[np.ndarray | str]) -> DecodedFaces:
    images: list[np.ndarray | None] = []
    problems: dict[int, str] = {}
    for position, result in enumerate(results):
        if isinstance(result, str):
            problems[position] = result
        images.append(None if isinstance(result, str) else result)
    return images, problems


def _check_names(names: Sequence[str] | None, n_faces: int) -> None:
    if names is not None and len(names) != n_faces:
        raise InvalidInputError(f"{len(names)} names were given for {n_faces} faces to embed.")
