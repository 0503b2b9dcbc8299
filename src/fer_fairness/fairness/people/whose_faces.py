"""Whose face each row of a table of predictions is, where people have several faces."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError


def people_of(frame: pd.DataFrame, column: str | None) -> pd.Series | None:
    """Number the people, in order of their first row.

    Args:
        frame: One row a face.
        column: The column that tells people apart. A row where it is missing is a person of its
            own: nothing says that it shows somebody who has another row.

    Returns:
        int64 codes from 0 with the index of `frame`; None where no column is named or nobody has
        two rows, as rows are then people.

    Raises:
        InvalidInputError: There is no such column.
    """
    if column is None:
        return None
    if column not in frame.columns:
        raise InvalidInputError(
            f"The predictions lack the column {column!r} of people; they have "
            f"{', '.join(map(str, frame.columns))}. Name one of these, or none."
        )
    codes = pd.factorize(frame[column])[0].astype(np.int64)
    missing = codes < 0
    codes[missing] = codes.max(initial=-1) + 1 + np.arange(missing.sum())
    if codes.max(initial=-1) + 1 == len(codes):
        return None
    return pd.Series(codes, index=frame.index, name=column)


def mixed_people(frame: pd.DataFrame, column: str, attributes: Iterable[str]) -> str:
    """Say whose rows name several groups of one attribute; "" where nobody's do.

    People are shuffled and resampled whole, so each needs one group. Rows without a group, and
    rows without a person, contradict nobody.

    Args:
        frame: One row a face.
        column: The column that tells people apart.
        attributes: Columns of groups.
    """
    for name in attributes:
        pairs = frame[[column, name]].dropna().drop_duplicates()
        twice = pairs[column].duplicated(keep=False)
        if twice.any():
            somebody = pairs.loc[twice, column].iloc[0]
            groups = [repr(str(group)) for group in pairs.loc[pairs[column] == somebody, name]]
            n = pairs.loc[twice, column].nunique()
            return (
                f"The person {str(somebody)!r} has the groups {' and '.join(groups[:3])} of "
                f"{name!r} ({n:,} {'person is' if n == 1 else 'people are'} like that). People are "
                "compared whole: give all rows of a person one group, that of most of them, say"
            )
    return ""


def check_people(frame: pd.DataFrame, column: str, attributes: Iterable[str]) -> None:
    """Refuse people of several groups of one attribute.

    Raises:
        InvalidInputError: Naming the person, the groups, and what to do.
    """
    mixed = mixed_people(frame, column, attributes)
    if mixed:
        raise InvalidInputError(
            f"{mixed}; or name another column of people, or none, and every row counts as one."
        )
