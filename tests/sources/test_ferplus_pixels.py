import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.errors import DamagedDataError
from fer_fairness.sources import ferplus_pixels
from fer_fairness.sources.decimals import Scratch
from fer_fairness.sources.ferplus_pixels import DAMAGED, USAGES, read_pixel_file

FerPlusWriter = Callable[..., npt.NDArray[np.uint8]]

USAGE_OF_ROW = ["Training"] * 20 + ["PublicTest"] * 5 + ["PrivateTest"] * 5


def edit_line(path: Path, line: int, edit: Callable[[str], str]) -> None:
    lines = path.read_text().split("\n")
    lines[line - 1] = edit(lines[line - 1])
    path.write_text("\n".join(lines))


@pytest.mark.parametrize("icml", [False, True])
@pytest.mark.parametrize("block_bytes", [1_000, 20_000, 1 << 20])
def test_pixels_codes_and_usages_are_read_in_row_order(
    tmp_path: Path, write_fer_plus: FerPlusWriter, *, icml: bool, block_bytes: int
) -> None:
    codes = [i % 7 for i in range(30)]
    pixels = write_fer_plus(USAGE_OF_ROW, codes=codes, icml=icml)
    path = tmp_path / ("icml_face_data.csv" if icml else "fer2013.csv")
    found = read_pixel_file(path, block_bytes=block_bytes)
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.codes.tolist() == codes
    assert [USAGES[usage] for usage in found.usages] == USAGE_OF_ROW
    assert found.damaged == []


@pytest.mark.parametrize("icml", [False, True])
def test_a_clean_file_takes_the_fast_path(
    tmp_path: Path, write_fer_plus: FerPlusWriter, monkeypatch: pytest.MonkeyPatch, *, icml: bool
) -> None:
    write_fer_plus(USAGE_OF_ROW, icml=icml)

    def refuse(block: bytes, columns: tuple[str, ...]) -> None:
        raise AssertionError(len(block), columns)

    monkeypatch.setattr(ferplus_pixels, "_parse_by_line", refuse)
    path = tmp_path / ("icml_face_data.csv" if icml else "fer2013.csv")
    assert len(read_pixel_file(path).codes) == 30


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), code=st.integers(0, 6), usage=st.sampled_from(USAGES))
def test_both_paths_read_the_same(seed: int, code: int, usage: str) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, 2304)
    block = f"{code},{' '.join(map(str, pixels.tolist()))},{usage}\n".encode() * 2
    fast = ferplus_pixels._parse_exact(block, ferplus_pixels.FER2013_COLUMNS, Scratch(len(block)))
    slow, damaged = ferplus_pixels._parse_by_line(block, ferplus_pixels.FER2013_COLUMNS)
    assert fast is not None
    assert damaged == []
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("edit", "reason", "value"),
    [
        (lambda s: s.replace(" ", " 256 ", 1), "pixel 1 is not between 0 and 255", "256"),
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
    found = read_pixel_file(tmp_path / "fer2013.csv", block_bytes=30_000)
    (row,) = found.damaged
    assert row.position == 10
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
    found = read_pixel_file(path)
    assert [row.position for row in found.damaged] == [29]
    assert len(found.codes) == 30


@pytest.mark.parametrize("block_bytes", [997, 1 << 20])
def test_windows_line_ends_and_blank_lines_at_the_end_are_no_damage(
    tmp_path: Path, write_fer_plus: FerPlusWriter, block_bytes: int
) -> None:
    pixels = write_fer_plus(USAGE_OF_ROW)
    path = tmp_path / "fer2013.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    found = read_pixel_file(path, block_bytes=block_bytes)
    assert found.damaged == []
    np.testing.assert_array_equal(found.pixels, pixels)


@pytest.mark.parametrize(
    "content", [b"", b"<html>\n<p>", b"emotion,pixels\n", b"\x89PNG\r\n\x1a\n"]
)
def test_another_file_is_refused_by_its_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fer2013.csv").write_bytes(content)
    with pytest.raises(DamagedDataError, match=r"fer2013\.csv, line 1: the header is"):
        read_pixel_file(tmp_path / "fer2013.csv")


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_bytes(b"emotion,pixels,Usage\n" + b"1 " * (1 << 20))
    with pytest.raises(DamagedDataError, match="a line is longer than"):
        read_pixel_file(tmp_path / "fer2013.csv", block_bytes=1 << 16)
