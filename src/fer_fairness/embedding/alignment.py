"""Faces cut out of images and turned upright, as FairFace's and dlib's own are."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fer_fairness.embedding.dlib_files import (
    FILE_SHA256,
    LANDMARKS_FILE,
    dlib_version,
    verified_file,
)
from fer_fairness.embedding.image_decoding import resized
from fer_fairness.params.embedding import Alignment

if TYPE_CHECKING:
    import dlib

CHIP_SIDE_PX: Final = 150
CHIP_PADDING: Final = 0.25
NO_FACE: Final = "no face was found"

# A chip has its padding on both sides of the face; an image that is as wide shows the face here.
_IMAGE_SIDE_PX: Final = round(CHIP_SIDE_PX * (1 + 2 * CHIP_PADDING))
_UPSAMPLED_BELOW_PX: Final = 500  # dlib's detector finds faces from 80 pixels on


def alignment_fingerprint(alignment: Alignment) -> str:
    """A text that differs whenever aligned faces could: dlib's version, the landmark file's hash.

    Raises:
        InvalidInputError: If faces are to be aligned and dlib is not installed.
    """
    if alignment == "none":
        return alignment
    return f"{alignment} dlib {dlib_version()} {FILE_SHA256[LANDMARKS_FILE]}"


class FaceAligner:
    """Brings a face into the place that it has in FairFace's images.

    A chip of 150 x 150 pixels, in which a quarter of the face's size surrounds the face on each
    side, turned and scaled by five landmarks (http://dlib.net/face_recognition.py.html).
    """

    def __init__(self, alignment: Alignment) -> None:
        """Load what finds landmarks, and what finds faces if they must be found.

        Args:
            alignment: See `params.embedding.ImageCondition`.

        Raises:
            InvalidInputError: If dlib or the landmark file is needed and missing.
        """
        self._alignment = alignment
        if alignment == "none":
            return
        dlib_version()
        import dlib

        self._landmarks = dlib.shape_predictor(str(verified_file(LANDMARKS_FILE)))
        if alignment == "detect":
            self._detector = dlib.get_frontal_face_detector()

    def align(self, image: np.ndarray) -> np.ndarray | None:
        """The face of an image.

        Args:
            image: uint8 `(h, w, 3)`.

        Returns:
            The image itself without alignment, else uint8 `(150, 150, 3)`, or None where a face was
            sought and none was found.
        """
        if self._alignment == "none":
            return image
        if self._alignment == "landmarks":
            # The smallest sizes have too few pixels to compare, so all are brought to one.
            image = resized(image, _IMAGE_SIDE_PX)
        # dlib reads the memory of an array, which must be in one piece.
        image = np.ascontiguousarray(image)
        box = self._box(image)
        if box is None:
            return None
        import dlib

        shape = self._landmarks(image, box)
        chip = dlib.get_face_chip(image, shape, size=CHIP_SIDE_PX, padding=CHIP_PADDING)
        return np.asarray(chip, dtype=np.uint8)

    def _box(self, image: np.ndarray) -> "dlib.rectangle | None":
        import dlib

        if self._alignment == "landmarks":
            margin = (_IMAGE_SIDE_PX - CHIP_SIDE_PX) // 2
            end = margin + CHIP_SIDE_PX - 1
            return dlib.rectangle(margin, margin, end, end)
        boxes: list[Any] = list(self._detector(image, 0))
        if not boxes and min(image.shape[:2]) < _UPSAMPLED_BELOW_PX:
            boxes = list(self._detector(image, 1))
        return max(boxes, key=lambda box: box.area(), default=None)
