"""Lists faces that a table names: one image a row, with its emotion and what else is told."""

import glob
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.fairness.people.whose_faces import mixed_people
from fer_fairness.params.datasets import TableParameters
from fer_fairness.sources.base import DamageRecord, Json, shortened
from fer_fairness.sources.blocks.attributes import annotated_groups
from fer_fairness.sources.blocks.emotions import VALENCE_AND_AROUSAL, from_valence_and_arousal
from fer_fairness.sources.blocks.listing import (
    ELSEWHERE,
    NO_EMOTION,
    ListedFace,
    Listing,
    lies_below,
    split_named,
)
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import ROWS, ForeignTable, rows_named
from fer_fairness.spreadsheets import unescaped
from fer_fairness.taxonomy import EMOTIONS, Attribute

NO_REGION: Final = "valence and arousal here are of no one emotion"


def list_table(folder: Path, params: TableParameters, record: DamageRecord) -> Listing:
    """List the faces of a table.

    Args:
        folder: The dataset's folder, below which the images lie.
        params: The table and its columns.
        record: Where rows that name no image, name one twice, or have no emotion are recorded.

    Raises:
        DatasetNotFoundError: There is no such table.
        InvalidInputError: It is no table, lacks a column, or a column holds what it cannot.
    """
    path = folder / params.table  # an absolute path stays as it is
    if not path.is_file():
        raise DatasetNotFoundError(
            f"{params.name}: there is no table {path}. A relative datasets.{params.name}.table "
            "begins at the dataset's folder, datasets."
            f"{params.name}.path."
        )
    table = open_table(path)
    _check_columns(table, params)
    columns = params.columns
    files = _files(table, columns.file, folder, record)
    _refuse_absent(table, files, folder, params)
    labels = _labels(table, params, record, files)
    splits = _splits(table, columns.split)
    persons = _texts(table, columns.person)
    attributes = _attributes(table, params, persons)
    votes = _votes(table, params)
    faces = [
        ListedFace(
            file,
            label,
            _place(table, row, file),
            file=file,
            split=splits[row],
            person=persons[row],
            attributes={name: values[row] for name, values in attributes.items()},
            votes=None if votes is None else tuple(votes[row].tolist()),
        )
        for row, (file, label) in enumerate(zip(files, labels, strict=True))
        if file is not None and (label is not None or votes is not None)
    ]
    report: Json = {"file": table.name, "sha256": table.sha256, "n_rows": table.n_rows}
    return Listing(faces, table.n_rows, table.notes, [report])


def _check_columns(table: ForeignTable, params: TableParameters) -> None:
    used = params.columns.used
    absent = {what: name for what, name in used.items() if name not in table.every_name}
    if absent:
        what, name = next(iter(absent.items()))
        table.refuse(
            f"there is no column {name!r} (for {what}); its columns are "
            f"{shortened(', '.join(table.every_name))}. Name the right one: "
            f"datasets.{params.name}.columns.{what.partition(' ')[0]}."
        )


def _place(table: ForeignTable, row: int, value: str) -> tuple[str, int | None, str]:
    """The line of a 0-based row of a file with one line a row, below its header."""
    return table.name, row + 2, value


def _files(
    table: ForeignTable, column: str, folder: Path, record: DamageRecord
) -> list[str | None]:
    """The image of each row below the folder; None where the row is left out."""
    root = folder.resolve().as_posix().rstrip("/") + "/"
    files: list[str | None] = []
    rows: dict[str, int] = {}
    for row, cell in enumerate(table.one_line(column).str.strip()):
        written = unescaped(cell).replace("\\", "/")
        for start in (root, folder.as_posix().rstrip("/") + "/"):
            written = written.removeprefix(start)
        file = posixpath.normpath(written) if written else ""
        problem = None
        if not file:
            problem = f"the cell {column!r} is empty, expected the path of an image"
        elif not lies_below(file):
            problem = ELSEWHERE
        elif file in rows:
            problem = f"the image has a row already, line {rows[file]}"
        if problem:
            record.add(*_place(table, row, cell), problem)
        else:
            rows[file] = row + 2
        files.append(None if problem else file)
    return files


