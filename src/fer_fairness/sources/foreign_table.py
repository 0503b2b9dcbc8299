"""Opens a CSV or Parquet file that somebody else wrote, its cells still as they were written."""

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.base import shortened

MISSING: Final = frozenset(
    ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "nan", "NaN", "NULL", "null", "None", "NaT")
)
"""Texts that read as no value: how Python, pandas, R and spreadsheets write one."""

ROWS: Final = "the first row after the header is row 1"

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
_WRAPPED = re.compile(r"(?:tensor|np\.\w+|array)\(\s*\[?\s*([^,\])]*?)\s*\]?\s*(?:,.*)?\)")
_SHOWN_ROWS = 5


@dataclass(frozen=True, eq=False)
class TextColumn:
    """A column of texts.

    Attributes:
        name: The column's name in the file.
        texts: One a row, without surrounding spaces, missing values as such.
        missing: Number of rows by the text that reads as missing ("" for an empty cell).
    """

    name: str
    texts: pd.Series
    missing: dict[str, int]

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The different texts, in order of first appearance."""
        return tuple(self.texts.dropna().unique())

    def row_of(self, value: str) -> int:
        """1-based row where `value` first stands."""
        return int(np.argmax(self.texts == value)) + 1

    def place(self, value: str) -> str:
        """Where `value` first stands, as a message names it."""
        return f"column {self.name!r}, row {self.row_of(value)} ({ROWS}): {value!r}"

    def translated(self, names: dict[str, str]) -> "TextColumn":
        """The column with other texts in place of some."""
        every = {value: names.get(value, value) for value in self.values}
        return TextColumn(self.name, self.texts.map(every).astype("str"), self.missing)


@dataclass(frozen=True)
class ForeignTable:
    """A file with named columns, values still as they were written.

    Attributes:
        name: The file's name, for messages.
        sha256: Of the file as it lies on the disk.
        kind: "CSV" or "Parquet".
        data: The columns that can be read as text, numbers or lists of numbers.
        notes: Sentences on how the file was understood; every reader of the table adds its own.
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

    def is_text(self, column: str) -> bool:
        """Whether a column holds strings, as every column of a CSV file does."""
        return _is_text(self.data.column(column).type)

    def n_different(self, column: str) -> int:
        """Number of different cells of a column, empty ones included."""
        return int(pc.count_distinct(self._written(column)).as_py())

    def text(self, column: str) -> TextColumn:
        """A column of one-line texts, without surrounding spaces, whole numbers without ".0"."""
        written = self.one_line(column)
        plain = written.map({text: _plain(text) for text in written.unique()}).astype("str")
        is_missing = plain.isin(MISSING)
        return TextColumn(column, plain.mask(is_missing), dict(Counter(plain[is_missing])))

    def one_line(self, column: str) -> pd.Series:
        """A column as strings, none of several lines; "" for nothing.

        Raises:
            InvalidInputError: If a cell holds a line end: most likely a quote was not closed, and
                the rows up to the next quote were read as one cell.
        """
        written = self._written(column)
        broken = pc.match_substring(written, "\n").to_numpy()
        if broken.any():
            row = int(np.argmax(broken))
            self.refuse(
                f"column {column!r} holds {self.cell(column, row)!r} in row {row + 1} ({ROWS}), "
                "expected one line. If a double quote is not closed before, close it."
            )
        return pd.Series(written.to_pandas()).astype("str")

    def cell(self, column: str, row: int) -> str:
        """What stands in a column at a 0-based row, cut to 80 characters."""
        return shortened(str(self.data.column(column)[row].as_py()))

    def refuse(self, message: str) -> NoReturn:
        """Raise InvalidInputError with the file's name in front."""
        raise InvalidInputError(f"{self.name}: {message}")

    def _written(self, column: str) -> pa.ChunkedArray:
        values = self.data.column(column)
        if pa.types.is_boolean(values.type):
            values = pc.if_else(values, "True", "False")
        return pc.fill_null(values.cast(pa.string()), "")


def rows_named(bad: npt.ArrayLike) -> str:
    """Names the first five rows of a mask, 1-based: "3 rows, the first are rows 2, 5 and 9"."""
    found = np.flatnonzero(bad) + 1
    rows = [str(row) for row in found[:_SHOWN_ROWS].tolist()]
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = f"{', '.join(rows[:-1])} and {rows[-1]}"
    return (
        f"rows {shown}"
        if len(found) == len(rows)
        else f"{len(found):,} rows, the first are {shown}"
    )


def listed(names: Iterable[str]) -> str:
    """Names as a message lists them, twenty at most."""
    names = list(names)
    return ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")


