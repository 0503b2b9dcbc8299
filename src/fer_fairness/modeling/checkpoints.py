"""The state of a training run in one file, so that a killed run goes on where it was."""

import hashlib
import json
import logging
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.modeling.batches import TrainingSet
from fer_fairness.params.modeling import TrainingParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

EpochRow = dict[str, float]
"""One row of a training history: its columns and their values."""

_GROUPS = ("model", "optimizer", "best")
_IMAGES_A_BLOCK = 4096


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on after an epoch as if it had not stopped.

    Learning rate and early stopping are not among it: they follow from the history.

    Attributes:
        history: One row for each finished epoch.
        model: Values of all variables of the model: weights, batch statistics and the states of
            the random generators of dropout.
        optimizer: Values of all variables of the optimiser.
        best: Weights of the epoch with the lowest validation loss.
    """

    history: list[EpochRow]
    model: list[np.ndarray]
    optimizer: list[np.ndarray]
    best: list[np.ndarray]


class CheckpointFile:
    """One checkpoint in a folder, replaced as a whole after each epoch.

    Arrays and JSON in a NumPy archive, without pickle. Not a `.keras` file, because that restores
    a model anew, while a run goes on with the model it was handed.
    """

    def __init__(self, folder: Path, *, fingerprint: str) -> None:
        self._path = folder / "checkpoint.npz"
        self._fingerprint = fingerprint

    def load(self) -> Checkpoint | None:
        """The saved state; None where there is none, or it is damaged or of another run."""
        if not self._path.is_file():
            return None
        try:
            # Opened here, because NumPy leaves a file open that is no archive.
            with self._path.open("rb") as stream, np.load(stream) as archive:
                state = json.loads(str(archive["state"]))
                arrays = {name: _numbered(archive, name) for name in _GROUPS}
                found, history = str(state["fingerprint"]), list(state["history"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("%s is damaged (%s): training starts afresh.", self._path, error)
            return None
        if found != self._fingerprint:
            logger.info(
                "%s is of a run with other data, parameters, seed or starting weights: training "
                "starts afresh.",
                self._path,
            )
            return None
        return Checkpoint(history=history, **arrays)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the state beside the earlier one, then put it in its place in one step."""
        state = {"fingerprint": self._fingerprint, "history": checkpoint.history}
        arrays = {"state": np.array(json.dumps(state))}
        for group in _GROUPS:
            for number, values in enumerate(getattr(checkpoint, group)):
                arrays[f"{group}_{number}"] = values
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".unfinished.npz")
        np.savez(unfinished, allow_pickle=False, **arrays)
        unfinished.replace(self._path)

    def remove(self) -> None:
        """Delete the checkpoint of a run that has ended, so that the next one trains anew."""
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".unfinished.npz").unlink(missing_ok=True)


def run_fingerprint(
    model: "keras.Model",
    training: TrainingSet,
    validation: TrainingSet,
    params: TrainingParameters,
    *,
    seed: int,
) -> str:
    """A hash of all that decides the outcome of a run: two runs with the same one are the same.

    Covers the architecture with its frozen layers, the starting weights, the images, targets and
    weights of both sets, the parameters, the seed, and the Keras version and back end.
    """
    import keras

    digest = hashlib.sha256()
    architecture = json.loads(model.to_json())
    # Keras numbers the optimisers of a process, and all they depend on is in `params`.
    architecture.pop("compile_config", None)
    description = [architecture, params.model_dump_json(), seed]
    description += [keras.__version__, keras.backend.backend()]
    digest.update(json.dumps(description).encode())
    for values in _arrays_of(model, training, validation):
        digest.update(f"{values.dtype}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _arrays_of(
    model: "keras.Model", training: TrainingSet, validation: TrainingSet
) -> Iterator[np.ndarray]:
    for variable in model.variables:
        yield variable.numpy()
    for part in (training, validation):
        yield part.targets
        yield np.zeros(0) if part.sample_weight is None else part.sample_weight
        for start in range(0, len(part), _IMAGES_A_BLOCK):
            yield part.images[part.image_index[start : start + _IMAGES_A_BLOCK]]


def _numbered(archive: Mapping[str, np.ndarray], group: str) -> list[np.ndarray]:
    count = sum(name.startswith(f"{group}_") for name in archive)
    return [archive[f"{group}_{number}"] for number in range(count)]
