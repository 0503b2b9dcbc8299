"""The columns of a table that somebody else wrote, as texts, and how rows are named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import MISSING, ForeignTable, rows_named


def opened(folder: Path, content: str | bytes) -> ForeignTable:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_table(path)


def test_a_quote_that_is_not_closed_loses_no_rows(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="number of double quotes is odd"):
        opened(tmp_path, 'y_true,gender\nsad,"f\nsad,m\n')
    table = opened(tmp_path, 'y_true,gender\nsad,"f\nsad,m"\nsad,m\n')
    with pytest.raises(InvalidInputError, match=r"'gender' holds .* in row 1 .*expected one line"):
        table.text("gender")


def test_texts_are_trimmed_and_numbers_and_booleans_become_texts(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    frame = pd.DataFrame({"text": [" a ", "tensor(2)", "NA"], "number": [0.0, 1.0, np.nan]})
    frame["boolean"] = [True, False, True]
    frame["category"] = pd.Categorical(["20-29", "30-39", "20-29"])
    frame["time"] = pd.Timestamp("2020-01-01")
    frame.to_parquet(path)

    table = open_table(path)

    assert table.text("text").texts.astype("str").fillna("-").tolist() == ["a", "2", "-"]
    assert table.text("text").missing == {"NA": 1}
    assert table.text("number").values == ("0", "1")
    assert table.text("number").missing == {"": 1}
    assert table.text("boolean").texts.tolist() == ["True", "False", "True"]
    assert table.text("category").row_of("30-39") == 2
    assert table.notes == ["Neither text nor numbers, and not read: 'time'."]


def test_the_first_rows_of_a_mask_are_named() -> None:
    mask = np.zeros(20, dtype=np.bool_)
    mask[3] = True
    assert rows_named(mask) == "row 4"
    mask[[5, 7]] = True
    assert rows_named(mask) == "rows 4, 6 and 8"
    mask[8:] = True
    assert rows_named(mask) == "15 rows, the first are 4, 6, 8, 9 and 10"


@given(
    st.lists(st.sampled_from(["a", " a ", "1.0", "1", "", "NA", "ß", None]), min_size=1),
    st.integers(1, 5),
)
def test_texts_are_the_same_however_a_file_keeps_them(
    cells: list[str | None], group_size: int
) -> None:
    plain = pa.array(cells, pa.string())
    with_null = pa.DictionaryArray.from_arrays(
        pa.array(range(len(cells)), pa.int32()), pa.array(cells, pa.string())
    )
    columns = {
        "plain": plain,
        "large": plain.cast(pa.large_string()),
        "dictionary": plain.dictionary_encode(),
        "with_null": with_null,
    }
    data = pa.concat_tables(
        pa.table(columns).slice(start, group_size) for start in range(0, len(cells), group_size)
    )
    table = ForeignTable("file", "", "Parquet", data)
    of_each = [table.text(name) for name in columns]
    expected = [None if (cell or "").strip() in MISSING else cell for cell in cells]
    trimmed = [cell and cell.strip().removesuffix(".0") for cell in expected]
    for name, column in zip(columns, of_each, strict=True):
        assert column.texts.astype(object).where(column.texts.notna(), None).tolist() == trimmed
        assert sum(column.missing.values()) == trimmed.count(None)
        assert column.values == tuple(dict.fromkeys(text for text in trimmed if text is not None))
        assert table.n_different(name) == len({cell or "" for cell in cells})
        assert table.one_line(name).tolist() == [cell or "" for cell in cells]
