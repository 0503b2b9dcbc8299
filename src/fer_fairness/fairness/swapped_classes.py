"""Whether another order of classes explains predictions far better than the one that was taken."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

_LEAST_FACES: Final = 10
_LEAST_GAIN: Final = 0.05
_LEAST_RECALL: Final = 0.5
"""Of the classes that are exchanged: at most chance in the order taken, half in the other one."""


def swapped_classes(
    true: Sequence[str] | pd.Series, predicted: Sequence[str] | pd.Series
) -> tuple[dict[str, str], float, float] | None:
    """Which predicted classes would have to bear which names for far more of them to be right.

    The one-to-one renaming of predicted classes under which most predictions are right (Kuhn 1955,
    the Hungarian method). It is reported only where it is no accident of a weak model: the renamed
    classes of 10 faces or more are recognised in half of their faces or more under it (two of them
    at least: one answer to everybody says nothing of an order) and less often than by chance
    without it, and 5 % more of all faces are right. Where true and predicted codes are counted
    from different numbers, one class is never true: it is renamed with the others.

    Args:
        true: True class of each face.
        predicted: Predicted class of each face, in the same names.

    Returns:
        The class that each renamed predicted class stands for, the share that is right as the
        classes were taken, and under the renaming; None where no order is far better.
    """
    classes = sorted({*true, *predicted})
    counts = pd.crosstab(
        pd.Categorical(list(true), categories=classes),
        pd.Categorical(list(predicted), categories=classes),
        dropna=False,
    ).to_numpy()
    rows, columns = linear_sum_assignment(counts, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    moved = [(row, column) for row, column in pairs if row != column]
    if not moved or counts.sum() == 0:
        return None
    taken, renamed = np.trace(counts) / counts.sum(), counts[rows, columns].sum() / counts.sum()
    faces = counts.sum(axis=1)
    judged = [(row, column) for row, column in moved if faces[row] >= _LEAST_FACES]
    if renamed - taken < _LEAST_GAIN or not _is_far_better(counts, judged):
        return None
    names = {classes[column]: classes[row] for row, column in moved if counts[row, column]}
    return names, float(taken), float(renamed)


def renaming_sentence(names: Mapping[str, str], taken: float, renamed: float) -> str:
    """What `swapped_classes` found, as the end of a sentence."""
    told = ", ".join(f"{own!r} stands for {other!r}" for own, other in names.items())
    if all(name.isdecimal() for pair in names.items() for name in pair):
        steps = {int(other) - int(own) for own, other in names.items()}
        told = f"{steps.pop():+d} is added to every predicted code" if len(steps) == 1 else told
    return f"if {told}, {renamed:.1%} of faces are recognised, and {taken:.1%} as they were read."


def order_warnings(
    true: Sequence[str] | pd.Series, predicted: Sequence[str] | pd.Series, remedy: str
) -> list[str]:
    """A sentence where another order of classes explains predictions far better, else nothing.

    Args:
        true: As of `swapped_classes`, and so is `predicted`.
        predicted: Predicted class of each face.
        remedy: What to do about it, a sentence.
    """
    found = swapped_classes(true, predicted)
    if found is None:
        return []
    sentence = (
        "The predicted classes seem to be in another order than the true ones: "
        f"{renaming_sentence(*found)} Nothing was changed. {remedy}"
    )
    return [sentence]


def _is_far_better(counts: npt.NDArray[np.int64], moved: Sequence[tuple[int, int]]) -> bool:
    right_if_renamed = np.array([counts[row, column] for row, column in moved])
    right_as_taken = np.array([counts[row, row] for row, _ in moved])
    faces = np.array([counts[row].sum() for row, _ in moved])
    chance = 1 / len(counts)
    recognised = right_if_renamed >= _LEAST_RECALL * faces
    return bool(
        right_if_renamed.sum() >= _LEAST_RECALL * faces.sum()
        and right_as_taken.sum() <= chance * faces.sum()
        and recognised.sum() > 1
    )
