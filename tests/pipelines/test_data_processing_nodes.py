"""Nodes of data_processing: optional datasets, the test split apart, the validation share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.params.data_processing import SplitParameters
from fer_fairness.pipelines.data_processing.nodes import (
    carve_out_validation,
    quality_report,
    split_faces,
)
from fer_fairness.tables import FACES_SCHEMA, empty_table

FacesBuilder = Callable[..., pd.DataFrame]

OPTIONAL = next(name for name in EVALUATION_SETS if name != TRAINED_ON)


def distinct_images(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 48, 48, 1), dtype=np.uint8)


ABSENT = {"present": False, "dataset": OPTIONAL, "how_to_obtain": "Ask its authors."}


def quality(
    reading: dict[str, object], demographic_dataset: str = "auto", train_on: str = TRAINED_ON
) -> dict[str, object]:
    faces, images = empty_table(FACES_SCHEMA), distinct_images(0)
    rejected = pd.DataFrame({"reason": ["unreadable", "unreadable", "listed twice"]})
    checks: dict[str, object] = {"imbalance": {}}
    return quality_report(
        Path("raw"), faces, images, rejected, reading, checks, demographic_dataset, train_on
    )


def test_quality_tells_what_was_read_set_aside_and_found() -> None:
    report = quality({"title": "Faces"})
    reading = report["reading"]
    assert isinstance(reading, dict)
    assert (reading["present"], reading["fabricated"], reading["title"]) == (True, False, "Faces")
    assert set(reading["sha256"]) == {"faces", "images"}
    assert report["n_rejected"] == 3
    assert report["rejected_by_reason"] == {"unreadable": 2, "listed twice": 1}
    assert report["imbalance"] == {}


def test_data_hashes_change_with_a_row_and_with_a_pixel(make_faces: FacesBuilder) -> None:
    faces, images = make_faces(["train"] * 2, ["fear", "anger"]), distinct_images(2)
    nothing = pd.DataFrame({"reason": []})

    def hashes(faces: pd.DataFrame, images: np.ndarray) -> dict[str, str]:
        report = quality_report(Path("raw"), faces, images, nothing, {}, {}, "auto", "fer_plus")
        found: dict[str, str] = report["reading"]["sha256"]
        return found

    before, other = hashes(faces, images), images.copy()
    other[0, 0, 0, 0] ^= 1
    assert hashes(faces, other)["images"] != before["images"]
    assert hashes(faces, other)["faces"] == before["faces"]
    assert hashes(faces.assign(emotion="fear"), images)["faces"] != before["faces"]


def test_an_optional_dataset_may_be_absent_unless_it_is_asked_for() -> None:
    reading = quality(ABSENT)["reading"]
    assert isinstance(reading, dict)
    assert reading["present"] is False
    with pytest.raises(DatasetNotFoundError, match="Ask its authors"):
        quality(ABSENT, OPTIONAL)


def test_a_dataset_that_must_be_there_is_an_error_where_it_is_absent() -> None:
    with pytest.raises(DatasetNotFoundError, match="Ask its authors"):
        quality(ABSENT | {"dataset": TRAINED_ON})
    quality(ABSENT | {"dataset": TRAINED_ON}, train_on="raf_db")
    with pytest.raises(DatasetNotFoundError, match="Ask its authors"):
        quality(ABSENT | {"dataset": "raf_db"}, train_on="raf_db")


def test_unknown_demographic_dataset_is_refused_with_the_choices() -> None:
    with pytest.raises(
        InvalidInputError, match=f"'rafdb'; expected 'auto', 'train_on', '{TRAINED_ON}'"
    ):
        quality({"title": "Faces"}, "rafdb")


def test_split_keeps_each_face_beside_its_image(make_faces: FacesBuilder) -> None:
    splits = ["train", "test", "validation", "test", "train"]
    faces = make_faces(splits, ["fear"] * 5)
    images = distinct_images(5)
    development, development_images, test, test_images = split_faces(
        faces, images, SplitParameters(), 0
    )
    assert set(test["split"]) == {"test"}
    assert list(development["sample_id"]) == ["face_0", "face_2", "face_4"]
    for table, pixels in ((development, development_images), (test, test_images)):
        for name, index in zip(table["sample_id"], table["image_index"], strict=True):
            original = int(name.removeprefix("face_"))
            assert np.array_equal(pixels[index], images[original])


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=7),
    share=st.floats(0.01, 0.49),
    seed=st.integers(0, 5),
)
def test_validation_share_is_taken_from_every_emotion_and_never_all(
    make_faces: FacesBuilder, sizes: list[int], share: float, seed: int
) -> None:
    names = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"]
    emotions = [name for name, size in zip(names, sizes, strict=False) for _ in range(size)]
    faces = make_faces(["train"] * len(emotions), emotions)
    images = distinct_images(len(faces))
    carved = carve_out_validation(faces, images, SplitParameters(validation_share=share), seed)
    for _, members in carved.groupby("emotion"):
        n_validation = (members["split"] == "validation").sum()
        assert n_validation == min(max(1, round(len(members) * share)), len(members) - 1)


def test_splits_with_a_share_hold_validation_faces_and_the_same_test_faces(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["train"] * 20 + ["test"] * 4, ["fear"] * 24)
    images = distinct_images(24)
    for share, n in ((0.0, 0), (0.25, 5)):
        development, _, test, _ = split_faces(
            faces, images, SplitParameters(validation_share=share), 0
        )
        assert (development["split"] == "validation").sum() == n
        assert len(test) == 4


def test_pixel_identical_faces_go_to_validation_together(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"] * 40 + ["test"] * 4, ["fear"] * 44)
    images = np.concatenate([np.repeat(distinct_images(20), 2, axis=0), distinct_images(4)])
    carved = carve_out_validation(faces, images, SplitParameters(validation_share=0.2), 0)
    pairs = carved["split"].iloc[:40].to_numpy().reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert (carved["split"] == "validation").sum() >= 8
    assert (carved["split"].iloc[40:] == "test").all()
