"""The columns of a table that somebody else wrote, as texts, and how rows are named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_file import open_table
from fer_fairness.sources.foreign_table import ForeignTable, rows_named


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

    assert table.text("text").texts.fillna("-").tolist() == ["a", "2", "-"]
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
