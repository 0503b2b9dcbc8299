"""Reads the files of FER+ row by row: pixels of FER2013, votes of FER+; damaged rows are named."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import DamagedDataError
from fer_fairness.progress import track
from fer_fairness.sources.base import DamageRecord
from fer_fairness.sources.image_files.label_files import LabelFile, check_header
from fer_fairness.sources.published.ferplus_votes import SPLIT_OF_USAGE
from fer_fairness.tables import VOTES_COLUMNS
from fer_fairness.taxonomy import FER2013_CODES

N_PIXELS: Final = 2304
USAGES: Final = tuple(SPLIT_OF_USAGE)
DAMAGED: Final = ""
"""Stands for the usage of a damaged row."""

FER2013_COLUMNS: Final = ("emotion", "pixels", "Usage")
ICML_COLUMNS: Final = ("emotion", "Usage", "pixels")
VOTE_COLUMNS: Final = (
    *("Usage", "Image name", "neutral", "happiness", "surprise", "sadness", "anger", "disgust"),
    *("fear", "contempt", "unknown", "NF"),
)

_CODES = frozenset(map(str, FER2013_CODES))
_NO_PIXELS = np.zeros(N_PIXELS, dtype=np.uint8)
_LONGEST_LINE_BYTES = 1 << 20
_USUAL_LINE_BYTES = 8_389
_BOXED_LINE = re.compile(r'([^,"/\\]+),"\(\d+, \d+, \d+, \d+\)",(.*)')


class _RowError(Exception):
    """A row cannot be read: the value found, and what is wrong with it."""


@dataclass(frozen=True)
class PixelFile:
    """The contents of a FER2013 csv file, in its row order.

    Attributes:
        columns: Column names in file order, without spaces.
        codes: FER2013 emotion codes, int8 of shape (n,); -1 in damaged rows.
        usages: Each row's usage, one of `USAGES`; `DAMAGED` in damaged rows.
        pixels: uint8 of shape (n, 2304); zeros in damaged rows.
    """

    columns: tuple[str, ...]
    codes: npt.NDArray[np.int8]
    usages: pd.Series
    pixels: npt.NDArray[np.uint8]


def read_pixel_file(
    path: Path, name: str, record: DamageRecord, *, known_codes: Collection[str] = _CODES
) -> PixelFile:
    """Read a FER2013 csv file, 300 MB of decimal text, with a progress bar.

    Args:
        path: `fer2013.csv` or `icml_face_data.csv`, told apart by the header.
        name: What the record calls it.
        record: Where damaged rows are recorded.
        known_codes: The emotion codes that there are, which count from 0.

    Raises:
        DamagedDataError: The header is neither published one, or the file is not text in lines.
    """
    codes: list[int] = []
    usages: list[str] = []
    pixels = bytearray()
    with path.open("rb") as file:
        lines = _lines(file, path.name)
        header = next(lines, b"").decode("utf-8-sig", errors="replace")
        columns = tuple(column.strip() for column in header.split(","))
        check_header(path.name, columns, FER2013_COLUMNS, ICML_COLUMNS)
        # How long a published row is on average tells the bar how far it has come.
        n_rows = path.stat().st_size // _USUAL_LINE_BYTES
        rows = track(lines, description=f"Reading {path.name}", total=n_rows)
        for number, line in enumerate(rows, start=2):
            try:
                code, usage, numbers = _pixel_row(line, columns, known_codes)
            except _RowError as error:
                record.add(name, number, *error.args)
                code, usage, numbers = -1, DAMAGED, _NO_PIXELS
            codes.append(code)
            usages.append(usage)
            pixels += numbers.tobytes()
    return PixelFile(
        columns,
        np.array(codes, dtype=np.int8),
        pd.Series(usages, dtype="str"),
        np.frombuffer(pixels, dtype=np.uint8).reshape(-1, N_PIXELS),
    )


def _lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines without their ends; blank ones at the end of the file are dropped."""
    n_blank = 0
    while line := file.readline(_LONGEST_LINE_BYTES):
        if len(line) == _LONGEST_LINE_BYTES:
            raise DamagedDataError(
                f"{name}: a line is longer than {_LONGEST_LINE_BYTES} bytes, the longest "
                "published one has 9,236. The file is not the published one: obtain it again."
            )
        line = line.rstrip(b"\r\n")
        if line:
            yield from [b""] * n_blank
            yield line
        n_blank = 0 if line else n_blank + 1


