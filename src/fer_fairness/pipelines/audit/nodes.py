"""Nodes of the audit pipelines."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.fairness import AUDIT_COLUMNS
from fer_fairness.fairness.codes import categorical
from fer_fairness.fairness.subgroups.bias_scan import bias_scan
from fer_fairness.files import json_sha256
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
from fer_fairness.pipelines.audit.coverage import (
    compared,
    faces_showing,
    labelled_attributes,
    left_out_notes,
    n_people,
    people_notes,
    predicted_groups_notes,
)
from fer_fairness.pipelines.audit.folder import name_of_file
from fer_fairness.pipelines.measurements import (
    FABRICATED_NOTE,
    aif360_table,
    evaluation_tables,
    label_noise_tables,
    primary_notes,
)
from fer_fairness.pipelines.scored_faces import (
    ScoredFaces,
    by_evaluation_set,
    join_faces,
    with_confidence,
    with_context,
)
from fer_fairness.reporting import (
    ReportInputs,
    all_sections,
    as_json,
    figure_files,
    paper_files,
    render_report,
    results_json,
)
from fer_fairness.sources.held_out_labels import HeldOutLabels, read_held_out_labels
from fer_fairness.sources.image_listing import printable
from fer_fairness.sources.predictions import read_predictions
from fer_fairness.taxonomy import EMOTIONS

logger = logging.getLogger(__name__)

People = tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, pd.DataFrame]
"""Scored people, how they were read, the labeller's held-out people and the people's probabilities
of groups; the last two are empty where no group was predicted or nothing is known of it."""


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
    path = Path(parameters.predictions)
    found = read_predictions(path, parameters.columns)
    held_out = _held_out(parameters, found.attributes)
    predicted = held_out.attributes if held_out else ()
    sources = {
        f"{name}_source": "predicted" if name in predicted else "given" for name in found.attributes
    }
    taken = sorted(set(sources) & set(found.attributes))
    if taken:
        raise InvalidInputError(
            f"{path.name}: {taken[0]!r} cannot be compared beside "
            f"{taken[0].removesuffix('_source')!r}, whose source is called that here. Rename the "
            "column, or leave it out of audit.columns.attributes."
        )
    reading = {
        "name": parameters.name or name_of_file(path),
        "evaluation_set": printable(path.name),
        "classes": list(found.classes),
        "attributes": list(found.attributes),
        **found.reading,
    }
    if held_out:
        reading["held_out_labels"] = {
            "file": printable(Path(str(parameters.held_out_labels)).name),
            "sha256": held_out.sha256,
            "n_people": len(held_out.frame),
            "attributes": list(held_out.attributes),
        }
    _tell(reading)
    known = held_out.frame if held_out else pd.DataFrame()
    people = with_confidence(_audited(found.frame, reading))
    # As categories: of millions of rows a text each would take as much as all else.
    constant = {
        name: categorical(np.zeros(len(people), dtype=np.int8), [source])
        for name, source in sources.items()
    }
    return people.assign(**constant), reading, known, pd.DataFrame()


def _held_out(parameters: AuditParameters, attributes: Sequence[str]) -> HeldOutLabels | None:
    if parameters.held_out_labels is None:
        return None
    return read_held_out_labels(Path(parameters.held_out_labels), attributes)


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
            "No model is named. Add --params audit.model=FILE (.keras or .h5), and audit.dataset="
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


def evaluate_people(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> tuple[pd.DataFrame, ...]:
    """Overall scores, group scores, gaps and confusion."""
    attributes = compared(people, reading, parameters)
    return evaluation_tables([_audited(people, reading)], attributes, parameters.inference, seed)


def scan_subgroups(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """The subgroup over all attributes that is served worst, with a p-value of its own."""
    part = _audited(people, reading)
    found = bias_scan(
        people,
        attributes=reading["attributes"],
        n_permutations=parameters.n_scan_permutations,
        seed=seed,
        minimum_group_size=parameters.inference.minimum_group_size,
        significance=parameters.inference.significance,
        person=part.person,
    )
    return with_context([(part, found)])


def one_vs_rest(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """AIF360's metrics, one emotion against the rest; none where there are too many people."""
    wanted = [] if len(people) > parameters.aif360_max_people else reading["attributes"]
    attributes = [name for name in wanted if people[name].nunique() <= parameters.max_groups]
    return aif360_table([_audited(people, reading)], attributes, parameters.inference, seed)


def correct_label_errors(
    people: pd.DataFrame,
    reading: dict[str, Any],
    parameters: AuditParameters,
    seed: int,
    held_out: pd.DataFrame,
    labels: pd.DataFrame,
) -> tuple[pd.DataFrame, ...]:
    """Scores and gaps of predicted groups with the labeller's errors taken off; else no rows."""
    part = _audited(people, reading)
    return label_noise_tables(
        [part],
        {part.evaluation_set: (labels, held_out)},
        compared(people, reading, parameters),
        parameters.inference,
        seed,
    )


def write_audit(
    reading: dict[str, Any],
    manifest: dict[str, Any],
    parameters: AuditParameters,
    seed: int,
    **tables: pd.DataFrame,
) -> tuple[str, dict[str, Any], pd.DataFrame, dict[str, bytes], dict[str, bytes]]:
    """The HTML page, all numbers for machines, the table of metrics, figures and words."""
    gaps = tables["gaps"]
    notes = [
        *([FABRICATED_NOTE] if reading.get("fabricated") else []),
        *reading["warnings"],
        *predicted_groups_notes(gaps),
        *people_notes(reading, tables["label_noise_gaps"]),
        *reading["notes"],
        *left_out_notes(gaps, tables["aif360"], reading, parameters),
    ]
    chosen = parameters.model_dump()
    sha256 = json_sha256({"seed": seed, "audit": as_json(chosen)})
    notes = [*primary_notes(parameters.inference, sha256), *notes]
    about = {
        "seed": seed,
        "parameters": chosen,
        "parameters_sha256": sha256,
        "reading": reading,
    }
    inputs = ReportInputs(tables, kind="audit", manifest={**manifest, **about}, notes=notes)
    sections = all_sections(inputs)
    return (
        render_report(inputs, sections),
        results_json(inputs),
        gaps[list(AUDIT_COLUMNS)],
        figure_files(sections, inputs.notes),
        paper_files(inputs),
    )


def _audited(people: pd.DataFrame, reading: dict[str, Any]) -> ScoredFaces:
    return ScoredFaces(
        evaluation_set=reading["evaluation_set"],
        variant=reading["name"],
        emotions=tuple(reading["classes"]),
        table=people,
    )