def numbers_of(values: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Numbers, or texts of numbers, as float64 of shape (n,); NaN where there is none."""
    if not _is_text(values.type):
        numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.asarray(numbers, dtype=np.float64)
    trimmed = pc.utf8_trim_whitespace(values)
    try:
        numbers = trimmed.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        # Slower, but goes on after a cell that is no number.
        numbers = pd.to_numeric(pd.Series(trimmed.to_pandas()), errors="coerce").to_numpy()
    return np.asarray(numbers, dtype=np.float64)


def open_table(path: Path) -> ForeignTable:
    """Open a table.

    The kind is told from the content: Parquet, or text in columns, compressed with gzip or not,
    separated by comma, semicolon, tab or vertical bar, UTF-8 or UTF-16.

    Args:
        path: The file.

    Returns:
        Its columns, unchanged, and the sha256 of the file.

    Raises:
        InvalidInputError: If the file is absent, empty, neither CSV nor Parquet, has no rows, a
            column name twice, or a row with too few or too many cells.
    """
    if not path.is_file():
        raise InvalidInputError(
            f"{path}: there is no such file. Give the path of a CSV or Parquet file."
        )
    content = path.read_bytes()
    kind, read = ("Parquet", _parquet) if content.startswith(b"PAR1") else ("CSV", _csv)
    notes: list[str] = []
    data = read(path.name, content, notes)
    if data.num_rows == 0:
        raise InvalidInputError(
            f"{path.name}: the file names columns but holds no rows. Export it again."
        )
    return ForeignTable(path.name, hashlib.sha256(content).hexdigest(), kind, data, notes)


def _utf8_text(name: str, content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise InvalidInputError(
                f"{name}: the gzip file is damaged or incomplete ({error}). Copy it again."
            ) from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", errors="replace").encode()
    if b"\0" in content[:100_000]:
        raise InvalidInputError(
            f"{name}: the file is neither CSV nor Parquet (it begins with {content[:8]!r}). Export "
            "it as CSV or Parquet."
        )
    try:
        # An ASCII file needs no second copy in memory to be known as UTF-8.
        if not content.isascii():
            content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(
            f"{name}, line {line}: byte {content[error.start]:#04x} is not UTF-8 text. Save the "
            "file as CSV in UTF-8, or as Parquet."
        ) from error
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if not content or content.isspace():
        raise InvalidInputError(f"{name}: the file is empty. Export it again.")
    return content


def _csv(name: str, content: bytes, notes: list[str]) -> pa.Table:
    content = _utf8_text(name, content)
    delimiter, header = _header(name, content)
    names = _column_names(name, header)
    if delimiter != ",":
        notes.append(f"The columns are separated by {_DELIMITERS[delimiter]}.")
    if content.count(b'"') % 2:
        raise InvalidInputError(
            f"{name}: the number of double quotes is odd, so a quoted cell is not closed and the "
            "rows after it would be lost. Close it, or write a quote inside of a cell twice."
        )
    wrong: list[pa_csv.InvalidRow] = []

    def on_wrong_row(row: pa_csv.InvalidRow) -> str:
        wrong.append(row)
        return "error"

    try:
        table = pa_csv.read_csv(
            io.BytesIO(content),
            # One thread: only then does arrow tell the number of a wrong row.
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=on_wrong_row
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if not wrong:
            raise InvalidInputError(f"{name}: the file cannot be read as CSV: {error}") from error
        row = wrong[0]
        raise InvalidInputError(
            f"{name}, row {row.number - 1} ({ROWS}): {row.actual_columns} cells, expected "
            f"{row.expected_columns} separated by {_DELIMITERS[delimiter]}: {row.text[:80]!r}. "
            "Put cells that hold the separator in double quotes, or correct the row."
        ) from error
    return table.rename_columns(names)


def _header(name: str, content: bytes) -> tuple[str, list[str]]:
    # A header longer than this is none.
    start = content[:1_000_000].decode(errors="replace")
    parsed = {
        delimiter: next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
        for delimiter in _DELIMITERS
    }
    delimiter = max(parsed, key=lambda candidate: len(parsed[candidate]))
    if len(parsed[delimiter]) == 1:
        raise InvalidInputError(
            f"{name}, line 1: one column only, {start.splitlines()[0][:80]!r}, expected several "
            f"names separated by {', '.join(_DELIMITERS.values())}. If the file is not CSV, export "
            "the predictions as CSV or Parquet."
        )
    return delimiter, parsed[delimiter]


def _column_names(name: str, header: Sequence[str]) -> list[str]:
    # pandas writes its index under an empty name.
    names = [text.strip() or f"column {number}" for number, text in enumerate(header, start=1)]
    twice = sorted({text for text in names if names.count(text) > 1})
    if twice:
        raise InvalidInputError(
            f"{name}, line 1: two columns are named {', '.join(map(repr, twice))}. Rename one."
        )
    return names


def _parquet(name: str, content: bytes, notes: list[str]) -> pa.Table:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        # Pictures and structures in the same file would only cost memory.
        wanted = [column.name for column in file.schema_arrow if _is_readable(column.type)]
        table = file.read(columns=wanted)
        other = [column for column in file.schema_arrow.names if column not in wanted]
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInputError(
            f"{name}: the Parquet file is damaged or incomplete ({error}). Copy it again."
        ) from error
    if other:
        notes.append(f"Neither text nor numbers, and not read: {', '.join(map(repr, other))}.")
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=_column_names(name, table.column_names))


def _is_readable(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return _is_readable(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return bool(types.is_floating(kind.value_type) or types.is_integer(kind.value_type))
    simple = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return _is_text(kind) or any(test(kind) for test in simple)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _plain(text: str) -> str:
    text = text.strip()
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1]
    whole = _WHOLE_NUMBER.fullmatch(text)
    return whole[1] if whole else text
