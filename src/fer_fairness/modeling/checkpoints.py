"""The state of a training run in one file, so that a killed run goes on where it was."""

import hashlib
import json
import logging
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.files import replacing
from fer_fairness.modeling.fingerprints import add_arrays, room_source
from fer_fairness.modeling.objective import Objective
from fer_fairness.modeling.precision import precision_here
from fer_fairness.modeling.procedure import Procedure
from fer_fairness.modeling.training_set import TrainingSet
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

EpochRow = dict[str, float]
"""One row of a training history: its columns and their values."""

_GROUPS = ("variables", "optimizer", "best", "average")
_FINGERPRINT_DIGITS = 12


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on after an epoch as if it had not stopped.

    Learning rate and early stopping are not among it: they follow from the history.

    Attributes:
        history: One row for each finished epoch.
        variables: Values of all variables of the training graph: weights, batch statistics, the
            states of the random generators of dropout, and what the objective keeps.
        optimizer: Values of all variables of the optimiser.
        best: Weights of the best epoch.
        average: Averaged weights; empty where none are averaged.
    """

    history: list[EpochRow]
    variables: list[np.ndarray]
    optimizer: list[np.ndarray]
    best: list[np.ndarray]
    average: list[np.ndarray]


class CheckpointFile:
    """One run's checkpoint in a folder, replaced as a whole after each epoch.

    The file carries the beginning of the run's fingerprint in its name, so that a run with another
    architecture, data, parameters or seed neither reads nor overwrites it. It stays when the run
    has ended: whoever called may still fail to save the model, on a full disk, and then gives the
    same run again without training again. It may be deleted at any time.

    Arrays and JSON in a NumPy archive, without pickle. Not a `.keras` file, because that restores
    a model anew, while a run goes on with the model it was handed.
    """

    def __init__(self, folder: Path, *, fingerprint: str) -> None:
        self._path = folder / f"checkpoint_{fingerprint[:_FINGERPRINT_DIGITS]}.npz"
        self._fingerprint = fingerprint

    def load(self) -> Checkpoint | None:
        """The saved state; None where there is none of this run, or it is damaged."""
        if not self._path.is_file():
            others = sorted(self._path.parent.glob("checkpoint_*.npz"))
            if others:
                logger.info(
                    "%s has %d checkpoint%s of other runs, such as %s (another architecture, data, "
                    "parameters, seed, starting weights or code): left as they are. This training "
                    "starts afresh.",
                    self._path.parent,
                    len(others),
                    "" if len(others) == 1 else "s",
                    others[-1].name,
                )
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
            logger.warning("%s is of another run: training starts afresh.", self._path)
            return None
        return Checkpoint(history=history, **arrays)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the state beside the earlier one, then put it in its place in one step.

        Where it cannot be written, as on a full disk, the earlier one stays, a warning says so, and
        training can go on: what has been learned is still in memory.
        """
        state = {"fingerprint": self._fingerprint, "history": checkpoint.history}
        arrays = {"state": np.array(json.dumps(state))}
        for group in _GROUPS:
            for number, values in enumerate(getattr(checkpoint, group)):
                arrays[f"{group}_{number}"] = values
        try:
            with replacing(self._path) as path:
                np.savez(path, allow_pickle=False, **arrays)
        except OSError as error:
            logger.warning(
                "The checkpoint %s could not be written (%s). Training goes on; if it is killed, "
                "it starts again from the last checkpoint that could. Make room on that disk.",
                self._path,
                error,
            )


def run_fingerprint(
    models: "Sequence[keras.Model]",
    sets: Sequence[TrainingSet],
    params: TrainingParameters,
    method: tuple[Procedure, Objective],
    *,
    seed: int,
) -> str:
    """A hash of all that decides the outcome of a run: two runs with the same one are the same.

    Covers the architectures with their frozen layers, the starting weights, the images, targets
    and columns of the sets, the parameters, the procedure, the seed, the back end, the precision
    that `auto` is here, the versions of Keras and of the back end, and the source of this room and
    of the method, so that no changed code goes on with, or gives out, what other code has trained.
    Not the machine, and not the states of random generators: Keras draws new ones whenever it loads
    a model whose dropout has no seed, and the run sets its own from `seed`.

    Args:
        models: The model to be trained and, if there are any, its teachers.
        sets: What it is trained and validated on.
        params: How it is trained.
        method: What is done otherwise than in plain training, and what is minimised.
        seed: Seed of the run.
    """
    import keras

    digest = hashlib.sha256()
    description: list[object] = [params.model_dump_json(), seed, method[0].fingerprint()]
    back_end = keras.backend.backend()
    description += [back_end, version("keras"), version(back_end), _source_of(*method)]
    description.append(precision_here(params.precision))
    for model in models:
        architecture = json.loads(model.to_json())
        # Keras numbers the optimisers of a process, and all they depend on is in `params`.
        architecture.pop("compile_config", None)
        description.append(architecture)
    digest.update(json.dumps(description).encode())
    add_arrays(digest, _arrays_of(models, sets))
    return digest.hexdigest()


def _source_of(*methods: object) -> str:
    """SHA-256 over the modules of `modeling`, and those that the classes of `methods` are made of.

    These are the modules that the classes and their bases stand in, and of the same room those that
    functions and classes in these come from.
    """
    digest = hashlib.sha256(room_source())
    kinds = [kind for method in methods for kind in type(method).__mro__ if kind is not object]
    waiting = [kind.__module__ for kind in kinds]
    found: dict[str, str | None] = {}
    while waiting:
        name = waiting.pop()
        if name in found or (module := sys.modules.get(name)) is None:
            continue
        found[name] = getattr(module, "__file__", None)
        of_values = {str(getattr(value, "__module__", "")) for value in vars(module).values()}
        waiting += [other for other in of_values if _room(other) == _room(name)]
    for name in sorted(found):
        if (file := Path(found[name] or "")).is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _room(module: str) -> str:
    """The first two parts of a module's name: `fer_fairness.mitigation`."""
    return ".".join(module.split(".")[:2])


def _arrays_of(
    models: "Sequence[keras.Model]", sets: Sequence[TrainingSet]
) -> Iterator[np.ndarray]:
    for model in models:
        yield from model.get_weights()
    for part in sets:
        yield part.targets
        yield np.array([part.epoch_size])
        for name, values in sorted(part.columns.items()):
            yield np.frombuffer(name.encode(), dtype=np.uint8)
            yield values
        yield from part.image_blocks()


def _numbered(archive: Mapping[str, np.ndarray], group: str) -> list[np.ndarray]:
    count = sum(name.startswith(f"{group}_") for name in archive)
    return [archive[f"{group}_{number}"] for number in range(count)]
