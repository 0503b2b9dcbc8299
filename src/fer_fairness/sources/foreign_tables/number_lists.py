"""Columns whose cells are lists of numbers: probabilities of all classes, corners of a box."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fer_fairness.sources.foreign_tables.arrow_columns import is_list, is_text, lists_in, numbers_of
from fer_fairness.sources.foreign_tables.table import ROWS, ForeignTable


def list_numbers(table: ForeignTable, column: str) -> npt.NDArray[np.float64]:
    """Read a column whose cells are lists, one number a class.

    Args:
        table: The file.
        column: Lists, or their text as JSON, Python, NumPy or PyTorch print it.

    Returns:
        float64 of shape (n, classes); NaN where there is no number.

    Raises:
        InvalidInputError: If cells hold no lists, or lists of different lengths.
    """
    lists = _lists(table.values(column))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    counts = np.bincount(lengths)
    # The longer where two lengths are equally frequent.
    usual = len(counts) - 1 - int(counts[::-1].argmax())
    if usual < 2:
        table.refuse(
            f"column {column!r} holds {table.cell(column, 0)!r} in row 1, expected one number for "
            "each class, as in '[0.1, 0.9]'. Name the columns of the classes instead."
        )
    if (lengths != usual).any():
        row = int(np.argmax(lengths != usual))
        table.refuse(
            f"column {column!r} holds {int(lengths[row])} numbers in row {row + 1} ({ROWS}) and "
            f"{usual} in most rows: {table.cell(column, row)!r}. Write one number for each class."
        )
    return numbers_of(lists.flatten()).reshape(-1, usual)


def lists_of_numbers(values: pa.ChunkedArray) -> npt.NDArray[np.float64] | None:
    """Numbers of a column of lists as for `list_numbers`, or None where it holds no such lists.

    Returns:
        float64 of shape (n, numbers of a list); NaN where a cell is empty.
    """
    if not (is_list(values.type) or is_text(values.type)):
        return None
    lists = _lists(values)
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    # An empty text is one number that is none.
    filled = lengths > 1
    found = set(lengths[filled].tolist())
    if len(found) != 1:
        return None
    numbers = np.full((len(lengths), found.pop()), np.nan)
    numbers[filled] = numbers_of(lists.filter(pa.array(filled)).flatten()).reshape(
        -1, numbers.shape[1]
    )
    return numbers


def _lists(values: pa.ChunkedArray) -> pa.Array:
    lists = values.combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.concat_arrays(lists.chunks)
    return lists if is_list(values.type) else lists_in(lists.cast(pa.string()))
