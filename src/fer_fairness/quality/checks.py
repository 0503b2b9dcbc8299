"""The quality check of one dataset: what is found is reported, what must not leak is excluded."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.quality import QualityParameters
from fer_fairness.quality.distributions import Json, count_faces, measure_dataset_bias
from fer_fairness.quality.duplicates import (
    Images,
    Indices,
    NearDuplicates,
    are_constant,
    describe_exact_duplicates,
    describe_near_duplicates,
    exact_duplicate_groups,
    find_near_duplicates,
)
from fer_fairness.tables import FACES_SCHEMA
from fer_fairness.taxonomy import SPLITS

Mask = npt.NDArray[np.bool_]

_PROTECTED_FROM = {"test": ("train", "validation"), "validation": ("train",)}
"""Splits that score a model, and the splits that must not hold what they score it on."""


def check_quality(
    faces: pd.DataFrame, images: Images, params: QualityParameters
) -> tuple[pd.DataFrame, dict[str, Json]]:
    """Look for copies, near copies and blank images, and describe who is in the dataset.

    Whether a copy is dropped does not depend on labels: a training face goes if any face of the
    test or validation split has the same pixels, scored or not, so that the training set is the
    same whatever the label rule.

    Args:
        faces: A `faces` table; may have no rows.
        images: uint8 (m, height, width, channels), the array behind its `image_index`.
        params: What to look for and what to do about it.

    Returns:
        The table with `excluded_reason` filled where it was empty ("constant_image",
        "duplicate_of_test", "duplicate_of_validation" and, if asked for,
        "near_duplicate_of_test", "near_duplicate_of_validation"), and the report, ready for JSON:
        `constant_images`, `exact_duplicates`, `near_duplicates`, `exclusions`, `distributions`
        and `dataset_bias`.

    Raises:
        InvalidInputError: If table and images do not belong together, or if identical images
            stand in two splits and the parameters say stop.
    """
    _check_images(faces, images)
    faces = FACES_SCHEMA.validate(faces).reset_index(drop=True)
    image_index = faces["image_index"].to_numpy()
    groups = exact_duplicate_groups(images, image_index)
    exact = describe_exact_duplicates(faces, groups, params.max_listed)
    if params.cross_split_duplicates == "stop":
        _refuse_cross_split(faces, groups)
    reasons: list[tuple[str, Mask]] = []
    constant = are_constant(images, image_index)
    if params.constant_images == "exclude":
        reasons.append(("constant_image", constant))
    holds = _splits_of_groups(faces, groups)
    if params.cross_split_duplicates == "drop_from_training":
        reasons += _leaks(faces, groups, holds, "duplicate_of")
    near = _search_near(groups, image_index, images, params)
    near_groups = _pairs_of_groups(near, groups, image_index) if near else None
    if params.drop_near_duplicates and near_groups is not None:
        reasons += _leaks(faces, groups, _neighbours(holds, near_groups), "near_duplicate_of")
    checked, exclusions = _exclude(faces, reasons)
    return checked, {
        "n_faces": len(faces),
        "constant_images": _describe_constant(faces, constant, params.max_listed),
        "exact_duplicates": exact,
        "near_duplicates": describe_near_duplicates(faces, near, groups, params.max_listed),
        "exclusions": exclusions,
        "distributions": count_faces(checked),
        "dataset_bias": measure_dataset_bias(checked),
    }


def _check_images(faces: pd.DataFrame, images: Images) -> None:
    if images.ndim != 4 or images.dtype != np.uint8:
        raise InvalidInputError(
            f"Images have shape {images.shape} and type {images.dtype}; expected uint8 of shape "
            "(n, height, width, channels)."
        )
    if len(faces) and int(faces["image_index"].max()) >= len(images):
        row = faces.iloc[int(faces["image_index"].argmax())]
        raise InvalidInputError(
            f"Face {row['sample_id']} points to image {row['image_index']}, but there are "
            f"{len(images)} images. Table and images must come from the same run of the reader."
        )


def _refuse_cross_split(faces: pd.DataFrame, groups: Indices) -> None:
    n_splits = faces.groupby(groups)["split"].transform("nunique")
    leaking = faces[n_splits > 1]
    if leaking.empty:
        return
    names = [
        " = ".join(f"{row.sample_id} ({row.split})" for row in rows.itertuples())
        for _, rows in list(leaking.groupby(groups[leaking.index]))[:3]
    ]
    raise InvalidInputError(
        f"{len(leaking)} faces have an identical image in another split, first {'; '.join(names)}. "
        "Remove them from the dataset or set cross_split_duplicates to drop_from_training."
    )


def _splits_of_groups(faces: pd.DataFrame, groups: Indices) -> dict[str, Mask]:
    n_groups = int(groups.max(initial=-1)) + 1
    holds = {split: np.zeros(n_groups, dtype=np.bool_) for split in SPLITS}
    for split, held in holds.items():
        held[groups[(faces["split"] == split).to_numpy()]] = True
    return holds


def _search_near(
    groups: Indices, image_index: Indices, images: Images, params: QualityParameters
) -> NearDuplicates | None:
    if not params.near_duplicates:
        return None
    _, first = np.unique(groups, return_index=True)
    return find_near_duplicates(images, image_index[first], params)


def _pairs_of_groups(near: NearDuplicates, groups: Indices, image_index: Indices) -> Indices:
    order = np.argsort(image_index)
    return groups[order[np.searchsorted(image_index, near.pairs, sorter=order)]]


def _neighbours(holds: dict[str, Mask], near_groups: Indices) -> dict[str, Mask]:
    nearby = {split: np.zeros_like(held) for split, held in holds.items()}
    for split, held in holds.items():
        for here, there in (near_groups.T, near_groups.T[::-1]):
            nearby[split][here[held[there]]] = True
    return nearby


def _leaks(
    faces: pd.DataFrame, groups: Indices, holds: dict[str, Mask], reason: str
) -> list[tuple[str, Mask]]:
    return [
        (f"{reason}_{split}", faces["split"].isin(protected).to_numpy() & holds[split][groups])
        for split, protected in _PROTECTED_FROM.items()
    ]


def _exclude(
    faces: pd.DataFrame, reasons: list[tuple[str, Mask]]
) -> tuple[pd.DataFrame, dict[str, Json]]:
    excluded_reason = faces["excluded_reason"].copy()
    exclusions: dict[str, Json] = {}
    for reason, mask in reasons:
        new = mask & excluded_reason.isna().to_numpy()
        excluded_reason[new] = reason
        exclusions[reason] = int(new.sum())
    return FACES_SCHEMA.validate(faces.assign(excluded_reason=excluded_reason)), exclusions


def _describe_constant(faces: pd.DataFrame, constant: Mask, max_listed: int) -> dict[str, Json]:
    names = faces["sample_id"][constant].tolist()
    return {"n_faces": len(names), "sample_ids": names[:max_listed]}
