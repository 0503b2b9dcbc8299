"""One image, from a file or an array, as the 8-bit colour pixels that embedders take."""

import struct
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from fer_fairness.params.embedding import ImageCondition

MAX_PIXELS: Final = 50_000_000
"""A file that claims more is not decoded: it could fill the memory."""

MAX_SIDE_PX: Final = 1024
"""Larger images are shrunk to so many pixels on their longer side: no embedder sees more."""

_EIGHT_BIT_MODES: Final = frozenset(
    {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"}
)
# What Pillow raises on files that are not the image they claim to be.
_DECODING_ERRORS: Final = (
    *(OSError, ValueError, SyntaxError, struct.error, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, MemoryError, Image.DecompressionBombError),
)


def decode_or_problem(path: Path, condition: ImageCondition) -> np.ndarray | str:
    """Decode a file, or say what is wrong with it.

    Args:
        path: Any image file that Pillow reads; of several pictures in it, the first.
        condition: What the image is made to look like.

    Returns:
        The image as `conditioned` gives it, or the reason why there is none.
    """
    try:
        # Pillow warns of damaged metadata and of big pictures; either is dealt with here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(path, condition)
    except FileNotFoundError:
        return "there is no such file"
    except _DECODING_ERRORS as error:
        # Pillow's messages name the file by its full path, which the record already does.
        return str(error).replace(str(path), path.name) or type(error).__name__


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
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        opaque = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", opaque.size, "white"), opaque)
    image = image.convert("RGB" if condition.colour else "L")
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


def _decode(path: Path, condition: ImageCondition) -> np.ndarray:
    if path.stat().st_size == 0:
        raise ValueError("the file has no bytes")
    with Image.open(path) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ValueError(f"the image claims {width} x {height} pixels")
        if image.mode not in _EIGHT_BIT_MODES:
            raise ValueError(
                f"the image has pixels of Pillow's mode {image.mode}, expected 8 bits a channel: "
                "convert it"
            )
        # A JPEG is decoded at the smallest of its own scales that is not below the size needed.
        side_px = condition.side_px or MAX_SIDE_PX
        image.draft(None if condition.colour else "L", (side_px, side_px))
        return conditioned(ImageOps.exif_transpose(image), condition)


def _resize(image: Image.Image, size: tuple[int, ...]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize((size[0], size[1]), Image.Resampling.BILINEAR)
