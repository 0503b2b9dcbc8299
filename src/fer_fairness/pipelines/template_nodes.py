"""Nodes of the variant template."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.augmentation import (
    Augmented,
    augment,
    check_online_augmentation,
    describe_critical,
    distribution_before_after,
    example_sheet,
    plan_augmentation,
    validation_recall,
    with_variants,
)
from fer_fairness.mitigation import reweighing_weights
from fer_fairness.modeling import (
    WEIGHT,
    TrainingData,
    TrainingSet,
    freeze_layers,
    predict_logits,
    predictions_table,
    set_regularisation,
    starting_model,
    train,
    trained_model,
)
from fer_fairness.modeling.fingerprints import weights_fingerprint
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.mitigation import ReweighingParameters
from fer_fairness.params.modeling import (
    ArchitectureParameters,
    FreezingParameters,
    RegularisationParameters,
)
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.params.training import TrainingParameters
from fer_fairness.pipelines.seeds import check_seed
from fer_fairness.pipelines.training_records import training_record
from fer_fairness.tables import TARGET_COLUMNS, has_majority_emotion, has_target
from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS

logger = logging.getLogger(__name__)

_TOLD_OF_CELLS = ["n_validation", "recall", "severity", "is_critical", "reason"]
"""What the report tells of each cell beside its counts."""

Model = Any  # a keras.Model; naming it here would import Keras when pipelines are listed


def build_model(parameters: ArchitectureParameters, seed: int) -> Model:
    """The emotion network, untrained or with the weights that the parameters name."""
    return starting_model(parameters, seed=seed)


def prepare_for_fine_tuning(
    model: Model,
    freezing: FreezingParameters,
    regularisation: RegularisationParameters,
    seed: int,
) -> Model:
    """The starting model with raised dropout and L2 and with its early layers frozen."""
    prepared = set_regularisation(model, regularisation, seed=seed)
    freeze_layers(prepared, freezing)
    return prepared


def plan(
    faces: pd.DataFrame,
    parameters: AugmentationParameters,
    seed: int,
    *validation_predictions: pd.DataFrame,
) -> pd.DataFrame:
    """How many faces each cell gets, from the cell's size and its recall on validation faces."""
    for table in validation_predictions:
        check_seed(table, seed)
    predictions = pd.concat(validation_predictions, ignore_index=True)
    recall = validation_recall(faces, predictions, parameters.by)
    made = plan_augmentation(faces, parameters, recall=recall)
    logger.info(describe_critical(made, parameters.by))
    return made


def augment_faces(
    faces: pd.DataFrame,
    images: np.ndarray,
    augmentation_plan: pd.DataFrame,
    parameters: AugmentationParameters,
    training: TrainingParameters,
    seed: int,
) -> tuple[pd.DataFrame, np.ndarray]:
    """The planned variants of training faces: table and images, on the fly a table alone."""
    check_online_augmentation(parameters, training.online_augmentation)
    augmented = augment(faces, images, augmentation_plan, parameters, seed=seed)
    return augmented.faces, augmented.images


def compare_distributions(
    faces: pd.DataFrame,
    augmented_faces: pd.DataFrame,
    augmentation_plan: pd.DataFrame,
    parameters: AugmentationParameters,
) -> pd.DataFrame:
    """Training faces in each cell before and after augmentation, and why."""
    by = list(parameters.by)
    table = distribution_before_after(faces, augmented_faces, by)
    told = augmentation_plan[[*by, *_TOLD_OF_CELLS]]
    return table.merge(told, how="left", on=by, validate="one_to_one")


def draw_example_sheet(
    faces: pd.DataFrame,
    images: np.ndarray,
    augmented_faces: pd.DataFrame,
    augmented_images: np.ndarray,
    training: TrainingParameters,
    seed: int,
) -> Figure:
    """Originals beside their variants, to look at."""
    augmented = Augmented(faces=augmented_faces, images=augmented_images)
    online = training.online_augmentation
    return example_sheet(faces, images, augmented, online=online, seed=seed)


