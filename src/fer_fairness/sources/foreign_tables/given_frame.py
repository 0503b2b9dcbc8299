"""Takes a DataFrame of predictions for what a file of them is."""

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from fer_fairness.errors import InvalidInputError
from fer_fairness.sources.base import shortened
from fer_fairness.sources.foreign_tables.arrow_columns import is_list, is_readable, is_string
from fer_fairness.sources.foreign_tables.table import ForeignTable, UnreadColumn

_NAME: Final = "the DataFrame"


def table_of_frame(frame: pd.DataFrame) -> ForeignTable:
    """The columns of a DataFrame as those of a file; its index is not read.

    Args:
        frame: One row a face. A column of objects of several kinds is read as texts.

    Raises:
        InvalidInputError: It is no DataFrame, has no rows, or has two columns of one name.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInputError(
            f"The predictions are a {type(frame).__name__}, expected a pandas DataFrame or the "
            "path of a CSV or Parquet file."
        )
    names = [str(name).strip() for name in frame.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInputError(
            f"The DataFrame has several columns named {twice!r}. Rename all but one."
        )
    if frame.empty:
        raise InvalidInputError(
            f"The DataFrame has no {'rows' if len(frame.columns) else 'columns'}. Give one row a "
            "face, with its true and predicted emotion and its groups."
        )
    columns, unread = arrow_columns(frame)
    return ForeignTable(_NAME, "", "DataFrame", pa.table(columns), [], unread)


def arrow_columns(
    frame: pd.DataFrame,
) -> tuple[dict[str, pa.ChunkedArray], dict[str, UnreadColumn]]:
    """The columns of a DataFrame by name, and those that cannot be read.

    Args:
        frame: Names of columns are unique; a column of objects of several kinds, or of
            dictionaries, is read as texts.
    """
    columns: dict[str, pa.ChunkedArray] = {}
    unread: dict[str, UnreadColumn] = {}
    for place, name in enumerate(frame.columns):
        found = _arrow(frame.iloc[:, place])
        if isinstance(found, UnreadColumn):
            unread[str(name).strip()] = found
        else:
            columns[str(name).strip()] = found
    return columns, unread


def _arrow(values: pd.Series) -> pa.ChunkedArray | UnreadColumn:
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    values = _intervals_as_texts(values)
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        found = pa.array(values.astype(object).map(str, na_action="ignore"), from_pandas=True)
    except UnicodeEncodeError as error:
        bad = shortened(repr(error.object))
        return UnreadColumn(f"holds {bad}, which is not UTF-8 text", is_damaged=True)
    if pa.types.is_struct(found.type):
        # Dictionaries, which `spread_records` reads as a file has them.
        found = pa.array(values.map(str, na_action="ignore"), from_pandas=True)
    if pa.types.is_null(found.type):
        found = found.cast(pa.string())
    if not is_readable(found.type):
        first = values.dropna()
        cell = f"{shortened(str(first.iloc[0]))!r}, " if len(first) else "values "
        kind = shortened(str(found.type))
        return UnreadColumn(f"holds {cell}of the type {kind}", is_damaged=False)
    if pa.types.is_dictionary(found.type) and not is_string(found.type.value_type):
        found = found.cast(found.type.value_type)
    whole = found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
    numeric = not (is_string(whole.type) or is_list(whole.type) or whole.num_chunks < 2)
    return pa.chunked_array([whole.combine_chunks()]) if numeric else whole


def _intervals_as_texts(values: pd.Series) -> pd.Series:
    """A column of intervals, as `pandas.cut` gives age groups, as a CSV file of it has them."""
    if isinstance(values.dtype, pd.IntervalDtype):
        return values.astype(object).map(str, na_action="ignore")
    is_category = isinstance(values.dtype, pd.CategoricalDtype)
    if is_category and isinstance(values.cat.categories.dtype, pd.IntervalDtype):
        return values.cat.rename_categories(str)
    return values
