"""The columns of a prediction file as text or numbers, still as they were written."""

import re
from dataclasses import dataclass, field
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fer_fairness.errors import InvalidInputError

MISSING: Final = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "nan", "NaN", "NULL", "null", "None", "NaT")
)
"""Texts that read as no value: how Python, pandas, R and spreadsheets write one."""

ROWS: Final = "the first row after the header is row 1"

_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
_WRAPPED = re.compile(r"(?:tensor|np\.\w+|array)\(\s*\[?\s*([^,\])]*?)\s*\]?\s*(?:,.*)?\)")
_SHOWN_ROWS = 5
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class TextColumn:
    """A column of few different texts.

    Attributes:
        codes: int64 of shape (n,): index into `values`, -1 where the value is missing.
        values: The different texts, in order of first appearance, without surrounding spaces.
        missing: Number of rows by the text that reads as missing ("" for an empty cell).
    """

    codes: npt.NDArray[np.int64]
    values: tuple[str, ...]
    missing: dict[str, int]

    def series(self) -> pd.Series:
        """The column as pandas strings, missing values as such."""
        texts = pd.array(list(self.values), dtype="str")
        return pd.Series(texts.take(self.codes, allow_fill=True))

    def row_of(self, value: str) -> int:
        """1-based row where `value` first stands."""
        return int(np.argmax(self.codes == self.values.index(value))) + 1


@dataclass(frozen=True)
class Table:
    """A file with named columns, values still as they were written.

    Attributes:
        name: The file's name, for messages.
        sha256: Of the file as it lies on the disk.
        kind: "CSV" or "Parquet".
        data: The columns that can be read as text, numbers or lists of numbers.
        notes: Sentences on how the file was understood.
    """

    name: str
    sha256: str
    kind: str
    data: pa.Table
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.data.column_names)

    @property
    def n_rows(self) -> int:
        """Number of rows after the header."""
        return int(self.data.num_rows)

    def text(self, column: str) -> TextColumn:
        """A column of one line texts, without surrounding spaces, whole numbers without ".0"."""
        written = self.one_line(column)
        unique = pc.unique(written)
        index = pc.index_in(written, value_set=unique).to_numpy().astype(np.int64)
        texts = [_plain(value) for value in unique.to_pylist()]
        values = tuple(dict.fromkeys(text for text in texts if text not in MISSING))
        place = {text: number for number, text in enumerate(values)}
        counts = np.bincount(index, minlength=len(texts))
        missing: dict[str, int] = {}
        for text, count in zip(texts, counts.tolist(), strict=True):
            if text in MISSING:
                missing[text] = missing.get(text, 0) + count
        recode = np.array([place.get(text, -1) for text in texts], dtype=np.int64)
        return TextColumn(recode[index], values, missing)

    def one_line(self, column: str) -> pa.ChunkedArray:
        """A column as arrow strings, none of several lines.

        Raises:
            InvalidInputError: If a cell holds a line end: most likely a quote was not closed, and
                the rows up to the next quote were read as one cell.
        """
        written = as_text(self.data.column(column))
        broken = pc.match_substring(written, "\n").to_numpy()
        if broken.any():
            row = int(np.argmax(broken))
            self.refuse(
                f"column {column!r} holds {self.cell(column, row)!r} in row {row + 1} ({ROWS}), "
                "expected one line. If a double quote is not closed before, close it."
            )
        return written

    def numbers(self, column: str) -> npt.NDArray[np.float64]:
        """A column as float64 of shape (n,); NaN where there is no number."""
        values = self.data.column(column)
        if not is_text(values.type):
            return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        trimmed = pc.utf8_trim_whitespace(values)
        try:
            numbers = trimmed.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            # Slower, but goes on after a cell that is no number.
            numbers = pd.to_numeric(trimmed.to_pandas(), errors="coerce").to_numpy()
        return np.asarray(numbers, dtype=np.float64)

    def cell(self, column: str, row: int) -> str:
        """What stands in a column at a 0-based row, cut to 60 characters."""
        text = str(self.data.column(column)[row].as_py())
        return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."

    def refuse(self, message: str) -> NoReturn:
        """Raise InvalidInputError with the file's name in front."""
        raise InvalidInputError(f"{self.name}: {message}")


def rows_named(bad: npt.NDArray[np.bool_]) -> str:
    """Names the first five rows of a mask, 1-based: "3 rows, the first are rows 2, 5 and 9"."""
    rows = [str(row + 1) for row in np.flatnonzero(bad)[:_SHOWN_ROWS].tolist()]
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = f"{', '.join(rows[:-1])} and {rows[-1]}"
    n_bad = int(bad.sum())
    return f"rows {shown}" if n_bad == len(rows) else f"{n_bad:,} rows, the first are {shown}"


def is_text(kind: pa.DataType) -> bool:
    """Whether an arrow type is a kind of string."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def as_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """An arrow column as strings; True and False as Python writes them, nothing as ""."""
    if pa.types.is_boolean(values.type):
        values = pc.if_else(values, "True", "False")
    return pc.fill_null(values.cast(pa.string()), "")


def _plain(text: str) -> str:
    text = text.strip()
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1]
    whole = _WHOLE_NUMBER.fullmatch(text)
    return whole[1] if whole else text
