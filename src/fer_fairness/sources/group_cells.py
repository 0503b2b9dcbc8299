"""Groups as cells write them: codes that a legend names, several groups in one cell."""

import re
from collections.abc import Mapping
from typing import Final

from fer_fairness.sources.foreign_table import ForeignTable, TextColumn, listed

_BETWEEN: Final = re.compile(r"\s*[;|,/&+]\s*")


def named_by(
    table: ForeignTable, column: TextColumn, legend: Mapping[str, str], *, setting: str
) -> TextColumn:
    """The column with the groups that its codes stand for.

    Args:
        table: The file.
        column: Codes.
        legend: The group of each code.
        setting: What the legend is called, for the message.

    Raises:
        InvalidInputError: A code is not in the legend.
    """
    unknown = [value for value in column.values if value not in legend]
    if unknown:
        table.refuse(
            f"{column.place(unknown[0])} is none of the codes {', '.join(map(repr, legend))}. Add "
            f"it to {setting}, or correct the cell."
        )
    return column.translated(dict(legend))


def combination_notes(column: TextColumn) -> list[str]:
    """What cells with several groups became, where one of these stands in a cell of its own too."""
    single = set(column.values)
    several = [
        value
        for value in column.values
        if len(parts := _BETWEEN.split(value)) > 1 and single.intersection(parts)
    ]
    if not several:
        return []
    n_rows = int(column.texts.isin(several).sum())
    told = (
        f"{column.name!r} has several groups in one cell in {n_rows:,} rows: {listed(several)}. "
        "Each combination is read as a group of its own; write one group where that is not meant."
    )
    return [told]
