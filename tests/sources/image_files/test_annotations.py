"""Reading the table of perceived attributes."""

import re
import unicodedata
from pathlib import Path

import pytest

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.sources.image_files.annotations import Annotations, read_annotations

FILES = ["1.jpg", "a/2.jpg", "a/3, left.jpg"]


def read(folder: Path, text: str | bytes) -> Annotations:
    path = folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_annotations(path, FILES)


def test_values_are_trimmed_free_text_and_empty_ones_are_missing(tmp_path: Path) -> None:
    text = 'race, file ,gender\n Māori , 1.jpg ,female\n,a/2.jpg,  \nx y,"a/3, left.jpg",male\n'
    annotations = read(tmp_path, text)
    assert annotations.columns == ("gender", "race")
    assert annotations.values == {
        "1.jpg": {"race": "Māori", "gender": "female"},
        "a/2.jpg": {},
        "a/3, left.jpg": {"race": "x y", "gender": "male"},
    }


def test_what_reads_as_no_value_elsewhere_is_no_group_here(tmp_path: Path) -> None:
    found = read(tmp_path, "file,gender,race\n1.jpg,NA,white\na/2.jpg,male,nan\n")
    assert found.values == {"1.jpg": {"race": "white"}, "a/2.jpg": {"gender": "male"}}


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbffile,gender\r\n1.jpg,male\r\n\r\n",
        b"file,gender\n,\n1.jpg,male",
        b'"file","gender"\n"./1.jpg","male"\n',
        b"file,gender\n.\\1.jpg,male\n",
        b"file;gender\n1.jpg;male\n",
        "file\tgender\n1.jpg\tmale\n".encode("utf-16"),
    ],
)
def test_forms_that_spreadsheets_write_are_read(tmp_path: Path, text: bytes) -> None:
    assert read(tmp_path, text).values == {"1.jpg": {"gender": "male"}}


def test_names_are_found_as_labels_csv_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("file,gender\n'=1.jpg,male\n''@2.jpg,female\n")
    found = read_annotations(path, ["=1.jpg", "'@2.jpg"])
    assert set(found.values) == {"=1.jpg", "'@2.jpg"}


def test_a_name_in_the_decomposed_letters_of_macos_is_found(tmp_path: Path) -> None:
    composed = "Zoë.jpg"
    decomposed = unicodedata.normalize("NFD", composed)
    path = tmp_path / "people.csv"
    path.write_text(f"file,gender\n{composed},female\n", encoding="utf-8")
    assert read_annotations(path, [decomposed]).values == {decomposed: {"gender": "female"}}
    path.write_text(f"file,gender\n{decomposed},female\n", encoding="utf-8")
    assert read_annotations(path, [composed]).values == {composed: {"gender": "female"}}
    assert list(read_annotations(path, [decomposed, composed]).values) == [decomposed]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("2.jpg,male", "row 1: no image of the folder is '2.jpg'"),
        ("A/2.jpg,male", "row 1: no image of the folder is 'A/2.jpg'"),
        ("../1.jpg,male", "row 1: no image of the folder is '../1.jpg'"),
        ("/1.jpg,male", "row 1: no image of the folder is '/1.jpg'"),
        ("1.jpg,male\n,\n1.jpg,male", "row 3: '1.jpg' has a row already, row 1"),
        ("1.jpg,\n./1.jpg,male", "row 2: './1.jpg' has a row already, row 1"),
        ("1.jpg,male\n,female", "row 2: the row names no file (found ',female')"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_number_and_value(
    tmp_path: Path, rows: str, problem: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(tmp_path, f"file,gender\n{rows}\n")
    assert re.search(
        r"people\.csv: 1 rows cannot be used \(.*\)\. The first are", str(caught.value)
    )
    assert f"\n  {problem}\n" in str(caught.value)


def test_of_many_rows_that_cannot_be_used_five_are_shown(tmp_path: Path) -> None:
    rows = "".join(f"absent{i}{'x' * 100}.jpg,male\n" for i in range(9))
    with pytest.raises(InvalidInputError, match="9 rows cannot be used") as caught:
        read(tmp_path, "file,gender\n" + rows)
    assert str(caught.value).count("\n  row ") == 5
    assert max(map(len, str(caught.value).split("\n"))) < 130


@pytest.mark.parametrize("header", ["gender,race", "File,gender", "file,age"])
def test_other_columns_are_refused_with_both_shown(tmp_path: Path, header: str) -> None:
    with pytest.raises(
        InvalidInputError, match=f"people.csv: the columns are '{header}'"
    ) as caught:
        read(tmp_path, f"{header}\n1.jpg,male\n")
    assert "expected 'file' and any of gender, race, age_group" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"file\n1.jpg\n", "one column only"),
        (b"file,gender,gender\n1.jpg,male,male\n", "two columns are named 'gender'"),
        (b"file,gender\n1.jpg,male\nZo\xeb.jpg,female\n", "line 3: byte 0xeb is not UTF-8"),
        (b'file,gender\n1.jpg,male\n"a/2.jpg,female\n', "the number of double quotes is odd"),
        (b"file,gender\n1.jpg\n", r"row 1 \(.*\): 1 cells, expected 2"),
        (b"file,gender\n1.jpg,male,x\n", r"row 1 \(.*\): 3 cells, expected 2"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"people\.csv.*{message}"):
        read(tmp_path, content)


def test_an_absent_file_says_where_relative_paths_begin(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="begins at the folder of images"):
        read_annotations(tmp_path / "people.csv", FILES)
    with pytest.raises(DatasetNotFoundError):
        read_annotations(tmp_path, FILES)
