"""The one place where a picture's file is opened: what is refused, and what its pixels become.

A picture is somebody else's file. It is opened as one of a few formats whose decoders run within
this process (`FORMATS`), never as one that another program draws (PostScript, PDF, WMF), whatever
it is called. What it claims to be is looked at before any pixel is decoded.
"""

import re
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""Pillow's names of the formats that are opened; PPM stands for PBM and PGM too."""

MAX_PIXELS: Final = 50_000_000
"""A file that claims more is not decoded: it could fill the memory."""

MAX_FILE_BYTES: Final = 1 << 29
"""A larger file is not opened: even uncompressed, `MAX_PIXELS` in colour are less than that."""

_EIGHT_BIT_MODES: Final = frozenset(
    {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"}
)
_TRANSPARENT_MODES: Final = ("LA", "La", "PA", "RGBA", "RGBa")
_DEEPER: Final = "expected 8 bits a channel: convert it"
_SIXTEEN_BITS: Final = re.compile(r";16[A-Z]")
_TIFF_TILE_TAGS: Final = (322, 323)

Result = TypeVar("Result")


class _PictureError(Exception):
    """A picture is not opened: why, in one clause."""


def picture_or_problem(path: Path, read: Callable[[Image.Image], Result]) -> Result | str:
    """Open a picture and read from it, or say what is wrong with it.

    Args:
        path: The file; of several pictures in it the first is meant.
        read: Takes the opened picture, whose pixels are not decoded yet, and gives what is wanted
            of it; `upright` decodes it.

    Returns:
        What `read` gives, or the reason why there is nothing, one clause without the file's path.
        Whatever a decoder raises is such a reason: on damaged files Pillow raises errors of many
        kinds. Its warnings are left to the caller: `without_warnings`.
    """
    try:
        with _opened(path) as image:
            return read(image)
    except _PictureError as error:
        return str(error)
    except FileNotFoundError:
        return "there is no such file"
    except UnidentifiedImageError:
        return f"the file is none of {', '.join(FORMATS)}, or is damaged"
    except MemoryError:
        return "the memory does not suffice to decode it"
    except OSError as error:
        return _clause(error, path, str(error.strerror or error))
    except Exception as error:  # noqa: BLE001  see "Returns"
        return _clause(error, path, str(error))


def upright(image: Image.Image, *, colour: bool, at_least_px: int) -> Image.Image:
    """Decode an opened picture: the right way up, opaque, in colour or grey.

    It is turned as its EXIF says. Transparent parts become white; grey is ITU-R 601 luma. A JPEG is
    decoded at the smallest of its own scales that is not below `at_least_px` on either side.

    Returns:
        A picture of Pillow's mode RGB or L.
    """
    image.draft(None if colour else "L", (at_least_px, at_least_px))
    ImageOps.exif_transpose(image, in_place=True)
    return opaque(image, colour=colour)


def opaque(image: Image.Image, *, colour: bool) -> Image.Image:
    """A picture of 8 bits a channel in mode RGB or L, on white where it is transparent."""
    if image.mode in _TRANSPARENT_MODES or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image.convert("RGB" if colour else "L")


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep Pillow from warning of damaged metadata and big pictures, which are dealt with here.

    Warnings are a matter of the whole process: threads that decode are started inside of it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    status = path.stat()
    # Opening a pipe would wait for somebody to write into it.
    if not stat.S_ISREG(status.st_mode):
        raise _PictureError("it is not a regular file")
    if status.st_size == 0:
        raise _PictureError("the file has no bytes")
    if status.st_size > MAX_FILE_BYTES:
        raise _PictureError(f"the file has {status.st_size:,} bytes, at most {MAX_FILE_BYTES:,}")
    with path.open("rb") as file:
        # Pillow's WebP decoder has room made for a picture before it tells its size.
        _check_size(_webp_size(file.read(30)))
        with Image.open(file, formats=FORMATS) as image:
            _check_size(image.size)
            _check_depth(image)
            _check_tiles(image)
            yield image


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _PictureError(f"the image claims {width} x {height} pixels")


def _check_depth(image: Image.Image) -> None:
    """Refuse more than 8 bits a channel: nothing tells which of its values is white.

    Cameras write 10 to 14 bits into 16, and numbers of 32 bits or with a point have no white.
    """
    if image.mode not in _EIGHT_BIT_MODES:
        raise _PictureError(f"the image has pixels of Pillow's mode {image.mode}, {_DEEPER}")
    # Pillow would keep the higher byte of colours that are packed as "RGB;16B"; the "BGR;16" of
    # some BMP files are 16 bits for all three channels.
    if any(_SIXTEEN_BITS.search(str(tile.args)) for tile in getattr(image, "tile", ())):
        raise _PictureError(f"the image has 16 bits a channel, {_DEEPER}")


def _check_tiles(image: Image.Image) -> None:
    """Refuse a TIFF whose tiles are large however small it is: a decoder unpacks whole tiles."""
    if image.format == "TIFF":
        tags = getattr(image, "tag_v2", {})
        width, height = (int(tags.get(tag, 1)) for tag in _TIFF_TILE_TAGS)
        if width * height > MAX_PIXELS:
            raise _PictureError(f"the image claims tiles of {width} x {height} pixels")


def _webp_size(head: bytes) -> tuple[int, int]:
    """Width and height that the first 30 bytes of a WebP file claim; (0, 0) for anything else."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return 0, 0
    if head[12:16] == b"VP8X":
        return _number(head[24:27]) + 1, _number(head[27:30]) + 1
    if head[12:16] == b"VP8L":
        bits = _number(head[21:25])
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    return _number(head[26:28]) & 0x3FFF, _number(head[28:30]) & 0x3FFF


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")


def _clause(error: Exception, path: Path, message: str) -> str:
    # Pillow's messages name the file by its full path, which whoever lists it already does.
    return " ".join(message.replace(str(path), path.name).split())[:200] or type(error).__name__
