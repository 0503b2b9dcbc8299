"""Networks of ONNX and TFLite files, in the form of a Keras model that gives one row an image."""

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.picture_files import Colours
from fer_fairness.machine import usable_cores
from fer_fairness.modeling.keras_file import first_line

ONNX_SUFFIX: Final = ".onnx"
TFLITE_MAGIC: Final = b"TFL3"
"""At byte 4 of every TFLite file."""

Layout = Literal["NCHW", "NHWC"]

_PLACES: Final[dict[Layout, int]] = {"NHWC": 3, "NCHW": 1}
_CHANNELS: Final = (1, 3)
_TRIED_SIDE_PX: Final = 64
_ERRORS_ONLY: Final = 3
_NUMBERS: Final = {
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}


@dataclass(frozen=True)
class InputForm:
    """What is known of the images that a network takes beyond its file; None: what the file says.

    Attributes:
        layout: "NCHW", the channels first, or "NHWC".
        n_channels: 1 or 3.
        side_px: Side of the square images, of a Keras file too.
        colours: Whether red or blue comes first of three channels, of a Keras file too.
    """

    layout: Layout | None = None
    n_channels: int | None = None
    side_px: int | None = None
    colours: Colours = "RGB"

    def sized(
        self, shape: tuple[int | None, int | None, int], path: Path
    ) -> tuple[int | None, int | None, int]:
        """Height, width and channels with the side that is known in the place of any size.

        Raises:
            InvalidInputError: The file says another side.
        """
        sides = [side for side in shape[:2] if side is not None]
        if self.side_px is not None and sides != [self.side_px] * len(sides):
            raise InvalidInputError(
                f"{path} takes images of {shape[0] or 'any'} x {shape[1] or 'any'} px, and "
                f"audit.input_side_px is {self.side_px}: leave it out where the file says the size."
            )
        return (shape[0] or self.side_px, shape[1] or self.side_px, shape[2])

    def told(self) -> str:
        """What is asked for, as the end of a clause; empty where nothing is."""
        asked = [self.layout, f"{self.n_channels} channels" if self.n_channels else None]
        named = [one for one in asked if one]
        return f" (asked for: {', '.join(named)})" if named else ""


class _Taken(NamedTuple):
    shape: tuple[int | None, int | None, int]
    layout: Layout


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


