"""Rows of the report's tables as plain mappings, and their cells as floats."""

import math
from collections.abc import Mapping
from typing import SupportsFloat, TypeAlias

import pandas as pd

Row: TypeAlias = Mapping[str, object]


def records(table: pd.DataFrame) -> list[Row]:
    """The rows of `table`, each a mapping of column to value."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def as_float(value: object) -> float:
    """A number as a float; a missing value of any kind, or a text, as NaN."""
    if isinstance(value, str) or not isinstance(value, SupportsFloat):
        return math.nan
    return float(value)
