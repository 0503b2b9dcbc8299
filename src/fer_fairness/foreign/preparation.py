"""Images as another model takes them: scale, size and channels."""

from typing import TYPE_CHECKING, Final

import numpy as np

from fer_fairness.foreign.loading import ForeignModel
from fer_fairness.foreign.other_networks import Network
from fer_fairness.foreign.pixel_values import (
    PLAIN_SCALES,
    InputScale,
    ScaleGuess,
    Standardisation,
    scale_words,
    scaled,
)
from fer_fairness.modeling.keras_file import layer_values
from fer_fairness.modeling.training_set import Images

if TYPE_CHECKING:
    import keras

# ITU-R BT.601, what Pillow uses to turn a colour image grey.
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_BATCH_VALUES = 2**27
_N_PROBED = 256
_PROBED_TOGETHER = 32
# Of nine published networks, on FER+, it was 0.01 to 0.21 at the scale of their training.
_LARGEST_CREDIBLE_DISTANCE = 0.5

_Distances = dict[InputScale, float]


def prepare_batch(
    images: np.ndarray,
    foreign: ForeignModel,
    scale: InputScale,
    standardisation: Standardisation | None = None,
) -> np.ndarray:
    """Turn images into what the model takes.

    Args:
        images: uint8, shape `(n, height, width, 1 or 3)`, values 0 to 255.
        foreign: The model.
        scale: What 0 to 255 becomes.
        standardisation: What is done to these values then.

    Returns:
        float32, shape `(n, *foreign.input_shape)`, with sides that the model leaves open as they
        are. Grey is repeated for three channels, colour becomes luminance for one; another size is
        reached by bilinear interpolation, smoothed when it is smaller.
    """
    batch = images.astype(np.float32)
    n_channels = foreign.input_shape[2]
    if batch.shape[3] > n_channels:
        batch = (batch @ _LUMINANCE)[..., None]
    elif batch.shape[3] < n_channels:
        batch = np.repeat(batch, n_channels, axis=3)
    size = _target_size(images.shape[1:3], foreign)
    if batch.shape[1:3] != size:
        from keras import ops

        resized = ops.image.resize(batch, size, antialias=True, data_format="channels_last")
        batch = np.asarray(ops.convert_to_numpy(resized))
    return scaled(batch, scale, standardisation)


