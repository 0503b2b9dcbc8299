"""One image, from a file or an array, as the 8-bit colour pixels that embedders take."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from fer_fairness.params.embedding import ImageCondition
from fer_fairness.pictures import opaque, picture_or_problem, upright, without_warnings

MAX_SIDE_PX: Final = 1024
"""Larger images are shrunk to so many pixels on their longer side: no embedder sees more."""


def decode_or_problem(path: Path, condition: ImageCondition) -> np.ndarray | str:
    """Decode a file, or say what is wrong with it.

    Args:
        path: An image file of one of `pictures.FORMATS`.
        condition: What the image is made to look like.

    Returns:
        The image as `conditioned` gives it, or the reason why there is none.
    """

    def read(image: Image.Image) -> np.ndarray:
        at_least_px = condition.side_px or MAX_SIDE_PX
        picture = upright(image, colour=condition.colour, at_least_px=at_least_px)
        return conditioned(picture, condition)

    with without_warnings():
        return picture_or_problem(path, read)


def conditioned(image: Image.Image, condition: ImageCondition) -> np.ndarray:
    """The pixels of an image that was put into a condition.

    Transparent parts become white; grey is ITU-R 601 luma; sizes change with Pillow's bilinear
    filter, which averages where it shrinks.

    Args:
        image: An image of 8 bits a channel.
        condition: Its size and whether it keeps its colours. Without a size, an image above
            `MAX_SIDE_PX` is shrunk to that.

    Returns:
        uint8 `(height, width, 3)`; a grey image has three equal channels.
    """
    image = opaque(image, colour=condition.colour)
    if condition.side_px is not None:
        image = _resize(image, (condition.side_px, condition.side_px))
    elif max(image.size) > MAX_SIDE_PX:
        scale = MAX_SIDE_PX / max(image.size)
        image = _resize(image, tuple(max(1, round(side * scale)) for side in image.size))
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def resized(image: np.ndarray, side_px: int, *, colour: bool = True) -> np.ndarray:
    """An image at another size: uint8 `(h, w, 3)` to `(side_px, side_px, 3)`, or 1 channel."""
    if image.shape[:2] == (side_px, side_px) and colour:
        return image
    picture = Image.fromarray(image)
    picture = _resize(picture if colour else picture.convert("L"), (side_px, side_px))
    pixels = np.asarray(picture, dtype=np.uint8)
    return pixels if colour else pixels[:, :, None]


def _resize(image: Image.Image, size: tuple[int, ...]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize((size[0], size[1]), Image.Resampling.BILINEAR)
