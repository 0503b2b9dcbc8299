"""Load a model that was not trained here, so that it can be scored like one that was."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.class_names import resolve_class_names
from fer_fairness.foreign.keras_files import keras_model
from fer_fairness.foreign.other_networks import (
    ONNX_SUFFIX,
    InputForm,
    Network,
    is_tflite,
    onnx_network,
    tflite_network,
)
from fer_fairness.modeling.inspection import last_activation
from fer_fairness.modeling.keras_file import reading
from fer_fairness.taxonomy import NO_CLASS

if TYPE_CHECKING:
    import keras

OutputKind = Literal["logits", "probabilities"]

_OTHER_FORM = "Give a model from one image to one row of outputs, made of Keras's own layers."
_PROBE_SIDE_PX = 64
_CHANNELS = (1, 3)
_SUM_TOLERANCE = 0.02
"""Of probabilities in 8 bits: eight of them, each rounded by half a step of 1/256."""


@dataclass(frozen=True)
class ForeignModel:
    """A model from a file, with what is known about it.

    Attributes:
        model: A Keras model or a `Network`: its `predict_on_batch` takes one batch of images,
            channels last, and gives one row of outputs an image.
        outputs: Whether those rows are logits, or probabilities already.
        n_classes: Number of outputs.
        input_shape: Height, width and channels that the model takes; None is any size.
        notes: What was done to load it, in sentences for a report.
    """

    model: Any
    outputs: OutputKind
    n_classes: int
    input_shape: tuple[int | None, int | None, int]
    notes: tuple[str, ...]


def load_foreign_model(
    path: Path,
    *,
    output: str | None = None,
    class_names: Sequence[str] | None = None,
    form: InputForm | None = None,
) -> ForeignModel:
    """Load a model: ONNX, TFLite, or saved by Keras 2 or 3. No code in the file is run.

    Of Keras, takes `.keras` files, whole-model `.h5` files, and the weights alone (`.weights.h5`,
    or `.h5` of Keras 2) of the separable CNN of the published FER+ baseline. What Keras 2 wrote is
    rebuilt without the arguments that Keras 3 does not have, and the weights are loaded layer by
    layer with every shape checked.

    Args:
        path: The file.
        output: Name of the output layer with the emotions, where the model has several outputs.
        class_names: What its numbers are, see `resolve_class_names`: those that are no class are
            left out. None: all are classes.
        form: What is known of the images of a file that does not say it; of Keras only their side.

    Returns:
        The model in the form that the functions of `foreign_scoring` take.

    Raises:
        InvalidInputError: If there is no such file, it is damaged or not of a known format, names
            anything but Keras's layers that compute, refers to other files, declares more than its
            size allows (see `modeling.keras_file`), its weights do not all fit or are not finite,
            the model is not one from one image to one row of outputs, or names are not as many.

    Example:
        >>> foreign = load_foreign_model(Path("ferplus_model_pd_best.h5"))  # doctest: +SKIP
        >>> foreign.outputs, foreign.n_classes, foreign.input_shape  # doctest: +SKIP
        ('logits', 8, (48, 48, 1))
    """
    if not path.is_file():
        raise InvalidInputError(
            f"No model file at {path}: expected a .keras, .h5, .onnx or .tflite file. A TensorFlow "
            "SavedModel (a folder) has to be saved as .keras first."
        )
    # Not is_zipfile, which finds an archive at the end of whatever file.
    with path.open("rb") as opened:
        begins_with = opened.read(16)
    if path.suffix.lower() == ONNX_SUFFIX:
        return _of_network(onnx_network(path, output, form or InputForm()), path, class_names)
    if is_tflite(begins_with):
        return _of_network(tflite_network(path, output, form or InputForm()), path, class_names)
    model, notes = keras_model(path, begins_with)
    with reading(path, "the model", remedy=_OTHER_FORM):
        model = _channels_last(_with_one_output(model, path, output))
        return _inspected(model, path, class_names, notes, form or InputForm())


def _of_network(network: Network, path: Path, class_names: Sequence[str] | None) -> ForeignModel:
    """The network with what its outputs are, told by their values on noise."""
    probe = _probe(network.input_shape)
    with reading(path, "the model", remedy=_OTHER_FORM):
        values = np.asarray(network.run(probe), dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != len(probe) or values.shape[1] < 2:
        raise InvalidInputError(
            f"{path}: the model gives outputs of shape {values.shape} for {len(probe)} images, "
            f"expected ({len(probe)}, classes)."
        )
    layout = "first" if network.channels_first else "last"
    opened = f"{network.kind} file, which takes channels {layout}."
    kept = _classes(class_names, values.shape[1])
    kind, reason = _kind_by_values(values)
    if kind == "logits":
        kind, reason = _kind_by_values(values[:, kept])
    if len(kept) < values.shape[1]:
        network = network.with_outputs(kept)
        opened = f"{opened} {_left_out(values.shape[1] - len(kept))}"
    return ForeignModel(network, kind, len(kept), network.input_shape, (opened, reason))


def _probe(shape: tuple[int | None, int | None, int]) -> np.ndarray:
    """Eight images of noise."""
    sides = [side or _PROBE_SIDE_PX for side in shape]
    return np.random.default_rng(0).random((8, *sides), dtype=np.float32)


def _classes(class_names: Sequence[str] | None, n_outputs: int) -> list[int]:
    """Which outputs are classes, by their names."""
    if class_names is None:
        return list(range(n_outputs))
    names = resolve_class_names(class_names, n_outputs)
    return [place for place, name in enumerate(names) if name != NO_CLASS]


def _left_out(n_outputs: int) -> str:
    return f"{n_outputs} of its outputs are no class, as configured, and were left out."


def _inspected(
    model: "keras.Model",
    path: Path,
    class_names: Sequence[str] | None,
    notes: tuple[str, ...],
    form: InputForm,
) -> ForeignModel:
    shape = tuple(model.input_shape[1:])
    if len(shape) != 3 or shape[-1] not in _CHANNELS:
        raise InvalidInputError(
            f"{path}: the model takes inputs of shape {shape}, expected (height, width, channels) "
            "or (channels, height, width) with 1 or 3 channels."
        )
    shape = form.sized(shape, path)
    if len(model.output_shape) != 2 or not model.output_shape[1] or model.output_shape[1] < 2:
        raise InvalidInputError(
            f"{path}: the model gives outputs of shape {model.output_shape[1:]}, expected one "
            "number for each of at least two classes."
        )
    n_outputs = int(model.output_shape[1])
    kept = _classes(class_names, n_outputs)
    probe = _probe(shape)
    # Shares stay shares where some are left out, though they then sum to less than 1.
    kind, reason = _output_kind(model, probe)
    if len(kept) < n_outputs:
        import keras

        classes = keras.ops.take(model.outputs[0], kept, axis=1)
        model = keras.Model(model.inputs[0], classes, name=model.name)
        notes = (*notes, _left_out(n_outputs - len(kept)))
    if kind == "logits":
        kind, reason = _output_kind(model, probe)
    return ForeignModel(model, kind, len(kept), shape, (*notes, reason))


def _with_one_output(model: "keras.Model", path: Path, output: str | None) -> "keras.Model":
    import keras

    inputs, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    if len(inputs) != 1:
        found = ", ".join(f"{tensor.name} {tuple(tensor.shape[1:])}" for tensor in inputs)
        raise InvalidInputError(
            f"{path}: the model takes {len(inputs)} inputs ({found or 'none of fixed shape'}), "
            "expected one batch of images."
        )
    names = list(getattr(model, "output_names", ())) or [model.layers[-1].name]
    if output is None and len(outputs) == 1:
        output = names[0]
    if output not in names:
        raise InvalidInputError(
            f"{path}: the model has {len(names)} outputs ({', '.join(names)}), and the one with "
            f"the emotions is {f'named {output!r}' if output else 'not named'}: give `output`, one "
            "of these names."
        )
    # Keras 2 wrote a list of one input, which Keras 3 warns about at every call.
    return keras.Model(inputs[0], outputs[names.index(output)], name=model.name)


def _channels_last(model: "keras.Model") -> "keras.Model":
    """The model, before one that takes the channels first a layer that turns them."""
    import keras

    shape = tuple(model.input_shape[1:])
    if len(shape) != 3 or shape[-1] in _CHANNELS or shape[0] not in _CHANNELS:
        return model
    images = keras.Input((*shape[1:], shape[0]))
    return keras.Model(images, model(keras.layers.Permute((3, 1, 2))(images)), name=model.name)


def _output_kind(model: "keras.Model", probe: np.ndarray) -> tuple[OutputKind, str]:
    """What the outputs are, by the last layer or, if that does not tell, by their values."""
    activation = last_activation(model)
    if activation == "softmax":
        return "probabilities", "The last layer is a softmax: outputs are probabilities."
    if activation == "sigmoid":
        return "probabilities", (
            "The last layer is a sigmoid: each row of outputs is divided by its sum."
        )
    return _kind_by_values(np.asarray(model(probe, training=False), dtype=np.float64))


def _kind_by_values(values: np.ndarray) -> tuple[OutputKind, str]:
    if (values >= 0).all() and (np.abs(values.sum(axis=1) - 1) <= _SUM_TOLERANCE).all():
        return "probabilities", "Outputs sum to 1: they are taken as probabilities."
    return "logits", "Outputs do not sum to 1: they are taken as logits, and a softmax is applied."
