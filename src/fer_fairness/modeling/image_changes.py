"""The one augmenter: random changes of images, in training and for written variants.

The random numbers are drawn with NumPy; the pixels are computed by Keras operations, of training
images inside the training graph. So an epoch is the same on every back end and after a kill, and
the pixels cost a few hundredths of a step (`benchmarks/training_speed.py`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.training_set import check_images
from fer_fairness.params.image_changes import ImageChanges

if TYPE_CHECKING:
    import keras

Floats = npt.NDArray[np.float32]

CHANGES: Final = ("affine", "gamma", "tone", "blur", "degraded", "noise", "box")
"""The names under which changes are drawn, and which no other input of the graph may have."""

DEGRADED_SIDE_PX = 48
"""Side of FER2013's images, to which degraded ones are shrunk."""

_N_UNIFORM, _N_FURTHER = 12, 4
"""Uniform numbers drawn for each image, whether or not its changes use them; the further ones are
drawn only where one of their changes is on."""

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


def change_images(
    generator: np.random.Generator | GeneratorPerImage,
    images: npt.NDArray[np.uint8],
    strength: Floats,
    params: ImageChanges,
) -> npt.NDArray[np.uint8]:
    """Change a batch of images outside of training.

    Args:
        generator: As for `draw_changes`.
        images: uint8 `(n, height, width, channels)` with 1 or 3 channels.
        strength: Shape `(n,)`, at least 0: multiplies the ranges of each image.
        params: The ranges at strength 1.

    Returns:
        uint8 of the same shape.

    Raises:
        InvalidInputError: If images or strengths are not as above.
    """
    check_images(images, np.arange(len(images)))
    if strength.shape != (len(images),) or not (np.isfinite(strength) & (strength >= 0)).all():
        raise InvalidInputError(
            f"Strength is {strength}; expected a number of at least 0 for each of the "
            f"{len(images)} images."
        )
    prepare_backend()
    from keras import ops

    drawn = draw_changes(generator, images.shape[1:3], strength, params)
    changed = apply_changes(
        ops.convert_to_tensor(images.astype(np.float32)),
        {name: ops.convert_to_tensor(values) for name, values in drawn.items()},
    )
    made: npt.NDArray[np.uint8] = np.rint(ops.convert_to_numpy(changed)).astype(np.uint8)
    return made


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
        erased = uniform[:, 7] < params.erased_probability
        share = erased * uniform[:, 8] * np.minimum(strength * params.erased_share, 1.0)
        drawn["box"] = _boxes(image_shape, share, uniform[:, 9:12])
    if any((params.gamma, params.blur_sigma, params.noise, params.degraded_share)):
        drawn |= _further_changes(generator, image_shape, strength, params)
    return {name: values.astype(np.float32) for name, values in drawn.items()}


def _further_changes(
    generator: np.random.Generator | GeneratorPerImage,
    image_shape: tuple[int, int],
    strength: Floats,
    params: ImageChanges,
) -> dict[str, npt.NDArray[np.float64]]:
    uniform = generator.random((len(strength), _N_FURTHER))
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


def apply_changes(
    images: "keras.KerasTensor", drawn: "dict[str, keras.KerasTensor]"
) -> "keras.KerasTensor":
    """Change a batch of images as drawn, on the back end.

    Args:
        images: Float32 `(n, height, width, channels)`, values 0 to 255.
        drawn: What `draw_changes` gave; other names are passed over.

    Returns:
        Float32 of the same shape, 0 to 255. Pixels from beyond the border repeat it; boxes get the
        mean grey level of their image as changed.
    """
    from keras import ops

    if "affine" in drawn:
        images = ops.image.affine_transform(
            images,
            drawn["affine"],
            interpolation="bilinear",
            fill_mode="nearest",
            data_format="channels_last",
        )
    if "gamma" in drawn:
        exponent = ops.reshape(drawn["gamma"], (-1, 1, 1, 1))
        images = 255.0 * ops.power(ops.clip(images / 255.0, 0.0, 1.0), exponent)
    if "tone" in drawn:
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        tone = ops.reshape(drawn["tone"], (-1, 2, 1, 1, 1))
        images = ops.clip(mean + (images - mean) * tone[:, 0] + tone[:, 1], 0.0, 255.0)
    if "blur" in drawn:
        images = _blurred(images, drawn["blur"])
    if "degraded" in drawn:
        chosen = ops.reshape(drawn["degraded"], (-1, 1, 1, 1))
        images = ops.where(ops.greater(chosen, 0.5), _degraded(images), images)
    if "noise" in drawn:
        images = ops.clip(images + ops.expand_dims(drawn["noise"], -1), 0.0, 255.0)
    if "box" in drawn:
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        images = ops.where(inside(drawn["box"], images.shape[1:3]), mean, images)
    return images


