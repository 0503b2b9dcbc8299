"""Faces in image files, read in colour and at the size that another model takes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
from PIL import Image

from fer_fairness.errors import InvalidInputError
from fer_fairness.machine import usable_cores
from fer_fairness.pictures import picture_or_problem, upright, without_warnings

Colours = Literal["RGB", "BGR"]

_SIDE_PX: Final = 48
"""Where a model takes any size: that of the arrays of this project."""


class PictureFiles:
    """Files in the place of an array of images: rows are decoded when they are asked for.

    Attributes:
        paths: The files, in the order of the rows.
        shape: `(n, height, width, 1 or 3)`.
        ndim: 4.
        dtype: uint8.
    """

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        paths: Sequence[Path],
        taken: tuple[int | None, int | None, int] = (_SIDE_PX, _SIDE_PX, 1),
        colours: Colours = "RGB",
    ) -> None:
        """Name the files; none is opened.

        Args:
            paths: The files, one a face.
            taken: Height, width and channels that a model takes; None is any size, and is 48 px.
            colours: In which order three channels are given.
        """
        self.paths, self._colours = tuple(paths), colours
        height, width, n_channels = taken
        self.shape = (len(self.paths), height or _SIDE_PX, width or _SIDE_PX, n_channels)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """The faces of `rows`, integers of shape `(m,)`: uint8 `(m, height, width, 1 or 3)`.

        Transparent parts are white, grey is ITU-R 601 luma, pictures are turned as their EXIF says
        and resized with Pillow's bilinear filter, which averages where it shrinks.

        Raises:
            InvalidInputError: A file cannot be read any more.
        """
        with without_warnings(), ThreadPoolExecutor(usable_cores()) as pool:
            faces = list(pool.map(self._read, (self.paths[row] for row in rows)))
        return np.stack(faces) if faces else np.empty((0, *self.shape[1:]), dtype=np.uint8)

    def told(self) -> str:
        """How the faces are read, a sentence."""
        _, height, width, n_channels = self.shape
        colours = f"colour ({self._colours})" if n_channels == 3 else "grey"
        return (
            f"Faces were read from their files in {colours}, and resized to {height} x {width} px "
            "(bilinear)."
        )

    def _read(self, path: Path) -> np.ndarray:
        _, height, width, n_channels = self.shape

        def face(image: Image.Image) -> np.ndarray:
            picture = upright(image, colour=n_channels == 3, at_least_px=max(height, width))
            if picture.size != (width, height):
                picture = picture.resize((width, height), Image.Resampling.BILINEAR)
            pixels = np.asarray(picture, dtype=np.uint8).reshape(height, width, n_channels)
            return pixels[..., ::-1] if self._colours == "BGR" else pixels

        found = picture_or_problem(path, face)
        if isinstance(found, str):
            raise InvalidInputError(
                f"{path}: {found}. It was a picture when the dataset was read: put it back, or "
                "read the dataset again (kedro run --pipelines data_processing,race_labeling)."
            )
        return found


Pictures: TypeAlias = np.ndarray | PictureFiles
"""Faces that a model is run on: uint8 `(m, height, width, 1 or 3)`, or files."""
