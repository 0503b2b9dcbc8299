"""The one training loop: every model of the project is trained here."""

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from tqdm import tqdm

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling.batches import TrainingBatches, TrainingSet
from fer_fairness.modeling.checkpoints import (
    Checkpoint,
    CheckpointFile,
    EpochRow,
    run_fingerprint,
)
from fer_fairness.modeling.compilation import compile_model, seed_dropout
from fer_fairness.modeling.prediction import check_fits, inference_batches
from fer_fairness.modeling.schedule import EarlyStopping, WarmupPlateauSchedule
from fer_fairness.params.modeling import TrainingParameters
from fer_fairness.progress import track

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

HISTORY_COLUMNS: Final = (
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
)


@dataclass(frozen=True)
class TrainingResult:
    """A trained model and how it got there.

    Attributes:
        model: The model handed to `train`, with the weights of its best epoch.
        history: One row an epoch, columns `HISTORY_COLUMNS`. Epochs count from 1. `loss` is the
            cross-entropy on training batches as they were trained on, augmented and with dropout;
            `validation_loss` that on the validation set in inference mode. Neither includes the
            L2 penalty, so that runs with different penalties compare. Accuracies are shares.
    """

    model: "keras.Model"
    history: pd.DataFrame


def train(
    model: "keras.Model",
    training: TrainingSet,
    validation: TrainingSet,
    params: TrainingParameters,
    *,
    seed: int,
    checkpoint_folder: Path | None,
    description: str,
) -> TrainingResult:
    """Train `model` in place until the validation loss stops falling, and keep its best epoch.

    Minimises the cross-entropy between the target distributions and the softmax of the logits,
    weighted by face if weights are given, plus the penalties of the model's regularisers.

    With a checkpoint folder, a run that was killed goes on after its last whole epoch and, on the
    same machine and back end, ends with the same weights as one that was not. A checkpoint of other
    data, parameters, seed or starting weights is left unused, and the checkpoint is removed at the
    end. The same call gives the same weights bit for bit on a CPU once `prepare_backend` has run;
    not promised on a GPU, where TensorFlow needs TF_DETERMINISTIC_OPS=1 for it.

    Args:
        model: Takes the images of both sets, gives logits; frozen layers stay as they are.
        training: Faces to learn from.
        validation: Faces that decide learning rate, stopping and the best epoch. Never test faces.
        params: Optimiser, rates, patience, online augmentation.
        seed: Decides the order of faces, the online augmentation and the dropout.
        checkpoint_folder: Where the state is kept after each epoch; None keeps none.
        description: What the progress bar says.

    Returns:
        The model and its history.

    Raises:
        InvalidInputError: If images or targets do not fit the model.
        TrainingError: If nothing is trainable, or a loss is not a finite number.
    """
    _check(model, training, validation)
    compile_model(model, params)
    seed_dropout(model, seed)
    run = _Run(model, training, validation, params, seed=seed)
    file = None
    if checkpoint_folder is not None:
        fingerprint = run_fingerprint(model, training, validation, params, seed=seed)
        file = CheckpointFile(checkpoint_folder, fingerprint=fingerprint)
        run.go_on_from(file.load())
    n_steps = params.max_epochs * run.steps_an_epoch
    with track(range(0), description=description, total=n_steps) as bar:
        bar.update(len(run.history) * run.steps_an_epoch)
        while not run.is_finished:
            run.run_epoch(bar)
            if file is not None:
                file.save(run.checkpoint())
    model.set_weights(run.best)
    if file is not None:
        file.remove()
    history = pd.DataFrame(run.history, columns=list(HISTORY_COLUMNS))
    return TrainingResult(model=model, history=history.astype({"epoch": "int64"}))


