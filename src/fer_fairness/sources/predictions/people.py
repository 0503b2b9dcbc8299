"""Whose face each row of a prediction file is, and whether nobody said so though rows repeat."""

from dataclasses import dataclass, field
from typing import Final

import pandas as pd
import pyarrow as pa

from fer_fairness.fairness.people.repeated_people import MOST_ROWS, repeated_people
from fer_fairness.fairness.people.whose_faces import mixed_people, people_of
from fer_fairness.sources.foreign_tables.arrow_columns import is_text
from fer_fairness.sources.foreign_tables.table import ForeignTable, quoted, rows_named
from fer_fairness.sources.predictions.roles import Roles
from fer_fairness.tables import PERSON

_NONE: Final = "audit.columns.person=none if every row is a person."


@dataclass(frozen=True)
class People:
    """Whose faces the rows are.

    Attributes:
        column: The person of each row as categories, missing where the file has none; None where no
            column tells people apart.
        n_people: Number of people: of rows where there is no such column.
        warnings: What may be wrong where there is none.
    """

    column: pd.Series | None
    n_people: int
    warnings: list[str] = field(default_factory=list)


def read_people(
    table: ForeignTable, roles: Roles, groups: pd.DataFrame, *, looked_for: bool
) -> People:
    """Read the column of people, or look for one that nobody named.

    A row without a person is a person of its own, which a note says.

    Args:
        table: The file; its notes are added to.
        roles: Which column is what.
        groups: The columns of groups, one row a face.
        looked_for: Whether to look for people where no column is one.

    Raises:
        InvalidInputError: A person has two groups of one attribute.
    """
    if roles.person is None:
        return People(None, len(groups), _warnings(table, roles, groups) if looked_for else [])
    column = table.text(roles.person)
    if column.texts.isna().all():
        table.notes.append(
            f"The column of people, {roles.person!r}, is empty: every row is taken for a person."
        )
        return People(None, len(groups))
    names = list(map(str, groups.columns))
    frame = groups.assign(**{PERSON: column.texts})
    mixed = mixed_people(frame, PERSON, names)
    if mixed:
        table.refuse(
            f"{mixed}. If {roles.person!r} tells no people apart, name another column with "
            "audit.columns.person, or none if every row is a person."
        )
    absent = column.texts.isna()
    if absent.any():
        table.notes.append(
            f"{roles.person!r} names nobody in {rows_named(absent)}: each of these is taken for a "
            "person of its own."
        )
    people = people_of(frame, PERSON)
    n_people = len(groups) if people is None else int(people.nunique())
    if people is not None:
        table.notes.append(
            f"{len(groups):,} faces of {n_people:,} people (column {roles.person!r}): people are "
            "compared, not faces."
        )
    return People(column.texts, n_people)


def _warnings(table: ForeignTable, roles: Roles, groups: pd.DataFrame) -> list[str]:
    """A sentence where rows look like several faces of the same people."""
    used = {roles.true, roles.predicted, *roles.attributes}
    used.update(roles.scores.columns if roles.scores else ())
    columns = {
        name: table.data.column(name).slice(0, MOST_ROWS).to_pandas()
        for name in table.names
        if name not in used and _tells_names(table.data.column(name).type)
    }
    first = groups.iloc[:MOST_ROWS]
    found = repeated_people(pd.DataFrame(columns, index=first.index), first, ids=roles.sample_id)
    if found is None:
        return []
    if found.in_ids:
        return [f"{found.sentence} Add a column `person` to the file, or give {_NONE}"]
    named = f"audit.columns.person={quoted(found.column)}"
    return [f"{found.sentence} Say whose faces they are with {named}, or give {_NONE}"]


def _tells_names(kind: pa.DataType) -> bool:
    return is_text(kind) or bool(pa.types.is_integer(kind))
