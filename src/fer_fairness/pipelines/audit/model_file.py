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
        found: Of every evaluation set images and faces of the training and validation splits.

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
    images, faces = by_evaluation_set(found)[parameters.dataset]
    faces = _validation_faces(faces)
    if faces.empty:
        return preparation
    outputs = outputs_of(path, parameters, images, faces["image_index"].to_numpy())
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
    images: np.ndarray,
    index: np.ndarray,
    scale_reason: str | None = None,
) -> ModelOutputs:
    """What the model says of the faces; a stranger's file is opened in a process of its own.

    Args:
        path: The file.
        parameters: How the model is to be used.
        images: uint8, shape `(m, height, width, 1 or 3)`; may be memory-mapped.
        index: Integers, shape `(n,)`: the rows of `images` to score, in this order.
        scale_reason: How `parameters.input_scale` was found, where it was not configured.
    """
    mean, deviation = parameters.input_mean, parameters.input_standard_deviation
    standardisation = Standardisation(mean, deviation) if mean and deviation else None
    request = ModelRequest(
        path,
        parameters.name or name_of_file(path),
        output=parameters.output,
        class_names=parameters.columns.class_names,
        form=InputForm(
            parameters.input_layout, parameters.input_channels, parameters.input_side_px
        ),
        scoring=Scoring(parameters.input_scale, standardisation, scale_reason),
    )
    if parameters.isolation == "none":
        return run_model_file(request, images, index)
    limits = Limits(
        memory_bytes=int(parameters.memory_limit_gb * 2**30),
        time_s=parameters.time_limit_minutes * 60,
    )
    return run_isolated(request, images, index, limits)


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
