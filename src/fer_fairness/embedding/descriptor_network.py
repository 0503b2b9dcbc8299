"""dlib's face-descriptor network in Keras: the same numbers, ten times as fast on a CPU.

A residual network with 29 convolutions for chips of 150 pixels (Davis King 2017,
dlib_face_recognition_resnet_model_v1; the architecture is that of his example
dnn_face_recognition_ex.cpp). dlib computes it on one core without a matrix library; Keras on all
cores with its back end's kernels. Its last layer squeezes 256 features into the 128 that tell
persons apart; what tells groups of people apart is better kept by the features before it, of the
last three stages together (`wide`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_fairness.embedding.descriptor_weights import Weights, read_tensors
from fer_fairness.embedding.dlib_files import DESCRIPTOR_FILE, verified_file
from fer_fairness.embedding.protocol import NetworkEmbedder
from fer_fairness.modeling import prepare_backend
from fer_fairness.params.embedding import DlibParameters

if TYPE_CHECKING:
    import keras

CHIP_SIDE_PX: Final = 150
CHANNEL_MEANS: Final = (122.782, 117.001, 104.298)
"""Of red, green and blue: taken off by dlib's `input_rgb_image_sized` before it divides by 256."""

DESCRIPTOR_SIZE: Final = 128
_STEM_FILTERS: Final = 32
_STEM_SIDE: Final = 7


@dataclass(frozen=True)
class Stage:
    """Residual blocks of one width.

    Attributes:
        n_blocks: How many.
        n_filters: Their width.
        halves: Whether the first of them halves height and width.
    """

    n_blocks: int
    n_filters: int
    halves: bool


STAGES: Final = (
    Stage(3, 32, halves=False),
    Stage(4, 64, halves=True),
    Stage(3, 128, halves=True),
    Stage(3, 256, halves=True),
    Stage(1, 256, halves=True),
)
WIDE_STAGES: Final = 3
"""Of so many last stages the means over positions are the wide features."""

WIDE_SIZE: Final = sum(stage.n_filters for stage in STAGES[-WIDE_STAGES:])


def open_dlib(params: DlibParameters) -> NetworkEmbedder:
    """Build the embedder of aligned faces, as `FaceAligner` gives and FairFace publishes them.

    Args:
        params: Which of its features, and whether the mirrored face counts.

    Raises:
        InvalidInputError: If the file of the weights is missing or another.
    """
    wide = params.features == "wide"
    return NetworkEmbedder(
        build_descriptor_network(verified_file(DESCRIPTOR_FILE), wide=wide).predict_on_batch,
        name="dlib",
        dimension=WIDE_SIZE if wide else DESCRIPTOR_SIZE,
        side_px=CHIP_SIDE_PX,
        colour=True,
        average_mirrored=params.average_mirrored,
    )


def expected_values() -> tuple[int, ...]:
    """Number of values of each tensor of the weights' file, from the input onwards."""
    sizes = [_STEM_FILTERS * (3 * _STEM_SIDE**2 + 1), 2 * _STEM_FILTERS]
    n_channels = _STEM_FILTERS
    for stage in STAGES:
        for _ in range(stage.n_blocks):
            for n_inputs in (n_channels, stage.n_filters):
                sizes += [stage.n_filters * (9 * n_inputs + 1), 2 * stage.n_filters]
            n_channels = stage.n_filters
    return (*sizes, n_channels * DESCRIPTOR_SIZE)


def build_descriptor_network(weights_file: Path, *, wide: bool) -> "keras.Model":
    """Build the network with dlib's weights.

    Args:
        weights_file: dlib_face_recognition_resnet_model_v1.dat.
        wide: Whether the output is the wide features and not the descriptor.

    Returns:
        A model from aligned chips (n, 150, 150, 3), red first, values 0 to 255, to float32
        (n, 640) with `wide`, else (n, 128).

    Raises:
        DamagedDataError: The file holds another network.
    """
    tensors = iter(read_tensors(weights_file, expected_values()))
    prepare_backend()
    import keras
    from keras import layers

    chips = keras.Input((CHIP_SIDE_PX, CHIP_SIDE_PX, 3), name="chip")
    offset = [-mean / 256.0 for mean in CHANNEL_MEANS]
    features = layers.Rescaling(1.0 / 256.0, offset=offset, name="scaling")(chips)
    features = _convolution(features, _STEM_FILTERS, tensors, side=_STEM_SIDE, halves=True)
    features = layers.MaxPooling2D(3, 2)(layers.ReLU()(features))
    pooled = []
    for stage in STAGES:
        for block in range(stage.n_blocks):
            halves = stage.halves and block == 0
            features = _residual_block(features, stage.n_filters, tensors, halves=halves)
        pooled.append(layers.GlobalAveragePooling2D()(features))
    if wide:
        outputs = layers.Concatenate(name="wide")(pooled[-WIDE_STAGES:])
    else:
        kernel = next(tensors).reshape(-1, DESCRIPTOR_SIZE)
        squeeze = layers.Dense(DESCRIPTOR_SIZE, use_bias=False, name="descriptor")
        outputs = squeeze(pooled[-1])
        squeeze.set_weights([kernel])
    return keras.Model(chips, outputs, name="dlib_wide" if wide else "dlib_descriptor")


def _residual_block(
    features: "keras.KerasTensor", n_filters: int, tensors: Iterator[Weights], *, halves: bool
) -> "keras.KerasTensor":
    from keras import layers

    path = layers.ReLU()(_convolution(features, n_filters, tensors, side=3, halves=halves))
    path = _convolution(path, n_filters, tensors, side=3, halves=False)
    shortcut = layers.AveragePooling2D(2, 2)(features) if halves else features
    return layers.ReLU()(layers.Add()([*_as_large(path, shortcut)]))


def _as_large(
    first: "keras.KerasTensor", second: "keras.KerasTensor"
) -> tuple["keras.KerasTensor", "keras.KerasTensor"]:
    """Both filled up with zeros below, to the right and in channels, as dlib's `add_prev` does."""
    shapes = zip(first.shape[1:], second.shape[1:], strict=True)
    target = [max(pair) for pair in shapes]
    return _filled(first, target), _filled(second, target)


def _filled(features: "keras.KerasTensor", target: list[int]) -> "keras.KerasTensor":
    from keras import ops

    missing = [(0, size - have) for size, have in zip(target, features.shape[1:], strict=True)]
    if not any(after for _, after in missing):
        return features
    return ops.pad(features, [(0, 0), *missing])


def _convolution(
    features: "keras.KerasTensor",
    n_filters: int,
    tensors: Iterator[Weights],
    *,
    side: int,
    halves: bool,
) -> "keras.KerasTensor":
    """A convolution with dlib's `affine` layer, the frozen batch normalisation, folded into it."""
    from keras import layers

    layer = layers.Conv2D(
        n_filters, side, strides=2 if halves else 1, padding="valid" if halves else "same"
    )
    convolved = layer(features)
    weights, affine = next(tensors), next(tensors)
    n_inputs = int(features.shape[-1])
    kernel = weights[:-n_filters].reshape(n_filters, n_inputs, side, side).transpose(2, 3, 1, 0)
    scale, shift = affine[:n_filters], affine[n_filters:]
    layer.set_weights([kernel * scale, weights[-n_filters:] * scale + shift])
    return convolved
