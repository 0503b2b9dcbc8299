import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.group_names import (
    CELL,
    INTERSECTION,
    LISTED,
    MergedGroupsWarning,
    groups_of,
    joined_names,
    listed_names,
    names_of,
    split_names,
    subgroup_name,
    subgroup_values,
)
from fer_fairness.reporting.labels import group_label, subgroup_label

PIECES = ["a", "b", "x", " ", " x ", " or ", ";", ":", ",", '"', "\\", CELL, "_", "$", "\n", "é"]
NAMES = st.one_of(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.text(max_size=8))
TUPLES = st.lists(NAMES, min_size=2, max_size=3).map(tuple)


@given(TUPLES, st.sampled_from([INTERSECTION, CELL, LISTED]))
def test_names_in_one_line_are_read_back(names: tuple[str, ...], separator: str) -> None:
    assert split_names(joined_names(names, separator), separator) == names


@given(st.lists(NAMES, min_size=1, max_size=4).map(tuple))
def test_lists_of_names_are_read_back(names: tuple[str, ...]) -> None:
    assert listed_names(joined_names(names, LISTED)) == names
    assert listed_names("") == ()


@given(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_subgroups_are_read_back(values: dict[str, list[str]]) -> None:
    assert subgroup_values(subgroup_name(values)) == values


@given(TUPLES, TUPLES)
@example(("a", "b x c"), ("a x b", "c"))
@example(("a x", "b"), ("a", "x b"))
@example(("a", "b \u00b7 c"), ("a \u00b7 b", "c"))
@example(("a_b", "c"), ("a b", "c"))
def test_different_tuples_have_different_names_and_look_different(
    first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    same = first == second
    assert (joined_names(first) == joined_names(second)) == same
    assert (group_label(joined_names(first)) == group_label(joined_names(second))) == same


@given(NAMES, NAMES)
@example("b x c", "b \u00b7 c")
@example('"b" x c', "b x c")
@example("a" * 90 + "1" + "a" * 90, "a" * 90 + "2" + "a" * 90)
@example("a b", "a_b")
def test_different_groups_of_one_attribute_look_different(first: str, second: str) -> None:
    assert (group_label(first) == group_label(second)) == (first == second)


def test_a_subgroup_of_one_value_is_not_shown_like_one_of_two() -> None:
    one, two = subgroup_name({"g": ["a or b"]}), subgroup_name({"g": ["a", "b"]})
    assert one != two
    assert subgroup_label(one) != subgroup_label(two)
    assert subgroup_label("everybody") == "everybody"


@given(
    st.lists(
        st.tuples(st.sampled_from(["u", "v"]), st.sampled_from(["u", "v"]), NAMES, NAMES),
        min_size=1,
        max_size=30,
    )
)
def test_counts_of_an_intersection_are_those_of_its_tuples(
    rows: list[tuple[str, str, str, str]],
) -> None:
    frame = pd.DataFrame(rows, columns=["t", "p", "g", "h"], dtype=object)
    counted = group_counts(frame["t"], frame["p"], groups_of(frame, "g x h"), classes=("u", "v"))
    right = (frame["t"] == frame["p"]).groupby([frame["g"], frame["h"]])
    told = {split_names(name): place for place, name in enumerate(counted.groups)}
    assert set(told) == set(right.groups)
    for names, answers in right:
        table = counted.counts[told[str(names[0]), str(names[1])]]
        assert (table.sum(), table.trace()) == (len(answers), answers.sum())


def test_intersections_are_missing_where_a_part_is() -> None:
    frame = pd.DataFrame(
        {"gender": ["female", None, "male"], "race": ["white", "black", None]}, index=[7, 7, 3]
    )
    groups = groups_of(frame, "gender x race")
    assert groups.index.tolist() == [7, 7, 3]
    assert groups.iloc[0] == "female x white"
    assert groups.iloc[1:].isna().all()
    assert groups_of(frame, "gender").isna().tolist() == [False, True, False]


def test_an_absent_attribute_is_named() -> None:
    with pytest.raises(InvalidInputError, match="need the column 'race', which the table lacks"):
        groups_of(pd.DataFrame({"gender": ["male"]}), "gender x race")


def test_a_number_and_a_text_that_are_written_alike_are_told() -> None:
    with pytest.warns(MergedGroupsWarning, match="one group: '1'"):
        names = names_of(pd.Series([1, "1", None, "nan"], dtype=object))
    assert names.dropna().tolist() == ["1", "1", "nan"]
