import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.quality import QualityParameters
from fer_fairness.quality import check_quality
from fer_fairness.tables import FACES_SCHEMA, empty_table

FacesBuilder = Callable[..., pd.DataFrame]
Images = npt.NDArray[np.uint8]


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    splits = ["train", "train", "train", "validation", "validation", "test", "test", "train"]
    emotions = ["anger", "fear", "anger", "fear", "anger", "fear", None, "neutral"]
    return make_faces(splits, emotions)


@pytest.fixture
def images() -> Images:
    """0 = 5 (train, test), 1 = 3 (train, validation), 4 = 6 (validation, test), 7 blank."""
    distinct = np.random.default_rng(3).integers(20, 230, (8, 48, 48, 1), dtype=np.uint8)
    copies = distinct[[0, 1, 2, 1, 4, 0, 4, 7]]
    copies[7] = 128
    return copies


def reasons(checked: pd.DataFrame) -> list[str | None]:
    return [None if pd.isna(reason) else reason for reason in checked["excluded_reason"]]


def test_copies_leave_the_split_that_learns(faces: pd.DataFrame, images: Images) -> None:
    checked, report = check_quality(faces, images, QualityParameters())
    of_test, of_validation = "duplicate_of_test", "duplicate_of_validation"
    blank = "constant_image"
    assert reasons(checked) == [of_test, of_validation, None, None, of_test, None, None, blank]
    assert report["exclusions"] == {blank: 1, of_test: 2, of_validation: 1}


def test_report_counts_copies_by_split_and_conflict(faces: pd.DataFrame, images: Images) -> None:
    exact = json.loads(json.dumps(check_quality(faces, images, QualityParameters())[1]))[
        "exact_duplicates"
    ]
    assert exact["n_groups"] == exact["n_surplus_copies"] == exact["n_groups_across_splits"] == 3
    assert exact["n_groups_with_conflicting_emotions"] == 1
    assert exact["n_faces_also_in"] == {
        "train": {"validation": 1, "test": 1},
        "validation": {"train": 1, "test": 1},
        "test": {"train": 1, "validation": 1},
    }
    assert exact["pairs"][0] == {
        "sample_id": "face_1",
        "split": "train",
        "emotion": "fear",
        "twin_sample_id": "face_3",
        "twin_split": "validation",
        "twin_emotion": "fear",
    }


def test_keep_reports_and_excludes_nothing(faces: pd.DataFrame, images: Images) -> None:
    params = QualityParameters(cross_split_duplicates="keep", constant_images="keep")
    checked, report = check_quality(faces, images, params)
    assert checked["excluded_reason"].isna().all()
    assert report["exclusions"] == {}
    assert report["constant_images"] == {"n_faces": 1, "sample_ids": ["face_7"]}


def test_stop_names_the_first_pairs(faces: pd.DataFrame, images: Images) -> None:
    with pytest.raises(InvalidInputError, match=r"6 faces .* face_0 \(train\) = face_5 \(test\)"):
        check_quality(faces, images, QualityParameters(cross_split_duplicates="stop"))


def test_stop_accepts_copies_within_a_split(make_faces: FacesBuilder, images: Images) -> None:
    params = QualityParameters(cross_split_duplicates="stop")
    checked, report = check_quality(make_faces(["train"] * 8, ["fear"] * 8), images, params)
    assert len(checked) == 8
    assert report["exact_duplicates"]["n_groups"] == 3  # type: ignore[index, call-overload]


def test_a_reason_that_stands_is_kept(faces: pd.DataFrame, images: Images) -> None:
    faces.loc[0, "excluded_reason"] = "not_a_face"
    checked, report = check_quality(faces, images, QualityParameters())
    assert reasons(checked)[0] == "not_a_face"
    assert report["exclusions"]["duplicate_of_test"] == 1  # type: ignore[index, call-overload]


def test_the_table_given_is_left_as_it_was(faces: pd.DataFrame, images: Images) -> None:
    before = faces.copy()
    check_quality(faces, images, QualityParameters())
    pd.testing.assert_frame_equal(faces, before)


def test_near_copies_are_reported_and_dropped_only_if_asked(make_faces: FacesBuilder) -> None:
    rng = np.random.default_rng(5)
    images = rng.integers(20, 230, (4, 48, 48, 1), dtype=np.uint8)
    images[3] = images[1] + 2
    faces = make_faces(["train", "train", "validation", "test"], ["fear", "fear", "fear", "anger"])
    checked, report = check_quality(faces, images, QualityParameters())
    assert reasons(checked) == [None] * 4
    near = json.loads(json.dumps(report["near_duplicates"]))
    assert near["n_pairs"] == near["n_pairs_across_splits"] == 1
    assert near["n_pairs_with_conflicting_emotions"] == 1
    assert near["pairs"][0]["twin_sample_id"] == "face_3"
    assert near["pairs"][0]["difference"] == 2.0
    checked, _ = check_quality(faces, images, QualityParameters(drop_near_duplicates=True))
    assert reasons(checked) == [None, "near_duplicate_of_test", None, None]


def test_a_near_copy_counts_through_an_identical_twin(make_faces: FacesBuilder) -> None:
    rng = np.random.default_rng(6)
    images = rng.integers(20, 230, (3, 48, 48, 1), dtype=np.uint8)
    images[1] = images[0] + 2
    images[2] = images[1]
    faces = make_faces(["train", "train", "test"], ["fear"] * 3)
    checked, _ = check_quality(faces, images, QualityParameters(drop_near_duplicates=True))
    assert reasons(checked) == ["near_duplicate_of_test", "duplicate_of_test", None]


def test_image_index_and_not_the_row_leads_to_the_image(
    faces: pd.DataFrame, images: Images
) -> None:
    expected, _ = check_quality(faces, images, QualityParameters())
    shuffled = faces.assign(image_index=7 - faces["image_index"])
    checked, _ = check_quality(shuffled, images[::-1], QualityParameters())
    assert reasons(checked) == reasons(expected)


def test_lists_are_bounded_and_totals_are_not(faces: pd.DataFrame, images: Images) -> None:
    _, report = check_quality(faces, images, QualityParameters(max_listed=1))
    exact = json.loads(json.dumps(report["exact_duplicates"]))
    assert len(exact["pairs"]) == 1
    assert exact["n_pairs"] == 3


def test_a_dataset_without_rows_passes() -> None:
    checked, report = check_quality(
        empty_table(FACES_SCHEMA), np.empty((0, 48, 48, 1), dtype=np.uint8), QualityParameters()
    )
    FACES_SCHEMA.validate(checked)
    assert len(checked) == 0
    assert report["n_faces"] == 0
    assert report["distributions"] == {}
    json.dumps(report, allow_nan=False)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((8, 48, 48), dtype=np.uint8), r"shape \(8, 48, 48\)"),
        (np.zeros((8, 48, 48, 1)), "float64"),
        (np.zeros((3, 48, 48, 1), dtype=np.uint8), "face_7 points to image 7"),
    ],
)
def test_images_that_do_not_fit_are_refused(
    faces: pd.DataFrame, wrong: Images, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        check_quality(faces, wrong, QualityParameters())


@pytest.mark.parametrize(
    "values",
    [
        {"drop_near_duplicates": True, "near_duplicates": False},
        {"drop_near_duplicates": True, "cross_split_duplicates": "keep"},
        {"cross_split_duplicates": "drop"},
        {"near_duplicate_max_difference": -1},
        {"near_duplicate_min_correlation": 1.2},
        {"unknown": 1},
    ],
)
def test_parameters_that_contradict_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        QualityParameters.model_validate(values)
