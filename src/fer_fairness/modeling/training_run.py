"""A training run between its epochs: what has happened, the best weights, what comes next."""

import logging
import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from tqdm import tqdm

from fer_fairness.errors import TrainingError
from fer_fairness.modeling.averaging import WeightAverage
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.checkpoints import Checkpoint, EpochRow
from fer_fairness.modeling.graph import training_graph
from fer_fairness.modeling.objective import Objective, Scores
from fer_fairness.modeling.prediction import inference_batches
from fer_fairness.modeling.schedule import EarlyStopping, LearningRateSchedule
from fer_fairness.modeling.training_set import WEIGHT, TrainingSet
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

HISTORY_COLUMNS: Final = (
    "epoch",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "validation_mean_recall",
    "learning_rate",
    "seconds",
    "gradient_steps",
)
"""What each epoch records; the history of a finished run also has `is_kept`."""


_NO_NUMBER_AT_FIRST: Final = (
    "The loss of the first batch, before any weight was changed, is not a finite number, so the "
    "learning rate is not to blame: the method's loss divides by 0 or takes its logarithm, or a "
    "weight of the faces or of the starting model is no number."
)


class TrainingRun:
    """One model under training; `train` is the way in, this is its state.

    Attributes:
        history: One row a finished epoch.
        best: Weights of the best epoch so far.
        best_epoch: Its number, counted from 1; 0 before the first.
    """

    def __init__(
        self,
        model: "keras.Model",
        batches: TrainingBatches,
        validation: TrainingSet,
        params: TrainingParameters,
        objective: Objective,
        *,
        seed: int,
        teachers: "Sequence[keras.Model]" = (),
    ) -> None:
        """Compile the training graph around `model`; arguments as for `train`."""
        self._model = model
        self._batches = batches
        self._validation = validation
        self._params = params
        self._objective = objective
        self._graph = training_graph(model, params, objective, seed=seed, teachers=teachers)
        self._schedule = LearningRateSchedule(params)
        self._stopping = EarlyStopping(params)
        self._average: WeightAverage | None = None
        self.history: list[EpochRow] = []
        self.best: list[np.ndarray] = model.get_weights()
        self.best_epoch = 0
        if params.average_momentum is not None:
            self._average = WeightAverage(self.best, params.average_momentum)

    @property
    def steps_an_epoch(self) -> int:
        """Steps of the progress bar: training and validation batches."""
        return len(self._batches) - (-len(self._validation) // self._params.batch_size)

    @property
    def n_steps(self) -> int:
        """Steps of the progress bar in all epochs."""
        return self._params.max_epochs * self.steps_an_epoch

    @property
    def is_finished(self) -> bool:
        """Whether the last epoch has been trained or the patience is spent."""
        return len(self.history) >= self._params.max_epochs or self._stopping.should_stop

    def checkpoint(self) -> Checkpoint:
        """The state after the last epoch."""
        return Checkpoint(
            history=self.history,
            variables=_values(self._graph.variables),
            optimizer=_values(self._graph.optimizer.variables),
            best=self.best,
            average=[] if self._average is None else self._average.values,
        )

    def go_on_from(self, checkpoint: Checkpoint | None) -> None:
        """Put model, optimiser and decisions into the state of `checkpoint`, if there is one."""
        if checkpoint is None:
            return
        _assign(self._graph.variables, checkpoint.variables)
        _assign(self._graph.optimizer.variables, checkpoint.optimizer)
        self.history, self.best = checkpoint.history, checkpoint.best
        if self._average is not None:
            self._average.values = checkpoint.average
        for row in self.history:
            self._schedule.observe(row["validation_loss"])
            if self._stopping.observe(self._score(row)):
                self.best_epoch = int(row["epoch"])
        after = f"after epoch {len(self.history)}, saved by an earlier run"
        if self.is_finished:
            logger.info("Training had ended %s: its result is taken as it is.", after)
        else:
            logger.info("Training goes on %s.", after)

    def run_epoch(self, bar: "tqdm[int]") -> None:
        """Train and validate one epoch, then let its validation scores decide what comes next."""
        started = time.monotonic()
        learning_rate = self._schedule.learning_rate
        self._graph.optimizer.learning_rate = learning_rate
        loss, accuracy = self._train_epoch(bar)
        trained = self._model.get_weights()
        if not all(np.isfinite(values).all() for values in trained):
            raise self._divergence("weight after the last batch")
        average = self._average
        n_steps = (len(self.history) + 1) * len(self._batches)
        if average is not None and average.has_begun(n_steps):
            self._model.set_weights(average.values)
        validated = self._validate(bar)
        scores = (len(self.history) + 1, loss, accuracy, *validated)
        row = (*scores, learning_rate, time.monotonic() - started, n_steps)
        self.history.append(dict(zip(HISTORY_COLUMNS, row, strict=True)))
        self._schedule.observe(self.history[-1]["validation_loss"])
        if self._stopping.observe(self._score(self.history[-1])):
            self.best, self.best_epoch = self._model.get_weights(), len(self.history)
        if average is not None:
            self._model.set_weights(trained)

    def _score(self, row: EpochRow) -> float:
        """What decides which epoch is best; lower is better."""
        chosen = self._params.selected_by
        return row[chosen] if chosen == "validation_loss" else -row[chosen]

    def _train_epoch(self, bar: "tqdm[int]") -> tuple[float, float]:
        epoch = len(self.history)
        total_loss = total_weight = total_correct = n_faces = 0.0
        for number, batch in enumerate(self._batches.epoch(epoch), start=1):
            for _ in range(self._objective.n_gradients):
                logs = self._graph.train_on_batch(
                    batch.inputs, batch.targets, sample_weight=batch.sample_weight, return_dict=True
                )
            if not math.isfinite(logs["loss"]):
                if epoch == 0 and number == 1:
                    raise TrainingError(_NO_NUMBER_AT_FIRST)
                raise self._divergence(f"loss of batch {number} of {len(self._batches)}")
            if self._average is not None:
                self._average.observe(self._model, epoch * len(self._batches) + number)
            size = len(batch.targets)
            weight = size if batch.sample_weight is None else float(batch.sample_weight.sum())
            total_loss += float(logs["cross_entropy"]) * weight
            total_correct += float(logs["accuracy"]) * size
            total_weight += weight
            n_faces += size
            bar.set_postfix_str(self._postfix(total_loss / max(total_weight, 1e-12)), refresh=False)
            bar.update()
        return total_loss / total_weight, total_correct / n_faces

    def _validate(self, bar: "tqdm[int]") -> Scores:
        part, size = self._validation, self._params.batch_size
        batches = []
        for batch in inference_batches(self._model, part.images, part.image_index, batch_size=size):
            batches.append(batch)
            bar.update()
        logits = np.concatenate(batches).astype(np.float64)
        scores = self._objective.scores(logits, part.targets, part.columns.get(WEIGHT))
        if not math.isfinite(scores.loss):
            raise self._divergence("validation loss")
        self._objective.after_epoch(logits, part)
        return scores

    def _postfix(self, loss: float) -> str:
        text = f"epoch {len(self.history) + 1}, loss {loss:.3f}"
        if self.history:
            row = self.history[-1]
            text += f", validation loss {row['validation_loss']:.3f}"
            text += f", accuracy {row['validation_accuracy']:.3f}"
        return text

    def _divergence(self, what: str) -> TrainingError:
        return TrainingError(
            f"The {what} in epoch {len(self.history) + 1} is not a finite number: training has "
            f"diverged at learning rate {self._schedule.learning_rate:g}. Start again with a lower "
            "target_learning_rate or gradient_clip_norm. Nothing of this epoch was saved."
        )


def _values(variables: "Sequence[keras.Variable]") -> list[np.ndarray]:
    return [np.array(variable.numpy()) for variable in variables]


def _assign(variables: "Sequence[keras.Variable]", values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
