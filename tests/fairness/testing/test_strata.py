import pandas as pd
from numpy.testing import assert_array_equal

from fer_fairness.fairness.testing.people import JudgedFaces, judged_faces
from fer_fairness.fairness.testing.strata import layout_of, people_of


def faces_of_three() -> JudgedFaces:
    """Faces of three people: the first lacks a group in some faces, the second has no race."""
    frame = pd.DataFrame({"emotion": ["a"] * 6, "predicted_emotion": ["a"] * 6})
    groups = {
        "gender": pd.Series([None, "f", "m", "m", "f", "f"], dtype=object),
        "race": pd.Series(["x", None, None, None, "y", "y"], dtype=object),
    }
    person = pd.Series([0, 0, 1, 1, 2, 2])
    return judged_faces(frame, groups, emotions=("a", "b"), people=person)


def test_a_person_has_the_group_of_any_of_its_faces() -> None:
    people = people_of(faces_of_three())
    assert_array_equal(people.rows[people.row_of], [[0, 0], [1, -1], [0, 1]])


def test_faces_lack_what_their_person_has_by_other_faces() -> None:
    several = people_of(faces_of_three()).several
    assert several is not None
    lacks = several.lacks[several.lack_of]
    assert_array_equal(lacks[:, 0], [True, False, False, False, False, False])
    assert_array_equal(lacks[:, 1], [False, True, False, False, False, False])


def test_people_stand_beside_those_of_whom_as_much_is_known() -> None:
    faces = faces_of_three()
    layout = layout_of(faces, people_of(faces))
    assert_array_equal(layout.ends, [1, 3])
    assert_array_equal(layout.person_of, [1, 1, 0, 0, 2, 2])


def test_where_nobody_has_several_faces_each_is_a_person() -> None:
    frame = pd.DataFrame({"emotion": ["a", "b"], "predicted_emotion": ["a", "a"]})
    faces = judged_faces(frame, {"gender": pd.Series(["f", None])}, emotions=("a", "b"))
    people = people_of(faces)
    assert people.several is None
    assert_array_equal(people.rows[people.row_of], [[0], [-1]])