def weigh_faces(faces: pd.DataFrame, parameters: ReweighingParameters) -> pd.DataFrame:
    """Weight of each training face by group and emotion, with AIF360 Reweighing."""
    training = faces[has_target(faces) & faces["emotion"].notna() & (faces["split"] == "train")]
    weights = reweighing_weights(training["emotion"], training[parameters.attribute])
    return pd.DataFrame({"sample_id": training["sample_id"], "sample_weight": weights})


def train_model(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: TrainingParameters,
    name: str,
    seed: int,
    checkpoint_root: str,
    augmented_faces: pd.DataFrame | None = None,
    augmented_images: np.ndarray | None = None,
    sample_weights: pd.DataFrame | None = None,
    teacher: Model | None = None,
    **settings: Any,  # noqa: ANN401  Kedro matches the types of parameters by their place
) -> tuple[Model, pd.DataFrame, dict[str, Any]]:
    """Train on the training faces with their additions and weights; validation faces stop it.

    Where the parameters distil, the teachers are those that they name, or else `teacher`, the
    model that a fine-tuning starts from. Further `settings` made what is given here, as
    `architecture` did the model; they are recorded by their names.

    Returns:
        The model of the best epoch on validation faces, one row an epoch of its history, and the
        record of what was trained (see `training_records`).
    """
    start = weights_fingerprint(model)
    training_faces = faces[has_target(faces) & (faces["split"] == "train")]
    training = _training_set(training_faces, images, sample_weights)
    if augmented_faces is not None and augmented_images is not None:
        augmented = Augmented(faces=augmented_faces, images=augmented_images)
        training = with_variants(training, augmented, images)
    validation = _training_set(faces[has_target(faces) & (faces["split"] == "validation")], images)
    result = train(
        model,
        TrainingData(training, validation, _teachers(parameters, teacher)),
        parameters,
        seed=seed,
        checkpoint_folder=Path(checkpoint_root) / name / f"seed_{seed}",
        description=f"Training {name}",
    )
    record = training_record(
        result.model,
        variant=name,
        seed=seed,
        start_fingerprint=start,
        parameters={**settings, "training": parameters},
    )
    return result.model, result.history.assign(variant=name), record


def _teachers(parameters: TrainingParameters, starting: Model | None) -> list[Model]:
    remedy = (
        "Let training.distillation.teachers name .keras files of the same inputs and outputs, or "
        "`published`."
    )
    named = parameters.distillation.teachers
    if named:
        return [trained_model(name, remedy=remedy) for name in named]
    return [] if starting is None else [starting]


def predict_validation(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: PredictionParameters,
    name: str,
    seed: int,
) -> pd.DataFrame:
    """Predictions on the validation faces of a development table."""
    return _predict(model, faces[faces["split"] == "validation"], images, parameters, name, seed)


def predict_test(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: PredictionParameters,
    name: str,
    seed: int,
) -> pd.DataFrame:
    """Predictions on test faces."""
    return _predict(model, faces, images, parameters, name, seed)


def _predict(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: PredictionParameters,
    name: str,
    seed: int,
) -> pd.DataFrame:
    scored = faces[has_majority_emotion(faces)].reset_index(drop=True)
    logits = predict_logits(
        model,
        images,
        scored["image_index"].to_numpy(),
        batch_size=parameters.batch_size,
        description=f"Predicting with {name}",
        average_mirrored=parameters.average_mirrored,
        average_shifted_px=parameters.average_shifted_px,
    )
    is_raf_db = len(scored) > 0 and scored["dataset"].iloc[0] == "raf_db"
    emotions = RAF_DB_EMOTIONS if is_raf_db else EMOTIONS
    return predictions_table(scored, logits, variant=name, seed=seed, emotions=emotions)


def _training_set(
    faces: pd.DataFrame, images: np.ndarray, sample_weights: pd.DataFrame | None = None
) -> TrainingSet:
    columns = {}
    if sample_weights is not None:
        by_id = sample_weights.set_index("sample_id")["sample_weight"]
        columns[WEIGHT] = faces["sample_id"].map(by_id).fillna(1.0).to_numpy(dtype=np.float32)
    return TrainingSet(
        images=images,
        image_index=faces["image_index"].to_numpy(),
        targets=faces[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32),
        columns=columns,
    )
