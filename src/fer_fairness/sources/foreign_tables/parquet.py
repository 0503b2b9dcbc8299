"""Reads the columns of a Parquet file that somebody else wrote: texts, numbers, lists of numbers.

A column of another kind, or with text that is not UTF-8, stays behind with what it holds: whoever
needs it says so, and one that nobody needs disturbs nobody.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.base import shortened
from fer_fairness.sources.foreign_tables.arrow_columns import (
    is_list,
    is_readable,
    is_string,
    is_text,
)
from fer_fairness.sources.foreign_tables.size import check_bytes
from fer_fairness.sources.foreign_tables.table import UnreadColumn

_Chunk = tuple[str, pq.ColumnChunkMetaData]
"""A column's name, and what the file says of it in one group of rows."""

_BYTES_OF_TEXT: Final = 4
"""What a text takes at least, in the file as it is written plainly and in memory."""


def read_parquet(name: str, source: BinaryIO) -> tuple[pa.Table, dict[str, UnreadColumn]]:
    """Read a Parquet file.

    Args:
        name: The file's name, for messages.
        source: The file, open.

    Returns:
        The columns that can be read under the names in the file, no dictionaries among them but of
        texts that repeat, numbers in one piece; and the others by name.

    Raises:
        InvalidInputError: The file is damaged, encrypted or too large for the memory.
    """
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        schema = file.schema_arrow
        wanted = [column.name for column in schema if is_readable(column.type)]
        chunks = list(_chunks(file, wanted))
        _check_declared(name, file, chunks)
        repeated = _repeated_texts(file, chunks)
        if repeated:
            file = pq.ParquetFile(source, read_dictionary=repeated, page_checksum_verification=True)
        names, columns = _read(name, file, wanted)
        unread = {
            column.name: UnreadColumn(_first_cell(file, column), is_damaged=False)
            for column in schema
            if column.name not in wanted
        }
        for number, column_name in enumerate(names):
            # One after the other in its place: two copies of all would take too much.
            columns[number] = column = _plain(name, columns[number])
            if (problem := _not_utf8(column)) is not None:
                unread[column_name] = UnreadColumn(problem, is_damaged=True)
    except InvalidInputError:
        raise
    except Exception as error:
        reason = shortened(" ".join(str(error).split())) or type(error).__name__
        raise InvalidInputError(
            f"{name}: the Parquet file is damaged, incomplete or encrypted ({reason}). Copy it "
            "again, or export it without encryption."
        ) from error
    kept = [number for number, text in enumerate(names) if text not in unread]
    return pa.table([columns[i] for i in kept], names=[names[i] for i in kept]), unread


def _chunks(
    file: pq.ParquetFile, wanted: Sequence[str]
) -> Iterator[tuple[str, pq.ColumnChunkMetaData]]:
    """What the file says of the wanted columns, one item a leaf of a column and row group.

    PyArrow lets an exception of C++ end the process where what it says of a column is damaged. So a
    row is read first, where the same exception is one of Python's.
    """
    leaves = [file.metadata.schema.column(i).path for i in range(file.metadata.num_columns)]
    names = [path if path in wanted else path.partition(".")[0] for path in leaves]
    for group in range(file.metadata.num_row_groups):
        next(file.iter_batches(batch_size=1, row_groups=[group], columns=list(wanted)), None)
        for number, name in enumerate(names):
            if name in wanted:
                yield name, file.metadata.row_group(group).column(number)


def _check_declared(name: str, file: pq.ParquetFile, chunks: Sequence[_Chunk]) -> None:
    """Refuse what the numbers of values that the file declares would take in memory."""
    widths = {field.name: _least_width(field.type) for field in file.schema_arrow}
    n_bytes = sum(max(0, chunk.num_values) * widths[field] for field, chunk in chunks)
    rows = f"{file.metadata.num_rows:,} rows"
    check_bytes(name, n_bytes, f"the columns of the {rows} that it declares take {{}} or more")


