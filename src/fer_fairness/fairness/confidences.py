"""How sure a model was of what it predicted, out of a table of probabilities."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Labels, codes_of
from fer_fairness.fairness.metrics.reductions import Array


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
