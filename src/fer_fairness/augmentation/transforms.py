"""Variants of a face: geometric and photometric changes of a drawn size.

Each transform takes a float32 batch (n, height, width) of grey levels from 0 to 255 and one value
an image, and gives a batch of the same shape; the value that changes nothing is named. Ranges are
those of `TransformRanges`, multiplied by the strength.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import TransformRanges

Batch = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_N_UNIFORM = 15
"""Uniform numbers drawn for each image, whether or not its transforms use them."""


@dataclass(frozen=True)
class _Settings:
    """One value an image for each transform, each array of shape (n,), boxes (n, 4)."""

    flipped: Flags
    angle: Values
    shift: Values
    scale: Values
    offset: Values
    contrast: Values
    exponent: Values
    sigma: Values
    noise: Values
    boxes: Values


def transform_images(
    images: npt.NDArray[np.uint8],
    strength: npt.ArrayLike,
    ranges: TransformRanges,
    generators: Sequence[np.random.Generator],
) -> npt.NDArray[np.uint8]:
    """Make one variant of each image.

    Args:
        images: uint8 (n, height, width, 1).
        strength: One number from 0 (unchanged) to 1 (full ranges) for all, or one an image (n,).
        ranges: How far each transform goes at strength 1.
        generators: One an image, so that a variant does not depend on its neighbours.

    Returns:
        uint8 (n, height, width, 1).

    Raises:
        InvalidInputError: If shape, type, strength or number of generators are not as above.
    """
    _check(images, np.asarray(strength, dtype=np.float64), len(generators))
    strengths = np.broadcast_to(np.asarray(strength, dtype=np.float64), (len(images),))
    uniform = np.array([generator.random(_N_UNIFORM) for generator in generators])
    settings = _settings(uniform.reshape(len(images), _N_UNIFORM), strengths, ranges)
    batch = images[..., 0].astype(np.float32)
    batch = flip(batch, settings.flipped)
    batch = warp(batch, settings.angle, settings.shift, settings.scale)
    batch = change_gamma(batch, settings.exponent)
    batch = change_contrast(batch, settings.contrast)
    batch = change_brightness(batch, settings.offset)
    batch = blur(batch, settings.sigma)
    batch = add_noise(batch, settings.noise, generators)
    batch = erase(batch, settings.boxes)
    return np.clip(np.rint(batch), 0, 255).astype(np.uint8)[..., None]


def flip(batch: Batch, flipped: Flags) -> Batch:
    """Mirror the images with a true flag left to right; false changes nothing."""
    return np.where(flipped[:, None, None], batch[:, :, ::-1], batch)


def warp(batch: Batch, angle: Values, shift: Values, scale: Values) -> Batch:
    """Rotate by `angle` degrees, enlarge by `scale`, then shift by `shift` (n, 2), down and right.

    Shifts are shares of the side. One bilinear resampling about the centre; the border is
    continued outwards. Angle 0, shift 0 and scale 1 change nothing.
    """
    warped = batch.copy()
    side = np.array(batch.shape[1:])
    centre = (side - 1) / 2
    moved = (angle != 0) | (shift != 0).any(axis=1) | (scale != 1)
    for row in np.flatnonzero(moved):
        radians = np.deg2rad(angle[row])
        cosine, sine = np.cos(radians), np.sin(radians)
        # affine_transform maps output to input, so this is the inverse of the change.
        inverse = np.array([[cosine, sine], [-sine, cosine]]) / scale[row]
        origin = centre - inverse @ (centre + shift[row] * side)
        ndimage.affine_transform(
            batch[row], inverse, origin, output=warped[row], order=1, mode="nearest"
        )
    return warped


def change_gamma(batch: Batch, exponent: Values) -> Batch:
    """Raise the grey levels, as shares of 255, to the power `exponent`; 1 changes nothing."""
    powers = exponent.astype(np.float32)[:, None, None]
    return np.power(np.clip(batch, 0, 255) / 255, powers, dtype=np.float32) * np.float32(255)


def change_contrast(batch: Batch, factor: Values) -> Batch:
    """Multiply the differences from the mean of each image by `factor`; 1 changes nothing."""
    mean = batch.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    contrasted: Batch = mean + (batch - mean) * factor.astype(np.float32)[:, None, None]
    return contrasted


def change_brightness(batch: Batch, offset: Values) -> Batch:
    """Add `offset` grey levels; 0 changes nothing."""
    return batch + offset.astype(np.float32)[:, None, None]


def blur(batch: Batch, sigma: Values) -> Batch:
    """Blur with a Gaussian of standard deviation `sigma` pixels; below 0.2 nothing changes."""
    blurred = batch.copy()
    for row in np.flatnonzero(sigma >= 0.2):
        ndimage.gaussian_filter(batch[row], sigma[row], output=blurred[row], truncate=3.0)
    return blurred


def add_noise(batch: Batch, deviation: Values, generators: Sequence[np.random.Generator]) -> Batch:
    """Add Gaussian noise of standard deviation `deviation` grey levels; 0 changes nothing."""
    noisy = batch.copy()
    for row in np.flatnonzero(deviation > 0):
        noise = generators[int(row)].standard_normal(batch.shape[1:], dtype=np.float32)
        noisy[row] += noise * np.float32(deviation[row])
    return noisy


def erase(batch: Batch, boxes: Values) -> Batch:
    """Fill a box of each image with the image's mean grey level.

    `boxes` (n, 4) holds top, left, height and width as shares of the side; a height or width of
    0 changes nothing.
    """
    erased = batch.copy()
    side = np.array(batch.shape[1:])
    top_left = np.rint(boxes[:, :2] * side).astype(np.intp)
    bottom_right = np.rint((boxes[:, :2] + boxes[:, 2:]) * side).astype(np.intp)
    for row in np.flatnonzero((bottom_right > top_left).all(axis=1)):
        (top, left), (bottom, right) = top_left[row], bottom_right[row]
        erased[row, top:bottom, left:right] = batch[row].mean()
    return erased


def _settings(uniform: Values, strength: Values, ranges: TransformRanges) -> _Settings:
    symmetric = (2 * uniform - 1) * strength[:, None]
    positive = uniform * strength[:, None]
    is_erased = uniform[:, 14] < ranges.erased_probability
    area = is_erased * positive[:, 9] * ranges.erased_share
    # Height to width from 1:2 to 2:1; no side above that of the image.
    height = np.minimum(1.0, np.sqrt(area * np.exp(np.log(2) * (2 * uniform[:, 10] - 1))))
    width = np.divide(area, height, out=np.zeros_like(area), where=height > 0)
    width = np.minimum(1.0, width)
    return _Settings(
        flipped=(uniform[:, 0] < 0.5) & (strength > 0) & ranges.flip,
        angle=symmetric[:, 1] * ranges.rotation_degrees,
        shift=symmetric[:, 2:4] * ranges.shift_share,
        scale=1 + symmetric[:, 4] * ranges.scale_share,
        offset=symmetric[:, 5] * ranges.brightness * 255,
        contrast=1 + symmetric[:, 6] * ranges.contrast,
        exponent=np.exp(symmetric[:, 7] * ranges.gamma),
        sigma=positive[:, 8] * ranges.blur_sigma,
        noise=positive[:, 13] * ranges.noise * 255,
        boxes=np.stack(
            [uniform[:, 11] * (1 - height), uniform[:, 12] * (1 - width), height, width], axis=1
        ),
    )


def _check(images: npt.NDArray[np.uint8], strength: Values, n_generators: int) -> None:
    if images.ndim != 4 or images.shape[3] != 1 or images.dtype != np.uint8:
        raise InvalidInputError(
            f"Images have shape {images.shape} and type {images.dtype}; expected uint8 of shape "
            "(n, height, width, 1)."
        )
    if strength.shape not in ((), (len(images),)) or not ((strength >= 0) & (strength <= 1)).all():
        raise InvalidInputError(
            f"Strength is {strength}; expected one number from 0 to 1, or one for each of the "
            f"{len(images)} images."
        )
    if n_generators != len(images):
        raise InvalidInputError(
            f"{n_generators} generators for {len(images)} images; expected one an image."
        )