def fitting_batch(model: "keras.Model | Network", wanted: int) -> int:
    """How many images at a time, at most `wanted`, keep the model's largest layer below 512 MB.

    Of a network that is no Keras model the layers are not known.
    """
    if isinstance(model, Network):
        return min(wanted, _PROBED_TOGETHER)
    return max(1, min(wanted, _BATCH_VALUES // layer_values(model)))


def preparation_notes(images: Images, foreign: ForeignModel) -> tuple[str, ...]:
    """What `prepare_batch` changes about these images besides their scale, in sentences."""
    notes = []
    height, width, n_channels = images.shape[1:]
    if n_channels < foreign.input_shape[2]:
        notes.append("The model takes colour images: the grey images were repeated three times.")
    elif n_channels > foreign.input_shape[2]:
        notes.append("The model takes grey images: of the colour images the luminance was used.")
    size = _target_size((height, width), foreign)
    if size != (height, width):
        stretched = ", which stretches them" if size[0] * width != size[1] * height else ""
        notes.append(
            f"The images of {height} x {width} px were resized to the {size[0]} x {size[1]} px "
            f"that the model takes (bilinear){stretched}."
        )
    return tuple(notes)


def told_input_scale(
    foreign: ForeignModel, images: Images, image_index: np.ndarray
) -> ScaleGuess | None:
    """Find the scale of inputs that a model was trained with in the model itself.

    A batch normalisation holds the mean and variance that its inputs had in training. The scale
    under which up to 256 of the images come nearest to them is the guess; of several such layers
    the first counts that was not frozen. Without one, a layer that rescales near the input means
    0-255.

    Args:
        foreign: The model.
        images: uint8, shape `(m, height, width, channels)`; may be memory-mapped.
        image_index: The rows of `images` to look at; an even choice of them is taken.

    Returns:
        The scale and a sentence on how it was found, which warns where no scale fits well. None
        where nothing in the model tells it, as of ONNX and TFLite.
    """
    if isinstance(foreign.model, Network):
        return None
    layer = _telling_normalisation(foreign.model)
    if layer is not None and len(image_index):
        import keras

        places = np.linspace(0, len(image_index) - 1, min(_N_PROBED, len(image_index)))
        sample = images[np.unique(image_index[places.astype(int)])]
        before = keras.Model(foreign.model.inputs[0], layer.input)
        return _nearest(layer, _distances(layer, before, foreign, sample))
    if _rescales(foreign.model):
        return ScaleGuess(
            "0-255", "Pixel values 0 to 255 were given: a layer near the input scales them."
        )
    return None


def _nearest(layer: "keras.layers.BatchNormalization", distances: _Distances) -> ScaleGuess:
    scale, second = sorted(distances, key=lambda candidate: distances[candidate])[:2]
    reason = (
        f"The model was given {scale_words(scale)}: then the values before its layer "
        f"{layer.name!r} are nearest to the mean and variance that it stored in training."
    )
    if not distances[scale] <= _LARGEST_CREDIBLE_DISTANCE:
        reason += (
            " They are still far from them: the images were probably prepared in another way in "
            "training, and until that is known these predictions say little about the model."
        )
    elif distances[second] < 2 * distances[scale]:
        reason += f" With {scale_words(second)} they are nearly as near: check which it was."
    elif not layer.trainable:
        reason += (
            " Its normalisation was frozen when the model was saved, so this is the scale of its "
            "pre-training; fine-tuning may have used another."
        )
    return ScaleGuess(scale, reason)


def _distances(
    layer: "keras.layers.BatchNormalization",
    before: "keras.Model",
    foreign: ForeignModel,
    sample: np.ndarray,
) -> _Distances:
    """How far mean and variance before `layer` are from those stored, the median over channels."""
    stored_mean = np.asarray(layer.moving_mean.numpy(), np.float64)
    stored_variance = np.asarray(layer.moving_variance.numpy(), np.float64) + layer.epsilon
    distances: _Distances = {}
    for scale in PLAIN_SCALES:
        mean, variance = _moments(before, foreign, sample, scale)
        variance += layer.epsilon
        shift = (mean - stored_mean) ** 2 / (variance + stored_variance)
        spread = np.abs(np.log(variance / stored_variance)) / 2
        distances[scale] = float(np.median(spread + shift))
    return distances


def _moments(
    before: "keras.Model", foreign: ForeignModel, sample: np.ndarray, scale: InputScale
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance by channel; by small batches, since early layers are large."""
    means, squares, sizes = [], [], []
    together = fitting_batch(before, _PROBED_TOGETHER)
    for start in range(0, len(sample), together):
        batch = prepare_batch(sample[start : start + together], foreign, scale)
        values = np.asarray(before(batch, training=False), np.float64)
        values = values.reshape(-1, values.shape[-1])
        means.append(values.mean(axis=0))
        squares.append((values**2).mean(axis=0))
        sizes.append(len(batch))
    mean = np.average(means, axis=0, weights=sizes)
    return mean, np.average(squares, axis=0, weights=sizes) - mean**2


def _telling_normalisation(model: "keras.Model") -> "keras.layers.BatchNormalization | None":
    """The first batch normalisation that learned in the last training, else the first of all."""
    layers = [
        layer
        for layer in model.layers
        if type(layer).__name__ == "BatchNormalization"
        and layer.axis in (-1, len(layer.output.shape) - 1)
    ]
    trained = [layer for layer in layers if layer.trainable]
    return next(iter([*trained, *layers]), None)


def _rescales(model: "keras.Model") -> bool:
    for layer in model.layers[:5]:
        if hasattr(layer, "layers") and _rescales(layer):
            return True
        if type(layer).__name__ in ("Rescaling", "Normalization"):
            return True
    return False


def _target_size(size: tuple[int, ...], foreign: ForeignModel) -> tuple[int, int]:
    height, width, _ = foreign.input_shape
    return (height or size[0], width or size[1])
