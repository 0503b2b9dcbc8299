"""Files that somebody else wrote, opened in every usual form, or refused."""

import errno
import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from fer_fairness.errors import FileAccessError, InvalidInputError
from fer_fairness.sources.foreign_tables import reading, size
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import ForeignTable


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
        (b"only\nsad\n", "one column only"),
        (b'{"a": 1,\n', "line 2: this is no JSON"),
        (b"[1, 2]", "the JSON holds no records of faces"),
        (b"[" * 10_000, "(no JSON|nested too deeply)"),
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


@pytest.mark.parametrize("text", ["a" * 200_000, 'id,"emotion\n' + "1,2\n" * 100_000 + '"\n'])
def test_a_first_line_that_does_not_end_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=r"p\.csv, line 1: .* more than 131,072 characters"):
        open_table(path)


@pytest.mark.parametrize("cell", ["x" * 1_500_000, "x\n" * 700_000], ids=["one line", "lines"])
def test_a_row_may_hold_a_picture_as_text(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "p.csv"
    rows = [f'{number},"{cell}"\n' for number in (1, 2, 3)]
    path.write_text("".join(["id,picture\n", *rows]))
    table = open_table(path)
    assert table.text("id").values == ("1", "2", "3")
    assert table.data.column("picture")[2].as_py() == cell
    path.write_text("".join(["id,picture\n", *rows, "4,5,6\n"]))
    with pytest.raises(InvalidInputError, match=r"row 4 \(.*: 3 cells, expected 2"):
        open_table(path)


def test_a_header_of_many_columns_is_read(tmp_path: Path) -> None:
    names = [f"embedding_of_the_face_{number:05}" for number in range(8_000)]
    path = tmp_path / "p.csv"
    path.write_text(",".join(names) + "\n" + ",".join("1" * len(names)) + "\n")
    assert open_table(path).names == tuple(names)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.csv: there is no such file"):
        open_table(tmp_path / "nowhere.csv")


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(InvalidInputError, match="is a folder, expected a file"):
        open_table(tmp_path)
    with pytest.raises(InvalidInputError, match=r"pipe\.csv is a pipe, socket or device"):
        open_table(tmp_path / "pipe.csv")
    with pytest.raises(InvalidInputError, match="is a pipe, socket or device"):
        open_table(Path("/dev/zero"))
    with pytest.raises(FileAccessError, match=r"loop\.csv cannot be used \(Too many levels"):
        open_table(tmp_path / "loop.csv")


def test_a_file_without_permission_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "file.csv"
    path.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FileAccessError, match=r"file\.csv cannot be used \(Permission denied\)"):
        open_table(path)


class TestBytesThatNoTextHas:
    @pytest.mark.parametrize("n_rows", [3, 40_000])
    def test_a_zero_byte_is_named_by_line_wherever_it_stands(
        self, n_rows: int, tmp_path: Path
    ) -> None:
        content = b"y_true,y_pred,gender\n" + b"sad,sad,f\n" * n_rows + b"sad,s\0d,f\n"
        with pytest.raises(InvalidInputError, match=f"line {n_rows + 2}: the line holds a byte 0"):
            opened(tmp_path, content)

    def test_a_byte_far_down_that_is_not_utf_8_is_named_by_line(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(reading, "_PIECE_BYTES", 7)  # within letters of two bytes
        content = "y_true,y_pred,gender\n" + "äöü,ä,ß\n" * 5
        assert opened(tmp_path, content).text("y_pred").values == ("ä",)
        with pytest.raises(InvalidInputError, match="line 7: byte 0xe4 is not UTF-8"):
            opened(tmp_path, content.encode() + b"a,\xe4,b\n")


class TestSize:
    """Tables that would take more memory than they may are refused before they do."""

    def test_a_gzip_bomb_is_not_unpacked(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(size, "available_bytes", lambda: 300_000_000)
        header, row = b"y_true,y_pred,gender\n", b"sad,sad,f\n"
        bomb = gzip.compress(header) + gzip.compress(row * 20_000_000, compresslevel=1)
        assert len(bomb) < 2_000_000
        tracemalloc.start()
        with pytest.raises(
            InvalidInputError, match=r"unpacks to 1\d\d MB or more, .* 100 MB"
        ) as no:
            opened(tmp_path, bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200_000_000
        assert "leave out columns" in str(no.value)

    def test_a_gzip_file_of_several_parts_reads(self, tmp_path: Path) -> None:
        parts = gzip.compress(b"y_true,y_pred,gender\n") + gzip.compress(b"sad,sad,f\n")
        assert opened(tmp_path, parts).n_rows == 1

    def test_a_large_file_is_not_opened(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with (tmp_path / "file.csv").open("wb") as file:
            file.truncate(size.MOST_BYTES + 1)
        monkeypatch.setattr(Path, "read_bytes", pytest.fail)
        with pytest.raises(InvalidInputError, match=r"it has 4\.29 GB, more than the"):
            open_table(tmp_path / "file.csv")
