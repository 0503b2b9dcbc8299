"""Opens a CSV, Parquet or JSON file that somebody else wrote."""

import codecs
import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from fer_fairness.errors import InvalidInputError
from fer_fairness.files import regular_file_bytes
from fer_fairness.sources.foreign_tables.given_frame import arrow_columns
from fer_fairness.sources.foreign_tables.json_text import frame_of_json
from fer_fairness.sources.foreign_tables.parquet import read_parquet
from fer_fairness.sources.foreign_tables.size import check_bytes
from fer_fairness.sources.foreign_tables.table import ROWS, ForeignTable, UnreadColumn
from fer_fairness.sources.image_files.listing import printable

_PIECE_BYTES: Final = 1 << 24
_BLOCK_BYTES: Final = 1 << 20
_LARGEST_BLOCK: Final = (1 << 31) - 1
_SEPARATOR_LINE: Final = re.compile(rb'"?sep=([,;|\t])"?[ \t]*\r?\n')
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


def open_table(path: Path) -> ForeignTable:
    """Open a table.

    The kind is told from the content: Parquet, JSON (`frame_of_json`), or text in columns,
    separated by comma, semicolon, tab or vertical bar; text is UTF-8 or UTF-16, compressed with
    gzip or not.

    Args:
        path: The file.

    Returns:
        Its columns, unchanged, and the sha256 of the file.

    Raises:
        InvalidInputError: If the file is absent, empty, of none of these kinds, damaged, larger
            than the memory allows (`size.check_bytes`), has no rows, a column name twice, or a row
            with too few or too many cells.
        FileAccessError: If the system does not let it be read.
    """
    size = regular_file_bytes(path, remedy="Give the path of a CSV or Parquet file.")
    check_bytes(path.name, size, "it has {}")
    notes: list[str] = []
    name = printable(path.name)
    unread: dict[str, UnreadColumn] = {}
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        kind = "Parquet" if file.read(4) in (b"PAR1", b"PARE") else "CSV"
        file.seek(0)
        if kind == "Parquet":
            data, unread = read_parquet(name, file)
        else:
            content = _utf8_text(name, file.read())
            kind = "JSON" if content.lstrip()[:1] in (b"{", b"[") else "CSV"
            if kind == "JSON":
                columns, unread = arrow_columns(frame_of_json(name, content.decode()))
                data = pa.table(columns)
            else:
                data = _csv(name, content, notes)
    if kind == "Parquet":
        _refuse_twice(name, [*data.column_names, *unread])
        data = data.rename_columns(_column_names(name, data.column_names))
        if unread:
            names = ", ".join(map(repr, unread))
            notes.append(f"Neither text nor numbers, and not read: {names}.")
    if data.num_rows == 0:
        raise InvalidInputError(
            f"{name}: the file names columns but holds no rows. Export it again."
        )
    return ForeignTable(name, sha256, kind, data, notes, unread)


