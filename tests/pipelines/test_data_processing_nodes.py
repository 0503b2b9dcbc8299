"""Nodes of data_processing: optional RAF-DB, the test split apart, the validation share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.params.data_processing import RafDbParameters
from fer_fairness.params.splitting import SplitParameters
from fer_fairness.pipelines.data_processing.nodes import (
    carve_out_validation,
    read_raf_db_faces,
    split_off_test,
)

FacesBuilder = Callable[..., pd.DataFrame]


def distinct_images(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 48, 48, 1), dtype=np.uint8)


def test_absent_raf_db_gives_no_faces_and_says_so(tmp_path: Path) -> None:
    faces, images, rejected, report = read_raf_db_faces(tmp_path, RafDbParameters(), "auto")
    assert len(faces) == len(images) == len(rejected) == 0
    assert report["present"] is False
    assert report["looked_for_in"] == str(tmp_path)


def test_absent_raf_db_is_an_error_where_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="RAF-DB"):
        read_raf_db_faces(tmp_path, RafDbParameters(), "raf_db")


def test_unknown_demographic_dataset_is_refused_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'auto', 'raf_db' or 'fer_plus'"):
        read_raf_db_faces(tmp_path, RafDbParameters(), "rafdb")  # type: ignore[arg-type]


def test_split_keeps_each_face_beside_its_image(make_faces: FacesBuilder) -> None:
    splits = ["train", "test", "validation", "test", "train"]
    faces = make_faces(splits, ["fear"] * 5)
    images = distinct_images(5)
    development, development_images, test, test_images = split_off_test(faces, images)
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


def test_pixel_identical_faces_go_to_validation_together(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"] * 40 + ["test"] * 4, ["fear"] * 44)
    images = np.concatenate([np.repeat(distinct_images(20), 2, axis=0), distinct_images(4)])
    carved = carve_out_validation(faces, images, SplitParameters(validation_share=0.2), 0)
    pairs = carved["split"].iloc[:40].to_numpy().reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert (carved["split"] == "validation").sum() >= 8
    assert (carved["split"].iloc[40:] == "test").all()
