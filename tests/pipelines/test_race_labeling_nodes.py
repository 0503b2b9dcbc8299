"""Nodes of race_labeling: annotated and predicted demographics stay apart."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from fer_fairness.pipelines.race_labeling.nodes import (
    attach_demographics,
    select_demographic_dataset,
)
from fer_fairness.tables import FACES_SCHEMA, empty_faces

FacesBuilder = Callable[..., pd.DataFrame]


@pytest.fixture
def labels() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": ["face_1", "face_0"],
            "gender": ["male", "female"],
            "gender_confidence": [0.9, 0.6],
            "race": ["black", "white"],
            "race_confidence": [0.8, 0.7],
            "age_group": ["0-19", "20-39"],
            "age_group_confidence": [0.5, 0.4],
        }
    )


def test_unlabelled_faces_get_predictions_marked_as_such(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    labelled = attach_demographics(make_faces(["train"] * 2, ["fear"] * 2), labels)
    assert list(labelled["gender"]) == ["female", "male"]
    assert list(labelled["race_confidence"]) == [0.7, 0.8]
    assert (labelled["age_group_source"] == "predicted").all()
    FACES_SCHEMA.validate(labelled)


def test_annotations_are_never_overwritten_nor_mixed_with_predictions(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    faces = make_faces(["train"] * 2, ["fear"] * 2, gender=["male", None])
    faces["gender_source"] = "annotated"
    labelled = attach_demographics(faces, labels)
    assert labelled["gender"].iloc[0] == "male"
    assert pd.isna(labelled["gender"].iloc[1])
    assert (labelled["gender_source"] == "annotated").all()
    assert (labelled["race_source"] == "predicted").all()


def test_no_faces_need_no_labels(labels: pd.DataFrame) -> None:
    assert len(attach_demographics(empty_faces(), labels.iloc[:0])) == 0


@pytest.mark.parametrize(
    ("wanted", "n_raf_db", "expected"),
    [("auto", 3, 3), ("auto", 0, 2), ("fer_plus", 3, 2), ("raf_db", 3, 3)],
)
def test_demographic_dataset_falls_back_only_where_raf_db_is_absent(
    make_faces: FacesBuilder,
    wanted: Literal["auto", "raf_db", "fer_plus"],
    n_raf_db: int,
    expected: int,
) -> None:
    fer_plus = make_faces(["train"] * 2, ["fear"] * 2)
    raf_db = make_faces(["train"] * n_raf_db, ["fear"] * n_raf_db) if n_raf_db else empty_faces()
    images = np.zeros((3, 48, 48, 1), dtype=np.uint8)
    faces, _ = select_demographic_dataset(wanted, fer_plus, images, raf_db, images)
    assert len(faces) == expected
