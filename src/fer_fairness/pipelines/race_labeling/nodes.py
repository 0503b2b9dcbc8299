"""Nodes of the race_labeling pipeline."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from fer_fairness.embedding import (
    KerasEmbedder,
    embed_images,
    fit_keras_embedder,
    held_out_mask,
)
from fer_fairness.labeling import (
    DemographicLabeller,
    fit_labeller,
    label_array,
    labeller_confusion,
    labeller_summary,
    refuse_constant_labels,
)
from fer_fairness.params.race_labeling import EmbedderParameters, LabellerParameters
from fer_fairness.taxonomy import ATTRIBUTES

EMBEDDING_BATCH_SIZE = 512


def fit_embedder(
    faces: pd.DataFrame,
    images: np.ndarray,
    parameters: EmbedderParameters,
    seed: int,
    checkpoint_root: str,
) -> Any:  # noqa: ANN401  a keras.Model; naming it here would import Keras at start-up
    """Train the face embedder on FairFace's training faces."""
    return fit_keras_embedder(
        faces, images, parameters, seed=seed, checkpoint_folder=Path(checkpoint_root) / "embedder"
    )


def embed_faces(
    model: Any,  # noqa: ANN401  a keras.Model, as above
    faces: pd.DataFrame,
    images: np.ndarray,
) -> np.ndarray:
    """Embedding of every face of a table, in the table's order: float32 (n, dimension)."""
    return embed_images(
        KerasEmbedder(model),
        images,
        faces["image_index"].to_numpy(),
        batch_size=EMBEDDING_BATCH_SIZE,
        description=f"Embedding {_title(faces)}",
    )


def fit_demographic_labeller(
    embeddings: np.ndarray,
    faces: pd.DataFrame,
    embedder: EmbedderParameters,
    parameters: LabellerParameters,
    seed: int,
) -> DemographicLabeller:
    """Fit and calibrate; calibration sees only faces that the embedder was not trained on."""
    held_out = held_out_mask(faces, embedder, seed)
    return fit_labeller(embeddings, faces, parameters, seed=seed, held_out=held_out)


def measure_labeller(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Confusion of the labeller on FairFace's held-out faces, and its summary by attribute."""
    return (
        labeller_confusion(labeller, embeddings, faces),
        labeller_summary(labeller, embeddings, faces),
    )


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
    annotation is missing: annotated and predicted groups are not mixed in one column.
    """
    faces = faces.copy()
    predicted = labels.set_index("sample_id").loc[faces["sample_id"]]
    for attribute in ATTRIBUTES:
        if len(faces) == 0 or (faces[f"{attribute}_source"] == "annotated").any():
            continue
        faces[attribute] = predicted[attribute].to_numpy()
        faces[f"{attribute}_source"] = "predicted"
        faces[f"{attribute}_confidence"] = predicted[f"{attribute}_confidence"].to_numpy()
    return faces


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


def _title(faces: pd.DataFrame) -> str:
    if len(faces) == 0:
        return "no faces"
    split = "test" if (faces["split"] == "test").all() else "development"
    return f"{faces['dataset'].iloc[0]} {split} faces"