class _Run:
    """A run between its epochs: what has happened, the best weights, what comes next."""

    def __init__(
        self,
        model: "keras.Model",
        training: TrainingSet,
        validation: TrainingSet,
        params: TrainingParameters,
        *,
        seed: int,
    ) -> None:
        self._model = model
        self._batches = TrainingBatches(training, params, seed=seed)
        self._validation = validation
        self._params = params
        self._schedule = WarmupPlateauSchedule(params)
        self._stopping = EarlyStopping(params)
        self.history: list[EpochRow] = []
        self.best: list[np.ndarray] = model.get_weights()

    @property
    def steps_an_epoch(self) -> int:
        """Steps of the progress bar: training and validation batches."""
        return len(self._batches) - (-len(self._validation) // self._params.batch_size)

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch has been trained or the patience is spent."""
        return len(self.history) >= self._params.max_epochs or self._stopping.should_stop

    def checkpoint(self) -> Checkpoint:
        """The state after the last epoch."""
        return Checkpoint(
            history=self.history,
            model=_values(self._model.variables),
            optimizer=_values(self._model.optimizer.variables),
            best=self.best,
        )

    def go_on_from(self, checkpoint: Checkpoint | None) -> None:
        """Put model, optimiser and decisions into the state of `checkpoint`, if there is one."""
        if checkpoint is None:
            return
        _assign(self._model.variables, checkpoint.model)
        _assign(self._model.optimizer.variables, checkpoint.optimizer)
        self.history, self.best = checkpoint.history, checkpoint.best
        for row in self.history:
            self._schedule.observe(row["validation_loss"])
            self._stopping.observe(row["validation_loss"])
        logger.info("Training goes on after epoch %d, saved by an earlier run.", len(self.history))

    def run_epoch(self, bar: "tqdm[int]") -> None:
        """Train and validate one epoch, then let its validation loss decide what comes next."""
        started = time.monotonic()
        learning_rate = self._schedule.learning_rate
        self._model.optimizer.learning_rate = learning_rate
        loss, accuracy = self._train_epoch(bar)
        validation_loss, validation_accuracy = self._validate(bar)
        self._schedule.observe(validation_loss)
        if self._stopping.observe(validation_loss):
            self.best = self._model.get_weights()
        values = (loss, accuracy, validation_loss, validation_accuracy, learning_rate)
        row = (len(self.history) + 1, *values, time.monotonic() - started)
        self.history.append(dict(zip(HISTORY_COLUMNS, row, strict=True)))

    def _train_epoch(self, bar: "tqdm[int]") -> tuple[float, float]:
        epoch = len(self.history)
        total_loss = total_weight = total_correct = n_faces = 0.0
        for number, batch in enumerate(self._batches.epoch(epoch)):
            # Keras before 3.13 carries metrics from batch to batch: begin each one at zero.
            self._model.reset_metrics()
            logs = self._model.train_on_batch(
                batch.images, batch.targets, sample_weight=batch.sample_weight, return_dict=True
            )
            if not math.isfinite(logs["loss"]):
                raise self._divergence(f"loss of batch {number + 1} of {len(self._batches)}")
            size = len(batch.targets)
            weight = size if batch.sample_weight is None else float(batch.sample_weight.sum())
            total_loss += float(logs["cross_entropy"]) * weight
            total_correct += float(logs["accuracy"]) * size
            total_weight += weight
            n_faces += size
            bar.set_postfix_str(self._postfix(total_loss / max(total_weight, 1e-12)), refresh=False)
            bar.update()
        return total_loss / total_weight, total_correct / n_faces

    def _validate(self, bar: "tqdm[int]") -> tuple[float, float]:
        part, size = self._validation, self._params.batch_size
        batches = []
        for batch in inference_batches(self._model, part.images, part.image_index, batch_size=size):
            batches.append(batch)
            bar.update()
        logits = np.concatenate(batches).astype(np.float64)
        loss = np.average(cross_entropy(logits, part.targets), weights=part.sample_weight)
        if not math.isfinite(loss):
            raise self._divergence("validation loss")
        return float(loss), float((logits.argmax(1) == part.targets.argmax(1)).mean())

    def _postfix(self, loss: float) -> str:
        text = f"epoch {len(self.history) + 1}, loss {loss:.3f}"
        if self.history:
            text += f", validation loss {self.history[-1]['validation_loss']:.3f}"
        return text

    def _divergence(self, what: str) -> TrainingError:
        return TrainingError(
            f"The {what} in epoch {len(self.history) + 1} is not a finite number: training has "
            f"diverged at learning rate {self._schedule.learning_rate:g}. Lower "
            "target_learning_rate or gradient_clip_norm; the last whole epoch's checkpoint is kept."
        )


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Cross-entropy of each row's target distribution and the softmax of its logits, in nats.

    Args:
        logits: float64, shape `(n, k)`.
        targets: Shape `(n, k)`, rows sum to 1.

    Returns:
        float64, shape `(n,)`.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_shares = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(-(targets * log_shares).sum(axis=1))


def _check(model: "keras.Model", training: TrainingSet, validation: TrainingSet) -> None:
    for name, part in (("training", training), ("validation", validation)):
        check_fits(model, part.images)
        if model.output_shape != (None, part.targets.shape[1]):
            raise InvalidInputError(
                f"Model {model.name!r} gives outputs of shape {model.output_shape}, the {name} set "
                f"has targets of shape {part.targets.shape}: expected one output for each class."
            )
    if not model.trainable_variables:
        raise TrainingError(
            f"Every layer of model {model.name!r} is frozen: raise n_trainable_layers."
        )


def _values(variables: list["keras.Variable"]) -> list[np.ndarray]:
    return [np.array(variable.numpy()) for variable in variables]


def _assign(variables: list["keras.Variable"], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
