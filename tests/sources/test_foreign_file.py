"""Files that somebody else wrote, opened in every usual form, or refused."""

import gzip
from pathlib import Path

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_file import open_table
from fer_fairness.sources.foreign_table import ForeignTable


def opened(folder: Path, content: str | bytes) -> ForeignTable:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_table(path)


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")]
)
def test_other_separators_and_a_byte_order_mark_read_with_a_note(
    tmp_path: Path, delimiter: str, name: str
) -> None:
    table = opened(tmp_path, "\ufeffy_true,Gender\r\nsad,female\r\n".replace(",", delimiter))

    assert table.names == ("y_true", "Gender")
    assert table.text("Gender").texts.tolist() == ["female"]
    assert table.notes == [f"The columns are separated by {name}."]


def test_a_spreadsheet_export_in_utf_16_reads(tmp_path: Path) -> None:
    table = opened(tmp_path, "y_true\tgender\nsad\tweiblich \u00e4\n".encode("utf-16"))

    assert table.text("gender").values == ("weiblich \u00e4",)


def test_quoted_cells_may_hold_separators(tmp_path: Path) -> None:
    table = opened(tmp_path, 'y_true,gender\n"sad, very","a ""b"""\n')

    assert table.text("y_true").values == ("sad, very",)
    assert table.text("gender").values == ('a "b"',)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"y_true,y_pred,gender\n", "holds no rows"),
        (b"\x89PNG\0\0", "neither CSV nor Parquet"),
        (b'{"a": 1}\n', "one column only"),
        (b"PAR1 and no more", "Parquet file is damaged"),
        (gzip.compress(b"y_true,y_pred,gender\nsad,sad,f\n", mtime=0)[:-9], "gzip file is damaged"),
        (b"y_true,y_pred,gender\nsad,sad,f\nsad,sad,\xe4\n", r"line 3: byte 0xe4 is not UTF-8"),
        (b"y_true,y_pred,gender,gender\nsad,sad,f,f\n", "two columns are named 'gender'"),
        (b"y_true,y_pred,gender\nsad,sad,f\nsad,sad\n", r"row 2 \(.*\): 2 cells, expected 3"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidInputError, match=f"^file.csv.*{message}"):
        open_table(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.csv: there is no such file"):
        open_table(tmp_path / "nowhere.csv")
    with pytest.raises(InvalidInputError, match="there is no such file"):
        open_table(tmp_path)
