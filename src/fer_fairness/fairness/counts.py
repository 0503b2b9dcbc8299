"""Counts of true and predicted emotions per group: what every metric of this room is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Labels, categorical, codes_of, repeated, tallied
from fer_fairness.fairness.group_names import names_of

EVERYBODY: Final = "everybody"
"""Name of the one group where people are not told apart."""

PREDICTION_COLUMNS: Final = ("sample_id", "emotion", "predicted_emotion")
"""What a table of predictions must have to be counted."""

Counts: TypeAlias = npt.NDArray[np.int64]


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
    return categorical(np.zeros(len(frame), dtype=np.int8), [EVERYBODY]).set_axis(frame.index)


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
    twice = frame.loc[repeated(frame["sample_id"]), "sample_id"]
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
    if group_names is None:
        members = groups if isinstance(groups, pd.Series) else pd.Series(groups, dtype=object)
        groups = names_of(members.rename("group"))
        group_names = groups.cat.categories.tolist()
    membership = codes_of("group", groups, group_names, missing=True)
    parts = [(codes_of(what, labels, classes), len(classes)) for what, labels in columns.items()]
    counts = tallied((membership, len(group_names)), *parts)
    return counts, tuple(group_names), tuple(classes), int((membership < 0).sum())


def _check_lengths(columns: dict[str, Labels]) -> None:
    lengths = {what: len(labels) for what, labels in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{what}: {length}" for what, length in lengths.items())
        raise InvalidInputError(f"One value a person is needed in each column, found {told}.")
