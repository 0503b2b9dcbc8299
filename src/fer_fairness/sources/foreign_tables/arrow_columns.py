"""What columns of Arrow hold, whatever kind of texts, numbers or lists they are kept as."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def is_string(kind: pa.DataType) -> bool:
    """Whether an arrow type is a kind of string."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether an arrow type is a kind of string, or a dictionary of strings."""
    return is_string(kind.value_type if pa.types.is_dictionary(kind) else kind)


def is_list(kind: pa.DataType) -> bool:
    """Whether an arrow type is a kind of list."""
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def is_readable(kind: pa.DataType) -> bool:
    """Whether columns of an arrow type are read: texts, numbers, flags, lists of numbers."""
    types = pa.types
    if types.is_dictionary(kind):
        return is_readable(kind.value_type) and not is_list(kind.value_type)
    if is_list(kind):
        return bool(types.is_floating(kind.value_type) or types.is_integer(kind.value_type))
    simple = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return is_string(kind) or any(test(kind) for test in simple)


def numbers_of(values: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Numbers, or texts of numbers, as float64 of shape (n,); NaN where there is none."""
    if not is_string(values.type):
        if values.type != pa.float64():
            values = values.cast(pa.float64(), safe=False)
        return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
    trimmed = pc.utf8_trim_whitespace(values)
    try:
        numbers = trimmed.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        # Slower, but goes on after a cell that is no number.
        numbers = pd.to_numeric(pd.Series(trimmed.to_pandas()), errors="coerce").to_numpy()
    return np.asarray(numbers, dtype=np.float64)


def lists_in(texts: pa.Array) -> pa.Array:
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
