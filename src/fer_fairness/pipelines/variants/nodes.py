"""Nodes of the variant template."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.augmentation import Augmented, distribution_before_after, example_sheet
from fer_fairness.mitigation import (
    Composition,
    Given,
    Json,
    MethodBlock,
    PostMethod,
    PostMethodBlock,
)
from fer_fairness.modeling import (
    TrainingData,
    predict_logits,
    predictions_table,
    train,
    trained_model,
)
from fer_fairness.modeling.fingerprints import weights_fingerprint
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.params.training import TrainingParameters
from fer_fairness.pipelines.variants.training_records import training_record
from fer_fairness.tables import PREDICTIONS_SCHEMA, empty_table, has_majority_emotion, stacked
from fer_fairness.taxonomy import ATTRIBUTES

_TOLD_OF_CELLS = ["n_validation", "recall", "severity", "is_critical", "reason"]
"""What the report tells of each cell beside its counts."""

Model = Any  # a keras.Model; naming it here would import Keras when pipelines are listed
Composed = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, np.ndarray]


def compose_training_set(
    block: MethodBlock,
    faces: pd.DataFrame,
    images: np.ndarray,
    seed: int,
    *predictions: pd.DataFrame,
    model: Model | None = None,
) -> Composed:
    """Which faces a variant is trained on, with what beside them, and what its method adds.

    Args:
        block: The variant's method.
        faces: Development faces of the dataset that it is trained on.
        images: Their images.
        seed: The training seed.
        predictions: Of the starting model, as `Given` has them.
        model: The starting model, where the method needs it.

    Returns:
        Columns of numbers beside each face, the plan of what is added, and its faces and images.
    """
    told = stacked([empty_table(PREDICTIONS_SCHEMA), *predictions])
    method = MethodBlock.model_validate(block).root
    given = Given(told, seed, model if "starting_model" in method.needs else None)
    composed = method.training_set(faces, images, given)
    return composed.columns, composed.plan, composed.added.faces, composed.added.images


def compose_with_model(
    block: MethodBlock,
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    seed: int,
    *predictions: pd.DataFrame,
) -> Composed:
    """As `compose_training_set`, of a method that needs the starting model."""
    return compose_training_set(block, faces, images, seed, *predictions, model=model)


def train_model(
    block: MethodBlock,
    fine_tuning: FineTuningParameters,
    faces: pd.DataFrame,
    images: np.ndarray,
    columns: pd.DataFrame,
    augmented_faces: pd.DataFrame,
    augmented_images: np.ndarray,
    seed: int,
    checkpoint_root: str,
    baseline: Model | None = None,
) -> tuple[Model, pd.DataFrame, dict[str, Any]]:
    """Train one variant on its training set; validation faces stop it.

    Where the parameters distil, the teachers are those that they name, or else the baseline, which
    a fine-tuning starts from.

    Returns:
        The model of the best epoch on validation faces, one row an epoch of its history, and the
        record of what was trained (see `training_records`).
    """
    method = MethodBlock.model_validate(block).root
    model = method.start(baseline, fine_tuning, seed=seed)
    is_random = method.starts_from_random(fine_tuning)
    # Of what it was handed: a method may draw the last layer anew.
    start = None if is_random else weights_fingerprint(model if baseline is None else baseline)
    parameters = method.training_parameters(fine_tuning)
    composed = Composition(columns, Augmented(faces=augmented_faces, images=augmented_images))
    data = TrainingData(
        composed.training_set(faces, images),
        method.validation_set(faces, images),
        _teachers(parameters, baseline),
    )
    result = train(
        model,
        data,
        parameters,
        seed=seed,
        checkpoint_folder=Path(checkpoint_root) / f"{method.name}_seed_{seed}",
        description=f"Training {method.name}",
        procedure=method,
    )
    record = training_record(
        result.model,
        variant=method.name,
        seed=seed,
        start_fingerprint=start,
        precision=parameters.precision,
        parameters=method.recorded(fine_tuning),
    )
    return result.model, result.history.assign(variant=method.name), record


def _teachers(parameters: TrainingParameters, starting: Model | None) -> list[Model]:
    remedy = (
        "Let training.distillation.teachers name .keras files of the same inputs and outputs, "
        "`published_teacher` or `published`."
    )
    named = parameters.distillation.teachers
    if parameters.distillation.weight == 0:
        return []
    if named:
        return [trained_model(name, remedy=remedy) for name in named]
    return [] if starting is None else [starting]


def describe_training_set(
    block: MethodBlock,
    fine_tuning: FineTuningParameters,
    faces: pd.DataFrame,
    images: np.ndarray,
    plan: pd.DataFrame,
    augmented_faces: pd.DataFrame,
    augmented_images: np.ndarray,
    seed: int,
) -> tuple[pd.DataFrame, Figure]:
    """Training faces in each cell before and after, and why; originals beside their variants.

    The table has no rows where the method plans no additions.
    """
    by = [name for name in ("emotion", *ATTRIBUTES) if name in plan.columns]
    table = pd.DataFrame()
    if by:
        counted = distribution_before_after(faces, augmented_faces, by)
        told = plan[[*by, *_TOLD_OF_CELLS]]
        table = counted.merge(told, how="left", on=by, validate="one_to_one")
    augmented = Augmented(faces=augmented_faces, images=augmented_images)
    method = MethodBlock.model_validate(block).root
    online = method.training_parameters(fine_tuning).online_augmentation
    return table, example_sheet(faces, images, augmented, online=online, seed=seed)


def predict(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: PredictionParameters,
    block: MethodBlock,
    seed: int,
    emotions: list[str],
) -> pd.DataFrame:
    """Predictions on the faces of a table that are no training faces: validation or test faces.

    Args:
        model: The variant's model.
        faces: Development or test faces of one dataset.
        images: Their images.
        parameters: How it is asked.
        block: The variant's method.
        seed: Recorded with the predictions.
        emotions: Those that the dataset labels.
    """
    chosen = faces[faces["split"] != "train"]
    return _predict(model, chosen, images, parameters, block, seed, emotions)


def predict_training(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: PredictionParameters,
    block: MethodBlock,
    seed: int,
    scored_over: dict[str, list[str]],
) -> pd.DataFrame:
    """Predictions on the training faces of a development table.

    Args as of `predict`; `scored_over` has the emotions of every dataset, by its name.
    """
    chosen = faces[faces["split"] == "train"]
    emotions = scored_over[chosen["dataset"].iloc[0]] if len(chosen) else []
    return _predict(model, chosen, images, parameters, block, seed, emotions)


def _predict(
    model: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: PredictionParameters,
    block: MethodBlock,
    seed: int,
    emotions: Sequence[str],
) -> pd.DataFrame:
    name = block.root.name
    scored = faces[has_majority_emotion(faces)].reset_index(drop=True)
    if scored.empty:
        return empty_table(PREDICTIONS_SCHEMA)
    logits = predict_logits(
        model,
        images,
        scored["image_index"].to_numpy(),
        batch_size=parameters.batch_size,
        description=f"Predicting with {name}",
        average_mirrored=parameters.average_mirrored,
        average_shifted_px=parameters.average_shifted_px,
    )
    return predictions_table(scored, logits, variant=name, seed=seed, emotions=tuple(emotions))


def fit_post_method(
    block: PostMethodBlock, predictions: pd.DataFrame, faces: pd.DataFrame, *others: pd.DataFrame
) -> dict[str, Json]:
    """The `rules` that a method finds on validation predictions of another variant.

    Args:
        block: The method.
        predictions: Of the variant that it comes after.
        faces: With the groups of these faces.
        others: Predictions of further variants, which `of` names.
    """
    method = PostMethodBlock.model_validate(block).root
    return {"rules": method.fit(told_of_faces(method, predictions, faces, others))}


def apply_post_method(
    block: PostMethodBlock,
    predictions: pd.DataFrame,
    faces: pd.DataFrame,
    rules: dict[str, Any],
    seed: int,
    *others: pd.DataFrame,
) -> pd.DataFrame:
    """Test predictions of another variant after the change; arguments as of `fit_post_method`."""
    method = PostMethodBlock.model_validate(block).root
    scored = told_of_faces(method, predictions, faces, others)
    changed = method.applied(scored, rules["rules"], seed=seed)
    columns = {str(name): changed[name] for name in changed.columns}
    result = predictions.assign(variant=method.name, **columns)
    return PREDICTIONS_SCHEMA.validate(result)


def told_of_faces(
    method: PostMethod,
    predictions: pd.DataFrame,
    faces: pd.DataFrame,
    others: Sequence[pd.DataFrame],
) -> pd.DataFrame:
    """The table of faces that a method on predictions is given."""
    return method.together(with_groups(predictions, faces), others)


def with_groups(predictions: pd.DataFrame, faces: pd.DataFrame) -> pd.DataFrame:
    """Predictions with the groups of each face and how sure they are, in their order."""
    names = [*ATTRIBUTES, *(f"{attribute}_confidence" for attribute in ATTRIBUTES)]
    groups = faces.set_index("sample_id")[names].reindex(predictions["sample_id"])
    return predictions.assign(**{name: groups[name].to_numpy() for name in names})
