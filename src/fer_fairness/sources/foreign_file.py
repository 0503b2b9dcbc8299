"""Opens a CSV or Parquet file that somebody else wrote."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.foreign_table import ROWS, ForeignTable, is_string
from fer_fairness.sources.image_listing import printable

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


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
    name = printable(path.name)
    data = read(name, content, notes)
    if data.num_rows == 0:
        raise InvalidInputError(
            f"{name}: the file names columns but holds no rows. Export it again."
        )
    return ForeignTable(name, hashlib.sha256(content).hexdigest(), kind, data, notes)


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
    return is_string(kind) or any(test(kind) for test in simple)
