"""Ages in years, cut into groups."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fer_fairness.sources.foreign_tables.table import ForeignTable, TextColumn
from fer_fairness.sources.predictions.roles import normal

_OLDEST_YEARS: Final = 120
MOST_CODES: Final = 12
"""Numbers up to here may as well be the codes of groups."""

_YEARS: Final = re.compile(r"\d+(?:\.\d+)?")
_BEGINS: Final = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*[^\W\d]*\.?")
_UNKNOWN: Final = "-1"
_AGE: Final = re.compile(r"(?:perceived_)?(?:apparent_|estimated_)?ages?(?:_(?:in_)?years)?")


def is_years(text: str) -> bool:
    """Whether a text is a number of years."""
    return _YEARS.fullmatch(text) is not None


def is_age_in_years(table: ForeignTable, column: TextColumn) -> bool:
    """Whether a column is called like an age and holds numbers that are no codes of groups.

    Args:
        table: The file.
        column: Ages in years, with a decimal point or comma; or groups.

    Raises:
        InvalidInputError: Cells are years, and one is no number alone, or is -1.
    """
    if _AGE.fullmatch(normal(column.name)) is None:
        return False
    numbers = {value: _years(m[1]) for value in column.values if (m := _BEGINS.fullmatch(value))}
    # A comma, or a word, may belong to the names of a few groups: 20s, or 25,32.
    is_many = len(numbers) > MOST_CODES
    wrong = [v for v in column.values if not is_years(v.replace(",", ".") if is_many else v)]
    is_one_way = is_many or set(wrong) <= {_UNKNOWN}
    if not is_one_way or all(years <= MOST_CODES for years in numbers.values()):
        return False
    if wrong:
        table.refuse(
            f"{column.place(wrong[0])} is no number of years. Write one from 0 to {_OLDEST_YEARS} "
            "alone, or leave the cell empty where the age is not known."
        )
    return True


def _years(text: str) -> float:
    return float(text.replace(",", "."))


def age_groups(age_cuts: Sequence[int]) -> tuple[str, ...]:
    """Names of the groups between cuts in years: 20, 40, 70 give 0-19, 20-39, 40-69 and 70+."""
    first = (0, *age_cuts)
    closed = [f"{low}-{high - 1}" for low, high in zip(first, age_cuts, strict=False)]
    return (*closed, f"{age_cuts[-1]}+")


def groups_of_years(
    table: ForeignTable, column: TextColumn, age_cuts: Sequence[int]
) -> Mapping[str, str]:
    """The group of every age that occurs.

    Args:
        table: The file; a note tells the groups.
        column: Ages in years.
        age_cuts: First year of each age group but the youngest.

    Raises:
        InvalidInputError: An age is beyond 120 years.
    """
    groups = age_groups(age_cuts)
    years = {value: _years(value) for value in column.values}
    beyond = [value for value, age in years.items() if age > _OLDEST_YEARS]
    if beyond:
        table.refuse(
            f"{column.place(beyond[0])} years are no age, expected 0 to {_OLDEST_YEARS}. Correct "
            "the cell, or leave it empty."
        )
    if years:
        table.notes.append(f"Ages in years are cut into {', '.join(groups)}.")
    return {
        value: groups[int(np.searchsorted(age_cuts, age, side="right"))]
        for value, age in years.items()
    }


def cut_years(table: ForeignTable, column: TextColumn, age_cuts: Sequence[int]) -> TextColumn:
    """A column of ages in years as one of groups; see `groups_of_years`."""
    return column.translated(dict(groups_of_years(table, column, age_cuts)))
