import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import check_predictions, group_counts
from fer_fairness.fairness.group_names import MergedGroupsWarning

CLASSES = ("a", "b", "c")
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(CLASSES),
        st.sampled_from(CLASSES),
        st.sampled_from(["x", "y", "z", None]),
    ),
    max_size=40,
)


def columns(people: list[tuple[str, str, str | None]]) -> tuple[np.ndarray, ...]:
    table = np.array(people, dtype=object).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def test_people_are_counted_in_their_cell() -> None:
    counted = group_counts(["a", "a", "b"], ["a", "b", "b"], ["x", "x", "y"], classes=("a", "b"))
    assert counted.counts.tolist() == [[[1, 1], [0, 0]], [[0, 0], [0, 1]]]
    assert counted.groups == ("x", "y")
    assert counted.sizes.tolist() == [2, 1]
    assert counted.counts.dtype == np.int64


@given(PEOPLE)
def test_counts_and_missing_people_sum_to_everybody(
    people: list[tuple[str, str, str | None]],
) -> None:
    counted = group_counts(*columns(people), classes=CLASSES)
    assert counted.counts.sum() + counted.n_missing == len(people)


@given(PEOPLE, st.randoms())
def test_order_of_people_does_not_matter(
    people: list[tuple[str, str, str | None]], random: "np.random.Generator"
) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)
    first = group_counts(*columns(people), classes=CLASSES)
    second = group_counts(*columns(shuffled), classes=CLASSES)
    np.testing.assert_array_equal(first.counts, second.counts)


def test_named_groups_keep_their_order_and_their_empty_rows() -> None:
    counted = group_counts(["a"], ["a"], ["y"], classes=("a",), group_names=("z", "y"))
    assert counted.groups == ("z", "y")
    assert counted.sizes.tolist() == [0, 1]


def test_small_groups_can_be_left_out() -> None:
    counted = group_counts(["a"] * 4, ["a"] * 4, ["x", "x", "x", "y"], classes=("a",))
    assert counted.reaching(2).groups == ("x",)
    assert counted.reaching(2).sizes.tolist() == [3]


@pytest.mark.parametrize(
    ("true", "predicted", "groups", "message"),
    [
        (["a", "q"], ["a", "a"], ["x", "x"], "Row 1 has the true class 'q', expected one of a, b"),
        (["a", None], ["a", "a"], ["x", "x"], "Row 1 has the true class None"),
        (["a", "a"], ["q", "a"], ["x", "x"], "Row 0 has the predicted class 'q'"),
        (["a", "a"], ["a", "a"], [None, "w"], "Row 1 has the group 'w', expected one of x"),
        (["a", "a"], ["a"], ["x", "x"], "true class: 2, predicted class: 1, group: 2"),
    ],
)
def test_unknown_or_missing_values_are_refused(
    true: list[str], predicted: list[str], groups: list[str], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        group_counts(true, predicted, groups, classes=("a", "b"), group_names=("x",))


def test_groups_of_several_types_that_are_written_alike_are_told() -> None:
    groups = np.array([1, "1", "2"], dtype=object)
    with pytest.warns(MergedGroupsWarning, match="one group: '1'"):
        counted = group_counts(["a"] * 3, ["a"] * 3, groups, classes=("a",))
    assert counted.groups == ("1", "2")


def test_a_bad_label_is_found_even_where_the_group_is_missing() -> None:
    with pytest.raises(InvalidInputError, match="Row 0 has the true class 'q'"):
        group_counts(["q"], ["a"], np.array([None], dtype=object), classes=("a",))


def test_predictions_need_their_columns_and_each_person_once() -> None:
    frame = pd.DataFrame(
        {"sample_id": ["1", "1"], "emotion": ["a", "a"], "predicted_emotion": ["a", "b"]}
    )
    with pytest.raises(InvalidInputError, match="list sample_id '1' more than once"):
        check_predictions(frame)
    with pytest.raises(InvalidInputError, match="lack the column 'emotion'"):
        check_predictions(frame.drop(columns="emotion"))
