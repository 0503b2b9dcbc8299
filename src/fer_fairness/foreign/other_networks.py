"""Networks of ONNX and TFLite files, in the form of a Keras model that gives one row an image."""

import importlib
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file import first_line

ONNX_SUFFIX: Final = ".onnx"
TFLITE_MAGIC: Final = b"TFL3"
"""At byte 4 of every TFLite file."""

_CHANNELS: Final = (1, 3)
_ERRORS_ONLY: Final = 3


@dataclass(frozen=True)
class Network:
    """A network of a file that is no Keras model.

    Attributes:
        kind: "ONNX" or "TFLite".
        run: Float32 of shape `(batch, height, width, channels)` to one row of outputs an image.
        input_shape: Height, width and channels; None is any size.
        channels_first: Whether the file itself takes the channels first; `run` turns them.
    """

    kind: str
    run: Callable[[np.ndarray], np.ndarray]
    input_shape: tuple[int | None, int | None, int]
    channels_first: bool

    def predict_on_batch(self, batch: np.ndarray) -> np.ndarray:
        """As Keras calls it: channels last, one row of outputs an image."""
        return self.run(batch)

    def with_outputs(self, kept: Sequence[int]) -> Self:
        """The same network, of whose outputs only these are given, in this order."""
        return replace(self, run=lambda batch: self.run(batch)[:, list(kept)])


def is_tflite(begins_with: bytes) -> bool:
    """Whether a file that begins so is one of TFLite."""
    return begins_with[4:8] == TFLITE_MAGIC


def onnx_network(path: Path, output: str | None) -> Network:
    """Open an ONNX model with ONNX Runtime; weights in a second file are refused.

    Args:
        path: The file.
        output: Which output has the emotions, where there are several.

    Raises:
        InvalidInputError: ONNX Runtime is not installed, or it is no model from a batch of images.
    """
    if find_spec("onnxruntime") is None:
        raise InvalidInputError(
            f"{path} is an ONNX model, for which the package onnxruntime is needed: pip install "
            "'fer-fairness[onnx]'."
        )
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if _knows_cores() else 1
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # some ten kinds, of which Python knows RuntimeError
        raise InvalidInputError(
            f"{path}: onnxruntime {onnxruntime.__version__} cannot load this model "
            f"({first_line(error)}). Give an ONNX model in one file."
        ) from error
    inputs, outputs = session.get_inputs(), [one.name for one in session.get_outputs()]
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise InvalidInputError(
            f"{path} takes {found or 'nothing'}, expected one input of 32-bit floats. Export the "
            "model with its images as its only, float input."
        )
    wanted = _output(path, outputs, output)
    shape, channels_first = _shape(path, list(inputs[0].shape))
    name = inputs[0].name

    def run(batch: np.ndarray) -> np.ndarray:
        return np.asarray(session.run([wanted], {name: batch})[0])

    return _network("ONNX", run, inputs[0].shape, shape, channels_first=channels_first)


def tflite_network(path: Path) -> Network:
    """Open a TFLite model with the interpreter of LiteRT or of TensorFlow.

    Raises:
        InvalidInputError: It is no model from a batch of images, or the interpreter refuses it.
    """
    has_own = find_spec("ai_edge_litert") is not None
    # By name: whoever opens no TFLite file needs neither.
    library = importlib.import_module(
        "ai_edge_litert.interpreter" if has_own else "tensorflow.lite.python.interpreter"
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorFlow says that its interpreter moves to LiteRT
            interpreter = library.Interpreter(model_content=path.read_bytes())
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise InvalidInputError(
            f"{path}: this TFLite model cannot be loaded ({first_line(error)}). Convert it again."
        ) from error
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1 or len(outputs) != 1 or inputs[0]["dtype"] != np.float32:
        raise InvalidInputError(
            f"{path} takes {len(inputs)} inputs ({inputs[0]['dtype'].__name__}) and gives "
            f"{len(outputs)} outputs, expected one of 32-bit floats and one. Convert it with float "
            "inputs; its weights may be quantised."
        )
    signature = [None if size < 0 else int(size) for size in inputs[0]["shape_signature"]]
    shape, channels_first = _shape(path, signature)
    place, result = inputs[0]["index"], outputs[0]["index"]

    def run(batch: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(place, batch)
        interpreter.invoke()
        return np.array(interpreter.get_tensor(result))

    return _network("TFLite", run, [1], shape, channels_first=channels_first)


def _network(
    kind: str,
    run: Callable[[np.ndarray], np.ndarray],
    declared: list[Any],
    shape: tuple[int | None, int | None, int],
    *,
    channels_first: bool,
) -> Network:
    one_by_one = declared[0] == 1

    def whole(batch: np.ndarray) -> np.ndarray:
        given = np.ascontiguousarray(
            batch.transpose(0, 3, 1, 2) if channels_first else batch, dtype=np.float32
        )
        if not one_by_one:
            return run(given)
        return np.concatenate([run(given[i : i + 1]) for i in range(len(given))])

    return Network(kind, whole, shape, channels_first)


def _shape(path: Path, declared: list[Any]) -> tuple[tuple[int | None, int | None, int], bool]:
    """Height, width and channels, and whether the channels come first."""
    sizes = [size if isinstance(size, int) and size > 0 else None for size in declared]
    if len(sizes) == 4 and sizes[3] in _CHANNELS and sizes[1] not in _CHANNELS:
        return (sizes[1], sizes[2], int(sizes[3] or 0)), False
    if len(sizes) == 4 and sizes[1] in _CHANNELS and sizes[3] not in _CHANNELS:
        return (sizes[2], sizes[3], int(sizes[1] or 0)), True
    raise InvalidInputError(
        f"{path} takes an input of shape {declared}, expected images with 1 or 3 channels, first "
        "or last. Export the model with its number of channels fixed."
    )


def _output(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    raise InvalidInputError(
        f"{path}: the model has {len(names)} outputs ({', '.join(names)}), and the one with the "
        f"emotions is {f'named {wanted!r}' if wanted else 'not named'}: give audit.output."
    )


def _knows_cores() -> bool:
    return hasattr(os, "sched_getaffinity")
