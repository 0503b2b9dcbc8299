import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.errors import DamagedDataError
from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.published.ferplus_files import DAMAGED, USAGES, PixelFile, read_pixel_file

FerPlusWriter = Callable[..., npt.NDArray[np.uint8]]

USAGE_OF_ROW = ["Training"] * 20 + ["PublicTest"] * 5 + ["PrivateTest"] * 5


def edit_line(path: Path, line: int, edit: Callable[[str], str]) -> None:
    lines = path.read_text().split("\n")
    lines[line - 1] = edit(lines[line - 1])
    path.write_text("\n".join(lines))


def read(path: Path) -> tuple[PixelFile, DamageRecord]:
    record = DamageRecord("fer_plus")
    return read_pixel_file(path, path.name, record), record


@pytest.mark.parametrize("icml", [False, True])
def test_pixels_codes_and_usages_are_read_in_row_order(
    tmp_path: Path, write_fer_plus: FerPlusWriter, *, icml: bool
) -> None:
    codes = [i % 7 for i in range(30)]
    pixels = write_fer_plus(USAGE_OF_ROW, codes=codes, icml=icml)
    found, record = read(tmp_path / ("icml_face_data.csv" if icml else "fer2013.csv"))
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.codes.tolist() == codes
    assert found.usages.tolist() == USAGE_OF_ROW
    assert record.damages == []


CELL = st.one_of(
    st.integers(-5, 300).map(str),
    st.integers().map(str),
    st.text("0123456789 -+.xe", max_size=4),
    st.sampled_from(["nan", "0x1", "1_0", "\u00b2", "007", "1e2", "\t5", "9" * 30]),
)


@settings(max_examples=200, deadline=None)
@given(cell=CELL, position=st.integers(0, 2303), usage=st.sampled_from(USAGES))
def test_a_row_is_read_where_python_reads_its_pixels_and_is_named_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, cell: str, position: int, usage: str
) -> None:
    cells = ["7"] * 2304
    cells[position] = cell
    path = tmp_path_factory.mktemp("pixels") / "fer2013.csv"
    path.write_text(f"emotion,pixels,Usage\n3,{' '.join(cells)},{usage}\n", encoding="utf-8")
    parts = " ".join(cells).split(" ")
    numbers = [int(part) for part in parts if re.fullmatch("[0-9]+", part)]
    is_whole = len(numbers) == sum(part != "" for part in parts)
    is_readable = is_whole and len(numbers) == 2304 and max(numbers) <= 255

    found, record = read(path)

    assert (found.usages[0], len(record.damages)) == ((usage, 0) if is_readable else (DAMAGED, 1))
    assert found.pixels[0].tolist() == (numbers if is_readable else [0] * 2304)


@pytest.mark.parametrize(
    ("edit", "reason", "value"),
    [
        (lambda s: s.replace(" ", " 256 ", 1), "pixel 1 is not between 0 and 255", "256"),
        (lambda s: s.replace(" ", f" {'9' * 5000} ", 1), "pixel 1 is not between 0 and 255", "99"),
        (lambda s: s.replace(" ", " 999999 ", 1), "pixel 1 is not between 0 and 255", "999999"),
        (lambda s: s.replace(" ", " 7x ", 1), "pixel 1 is not a whole number", "7x"),
        (lambda s: s.replace(" ", " -3 ", 1), "pixel 1 is not a whole number", "-3"),
        (lambda s: s.replace(" ", " 1.5 ", 1), "pixel 1 is not a whole number", "1.5"),
        (lambda s: s.replace(" ", " nan ", 1), "pixel 1 is not a whole number", "nan"),
        (lambda s: s.replace(" ", " 1 ", 1), "does not have 2304 pixels", "2305 pixels"),
        (lambda s: re.sub(r" \d+ ", "  ", s, count=1), "not have 2304 pixels", "2303 pixels"),
        (lambda s: re.sub(r" \d+,", " ,", s, count=1), "not have 2304 pixels", "2303 pixels"),
        (lambda s: re.sub(r" \d+ ", " 1000 ", s, count=1), "pixel 1 is not between", "1000"),
        (lambda s: s.replace("Training", "Trainin"), "Usage is none of", "Trainin"),
        (lambda s: "7" + s[1:], "the emotion is not a code", "7"),
        (lambda s: "x" + s[1:], "the emotion is not a code", "x"),
        (lambda s: s[:100], "the row has 2 fields, expected 3", "3,"),
        (lambda _: "", "the row has 1 fields, expected 3", ""),
        (lambda s: s.replace(",Training", ",,Training"), "the row has 4 fields", "3,"),
    ],
)
def test_a_damaged_row_is_named_and_the_others_are_read(
    tmp_path: Path,
    write_fer_plus: FerPlusWriter,
    edit: Callable[[str], str],
    reason: str,
    value: str,
) -> None:
    pixels = write_fer_plus(USAGE_OF_ROW)
    edit_line(tmp_path / "fer2013.csv", 12, edit)
    found, record = read(tmp_path / "fer2013.csv")
    (row,) = record.damages
    assert row.row == 12
    assert reason in row.reason
    assert row.value.startswith(value)
    assert found.usages[10] == DAMAGED
    assert not found.pixels[10].any()
    others = np.arange(30) != 10
    np.testing.assert_array_equal(found.pixels[others], pixels[others])


def test_a_truncated_last_row_is_named(tmp_path: Path, write_fer_plus: FerPlusWriter) -> None:
    write_fer_plus(USAGE_OF_ROW)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(path.read_bytes()[:-4000])
    found, record = read(path)
    assert [row.row for row in record.damages] == [31]
    assert len(found.codes) == 30


def test_windows_line_ends_and_blank_lines_at_the_end_are_no_damage(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    pixels = write_fer_plus(USAGE_OF_ROW)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    found, record = read(path)
    assert record.damages == []
    np.testing.assert_array_equal(found.pixels, pixels)


@pytest.mark.parametrize(
    "content", [b"", b"<html>\n<p>", b"emotion,pixels\n", b"\x89PNG\r\n\x1a\n"]
)
def test_another_file_is_refused_by_its_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fer2013.csv").write_bytes(content)
    with pytest.raises(DamagedDataError, match=r"fer2013\.csv, line 1: the header is"):
        read(tmp_path / "fer2013.csv")


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_bytes(b"emotion,pixels,Usage\n" + b"1 " * (1 << 20))
    with pytest.raises(DamagedDataError, match="a line is longer than"):
        read(tmp_path / "fer2013.csv")
