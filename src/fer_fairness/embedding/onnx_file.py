"""Face models that a user names, as ONNX files."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_fairness.embedding.model_file import file_embedder, verify_model_file
from fer_fairness.embedding.protocol import NetworkEmbedder
from fer_fairness.errors import InvalidInputError
from fer_fairness.machine import usable_cores
from fer_fairness.params.embedding import ModelFileParameters

if TYPE_CHECKING:
    import onnxruntime

_FLOAT = "tensor(float)"
_ERRORS_ONLY = 3


def open_onnx_file(params: ModelFileParameters) -> NetworkEmbedder:
    """Load an ONNX model.

    Args:
        params: The file, the form of its input, and the output that is the embedding.

    Returns:
        The embedder.

    Raises:
        InvalidInputError: If onnxruntime is not installed, the file is another or no ONNX model,
            takes other images than the parameters say, or has no such output.
    """
    if find_spec("onnxruntime") is None:
        raise InvalidInputError(
            "The embedder onnx needs the package onnxruntime. Install it with "
            "`pip install 'fer-fairness[onnx]'`, or use the CNN that is trained here: "
            "`kedro run --params embedder.kind=keras_cnn`."
        )
    verify_model_file(params)
    session = _session(params)
    one_by_one = _check_input(session, params)
    input_name, output_name = session.get_inputs()[0].name, _output_name(session, params)

    def run(block: np.ndarray) -> np.ndarray:
        parts = [block[i : i + 1] for i in range(len(block))] if one_by_one else [block]
        rows: list[Any] = [session.run([output_name], {input_name: part})[0] for part in parts]
        return np.concatenate(rows)

    return file_embedder(run, params, channels_first=params.layout == "channels_first")


def _session(params: ModelFileParameters) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.log_severity_level = _ERRORS_ONLY
    try:
        # From the bytes: weights in a second file, whose SHA-256 nobody gave, are then refused.
        return onnxruntime.InferenceSession(
            params.path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # some ten kinds, of which Python knows RuntimeError
        raise InvalidInputError(
            f"{params.path}: onnxruntime {onnxruntime.__version__} cannot load this model: "
            f"{str(error).splitlines()[0]}. Give an ONNX model in one file."
        ) from error


def _check_input(session: "onnxruntime.InferenceSession", params: ModelFileParameters) -> bool:
    """Refuse a model that takes something else; True if it takes one image at a time."""
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != _FLOAT:
        found = ", ".join(f"{given.name} {given.type} {given.shape}" for given in inputs)
        raise InvalidInputError(
            f"{params.path} takes {found or 'nothing'}; expected one input of 32-bit floats. "
            "Export the model with its images as its only, float input."
        )
    side, channels = params.side_px, 3 if params.colour else 1
    first = params.layout == "channels_first"
    expected = (channels, side, side) if first else (side, side, channels)
    shape = inputs[0].shape
    # A size that is not fixed is a name or None.
    fits = len(shape) == 4 and all(
        not isinstance(size, int) or size == wanted
        for size, wanted in zip(shape[1:], expected, strict=True)
    )
    if not fits or (isinstance(shape[0], int) and shape[0] != 1):
        raise InvalidInputError(
            f"{params.path} takes an input of shape {shape}; by embedder.file it should be "
            f"['n' or 1, {', '.join(map(str, expected))}]: correct its side_px, colour and layout."
        )
    return isinstance(shape[0], int)


def _output_name(session: "onnxruntime.InferenceSession", params: ModelFileParameters) -> str:
    names = [output.name for output in session.get_outputs()]
    if params.layer is None and len(names) == 1:
        return str(names[0])
    if params.layer is None or params.layer not in names:
        raise InvalidInputError(
            f"{params.path} has the outputs {', '.join(names)}, and embedder.file.layer is "
            f"{params.layer!r}: give one of these names."
        )
    return params.layer
