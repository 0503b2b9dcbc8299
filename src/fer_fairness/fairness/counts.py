"""Counts of true and predicted emotions per group: what every metric of this room is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.group_names import names_of

EVERYBODY: Final = "everybody"
"""Name of the one group where people are not told apart."""

PREDICTION_COLUMNS: Final = ("sample_id", "emotion", "predicted_emotion")
"""What a table of predictions must have to be counted."""

_ROWS_AT_ONCE: Final = 2**18
_CELLS_LOOKED_UP: Final = 2**22

Labels: TypeAlias = Sequence[str] | npt.NDArray[np.str_] | npt.NDArray[np.object_] | pd.Series
Counts: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupCounts:
    """People by group, true class and predicted class.

    Attributes:
        counts: int64, shape (groups, classes, classes): `counts[g, c, k]` people of group g whose
            true class is c and whose predicted class is k.
        groups: Names along the first axis.
        classes: Names along the second and third axes.
        n_missing: People without a group, who are in no count.
    """

    counts: Counts
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    n_missing: int

    @property
    def sizes(self) -> Counts:
        """People per group, shape (groups,)."""
        sizes: Counts = self.counts.sum(axis=tuple(range(1, self.counts.ndim)))
        return sizes

    def reaching(self, minimum_size: int) -> Self:
        """The same counts without the groups of fewer than `minimum_size` people."""
        kept = self.sizes >= minimum_size
        return replace(
            self,
            counts=self.counts[kept],
            groups=tuple(name for name, keep in zip(self.groups, kept, strict=True) if keep),
        )


def group_counts(
    y_true: Labels,
    y_pred: Labels,
    groups: Labels,
    *,
    classes: Sequence[str],
    group_names: Sequence[str] | None = None,
) -> GroupCounts:
    """Count people by group, true class and predicted class.

    Args:
        y_true: True class of each person, shape (people,).
        y_pred: Predicted class of each person, shape (people,).
        groups: Group of each person, shape (people,); people whose group is missing (None or NaN)
            are left out and counted in `n_missing`.
        classes: All classes, in the order of the result.
        group_names: All groups, in the order of the result; groups without people keep a row of
            zeros. By default the groups that occur, sorted.

    Returns:
        The counts; they sum to the number of people with a group.

    Raises:
        InvalidInputError: If lengths differ, a class is missing, or a class or group is unknown.
    """
    columns = {"true class": y_true, "predicted class": y_pred}
    return GroupCounts(*_tally(columns, groups, classes, group_names))


def everybody_of(frame: pd.DataFrame) -> pd.Series:
    """The group of each row where people are not told apart."""
    # As objects: all rows share one text.
    return pd.Series(EVERYBODY, index=frame.index, dtype=object)


def check_predictions(frame: pd.DataFrame) -> None:
    """Refuse a table that lacks one of `PREDICTION_COLUMNS` or lists somebody twice.

    Raises:
        InvalidInputError: Saying which column is missing, or who is listed twice.
    """
    absent = [name for name in PREDICTION_COLUMNS if name not in frame.columns]
    if absent:
        raise InvalidInputError(
            f"The predictions lack the column {absent[0]!r}; they have "
            f"{', '.join(map(str, frame.columns))}. Needed are {', '.join(PREDICTION_COLUMNS)}."
        )
    twice = frame.loc[frame["sample_id"].duplicated(), "sample_id"]
    if len(twice):
        raise InvalidInputError(
            f"The predictions list sample_id {twice.iloc[0]!r} more than once ({len(twice)} rows "
            "too many): a person counts once. Evaluate one variant and one seed at a time."
        )


def _tally(
    columns: dict[str, Labels],
    groups: Labels,
    classes: Sequence[str],
    group_names: Sequence[str] | None,
) -> tuple[Counts, tuple[str, ...], tuple[str, ...], int]:
    """Counts over (groups, classes, ...), with the names of both and the people left out."""
    _check_lengths({**columns, "group": groups})
    membership = np.array(groups, dtype=object)
    known = np.asarray(pd.notna(membership), dtype=bool)
    if group_names is None:
        membership[known] = names_of(pd.Series(membership[known], name="group"))
        group_names = sorted(set(membership[known]))
    rows = np.flatnonzero(known)
    codes = [codes_of("group", membership[known], group_names, rows=rows)]
    for what, labels in columns.items():
        codes.append(codes_of(what, labels, classes)[known])
    shape = (len(group_names), *(len(classes) for _ in columns))
    if not all(shape):
        return np.zeros(shape, dtype=np.int64), tuple(group_names), tuple(classes), len(known)
    cells = np.ravel_multi_index(tuple(codes), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)
    return counts, tuple(group_names), tuple(classes), int((~known).sum())


def _check_lengths(columns: dict[str, Labels]) -> None:
    lengths = {what: len(labels) for what, labels in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{what}: {length}" for what, length in lengths.items())
        raise InvalidInputError(f"One value a person is needed in each column, found {told}.")


def codes_of(
    what: str,
    labels: Labels,
    names: Sequence[str],
    *,
    rows: Labels | Codes | None = None,
) -> Codes:
    """Position of each label in `names`, int64.

    Args:
        what: What a label is, for the message.
        labels: The labels.
        names: All that there are.
        rows: What the message calls the labels' rows; by default their number.

    Raises:
        InvalidInputError: If a label is none of the names.
    """
    index = pd.Index(list(names), dtype=object)
    codes = np.empty(len(labels), dtype=np.int64)
    # A text of Python's for each row at once would be most of the memory of a large audit.
    for start in range(0, len(labels), _ROWS_AT_ONCE):
        block = np.asarray(labels[start : start + _ROWS_AT_ONCE], dtype=object)
        codes[start : start + len(block)] = index.get_indexer(pd.Index(block, dtype=object))
    unknown = np.flatnonzero(codes < 0)
    if unknown.size:
        first = int(unknown[0])
        row = first if rows is None else np.asarray(rows)[first]
        (found,) = np.asarray(labels[first : first + 1], dtype=object)
        raise InvalidInputError(
            f"Row {row} has the {what} {found!r}, expected one of "
            f"{', '.join(map(str, names))}; {unknown.size} rows are like it. Leave such rows out, "
            f"or name every {what} that occurs."
        )
    return codes


def numbered(cells: Codes, n_cells: int) -> tuple[Codes, Codes]:
    """The different codes, rising, and the place of each row's code among them.

    As `np.unique(cells, return_inverse=True)`, which sorts and so needs several times the memory.

    Args:
        cells: Codes from 0, shape (rows,).
        n_cells: All codes are below.
    """
    if n_cells > _CELLS_LOOKED_UP:
        present, places = np.unique(cells, return_inverse=True)
        return present, places.ravel().astype(np.int64)
    present = np.flatnonzero(np.bincount(cells, minlength=n_cells))
    place = np.zeros(n_cells, dtype=np.int64)
    place[present] = np.arange(len(present))
    return present, place[cells]
