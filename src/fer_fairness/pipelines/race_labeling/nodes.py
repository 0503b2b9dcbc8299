"""Nodes of the race_labeling pipeline."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.embedding import (
    EmbedderHandle,
    FaceImages,
    ImageFiles,
    ImageRows,
    embed_faces,
    fit_embedder,
    held_out_mask,
    trained_on_fairface,
)
from fer_fairness.evaluation_sets import CONDITIONS, demographic_dataset
from fer_fairness.labeling import (
    Assessed,
    DemographicLabeller,
    agreement_summary,
    agreement_table,
    assess,
    fit_labeller,
    held_out_labels,
    label_array,
    labeller_confusion,
    labeller_recalls,
    labeller_reliability,
    labeller_summary,
    one_group_a_person,
    refuse_constant_labels,
    selection_table,
)
from fer_fairness.params.embedding import (
    EmbedderParameters,
    EmbeddingParameters,
    ImageCondition,
)
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.pipelines.scored_faces import by_evaluation_set
from fer_fairness.sources import image_paths
from fer_fairness.tables import PERSON, stacked
from fer_fairness.taxonomy import ATTRIBUTES

_ASSESSMENTS: Final[Mapping[str, Callable[[Sequence[Assessed]], pd.DataFrame]]] = MappingProxyType(
    {
        "labeller_confusion": labeller_confusion,
        "labeller_summary": labeller_summary,
        "labeller_recalls": labeller_recalls,
        "labeller_reliability": labeller_reliability,
    }
)
MEASUREMENTS: Final = (*_ASSESSMENTS, "labeller_selection")
"""What is measured of a labeller on faces it has not seen, by the names of the report's tables."""


def fit_face_embedder(
    faces: pd.DataFrame,
    folder: Path,
    parameters: EmbedderParameters,
    seed: int,
    checkpoint_root: str,
) -> EmbedderHandle:
    """Train the face embedder on FairFace's training faces, or check the one that is named."""
    return fit_embedder(
        faces,
        _files(faces, folder),
        parameters,
        seed=seed,
        work_folder=Path(checkpoint_root) / "embedder",
    )


