"""Reads what is known of somebody's own labeller of groups: true and predicted groups of people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import (
    ROWS,
    ForeignTable,
    TextColumn,
    listed,
    rows_named,
)
from fer_fairness.sources.predictions.group_cells import as_seen

_TRUE: Final = "true_"
_PREDICTED: Final = "predicted_"


@dataclass(frozen=True)
class HeldOutLabels:
    """People whose true group is known beside the one that a labeller gave them.

    Attributes:
        frame: `true_<attribute>` and `predicted_<attribute>` as text; a prediction is missing where
            the labeller gave none.
        attributes: The attributes that it is about.
        sha256: Of the file.
    """

    frame: pd.DataFrame
    attributes: tuple[str, ...]
    sha256: str


def read_held_out_labels(path: Path, groups: Mapping[str, Sequence[str]]) -> HeldOutLabels:
    """Read a CSV or Parquet file, one row a person.

    Groups whose names differ from those of the predictions only in case, blanks, hyphens or
    underscores are the same, and get the names that the predictions have.

    Args:
        path: The file; columns `true_<attribute>` and `predicted_<attribute>`, others are ignored.
        groups: Groups of the predictions that are audited, by attribute.

    Returns:
        The attributes that both have.

    Raises:
        InvalidInputError: The file cannot be read, has none of the attributes, has one of a pair of
            columns only, somebody's true group is missing, or a group of the predictions is the
            true one of nobody.
    """
    table = open_table(path)
    attributes = list(groups)
    known = [
        name.removeprefix(_TRUE)
        for name in table.every_name
        if name.startswith(_TRUE) and name.removeprefix(_TRUE) in attributes
    ]
    if not known:
        table.refuse(
            f"there is no column {_TRUE}{attributes[0]}, nor one of another attribute of the "
            f"predictions ({', '.join(attributes)}); it has {', '.join(table.names)}. Name the "
            f"columns {_TRUE}<attribute> and {_PREDICTED}<attribute>."
        )
    columns: dict[str, pd.Series] = {}
    for attribute in known:
        columns |= _pair(table, attribute, groups[attribute])
    return HeldOutLabels(pd.DataFrame(columns), tuple(known), table.sha256)


def _pair(table: ForeignTable, attribute: str, groups: Sequence[str]) -> dict[str, pd.Series]:
    true, predicted = f"{_TRUE}{attribute}", f"{_PREDICTED}{attribute}"
    if predicted not in table.every_name:
        table.refuse(f"there is a column {true!r}, but none called {predicted!r}. Add it.")
    found = table.text(true)
    if found.missing:
        table.refuse(
            f"column {true!r} is empty in {rows_named(found.texts.isna())} ({ROWS}), expected the "
            "true group of each person. Leave people out whose group is not known."
        )
    names = {_plain(name): name for name in (*found.values, *groups)}
    columns: dict[str, TextColumn] = {}
    for column in (found, table.text(predicted)):
        alike = {value: names.get(_plain(value), value) for value in column.values}
        columns[column.name] = column.translated(alike)
    unknown = [name for name in groups if name not in columns[true].values]
    if unknown:
        table.refuse(
            f"the groups of {attribute!r} in the predictions are {listed(groups)}, and those of "
            f"column {true!r} {listed(columns[true].values)}: {unknown[0]!r} is the true group of "
            "nobody. Call the groups alike in both files, and hold out people of every group."
        )
    return {name: column.texts.astype("str") for name, column in columns.items()}


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", as_seen(name).casefold())