def _blurred(images: "keras.KerasTensor", sigma: "keras.KerasTensor") -> "keras.KerasTensor":
    """Gaussian means over columns, then over rows; at the border over what the image has there.

    One matrix an image and axis instead of a convolution, because each image has its own sigma.
    """
    from keras import ops

    # A smaller sigma is that of no blur, and its square would be nothing in float32.
    variance = ops.reshape(ops.maximum(sigma, 1e-2) ** 2, (-1, 1, 1))
    for side, product in zip(images.shape[1:3], ("nij,njwc->niwc", "nij,nhjc->nhic"), strict=True):
        place = np.arange(side, dtype=np.float32)
        distance = ops.convert_to_tensor((place[:, None] - place[None, :]) ** 2)
        weights = ops.softmax(-distance / (2 * variance), axis=2)
        images = ops.einsum(product, weights, images)
    return images


def _degraded(images: "keras.KerasTensor") -> "keras.KerasTensor":
    """Grey, and as sharp as FER2013's images are; one channel."""
    from keras import ops

    if images.shape[3] == 3:
        images = ops.image.rgb_to_grayscale(images, data_format="channels_last")
    for size in ((DEGRADED_SIDE_PX, DEGRADED_SIDE_PX), images.shape[1:3]):
        images = ops.image.resize(
            images, size, interpolation="bilinear", antialias=True, data_format="channels_last"
        )
    return images


def _boxes(
    image_shape: tuple[int, int],
    share: npt.NDArray[np.float64],
    uniform: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Boxes of `share` of the area, from 1:2 to 2:1 in proportion, anywhere within the image."""
    height = np.minimum(1.0, np.sqrt(share * np.exp(np.log(2) * (2 * uniform[:, 0] - 1))))
    width = np.divide(share, height, out=np.zeros_like(share), where=height > 0)
    width = np.minimum(1.0, width)
    top, left = uniform[:, 1] * (1 - height), uniform[:, 2] * (1 - width)
    edges = np.stack([top, top + height, left, left + width], axis=1)
    return np.asarray(edges * np.repeat(image_shape, 2))


def inside(box: "keras.KerasTensor", image_shape: tuple[int, int]) -> "keras.KerasTensor":
    """Which pixels lie in each image's box, boolean `(n, height, width, 1)`.

    Args:
        box: Float32 `(n, 4)`: top, bottom, left and right edge in pixels; a pixel is inside whose
            row is at least the top and less than the bottom, and columns likewise.
        image_shape: Height and width in pixels.
    """
    from keras import ops

    height, width = image_shape
    rows = ops.reshape(ops.arange(height, dtype="float32"), (1, height, 1, 1))
    columns = ops.reshape(ops.arange(width, dtype="float32"), (1, 1, width, 1))
    edges = ops.reshape(box, (-1, 4, 1, 1, 1))
    # Not `rows >= edges`: while the graph is built, the constant of the back end would answer it.
    in_rows = ops.logical_and(ops.less_equal(edges[:, 0], rows), ops.less(rows, edges[:, 1]))
    in_columns = ops.logical_and(
        ops.less_equal(edges[:, 2], columns), ops.less(columns, edges[:, 3])
    )
    return ops.logical_and(in_rows, in_columns)
