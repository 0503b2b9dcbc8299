"""How sure a model was of what it predicted, out of a table of probabilities."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Flags, Labels, blocks_of, codes_of
from fer_fairness.fairness.metrics.reductions import Array

_ROUNDING: Final = 1e-3
"""Probabilities written with few digits need not sum to one exactly."""


def predicted_confidence(
    frame: pd.DataFrame, *, predicted: Labels, classes: Sequence[str], columns: Sequence[str]
) -> Array:
    """The probability of the predicted class of each row, float64, shape (rows,).

    Args:
        frame: One row a person.
        predicted: The predicted class of each row.
        classes: The classes.
        columns: The column of the probability of each class, in the order of `classes`.

    Raises:
        InvalidInputError: If a column is missing, or a predicted class is none of `classes`.
    """
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InvalidInputError(
            f"The table lacks the column of probabilities {absent[0]!r}; it has "
            f"{', '.join(map(str, frame.columns))}. Name the columns that it has."
        )
    if len(columns) != len(classes):
        raise InvalidInputError(
            f"There are {len(columns)} columns of probabilities for the {len(classes)} classes "
            f"{', '.join(classes)}. Name one column a class."
        )
    codes = codes_of("predicted class", predicted, classes)
    confidence = np.empty(len(frame))
    for code, name in enumerate(columns):
        chosen = codes == code
        confidence[chosen] = frame[name].to_numpy(dtype=np.float64)[chosen]
    return confidence


def check_probabilities(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse probabilities that are missing, outside [0, 1], or do not sum to one.

    Args:
        frame: One row a person.
        columns: The columns of the probabilities, one a class.

    Raises:
        InvalidInputError: Naming row, value and what to do.
    """
    outside: list[Flags] = []
    sums = np.empty(len(frame))
    for rows in blocks_of(len(frame)):
        given = [pd.to_numeric(frame[name].iloc[rows], errors="coerce") for name in columns]
        numbers = np.stack([own.to_numpy(dtype=np.float64, na_value=np.nan) for own in given])
        outside.append(np.asarray(~((numbers >= 0) & (numbers <= 1)).all(axis=0)))
        sums[rows] = numbers.sum(axis=0)
    bad = np.concatenate(outside or [np.zeros(0, dtype=bool)])
    if bad.any():
        row = int(np.argmax(bad))
        shown = pd.to_numeric(frame[list(columns)].iloc[row], errors="coerce").to_numpy()
        column = int(np.argmin((shown >= 0) & (shown <= 1)))
        n_rows = int(bad.sum())
        (found,) = frame[columns[column]].iloc[[row]].tolist()
        raise InvalidInputError(
            f"Row {row} has {found!r} in the column "
            f"{columns[column]!r}, expected a probability from 0 to 1 ({n_rows} rows have such "
            "values). Give shares, not per cent or logits, and leave out rows without."
        )
    wrong = np.abs(sums - 1.0) > _ROUNDING
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInputError(
            f"The probabilities of row {row} sum to {sums[row]:.4f}, expected 1 "
            f"({int(wrong.sum())} rows are like it). Give the softmax over all classes, a column "
            f"for each; found {', '.join(columns)}."
        )
