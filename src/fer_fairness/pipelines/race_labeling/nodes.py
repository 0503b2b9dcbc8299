"""Nodes of the race_labeling pipeline."""

from pathlib import Path
from typing import Literal

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
from fer_fairness.labeling import (
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
    refuse_constant_labels,
    selection_table,
)
from fer_fairness.params.embedding import (
    EmbedderParameters,
    EmbeddingParameters,
    ImageCondition,
)
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.sources import image_paths
from fer_fairness.taxonomy import ATTRIBUTES

Measured = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


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


def measure_labeller(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> Measured:
    """Labels of FairFace's held-out faces beside their true groups, and tables of the errors."""
    assessed = assess(labeller, embeddings, faces)
    return (
        held_out_labels(labeller, embeddings, faces),
        labeller_confusion(assessed),
        labeller_summary(assessed),
        labeller_recalls(assessed),
        labeller_reliability(assessed),
        selection_table(labeller),
    )


def collect_conditions(**tables: pd.DataFrame) -> pd.DataFrame:
    """One table of all conditions, told apart by the column `condition`."""
    named = []
    for condition, table in tables.items():
        table = table.copy()
        table.insert(0, "condition", condition)
        named.append(table)
    return pd.concat(named, ignore_index=True)


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
    has the source `none`.
    """
    faces = faces.copy()
    predicted = labels.set_index("sample_id").loc[faces["sample_id"]]
    for attribute in ATTRIBUTES:
        if len(faces) == 0 or (faces[f"{attribute}_source"] == "annotated").any():
            continue
        told = predicted[attribute].where(~predicted[f"{attribute}_abstained"].astype(bool), None)
        confidence = predicted[f"{attribute}_confidence"]
        faces[attribute] = told.to_numpy()
        faces[f"{attribute}_source"] = np.where(confidence.notna(), "predicted", "none")
        faces[f"{attribute}_confidence"] = confidence.to_numpy()
    return faces


def measure_agreement(
    development_labels: pd.DataFrame,
    test_labels: pd.DataFrame,
    development_faces: pd.DataFrame,
    test_faces: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How far predicted groups agree with annotated ones, and the counts of both together."""
    labels = pd.concat([development_labels, test_labels], ignore_index=True)
    faces = pd.concat([development_faces, test_faces], ignore_index=True)
    counts = agreement_table(labels, faces)
    summary = agreement_summary(counts)
    name = str(faces["dataset"].iloc[0]) if len(faces) else ""
    for table in (summary, counts):
        table.insert(0, "dataset", name)
    return summary, counts


def export_embeddings_and_labels(
    development_embeddings: np.ndarray,
    test_embeddings: np.ndarray,
    development_labels: pd.DataFrame,
    test_labels: pd.DataFrame,
    development_faces: pd.DataFrame,
    test_faces: pd.DataFrame,
) -> tuple[np.ndarray, np.ndarray]:
    """All of RAF-DB in two arrays: float32 embeddings, and a structured array of the labels.

    Row i of both is the same face, development faces first. Without RAF-DB both have no rows.
    """
    labels = pd.concat([development_labels, test_labels], ignore_index=True)
    faces = pd.concat([development_faces, test_faces], ignore_index=True)
    embeddings = np.concatenate([development_embeddings, test_embeddings])
    return embeddings, label_array(labels, faces)


def select_demographic_dataset(
    demographic_dataset: Literal["auto", "raf_db", "fer_plus"],
    fer_plus_faces: pd.DataFrame,
    fer_plus_images: np.ndarray,
    raf_db_faces: pd.DataFrame,
    raf_db_images: np.ndarray,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Development faces that demographic augmentation and reweighing train on."""
    if demographic_dataset == "fer_plus" or len(raf_db_faces) == 0:
        return fer_plus_faces, fer_plus_images
    return raf_db_faces, raf_db_images


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
