import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.fairness.label_noise.worlds import confusion_of, held_out_table

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.label_noise import label_confusion


def held_out(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


BOTH = held_out(
    true_gender=["f", "f", "m", "m", "m", None],
    predicted_gender=["f", "m", "m", None, "m", "m"],
    true_race=["x", "y", "y", "y", "x", "x"],
    predicted_race=["x", "x", "y", "y", None, "x"],
)


def test_people_are_counted_by_true_group_and_label_with_abstentions_last() -> None:
    found = label_confusion(BOTH, "gender")

    assert found.groups == ("f", "m")
    assert_array_equal(found.counts, [[1, 1, 0], [0, 2, 1]])
    assert_array_equal(found.faces, [2, 3])
    assert_allclose(found.all_shares, [[0.5, 0.5, 0], [0, 2 / 3, 1 / 3]])
    assert_allclose(found.shares, found.all_shares[:, :2])


def test_people_without_a_true_group_are_left_out() -> None:
    assert label_confusion(BOTH, "gender").faces.sum() == 5
    assert label_confusion(BOTH, "race").faces.sum() == 6


def test_faces_that_the_labeller_never_saw_are_no_abstentions() -> None:
    table = BOTH.assign(gender_confidence=[0.9, 0.8, np.nan, 0.3, 0.9, 0.9])
    table.loc[2, "predicted_gender"] = None
    assert_array_equal(label_confusion(table, "gender").counts, [[1, 1, 0], [0, 1, 1]])


def test_the_labels_of_an_intersection_are_counted_together() -> None:
    found = label_confusion(BOTH, "gender x race")

    assert found.groups == ("f x x", "f x y", "m x x", "m x y")
    expected = np.zeros((4, 5), dtype=int)
    expected[0, 0] = 1  # a woman of x, both right
    expected[1, 2] = 1  # a woman of y, taken for a man of x: both wrong at once
    expected[3, 3] = 1
    expected[3, 4] = 1  # no gender told
    expected[2, 4] = 1  # no race told
    assert_array_equal(found.counts, expected)


def test_an_annotated_part_is_taken_to_be_right() -> None:
    found = label_confusion(BOTH, "gender x race", annotated=["gender"])

    expected = np.zeros((4, 5), dtype=int)
    expected[0, 0] = 1
    expected[1, 0] = 1  # her race is mistaken, her gender is not
    expected[3, 3] = 2
    expected[2, 4] = 1
    assert_array_equal(found.counts, expected)
    possible = [[1, 1, 0, 0, 1], [1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert_array_equal(found.possible, np.array(possible, dtype=bool))


def test_an_annotated_part_needs_no_label_of_the_labeller() -> None:
    without = BOTH.drop(columns="predicted_gender")
    assert_array_equal(
        label_confusion(without, "gender x race", annotated=["gender"]).counts,
        label_confusion(BOTH, "gender x race", annotated=["gender"]).counts,
    )


def test_groups_that_are_numbers_are_counted_like_names() -> None:
    numbers = held_out(true_age=[0, 0, 1, 1], predicted_age=[0, 1, 1, None])
    found = label_confusion(numbers.astype({"predicted_age": "Int64"}), "age")
    assert_array_equal(found.counts, [[1, 1, 0], [0, 1, 1]])
    assert found.groups == ("0", "1")


def test_categories_are_counted_like_names() -> None:
    table = BOTH[["true_gender", "predicted_gender"]].astype("category")
    assert_array_equal(
        label_confusion(table, "gender").counts, label_confusion(BOTH, "gender").counts
    )


def test_a_group_without_held_out_people_has_no_shares() -> None:
    assert_array_equal(
        confusion_of([[3, 1, 0], [0, 0, 0]]).all_shares, [[0.75, 0.25, 0], [0, 0, 0]]
    )


def test_what_was_counted_comes_back_from_a_table_of_it() -> None:
    counts = np.random.default_rng(0).integers(0, 20, size=(3, 4))
    table = held_out_table("race", counts, ("x", "y", "z")).sample(frac=1.0, random_state=0)
    assert_array_equal(label_confusion(table, "race").counts, counts)


@pytest.mark.parametrize("column", ["true_gender", "predicted_gender"])
def test_a_missing_column_is_named_with_what_makes_it(column: str) -> None:
    with pytest.raises(InvalidInputError, match=f"lacks the column '{column}'.*held_out_labels"):
        label_confusion(BOTH.drop(columns=column), "gender")


def test_nobody_with_a_true_group_is_refused_with_the_remedy() -> None:
    nobody = BOTH.assign(true_gender=None)
    with pytest.raises(InvalidInputError, match=r"Nobody among 6 .* true gender.*annotated"):
        label_confusion(nobody, "gender")


def test_a_label_that_is_nobodys_group_is_refused_with_the_groups() -> None:
    strange = BOTH.replace({"predicted_gender": {"f": "other"}})
    with pytest.raises(InvalidInputError, match=r"gender = 'other'.* are f, m\..*every group"):
        label_confusion(strange, "gender")


def test_an_intersection_of_too_many_parts_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"intersection of 4 attributes.*at most 3"):
        label_confusion(BOTH, "a x b x c x d")
