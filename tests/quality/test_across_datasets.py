"""Faces of several datasets: those that models know, and all in one table."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.quality.across_datasets import DatasetParts, known_faces, together

MakeFaces = Callable[..., pd.DataFrame]


def pictures(n: int, draw: int) -> np.ndarray:
    return np.random.default_rng(draw).integers(0, 256, (n, 6, 6, 1), dtype=np.uint8)


def test_test_faces_that_another_dataset_trains_on_are_found(
    development: pd.DataFrame, make_faces: MakeFaces
) -> None:
    test = make_faces(["test"] * 3, ["fear"] * 3, dataset=["raf_db"] * 3)
    own, known = pictures(10, 1), pictures(3, 2)
    known[1] = own[7]
    own_test = pictures(3, 4)
    own_test[0] = own[2]  # a copy within a dataset is for data_processing to find
    sets = {
        "fer_plus": DatasetParts(development, own, test, own_test),
        "raf_db": DatasetParts(development, pictures(10, 3), test, known),
    }
    found = known_faces(sets)
    expected = [("raf_db", test["sample_id"].iloc[1], "fer_plus")]
    assert list(found.itertuples(index=False, name=None)) == expected


def test_a_test_face_of_two_datasets_is_scored_in_the_first(
    development: pd.DataFrame, make_faces: MakeFaces
) -> None:
    test = make_faces(["test"] * 3, ["fear"] * 3, dataset=["raf_db"] * 3)
    first, second = pictures(3, 4), pictures(3, 2)
    second[2] = first[0]
    own = DatasetParts(development, pictures(10, 1), test, first)
    other = DatasetParts(development, pictures(10, 3), test, second)
    found = known_faces({"fer_plus": own, "raf_db": other})
    expected = [("raf_db", test["sample_id"].iloc[2], "fer_plus")]
    assert list(found.itertuples(index=False, name=None)) == expected
    with pytest.raises(InvalidInputError, match="All 3 test faces of raf_db are faces of fer_plus"):
        known_faces({"fer_plus": own, "raf_db": other._replace(test_images=first)})


def test_a_validation_face_that_another_dataset_trains_on_chooses_nothing(
    development: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = pictures(10, 1), pictures(10, 2)
    other[7] = one[2]
    faces, images = together([development, development], [one, other])
    assert len(images) == 20
    assert set(range(20)) - set(faces["image_index"]) == {17}
    assert "1 validation faces" in caplog.text
