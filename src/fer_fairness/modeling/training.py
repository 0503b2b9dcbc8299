"""The one training loop: every emotion model of the project is trained here."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.checkpoints import CheckpointFile, run_fingerprint
from fer_fairness.modeling.distillation import ask_teachers, check_teachers
from fer_fairness.modeling.frozen_front import split_training
from fer_fairness.modeling.inspection import is_untrained, n_trainable_weights
from fer_fairness.modeling.objective import Objective
from fer_fairness.modeling.precision import precision_here
from fer_fairness.modeling.prediction import check_fits, inference_batches
from fer_fairness.modeling.procedure import Procedure
from fer_fairness.modeling.temperature import (
    check_can_be_scaled,
    divide_logits,
    fit_temperature,
)
from fer_fairness.modeling.training_run import HISTORY_COLUMNS, TrainingRun
from fer_fairness.modeling.training_set import TrainingSet
from fer_fairness.params.training import Precision, TrainingParameters
from fer_fairness.progress import track

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingData:
    """What a model learns from, and what decides about its learning.

    Attributes:
        training: Faces to learn from.
        validation: Faces that decide learning rate, stopping and the best epoch. Never test faces.
        teachers: Models of the same input and output, from whose outputs the model learns too; not
            used where `TrainingParameters.distillation` has no weight.
    """

    training: TrainingSet
    validation: TrainingSet
    teachers: "Sequence[keras.Model]" = ()


@dataclass(frozen=True)
class TrainingResult:
    """A trained model and how it got there.

    Attributes:
        model: The model handed to `train`, with the weights of its best epoch.
        history: One row an epoch, columns `HISTORY_COLUMNS` and `is_kept`, true for the epoch whose
            weights the model has. Epochs count from 1. `loss` is the
            cross-entropy on training batches as they were trained on, augmented and with dropout;
            `validation_loss` that on the validation set in inference mode, of the averaged weights
            if there are any. Neither includes penalties, smoothing, adjustment or a teacher, so
            that runs with different ones compare. Accuracies and recalls are shares;
            `validation_mean_recall` is over the classes that the validation set has.
    """

    model: "keras.Model"
    history: pd.DataFrame


def train(
    model: "keras.Model",
    data: TrainingData,
    params: TrainingParameters,
    *,
    seed: int,
    checkpoint_folder: Path | None,
    description: str,
    procedure: Procedure | None = None,
) -> TrainingResult:
    """Train `model` in place until the validation score stops improving, and keep its best epoch.

    Minimises the objective of the procedure, in plain training the loss that `params` describes,
    weighted by face if weights are given, plus the penalties of the model's regularisers.

    With a checkpoint folder, a run that was killed goes on after its last whole epoch and, on the
    same machine and back end, ends with the same weights as one that was not; one that had ended is
    not trained again. A run with other data, parameters, seed, teachers, starting weights or code
    has a checkpoint of its own beside it. The same call gives the same weights bit for bit on a CPU
    once `prepare_backend` has run; not promised on a GPU, where TensorFlow needs
    TF_DETERMINISTIC_OPS=1 for it. See docs/training.md.

    Args:
        model: Takes the images of both sets, gives logits; frozen layers stay as they are.
        data: Faces to learn from and to validate on, and teachers.
        params: Loss, optimiser, rates, patience, online augmentation.
        seed: Decides the order of faces, the online augmentation and the dropout.
        checkpoint_folder: Where the state is kept after each epoch, some megabytes; None keeps
            none. What trainings of other seeds and methods need too is kept beside it: what
            teachers say of each face, and what frozen layers make of it, 4 GiB at most.
        description: What the progress bar says, and the log of how the training ended.
        procedure: Order of the faces, mixing, objective; None: plain training.

    Returns:
        The model and its history; with `max_epochs` 0 the model as it was and an empty history.

    Raises:
        InvalidInputError: If images or targets do not fit the model, or a teacher does not.
        TrainingError: If nothing is trainable, or a loss is not a finite number.
    """
    procedure = procedure or Procedure()
    objective = procedure.objective(data.training, params)
    _check(model, data, objective)
    check_teachers(model, data.teachers, params)
    if params.temperature_scaling:
        check_can_be_scaled(model)
    teachers = data.teachers if params.distillation.weight > 0 else ()
    if params.max_epochs == 0:
        _tell_that_nothing_is_trained(model, description)
        return TrainingResult(model=model, history=_table([], best_epoch=0))
    if not model.trainable_variables:
        raise TrainingError(
            f"Every layer of model {model.name!r} is frozen: raise n_trainable_layers."
        )
    _tell_of_classes_to_learn(data, objective)
    file = shared_folder = None
    if checkpoint_folder is not None:
        shared_folder = checkpoint_folder.parent
        fingerprint = run_fingerprint(
            [model, *teachers],
            [data.training, data.validation],
            params,
            (procedure, objective),
            seed=seed,
        )
        file = CheckpointFile(checkpoint_folder, fingerprint=fingerprint)
    teaching = None
    if teachers and not params.distillation.is_asked_in_steps:
        teaching = ask_teachers(
            teachers, data.training, params, folder=shared_folder, description=description
        )
    split = split_training(
        model,
        (data.training, data.validation),
        params,
        procedure,
        objective,
        folder=shared_folder,
        description=description,
    )
    trained = split or data
    trainee = split.rest if split else model
    batches = TrainingBatches(trained.training, params, procedure, seed=seed, teaching=teaching)
    run = TrainingRun(
        trainee,
        batches,
        trained.validation,
        params,
        objective,
        seed=seed,
        teachers=teachers if teaching is None else (),
    )
    _run(run, file, description=description)
    trainee.set_weights(run.best)
    if split:
        split.hand_back(model)
    if params.temperature_scaling:
        temperature = _temperature(trainee, trained.validation, params.batch_size)
        divide_logits(model, temperature)
        logger.info("%s: logits are divided by the temperature %.3f.", description, temperature)
    _tell_of_the_end(
        run, model, params.precision, n_faces=batches.epoch_size, description=description
    )
    return TrainingResult(model=model, history=_table(run.history, best_epoch=run.best_epoch))


def _run(run: TrainingRun, file: CheckpointFile | None, *, description: str) -> None:
    """Train to the end, from the last saved epoch on."""
    if file is not None:
        run.go_on_from(file.load())
    with track(range(0), description=description, total=run.n_steps) as bar:
        bar.update(len(run.history) * run.steps_an_epoch)
        while not run.is_finished:
            run.run_epoch(bar)
            if file is not None:
                file.save(run.checkpoint())


def _temperature(model: "keras.Model", validation: TrainingSet, batch_size: int) -> float:
    batches = inference_batches(
        model, validation.images, validation.image_index, batch_size=batch_size
    )
    logits = np.concatenate(list(batches)).astype(np.float64)
    temperature, _ = fit_temperature(logits, validation.targets.argmax(axis=1))
    return temperature


def _table(history: list[dict[str, float]], *, best_epoch: int) -> pd.DataFrame:
    table = pd.DataFrame(history, columns=list(HISTORY_COLUMNS), dtype="float64")
    return table.astype({"epoch": "int64"}).assign(is_kept=table["epoch"] == best_epoch)


def _check(model: "keras.Model", data: TrainingData, objective: Objective) -> None:
    for name, part in (("training", data.training), ("validation", data.validation)):
        check_fits(model, part.images)
        if model.output_shape != (None, part.targets.shape[1]):
            raise InvalidInputError(
                f"Model {model.name!r} gives outputs of shape {model.output_shape}, the {name} set "
                f"has targets of shape {part.targets.shape}: expected one output for each class."
            )
        objective.check_targets(part.targets)


def _tell_that_nothing_is_trained(model: "keras.Model", description: str) -> None:
    if is_untrained(model):
        logger.warning(
            "%s: max_epochs is 0, and the weights of model %r are random: it has learned nothing. "
            "Give more epochs, or trained weights in architecture.weights.",
            description,
            model.name,
        )
    else:
        logger.info(
            "%s: max_epochs is 0, model %r is taken as it is.",
            description,
            model.name,
        )


def _tell_of_the_end(
    run: TrainingRun,
    model: "keras.Model",
    precision: Precision,
    *,
    n_faces: int,
    description: str,
) -> None:
    kept = run.history[run.best_epoch - 1]
    seconds = sum(row["seconds"] for row in run.history)
    logger.info(
        "%s ended: epoch %d of %d is kept, validation loss %.3f, accuracy %.3f, mean recall %.3f; "
        "%s trainable weights, %.0f seconds, %s training faces a second in %s.",
        description,
        run.best_epoch,
        len(run.history),
        kept["validation_loss"],
        kept["validation_accuracy"],
        kept["validation_mean_recall"],
        f"{n_trainable_weights(model):,}",
        seconds,
        f"{n_faces * len(run.history) / max(seconds, 1e-9):,.0f}",
        precision_here(precision),
    )


def _tell_of_classes_to_learn(data: TrainingData, objective: Objective) -> None:
    """Name the classes that no training face has.

    A warning for those that validation faces have. Those that neither has may well not be of the
    dataset, such as contempt in RAF-DB: one line of information.
    """
    n_training, n_validation = (
        (part.targets > 0).sum(axis=0) for part in (data.training, data.validation)
    )
    names = objective.class_names(len(n_training))
    absent = []
    for name, n, n_to_find in zip(names, n_training, n_validation, strict=True):
        if n == 0 < n_to_find:
            logger.warning(
                "No training face has a share of %s, and %d validation faces have one: the model "
                "cannot learn to recognise it. Add such faces, or take them out of validation.",
                name,
                n_to_find,
            )
        elif n == 0:
            absent.append(name)
    if absent:
        logger.info(
            "No face of training or validation has a share of %s: it is not learned here. That is "
            "right where the dataset does not label it, as RAF-DB does not label contempt.",
            ", ".join(absent),
        )
