"""Reads perceived attributes that somebody wrote down for the images of a folder."""

import csv
import io
import posixpath
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.errors import DatasetNotFoundError, InvalidInputError
from fer_fairness.taxonomy import ATTRIBUTES

FILE_COLUMN: Final = "file"

_SHOWN_PROBLEMS = 5
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Annotations:
    """Attributes of images, as a csv file gives them.

    Attributes:
        name: Name of the file.
        columns: The attributes it has a column for.
        values: Attributes by image file, each a text that is not empty; an empty cell has no
            entry, an image without a row neither.
    """

    name: str
    columns: tuple[str, ...]
    values: dict[str, dict[str, str]]

    def faces_columns(self, files: Sequence[str]) -> dict[str, pd.Series]:
        """Columns of the `faces` table for these images: each attribute and its source."""
        columns: dict[str, pd.Series] = {}
        for attribute in self.columns:
            found = [self.values.get(file, {}).get(attribute) for file in files]
            columns[attribute] = pd.Series(found, dtype="str")
            sources = ["none" if value is None else "annotated" for value in found]
            columns[f"{attribute}_source"] = pd.Series(sources, dtype="str")
        return columns


def read_annotations(path: Path, files: Sequence[str]) -> Annotations:
    """Read a csv file with a column `file` and any of `gender`, `race` and `age_group`.

    Files are named by their path below the folder; backslashes count as slashes, and a letter with
    an accent is found whether it is written as one character or two. Values are free text,
    trimmed. Images need not all have a row.

    Args:
        path: The csv file, UTF-8 with or without byte order mark, comma-separated.
        files: The images of the folder, as `image_file` names them.

    Raises:
        DatasetNotFoundError: There is no such file.
        InvalidInputError: It is no such csv file, or rows name no file, a file that is not among
            `files`, or one that has a row already. The message names the first five by line.
    """
    if not path.is_file():
        raise DatasetNotFoundError(
            f"There is no file of annotations {path}. A relative path of `annotations` begins at "
            "the folder of images; leave it out where nobody annotated them."
        )
    rows = _rows(path)
    _, header = next(rows, (1, []))
    columns = _columns(path.name, header)
    reading = _Reading(files)
    for line, cells in rows:
        reading.take(line, cells, columns)
    if reading.problems:
        shown = "\n".join(f"  {problem}" for problem in reading.problems[:_SHOWN_PROBLEMS])
        raise InvalidInputError(
            f"{path.name}: {len(reading.problems)} rows cannot be used. The first are\n{shown}\n"
            f"Write one row an image, with its path below the folder of images in `{FILE_COLUMN}`."
        )
    attributes = tuple(column for column in ATTRIBUTES if column in columns)
    return Annotations(path.name, attributes, reading.values)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with the 1-based line it ends in."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            f"{path.name}, line {line}: a byte is not UTF-8. Save the file as CSV UTF-8."
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InvalidInputError(
            f"{path.name}, line {reader.line_num}: it is not comma-separated text ({error}). Look "
            "for an open quotation mark, or save the file as CSV UTF-8 again."
        ) from error


def _columns(name: str, header: list[str]) -> list[str]:
    known = {FILE_COLUMN, *ATTRIBUTES}
    wrong = FILE_COLUMN not in header or len(header) < 2 or not set(header) <= known
    if wrong or len(set(header)) < len(header):
        raise InvalidInputError(
            f"{name}, line 1: the header is {_shown(','.join(header))}, expected {FILE_COLUMN!r} "
            f"and any of {', '.join(ATTRIBUTES)}, each once and separated by commas. Rename or "
            "remove the other columns."
        )
    return header


@dataclass
class _Reading:
    """The rows read so far; `files` are those that a row may name."""

    files: Sequence[str]
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # macOS hands out names in decomposed letters, which look the same; a name as it stands
        # goes before one that only looks like it.
        self._by_name = {unicodedata.normalize("NFC", file): file for file in self.files}
        self._by_name |= {file: file for file in self.files}

    def take(self, line: int, cells: list[str], columns: list[str]) -> None:
        """Read one row, or note why it cannot be used."""
        if len(cells) != len(columns):
            self._refuse(line, f"the row has {len(cells)} fields, expected {len(columns)}", cells)
            return
        row = dict(zip(columns, cells, strict=True))
        named = row.pop(FILE_COLUMN)
        if not named:
            self._refuse(line, f"the row names no {FILE_COLUMN}", cells)
            return
        file = self._find(named)
        if file is None:
            self.problems.append(f"line {line}: no image of the folder is {_shown(named)}")
        elif file in self.lines:
            first = self.lines[file]
            self.problems.append(f"line {line}: {_shown(named)} has a row already, line {first}")
        else:
            self.lines[file] = line
            self.values[file] = {name: value for name, value in row.items() if value}

    def _find(self, named: str) -> str | None:
        plain = posixpath.normpath(named.replace("\\", "/"))
        return self._by_name.get(plain) or self._by_name.get(unicodedata.normalize("NFC", plain))

    def _refuse(self, line: int, reason: str, cells: list[str]) -> None:
        self.problems.append(f"line {line}: {reason} (found {_shown(','.join(cells))})")


def _shown(value: str) -> str:
    cut = value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 3] + "..."
    return repr(cut)