def onnx_network(path: Path, output: str | None, form: InputForm) -> Network:
    """Open an ONNX model with ONNX Runtime; weights in a second file are refused.

    Args:
        path: The file.
        output: Which output has the emotions, where there are several.
        form: What is known of its images.

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
    options.intra_op_num_threads = usable_cores()
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
    if len(inputs) != 1 or inputs[0].type not in _NUMBERS:
        found = ", ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
        raise InvalidInputError(
            f"{path} takes {found or 'nothing'}, expected one input of floats or 8-bit numbers. "
            "Export the model with its images as its only input."
        )
    numbers = np.dtype(_NUMBERS[inputs[0].type])
    wanted = _output(path, outputs, output)
    name = inputs[0].name

    def run(batch: np.ndarray) -> np.ndarray:
        return np.asarray(session.run([wanted], {name: _as(numbers, batch)})[0])

    declared = list(inputs[0].shape)
    return _network("ONNX", run, declared, _taken(path, declared, form, run))


def tflite_network(path: Path, output: str | None, form: InputForm) -> Network:
    """Open a TFLite model with the interpreter of LiteRT or of TensorFlow; as `onnx_network`.

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
    if len(inputs) != 1 or inputs[0]["dtype"] not in (np.float32, np.int8, np.uint8):
        raise InvalidInputError(
            f"{path} takes {len(inputs)} inputs ({inputs[0]['dtype'].__name__}), expected one of "
            "32-bit floats or 8-bit numbers. Convert it so."
        )
    names = [str(one["name"]) for one in outputs]
    wanted = names.index(_output(path, names, output))
    signature = [None if size < 0 else int(size) for size in inputs[0]["shape_signature"]]
    place, result = inputs[0]["index"], outputs[wanted]["index"]

    def run(batch: np.ndarray) -> np.ndarray:
        if None in signature and interpreter.get_input_details()[0]["shape"].tolist() != [
            *batch.shape
        ]:
            interpreter.resize_tensor_input(place, batch.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(place, _quantised(inputs[0], batch))
        interpreter.invoke()
        return _dequantised(outputs[wanted], np.array(interpreter.get_tensor(result)))

    return _network("TFLite", run, [1], _taken(path, signature, form, run))


def _as(numbers: np.dtype[Any], values: np.ndarray) -> np.ndarray:
    """Values in another type; for whole numbers the nearest that it has."""
    if numbers.kind == "f":
        return values.astype(numbers)
    limits = np.iinfo(numbers)
    return np.asarray(np.clip(np.rint(values), limits.min, limits.max), dtype=numbers)


def _quantised(taken: Mapping[str, Any], batch: np.ndarray) -> np.ndarray:
    """Images as an input of TFLite takes them: whole numbers of steps, where it is quantised."""
    step, zero = taken["quantization"]
    return _as(np.dtype(taken["dtype"]), batch / step + zero if step else batch)


def _dequantised(given: Mapping[str, Any], values: np.ndarray) -> np.ndarray:
    """What an output of TFLite stands for."""
    step, zero = given["quantization"]
    return np.asarray((values.astype(np.float32) - zero) * step) if step else values


def _network(
    kind: str,
    run: Callable[[np.ndarray], np.ndarray],
    declared: list[Any],
    taken: _Taken,
) -> Network:
    channels_first = taken.layout == "NCHW"
    together = declared[0] if isinstance(declared[0], int) and declared[0] > 0 else None

    def whole(batch: np.ndarray) -> np.ndarray:
        given = np.ascontiguousarray(
            batch.transpose(0, 3, 1, 2) if channels_first else batch, dtype=np.float32
        )
        if together is None:
            return run(given)
        # A file that fixes how many images it takes gets as many: the last ones are repeated.
        rows = np.arange(-(-len(given) // together) * together).clip(max=len(given) - 1)
        batches = np.split(rows, len(rows) // together)
        return np.concatenate([run(given[batch]) for batch in batches])[: len(given)]

    return Network(kind, whole, taken.shape, channels_first)


def _taken(
    path: Path, declared: list[Any], form: InputForm, run: Callable[[np.ndarray], np.ndarray]
) -> _Taken:
    """What images the network takes, by what it declares or, where that is open, by trying.

    Raises:
        InvalidInputError: It takes no images, none of the form that is asked for, or several forms.
    """
    sizes = [size if isinstance(size, int) and size > 0 else None for size in declared]
    possible = _possible(sizes, form) if len(sizes) == 4 else []
    possible = [one._replace(shape=form.sized(one.shape, path)) for one in possible]
    if len(possible) > 1 and None in (sizes[1], sizes[3]):
        possible = [one for one in possible if _runs(one, run, sizes[0] or 1)]
    if len(possible) == 1:
        return possible[0]
    if possible:
        told = " or ".join(f"{one.layout} with {one.shape[2]} channels" for one in possible)
        raise InvalidInputError(
            f"{path} takes an input of shape {declared}, and nothing tells whether that is {told}. "
            "Give audit.input_layout, and audit.input_channels where that leaves two."
        )
    raise InvalidInputError(
        f"{path} takes an input of shape {declared}, expected images with 1 or 3 channels, first "
        f"or last{form.told()}. Correct what was asked for, or export the model with its number of "
        "channels fixed."
    )


def _possible(sizes: list[int | None], form: InputForm) -> list[_Taken]:
    """Layouts and numbers of channels that a declared shape leaves; a declared number decides."""
    found = []
    for layout, place in _PLACES.items():
        sides = (sizes[2], sizes[3]) if layout == "NCHW" else (sizes[1], sizes[2])
        declared = sizes[place]
        for n_channels in _CHANNELS if declared is None else (declared,):
            is_wanted = form.layout in (None, layout) and form.n_channels in (None, n_channels)
            if n_channels in _CHANNELS and is_wanted:
                found.append((_Taken((*sides, n_channels), layout), declared is not None))
    certain = [taken for taken, is_declared in found if is_declared]
    return certain or [taken for taken, _ in found]


def _runs(taken: _Taken, run: Callable[[np.ndarray], np.ndarray], n_images: int) -> bool:
    height, width, n_channels = (side or _TRIED_SIDE_PX for side in taken.shape)
    images = np.zeros((n_images, height, width, n_channels), dtype=np.float32)
    try:
        run(images.transpose(0, 3, 1, 2) if taken.layout == "NCHW" else images)
    except Exception:  # noqa: BLE001 - some ten kinds of each runtime
        return False
    return True


def _output(path: Path, names: list[str], wanted: str | None) -> str:
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    raise InvalidInputError(
        f"{path}: the model has {len(names)} outputs ({', '.join(names)}), and the one with the "
        f"emotions is {f'named {wanted!r}' if wanted else 'not named'}: give audit.output."
    )
