"""Tables of the report as typed rows: a class for each table, its fields the columns.

A subclass of `Row` that names its `table` is the schema of that table. Rows that one section alone
reads live with that section, the others in this package.
"""

from collections.abc import Callable, Iterable
from dataclasses import Field, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_type_hints

import pandas as pd

from fer_fairness.errors import InvalidInputError

R = TypeVar("R", bound="Row")
T = TypeVar("T")
K = TypeVar("K")


@dataclass_transform(frozen_default=True)
class Row:
    """One row of a table of the report; subclasses are frozen dataclasses.

    Numbers are floats, NaN where missing; texts are empty where missing, or None where the field
    allows it; so are flags, False or None.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    table: ClassVar[str]
    schemas: ClassVar[dict[str, type["Row"]]] = {}
    """Every table of the report and the class of its rows, in the order of the results."""

    def __init_subclass__(cls, *, table: str = "") -> None:
        dataclass(frozen=True)(cls)
        if table:
            if table in Row.schemas:
                raise TypeError(
                    f"{cls.__name__}: the table {table!r} has rows of the class "
                    f"{Row.schemas[table].__name__} already. Give it another name."
                )
            cls.table = table
            Row.schemas[table] = cls


def columns_of(kind: type[Row]) -> tuple[str, ...]:
    """The columns that a table of such rows must have."""
    return tuple(field.name for field in fields(kind))


def checked_table(table: pd.DataFrame, kind: type[Row]) -> pd.DataFrame:
    """`table` with all its columns: an empty one may come without.

    Raises:
        InvalidInputError: It has rows and lacks a column.
    """
    missing = [column for column in columns_of(kind) if column not in table.columns]
    if table.empty:
        return table.reindex(columns=[*table.columns, *missing])
    if missing:
        raise InvalidInputError(
            f"The report's table {kind.table!r} lacks the columns {missing}; it has "
            f"{list(table.columns)}. Give the columns of REPORT_TABLES[{kind.table!r}]."
        )
    return table


def rows_of(table: pd.DataFrame, kind: type[R], *, as_given: bool = False) -> list[R]:
    """The rows of a checked table; columns that `kind` does not have are not read.

    Args:
        table: All columns of `kind`.
        kind: What its rows are.
        as_given: Whether names of variants are shown as they are (`OfVariant.as_given`).

    Raises:
        InvalidInputError: A value is none of those that its column may have.
    """
    hints = get_type_hints(kind)
    columns = (_values(table[name], hints[name], kind.table) for name in columns_of(kind))
    named = type(kind.__name__, (kind,), {"as_given": True}) if as_given else kind
    return [named(*values) for values in zip(*columns, strict=True)]


def table_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a table; of several kinds of rows with the columns of all."""
    return pd.DataFrame([vars(row) for row in rows])


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Rows by what `key` says of them, in the order of first appearance."""
    groups: dict[K, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _values(column: pd.Series, hint: object, table: str) -> list[Any]:
    """A column as the type of its field."""
    if hint is float:
        return pd.to_numeric(column, errors="coerce").astype(float).tolist()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return [_member(value, hint, column.name, table) for value in column]
    if hint not in (str, str | None, bool, bool | None):
        raise TypeError(
            f"The column {column.name!r} of the table {table!r} has the type {hint}: expected "
            "float (counts too), str, str | None, bool, bool | None or a StrEnum."
        )
    kind = str if hint in (str, str | None) else bool
    missing = None if hint not in (str, bool) else kind()
    pairs = zip(column.tolist(), column.isna().tolist(), strict=True)
    # An empty text is a missing one.
    return [missing if gone or value == "" else kind(value) for value, gone in pairs]


def _member(value: object, kind: type[StrEnum], column: object, table: str) -> StrEnum:
    if value not in list(kind):
        raise InvalidInputError(
            f"The report's table {table!r} has {value!r} in its column {column!r}; expected one of "
            f"{[str(member) for member in kind]}. Run the node that makes this table again."
        )
    return kind(str(value))
