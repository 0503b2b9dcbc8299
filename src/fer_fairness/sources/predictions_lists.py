"""Reads a column whose cells are lists of numbers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fer_fairness.sources.predictions_table import ROWS, Table, is_text


def listed_numbers(table: Table, column: str) -> npt.NDArray[np.float64]:
    """Read a column whose cells are lists, one number a class.

    Args:
        table: The file.
        column: Lists, or their text as JSON, Python, NumPy or PyTorch print it.

    Returns:
        float64 of shape (n, classes); NaN where there is no number.

    Raises:
        InvalidInputError: If cells hold no lists, or lists of different lengths.
    """
    lists = table.data.column(column).combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.concat_arrays(lists.chunks)
    if is_text(lists.type):
        lists = _split(lists)
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
    flat = lists.flatten()
    parsed = Table(table.name, table.sha256, table.kind, pa.table({"numbers": flat}))
    return parsed.numbers("numbers").reshape(-1, usual)


def _split(texts: pa.Array) -> pa.Array:
    """Lists of number texts from "[0.1, 0.9]", as Python, JSON, NumPy or PyTorch print them."""
    texts = pc.fill_null(texts, "")
    if pc.any(pc.match_substring(texts, "(")).as_py():
        # str() of a list of NumPy scalars, or of a tensor, names their types.
        texts = pc.replace_substring_regex(texts, r"(np\.)?(float\d+|tensor|array)\(", "")
        texts = pc.replace_substring_regex(texts, r"(dtype|device|grad_fn)=[^,)]*", "")
    texts = pc.utf8_trim(texts, " \t\r\n[](),;")
    if pc.any(pc.match_substring_regex(texts, r"[\[\]()]")).as_py():
        texts = pc.replace_substring_regex(texts, r"[\[\]()]", " ")
    if not pc.all(pc.match_substring(texts, ", ")).as_py():
        return pc.split_pattern_regex(texts, r"[\s,;]+")
    return pc.split_pattern(texts, ",")
