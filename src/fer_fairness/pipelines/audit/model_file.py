"""A model file: how its images are prepared, what its outputs are called, and what it says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.auditing.reading import name_of_file
from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.foreign import (
    InputForm,
    Limits,
    ModelOutputs,
    ModelRequest,
    PictureFiles,
    Pictures,
    Scoring,
    Standardisation,
    known_orders,
    named_classes,
    order_of_classes,
    resolve_class_names,
    run_isolated,
    run_model_file,
)
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.scored_faces import by_evaluation_set
from fer_fairness.sources import image_paths
from fer_fairness.tables import has_majority_emotion
from fer_fairness.taxonomy import EMOTIONS

_MOST_FACES: Final = 2_000


def find_preparation(
    parameters: AuditParameters,
    *found: Any,  # noqa: ANN401  what Kedro loads of each dataset
) -> dict[str, Any]:
    """The scale of a model's inputs and the order of its classes, where they are not configured.

    Both are found on validation faces, so that the test faces choose nothing.

    Args:
        parameters: Which model and dataset, and how the model is to be used.
        found: Of every evaluation set images and faces of the training and validation splits; then
            the folders of `image_folders`.

    Returns:
        `input_scale`, `scale_reason` and `class_names` as they are to be used, None where they are
        configured or nothing tells; and `notes` on how the classes were found.

    Raises:
        InvalidInputError: No model is named or it cannot be used, or two guesses fit equally well.
    """
    path = model_path(parameters)
    wanted = parameters.columns.class_names
    preparation: dict[str, Any] = {
        "input_scale": None,
        "scale_reason": None,
        "class_names": None,
        "notes": [],
    }
    if parameters.input_scale is not None and wanted is not None:
        return preparation
    of_sets, folders = without_folders(found)
    images, faces = by_evaluation_set(of_sets)[parameters.dataset]
    faces = _validation_faces(faces)
    if faces.empty:
        return preparation
    pictures, index, _ = pictures_of(faces, images, folders.get(parameters.dataset))
    true = tuple(faces["emotion"].tolist())
    outputs = outputs_of(path, parameters, pictures, index, true_emotions=true)
    if parameters.input_scale is None:
        preparation |= {
            "input_scale": outputs.scale.scale,
            "scale_reason": f"{outputs.scale.reason} Validation faces were looked at.",
        }
    if wanted is None:
        n_classes = outputs.shares.shape[1]
        names, reason = order_of_classes(
            outputs.shares, faces["emotion"].tolist(), known_orders(n_classes)
        )
        preparation |= {"class_names": list(names), "notes": [reason]}
    return preparation


def model_path(parameters: AuditParameters) -> Path:
    """The file of the model.

    Raises:
        InvalidInputError: None is named.
    """
    if parameters.model is None:
        others = [name for name in EVALUATION_SETS if name != TRAINED_ON]
        raise InvalidInputError(
            "No model is named. Add --params audit.model=FILE (.keras, .h5, .onnx or .tflite), and "
            "audit.dataset="
            f"{' or '.join(others)} to score it on another dataset than {TRAINED_ON}; for a file "
            "of predictions run --pipelines audit --params audit.predictions=FILE."
        )
    return Path(parameters.model)


def outputs_of(
    path: Path,
    parameters: AuditParameters,
    images: Pictures,
    index: np.ndarray,
    scale_reason: str | None = None,
    true_emotions: tuple[str, ...] | None = None,
) -> ModelOutputs:
    """What the model says of the faces; a stranger's file is opened in a process of its own.

    Args:
        path: The file.
        parameters: How the model is to be used.
        images: Of `pictures_of`.
        index: The same.
        scale_reason: How `parameters.input_scale` was found, where it was not configured.
        true_emotions: Of the faces, where these are such that nothing is scored on.
    """
    mean, deviation = parameters.input_mean, parameters.input_standard_deviation
    standardisation = Standardisation(mean, deviation) if mean and deviation else None
    request = ModelRequest(
        path,
        parameters.name or name_of_file(path),
        output=parameters.output,
        class_names=parameters.columns.class_names,
        form=InputForm(
            parameters.input_layout,
            parameters.input_channels,
            parameters.input_side_px,
            parameters.input_colours,
        ),
        scoring=Scoring(
            parameters.input_scale,
            standardisation,
            scale_reason,
            true_emotions,
            parameters.columns.class_names,
        ),
    )
    if parameters.isolation == "none":
        return run_model_file(request, images, index)
    limits = Limits(
        memory_bytes=int(parameters.memory_limit_gb * 2**30),
        time_s=parameters.time_limit_minutes * 60,
    )
    return run_isolated(request, images, index, limits)


def image_folders() -> list[str]:
    """Evaluation sets that are files of their own size and in colour: their folders are `.raw`."""
    return [name for name, part in EVALUATION_SETS.items() if part.embedded_from == "files"]


def without_folders(found: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Path]]:
    """What comes before the folders of `image_folders`, and these by the names of their sets."""
    names = image_folders()
    n_others = len(found) - len(names)
    return found[:n_others], dict(zip(names, found[n_others:], strict=True))


def pictures_of(
    faces: pd.DataFrame, images: np.ndarray, folder: Path | None
) -> tuple[Pictures, np.ndarray, list[str]]:
    """The faces as a model is to see them, the row of each, and warnings.

    Args:
        faces: A `faces` table.
        images: The checked array, small and grey.
        folder: Where the files of the faces lie, which are read as the model takes them; None:
            there is nothing but the array. Where none of the files is there any more, it is the
            array too, and a warning.
    """
    paths = [] if folder is None else image_paths(faces, folder)
    if any(path.exists() for path in paths):
        return PictureFiles(paths), np.arange(len(faces)), []
    warning = (
        "The files of the faces are no longer in the raw folder of the dataset: the model was "
        f"shown the checked array, grey and {images.shape[1]} px. Put the folder back and audit "
        "again if it was made for colour or larger faces."
    )
    return images, faces["image_index"].to_numpy(), [warning] if paths else []


def classes_of(class_names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The classes of a model, and sentences on them.

    Args:
        class_names: As of `resolve_class_names`.
    """
    names = named_classes(resolve_class_names(class_names, len(class_names)))
    unknown = [emotion for emotion in EMOTIONS if emotion not in names]
    notes = [f"Classes: {', '.join(names)}."]
    if unknown:
        notes.append(f"The model does not know {', '.join(unknown)}.")
    return names, notes


def _validation_faces(faces: pd.DataFrame) -> pd.DataFrame:
    """Those with a majority emotion; an even choice where there are many."""
    if faces.empty:
        return faces
    known = faces[has_majority_emotion(faces) & (faces["split"] == "validation")]
    places = np.linspace(0, len(known) - 1, min(_MOST_FACES, len(known))).astype(int)
    return known.iloc[np.unique(places)]
