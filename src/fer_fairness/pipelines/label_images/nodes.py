"""Nodes of the label_images pipeline."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.embedding import EmbedderHandle
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
) -> tuple[np.ndarray, pd.DataFrame]:
    """Embedding of every image, seen as the labeller's own faces were, and which have none."""
    aligned = condition.model_copy(update={"alignment": parameters.alignment})
    if parameters.alignment == "detect":
        # A picture is not a face: only what is found in it has the size that was asked for.
        aligned = aligned.model_copy(update={"side_px": None})
    return embed_files(embedder, faces, _folder(parameters), aligned, embedding, cache_root)


def label_images(
    labeller: DemographicLabeller,
    embeddings: np.ndarray,
    unembedded: pd.DataFrame,
    faces: pd.DataFrame,
) -> pd.DataFrame:
    """One row an image: perceived groups with confidence and probabilities, or why there are none.

    A group is missing where the labeller abstained; `problem` tells why there is no embedding.
    """
    labels = labeller.predict(embeddings, faces["sample_id"].tolist())
    for attribute in ATTRIBUTES:
        labels[attribute] = labels[attribute].where(~labels[f"{attribute}_abstained"].astype(bool))
    problems = unembedded.set_index("sample_id")["reason"]
    labels.insert(1, "problem", labels["sample_id"].map(problems))
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
    named = labels.rename(columns={"file": "sample_id"}).drop(columns="problem")
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
