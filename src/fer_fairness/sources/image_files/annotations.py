"""Reads perceived attributes that somebody wrote down for the images of a folder."""

import posixpath
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.sources.base import shortened
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import MISSING, ROWS, ForeignTable
from fer_fairness.spreadsheets import unescaped
from fer_fairness.taxonomy import ATTRIBUTES

FILE_COLUMN: Final = "file"

_SHOWN_PROBLEMS = 5


@dataclass(frozen=True)
class Annotations:
    """Attributes of images, as a table gives them.

    Attributes:
        name: Name of the file.
        columns: The attributes it has a column for.
        values: Attributes by image file, each a text; a cell that is empty or reads as missing has
            no entry, an image without a row neither.
    """

    name: str
    columns: tuple[str, ...]
    values: dict[str, dict[str, str]]


def read_annotations(path: Path, files: Sequence[str]) -> Annotations:
    """Read a table with a column `file` and any of `gender`, `race` and `age_group`.

    Files are named by their path below the folder; backslashes count as slashes, and a letter with
    an accent is found whether it is written as one character or two. Values are free text,
    trimmed; those that read as none (`MISSING`, as R's NA) are missing. Images need not all have a
    row; empty rows are passed over.

    Args:
        path: A CSV or Parquet file (`foreign_tables.reading.open_table`).
        files: The images of the folder, as `image_file` names them.

    Raises:
        DatasetNotFoundError: There is no such file.
        InvalidInputError: It is no such table, or rows name no file, a file that is not among
            `files`, or one that has a row already. The message names the first five by row.
    """
    if not path.is_file():
        raise DatasetNotFoundError(
            f"There is no file of annotations {path}. A relative path of `annotations` begins at "
            "the folder of images; leave it out where nobody annotated them."
        )
    table = open_table(path)
    _check_columns(table)
    cells = pd.DataFrame({name: table.one_line(name).str.strip() for name in table.every_name})
    # macOS hands out names in decomposed letters, which look the same; a name as it stands goes
    # before one that only looks like it.
    by_name = {unicodedata.normalize("NFC", file): file for file in files}
    by_name |= {file: file for file in files}
    values: dict[str, dict[str, str]] = {}
    rows: dict[str, int] = {}
    problems: list[str] = []
    for row, found in enumerate(cells.to_dict("records"), start=1):
        filled = {str(name): str(cell) for name, cell in found.items() if cell not in MISSING}
        if not filled:
            continue
        named = filled.pop(FILE_COLUMN, "")
        plain = posixpath.normpath(named.replace("\\", "/"))
        file = by_name.get(plain) or by_name.get(unicodedata.normalize("NFC", plain))
        file = file or by_name.get(unescaped(plain))  # as `labels.csv` names it
        if not named:
            written = shortened(",".join(map(str, found.values())))
            problems.append(f"row {row}: the row names no {FILE_COLUMN} (found {written!r})")
        elif file is None:
            problems.append(f"row {row}: no image of the folder is {shortened(named)!r}")
        elif file in rows:
            problems.append(f"row {row}: {shortened(named)!r} has a row already, row {rows[file]}")
        else:
            rows[file] = row
            values[file] = filled
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS])
        table.refuse(
            f"{len(problems)} rows cannot be used ({ROWS}). The first are\n{shown}\n"
            f"Write one row an image, with its path below the folder of images in `{FILE_COLUMN}`."
        )
    return Annotations(path.name, tuple(name for name in ATTRIBUTES if name in table.names), values)


def _check_columns(table: ForeignTable) -> None:
    names = table.every_name
    if FILE_COLUMN not in names or not set(names) <= {FILE_COLUMN, *ATTRIBUTES}:
        table.refuse(
            f"the columns are {shortened(','.join(names))!r}, expected {FILE_COLUMN!r} and "
            f"any of {', '.join(ATTRIBUTES)}. Rename or remove the other columns."
        )
