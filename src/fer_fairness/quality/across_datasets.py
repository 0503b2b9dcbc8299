"""Faces that several datasets have, pixel for pixel: what models of one know of another."""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.quality.duplicates import Images, exact_duplicate_groups
from fer_fairness.tables import has_majority_emotion, has_target

logger = logging.getLogger(__name__)


class DatasetParts(NamedTuple):
    """The faces of a dataset (`tables.FACES_SCHEMA`) and the uint8 images (n, h, w, c) of each.

    Attributes:
        development_faces: Training and validation faces.
        development_images: Their images.
        test_faces: Faces that are tested on.
        test_images: Their images.
    """

    development_faces: pd.DataFrame
    development_images: Images
    test_faces: pd.DataFrame
    test_images: Images


def known_faces(sets: Mapping[str, DatasetParts]) -> pd.DataFrame:
    """The test faces of each dataset that another one has too, pixel for pixel.

    Among its training or validation faces, or among the test faces of an earlier one: then models
    know them, or two sets would not be of different people.

    Returns:
        evaluation_set, sample_id, known_from; no row where the datasets hold different pictures.

    Raises:
        InvalidInputError: Another dataset has all test faces of one.
    """
    table = _pictures(sets)
    tested = table[table["is_test"]]
    known = table[["picture", "dataset", "place", "is_test"]].drop_duplicates()
    pairs = tested.merge(known, on="picture", suffixes=("", "_known"))
    is_first = pairs["is_test_known"] & (pairs["place_known"] > pairs["place"])
    pairs = pairs[(pairs["dataset"] != pairs["dataset_known"]) & ~is_first]
    for name, left_out in pairs.groupby("dataset"):
        n_left_out, n_all = left_out["sample_id"].nunique(), (tested["dataset"] == name).sum()
        others = ", ".join(sorted(set(left_out["dataset_known"])))
        if n_left_out == n_all:
            raise InvalidInputError(
                f"All {n_all:,} test faces of {name} are faces of {others} too, pixel for pixel: "
                f"nothing is left to score there. Leave one of them out: cross_dataset.datasets."
            )
        logger.warning(
            "%s of %s test faces of %s are faces of %s too, and are left out.",
            f"{n_left_out:,}",
            f"{n_all:,}",
            name,
            others,
        )
    pairs = pairs.drop_duplicates(["sample_id", "dataset_known"])
    found = pairs.rename(columns={"dataset": "evaluation_set", "dataset_known": "known_from"})
    return pd.DataFrame(found[["evaluation_set", "sample_id", "known_from"]], copy=True)


def _pictures(sets: Mapping[str, DatasetParts]) -> pd.DataFrame:
    """Every face that is trained, chosen or tested on, with the number of its distinct picture."""
    tables, images, start = [], [], 0
    for place, (name, parts) in enumerate(sets.items()):
        for table, pixels, is_test in (
            (parts.development_faces, parts.development_images, False),
            (parts.test_faces, parts.test_images, True),
        ):
            used = table[has_majority_emotion(table) if is_test else has_target(table)]
            tables.append(
                used[["sample_id"]].assign(
                    dataset=name, place=place, is_test=is_test, row=used["image_index"] + start
                )
            )
            images.append(pixels)
            start += len(pixels)
    table = pd.concat(tables, ignore_index=True)
    table["picture"] = exact_duplicate_groups(np.concatenate(images), table["row"].to_numpy())
    return table


def together(
    faces: Sequence[pd.DataFrame], images: Sequence[Images]
) -> tuple[pd.DataFrame, Images]:
    """Development faces of several datasets in one table, and their images in one array.

    A validation face that is a training face of another dataset is left out: it would choose the
    epoch that remembers it best.
    """
    if len(faces) == 1:
        return faces[0], images[0]
    starts = np.cumsum([0, *(len(pixels) for pixels in images[:-1])])
    moved = [
        table.assign(image_index=table["image_index"] + start)
        for table, start in zip(faces, starts, strict=True)
    ]
    table, pixels = pd.concat(moved, ignore_index=True), np.concatenate(images)
    picture = exact_duplicate_groups(pixels, table["image_index"].to_numpy())
    is_training = (table["split"] == "train").to_numpy()
    is_known = ~is_training & np.isin(picture, picture[is_training])
    if is_known.any():
        logger.warning(
            "%s validation faces are training faces of another dataset too, and choose nothing.",
            f"{is_known.sum():,}",
        )
    return table[~is_known].reset_index(drop=True), pixels
