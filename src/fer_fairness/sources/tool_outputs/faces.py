"""Pictures with several faces, and those in which none was found."""

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from fer_fairness.sources.foreign_tables.table import ForeignTable
from fer_fairness.sources.tool_outputs.forms import ToolOutput

SeveralFaces: TypeAlias = Literal["largest", "all"]
FACE = "face_id"
"""Column of the names of faces where a picture has several and all are kept."""


def one_face_a_row(found: ToolOutput, several_faces: SeveralFaces) -> ForeignTable:
    """The faces of which the tool named an emotion, one of each picture or all.

    Args:
        found: A tool's output; notes tell how many rows stay behind, a warning if these are most.
        several_faces: "largest": of each picture the face of the largest box, the first where
            sizes are equal or not known; "all": every face, called `<picture> face 2`.

    Raises:
        InvalidInputError: The tool found no face in any picture.
    """
    table = found.table
    if not found.answered.any():
        table.refuse(
            f"{found.tool} named an emotion in none of its {table.n_rows:,} rows, so that there is "
            "nothing to audit. Give it the faces cut out, or let it answer without detection."
        )
    n_silent = int((~found.answered).sum())
    if n_silent:
        table.notes.append(
            f"{found.tool} found no face in {n_silent:,} of {table.n_rows:,} rows: they are left "
            "out. Who is not found is not counted as mistaken; look at who they are."
        )
    kept = found.answered.copy()
    if found.image is None:
        return _rows(table, kept)
    pictures = table.one_line(found.image).str.strip()
    if several_faces == "all":
        return _named_faces(_rows(table, kept), pictures[kept], found.image)
    largest = _largest(pictures, found.area, kept)
    n_others = int(kept.sum() - largest.sum())
    if n_others:
        counts = pictures[kept].value_counts()
        told = (
            f"{int((counts > 1).sum()):,} pictures have several faces: the largest of each is "
            f"audited, {n_others:,} others are left out. To audit all: "
            "audit.columns.several_faces=all."
        )
        if n_others > largest.sum():
            table.warnings.append(
                f"{told} These are most faces. If {counts.index[0]!r} is no picture, write in each "
                "record which one it is of (`image`)."
            )
        else:
            table.notes.append(told)
    return _rows(table, largest)


def _largest(
    pictures: pd.Series, area: npt.NDArray[np.float64], kept: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    rows = pd.DataFrame({"picture": pictures, "area": np.nan_to_num(area, nan=-1.0)})[kept]
    # A row without a picture's name is a picture of its own, which the reader of ids refuses.
    rows = rows[rows["picture"] != ""]
    by_size = rows.sort_values("area", ascending=False, kind="stable")
    chosen = kept & (pictures == "").to_numpy()
    chosen[by_size.drop_duplicates("picture").index.to_numpy()] = True
    return chosen


def _named_faces(table: ForeignTable, pictures: pd.Series, image: str) -> ForeignTable:
    number = pictures.groupby(pictures).cumcount() + 1
    if (number == 1).all():
        return table
    names = pictures.where(number == 1, pictures + " face " + number.astype("str"))
    column = pa.array(names.tolist(), type=pa.large_string())
    if FACE in table.every_name:
        table.refuse(f"there is a column {FACE!r} already. Rename it.")
    table.notes.append(
        f"{int((number > 1).sum()):,} faces are not the first of their picture {image!r}."
    )
    return replace(table, data=table.data.append_column(FACE, column))


def _rows(table: ForeignTable, kept: npt.NDArray[np.bool_]) -> ForeignTable:
    return table if kept.all() else replace(table, data=table.data.filter(pa.array(kept)))
