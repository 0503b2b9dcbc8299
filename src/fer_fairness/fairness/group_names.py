"""Names of groups, and how several of them are written in one line so that they can be told apart.

A group of an intersection is a tuple of names. It is written as one name only where a table or a
page needs one; there a name that holds the separator is quoted, so that no two tuples are written
alike and what was written can be read back.
"""

import json
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Number
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import categorical, coded, combined, numbered

INTERSECTION: Final = " x "
"""Joins the names of attributes, and of their groups: "gender x race", "female x white"."""

LISTED: Final = ", "
"""Between the names of several groups in a list, as in `left_out`."""

CELL: Final = " \N{MIDDLE DOT} "
"""Between the names of a cell (emotion and groups), and of a group as a page shows it."""

_CONDITIONS: Final = "; "
_IS: Final = ": "
_OR: Final = " or "
_OF_SUBGROUP: Final = (_CONDITIONS, _IS, _OR)
_QUOTE: Final = '"'


class MergedGroupsWarning(UserWarning):
    """Values that are written differently are one group."""


def attribute_parts(attribute: str) -> list[str]:
    """The columns of an attribute: one, or several of an intersection such as "gender x race"."""
    return attribute.split(INTERSECTION)


def single_attributes(attributes: Sequence[str]) -> list[str]:
    """The columns that attributes and intersections are made of, each once."""
    return list(dict.fromkeys(part for name in attributes for part in attribute_parts(name)))


def joined_names(names: Sequence[str], separator: str = INTERSECTION) -> str:
    """Several names in one line: `female x white`; `a x "b x c"` where a name holds the separator.

    Different sequences of two or more names give different lines, which `split_names` reads back.
    """
    return separator.join(quoted_where(name, separator) for name in names)


def quoted_where(name: str, *separators: str) -> str:
    """A name as it is; in quotes (as JSON has them) where it could be taken for another.

    That is for several names, for none, or for one without what cannot be seen (blanks, line ends).

    A name that would be cut once a separator stands behind it counts as well: "a x" of "a x x b".
    """
    is_plain = name.isprintable() and name == unicodedata.normalize("NFC", " ".join(name.split()))
    held = any(
        0 <= f"{name}{behind}".find(separator) < len(name)
        for separator in separators
        for behind in separators
    )
    if held or not name or not is_plain or name.startswith(_QUOTE):
        return _quoted(name)
    return name


def _quoted(name: str) -> str:
    """A name as a JSON string in which every letter can be seen, blanks in a row among them."""
    text = json.dumps(name, ensure_ascii=False).replace("  ", " \\u0020")
    is_composed = unicodedata.is_normalized("NFC", name)
    return "".join(
        char
        if char.isprintable() and (is_composed or not unicodedata.combining(char))
        else json.dumps(char)[1:-1]
        for char in text
    )


def split_names(line: str, separator: str = INTERSECTION) -> tuple[str, ...]:
    """The names that `joined_names` wrote in one line; a line that it cannot have written is one.

    A single name may look like several: `b x c`, said of one attribute, gives two.
    """
    names = tuple(name for name, _ in _names_in(line, (separator,)))
    is_written = len(names) > 1 and joined_names(names, separator) == line
    return names if is_written else (line,)


def listed_names(line: str) -> tuple[str, ...]:
    """The names of a list such as `left_out`; none of an empty one."""
    return tuple(name for name, _ in _names_in(line, (LISTED,)))


def subgroup_name(values: Mapping[str, Sequence[str]]) -> str:
    """A subgroup by the values that it allows: `age: 0-3; race: black or indian`."""
    return _CONDITIONS.join(
        quoted_where(attribute, *_OF_SUBGROUP)
        + _IS
        + _OR.join(quoted_where(value, *_OF_SUBGROUP) for value in allowed)
        for attribute, allowed in values.items()
    )


