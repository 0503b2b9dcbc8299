"""The one augmenter: random changes of images, in training and for written variants.

The random numbers are drawn with NumPy; the pixels are computed by Keras operations, of training
images inside the training graph. So an epoch is the same on every back end and after a kill, and
the pixels cost a few hundredths of a step (`benchmarks/training_speed.py`).
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.image_draws import Floats, GeneratorPerImage, draw_changes
from fer_fairness.modeling.training_set import check_images
from fer_fairness.params.image_changes import ImageChanges

if TYPE_CHECKING:
    import keras

CHANGES: Final = ("affine", "gamma", "tone", "blur", "degraded", "noise", "box")
"""The names under which changes are drawn, and which no other input of the graph may have."""

DEGRADED_SIDE_PX = 48
"""Side of FER2013's images, to which degraded ones are shrunk."""


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
