"""Many faces on one picture, to be looked at."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fer_fairness.errors import InvalidInputError

CAPTION_HEIGHT: Final = 14


def contact_sheet(
    images: NDArray[np.uint8], labels: Sequence[str], columns: int, *, enlarge: int = 2
) -> NDArray[np.uint8]:
    """Lay faces out in rows, each with its label below.

    Args:
        images: uint8 (n, side, side, 1 or 3).
        labels: One a face; an empty one leaves the place blank.
        columns: Faces a row.
        enlarge: Whole factor on the side of each face.

    Returns:
        uint8 (height, width, 3); places without a face are white.

    Raises:
        InvalidInputError: For other shapes, as many labels as do not fit, or factors below one.
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.dtype != np.uint8:
        raise InvalidInputError(
            f"images: expected uint8 (n, side, side, 1 or 3), found {images.dtype} {images.shape}"
        )
    if len(labels) != len(images):
        raise InvalidInputError(f"{len(images)} images but {len(labels)} labels; give one each")
    if columns < 1 or enlarge < 1:
        raise InvalidInputError(f"columns={columns}, enlarge={enlarge}: both must be at least 1")
    height, width = images.shape[1] * enlarge, images.shape[2] * enlarge
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + CAPTION_HEIGHT)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        left, top = number % columns * width, number // columns * (height + CAPTION_HEIGHT)
        face = Image.fromarray(np.repeat(pixels, 3 // pixels.shape[2], axis=2))
        sheet.paste(face.resize((width, height), Image.Resampling.NEAREST), (left, top))
        pen.text((left + 2, top + height + 1), label, fill="black")
    return np.asarray(sheet, dtype=np.uint8).copy()