def _least_width(kind: pa.DataType) -> int:
    if is_list(kind):
        return _least_width(kind.value_type)
    try:
        return max(1, int(kind.bit_width) // 8)
    except ValueError:
        return _BYTES_OF_TEXT


def _repeated_texts(file: pq.ParquetFile, chunks: Sequence[_Chunk]) -> list[str]:
    """Columns of texts of which the same few are repeated: they are read as a dictionary.

    Written plainly a text has four bytes for its length. With less a row, a few bytes of the file
    could become any number of long texts.
    """
    saved = {field.name: 0 for field in file.schema_arrow if is_string(field.type)}
    for field, chunk in chunks:
        if field in saved:
            saved[field] += _BYTES_OF_TEXT * chunk.num_values - chunk.total_uncompressed_size
    return [name for name, n_bytes in saved.items() if n_bytes > 0]


def _read(
    name: str, file: pq.ParquetFile, wanted: Sequence[str]
) -> tuple[list[str], list[pa.ChunkedArray]]:
    groups: list[pa.Table] = []
    n_bytes = 0
    for group in range(file.metadata.num_row_groups):
        groups.append(file.read_row_group(group, columns=list(wanted)))
        n_bytes += groups[-1].nbytes
        check_bytes(name, n_bytes, "its columns take {} or more")
    table = pa.concat_tables(groups) if groups else file.read(columns=list(wanted))
    if table.num_rows != file.metadata.num_rows:
        raise InvalidInputError(
            f"{name}: the Parquet file declares {file.metadata.num_rows:,} rows and holds "
            f"{table.num_rows:,}. Copy it again."
        )
    # A name with a point also selects what lies below a column of structures.
    table = table.select([i for i, field in enumerate(table.schema) if is_readable(field.type)])
    return table.column_names, table.columns


def _plain(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without a dictionary of numbers, and without views, which few functions know."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        if is_string(kind.value_type):
            n_bytes = sum(_spelt_out(chunk) for chunk in column.chunks)
            check_bytes(name, n_bytes, "the texts that it repeats take {} once they are spelt out")
            return column
        return column.cast(kind.value_type)
    if kind == pa.string_view():
        return column.cast(pa.large_string())
    if is_string(kind) or is_list(kind) or column.num_chunks < 2:
        return column
    return pa.chunked_array([column.combine_chunks()])


def _spelt_out(chunk: pa.DictionaryArray) -> int:
    """Bytes of the texts of a dictionary array, each as often as it occurs."""
    lengths = pc.binary_length(chunk.dictionary.cast(pa.large_binary())).cast(pa.int64())
    counts = pc.value_counts(chunk.indices.drop_null())
    if not len(counts) or not len(lengths):
        return 0
    of_each = lengths.take(counts.field("values")).fill_null(0).to_numpy(zero_copy_only=False)
    return int(np.dot(of_each, counts.field("counts").to_numpy(zero_copy_only=False)))


def _not_utf8(column: pa.ChunkedArray) -> str | None:
    """Where a column of texts first holds other bytes, and which; None where it does not."""
    if not is_text(column.type):
        return None
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        for row, value in enumerate(column.cast(pa.large_binary()), start=1):
            found = value.as_py() or b""
            try:
                found.decode()
            except UnicodeDecodeError:
                return f"holds {shortened(repr(found))} in row {row}, which is not UTF-8 text"
        raise
    return None


def _first_cell(file: pq.ParquetFile, field: pa.Field) -> str:
    """What a column of another kind holds, as far as it can be shown."""
    kind = shortened(str(field.type))
    try:
        batch = next(file.iter_batches(batch_size=1, columns=[field.name]))
        cell = f"{shortened(str(batch.column(0)[0].as_py()))!r} in row 1, "
    except Exception:  # noqa: BLE001  it is only shown; arrow cannot read every kind
        cell = "values "
    return f"holds {cell}of the type {kind}"
