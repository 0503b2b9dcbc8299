"""Perceived groups as people write them down: names, codes with a legend, ages in years."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from fer_fairness.sources.foreign_tables.table import ForeignTable, TextColumn, rows_named
from fer_fairness.sources.predictions.ages import (
    MOST_CODES,
    age_groups,
    groups_of_years,
    is_years,
)
from fer_fairness.sources.predictions.group_cells import combination_notes, named_by
from fer_fairness.spreadsheets import ranges_of_dates
from fer_fairness.taxonomy import (
    COARSE_AGE_GROUPS,
    COARSE_RACES,
    FAIRFACE_AGE_GROUPS,
    FAIRFACE_RACES,
    GENDERS,
    RAF_DB_AGE_GROUPS,
    RAF_DB_RACES,
    Attribute,
)

_LETTERS: Final = re.compile(r"[^\W\d]")
_KNOWN: Final[Mapping[Attribute, Sequence[str]]] = {
    "gender": GENDERS,
    "race": (*FAIRFACE_RACES, *COARSE_RACES, *RAF_DB_RACES),
    "age_group": (*FAIRFACE_AGE_GROUPS, *COARSE_AGE_GROUPS, *RAF_DB_AGE_GROUPS),
}
_ALSO: Final = {
    **dict.fromkeys(("m", "man", "men", "boy"), "male"),
    **dict.fromkeys(("f", "w", "woman", "women", "girl"), "female"),
    "more_than_70": "70+",
    "latino": "latino_hispanic",
    "hispanic": "latino_hispanic",
}


def annotated_groups(
    table: ForeignTable,
    attribute: Attribute,
    column: str,
    legend: Mapping[str, str],
    age_cuts: Sequence[int],
) -> list[str | None]:
    """The groups of a column, one a row; None where a cell is empty.

    Names that are the project's own but for case, blanks and underscores get its spelling, and
    ranges of ages that a spreadsheet took for dates are repaired; others stay as they are written.
    Ages that are all numbers are years, and are cut into groups.

    Args:
        table: The file; a note tells what ages became.
        attribute: Which attribute.
        column: Its column.
        legend: Names of codes.
        age_cuts: First year of each age group but the youngest.

    Raises:
        InvalidInputError: A code is not in the legend, gender or race are numbers without one, ages
            may be codes as well as years, or an age is beyond 120 years.
    """
    found = table.text(column)
    table.notes.extend(combination_notes(found))
    if legend:
        found = named_by(table, found, legend, setting=f"`groups` of {attribute}")
        names = {value: value for value in found.values}
    elif attribute == "age_group" and all(map(is_years, found.values)):
        _refuse_codes_of_ages(table, found, age_cuts)
        names = dict(groups_of_years(table, found, age_cuts))
    else:
        _refuse_numbers(table, attribute, found)
        dates = ranges_of_dates(found.values) if attribute == "age_group" else {}
        table.notes.extend(
            f"{column!r}: a spreadsheet took {value!r} for the date {cell!r}; it is read as "
            f"{value!r}."
            for cell, value in dates.items()
        )
        names = {value: _spelt(attribute, dates.get(value, value)) for value in found.values}
    texts = found.texts.astype(object).map(names)
    return [None if pd.isna(text) else str(text) for text in texts]


def _refuse_codes_of_ages(table: ForeignTable, found: TextColumn, age_cuts: Sequence[int]) -> None:
    """Refuse small whole numbers that would all be one group as years: they are rather codes."""
    if len(found.values) < 2 or not all(map(str.isdecimal, found.values)):
        return
    oldest = max(map(int, found.values))
    if oldest <= MOST_CODES and oldest < age_cuts[0]:
        table.refuse(
            f"column {found.name!r} holds whole numbers up to {oldest}, codes of age groups or "
            f"years, which would all be {age_groups(age_cuts)[0]}. Say what codes stand for in "
            f"`groups`, such as {{age_group: {{'{found.values[0]}': 20-29}}}}; of years give "
            "`age_cuts` that part them."
        )


def _refuse_numbers(table: ForeignTable, attribute: str, found: TextColumn) -> None:
    if attribute == "age_group":
        years = [value for value in found.values if is_years(value)]
        if years:
            table.refuse(
                f"{found.place(years[0])} is a number of years, while other cells are groups "
                f"({rows_named(found.texts.isin(years))}). Write all ages in one way."
            )
        return
    codes = [value for value in found.values if not _LETTERS.search(value)]
    if codes:
        bad = found.texts.isin(codes)
        table.refuse(
            f"{found.place(codes[0])} is a code of {attribute} ({rows_named(bad)}). Say what codes "
            f"stand for in `groups`, such as {{{attribute}: {{'{codes[0]}': "
            f"{_KNOWN['gender' if attribute == 'gender' else 'race'][0]}}}}}."
        )


def _spelt(attribute: Attribute, value: str) -> str:
    plain = re.sub(r"[\s_/-]+", "_", value.strip().lower())
    plain = _ALSO.get(plain, plain)
    known = {re.sub(r"[\s_/-]+", "_", name): name for name in _KNOWN[attribute]}
    return known.get(plain, value)
