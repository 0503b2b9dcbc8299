"""Nodes of the audit pipelines."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.auditing.models import read_people_of_file
from fer_fairness.auditing.reading import People, name_of_file
from fer_fairness.auditing.report import report_inputs, tidy_table
from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.fairness.scored_faces import ScoredFaces, with_confidence
from fer_fairness.foreign import (
    Limits,
    ModelOutputs,
    ModelRequest,
    Scoring,
    foreign_predictions,
    resolve_class_names,
    run_isolated,
    run_model_file,
)
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.audit.coverage import faces_showing, labelled_attributes, n_people
from fer_fairness.pipelines.scored_faces import by_evaluation_set, join_faces
from fer_fairness.reporting import (
    all_sections,
    figure_files,
    paper_files,
    render_report,
    results_json,
)
from fer_fairness.sources.image_listing import printable
from fer_fairness.taxonomy import EMOTIONS

logger = logging.getLogger(__name__)


def read_prediction_file(parameters: AuditParameters) -> People:
    """Somebody's predictions as a table, how the file was understood, and what is known of labels.

    Raises:
        InvalidInputError: No file is named, it cannot be read, or a column of groups bears the
            name that the source of another one has here.
    """
    if parameters.predictions is None:
        raise InvalidInputError(
            "No prediction file is named. Add --params audit.predictions=FILE, a CSV or Parquet "
            "file with the true and predicted emotion and at least one column of groups; for a "
            "Keras model run --pipelines audit_model --params audit.model=FILE."
        )
    people = read_people_of_file(Path(parameters.predictions), parameters)
    _tell(people[1])
    return people


def score_foreign_model(
    parameters: AuditParameters,
    seed: int,
    *found: Any,  # noqa: ANN401  what Kedro loads of each dataset
) -> People:
    """Predictions of somebody's Keras model on test faces, and how the model was loaded.

    Args:
        parameters: Which model and dataset, and how the model is to be used.
        seed: Recorded with the predictions.
        found: Of every evaluation set images and faces of the test split, the data-quality report,
            the labels of the faces, and of the held-out faces of the labeller behind them.

    Raises:
        InvalidInputError: No model is named, the dataset is absent, or the model cannot be used.
    """
    path, (images, faces, quality, labels, held_out) = _model_and_dataset(parameters, found)
    name = parameters.name or name_of_file(path)
    classes = parameters.columns.class_names
    known = resolve_class_names(classes, len(classes or EMOTIONS))
    emotions = tuple(
        emotion for emotion in EVALUATION_SETS[parameters.dataset].emotions if emotion in known
    )
    faces, left_out = faces_showing(faces, emotions, parameters.dataset)
    outputs = _outputs(path, name, parameters, images, faces["image_index"].to_numpy())
    predictions = foreign_predictions(
        outputs, faces, class_names=classes, name=name, seed=seed, emotions=emotions
    )
    people = join_faces(predictions, faces)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    part = ScoredFaces(parameters.dataset, name, emotions, people)
    reading = {
        "name": name,
        "evaluation_set": parameters.dataset,
        "classes": list(emotions),
        "attributes": labelled_attributes(part, parameters),
        "file": printable(path.name),
        "sha256": sha256,
        "n_rows": len(people),
        "n_people": n_people(part),
        "warnings": [],
        "fabricated": quality["reading"]["fabricated"],
        "notes": [*outputs.notes, *left_out],
    }
    _tell(reading)
    return with_confidence(part), reading, held_out, labels


def _outputs(
    path: Path, name: str, parameters: AuditParameters, images: np.ndarray, index: np.ndarray
) -> ModelOutputs:
    """What the model says of the faces; a stranger's file is opened in a process of its own."""
    request = ModelRequest(
        path,
        name,
        output=parameters.output,
        class_names=parameters.columns.class_names,
        scoring=Scoring(input_scale=parameters.input_scale),
    )
    if parameters.isolation == "none":
        return run_model_file(request, images, index)
    limits = Limits(
        memory_bytes=int(parameters.memory_limit_gb * 2**30),
        time_s=parameters.time_limit_minutes * 60,
    )
    return run_isolated(request, images, index, limits)


def _model_and_dataset(parameters: AuditParameters, found: Sequence[Any]) -> tuple[Path, Any]:
    """The file of the model, and what was loaded of the dataset that it is run on."""
    if parameters.model is None:
        others = [name for name in EVALUATION_SETS if name != TRAINED_ON]
        raise InvalidInputError(
            "No model is named. Add --params audit.model=FILE (.keras, .h5, .onnx or .tflite), and "
            "audit.dataset="
            f"{' or '.join(others)} to score it on another dataset than {TRAINED_ON}; for a file "
            "of predictions run --pipelines audit --params audit.predictions=FILE."
        )
    of_dataset = by_evaluation_set(found)[parameters.dataset]
    faces = of_dataset[1]
    if faces.empty:
        raise InvalidInputError(
            f"There are no test faces of {parameters.dataset}: put the dataset into data/01_raw "
            "and run --pipelines data_processing,race_labeling, or choose another audit.dataset."
        )
    return Path(parameters.model), of_dataset


def _tell(reading: dict[str, Any]) -> None:
    """What was assumed, left out, or may be wrong, on the console too."""
    for warning in reading["warnings"]:
        logger.warning(warning)
    for note in reading["notes"]:
        logger.info(note)


def write_audit(
    reading: dict[str, Any],
    manifest: dict[str, Any],
    parameters: AuditParameters,
    seed: int,
    **tables: pd.DataFrame,
) -> tuple[str, pd.DataFrame, dict[str, bytes], dict[str, bytes], dict[str, Any]]:
    """The HTML page, the tidy table of metrics, figures and words for a paper, the results."""
    inputs = report_inputs(reading, manifest, parameters, seed, tables)
    sections = all_sections(inputs)
    return (
        render_report(inputs, sections),
        tidy_table(tables["gaps"], reading),
        figure_files(sections, inputs.notes),
        paper_files(inputs),
        results_json(inputs),
    )
