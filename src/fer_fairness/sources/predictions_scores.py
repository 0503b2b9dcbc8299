"""Reads the probabilities of a prediction file, checks them, and orders them by class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from fer_fairness.sources.predictions_columns import ScoreColumns
from fer_fairness.sources.predictions_labels import Labels
from fer_fairness.sources.predictions_lists import listed_numbers
from fer_fairness.sources.predictions_table import ROWS, Table, rows_named

SUM_TOLERANCE: Final = 1e-3
"""Largest distance from one that a row of probabilities may sum to."""

_LARGEST_DISAGREEMENT: Final = 0.5
_ROUNDING: Final = 1e-6

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Probabilities of the classes.

    Attributes:
        values: Shape (n, classes), in [0, 1].
        classes: Class of each column.
    """

    values: Values
    classes: tuple[str, ...]


def read_values(table: Table, scores: ScoreColumns) -> Values:
    """Read the numbers as they are in the file.

    Args:
        table: The file.
        scores: Which columns.

    Returns:
        float64 of shape (n, classes), columns in the order of the file.

    Raises:
        InvalidInputError: If a value is no number, is not finite (minus infinity may be a logit),
            or lists differ in length.
    """
    if scores.is_list:
        values = listed_numbers(table, scores.columns[0])
    else:
        values = np.column_stack([table.numbers(column) for column in scores.columns])
    bad = ~np.isfinite(values)
    if scores.kind == "logits":
        # Masked classes have a logit of minus infinity; one class must be left.
        bad &= ~(np.isneginf(values) & np.isfinite(values).any(axis=1, keepdims=True))
    if bad.any():
        row, number = np.argwhere(bad)[0].tolist()
        column = scores.columns[0 if scores.is_list else number]
        table.refuse(
            f"column {column!r} holds {table.cell(column, row)!r} in row {row + 1} ({ROWS}), "
            f"expected finite numbers with a decimal point. {int(bad.sum()):,} of "
            f"{bad.size:,} values are like that. Correct them, or leave these rows out of the file."
        )
    return values


def score_classes(
    table: Table,
    scores: ScoreColumns,
    labels: Labels,
    class_names: Sequence[str] | None,
    n_columns: int,
) -> tuple[str, ...]:
    """Tell which class each column of numbers belongs to.

    Columns with names belong to the class, or the code, that their name ends in. Numbers in a list
    follow `class_names`, or the integer codes.

    Args:
        table: The file.
        scores: Which columns.
        labels: The labels that occur.
        class_names: All classes, if given.
        n_columns: Number of classes that the numbers are for.

    Raises:
        InvalidInputError: If the classes cannot be told.
    """
    given = tuple(name.strip() for name in class_names or ())
    if scores.is_list:
        return _classes_of_list(table, scores, labels, given, n_columns)
    named = [labels.named(suffix) for suffix in scores.suffixes]
    if not any(named) and len(given) == n_columns:
        return given
    classes = tuple(
        name if name is not None else suffix
        for name, suffix in zip(named, scores.suffixes, strict=True)
    )
    twice = next((name for name in classes if classes.count(name) > 1), None)
    if twice is not None:
        table.refuse(
            f"two of the columns {_listed(scores.columns)} are for the class {twice!r}. Name one "
            f"column a class with columns.{scores.kind}."
        )
    return classes


def check_covered(
    table: Table, scores: ScoreColumns, classes: Sequence[str], occurring: Sequence[str]
) -> bool:
    """Whether every class that occurs has a column.

    Returns:
        False only for columns that were guessed from a name that begins other columns as well.

    Raises:
        InvalidInputError: If a class has none otherwise.
    """
    absent = [name for name in occurring if name not in classes]
    if absent and not scores.is_weak:
        table.refuse(
            f"the class {absent[0]!r} occurs but has no column of {scores.kind}. "
            f"{_listed(scores.columns)} were taken to be for {_listed(classes)}. Name one column "
            f"for each class with columns.{scores.kind}, or write the same names in both places."
        )
    return not absent


def probabilities(table: Table, scores: ScoreColumns, values: Values) -> Values:
    """Probabilities from checked probabilities or from logits.

    Args:
        table: The file.
        scores: Which columns, and whether they hold logits.
        values: Shape (n, classes).

    Returns:
        Shape (n, classes), in [0, 1]. Sums are left as they are, within 0.001 of one.

    Raises:
        InvalidInputError: If a probability is negative, rows do not sum to one (percentages do
            not), or logits are probabilities already.
    """
    sums = values.sum(axis=1)
    sum_to_one = (values >= 0).all(axis=1) & (np.abs(sums - 1) <= SUM_TOLERANCE)
    if scores.kind == "logits":
        if sum_to_one.all():
            table.refuse(
                f"{_listed(scores.columns)} hold probabilities, for every row sums to one, but "
                "were taken for logits. Name them with audit.columns.probabilities."
            )
        shifted = np.exp(values - values.max(axis=1, keepdims=True))
        softmax: Values = shifted / shifted.sum(axis=1, keepdims=True)
        return softmax
    if not sum_to_one.all():
        _refuse_sums(table, scores, values, ~sum_to_one)
    return np.minimum(values, 1.0)


