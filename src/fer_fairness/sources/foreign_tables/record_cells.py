"""Spreads columns whose cells are records, as pandas writes the objects that a tool returned."""

import ast
import json
import re
from dataclasses import replace
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fer_fairness.sources.foreign_tables.arrow_columns import is_text
from fer_fairness.sources.foreign_tables.given_frame import arrow_columns
from fer_fairness.sources.foreign_tables.table import MISSING, ForeignTable, listed

_LONGEST: Final = 10_000
"""Characters; a record of a face has a few hundred."""

_NUMPY: Final = re.compile(r"\b(?:np\.|numpy\.)?(?:u?int|float)(?:8|16|32|64)\(([^()]*)\)")


def spread_records(table: ForeignTable) -> ForeignTable:
    """The table with a column `emotion.angry` in place of records "{'angry': 38.9, ...}".

    A column is spread where every cell that is not empty is a record, as Python or JSON writes it,
    of UTF-8 texts; values inside that are neither texts nor numbers are left out.
    """
    spread: dict[str, pd.DataFrame] = {}
    for name in table.names:
        if is_text(table.data.column(name).type) and _begins_with_a_record(table, name):
            records = _records(table.data.column(name).to_pylist())
            if records is not None:
                spread[name] = records
    if not spread:
        return table
    data = table.data.drop_columns(list(spread))
    for name, records in spread.items():
        columns, _ = arrow_columns(records.add_prefix(f"{name}."))
        for column, values in columns.items():
            if column not in table.every_name:
                data = data.append_column(column, values)
    table.notes.append(f"The records in {listed(spread)} were spread, one column a value.")
    return replace(table, data=data)


def _begins_with_a_record(table: ForeignTable, column: str) -> bool:
    values = table.data.column(column)
    written = pc.utf8_trim_whitespace(values.slice(0, 1_000).cast(pa.large_string()))
    first = next((text for text in written.to_pylist() if text and text not in MISSING), "")
    return first.startswith("{")


def _records(cells: list[str | None]) -> pd.DataFrame | None:
    found: list[dict[str, Any]] = []
    for cell in cells:
        text = (cell or "").strip()
        record = {} if text in MISSING else _record(text)
        if record is None:
            return None
        found.append(record)
    try:
        frame = pd.json_normalize(found)
    except UnicodeEncodeError:  # half of a character, which no file can hold
        return None
    plain = [name for name in frame if not frame[name].map(_is_container).any()]
    return frame[plain]


def _record(text: str) -> dict[str, Any] | None:
    if len(text) > _LONGEST or not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = ast.literal_eval(_NUMPY.sub(r"\1", text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _is_container(value: object) -> bool:
    return isinstance(value, list | tuple | dict | set)
