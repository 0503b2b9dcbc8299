"""The tables that travel between the rooms."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.errors
import pytest

from fer_fairness.tables import (
    FACES_SCHEMA,
    PERSON,
    empty_table,
    has_majority_emotion,
    has_target,
    usable,
)
from fer_fairness.taxonomy import (
    COARSE_AGE_GROUPS,
    COARSE_RACES,
    EMOTIONS,
    FAIRFACE_AGE_GROUPS,
    FAIRFACE_RACES,
    FAIRFACE_TO_COARSE_RACE,
    FER2013_CODES,
    RAF_DB_AGE_GROUPS,
    RAF_DB_CODES,
    RAF_DB_EMOTIONS,
    TO_COARSE_AGE_GROUP,
)

FacesBuilder = Callable[..., pd.DataFrame]


def test_a_table_without_rows_is_valid() -> None:
    faces = FACES_SCHEMA.validate(empty_table(FACES_SCHEMA))
    assert len(faces) == 0
    required = [name for name, column in FACES_SCHEMA.columns.items() if column.required]
    assert list(faces.columns) == required
    assert set(FACES_SCHEMA.columns) - set(required) == {PERSON}
    assert faces["image_file"].dtype == "str"


def test_faces_may_say_whose_they_are(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"] * 3, ["fear"] * 3).assign(
        person=pd.Series(["a", "a", None], dtype="str")
    )
    assert FACES_SCHEMA.validate(faces)[PERSON].tolist()[:2] == ["a", "a"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("emotion", "joy"), ("split", "dev"), ("race_source", "guessed"), ("target_fear", 1.5)],
)
def test_values_outside_the_taxonomy_are_refused(
    make_faces: FacesBuilder, column: str, value: str | float
) -> None:
    faces = make_faces(["train"], ["fear"])
    with pytest.raises(pandera.errors.SchemaError, match=column):
        FACES_SCHEMA.validate(faces.assign(**{column: [value]}))


def test_unknown_columns_and_repeated_faces_are_refused(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"], ["fear"])
    refused = (pandera.errors.SchemaError, pandera.errors.SchemaErrors)
    with pytest.raises(refused):
        FACES_SCHEMA.validate(faces.assign(age=3))
    with pytest.raises(refused):
        FACES_SCHEMA.validate(pd.concat([faces, faces]))


@pytest.mark.parametrize("splits", [["train", "test"], []])
def test_a_table_from_before_image_file_is_given_the_column(
    make_faces: FacesBuilder, splits: list[str]
) -> None:
    older = make_faces(splits, ["fear"] * len(splits)).drop(columns="image_file")
    faces = FACES_SCHEMA.validate(older)
    assert list(faces.columns) == [name for name in FACES_SCHEMA.columns if name != PERSON]
    assert faces["image_file"].dtype == "str"
    assert faces["image_file"].isna().all()
    assert "image_file" not in older


@pytest.mark.parametrize("column", ["race", "votes_fear", "emotion", "image_index"])
def test_a_table_that_lacks_another_column_is_refused(
    make_faces: FacesBuilder, column: str
) -> None:
    faces = make_faces(["train"], ["fear"])
    with pytest.raises(pandera.errors.SchemaError, match=column):
        FACES_SCHEMA.validate(faces.drop(columns=column))
    with pytest.raises(pandera.errors.SchemaError, match=column):
        FACES_SCHEMA.validate(faces.drop(columns=[column, "image_file"]))


@pytest.mark.parametrize(
    "file", ["/etc/a.jpg", "../a.jpg", "a/../../b.jpg", "a/..", "train\\1.jpg", ""]
)
def test_an_image_file_outside_the_raw_folder_is_refused(
    make_faces: FacesBuilder, file: str
) -> None:
    faces = make_faces(["train", "train"], ["fear", "fear"])
    with pytest.raises(pandera.errors.SchemaError, match=r"image_file.*below the raw folder"):
        FACES_SCHEMA.validate(faces.assign(image_file=pd.Series([None, file])))


@pytest.mark.parametrize("files", [["a/1.jpg", None], [None, None], ["a..b.jpg", "..."], []])
def test_image_files_come_back_from_parquet(
    make_faces: FacesBuilder, tmp_path: Path, files: list[str | None]
) -> None:
    splits = ["train"] * len(files)
    faces = make_faces(splits, ["fear"] * len(files), image_file=files)
    faces.to_parquet(tmp_path / "faces.parquet")
    again = pd.read_parquet(tmp_path / "faces.parquet")
    assert again["image_file"].dtype == "str"
    pd.testing.assert_frame_equal(FACES_SCHEMA.validate(again), faces)
    pd.testing.assert_frame_equal(again, faces)


def test_masks_tell_who_takes_part(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"] * 3, ["fear", None, "anger"])
    faces.loc[2, "excluded_reason"] = "duplicate_of_test"
    assert list(usable(faces)) == [True, True, False]
    assert list(has_target(faces)) == [True, False, False]
    assert list(has_majority_emotion(faces)) == [True, False, False]


def test_every_code_and_group_has_a_place_in_the_taxonomy() -> None:
    assert set(FER2013_CODES.values()) == set(RAF_DB_EMOTIONS) == set(RAF_DB_CODES.values())
    assert set(EMOTIONS) - set(RAF_DB_EMOTIONS) == {"contempt"}
    assert set(FAIRFACE_TO_COARSE_RACE) == set(FAIRFACE_RACES)
    assert set(FAIRFACE_TO_COARSE_RACE.values()) == set(COARSE_RACES)
    assert set(FAIRFACE_AGE_GROUPS) | set(RAF_DB_AGE_GROUPS) == set(TO_COARSE_AGE_GROUP)
    assert set(TO_COARSE_AGE_GROUP.values()) == set(COARSE_AGE_GROUPS)
    assert np.unique(EMOTIONS).size == 8
