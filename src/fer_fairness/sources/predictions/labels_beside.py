"""True emotions and groups that a table of predictions lacks: from files beside it, or folders.

What a tool wrote of pictures says what it saw, not what they show. That is in another table of the
same pictures, or in the folders that they lie in.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from fer_fairness.sources.foreign_tables.table import MISSING, ForeignTable, listed, rows_named
from fer_fairness.sources.predictions.roles import (
    ATTRIBUTE_NAMES,
    TRUE_NAMES,
    image_column,
    normal,
)
from fer_fairness.taxonomy import EMOTION_ALIASES, EMOTIONS

FOLDER: Final = "folder"
"""Column of the true emotions that folders name."""

_FACE_OF_PICTURE: Final = re.compile(r"(.+)_face(\d+)")
"""How FairFace's script names the faces that it cut out of a picture."""


def with_labels(
    table: ForeignTable, others: Sequence[ForeignTable], image: str | None
) -> ForeignTable:
    """The table with the columns of others that tell of the same pictures.

    Groups of others go before those of the same name in the table, which a tool saw. Pictures are
    matched by their whole path, or by their name without folders and ending where
    that is needed and no two have the same.

    Args:
        table: Predictions, one row a face; notes tell what was joined, and a warning how many
            pictures of the others have no prediction.
        others: One row a picture each, such as true emotions, or the output of FairFace's script.
        image: The column of pictures; None: guessed from the names.

    Raises:
        InvalidInputError: One of them has no column of pictures, they share no picture or another
            column, or a picture has two rows.
    """
    seen = {name for name in table.names if normal(name) in ATTRIBUTE_NAMES.split()}
    for other in others:
        table = _joined(_without(table, seen & {*other.names}, other), other, image)
        seen -= {*other.names}
    return table


def with_folders(table: ForeignTable, named: str | None) -> ForeignTable | None:
    """The table with a column `folder` where the folder of each picture is named like an emotion.

    Args:
        table: Predictions whose true emotion is in no column; a note tells of the folders.
        named: The column of pictures, if it is known; else it is guessed from the names.

    Returns:
        None where some picture lies in no such folder.
    """
    image = _known(table, named)
    if image is None or FOLDER in table.every_name:
        return None
    found = [_emotion_of_folder(path) for path in table.one_line(image)]
    if not all(found):
        return None
    table.notes.append(
        f"No column holds the true emotion: the folders of {image!r} were taken for it "
        f"({listed(sorted(set(map(str, found))))})."
    )
    return replace(table, data=table.data.append_column(FOLDER, pa.array(found)))


def _emotion_of_folder(path: str) -> str | None:
    for folder in reversed(PurePosixPath(path.replace("\\", "/")).parts[:-1]):
        plain = re.sub(r"^\d+[\s._-]+", "", folder.strip().casefold())
        if plain in EMOTIONS or plain in EMOTION_ALIASES:
            return plain
    return None


def _known(table: ForeignTable, given: str | None) -> str | None:
    return given if given in table.names else image_column(table)


def _named(table: ForeignTable, given: str | None) -> str:
    image = _known(table, given)
    if image is None:
        table.refuse(
            f"no column names the pictures, by which true emotions and groups are joined "
            f"(audit.labels). The columns are {listed(table.every_name)}. Call it image."
        )
    return image


def _without(table: ForeignTable, groups: set[str], other: ForeignTable) -> ForeignTable:
    """The table without columns of groups that another tells."""
    left_out = sorted(groups & {*table.names})
    if not left_out:
        return table
    table.notes.append(f"{listed(left_out)} of {table.name}: left out for that of {other.name}.")
    return replace(table, data=table.data.drop_columns(left_out))


def _joined(table: ForeignTable, other: ForeignTable, named: str | None) -> ForeignTable:
    image, key = _named(table, named), _named(other, None)
    brought = {name: _new_name(table, other, name) for name in other.names if name != key}
    own, theirs, by = _matching(table.one_line(image), other.one_line(key))
    repeated = theirs[theirs.duplicated(keep=False) & (theirs != "")]
    faces = other.one_line(key).map(_stem).str.fullmatch(_FACE_OF_PICTURE)
    if len(repeated) and not faces[repeated.index[0]]:
        other.refuse(
            f"{repeated.iloc[0]!r} stands in {rows_named(theirs == repeated.iloc[0])}, expected "
            "one row a picture. Keep one."
        )
    # Of a picture with several faces nobody knows which one is audited.
    places = pd.Series(theirs.index, index=theirs).drop(index=["", *set(repeated)], errors="ignore")
    found = own.map(places)
    missing = found.isna().to_numpy()
    if missing.all():
        table.refuse(
            f"none of its pictures is in {other.name}: {own.iloc[0]!r} here, {theirs.iloc[0]!r} "
            "there. Write the same names in both."
        )
    if missing.any():
        n_several = len(set(repeated))
        several = f" ({n_several:,} of its pictures have several faces)" if n_several else ""
        table.notes.append(f"{other.name} tells nothing of {rows_named(missing)}{several}.")
    pictures = set(theirs) - {""}
    if n_without := len(pictures.difference(own)):
        table.warnings.append(
            f"{n_without:,} of the {len(pictures):,} pictures in {other.name} have no prediction, "
            "and take no part. If the model was shown them, add its predictions: those that it or "
            "a face detector passed over may be of some groups more than of others."
        )
    rows = pa.array(np.where(missing, 0, found.fillna(0)).astype(np.int64), mask=missing)
    data = table.data
    for name, new in brought.items():
        data = data.append_column(new, other.data.column(name).take(rows))
    table.notes.append(f"From {other.name}, joined by {by}: {listed(brought.values())}.")
    return replace(table, data=data)


def _new_name(table: ForeignTable, other: ForeignTable, name: str) -> str:
    if name not in table.every_name:
        return name
    # A tool may call what it saw `emotion`, as somebody does what a picture shows.
    new = f"true_{name}"
    if normal(name) not in " ".join(TRUE_NAMES).split() or new in table.every_name:
        other.refuse(f"{table.name} has a column {name!r} too. Rename one, or leave one out.")
    return new


def _matching(own: pd.Series, theirs: pd.Series) -> tuple[pd.Series, pd.Series, str]:
    """Names under which the pictures of both are compared, and what these are."""
    whole = own.map(_path), theirs.map(_path)
    if (set(whole[0]) & set(whole[1])) - {""}:
        return *whole, "picture"
    short = own.map(_stem), theirs.map(_without_face)
    for full, name in ((whole[0], short[0]), (whole[1], theirs.map(_stem))):
        if name.nunique() < full.nunique():
            return *whole, "picture"
    return *short, "the name of the picture without folders and ending"


def _path(written: str) -> str:
    # macOS hands out names in decomposed letters, which look the same.
    text = unicodedata.normalize("NFC", written).strip().replace("\\", "/")
    return "" if text in MISSING else text.removeprefix("./")


def _stem(written: str) -> str:
    return PurePosixPath(_path(written)).stem


def _without_face(written: str) -> str:
    found = _FACE_OF_PICTURE.fullmatch(_stem(written))
    return found[1] if found else _stem(written)