def note_disagreement(
    table: Table,
    scores: Scores,
    predicted: Sequence[str],
    predicted_codes: npt.NDArray[np.int64],
    notes: list[str],
) -> Scores:
    """Compare the predicted classes with the largest probabilities, and leave out empty classes.

    Args:
        table: The file.
        scores: All probabilities of the file.
        predicted: The classes that occur.
        predicted_codes: int64 of shape (n,): index of each predicted class in `predicted`.
        notes: Where it is told what was found.

    Returns:
        The probabilities of the classes that occur. They are scaled to sum to one only where the
        file shows that its model chose among these classes alone: every prediction is then the
        largest of these, and some are not the largest of all. Otherwise they stay as the model
        gave them, for scaling would make it look surer than it was.

    Raises:
        InvalidInputError: If more than half of the predictions are not the largest probability.
    """
    kept = [scores.classes.index(name) for name in predicted]
    values = scores.values[:, kept]
    chosen = np.take_along_axis(values, predicted_codes[:, None], axis=1)[:, 0]
    # Rounded numbers tie; a prediction that shares the largest probability is no disagreement.
    differs = chosen < scores.values.max(axis=1) - _ROUNDING
    left_out = [name for name in scores.classes if name not in predicted]
    if differs.mean() > _LARGEST_DISAGREEMENT:
        row = int(np.argmax(differs))
        largest = scores.classes[int(scores.values[row].argmax())]
        table.refuse(
            f"in {rows_named(differs)} ({ROWS}) the predicted class does not have the largest "
            f"probability: row {row + 1} predicts {predicted[predicted_codes[row]]!r}, the largest "
            f"is that of {largest!r}. The columns are probably for {_listed(scores.classes)} in "
            "another order: give audit.columns.class_names, or the columns in the order of the "
            "classes."
        )
    masked = (
        bool(left_out) and differs.any() and not (chosen < values.max(axis=1) - _ROUNDING).any()
    )
    if left_out:
        notes.append(_left_out_note(scores, left_out, is_scaled=masked))
    if masked:
        return Scores(values / values.sum(axis=1, keepdims=True), tuple(predicted))
    if differs.any():
        notes.append(
            f"In {int(differs.sum()):,} of {len(differs):,} rows the predicted class does not have "
            "the largest probability. The predicted class is used; thresholds may differ."
        )
    return Scores(values, tuple(predicted))


def _classes_of_list(
    table: Table, scores: ScoreColumns, labels: Labels, given: tuple[str, ...], n_columns: int
) -> tuple[str, ...]:
    column = scores.columns[0]
    if given:
        if len(given) != n_columns:
            table.refuse(
                f"column {column!r} holds {n_columns} numbers, but audit.columns.class_names names "
                f"{len(given)} classes. Name all classes, in the order of the numbers."
            )
        return given
    if not labels.codes:
        table.refuse(
            f"column {column!r} holds {n_columns} numbers, and nothing tells which class each is "
            "for. Give audit.columns.class_names, the classes in the order of the numbers."
        )
    first = 1 if 0 not in labels.codes and max(labels.codes) == n_columns else 0
    codes = range(first, first + n_columns)
    outside = [code for code in labels.codes if code not in codes]
    if outside:
        table.refuse(
            f"column {column!r} holds {n_columns} numbers, for the codes {codes[0]} to "
            f"{codes[-1]}, but the code {outside[0]} occurs. Give audit.columns.class_names, the "
            "names in code order."
        )
    return tuple(labels.codes.get(code, str(code)) for code in codes)


def _refuse_sums(
    table: Table, scores: ScoreColumns, values: Values, bad: npt.NDArray[np.bool_]
) -> NoReturn:
    row = int(np.argmax(bad))
    sums = values.sum(axis=1)
    if (values >= 0).all() and (np.abs(sums - 100) <= 100 * SUM_TOLERANCE).all():
        remedy = "These are percentages: divide them by 100."
    elif (values[row] < 0).any():
        remedy = "If these are logits, name them with audit.columns.logits."
    else:
        remedy = (
            "If columns of some classes are not named, name all with audit.columns.probabilities."
        )
    lowest = float(values[row].min())
    negative = f", the smallest is {lowest:g}" if lowest < 0 else ""
    table.refuse(
        f"the probabilities {_listed(scores.columns)} sum to {sums[row]:g} in row {row + 1} "
        f"({ROWS}){negative}, expected 1 within {SUM_TOLERANCE:g} and none below 0. This holds for "
        f"{int(bad.sum()):,} of {len(bad):,} rows. {remedy}"
    )


def _left_out_note(scores: Scores, left_out: Sequence[str], *, is_scaled: bool) -> str:
    columns = [scores.classes.index(name) for name in left_out]
    mass = scores.values[:, columns].sum(axis=1)
    done = (
        "every prediction is the largest probability of the others and not always of all, so the "
        "others were scaled to sum to one"
        if is_scaled
        else "the others stay as the model gave them, not scaled to sum to one"
    )
    return (
        f"{_listed(left_out)} occurs neither as a true nor as a predicted class and was left out: "
        f"its probability is {mass.mean():.4f} on average and {mass.max():.4f} at most; {done}."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
