"""Perceived gender, race and age group of RAF-DB, as its annotators or a later hand wrote them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.progress import track
from fer_fairness.sources.base import ATTRIBUTES_LEFT_OUT, DamageRecord
from fer_fairness.taxonomy import ATTRIBUTES, RAF_DB_AGE_GROUPS, RAF_DB_RACES

GENDER_CODES: Final[Mapping[str, str | None]] = {"0": "male", "1": "female", "2": None}
"""2 is "unsure": annotated, but without a value."""
RACE_CODES: Final[Mapping[str, str | None]] = dict(zip("012", RAF_DB_RACES, strict=True))
AGE_CODES: Final[Mapping[str, str | None]] = dict(zip("01234", RAF_DB_AGE_GROUPS, strict=True))
HAND_AGE_CODES: Final[Mapping[str, str | None]] = dict(zip("12345", RAF_DB_AGE_GROUPS, strict=True))
"""In csv files completed by hand the age groups count from one."""

_N_LANDMARKS = 5
_CODES_IN_FILE = {"gender": GENDER_CODES, "race": RACE_CODES, "age_group": AGE_CODES}
_CODES_BY_HAND = {"Gender": ("gender", GENDER_CODES), "Age_Group": ("age_group", HAND_AGE_CODES)}
HAND_COLUMNS: Final = tuple(_CODES_BY_HAND)

_LANDMARK = re.compile(r"-?\d+(\.\d+)?\s+-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Attributes:
    """Attributes of one face: those annotated, by name; the value None stands for "unsure"."""

    values: Mapping[str, str | None]


NO_ATTRIBUTES: Final = Attributes({})


def read_attribute_files(
    paths: Sequence[Path], folder: Path, record: DamageRecord
) -> list[Attributes]:
    """Read the authors' `*_manu_attri.txt`, one a face, with a progress bar.

    A damaged file costs the face its attributes, not its place in the table, and is named in
    `record`. A file that is not there is no damage: the face has no attributes.

    Args:
        paths: The files, in the order of the faces.
        folder: The dataset's folder, to name files by.
        record: Where damage is recorded.
    """
    found: list[Attributes] = []
    for path in track(paths, description="Reading RAF-DB attributes", total=len(paths)):
        if not path.is_file():
            found.append(NO_ATTRIBUTES)
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        attributes = _attributes_in_file(text, path.relative_to(folder).as_posix(), record)
        found.append(attributes)
    return found


def _attributes_in_file(text: str, name: str, record: DamageRecord) -> Attributes:
    # Stray spaces, blank lines and a missing final newline occur in the published files.
    numbered = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    lines = [(number, line) for number, line in numbered if line]
    expected = _N_LANDMARKS + len(_CODES_IN_FILE)
    if len(lines) != expected:
        reason = f"the file has {len(lines)} lines, expected {expected}"
        record.add(name, None, text, reason, action=ATTRIBUTES_LEFT_OUT)
        return NO_ATTRIBUTES
    for number, line in lines[:_N_LANDMARKS]:
        if not _LANDMARK.fullmatch(line):
            reason = "the line is not the x and y of a landmark"
            record.add(name, number, line, reason, action=ATTRIBUTES_LEFT_OUT)
            return NO_ATTRIBUTES
    values: dict[str, str | None] = {}
    for (number, line), (attribute, codes) in zip(
        lines[_N_LANDMARKS:], _CODES_IN_FILE.items(), strict=True
    ):
        if line not in codes:
            reason = f"the code for {attribute} is none of {', '.join(codes)}"
            record.add(name, number, line, reason, action=ATTRIBUTES_LEFT_OUT)
            return NO_ATTRIBUTES
        values[attribute] = codes[line]
    return Attributes(values)


def attributes_by_hand(
    cells: Mapping[str, str], name: str, line: int, record: DamageRecord
) -> Attributes:
    """Read the columns `Gender` and `Age_Group` that somebody added to a csv file of labels.

    Args:
        cells: The row by column name; columns that are not there and empty cells are no damage.
        name: Name of the file.
        line: 1-based line of the row.
        record: Where a code that is none is recorded; the face keeps its other attribute.
    """
    values: dict[str, str | None] = {}
    for column, (attribute, codes) in _CODES_BY_HAND.items():
        # pandas writes whole numbers as 1.0 once a column has an empty cell.
        cell = cells.get(column, "").strip().removesuffix(".0")
        if not cell:
            continue
        if cell not in codes:
            reason = f"{column} is none of {', '.join(codes)}"
            record.add(name, line, cells[column], reason, action=ATTRIBUTES_LEFT_OUT)
            continue
        values[attribute] = codes[cell]
    return Attributes(values)


def attribute_columns(attributes: Sequence[Attributes]) -> dict[str, pd.Series]:
    """Columns of the `faces` table: each attribute and where it comes from."""
    columns: dict[str, pd.Series] = {}
    for name in ATTRIBUTES:
        values = [face.values.get(name) for face in attributes]
        sources = ["annotated" if name in face.values else "none" for face in attributes]
        columns[name] = pd.Series(values, dtype="str")
        columns[f"{name}_source"] = pd.Series(sources, dtype="str")
    return columns
