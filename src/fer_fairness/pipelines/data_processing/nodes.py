"""Nodes of the data_processing pipeline; a dataset is read by its reader in `sources`."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.evaluation_sets import EVALUATION_SETS, check_demographic_dataset
from fer_fairness.fabrication import is_fabricated
from fer_fairness.params.data_processing import SplitParameters
from fer_fairness.params.quality import QualityParameters
from fer_fairness.quality import check_quality, exact_duplicate_groups


def check_faces(
    faces: pd.DataFrame, images: np.ndarray, parameters: QualityParameters
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Look for duplicates, constant images and imbalance; mark what takes no part."""
    return check_quality(faces, images, parameters)


def quality_report(
    folder: Path,
    faces: pd.DataFrame,
    images: np.ndarray,
    rejected: pd.DataFrame,
    reading: dict[str, Any],
    checks: dict[str, Any],
    demographic_dataset: str,
    train_on: str,
) -> dict[str, Any]:
    """Put what was read, set aside and found into one data-quality report.

    Raises:
        DatasetNotFoundError: The dataset is absent, and either must not be or is asked for.
        InvalidInputError: `demographic_dataset` is none of its values.
    """
    check_demographic_dataset(demographic_dataset)
    if not reading.get("present", True):
        name = reading["dataset"]
        is_asked_for = name in (demographic_dataset, train_on)
        if is_asked_for or not EVALUATION_SETS[name].may_be_absent:
            raise DatasetNotFoundError(reading["how_to_obtain"])
        about: dict[str, Any] = {"present": False, "fabricated": False}
    else:
        about = {
            "present": True,
            "fabricated": is_fabricated(folder),
            "sha256": {"faces": _sha256_of_rows(faces), "images": _sha256(images)},
        }
    return {
        "reading": {**about, **reading},
        "n_rejected": len(rejected),
        "rejected_by_reason": rejected["reason"].value_counts().to_dict(),
        **checks,
    }


def split_faces(
    faces: pd.DataFrame, images: np.ndarray, parameters: SplitParameters, seed: int
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]:
    """Separate test faces from all others, images included, and take a validation share if asked.

    From here on nothing that trains, selects or fits is given a test face.

    Returns:
        Development faces and images, test faces and images; each table's `image_index` counts
        within its own array.
    """
    if parameters.validation_share > 0:
        faces = carve_out_validation(faces, images, parameters, seed)
    return separate_test_faces(faces, images)


def separate_test_faces(
    faces: pd.DataFrame, images: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]:
    """As `split_faces`, of faces whose splits are complete."""
    is_test = (faces["split"] == "test").to_numpy()
    return (*_subset(faces, images, ~is_test), *_subset(faces, images, is_test))


def carve_out_validation(
    faces: pd.DataFrame, images: np.ndarray, parameters: SplitParameters, seed: int
) -> pd.DataFrame:
    """Turn a share of each emotion's training faces into validation faces.

    Pixel-identical training faces go to validation together. At least one face of an emotion stays
    in training, copies aside; an emotion with one face only is not split.
    """
    generator = np.random.default_rng(seed)
    faces = faces.copy()
    in_training = faces["split"] == "train"
    copies = pd.Series(
        exact_duplicate_groups(images, faces["image_index"].to_numpy()), index=faces.index
    )
    for _, members in faces[in_training].groupby("emotion"):
        wanted = min(max(1, round(len(members) * parameters.validation_share)), len(members) - 1)
        chosen = generator.choice(members.index.to_numpy(), size=wanted, replace=False)
        faces.loc[in_training & copies.isin(copies[chosen]), "split"] = "validation"
    return faces


def _sha256_of_rows(table: pd.DataFrame) -> str:
    return _sha256(pd.util.hash_pandas_object(table, index=False).to_numpy())


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _subset(
    faces: pd.DataFrame, images: np.ndarray, mask: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    part = faces[mask].reset_index(drop=True)
    pixels = images[part["image_index"].to_numpy()]
    return part.assign(image_index=np.arange(len(part))), pixels
