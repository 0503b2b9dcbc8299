"""How many training faces each cell has; a cell is a combination of emotion and attributes."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.group_names import LISTED, joined_names
from fer_fairness.tables import has_target, usable
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

UNKNOWN: Final = "unknown"
"""Value of a cell column for faces whose emotion or attribute is missing."""


def distribution(faces: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Count the training faces of each cell.

    Only rows of the train split that have a target are counted. Validation faces give names of
    cells and no counts, so that an emotion that only they show is listed with zero instead of
    being forgotten; test faces give nothing.

    Args:
        faces: A `faces` table.
        by: Columns whose combinations are the cells: "emotion" and attributes.

    Returns:
        `[*by, n_faces, share]`: every combination of the values that training or validation faces
        have, with zero where nobody is, then the cells with an "unknown" value that training faces
        have. Emotions are in canonical order, attribute values in alphabetical order. `share` is of
        all training faces.

    Raises:
        InvalidInputError: If `by` is empty, repeats a column or names another column.
    """
    cells = cell_values(training_faces(faces), by)
    counts = cells.groupby(list(by), observed=True).size()
    values = cell_values(faces[usable(faces) & (faces["split"] != "test")], by)
    known = [sorted(set(values[column]) - {UNKNOWN}) for column in by]
    combinations = pd.MultiIndex.from_product(known, names=list(by)).to_frame(index=False)
    table = combinations.merge(counts.rename("n_faces").reset_index(), how="outer", on=list(by))
    table = table.sort_values(list(by), key=lambda column: column.map(_place), ignore_index=True)
    is_known = known_cells(table, by)
    table = pd.concat([table[is_known], table[~is_known]], ignore_index=True)
    n_faces = table["n_faces"].fillna(0).astype("int64")
    return table.assign(n_faces=n_faces, share=n_faces / max(int(n_faces.sum()), 1))


def distribution_before_after(
    faces: pd.DataFrame, augmented_faces: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """Set the training faces of each cell beside the variants that were added.

    Args:
        faces: The original `faces` table.
        augmented_faces: The faces of an `Augmented`.
        by: Columns whose combinations are the cells.

    Returns:
        `[*by, n_before, n_added, n_after]`, cells as in `distribution`.

    Raises:
        InvalidInputError: If `by` is empty, repeats a column or names another column.
    """
    before = distribution(faces, by).rename(columns={"n_faces": "n_before"}).drop(columns="share")
    added = distribution(augmented_faces, by).rename(columns={"n_faces": "n_added"})
    table = before.merge(added[[*by, "n_added"]], how="left", on=list(by))
    table["n_added"] = table["n_added"].fillna(0).astype("int64")
    return table.assign(n_after=table["n_before"] + table["n_added"])


def training_faces(faces: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that may be augmented: train split, not excluded, with a target."""
    return faces[has_target(faces) & (faces["split"] == "train")]


def cell_values(faces: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Take the cell columns of `faces`, with "unknown" where a value is missing.

    Args:
        faces: A `faces` table.
        by: The cell columns.

    Returns:
        The columns `by` as text, rows and index as in `faces`.

    Raises:
        InvalidInputError: If `by` is empty, repeats a column or names another column.
    """
    allowed = ("emotion", *ATTRIBUTES)
    if not by or len(set(by)) != len(by) or not set(by) <= set(allowed):
        raise InvalidInputError(
            f"Cells are formed by one or more of {list(allowed)}, each once; found {list(by)}."
        )
    return faces[list(by)].astype(object).fillna(UNKNOWN).astype(str)


def cell_names(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Names of cells as people read them: "fear, male"; a name with a comma is quoted."""
    rows = table[list(by)].itertuples(index=False, name=None)
    return pd.Series([joined_names(names, LISTED) for names in rows], table.index, dtype=str)


def known_cells(table: pd.DataFrame, by: Sequence[str]) -> "pd.Series[bool]":
    """Boolean mask of the cells all of whose values are known."""
    return (table[list(by)] != UNKNOWN).all(axis=1)


def _place(value: str) -> str:
    # One text key for both orders: emotions by their canonical number, other values as they are.
    return f"{EMOTIONS.index(value)}" if value in EMOTIONS else value
