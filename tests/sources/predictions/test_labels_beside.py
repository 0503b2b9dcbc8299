"""True emotions and groups from other tables of the same pictures."""

from unicodedata import normalize

import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.foreign_tables.table import ForeignTable
from fer_fairness.sources.predictions.labels_beside import with_folders, with_labels


def table(**columns: list[str]) -> ForeignTable:
    return table_of_frame(pd.DataFrame(columns))


def joined(left: ForeignTable, right: ForeignTable) -> ForeignTable:
    return with_labels(left, [right], None)


def test_rows_find_their_picture_in_any_order() -> None:
    found = joined(
        table(image=["a.jpg", "b.jpg", "c.jpg"]), table(file=["c.jpg", "a.jpg"], sex=["f", "m"])
    )
    assert found.data.column("sex").to_pylist() == ["m", None, "f"]
    assert "tells nothing of row 2" in found.notes[0]


def test_names_in_composed_and_decomposed_letters_are_the_same() -> None:
    names = ["Zo\u00eb/\u00e9.jpg", "b.jpg"]
    right = table(file=[normalize("NFC", name) for name in names], sex=["f", "m"])
    found = joined(table(image=[normalize("NFD", name) for name in names]), right)
    assert found.data.column("sex").to_pylist() == ["f", "m"]


def test_labelled_pictures_without_a_prediction_are_counted() -> None:
    right = table(file=["a.jpg", "b.jpg", "", "c.jpg"], sex=["f", "m", "m", "f"])
    found = joined(table(image=["x/b.jpg", "x/d.jpg"]), right)
    assert len(found.warnings) == 1
    assert "2 of the 3 pictures in the DataFrame have no prediction" in found.warnings[0]
    assert not joined(table(image=["b.jpg", "c.jpg", "a.jpg"]), right).warnings


def test_names_without_folders_match_only_where_they_are_unique() -> None:
    right = table(file=["a", "b"], sex=["f", "m"])
    found = joined(table(image=["x/b.png", "x/a.png"]), right)
    assert found.data.column("sex").to_pylist() == ["m", "f"]
    assert "by the name of the picture without folders and ending" in found.notes[0]
    with pytest.raises(InvalidInputError, match="none of its pictures"):
        joined(table(image=["x/a.png", "y/a.png"]), right)


def test_pictures_without_a_name_in_both_do_not_keep_others_from_being_matched() -> None:
    right = table(file=["y/a.jpg", "y/b.jpg", ""], sex=["f", "m", "m"])
    found = joined(table(image=["x/b.png", "NA", "x/a.png"]), right)
    assert found.data.column("sex").to_pylist() == ["m", None, "f"]


@pytest.mark.parametrize(
    ("right", "told"),
    [
        ({"file": ["a", "a"], "sex": ["f", "m"]}, "'a' stands in rows 1 and 2"),
        ({"who": ["a", "b"], "sex": ["f", "m"]}, "no column names the pictures"),
        ({"file": ["a", "b"], "predicted": ["f", "m"]}, "has a column 'predicted' too"),
    ],
)
def test_what_cannot_be_joined_is_refused(right: dict[str, list[str]], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        joined(table(image=["a", "b"], predicted=["sad", "sad"]), table(**right))


def test_two_columns_called_emotion_are_what_was_seen_and_what_is_true() -> None:
    found = joined(table(image=["a"], emotion=["sad"]), table(image=["a"], emotion=["fear"]))
    assert found.data.column("true_emotion").to_pylist() == ["fear"]


def test_groups_beside_go_before_what_a_tool_saw_and_two_that_tell_are_refused() -> None:
    predictions, people = table(image=["a"], age=["31"]), table(image=["a"], age=["20-29"])
    found = joined(predictions, people)
    assert found.data.column("age").to_pylist() == ["20-29"]
    assert "'age' of the DataFrame: left out" in found.notes[0]
    with pytest.raises(InvalidInputError, match="has a column 'age' too"):
        with_labels(predictions, [people, people], None)


def test_folders_named_like_emotions_are_labels() -> None:
    found = with_folders(table(image=["test/0_Angry/a.jpg", "test\\happiness\\b.jpg"]), None)
    assert found is not None
    assert found.data.column("folder").to_pylist() == ["angry", "happiness"]
    assert with_folders(table(image=["test/angry/a.jpg", "test/b.jpg"]), None) is None
