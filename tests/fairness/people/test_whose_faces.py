import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.people.whose_faces import check_people, mixed_people, people_of


def test_people_are_numbered_and_a_row_without_one_is_somebody_else() -> None:
    frame = pd.DataFrame({"who": ["b", "a", None, "b", None]}, index=[9, 8, 7, 6, 5])
    people = people_of(frame, "who")
    assert people is not None
    assert people.tolist() == [0, 1, 2, 0, 3]
    assert people.index.tolist() == [9, 8, 7, 6, 5]


def test_where_nobody_has_two_faces_rows_are_people() -> None:
    frame = pd.DataFrame({"who": ["a", "b", None, None]})
    assert people_of(frame, "who") is None
    assert people_of(frame, None) is None


def test_an_absent_column_is_named() -> None:
    with pytest.raises(InvalidInputError, match="lack the column 'who' of people; they have id"):
        people_of(pd.DataFrame({"id": [1]}), "who")


def test_a_person_of_two_groups_is_named_with_both_and_what_to_do() -> None:
    frame = pd.DataFrame({"who": ["a", "a", "b", "b"], "gender": ["f", "f", "m", "f"]})
    with pytest.raises(InvalidInputError, match=r"'b' has the groups 'm' and 'f' of 'gender'.*one"):
        check_people(frame, "who", ["gender"])


def test_rows_without_group_or_person_contradict_nobody() -> None:
    frame = pd.DataFrame(
        {"who": ["a", "a", None, None], "gender": ["f", None, "m", "f"], "race": ["x"] * 4}
    )
    assert mixed_people(frame, "who", ["gender", "race"]) == ""
