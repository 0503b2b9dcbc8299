"""Nodes of the data_processing pipeline."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication import is_fabricated
from fer_fairness.params.data_processing import (
    FairFaceParameters,
    FerPlusParameters,
    RafDbParameters,
)
from fer_fairness.params.quality import QualityParameters
from fer_fairness.params.splitting import SplitParameters
from fer_fairness.quality import check_quality, exact_duplicate_groups
from fer_fairness.sources import (
    RawFaces,
    raf_db_is_present,
    read_fairface,
    read_fer_plus,
    read_raf_db,
)
from fer_fairness.tables import empty_faces

Read = tuple[pd.DataFrame, np.ndarray, pd.DataFrame, dict[str, Any]]


def read_fer_plus_faces(folder: Path, parameters: FerPlusParameters) -> Read:
    """Read FER+: every readable row, its image, what was set aside, and a report of the reading."""
    return _unpack(read_fer_plus(folder, parameters), folder)


def read_fairface_faces(folder: Path, parameters: FairFaceParameters) -> Read:
    """Read FairFace: as `read_fer_plus_faces`."""
    return _unpack(read_fairface(folder, parameters), folder)


def read_raf_db_faces(
    folder: Path,
    parameters: RafDbParameters,
    demographic_dataset: Literal["auto", "raf_db", "fer_plus"],
) -> Read:
    """Read RAF-DB, which may be absent unless `demographic_dataset` asks for it by name.

    Raises:
        DatasetNotFoundError: RAF-DB is asked for and not there.
        InvalidInputError: `demographic_dataset` is none of its three values.
    """
    _check_demographic_dataset(demographic_dataset)
    if demographic_dataset != "raf_db" and not raf_db_is_present(folder):
        no_images = np.zeros((0, 48, 48, 1), dtype=np.uint8)
        report = {"present": False, "fabricated": False, "looked_for_in": str(folder)}
        return empty_faces(), no_images, _nothing_rejected(), report
    return _unpack(read_raf_db(folder, parameters), folder)


def check_faces(
    faces: pd.DataFrame, images: np.ndarray, parameters: QualityParameters
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Look for duplicates, constant images and imbalance; mark what takes no part."""
    return check_quality(faces, images, parameters)


def quality_report(
    reading: dict[str, Any], rejected: pd.DataFrame, checks: dict[str, Any]
) -> dict[str, Any]:
    """Put what was read, set aside and found into one data-quality report."""
    return {
        "reading": reading,
        "n_rejected": len(rejected),
        "rejected_by_reason": rejected["reason"].value_counts().to_dict(),
        **checks,
    }


def split_off_test(
    faces: pd.DataFrame, images: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]:
    """Separate test faces from all others, images included.

    From here on nothing that trains, selects or fits is given a test face.

    Returns:
        Development faces and images, test faces and images; each table's `image_index` counts
        within its own array.
    """
    is_test = (faces["split"] == "test").to_numpy()
    return (*_subset(faces, images, ~is_test), *_subset(faces, images, is_test))


def carve_out_validation(
    faces: pd.DataFrame, images: np.ndarray, parameters: SplitParameters, seed: int
) -> pd.DataFrame:
    """Turn a share of each emotion's training faces into validation faces, for RAF-DB.

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


def _unpack(raw: RawFaces, folder: Path) -> Read:
    rows = pd.util.hash_pandas_object(raw.faces, index=False).to_numpy()
    about = {
        "present": True,
        "fabricated": is_fabricated(folder),
        "sha256": {
            "faces": hashlib.sha256(rows.tobytes()).hexdigest(),
            "images": hashlib.sha256(np.ascontiguousarray(raw.images).tobytes()).hexdigest(),
        },
    }
    return raw.faces, raw.images, raw.rejected, {**about, **raw.report}


def _subset(
    faces: pd.DataFrame, images: np.ndarray, mask: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    part = faces[mask].reset_index(drop=True)
    pixels = images[part["image_index"].to_numpy()]
    return part.assign(image_index=np.arange(len(part))), pixels


def _nothing_rejected() -> pd.DataFrame:
    columns = ["dataset", "file", "row", "value", "reason", "action"]
    return pd.DataFrame({name: pd.Series(dtype=str) for name in columns})


def _check_demographic_dataset(value: str) -> None:
    if value not in ("auto", "raf_db", "fer_plus"):
        msg = (
            f"demographic_dataset is {value!r}; expected 'auto', 'raf_db' or 'fer_plus' "
            "(conf/base/globals.yml, or --params demographic_dataset=...)."
        )
        raise InvalidInputError(msg)
