"""Nodes of the audit pipelines."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fer_fairness.auditing.models import read_people_of_file
from fer_fairness.auditing.reading import People, name_of_file
from fer_fairness.auditing.report import report_inputs, tidy_table
from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.scored_faces import ScoredFaces, with_confidence
from fer_fairness.fairness.swapped_classes import order_warnings
from fer_fairness.foreign import foreign_predictions
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.audit.coverage import faces_showing, labelled_attributes, n_people
from fer_fairness.pipelines.audit.model_file import (
    classes_of,
    model_path,
    outputs_of,
    pictures_of,
    without_folders,
)
from fer_fairness.pipelines.scored_faces import by_evaluation_set, join_faces
from fer_fairness.reporting import (
    all_sections,
    figure_files,
    paper_files,
    render_report,
    results_json,
)
from fer_fairness.sources.image_files.listing import printable
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
    preparation: Mapping[str, Any],
    *found: Any,  # noqa: ANN401  what Kedro loads of each dataset
) -> People:
    """Predictions of somebody's model on test faces, and how the model was loaded.

    Args:
        parameters: Which model and dataset, and how the model is to be used.
        seed: Recorded with the predictions.
        preparation: Of `find_preparation`.
        found: Of every evaluation set images and faces of the test split, the data-quality report,
            the labels of the faces, and of the held-out faces of the labeller behind them; then the
            folders of `image_folders`.

    Raises:
        InvalidInputError: No model is named, the dataset is absent, or the model cannot be used.
    """
    path = model_path(parameters)
    of_sets, folders = without_folders(found)
    images, faces, quality, labels, held_out = _of_dataset(parameters, of_sets)
    name = parameters.name or name_of_file(path)
    prepared = _prepared(parameters, preparation)
    names, about_classes = classes_of(prepared.columns.class_names or EMOTIONS)
    known = EVALUATION_SETS[parameters.dataset].emotions
    emotions = tuple(emotion for emotion in known if emotion in names)
    faces, left_out = faces_showing(faces, emotions, parameters.dataset)
    pictures, index, about_files = pictures_of(faces, images, folders.get(parameters.dataset))
    outputs = outputs_of(path, prepared, pictures, index, preparation["scale_reason"])
    predictions = foreign_predictions(
        outputs, faces, class_names=names, name=name, seed=seed, emotions=emotions
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
        "warnings": [
            *about_files,
            *order_warnings(
                people["emotion"], people["predicted_emotion"], "Look at audit.columns.class_names."
            ),
        ],
        "fabricated": quality["reading"]["fabricated"],
        "notes": [*outputs.notes, *preparation["notes"], *about_classes, *left_out],
    }
    _tell(reading)
    return with_confidence(part), reading, held_out, labels


def _prepared(parameters: AuditParameters, preparation: Mapping[str, Any]) -> AuditParameters:
    """The parameters with what was found in the place of what was not configured.

    Without names FER+'s eight are assumed: a model of others is refused when it is opened.
    """
    columns = parameters.columns
    names = columns.class_names or preparation["class_names"] or EMOTIONS
    columns = columns.model_copy(update={"class_names": tuple(names)})
    scale = parameters.input_scale or preparation["input_scale"]
    return parameters.model_copy(update={"columns": columns, "input_scale": scale})


def _of_dataset(parameters: AuditParameters, found: Sequence[Any]) -> Sequence[Any]:
    """What was loaded of the dataset that the model is run on."""
    of_dataset = by_evaluation_set(found)[parameters.dataset]
    if of_dataset[1].empty:
        raise InvalidInputError(
            f"There are no test faces of {parameters.dataset}: put the dataset into data/01_raw "
            "and run --pipelines data_processing,race_labeling, or choose another audit.dataset."
        )
    return of_dataset


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
