"""What frozen early layers make of images that do not change: computed once, not in every step."""

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fer_fairness.errors import TrainingError
from fer_fairness.files import replacing
from fer_fairness.modeling.fingerprints import add_arrays, room_source
from fer_fairness.modeling.image_draws import draw_changes
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.modeling.objective import Objective
from fer_fairness.modeling.prediction import inference_batches
from fer_fairness.modeling.procedure import Procedure
from fer_fairness.modeling.training_set import Images, TrainingSet
from fer_fairness.params.training import TrainingParameters
from fer_fairness.progress import track

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

_BATCH_SIZE: Final = 256
_MAP_RANK: Final = 4
_MOST_BYTES: Final = 4 * 2**30
"""More is kept neither in memory nor in a folder: some 350,000 faces of the default network."""


class FrontMaps:
    """The outputs of a frozen front for some images, computed when they are first read.

    Attributes:
        shape: `(n, height, width, channels)`.
        ndim: 4.
        dtype: float16; what batch normalisation has scaled keeps its digits in it.
    """

    ndim = 4
    dtype = np.dtype(np.float16)

    def __init__(
        self,
        front: "keras.Model",
        images: Images,
        rows: np.ndarray,
        *,
        folder: Path | None,
        description: str,
    ) -> None:
        """Outputs of `front` for the `rows` of `images`, in this order, kept in `folder`."""
        self._front = front
        self._images = images
        self._rows = rows
        self._folder = folder
        self._description = description
        height, width, channels = front.output_shape[1:]
        self.shape: tuple[int, int, int, int] = (len(rows), height, width, channels)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:  # noqa: ANN401  whatever NumPy takes
        """The maps of some of the images.

        Raises:
            TrainingError: Some of them are too large for float16.
        """
        chosen: np.ndarray = self._maps[rows]
        return chosen

    @cached_property
    def _maps(self) -> np.ndarray:
        if self._folder is None:
            return self._computed()
        path = self._folder / f"frozen_front_{self._fingerprint()}.npy"
        kept = _read(path, self.shape, self.dtype)
        if kept is None:
            kept = self._computed()
            _make_room(self._folder, kept.nbytes)
            with replacing(path) as unfinished:
                np.save(unfinished, kept)
        os.utime(path)  # what was used last gives way last
        return kept

    def _fingerprint(self) -> str:
        """Of all that decides the maps.

        What the layers do with their weights is told by what they make of the first images: their
        descriptions would differ by names and seeds, which decide nothing here.
        """
        digest = hashlib.sha256(room_source())
        add_arrays(digest, [*self._front.get_weights(), next(self._batches(self._rows))])
        starts = range(0, len(self._rows), _BATCH_SIZE)
        add_arrays(digest, (self._images[self._rows[at : at + _BATCH_SIZE]] for at in starts))
        return digest.hexdigest()[:12]

    def _computed(self) -> np.ndarray:
        maps = np.empty(self.shape, self.dtype)
        n_batches = -(-len(self._rows) // _BATCH_SIZE)
        batches = self._batches(self._rows)
        for number, batch in enumerate(
            track(batches, description=self._description, total=n_batches)
        ):
            with np.errstate(over="ignore"):  # told below
                maps[number * _BATCH_SIZE : (number + 1) * _BATCH_SIZE] = batch
        if not np.isfinite(maps).all():
            raise TrainingError(
                f"What the frozen layers of model {self._front.name!r} make of some faces is no "
                f"number below {np.finfo(self.dtype).max:g}, the largest of float16: set "
                "training.keep_activations to false, and look at the model's weights."
            )
        return maps

    def _batches(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        return inference_batches(self._front, self._images, rows, batch_size=_BATCH_SIZE)


def _read(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray | None:
    """The array at `path`; None where there is none that is whole."""
    try:
        found: np.ndarray = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == shape and found.dtype == dtype else None


def _make_room(folder: Path, n_bytes: int) -> None:
    """Delete the maps that were longest not used, until so many bytes more may be kept."""
    files = sorted(folder.glob("frozen_front_*.npy"), key=lambda path: path.stat().st_mtime)
    n_bytes += sum(path.stat().st_size for path in files)
    for path in files:
        if n_bytes <= _MOST_BYTES:
            return
        n_bytes -= path.stat().st_size
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class SplitTraining:
    """A model that is trained behind its frozen front, on the maps that this makes.

    Attributes:
        rest: The trainable part, layers of its own with the model's weights.
        training: The faces to learn from, with maps in place of images.
        validation: Likewise.
    """

    rest: "keras.Model"
    training: TrainingSet
    validation: TrainingSet

    def hand_back(self, model: "keras.Model") -> None:
        """Give `model` the weights of the trained part."""
        # By layer: Keras lists the weights of both models in another order.
        for layer in self.rest.layers:
            if layer.weights:
                model.get_layer(layer.name).set_weights(layer.get_weights())


def split_training(
    model: "keras.Model",
    sets: tuple[TrainingSet, TrainingSet],
    params: TrainingParameters,
    procedure: Procedure,
    objective: Objective,
    *,
    folder: Path | None,
    description: str,
) -> SplitTraining | None:
    """Split a training where its first layers are frozen and its images do not change.

    What is trained is what a training of the whole model would train, up to rounding, where the
    front has no dropout (`freeze_layers` turns it off).

    Args:
        model: With its frozen layers.
        sets: The faces to learn from, and to validate on.
        params: Of the training.
        procedure: Whether images are mixed.
        objective: Whether it looks at images.
        folder: Where maps are kept for all trainings of the same layers and faces, 4 GiB at most;
            those that were longest not used give way. None keeps them in memory alone.
        description: What log and progress bar say.

    Returns:
        None where the model is to be trained as it is: nothing is frozen before all that trains,
        images are changed or mixed, or looked at by the objective, teachers are asked in each step,
        the parameters say so, or the maps would take more than 4 GiB.
    """
    needs_images = objective.uses_images or _images_change(sets[0], params, procedure)
    if needs_images or not params.keep_activations:
        return None
    tensor = _last_frozen_map(model)
    if tensor is None:
        return None
    front, rest = _parts(model, tensor)
    told = f"{description}: frozen layers"
    mapped = [_with_maps(front, part, folder, told) for part in sets]
    n_bytes = sum(int(np.prod(part.images.shape)) * FrontMaps.dtype.itemsize for part in mapped)
    if n_bytes > _MOST_BYTES:
        logger.info(
            "%s: what frozen layers make of %d faces would take %.1f GiB and is not kept: they are "
            "computed in each step.",
            description,
            len(sets[0]),
            n_bytes / 2**30,
        )
        return None
    logger.info(
        "%s: what the frozen layers make of each face is computed once (%.0f MiB); only %d layers "
        "behind them are computed in each step.",
        description,
        n_bytes / 2**20,
        sum(bool(layer.weights) for layer in rest.layers),
    )
    return SplitTraining(rest, *mapped)


def _images_change(training: TrainingSet, params: TrainingParameters, procedure: Procedure) -> bool:
    nobody = np.empty(0, np.float32)
    shape = training.images.shape[1:3]
    drawn = draw_changes(np.random.default_rng(0), shape, nobody, params.online_augmentation)
    is_asked = params.distillation.weight > 0 and params.distillation.same_views
    return bool(drawn) or procedure.mixes(params) or is_asked


def _last_frozen_map(model: "keras.Model") -> Any:  # noqa: ANN401  a KerasTensor
    """The map nearest to the output that all that trains is behind, and some weights before."""
    best, n_behind = None, len(model.layers)
    for layer in model.layers:
        tensor = getattr(layer, "output", None)
        if len(getattr(tensor, "shape", ())) != _MAP_RANK:
            continue
        behind = _behind(tensor, model)
        if behind is None or len(behind) >= n_behind:
            continue
        front = [each for each in model.layers if id(each) not in behind]
        if all(map(_stays, front)) and any(each.weights for each in front):
            best, n_behind = tensor, len(behind)
    return best


def _stays(layer: "keras.Layer") -> bool:
    """Whether a layer, or each of a nested model, gives the same of an image at every step.

    A trainable batch normalisation without scale and centre has nothing that gradients move, but
    statistics that move; noise has no weights at all.
    """
    leaves = leaf_layers(layer) if hasattr(layer, "layers") else [layer]
    return not any(
        (each.trainable and each.weights)
        or (hasattr(each, "seed_generator") and getattr(each, "rate", 1.0) > 0)
        for each in leaves
    )


def _behind(tensor: Any, model: "keras.Model") -> set[int] | None:  # noqa: ANN401
    """The layers between a tensor and the output; None where a way leads around the tensor."""
    found: set[int] = set()
    waiting = list(model.outputs)
    while waiting:
        reached = waiting.pop()
        if reached is tensor:
            continue
        operation, node, _ = reached._keras_history  # noqa: SLF001  no public way
        inputs = operation._inbound_nodes[node].input_tensors  # noqa: SLF001
        if not inputs:
            return None
        if id(operation) not in found:
            found.add(id(operation))
            waiting.extend(inputs)
    return found


def _parts(model: "keras.Model", tensor: Any) -> "tuple[keras.Model, keras.Model]":  # noqa: ANN401
    """The front with the model's layers, and a copy of the rest.

    A copy, since Keras would let layers that stand in two models have two outputs.
    """
    import keras

    place = next(number for number, layer in enumerate(model.layers) if _gives(layer, tensor))
    whole = keras.models.clone_model(model)
    whole.set_weights(model.get_weights())
    behind = keras.Model(whole.layers[place].output, whole.output, name=model.name)
    rest = keras.models.clone_model(behind)
    rest.set_weights(behind.get_weights())
    return keras.Model(model.input, tensor), rest


def _gives(layer: "keras.Layer", tensor: Any) -> bool:  # noqa: ANN401
    return getattr(layer, "output", None) is tensor


def _with_maps(
    front: "keras.Model", part: TrainingSet, folder: Path | None, description: str
) -> TrainingSet:
    rows, places = np.unique(part.image_index, return_inverse=True)
    maps = FrontMaps(front, part.images, rows, folder=folder, description=description)
    return replace(part, images=maps, image_index=places.astype(np.int64))
