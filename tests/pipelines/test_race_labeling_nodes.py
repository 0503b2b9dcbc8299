"""Nodes of race_labeling: annotated and predicted demographics stay apart."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from fer_fairness.pipelines.race_labeling.nodes import (
    attach_demographics,
    collect_conditions,
    measure_agreement,
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
            "gender_abstained": [False, False],
            "race": ["black", "white"],
            "race_confidence": [0.8, 0.7],
            "race_abstained": [False, False],
            "age_group": ["0-19", "20-39"],
            "age_group_confidence": [0.5, 0.4],
            "age_group_abstained": [False, False],
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


def test_abstaining_leaves_the_group_open_and_an_unseen_face_has_no_source(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    labels.loc[labels["sample_id"] == "face_0", "race_abstained"] = True
    labels.loc[labels["sample_id"] == "face_1", ["gender_confidence"]] = np.nan
    labels.loc[labels["sample_id"] == "face_1", ["gender_abstained"]] = True
    labelled = attach_demographics(make_faces(["test"] * 2, ["fear"] * 2), labels)
    assert list(labelled["race"].isna()) == [True, False]
    assert list(labelled["race_source"]) == ["predicted", "predicted"]
    assert list(labelled["race_confidence"]) == [0.7, 0.8]
    assert list(labelled["gender_source"]) == ["predicted", "none"]
    assert list(labelled["gender"].isna()) == [False, True]
    FACES_SCHEMA.validate(labelled)


def test_conditions_are_told_apart_in_one_table() -> None:
    table = pd.DataFrame({"attribute": ["race"]})
    both = collect_conditions(colour_100=table, grey_48=table)
    assert list(both["condition"]) == ["colour_100", "grey_48"]
    assert both.columns[0] == "condition"


def test_agreement_counts_both_parts_of_an_annotated_dataset(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    faces = make_faces(["train"] * 2, ["fear"] * 2, gender=["female", "female"])
    labels = labels.assign(probability_gender_female=0.5, probability_gender_male=0.5)
    summary, counts = measure_agreement(
        labels.iloc[[1]], labels.iloc[[0]], faces.iloc[[0]], faces.iloc[[1]]
    )
    gender = summary[summary["attribute"] == "gender"].iloc[0]
    assert gender["n_comparable"] == 2
    assert gender["agreement"] == 0.5
    assert set(counts["dataset"]) == {"fabricated"}


def test_agreement_of_no_faces_is_empty(labels: pd.DataFrame) -> None:
    nothing = labels.iloc[:0]
    summary, counts = measure_agreement(nothing, nothing, empty_faces(), empty_faces())
    assert len(summary) == 0
    assert len(counts) == 0


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