def embed_files(
    embedder: EmbedderHandle,
    faces: pd.DataFrame,
    folder: Path,
    condition: ImageCondition,
    parameters: EmbeddingParameters,
    cache_root: str,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Embedding of every face, from its image file, and which faces have none and why."""
    return _embed(embedder, faces, _files(faces, folder), condition, parameters, cache_root)


def embed_pixels(
    embedder: EmbedderHandle,
    faces: pd.DataFrame,
    images: np.ndarray,
    condition: ImageCondition,
    parameters: EmbeddingParameters,
    cache_root: str,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Embedding of every face, from an array of images, and which faces have none and why."""
    rows = ImageRows(images, faces["image_index"].to_numpy())
    return _embed(embedder, faces, rows, condition, parameters, cache_root)


def fit_demographic_labeller(
    embeddings: np.ndarray,
    faces: pd.DataFrame,
    embedder: EmbedderParameters,
    parameters: LabellerParameters,
    seed: int,
) -> DemographicLabeller:
    """Choose, fit and calibrate classifiers, on faces that the embedder was not trained on."""
    held_out = held_out_mask(faces, embedder, seed) if trained_on_fairface(embedder) else None
    return fit_labeller(embeddings, faces, parameters, seed=seed, held_out=held_out)


def measure_labellers(
    faces: pd.DataFrame,
    *labellers_and_embeddings: Any,  # noqa: ANN401  first the ones, then the others
) -> tuple[pd.DataFrame, ...]:
    """How the labellers of all conditions err on FairFace's held-out faces.

    Args:
        faces: Those faces.
        labellers_and_embeddings: The labeller of each of `CONDITIONS`, then the embeddings of the
            faces as they look in each.

    Returns:
        Of each condition the labels of the faces beside their true groups; then the tables of
        `MEASUREMENTS`, in which the column `condition` tells them apart.
    """
    n = len(CONDITIONS)
    held_out, measured = [], []
    for place, condition in enumerate(CONDITIONS):
        labeller, embeddings = labellers_and_embeddings[place], labellers_and_embeddings[n + place]
        held_out.append(held_out_labels(labeller, embeddings, faces))
        assessed = assess(labeller, embeddings, faces)
        tables = [table_of(assessed) for table_of in _ASSESSMENTS.values()]
        tables.append(selection_table(labeller))
        for table in tables:
            table.insert(0, "condition", condition)
        measured.append(tables)
    collected = [pd.concat(tables, ignore_index=True) for tables in zip(*measured, strict=True)]
    return (*held_out, *collected)


def predict_demographics(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """Predicted gender, race and age group of each face with confidence and probabilities.

    Raises:
        InvalidInputError: Every face got the same label of an attribute.
    """
    labels = labeller.predict(embeddings, faces["sample_id"].tolist())
    if len(labels):
        refuse_constant_labels(labels)
    return labels


def attach_demographics(faces: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Give faces without annotated demographics the predicted ones, each marked with its source.

    An attribute that a dataset annotates is never overwritten, not even where one face's
    annotation is missing: annotated and predicted groups are not mixed in one column. Where the
    labeller abstained the group is missing and its source `predicted`; a face without an embedding
    has the source `none`. All faces of a person get one group, since people are compared whole.
    """
    faces = faces.copy()
    predicted = labels.set_index("sample_id").loc[faces["sample_id"]]
    for attribute in ATTRIBUTES:
        if len(faces) == 0 or (faces[f"{attribute}_source"] == "annotated").any():
            continue
        told = predicted[attribute].where(~predicted[f"{attribute}_abstained"].astype(bool), None)
        confidence = predicted[f"{attribute}_confidence"]
        if PERSON in faces:
            whole = one_group_a_person(faces[PERSON], told, confidence)
            told, confidence = whole["group"], whole["confidence"]
        faces[attribute] = told.to_numpy()
        faces[f"{attribute}_source"] = np.where(confidence.notna(), "predicted", "none")
        faces[f"{attribute}_confidence"] = confidence.to_numpy()
    return faces


def measure_agreement(*tables: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How far predicted groups agree with annotated ones, and the counts of both together.

    Args:
        tables: Of every evaluation set the labels of development and test faces, then the faces.

    Returns:
        `agreement_summary` and `agreement_table` of the sets where there is both, marked with
        `dataset`.
    """
    found = []
    for name, (*labels, development, test) in by_evaluation_set(tables).items():
        faces = pd.concat([development, test], ignore_index=True)
        counts = agreement_table(pd.concat(labels, ignore_index=True), faces)
        summary = agreement_summary(counts)
        for table in (summary, counts):
            table.insert(0, "dataset", name)
        found.append((summary, counts))
    return stacked([summary for summary, _ in found]), stacked([counts for _, counts in found])


def export_embeddings_and_labels(
    development_embeddings: np.ndarray,
    test_embeddings: np.ndarray,
    development_labels: pd.DataFrame,
    test_labels: pd.DataFrame,
    development_faces: pd.DataFrame,
    test_faces: pd.DataFrame,
) -> tuple[np.ndarray, np.ndarray]:
    """All of a dataset in two arrays: float32 embeddings, and a structured array of the labels.

    Row i of both is the same face, development faces first. Both have no rows where it is absent.
    """
    labels = pd.concat([development_labels, test_labels], ignore_index=True)
    faces = pd.concat([development_faces, test_faces], ignore_index=True)
    embeddings = np.concatenate([development_embeddings, test_embeddings])
    return embeddings, label_array(labels, faces)


def choose_demographic_dataset(
    wanted: str,
    trained_on: str,
    *faces_and_images: Any,  # noqa: ANN401  a table, an array, a table, ...
) -> tuple[pd.DataFrame, np.ndarray]:
    """Development faces and images that demographic augmentation and reweighing train on.

    Args:
        wanted: Name of an evaluation set, or `auto` (see `demographic_dataset`).
        trained_on: The evaluation set that the baseline is trained on.
        faces_and_images: Of every evaluation set the labelled development faces and their images.
    """
    found = by_evaluation_set(faces_and_images)
    present = [name for name, (faces, _) in found.items() if len(faces)]
    faces, images = found[demographic_dataset(wanted, present, trained_on)]
    return faces, images


def _files(faces: pd.DataFrame, folder: Path) -> ImageFiles:
    return ImageFiles(image_paths(faces, folder), faces["sample_id"].tolist())


def _embed(
    embedder: EmbedderHandle,
    faces: pd.DataFrame,
    images: FaceImages,
    condition: ImageCondition,
    parameters: EmbeddingParameters,
    cache_root: str,
) -> tuple[np.ndarray, pd.DataFrame]:
    found = embed_faces(
        embedder,
        images,
        condition,
        parameters,
        cache_root=Path(cache_root),
        description=f"Embedding {_title(faces)}",
    )
    rows = sorted(found.problems)
    unembedded = pd.DataFrame(
        {
            "sample_id": faces["sample_id"].iloc[rows].astype("str").to_numpy(),
            "reason": pd.Series([found.problems[row] for row in rows], dtype="str").to_numpy(),
        }
    )
    return found.embeddings, unembedded.astype("str")


def _title(faces: pd.DataFrame) -> str:
    if len(faces) == 0:
        return "no faces"
    split = "test" if (faces["split"] == "test").all() else "development"
    return f"{faces['dataset'].iloc[0]} {split} faces"
