"""The tables that travel between the rooms, as pandera schemas and the column lists behind them."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import pandera.pandas as pa

from fer_fairness.taxonomy import (
    ATTRIBUTES,
    EMOTIONS,
    SOURCES,
    SPLITS,
    probability_column,
    target_column,
    votes_column,
)

PERSON: Final = "person"
"""The column that tells people apart where they have several faces; a table may lack it."""

CONFIDENCE: Final = "confidence"
"""The column of the probability of each predicted class, where it stands for those of all."""

MODEL: Final = "audited_model"
"""The column of whose prediction it is, in a table of several audited models."""

ABSTAINED: Final = "abstained"
"""The column of predictions that says which faces were left unanswered; absent where all are."""

TARGET_COLUMNS: Final = tuple(target_column(emotion) for emotion in EMOTIONS)
PROBABILITY_COLUMNS: Final = tuple(probability_column(emotion) for emotion in EMOTIONS)
VOTES_COLUMNS: Final = tuple(votes_column(name) for name in (*EMOTIONS, "unknown", "not_a_face"))

_EMOTION = pa.Check.isin(EMOTIONS)
_SHARE = pa.Check.in_range(0.0, 1.0)


def _stays_in_folder(files: pd.Series) -> pd.Series:
    """Whether each path is relative, with forward slashes, and does not lead out of its folder."""
    above = ("/" + files + "/").str.contains("/../", regex=False)
    outside = files.str.startswith("/") | files.str.contains("\\", regex=False) | above
    return (files != "") & ~outside


def _with_image_file(faces: pd.DataFrame) -> pd.DataFrame:
    """Give a table from before the column `image_file` that column, all missing.

    pandera's `add_missing_columns` would do so for every other nullable column too, and a table
    that lacks `race` must still be refused.
    """
    if "image_file" in faces:
        return faces
    names = list(faces.columns)
    place = names.index("image_index") + 1 if "image_index" in names else len(names)
    faces.insert(place, "image_file", pd.Series(None, index=faces.index, dtype="str"))
    return faces


def _attribute_columns() -> dict[str, pa.Column]:
    columns: dict[str, pa.Column] = {}
    for attribute in ATTRIBUTES:
        columns[attribute] = pa.Column(str, nullable=True)
        columns[f"{attribute}_source"] = pa.Column(str, pa.Check.isin(SOURCES))
        columns[f"{attribute}_confidence"] = pa.Column("float64", _SHARE, nullable=True)
    return columns


FACES_SCHEMA: Final = pa.DataFrameSchema(
    {
        "sample_id": pa.Column(str, unique=True),
        "image_index": pa.Column("int64", pa.Check.ge(0), unique=True),
        "image_file": pa.Column(
            str,
            pa.Check(_stays_in_folder, error="a path below the raw folder, with forward slashes"),
            nullable=True,
        ),
        "dataset": pa.Column(str),
        PERSON: pa.Column(str, nullable=True, required=False),
        "split": pa.Column(str, pa.Check.isin(SPLITS)),
        "emotion": pa.Column(str, _EMOTION, nullable=True),
        "excluded_reason": pa.Column(str, nullable=True),
        **{name: pa.Column("float64", pa.Check.ge(0), nullable=True) for name in VOTES_COLUMNS},
        **{name: pa.Column("float64", _SHARE) for name in TARGET_COLUMNS},
        **_attribute_columns(),
    },
    parsers=pa.Parser(_with_image_file),
    strict=True,
    coerce=True,
    name="faces",
)
"""One row a face. `image_index` is the row of the image array saved beside the table.

`image_file` is the image's path below the dataset's raw folder, with forward slashes
("train/1.jpg"); missing where the image came out of a table of pixels. A table without the column
is given it, all missing, when it is validated. `person` says whose face it is, in datasets of
several faces a person; a table may lack it, and where it is missing a face is a person.

`emotion` is the majority label (missing where there is none), `target_*` the distribution to train
on (all zero where there is none), `excluded_reason` is set where a face takes no part in training
or scoring: such rows stay in the table, so that nothing is lost silently.
"""

PREDICTIONS_SCHEMA: Final = pa.DataFrameSchema(
    {
        "sample_id": pa.Column(str, unique=True),
        "variant": pa.Column(str),
        "seed": pa.Column("int64"),
        "emotion": pa.Column(str, _EMOTION),
        "predicted_emotion": pa.Column(str, _EMOTION),
        **{name: pa.Column("float64", _SHARE) for name in PROBABILITY_COLUMNS},
        ABSTAINED: pa.Column(bool, required=False),
    },
    strict=True,
    coerce=True,
    name="predictions",
)
"""One row a scored face: those with a majority label and no `excluded_reason`.

A method that leaves faces unanswered says which in `abstained`; `predicted_emotion` is then what
would have been answered, so that every face stays and is scored as in other tables.
"""


def empty_table(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """A table without rows that is valid under `schema`: of what is optional and absent.

    It has the columns that the schema requires.
    """
    columns = {
        name: pd.Series(dtype=str(col.dtype))
        for name, col in schema.columns.items()
        if col.required
    }
    empty: pd.DataFrame = schema.validate(pd.DataFrame(columns))
    return empty


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables under one another; those without rows decide no types, unless all are without."""
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def usable(faces: pd.DataFrame) -> pd.Series:
    """Boolean mask of the faces that are not excluded."""
    return faces["excluded_reason"].isna()


def has_target(faces: pd.DataFrame) -> pd.Series:
    """Boolean mask of the faces a model can be trained on: not excluded, with a target."""
    return usable(faces) & (faces[list(TARGET_COLUMNS)].sum(axis=1) > 0)


def has_majority_emotion(faces: pd.DataFrame) -> pd.Series:
    """Boolean mask of the faces a model can be scored on: not excluded, with a majority label."""
    return usable(faces) & faces["emotion"].notna()
