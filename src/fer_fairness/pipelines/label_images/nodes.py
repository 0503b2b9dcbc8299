"""Nodes of the label_images pipeline."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.embedding import EmbedderHandle
from fer_fairness.embedding.alignment import NO_FACE
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.label_noise import composition
from fer_fairness.labeling import DemographicLabeller, agreement_summary, agreement_table
from fer_fairness.params.embedding import EmbeddingParameters, ImageCondition
from fer_fairness.params.label_images import LabelImagesParameters
from fer_fairness.pipelines.race_labeling.nodes import embed_files
from fer_fairness.sources import read_image_folder
from fer_fairness.taxonomy import ATTRIBUTES

logger = logging.getLogger(__name__)


def list_images(
    parameters: LabelImagesParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """The images of the folder, those that cannot be read, and what lies in the folder.

    Raises:
        InvalidInputError: No folder is named.
    """
    found = read_image_folder(_folder(parameters), parameters)
    return found.faces, found.rejected, dict(found.report)


def embed_images(
    embedder: EmbedderHandle,
    faces: pd.DataFrame,
    condition: ImageCondition,
    embedding: EmbeddingParameters,
    cache_root: str,
    parameters: LabelImagesParameters,
) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Embedding of every image, seen as the labeller's own faces were.

    Where a face is sought and none is found, the whole image is taken for a crop of one, as the
    faces of the labeller were: detectors miss tight crops.

    Returns:
        The embeddings, the images that have none and why (`sample_id`, `reason`), and those in
        which no face was found (`sample_id`).
    """
    folder = _folder(parameters)
    if parameters.alignment != "detect":
        as_named = condition.model_copy(update={"alignment": parameters.alignment})
        embedded = embed_files(embedder, faces, folder, as_named, embedding, cache_root)
        return (*embedded, faces[["sample_id"]].iloc[:0])
    # A picture is not a face: only what is found in it has the size that was asked for.
    sought = condition.model_copy(update={"alignment": "detect", "side_px": None})
    never_stop = embedding.model_copy(update={"max_problem_share": 1.0})
    embeddings, unembedded = embed_files(embedder, faces, folder, sought, never_stop, cache_root)
    faceless = unembedded["reason"] == NO_FACE
    not_found = unembedded.loc[faceless, ["sample_id"]].reset_index(drop=True)
    _tell_not_found(len(not_found), len(faces), parameters)
    if not_found.empty or parameters.no_face_found == "left_out":
        return embeddings, unembedded, not_found
    whole = condition.model_copy(update={"alignment": "landmarks"})
    taken = faces["sample_id"].isin(not_found["sample_id"]).to_numpy()
    of_whole, still = embed_files(embedder, faces[taken], folder, whole, never_stop, cache_root)
    embeddings = np.array(embeddings)
    embeddings[taken] = of_whole
    return embeddings, pd.concat([unembedded[~faceless], still], ignore_index=True), not_found


def _tell_not_found(n_not_found: int, n_images: int, parameters: LabelImagesParameters) -> None:
    if not n_not_found:
        return
    became = "they are left out, as configured."
    if parameters.no_face_found == "whole_image":
        became = (
            "each is taken whole for a crop of a face (face_not_found in labels.csv), also one "
            "that shows nobody. label_images.no_face_found=left_out leaves them out."
        )
    logger.warning("No face was found in %d of %d images: %s", n_not_found, n_images, became)


def label_images(
    labeller: DemographicLabeller,
    embeddings: np.ndarray,
    unembedded: pd.DataFrame,
    faces: pd.DataFrame,
    not_found: pd.DataFrame,
) -> pd.DataFrame:
    """One row an image: perceived groups with confidence and probabilities, or why there are none.

    A group is missing where the labeller abstained; `problem` tells why there is no embedding,
    `face_not_found` whether a face was sought in the image and none was found.
    """
    labels = labeller.predict(embeddings, faces["sample_id"].tolist())
    for attribute in ATTRIBUTES:
        labels[attribute] = labels[attribute].where(~labels[f"{attribute}_abstained"].astype(bool))
    problems = unembedded.set_index("sample_id")["reason"]
    labels.insert(1, "problem", labels["sample_id"].map(problems))
    labels.insert(2, "face_not_found", labels["sample_id"].isin(not_found["sample_id"]))
    return labels.rename(columns={"sample_id": "file"})


def compose(
    labels: pd.DataFrame,
    held_out: pd.DataFrame,
    faces: pd.DataFrame,
    parameters: LabelImagesParameters,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of the groups with the labeller's errors taken off; agreement with annotations."""
    seen = labels[labels["problem"].isna()]
    shares = composition(
        seen, attributes=ATTRIBUTES, held_out=held_out, params=parameters.inference, seed=seed
    )
    named = labels.rename(columns={"file": "sample_id"}).drop(columns=["problem", "face_not_found"])
    agreement = agreement_summary(agreement_table(named, faces))
    for row in shares[shares["refused"] == ""].to_dict("records"):
        logger.info(
            "%s %s: %.1f %% of the labels, corrected %.1f %% [%.1f, %.1f]",
            *(row["attribute"], row["group"]),
            *(100 * row[name] for name in ("share_labelled", "share_corrected")),
            *(100 * row[name] for name in ("ci_low", "ci_high")),
        )
    for attribute, why in shares.groupby("attribute")["refused"].first().items():
        if why:
            logger.info("Shares by %s are not corrected. %s", attribute, why)
    return shares, agreement


def _folder(parameters: LabelImagesParameters) -> Path:
    if parameters.folder is None:
        raise InvalidInputError(
            "No folder of images is named. Add --params label_images.folder=FOLDER; the labeller "
            "must be there from an earlier run of --pipelines data_processing,race_labeling."
        )
    return Path(parameters.folder)
