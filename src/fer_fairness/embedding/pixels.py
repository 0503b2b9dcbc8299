"""All images of a set as one array on disk, for training."""

from pathlib import Path

import numpy as np

from fer_fairness.embedding.images import FaceImages, pixel_block
from fer_fairness.files import replacing
from fer_fairness.params.embedding import ImageCondition
from fer_fairness.progress import track

_IMAGES_AT_ONCE = 64


def pixel_array(
    images: FaceImages, *, side_px: int, colour: bool, out_path: Path
) -> tuple[np.ndarray, dict[int, str]]:
    """Decode every image once, into a memory map.

    Args:
        images: The images.
        side_px: Height and width of the array's images.
        colour: Whether they keep three channels.
        out_path: The `.npy` file to be made; it takes the place of an older one once it is
            complete.

    Returns:
        A read-only memory map, uint8 `(n, side_px, side_px, 3 or 1)`, and by row the images that
        cannot be read with the reason; their rows are black.
    """
    problems: dict[int, str] = {}
    shape = (len(images), side_px, side_px, 3 if colour else 1)
    # An image is shrunk once where it is decoded, so that large ones are never held.
    condition = ImageCondition(side_px=side_px, colour=colour)
    with replacing(out_path) as path:
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        starts = range(0, len(images), _IMAGES_AT_ONCE)
        for start in track(starts, description="Decoding images to train on"):
            stop = min(start + _IMAGES_AT_ONCE, len(images))
            decoded, wrong = images.chunk(start, stop).decode(condition)
            problems |= {start + position: reason for position, reason in wrong.items()}
            readable = [position for position, image in enumerate(decoded) if image is not None]
            faces = [image for image in decoded if image is not None]
            if faces:
                array[start + np.array(readable)] = pixel_block(faces, side_px, colour=colour)
        array.flush()
        del array
    return np.load(out_path, mmap_mode="r"), problems
