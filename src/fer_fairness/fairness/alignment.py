"""Several models' predictions of the same people, side by side."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import check_predictions


def aligned(frames: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put several models' predictions of the same people side by side.

    Args:
        frames: Tables of predictions by the name that messages give them, such as "seed 3".

    Returns:
        The first table, and the predicted emotions: a row for each of its rows, a column a table.

    Raises:
        InvalidInputError: If a table lacks a column, lists somebody twice, or if its people or
            their emotions are not those of the first.
    """
    first_name, first = next(iter(frames.items()))
    predicted: dict[str, pd.Series] = {}
    for name, frame in frames.items():
        try:
            check_predictions(frame)
        except InvalidInputError as error:
            raise InvalidInputError(f"In the table of {name}: {error}") from error
        predicted[name] = _like(first, first_name, frame, name)
    return first, pd.DataFrame(predicted)


def _like(first: pd.DataFrame, first_name: str, frame: pd.DataFrame, name: str) -> pd.Series:
    """The predictions of a table in the order of the first table's people."""
    ids, others = pd.Index(first["sample_id"]), pd.Index(frame["sample_id"])
    pairs: tuple[tuple[pd.Index, str, str], ...] = (
        (ids.difference(others, sort=False), first_name, name),
        (others.difference(ids, sort=False), name, first_name),
    )
    for alone, present, absent in pairs:
        if len(alone):
            raise InvalidInputError(
                f"{alone[0]!r} is in the table of {present} and not in that of {absent} "
                f"({len(alone)} people in all): every model must have predicted the same "
                "people. Predict the same evaluation set with each."
            )
    rows = frame.iloc[others.get_indexer(ids)]
    differing = np.flatnonzero(rows["emotion"].to_numpy() != first["emotion"].to_numpy())
    if differing.size:
        row = int(differing[0])
        raise InvalidInputError(
            f"{ids[row]!r} shows {first['emotion'].iloc[row]!r} in the table of {first_name} and "
            f"{rows['emotion'].iloc[row]!r} in that of {name} ({differing.size} people differ). "
            "Use the same labels for every model."
        )
    return pd.Series(rows["predicted_emotion"].to_numpy(), index=first.index)