def _refuse_absent(
    table: ForeignTable, files: Sequence[str | None], folder: Path, params: TableParameters
) -> None:
    """Images of which not one is there lie elsewhere, and are not damaged."""
    named = [file for file in files if file is not None]
    if not named or any((folder / file).is_file() for file in named):
        return
    alike = next(folder.rglob(f"{glob.escape(posixpath.basename(named[0]))}*"), None)
    hint = f" There is {alike.relative_to(folder).as_posix()!r}." if alike else ""
    table.refuse(
        f"none of the {len(named):,} images in column {params.columns.file!r} is there; the first "
        f"was looked for at {folder / named[0]}.{hint} Paths begin at the dataset's folder "
        f"(datasets.{params.name}.path) and have their ending."
    )


def _labels(
    table: ForeignTable,
    params: TableParameters,
    record: DamageRecord,
    files: Sequence[str | None],
) -> list[str | None]:
    """The emotion of each row as it is written, or as valence and arousal tell it; None: none."""
    columns = params.columns
    if columns.votes:
        return [None] * table.n_rows
    if columns.valence is not None and columns.arousal is not None:
        table.notes.append(VALENCE_AND_AROUSAL)
        valence, arousal = (_in_range(table, name) for name in (columns.valence, columns.arousal))
        labels = list(from_valence_and_arousal(valence, arousal))
        why = NO_REGION
        shown = [f"{v:g}, {a:g}" for v, a in zip(valence, arousal, strict=True)]
    else:
        column = columns.used["emotion"]
        labels = _texts(table, column)
        why = f"the cell {column!r} is empty"
        shown = [""] * table.n_rows
    for row, label in enumerate(labels):
        if label is None and files[row] is not None:
            record.add(*_place(table, row, shown[row]), why, action=NO_EMOTION)
    return labels


def _in_range(table: ForeignTable, column: str) -> npt.NDArray[np.float64]:
    numbers = table.numbers(column)
    bad = ~(np.abs(numbers) <= 1)
    if bad.any():
        row = int(np.argmax(bad))
        table.refuse(
            f"column {column!r} holds {table.cell(column, row)!r} in row {row + 1} ({ROWS}), "
            f"expected a number from -1 to 1 ({rows_named(bad)}). Scale the column, or leave these "
            "rows out."
        )
    return numbers


def _splits(table: ForeignTable, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * table.n_rows
    found = table.text(column)
    unknown = [value for value in found.values if split_named(value) is None]
    if unknown:
        table.refuse(
            f"{found.place(unknown[0])} is no split, expected train, validation or test in any "
            "usual spelling. Correct it, or name no column of splits."
        )
    return [None if pd.isna(text) else split_named(str(text)) for text in found.texts]


def _texts(table: ForeignTable, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * table.n_rows
    return [None if pd.isna(text) else str(text) for text in table.text(column).texts]


def _attributes(
    table: ForeignTable, params: TableParameters, persons: Sequence[str | None]
) -> dict[Attribute, list[str | None]]:
    columns = params.columns
    found = {
        attribute: annotated_groups(
            table, attribute, column, params.groups.get(attribute, {}), params.age_cuts
        )
        for attribute, column in columns.attributes.items()
    }
    if columns.person is not None:
        people = pd.DataFrame(found).assign(person=pd.Series(persons, dtype=object))
        if mixed := mixed_people(people, "person", found):
            table.refuse(f"{mixed}; or name no column of people.")
    return found


def _votes(table: ForeignTable, params: TableParameters) -> npt.NDArray[np.float64] | None:
    """Annotators by emotion, shape (rows, 8), zero where there is no column; None without any."""
    columns = params.columns.votes
    if not columns:
        return None
    votes = np.zeros((table.n_rows, len(EMOTIONS)))
    for emotion, column in columns.items():
        numbers = table.numbers(column)
        bad = ~((numbers >= 0) & (numbers < np.inf))
        if bad.any():
            row = int(np.argmax(bad))
            table.refuse(
                f"column {column!r} holds {table.cell(column, row)!r} in row {row + 1} ({ROWS}), "
                f"expected a number of votes ({rows_named(bad)}). Correct it."
            )
        votes[:, EMOTIONS.index(emotion)] = numbers
    return votes
