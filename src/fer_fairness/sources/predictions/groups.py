"""The columns of groups in a table of predictions: ages cut, codes named, spellings joined."""

from dataclasses import replace
from typing import Final

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.table import (
    SAYS_UNKNOWN,
    ForeignTable,
    TextColumn,
    listed,
    rows_named,
)
from fer_fairness.sources.predictions.ages import cut_years, is_age_in_years
from fer_fairness.sources.predictions.group_cells import (
    combination_notes,
    named_by,
    read_as_seen,
    spelt_nearly_alike,
)
from fer_fairness.sources.predictions.roles import Roles, is_number
from fer_fairness.spreadsheets import ranges_of_dates
from fer_fairness.tables import CONFIDENCE, MODEL, PERSON
from fer_fairness.taxonomy import FAIRFACE_RACES, RAF_DB_RACES

MANY_GROUPS: Final = 50
"""From more on most groups are small, and a column that nobody named is none of groups."""

MOST_NUMBERS: Final = 12
"""More different numbers than these are no codes of groups."""

_UNKNOWN_CODE: Final = "-1"
_OWN_COLUMNS: Final = frozenset(
    ("sample_id", PERSON, CONFIDENCE, MODEL, "emotion", "predicted_emotion")
)


def read_groups(table: ForeignTable, roles: Roles, columns: PredictionColumns) -> list[TextColumn]:
    """The columns of groups, with what was made of their cells in the table's notes.

    Raises:
        InvalidInputError: A column holds no groups, or its legend lacks a code.
    """
    stray = next((name for name in columns.groups if name not in roles.attributes), None)
    if stray is not None:
        table.refuse(
            f"audit.columns.groups names {stray!r}, which is none of the columns of groups: "
            f"{listed(roles.attributes)}."
        )
    groups: list[TextColumn] = []
    refused: list[str] = []
    for name in roles.attributes:
        if " x " in name or name in _OWN_COLUMNS or name.startswith("probability_"):
            table.refuse(
                f"a column of groups cannot be called {name!r} here. Rename it in the file."
            )
        column = read_as_seen(table, table.text(name))
        if name in columns.groups:
            legend, setting = columns.groups[name], "audit.columns.groups"
            groups.append(named_by(table, column, legend, setting=setting))
            continue
        if is_age_in_years(table, column):
            groups.append(cut_years(table, column, columns.age_cuts))
            continue
        if len(column.values) > MOST_NUMBERS and all(map(is_number, column.values)):
            refused.append(
                f"Column {name!r} holds {len(column.values)} different numbers, such as "
                f"{column.values[0]}, no groups. Write the group in their place, as 'low' for 0.2; "
                "call a column of years age."
            )
            continue
        groups.append(_spelt_alike(table, _without_unknown_code(column)))
        table.notes.extend(_group_notes(groups[-1]))
    if refused and (roles.origin["attributes"] == "given" or not groups):
        table.refuse(refused[0])
    table.notes.extend(f"{sentence} It was not used." for sentence in refused)
    return groups


def _without_unknown_code(column: TextColumn) -> TextColumn:
    """The column with -1 missing, where it stands beside two codes or more and none below 0."""
    codes = [value for value in column.values if value != _UNKNOWN_CODE]
    if len(codes) == len(column.values) or len(codes) < 2 or not all(map(str.isdecimal, codes)):
        return column
    n_unknown = int((column.texts == _UNKNOWN_CODE).sum())
    missing = {**column.missing, _UNKNOWN_CODE: n_unknown}
    return replace(column.translated({_UNKNOWN_CODE: None}), missing=missing)


def _spelt_alike(table: ForeignTable, column: TextColumn) -> TextColumn:
    """The column without dates for ranges, or a second spelling of our own groups."""
    dates = ranges_of_dates(column.values)
    table.notes.extend(
        f"{column.name!r}: a spreadsheet took {found!r} for the date {cell!r}; it is read as "
        f"{found!r}."
        for cell, found in dates.items()
    )
    column = column.translated(dates) if dates else column
    second = {
        name.replace("_", " "): name
        for name in (*FAIRFACE_RACES, *RAF_DB_RACES)
        if "_" in name and {name, name.replace("_", " ")} <= set(column.values)
    }
    table.notes.extend(
        f"{column.name!r}: {value!r} and {name!r} are read as one group, {name!r}."
        for value, name in second.items()
    )
    return column.translated(second) if second else column


def _group_notes(column: TextColumn) -> list[str]:
    notes = [
        f"{column.name!r}: the cells {listed(cells)} are read as one group, {text!r}."
        for text, cells in column.merged.items()
    ]
    if column.missing:
        texts = ", ".join(f"{text!r} {count:,}" for text, count in column.missing.items())
        notes.append(
            f"{column.name!r} names no group in {rows_named(column.texts.isna())}, which take no "
            f"part in its comparisons (written and how often: {texts}). If a group is called "
            "so, write another name."
        )
    notes += combination_notes(column)
    if len(column.values) > MANY_GROUPS:
        notes.append(f"{column.name!r} has {len(column.values)} groups: most will be small.")
    notes += [
        f"{column.name!r} has a group {value!r}, which is compared like any other. Leave the cell "
        "empty where the group is not known."
        for value in column.values
        if value.casefold() in SAYS_UNKNOWN
    ]
    notes += [
        f"{column.name!r}: {other!r} and {value!r} are read as different groups."
        for other, value in spelt_nearly_alike(column.values)
    ]
    return notes
