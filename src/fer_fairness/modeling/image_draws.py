"""How each image of a batch is changed: the random numbers of the one augmenter, in NumPy.

`image_changes` computes the pixels.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.params.image_changes import ImageChanges

Floats = npt.NDArray[np.float32]

_N_UNIFORM, _N_FURTHER = 12, 4
"""Uniform numbers drawn for each image, whether or not its changes use them; the further ones are
drawn only where one of their changes is on."""

_OPERATIONS: Final = (
    ("rotation_degrees", 1, True),
    ("scale_share", 2, True),
    ("shift_share", 3, True),
    ("shift_share", 4, True),
    ("contrast", 5, True),
    ("brightness", 6, True),
    ("erased_share", 8, False),
    ("gamma", 12, True),
    ("blur_sigma", 13, False),
    ("noise", 15, False),
)
"""What `n_operations` are drawn from: the range, the uniform number that tells where in it an image
is, and whether 0.5 of it stands for no change, or 0."""

# A strength above 1 must not turn a face inside out, into its negative, or out of the picture.
_SMALLEST_FACTOR = 0.1
_FARTHEST = 0.5


class GeneratorPerImage:
    """Random numbers of a batch, each image's from its own generator.

    So an image is changed in the same way whichever others are in its batch.
    """

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._generators = generators

    def random(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Uniform numbers from 0 to 1; the first axis is that of the images."""
        return np.array([one.random(shape[1:]) for one in self._generators]).reshape(shape)

    def standard_normal(self, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Normal numbers of deviation 1; the first axis is that of the images."""
        return np.array([one.standard_normal(shape[1:]) for one in self._generators]).reshape(shape)


def draw_changes(
    generator: np.random.Generator | GeneratorPerImage,
    image_shape: tuple[int, int],
    strength: Floats,
    params: ImageChanges,
) -> dict[str, Floats]:
    """Draw how each image of a batch is changed.

    Args:
        generator: Where the random numbers come from; how many are drawn depends on n and on which
            changes are on.
        image_shape: Height and width in pixels.
        strength: Shape `(n,)`: multiplies the ranges of each image; 0 changes nothing.
        params: The ranges at strength 1.

    Returns:
        Float32 arrays by name, those that `apply_changes` reads, only of changes that are on:
        `affine` `(n, 8)` (see `affine`), `tone` `(n, 2)` (contrast factor, offset in grey levels),
        `box` `(n, 4)` (top, bottom, left and right edge in pixels; top = bottom erases nothing),
        `gamma` `(n, 1)` (exponent), `blur` `(n, 1)` (standard deviation in pixels), `degraded`
        `(n, 1)` (1 for images that are made like FER2013's, else 0) and `noise`
        `(n, height, width)` (grey levels).
    """
    uniform = generator.random((len(strength), _N_UNIFORM))
    further = any((params.gamma, params.blur_sigma, params.noise, params.degraded_share))
    if further:
        more = generator.random((len(strength), _N_FURTHER))
        uniform = np.concatenate([uniform, more], axis=1)
    if params.n_operations is not None:
        _choose_operations(generator, uniform, params)
    drawn: dict[str, npt.NDArray[np.float64]] = {}
    symmetric = (2 * uniform - 1) * strength[:, None]
    if params.is_geometric:
        drawn["affine"] = affine(
            image_shape,
            mirrored=(uniform[:, 0] < 0.5) & (strength > 0) & params.flip,
            angle_degrees=symmetric[:, 1] * params.rotation_degrees,
            scale=np.maximum(1 + symmetric[:, 2] * params.scale_share, _SMALLEST_FACTOR),
            shift_px=np.clip(symmetric[:, 3:5] * params.shift_share, -_FARTHEST, _FARTHEST)
            * np.array(image_shape[::-1]),
        )
    if params.is_tonal:
        contrast = np.maximum(1 + symmetric[:, 5] * params.contrast, _SMALLEST_FACTOR)
        offset = symmetric[:, 6] * params.brightness * 255
        drawn["tone"] = np.stack([contrast, offset], axis=1)
    if params.erases:
        # An operation that was chosen is done.
        erased = (uniform[:, 7] < params.erased_probability) | (params.n_operations is not None)
        share = erased * uniform[:, 8] * np.minimum(strength * params.erased_share, 1.0)
        drawn["box"] = _boxes(image_shape, share, uniform[:, 9:12])
    if further:
        more = uniform[:, _N_UNIFORM:]
        drawn |= _further_changes(generator, image_shape, strength, params, more)
    return {name: values.astype(np.float32) for name, values in drawn.items()}


def _choose_operations(
    generator: np.random.Generator | GeneratorPerImage,
    uniform: npt.NDArray[np.float64],
    params: ImageChanges,
) -> None:
    """Let each image's numbers stand for a few operations at an end of their range, in place.

    Operations are drawn without replacement, since none is done twice.
    """
    on = [
        (column, two)
        for name, column, two in _OPERATIONS
        if (params.erases if name == "erased_share" else getattr(params, name) > 0)
    ]
    place = generator.random((len(uniform), len(on))).argsort(axis=1).argsort(axis=1)
    for number, (column, is_two_sided) in enumerate(on):
        is_chosen = place[:, number] < (params.n_operations or 0)
        end = uniform[:, column] >= 0.5 if is_two_sided else 1.0
        uniform[:, column] = np.where(is_chosen, end, 0.5 if is_two_sided else 0.0)


def _further_changes(
    generator: np.random.Generator | GeneratorPerImage,
    image_shape: tuple[int, int],
    strength: Floats,
    params: ImageChanges,
    uniform: npt.NDArray[np.float64],
) -> dict[str, npt.NDArray[np.float64]]:
    drawn: dict[str, npt.NDArray[np.float64]] = {}
    if params.gamma > 0:
        drawn["gamma"] = np.exp((2 * uniform[:, :1] - 1) * strength[:, None] * params.gamma)
    if params.blur_sigma > 0:
        drawn["blur"] = uniform[:, 1:2] * strength[:, None] * params.blur_sigma
    if params.degraded_share > 0:
        is_degraded = (uniform[:, 2] < params.degraded_share) & (strength > 0)
        drawn["degraded"] = is_degraded.astype(np.float64)[:, None]
    if params.noise > 0:
        deviation = uniform[:, 3] * strength * params.noise * 255
        normal = generator.standard_normal((len(strength), *image_shape))
        drawn["noise"] = normal * deviation[:, None, None]
    return drawn


def affine(
    image_shape: tuple[int, int],
    *,
    mirrored: npt.NDArray[np.bool_],
    angle_degrees: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64],
    shift_px: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Coefficients of a turn, scaling and mirroring about the centre, then a shift.

    Args:
        image_shape: Height and width in pixels.
        mirrored: Shape `(n,)`: whether left and right are exchanged.
        angle_degrees: Shape `(n,)`.
        scale: Shape `(n,)`: above 1 enlarges.
        shift_px: Shape `(n, 2)`: to the right and down.

    Returns:
        Shape `(n, 8)`: a, b, c, d, e, f, 0, 0, the form of `keras.ops.image.affine_transform`: the
        pixel at column x and row y of the result is taken from column a x + b y + c and row
        d x + e y + f of the image.
    """
    centre_y, centre_x = (np.array(image_shape) - 1) / 2
    angle = np.deg2rad(angle_degrees)
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    side = np.where(mirrored, -1.0, 1.0)
    coefficients = np.zeros((len(scale), 8))
    coefficients[:, 0], coefficients[:, 1] = side * cosine, -side * sine
    coefficients[:, 3], coefficients[:, 4] = sine, cosine
    to_x, to_y = centre_x + shift_px[:, 0], centre_y + shift_px[:, 1]
    coefficients[:, 2] = centre_x - coefficients[:, 0] * to_x - coefficients[:, 1] * to_y
    coefficients[:, 5] = centre_y - coefficients[:, 3] * to_x - coefficients[:, 4] * to_y
    return coefficients


def _boxes(
    image_shape: tuple[int, int],
    share: npt.NDArray[np.float64],
    uniform: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Boxes of `share` of the area, from 1:2 to 2:1 in proportion, anywhere within the image."""
    height = np.sqrt(share * np.exp(np.log(2) * (2 * uniform[:, 0] - 1)))
    # Neither side is longer than the image's.
    height = np.clip(height, share, 1.0)
    width = np.divide(share, height, out=np.zeros_like(share), where=height > 0)
    top, left = uniform[:, 1] * (1 - height), uniform[:, 2] * (1 - width)
    edges = np.stack([top, top + height, left, left + width], axis=1)
    return np.asarray(edges * np.repeat(image_shape, 2))
