"""Parses the pixels of `fer2013.csv` and `icml_face_data.csv`, 300 MB of decimal text.

The file is read in blocks of whole lines. A block that is exactly in the published form, byte by
byte, is parsed at once with array operations; one that is not is read again line by line, so that
every damaged row is found and named. Memory beside the result stays at a few blocks.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import DamagedDataError
from fer_fairness.progress import track
from fer_fairness.sources.decimals import NINE, ZERO, Scratch, numbers_ending_at

N_PIXELS: Final = 2304
USAGES: Final = ("Training", "PublicTest", "PrivateTest")
DAMAGED: Final = -1
"""Stands for the usage and the emotion code of a damaged row."""

FER2013_COLUMNS: Final = ("emotion", "pixels", "Usage")
ICML_COLUMNS: Final = ("emotion", "Usage", "pixels")

_BLOCK_BYTES = 1 << 18
_LONGEST_LINE_BYTES = 1 << 20
_SHORTEST_LINE_BYTES = 2 * N_PIXELS
_N_CODES = 7
_USAGE_INDEX = {usage.encode(): index for index, usage in enumerate(USAGES)}


class DamagedRow(NamedTuple):
    """A row that cannot be read: its position from 0, what was found, and why not."""

    position: int
    value: str
    reason: str


@dataclass(frozen=True)
class PixelFile:
    """The contents of a FER2013 csv file, in its row order.

    Attributes:
        columns: Column names in file order, without spaces.
        codes: FER2013 emotion codes, int8 of shape (n,); -1 in damaged rows.
        usages: Index into `USAGES`, int8 of shape (n,); -1 in damaged rows.
        pixels: uint8 of shape (n, 2304); zeros in damaged rows.
        damaged: The damaged rows, in file order.
    """

    columns: tuple[str, ...]
    codes: npt.NDArray[np.int8]
    usages: npt.NDArray[np.int8]
    pixels: npt.NDArray[np.uint8]
    damaged: list[DamagedRow]


class _Rows(NamedTuple):
    codes: npt.NDArray[np.int8]
    usages: npt.NDArray[np.int8]
    pixels: npt.NDArray[np.uint8]


def read_pixel_file(path: Path, *, block_bytes: int = _BLOCK_BYTES) -> PixelFile:
    """Read a FER2013 csv file, with a progress bar.

    Args:
        path: `fer2013.csv` or `icml_face_data.csv`, told apart by the header.
        block_bytes: How much is read at a time; the result does not depend on it.

    Returns:
        All rows; damaged ones are zero and listed.

    Raises:
        DamagedDataError: The header is neither published one, or the file is not text in lines.
    """
    blocks = _line_blocks(path, block_bytes)
    columns = _check_header(next(blocks, b""), path.name)
    n_bytes = path.stat().st_size
    n_blocks = math.ceil(n_bytes / block_bytes)
    # Room for as many rows as could be published ones; what is not used is never touched.
    table = _empty_rows(n_bytes // _SHORTEST_LINE_BYTES + 1)
    scratch = Scratch(2 * block_bytes)
    damaged: list[DamagedRow] = []
    n_rows = 0
    for block in track(blocks, description=f"Reading {path.name}", total=n_blocks):
        if len(block) > scratch.size:
            scratch = Scratch(len(block))
        rows = _parse_exact(block, columns, scratch)
        if rows is None:
            rows, found = _parse_by_line(block, columns)
            damaged += [row._replace(position=row.position + n_rows) for row in found]
        end = n_rows + len(rows.codes)
        if end > len(table.codes):
            table = _enlarged(table, 2 * end)
        for column, values in zip(table, rows, strict=True):
            column[n_rows:end] = values
        n_rows = end
    return PixelFile(
        columns,
        table.codes[:n_rows],
        table.usages[:n_rows],
        table.pixels[:n_rows],
        damaged,
    )


def _line_blocks(path: Path, block_bytes: int) -> Iterator[bytes]:
    """The header line, then blocks of whole lines that end in a plain newline.

    Line ends of Windows become plain ones; blank lines at the end of the file are dropped.
    """
    carried = b""
    header_given = False
    with path.open("rb") as file:
        while chunk := file.read(block_bytes):
            carried += chunk
            if not header_given and b"\n" in carried:
                header, _, carried = carried.partition(b"\n")
                header_given = True
                yield header
            # Line ends at the end are carried on: only the next chunk tells a blank line from the
            # end of the file, and a split "\r\n" from a whole one.
            text_end = len(carried)
            while text_end and carried[text_end - 1] in b"\r\n":
                text_end -= 1
            cut = carried.rfind(b"\n", 0, text_end) + 1
            if header_given and cut:
                yield _with_plain_line_ends(carried[:cut])
                carried = carried[cut:]
            if len(carried) > block_bytes + _LONGEST_LINE_BYTES:
                raise DamagedDataError(
                    f"{path.name}: a line is longer than {_LONGEST_LINE_BYTES} bytes, the longest "
                    "published one has 9,236. The file is not the published one: obtain it again."
                )
    rest = _with_plain_line_ends(carried.rstrip(b"\r\n"))
    if not header_given:
        yield rest
    elif rest:
        yield rest + b"\n"


def _with_plain_line_ends(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n") if b"\r" in block else block


def _check_header(header: bytes, name: str) -> tuple[str, ...]:
    text = header.decode("utf-8-sig", errors="replace")
    columns = tuple(column.strip() for column in text.split(","))
    if columns not in (FER2013_COLUMNS, ICML_COLUMNS):
        raise DamagedDataError(
            f"{name}, line 1: the header is {text[:80]!r}, expected "
            f"{','.join(FER2013_COLUMNS)!r} or {', '.join(ICML_COLUMNS)!r}. "
            "The file is not the published one: obtain it again."
        )
    return columns


def _empty_rows(n_rows: int) -> _Rows:
    return _Rows(
        np.full(n_rows, DAMAGED, dtype=np.int8),
        np.full(n_rows, DAMAGED, dtype=np.int8),
        np.zeros((n_rows, N_PIXELS), dtype=np.uint8),
    )


def _enlarged(table: _Rows, n_rows: int) -> _Rows:
    larger = _empty_rows(n_rows)
    for column, values in zip(larger, table, strict=True):
        column[: len(values)] = values
    return larger


def _separators(columns: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """The separators of one published line, in their order."""
    within = {"pixels": b" " * (N_PIXELS - 1)}
    line = b",".join(within.get(column, b"") for column in columns) + b"\n"
    return np.frombuffer(line, dtype=np.uint8)


def _parse_exact(block: bytes, columns: tuple[str, ...], scratch: Scratch) -> _Rows | None:
    """Parse a block that is exactly in the published form; None where it is not."""
    raw = np.frombuffer(block, dtype=np.uint8)
    expected = _separators(columns)
    # Every separator, sign and point of ASCII lies below the digits, every letter above. A
    # token's last byte is the one before a separator.
    last_bytes = np.flatnonzero(raw[1:] < ZERO)
    if last_bytes.size == 0 or last_bytes.size % expected.size:
        return None
    lasts = last_bytes.reshape(-1, expected.size)
    if (raw[1:].take(lasts) != expected).any():
        return None
    first_pixel = columns.index("pixels")
    usage = 1 if first_pixel > 1 else N_PIXELS + 1
    usage_starts, usage_ends = lasts[:, usage - 1] + 2, lasts[:, usage] + 1
    usages = _exact_usages(block, usage_starts, usage_ends)
    # Letters stand in Usage alone, so that whatever else is not a separator is a digit.
    n_letters = np.count_nonzero(raw > NINE)
    if usages is None or n_letters != (usage_ends - usage_starts).sum():
        return None
    numbers = numbers_ending_at(raw, scratch)
    if numbers is None:
        return None
    codes = numbers.take(lasts[:, 0])
    pixels = numbers.take(lasts[:, first_pixel : first_pixel + N_PIXELS])
    line_starts = np.concatenate([[0], lasts[:-1, -1] + 2])
    if (lasts[:, 0] != line_starts).any() or codes.max() >= _N_CODES or pixels.max() > 255:
        return None
    return _Rows(codes.astype(np.int8), usages, pixels.astype(np.uint8))


def _exact_usages(
    block: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8] | None:
    bounds = zip(starts.tolist(), ends.tolist(), strict=True)
    found = [_USAGE_INDEX.get(block[start:end], DAMAGED) for start, end in bounds]
    usages = np.array(found, dtype=np.int8)
    return None if (usages == DAMAGED).any() else usages


def _parse_by_line(block: bytes, columns: tuple[str, ...]) -> tuple[_Rows, list[DamagedRow]]:
    lines = block.removesuffix(b"\n").split(b"\n")
    rows = _empty_rows(len(lines))
    damaged: list[DamagedRow] = []
    for index, line in enumerate(lines):
        fields = line.split(b",")
        if len(fields) != len(columns):
            reason = f"the row has {len(fields)} fields, expected {len(columns)}"
            damaged.append(DamagedRow(index, _shown(line), reason))
            continue
        cells = dict(zip(columns, fields, strict=True))
        problem = _field_problem(cells)
        if problem is not None:
            damaged.append(DamagedRow(index, *problem))
            continue
        rows.codes[index] = int(cells["emotion"])
        rows.usages[index] = _USAGE_INDEX[cells["Usage"].strip()]
        rows.pixels[index] = [int(number) for number in cells["pixels"].split()]
    return rows, damaged


def _field_problem(cells: dict[str, bytes]) -> tuple[str, str] | None:
    """Value and reason of the first thing wrong with a row; None where it can be read."""
    code, usage = cells["emotion"].strip(), cells["Usage"].strip()
    if not (code.isdigit() and len(code) == 1 and int(code) < _N_CODES):
        return _shown(code), "the emotion is not a code from 0 to 6"
    if usage not in _USAGE_INDEX:
        return _shown(usage), f"Usage is none of {', '.join(USAGES)}"
    numbers = cells["pixels"].split()
    for position, number in enumerate(numbers):
        if not number.isdigit():
            return _shown(number), f"pixel {position} is not a whole number"
        if len(number) > 3 or int(number) > 255:
            return _shown(number), f"pixel {position} is not between 0 and 255"
    if len(numbers) != N_PIXELS:
        return f"{len(numbers)} pixels", f"the row does not have {N_PIXELS} pixels"
    return None


def _shown(value: bytes) -> str:
    return value[:200].decode("utf-8", errors="replace")
