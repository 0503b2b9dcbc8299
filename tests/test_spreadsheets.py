import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.spreadsheets import (
    escaped,
    escaped_table,
    ranges_of_dates,
    unescaped,
    unescaped_table,
)

TEXTS = st.one_of(
    st.text(max_size=6),
    st.lists(st.sampled_from(["'", "=", "+", "-", "@", "\t", "\r", "\n", "a", "1", "."])).map(
        "".join
    ),
)


@given(TEXTS)
def test_what_was_escaped_is_read_back(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(TEXTS, TEXTS)
def test_different_texts_are_written_differently(first: str, second: str) -> None:
    assert (escaped(first) == escaped(second)) == (first == second)


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+cmd", "-2+3", "\t=1", "\r=1", "\n=1", "\uff1d1"]
)
def test_formulas_are_escaped(text: str) -> None:
    assert escaped(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1.5", "+3", "-1,5", "-1e-9", "-5%", "", "'quoted'", "a=b"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert escaped(text) == text


def test_a_table_of_any_types_is_read_back() -> None:
    table = pd.DataFrame(
        {
            "-a": pd.Series(["=x", None, 3], dtype=object),
            "b": pd.Categorical(["+x", "y", "+x"]),
            "c": [True, False, True],
            "d": [-1.0, float("nan"), 2.0],
        }
    )
    changed, n_changed = escaped_table(table)
    assert n_changed == 4
    assert list(changed) == ["'-a", "b", "c", "d"]
    assert changed["b"].tolist() == ["'+x", "y", "'+x"]
    back = unescaped_table(changed)
    assert back.astype({"b": "category"}).equals(table)


def test_ranges_that_became_dates_are_ranges_again() -> None:
    found = ranges_of_dates(["20-29", "9-Mar", "03-Sep", "Oct-19", "19-Oct", "male"])
    assert found == {"9-Mar": "3-9", "03-Sep": "3-9", "Oct-19": "10-19", "19-Oct": "10-19"}
    assert ranges_of_dates(["9-Mar", "male", "9-Foo"]) == {}
