"""Faces to embed, behind one protocol: image files, or rows of an array."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from PIL import Image

from fer_fairness.embedding.array_file import new_array_file
from fer_fairness.embedding.image_decoding import conditioned, decode_or_problem, resized
from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256, replacing
from fer_fairness.modeling.training_set import check_images
from fer_fairness.params.embedding import ImageCondition
from fer_fairness.progress import track

DecodedFaces = tuple[list[np.ndarray | None], dict[int, str]]
"""Images, uint8 `(h, w, 3)` or None, and by position the reason why there is none."""

Images = TypeVar("Images")

_ROWS_HASHED_AT_ONCE = 256
_IMAGES_AT_ONCE = 64


class FaceImages(Protocol):
    """The images of a set of faces, in a fixed order."""

    def __len__(self) -> int: ...

    def name(self, row: int) -> str:
        """What a face is called in messages."""
        ...

    def decode(self, start: int, stop: int, condition: ImageCondition) -> DecodedFaces:
        """The images of the faces from `start` up to `stop`, put into a condition.

        `stop` is not among them, and may lie beyond the last face.
        """
        ...

    def part(self, start: int, stop: int) -> Self:
        """The faces from `start` up to `stop` alone, of which another process can be told."""
        ...

    def content_sha256(self) -> str:
        """SHA-256 over all images in their order: another image, or another order, changes it."""
        ...


class ImageFiles:
    """Faces in image files of any size, of any format that `pictures` opens.

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

    def decode(self, start: int, stop: int, condition: ImageCondition) -> DecodedFaces:
        """Decode each file; one that is absent, damaged or too large is listed."""
        return _sorted_out(decode_or_problem(path, condition) for path in self._paths[start:stop])

    def part(self, start: int, stop: int) -> Self:
        """Some of the files."""
        names = None if self._names is None else self._names[start:stop]
        return _changed(self, _paths=self._paths[start:stop], _names=names)

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
        check_images(images, image_index)
        if images.shape[-1] not in (1, 3):
            raise InvalidInputError(
                f"Faces to embed have shape {images.shape}; expected 1 (grey) or 3 (RGB) channels. "
                "Convert them first."
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

    def decode(self, start: int, stop: int, condition: ImageCondition) -> DecodedFaces:
        """Put each image into the condition; none can fail."""
        pixels = self._images[self._index[start:stop]]
        single = pixels.shape[-1] == 1
        return _sorted_out(
            conditioned(Image.fromarray(face[:, :, 0] if single else face), condition)
            for face in pixels
        )

    def part(self, start: int, stop: int) -> Self:
        """Some of the rows; of an array that is in a file no other is read."""
        names = None if self._names is None else self._names[start:stop]
        return _changed(self, _index=self._index[start:stop], _names=names)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the rows in use, and no others of the array."""
        pixels, index = self._images[self._index], np.arange(len(self._index))
        return {**vars(self), "_images": np.ascontiguousarray(pixels), "_index": index}

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


def pixel_array(
    images: FaceImages, *, side_px: int, colour: bool, out_path: Path
) -> tuple[np.ndarray, dict[int, str]]:
    """Decode every image once, into one array on disk, for training.

    Args:
        images: The images.
        side_px: Height and width of the array's images.
        colour: Whether they keep three channels.
        out_path: The `.npy` file to be made; it takes the place of an older one once it is
            complete.

    Returns:
        A read-only memory map, uint8 `(n, side_px, side_px, 3 or 1)`, and by row the images that
        cannot be read with the reason; their rows are black.

    Raises:
        DiskFullError: There is no room for the array; an older one is left.
    """
    problems: dict[int, str] = {}
    shape = (len(images), side_px, side_px, 3 if colour else 1)
    # An image is shrunk once where it is decoded, so that large ones are never held.
    condition = ImageCondition(side_px=side_px, colour=colour)
    with replacing(out_path) as path:
        array = new_array_file(path, np.uint8, shape, told_as=out_path)
        starts = range(0, len(images), _IMAGES_AT_ONCE)
        for start in track(starts, description="Decoding images to train on"):
            decoded, wrong = images.decode(start, start + _IMAGES_AT_ONCE, condition)
            problems |= {start + position: reason for position, reason in wrong.items()}
            readable = [position for position, image in enumerate(decoded) if image is not None]
            faces = [image for image in decoded if image is not None]
            if faces:
                array[start + np.array(readable)] = pixel_block(faces, side_px, colour=colour)
        array.flush()
        del array
    return np.load(out_path, mmap_mode="r"), problems


def pixel_block(images: Sequence[np.ndarray], side_px: int, *, colour: bool) -> np.ndarray:
    """Images of any size as one block.

    Args:
        images: uint8 `(h, w, 3)` each; at least one.
        side_px: Height and width of the block's images.
        colour: Whether they keep three channels.

    Returns:
        uint8 `(n, side_px, side_px, 3 or 1)`.

    Raises:
        InvalidInputError: If an image is not uint8 `(h, w, 3)` with at least one pixel.
    """
    for position, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise InvalidInputError(
                f"Image {position} of a batch to embed is {image.dtype} {image.shape}; expected "
                "uint8 (height, width, 3). `ImageFiles` and `ImageRows` make such images."
            )
    return np.stack([resized(image, side_px, colour=colour) for image in images])


def _sorted_out(results: Iterable[np.ndarray | str]) -> DecodedFaces:
    images: list[np.ndarray | None] = []
    problems: dict[int, str] = {}
    for position, result in enumerate(results):
        if isinstance(result, str):
            problems[position] = result
        images.append(None if isinstance(result, str) else result)
    return images, problems


def _changed(images: Images, **changed: object) -> Images:
    """The same images, but for attributes; nothing is copied."""
    found = object.__new__(type(images))
    vars(found).update({**vars(images), **changed})
    return found


def _check_names(names: Sequence[str] | None, n_faces: int) -> None:
    if names is not None and len(names) != n_faces:
        raise InvalidInputError(f"{len(names)} names were given for {n_faces} faces to embed.")
