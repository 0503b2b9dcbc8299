from collections.abc import Callable

import pandas as pd
import pytest

from fer_fairness.augmentation import distribution, distribution_before_after
from fer_fairness.errors import InvalidInputError
from fer_fairness.tables import FACES_SCHEMA, empty_table

FacesBuilder = Callable[..., pd.DataFrame]


def rows(table: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(table.itertuples(index=False, name=None))


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return make_faces(
        ["train"] * 6 + ["validation", "test"],
        ["fear", "neutral", "fear", "fear", "neutral", None, "anger", "contempt"],
        gender=["male", "female", "male", None, None, "male", "male", "male"],
        excluded_reason=[None, None, None, None, None, None, None, None],
    )


def test_only_training_faces_with_a_target_are_counted(faces: pd.DataFrame) -> None:
    assert rows(distribution(faces, ["emotion"])) == [
        ("neutral", 2, 0.4),
        ("anger", 0, 0.0),
        ("fear", 3, 0.6),
    ]


def test_validation_faces_name_cells_and_test_faces_do_not(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["train", "validation", "validation", "test"],
        ["neutral", "fear", "disgust", "contempt"],
        race=["white", "black", "white", "indian"],
        excluded_reason=[None, None, "duplicate_of_test", None],
    )
    assert rows(distribution(faces, ["emotion"])) == [("neutral", 1, 1.0), ("fear", 0, 0.0)]
    assert rows(distribution(faces, ["race"])) == [("black", 0, 0.0), ("white", 1, 1.0)]


def test_empty_combinations_and_unknown_cells_are_listed(faces: pd.DataFrame) -> None:
    assert rows(distribution(faces, ["emotion", "gender"])) == [
        ("neutral", "female", 1, 0.2),
        ("neutral", "male", 0, 0.0),
        ("anger", "female", 0, 0.0),
        ("anger", "male", 0, 0.0),
        ("fear", "female", 0, 0.0),
        ("fear", "male", 2, 0.4),
        ("neutral", "unknown", 1, 0.2),
        ("fear", "unknown", 1, 0.2),
    ]


def test_excluded_faces_are_not_counted(faces: pd.DataFrame) -> None:
    faces.loc[0, "excluded_reason"] = "duplicate_of_test"
    assert distribution(faces, ["emotion"])["n_faces"].tolist() == [2, 0, 2]


def test_no_faces_give_an_empty_table() -> None:
    table = distribution(empty_table(FACES_SCHEMA), ["emotion", "race"])
    assert list(table.columns) == ["emotion", "race", "n_faces", "share"]
    assert len(table) == 0


def test_only_unknown_faces_give_only_unknown_cells(make_faces: FacesBuilder) -> None:
    table = distribution(make_faces(["train"] * 2, ["fear"] * 2), ["race"])
    assert rows(table) == [("unknown", 2, 1.0)]


def test_before_and_after_add_up(faces: pd.DataFrame) -> None:
    added = faces.iloc[[0, 2, 2]].assign(sample_id=list("abc"))
    table = distribution_before_after(faces, added, ["emotion", "gender"])
    assert list(table.columns) == ["emotion", "gender", "n_before", "n_added", "n_after"]
    assert table["n_added"].tolist() == [0, 0, 0, 0, 0, 3, 0, 0]
    assert (table["n_after"] == table["n_before"] + table["n_added"]).all()


def test_nothing_added_leaves_the_distribution(faces: pd.DataFrame) -> None:
    table = distribution_before_after(faces, empty_table(FACES_SCHEMA), ["emotion"])
    assert table["n_added"].tolist() == [0, 0, 0]
    assert table["n_after"].dtype == "int64"


@pytest.mark.parametrize("by", [[], ["emotion", "emotion"], ["split"], ["emotion", "dataset"]])
def test_cells_of_other_columns_are_refused(faces: pd.DataFrame, by: list[str]) -> None:
    with pytest.raises(InvalidInputError, match="Cells are formed by"):
        distribution(faces, by)