def _utf8_text(name: str, content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        content = _unpacked(name, content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", errors="replace").encode()
    _refuse_nul(name, content)
    try:
        _check_utf8(content)
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


def _unpacked(name: str, content: bytes) -> bytes:
    """What a gzip file holds; it is unpacked piece by piece, and no further than it may be."""
    text = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            while piece := file.read(_PIECE_BYTES):
                text.write(piece)
                check_bytes(name, text.tell(), "it unpacks to {} or more")
    except (EOFError, OSError, zlib.error) as error:
        raise InvalidInputError(
            f"{name}: the gzip file is damaged or incomplete ({error}). Copy it again."
        ) from error
    return text.getvalue()


def _refuse_nul(name: str, content: bytes) -> None:
    place = content.find(b"\0")
    if place < 0:
        return
    line = content.count(b"\n", 0, place) + 1
    if line == 1:
        raise InvalidInputError(
            f"{name}: the file is neither CSV nor Parquet (it begins with {content[:8]!r}). Export "
            "it as CSV or Parquet."
        )
    start = content.rfind(b"\n", 0, place) + 1
    raise InvalidInputError(
        f"{name}, line {line}: the line holds a byte 0, which no text has (it begins with "
        f"{content[start : start + 20]!r}). The file is damaged there: export or copy it again."
    )


def _check_utf8(content: bytes) -> None:
    """Raise UnicodeDecodeError unless it is UTF-8, without a second copy of all of it."""
    if content.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _PIECE_BYTES):
            decoder.decode(content[start : start + _PIECE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        content.decode()  # again: only so the error counts from the beginning


def _csv(name: str, content: bytes, notes: list[str]) -> pa.Table:
    content, separator = _without_separator_line(content)
    delimiter, header = _header(name, content, separator)
    names = _column_names(name, header)
    if delimiter != ",":
        notes.append(f"The columns are separated by {_DELIMITERS[delimiter]}.")
    if content.count(b'"') % 2:
        raise InvalidInputError(
            f"{name}: the number of double quotes is odd, so a quoted cell is not closed and the "
            "rows after it would be lost. Close it, or write a quote inside of a cell twice."
        )
    wrong: list[pa_csv.InvalidRow] = []
    try:
        try:
            table = _rows(content, delimiter, header, wrong, _BLOCK_BYTES)
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise
            # A row is longer than a block, such as one that holds a picture as text.
            table = _rows(content, delimiter, header, wrong, min(len(content) + 1, _LARGEST_BLOCK))
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


def _rows(
    content: bytes,
    delimiter: str,
    header: Sequence[str],
    wrong: list[pa_csv.InvalidRow],
    block_bytes: int,
) -> pa.Table:
    """All columns as texts; the first row with too few or too many cells is added to `wrong`.

    Raises:
        ArrowInvalid: There is such a row, or one is longer than a block.
    """

    def on_wrong_row(row: pa_csv.InvalidRow) -> str:
        wrong.append(row)
        return "error"

    return pa_csv.read_csv(
        io.BytesIO(content),
        # One thread: only then does arrow tell the number of a wrong row.
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=block_bytes),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=on_wrong_row
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )


def _without_separator_line(content: bytes) -> tuple[bytes, str]:
    """The text without a first line `sep=;`, as spreadsheets write and read it, and the sign."""
    found = _SEPARATOR_LINE.match(content)
    return (content, "") if found is None else (content[found.end() :], found[1].decode())


def _header(name: str, content: bytes, separator: str) -> tuple[str, list[str]]:
    # A header longer than this is none.
    start = content[:1_000_000].decode(errors="replace")
    parsed = {
        delimiter: _first_row(start, delimiter)
        for delimiter in ([separator] if separator else _DELIMITERS)
    }
    delimiter = max(parsed, key=lambda candidate: len(parsed[candidate]))
    if len(parsed[delimiter]) < 2 and not all(parsed.values()):
        raise InvalidInputError(
            f"{name}, line 1: the name of a column has more than {csv.field_size_limit():,} "
            f"characters ({start[:80]!r}...), expected several names separated by "
            f"{', '.join(_DELIMITERS.values())}. Close a double quote that is open; if the file is "
            "not CSV, export the predictions as CSV or Parquet."
        )
    if len(parsed[delimiter]) == 1:
        raise InvalidInputError(
            f"{name}, line 1: one column only, {start.splitlines()[0][:80]!r}, expected several "
            f"names separated by {', '.join(_DELIMITERS.values())}. If the file is not CSV, export "
            "the predictions as CSV or Parquet."
        )
    return delimiter, parsed[delimiter]


def _first_row(text: str, delimiter: str) -> list[str]:
    """The cells of the first row; none where one is longer than a name can be."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _column_names(name: str, header: Sequence[str]) -> list[str]:
    # pandas writes its index under an empty name.
    names = [text.strip() or f"column {number}" for number, text in enumerate(header, start=1)]
    _refuse_twice(name, names)
    return names


def _refuse_twice(name: str, names: Sequence[str]) -> None:
    twice = sorted(text for text, n in Counter(names).items() if n > 1)
    if twice:
        raise InvalidInputError(
            f"{name}: two columns are named {', '.join(map(repr, twice))}. Rename one."
        )