def _pixel_row(
    line: bytes, columns: tuple[str, ...], codes: Collection[str]
) -> tuple[int, str, npt.NDArray[np.uint8]]:
    """Emotion code, usage and pixels of a row.

    Raises:
        _RowError: It cannot be read.
    """
    fields = line.split(b",")
    if len(fields) != len(columns):
        raise _RowError(_shown(line), f"the row has {len(fields)} fields, expected {len(columns)}")
    cells = dict(zip(columns, fields, strict=True))
    code, usage = _shown(cells["emotion"].strip()), _shown(cells["Usage"].strip())
    if code not in codes:
        raise _RowError(code, f"the emotion is not a code from 0 to {len(codes) - 1}")
    if usage not in USAGES:
        raise _RowError(usage, f"Usage is none of {', '.join(USAGES)}")
    # NumPy would stop at anything but digits and spaces, or take it for a sign.
    if not cells["pixels"].translate(None, delete=b"0123456789 "):
        numbers = np.fromstring(cells["pixels"], dtype=np.int64, sep=" ")
        if len(numbers) == N_PIXELS and numbers.max() <= 255:
            return int(code), usage, numbers.astype(np.uint8)
    raise _pixel_error(cells["pixels"].split())


def _pixel_error(pixels: list[bytes]) -> "_RowError":
    """The first thing wrong with pixels that cannot be read."""
    for position, pixel in enumerate(pixels):
        if not pixel.isdigit():
            return _RowError(_shown(pixel), f"pixel {position} is not a whole number")
        if len(pixel.lstrip(b"0")) > 3 or int(pixel[-3:]) > 255:
            return _RowError(_shown(pixel), f"pixel {position} is not between 0 and 255")
    return _RowError(f"{len(pixels)} pixels", f"the row does not have {N_PIXELS} pixels")


def _shown(value: bytes) -> str:
    return value[:200].decode("utf-8", errors="replace")


def parse_published_votes(file: LabelFile, record: DamageRecord) -> pd.DataFrame:
    """Read `fer2013new.csv`.

    Args:
        file: The file.
        record: Where damaged rows are recorded.

    Returns:
        One row a line: `line` (1-based), `usage` (`DAMAGED` in damaged rows), `name` of the image
        (empty where the file gives none), and the votes (`tables.VOTES_COLUMNS`), float64, zeros
        in damaged rows.

    Raises:
        DamagedDataError: The header is not the published one.
    """
    check_header(file.name, file.header, VOTE_COLUMNS)
    rows = (line.split(",") for line in file.lines)
    return _votes(file, ((row[0], "".join(row[1:2]), row[2:]) for row in rows), record)


def parse_folder_votes(file: LabelFile, usage: str, record: DamageRecord) -> pd.DataFrame:
    """Read the `label.csv` of one folder: image name, face box, ten votes; no header.

    Args:
        file: The file.
        usage: The usage that the folder stands for, one of `USAGES`.
        record: Where damaged rows are recorded.

    Returns:
        As `parse_published_votes`.
    """
    matches = (_BOXED_LINE.fullmatch(line) for line in file.lines)
    rows = ((usage, m[1], m[2].split(",")) if m else (usage, "", []) for m in matches)
    return _votes(file, rows, record)


def _votes(
    file: LabelFile, rows: Iterable[tuple[str, str, list[str]]], record: DamageRecord
) -> pd.DataFrame:
    """The table of votes from the usage, name and votes of each line."""
    usages: list[str] = []
    names: list[str] = []
    votes: list[list[str]] = []
    for text, (usage, name, fields) in zip(file.lines, rows, strict=True):
        try:
            _check_votes(usage, fields, text)
        except _RowError as error:
            record.add(file.name, file.first_line + len(names), *error.args)
            usage, fields = DAMAGED, ["0"] * len(VOTES_COLUMNS)
        usages.append(usage)
        names.append(name.strip())
        votes.append(fields)
    numbers = np.array(votes, dtype=np.float64).reshape(-1, len(VOTES_COLUMNS))
    table = pd.DataFrame(numbers, columns=list(VOTES_COLUMNS))
    return table.assign(
        line=np.arange(len(table)) + file.first_line,
        usage=pd.Series(usages, dtype="str"),
        name=pd.Series(names, dtype="str"),
    )


def _check_votes(usage: str, votes: list[str], line: str) -> None:
    if len(votes) != len(VOTES_COLUMNS):
        reason = f"the row is not a usage or box, a name and {len(VOTES_COLUMNS)} votes"
        raise _RowError(line, reason)
    if usage not in USAGES:
        raise _RowError(usage, f"Usage is none of {', '.join(USAGES)}")
    for column, vote in zip(VOTE_COLUMNS[2:], votes, strict=True):
        if not (vote.isascii() and vote.isdigit() and len(vote) <= 2):
            raise _RowError(vote, f"the votes for {column} are not a whole number up to 99")
