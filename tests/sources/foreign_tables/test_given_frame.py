"""A DataFrame reads as the file that it could be written to."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.foreign_tables.reading import open_table


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b ", None],
        [1, 2, 3],
        [1.0, np.nan, 2.5],
        [True, False, True],
        pd.Categorical(["u", None, "v"]),
        pd.Categorical([3, 1, 3]),
        pd.array([1, None, 3], dtype="Int64"),
    ],
    ids=["text", "integers", "floats", "flags", "categories", "numbered", "nullable"],
)
def test_columns_read_as_those_of_the_parquet_file_of_the_frame(
    values: object, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"g": values, "other": 0})
    frame.to_parquet(tmp_path / "t.parquet")
    from_file, from_frame = open_table(tmp_path / "t.parquet").text("g"), table_of_frame(frame)
    assert from_frame.text("g").values == from_file.values
    assert from_frame.text("g").texts.isna().tolist() == from_file.texts.isna().tolist()


@given(st.lists(st.one_of(st.integers(), st.text("ab 1"), st.none(), st.booleans()), min_size=1))
def test_objects_of_several_kinds_read_as_their_texts(values: list[object]) -> None:
    column = table_of_frame(pd.DataFrame({"g": pd.Series(values, dtype=object)})).text("g")
    known = [str(value).strip() for value in values if value is not None]
    assert set(column.texts.dropna()) == {text for text in known if text}


@pytest.mark.parametrize("kind", ["category", "interval"])
def test_age_groups_that_pandas_cut_read_as_a_csv_file_has_them(kind: str, tmp_path: Path) -> None:
    groups = pd.Series(pd.cut([7.0, 30.0, np.nan, 31.0], [0.0, 20.0, 40.0]))
    groups = groups if kind == "category" else groups.astype(pd.IntervalDtype("float64", "right"))
    frame = pd.DataFrame({"age_group": groups, "other": 0})
    frame.to_csv(tmp_path / "t.csv", index=False)
    from_frame = table_of_frame(frame).text("age_group")
    assert from_frame.values == ("(0.0, 20.0]", "(20.0, 40.0]")
    assert from_frame.values == open_table(tmp_path / "t.csv").text("age_group").values
    assert from_frame.texts.isna().tolist() == [False, False, True, False]


def test_what_holds_neither_text_nor_number_is_refused_once_it_is_asked_for() -> None:
    times = pd.Series(pd.to_datetime(["2020-01-01"] * 2))
    table = table_of_frame(pd.DataFrame({"when": times, "g": ["a", "b"], "d": [{"x": 1}] * 2}))
    assert table.names == ("g", "d")
    assert table.text("d").values == ("{'x': 1}",)
    with pytest.raises(InvalidInputError, match=r"'when' holds '2020-01-01.*type timestamp"):
        table.text("when")


def test_text_that_no_file_could_hold_is_refused_once_it_is_asked_for() -> None:
    table = table_of_frame(pd.DataFrame({"g": ["a", "\ud800"], "h": ["a", "b"]}, dtype=object))
    with pytest.raises(InvalidInputError, match="not UTF-8 text"):
        table.text("g")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ([1, 2], r"are a list, expected a pandas DataFrame or the path"),
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame({"a": []}), "no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a "]), "several columns named 'a'"),
    ],
)
def test_what_is_no_table_of_predictions_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        table_of_frame(frame)


def test_names_of_columns_need_not_be_text() -> None:
    assert table_of_frame(pd.DataFrame([["a", "b"]])).names == ("0", "1")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_numbers_of_any_width_are_numbers(dtype: str) -> None:
    table = table_of_frame(pd.DataFrame({"p": np.array([0.5, 0.25], dtype=dtype)}))
    assert table.numbers("p").tolist() == [0.5, 0.25]
