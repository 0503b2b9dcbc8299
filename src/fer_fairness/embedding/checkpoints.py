"""The state of an embedder's training on disk after every epoch, so that it can be taken up."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.embedding.material import LabelledFaces
from fer_fairness.params.embedding import EmbedderParameters

if TYPE_CHECKING:
    import keras

_STATE_FILE = "state.json"


@dataclass
class TrainingState:
    """How far a training is.

    Attributes:
        settings: Fingerprint of everything that decides the result; another one starts anew.
        epoch: Epochs done.
        best_epoch: The epoch with the lowest held-out loss so far, from 1; 0 before the first.
        best_loss: That loss.
    """

    settings: str
    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")


def fingerprint(
    params: EmbedderParameters, seed: int, images: np.ndarray, *parts: LabelledFaces
) -> str:
    """A short text that differs whenever parameters, seed, or the faces and their labels do."""
    digest = hashlib.sha256(f"{params.model_dump_json()} {seed}".encode())
    for part in parts:
        for array in (part.image_index, *part.codes.values(), *part.weights.values()):
            digest.update(np.ascontiguousarray(array).tobytes())
        for index in part.image_index:
            digest.update(np.ascontiguousarray(images[index]).tobytes())
    return digest.hexdigest()[:16]


class CheckpointFolder:
    """A folder with the model of the last and of the best epoch, and a state that names them.

    The state is replaced at once and only after the models are complete; models it does not name
    are deleted after that. A run that is killed at any moment can be taken up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def model_file(self, epoch: int) -> Path:
        """Where the model as it was after an epoch lies."""
        return self._folder / f"epoch_{epoch:03d}.keras"

    def read_state(self, settings: str) -> TrainingState:
        """The state that was written under the same settings, or a fresh one."""
        try:
            written = json.loads((self._folder / _STATE_FILE).read_text(encoding="utf-8"))
            state = TrainingState(**written)
        except (FileNotFoundError, ValueError, TypeError):
            return TrainingState(settings)
        models = {self.model_file(epoch) for epoch in (state.epoch, state.best_epoch)}
        if state.settings != settings or not all(path.is_file() for path in models):
            return TrainingState(settings)
        return state

    def write(self, model: "keras.Model", state: TrainingState) -> None:
        """Keep the model and the state after an epoch."""
        self._folder.mkdir(parents=True, exist_ok=True)
        model.save(self.model_file(state.epoch))
        unfinished = self._folder / f"{_STATE_FILE}.unfinished"
        unfinished.write_text(json.dumps(asdict(state)), encoding="utf-8")
        os.replace(unfinished, self._folder / _STATE_FILE)  # noqa: PTH105  atomic, as promised
        self._keep_only({state.epoch, state.best_epoch})

    def clear(self) -> None:
        """Delete the checkpoint: the training is complete."""
        (self._folder / _STATE_FILE).unlink(missing_ok=True)
        self._keep_only(set())

    def _keep_only(self, epochs: set[int]) -> None:
        wanted = {self.model_file(epoch) for epoch in epochs}
        for path in self._folder.glob("epoch_*.keras"):
            if path not in wanted:
                path.unlink()
