"""Face models that a user names: what Keras and ONNX files have in common, and Keras files."""

from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.embedding.protocol import Network, NetworkEmbedder
from fer_fairness.errors import InvalidInputError
from fer_fairness.files import verify_sha256
from fer_fairness.foreign import load_foreign_model
from fer_fairness.modeling.keras_file import reading
from fer_fairness.params.embedding import ModelFileParameters

if TYPE_CHECKING:
    import keras


def file_embedder(
    network: Network, params: ModelFileParameters, *, channels_first: bool
) -> NetworkEmbedder:
    """Give a network the images that it was trained on, and try it on a black one.

    Args:
        network: From float32 images as it was trained on to one row of numbers an image.
        params: Size, colours and scaling of its images.
        channels_first: Whether the channels are the second axis, not the last.

    Returns:
        The embedder, called as the file is.

    Raises:
        InvalidInputError: If the network does not give one row of numbers an image.
    """

    def run(block: np.ndarray) -> np.ndarray:
        return np.asarray(network(_as_input(block, params, channels_first=channels_first)))

    side_px = params.side_px
    with reading(params.path, "the model", remedy="Give a model that takes images of this size."):
        output = run(np.zeros((1, side_px, side_px, 3 if params.colour else 1), np.uint8))
    if output.ndim != 2 or len(output) != 1 or not output.size:
        raise InvalidInputError(
            f"{params.path} gives an array of shape {output.shape} for one image; expected "
            "(1, dimension). Name in embedder.file.layer a layer or output whose values are "
            "one row of numbers an image."
        )
    return NetworkEmbedder(
        run,
        name=params.path.name,
        dimension=output.shape[1],
        side_px=side_px,
        colour=params.colour,
        average_mirrored=params.average_mirrored,
    )


def verify_model_file(params: ModelFileParameters) -> None:
    """Refuse a file that is not the one that the parameters describe.

    Raises:
        InvalidInputError: If it is not there or its SHA-256 is another.
    """
    remedy = (
        "Give embedder.file.path and embedder.file.sha256 of one file; `sha256sum FILE` prints the "
        "latter. If the file should be the same, get it again."
    )
    verify_sha256(params.path, params.sha256, remedy=remedy)


def open_keras_file(params: ModelFileParameters) -> NetworkEmbedder:
    """Load a Keras model; no code in the file is run.

    Args:
        params: The file, and the layer whose output is the embedding. Without a layer it is what
            enters the last layer: of a classifier, the features it decides on.

    Returns:
        The embedder.

    Raises:
        InvalidInputError: If the file is another or no Keras model, takes other images than the
            parameters say, or has no such layer.
    """
    verify_model_file(params)
    foreign = load_foreign_model(params.path)
    expected = (params.side_px, params.side_px, 3 if params.colour else 1)
    pairs = zip(foreign.input_shape, expected, strict=True)
    if any(size not in (None, wanted) for size, wanted in pairs):
        raise InvalidInputError(
            f"{params.path} takes images of shape {foreign.input_shape} (height, width, channels), "
            f"but embedder.file says {expected}: correct its side_px and colour."
        )
    model = _cut(foreign.model, params)
    return file_embedder(model.predict_on_batch, params, channels_first=False)


def _as_input(
    block: np.ndarray, params: ModelFileParameters, *, channels_first: bool
) -> np.ndarray:
    if params.channel_order == "bgr":
        block = block[..., ::-1]
    if channels_first:
        block = block.transpose(0, 3, 1, 2)
    values = block.astype(np.float32)
    if params.scaling == "0..1":
        values /= 255
    elif params.scaling == "-1..1":
        values = values / 127.5 - 1
    return np.ascontiguousarray(values, dtype=np.float32)


def _cut(model: "keras.Model", params: ModelFileParameters) -> "keras.Model":
    import keras

    names = [layer.name for layer in model.layers]
    if params.layer is not None and params.layer not in names:
        raise InvalidInputError(
            f"{params.path} has no layer {params.layer!r}; it has {', '.join(names)}. Give one of "
            "these as embedder.file.layer."
        )
    try:
        if params.layer is None:
            tensor = _last_layer(model).input
        else:
            tensor = model.get_layer(params.layer).output
        return keras.Model(model.inputs[0], tensor)
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidInputError(
            f"{params.path}: the embedding cannot be taken from "
            f"{params.layer or 'what enters the last layer'} ({str(error).splitlines()[0]}). Give "
            f"as embedder.file.layer one of {', '.join(names)}."
        ) from error


def _last_layer(model: "keras.Model") -> "keras.Layer":
    """The layer that gives the model's output, which need not be the last of the list."""
    for layer in reversed(model.layers):
        if layer.output is model.outputs[0]:
            return layer
    return model.layers[-1]