def subgroup_values(line: str) -> dict[str, list[str]]:
    """The values that a subgroup allows, by attribute; none of a line of another kind."""
    values: dict[str, list[str]] = {}
    attribute: str | None = None
    for name, separator in _names_in(line, _OF_SUBGROUP):
        if separator == _IS and attribute is None:
            attribute = name
            values[attribute] = []
        elif attribute is None or separator == _IS:
            return {}
        else:
            values[attribute].append(name)
            attribute = None if separator == _CONDITIONS else attribute
    return values


def _names_in(line: str, separators: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The names of a line, each with the separator behind it, "" behind the last."""
    separator = line
    while separator:
        name, line = _first_name(line, separators)
        separator = next((text for text in separators if line.startswith(text)), "")
        line = line[len(separator) :]
        yield name, separator


def _first_name(line: str, separators: Sequence[str]) -> tuple[str, str]:
    """The first name of a line, and what stands behind it."""
    if line.startswith(_QUOTE):
        try:
            name, end = json.JSONDecoder().raw_decode(line)
        except ValueError:
            return line, ""
        return str(name), line[end:]
    ends = [place for text in separators if (place := line.find(text)) >= 0]
    end = min(ends, default=len(line))
    return line[:end], line[end:]


def groups_of(frame: pd.DataFrame, attribute: str) -> pd.Series:
    """The group of each row, of one attribute or of an intersection of several.

    Args:
        frame: A table with a column for each attribute.
        attribute: The name of a column, or several joined as in "gender x race".

    Returns:
        Categories: names such as "female", or "female x white", one for each tuple of values that
        occurs (see `joined_names`), sorted; missing where any part is missing. Where values that
        are no text are written like others (1 and "1"), a `MergedGroupsWarning` says so.

    Raises:
        InvalidInputError: If the table lacks one of the columns.
    """
    parts = attribute_parts(attribute)
    absent = [part for part in parts if part not in frame.columns]
    if absent:
        raise InvalidInputError(
            f"Groups by {attribute!r} need the column {absent[0]!r}, which the table lacks; it has "
            f"{', '.join(map(str, frame.columns))}. Join the demographic columns first."
        )
    if len(parts) == 1:
        return names_of(frame[parts[0]]).rename(attribute)
    named = [names_of(frame[part]) for part in parts]
    rows = np.asarray(named[0].cat.codes)
    tuples: list[tuple[str, ...]] = [(name,) for name in named[0].cat.categories]
    for column in named[1:]:
        names = column.cat.categories.tolist()
        own, n = np.asarray(column.cat.codes), max(len(names), 1)
        found, rows = numbered(combined((rows, len(tuples)), (own, n)), len(tuples) * n)
        tuples = [(*tuples[place // n], names[place % n]) for place in found.tolist()]
    return categorical(rows, list(map(joined_names, tuples)), like=named[0]).rename(attribute)


def names_of(values: pd.Series, *, column: object = None) -> pd.Series:
    """Values as text, missing ones as such; a `MergedGroupsWarning` where two become one.

    Args:
        values: One a row.
        column: Their column's name in the warning, where it is not that of the values.

    Returns:
        Categories: the texts that occur, sorted.
    """
    codes, different = coded(values)
    different = different.astype(object)
    spelt = different.map(str)
    if spelt.duplicated().any():
        kinds = different.map(_kind).groupby(spelt).nunique()
        tell_merged(values.name if column is None else column, kinds.index[kinds > 1])
    return categorical(codes, spelt.tolist(), like=values)


def _kind(value: object) -> str:
    is_number = isinstance(value, Number) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def tell_merged(column: object, names: Iterable[str]) -> None:
    """Warn of values that differ as they stand in a column and are one group all the same."""
    merged = sorted(set(names))
    if not merged:
        return
    others = f" (and {len(merged) - 1:,} others)" if len(merged) > 1 else ""
    warnings.warn(
        f"The column {column!r} has values that differ only in their type or in blanks, and are "
        f"one group: {merged[0]!r}{others}. Write different groups differently.",
        MergedGroupsWarning,
        stacklevel=4,
    )
