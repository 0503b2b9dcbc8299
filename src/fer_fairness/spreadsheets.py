"""Cells of CSV files that a spreadsheet takes for formulas or dates.

Names of files, classes and groups come from anywhere, and Excel, LibreOffice and Google Sheets run
a text cell that begins with =, +, - or @ (or with a tab or a line end before it). A leading
apostrophe makes it text (OWASP, "CSV Injection"). A cell that looks as if it were written so gets
one apostrophe more, so that reading takes off what writing put there and nothing else.
"""

import calendar
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""The last four are the full-width signs, which spreadsheets in Japanese take for the others."""

CSV_FORMAT: Final[Mapping[str, Any]] = MappingProxyType(
    {"index": False, "encoding": "utf-8-sig", "lineterminator": "\n"}
)
"""How pandas writes CSV for spreadsheets: no index, UTF-8 with Excel's mark, LF."""

_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?%?")


_MONTHS: Final = tuple(name.lower() for name in calendar.month_abbr)
_DATE: Final = re.compile(r"(?:(\d{1,2})-([A-Za-z]{3})|([A-Za-z]{3})-(\d{1,2}))")
_RANGE: Final = re.compile(r"\d+\s*-\s*\d+")


def ranges_of_dates(values: Sequence[str]) -> dict[str, str]:
    """The ranges that a spreadsheet took for dates: 3-9 became 9-Mar, and 10-19 Oct-19.

    Args:
        values: The different cells of a column.

    Returns:
        The range by each cell that is a day and a month; empty unless the column holds ranges.
    """
    if not any(_RANGE.fullmatch(value) for value in values):
        return {}
    return {value: found for value in values if (found := _range(value)) is not None}


def _range(value: str) -> str | None:
    date = _DATE.fullmatch(value.strip())
    if date is None or (date[2] or date[3]).lower() not in _MONTHS:
        return None
    month = _MONTHS.index((date[2] or date[3]).lower())
    low, high = sorted((month, int(date[1] or date[4])))
    return f"{low}-{high}"


def escaped(text: str) -> str:
    """A text with an apostrophe before it where a spreadsheet would run it; numbers stay."""
    runs = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    return text[1:] if text.startswith("'") and escaped(text[1:]) == text else text


def escaped_table(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """A table with its texts and the names of its columns `escaped`, and how many were changed."""
    n_changed = 0

    def counted(text: str) -> str:
        nonlocal n_changed
        written = escaped(text)
        n_changed += written != text
        return written

    return _with_texts(table, counted), n_changed


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as a CSV file for spreadsheets, its texts `escaped`."""
    written, _ = escaped_table(table)
    arguments: dict[str, Any] = {"quoting": csv_quoting(written), **CSV_FORMAT}
    buffer = io.BytesIO()
    written.to_csv(buffer, **arguments)
    return buffer.getvalue()


def csv_quoting(table: pd.DataFrame) -> int:
    """What pandas shall quote: all texts where one holds a carriage return.

    Else it writes such a cell without quotes, and what reads the file takes the rest for a row.
    """
    return csv.QUOTE_NONNUMERIC if _has_carriage_return(table) else csv.QUOTE_MINIMAL


def _has_carriage_return(table: pd.DataFrame) -> bool:
    """Whether a text of a table, or a column's name, holds a carriage return."""
    found = False

    def seen(text: str) -> str:
        nonlocal found
        found = found or "\r" in text
        return text

    _with_texts(table, seen)
    return found


def unescaped_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table as it was before `escaped_table`."""
    return _with_texts(table, unescaped)


def _with_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """The table with every text changed, names of columns among them."""

    def changed(value: object) -> object:
        return change(value) if isinstance(value, str) else value

    columns = {
        place: column.astype(object).map(changed) if _may_hold_text(column) else column
        for place, (_, column) in enumerate(table.items())
    }
    new = pd.DataFrame(columns, index=table.index)
    new.columns = pd.Index([changed(name) for name in table.columns])
    return new


def _may_hold_text(column: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))
