"""Reads the probabilities of a prediction file, checks them, and orders them by class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_fairness.fairness.codes import Codes
from fer_fairness.sources.foreign_tables.number_lists import list_numbers
from fer_fairness.sources.foreign_tables.table import (
    ROWS,
    ForeignTable,
    listed,
    rows_named,
)
from fer_fairness.sources.predictions.codes import code_range
from fer_fairness.sources.predictions.labels import Labels, emotion
from fer_fairness.sources.predictions.roles import ScoreColumns
from fer_fairness.sources.predictions.shares import Values, shares_of, sums_of
from fer_fairness.taxonomy import EMOTIONS

_LARGEST_DISAGREEMENT: Final = 0.5
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Scores:
    """A number for each row and class.

    Attributes:
        values: Of each class, shape (n,), finite, but for minus infinity among logits. They stay
            apart: in one array they would take their memory twice.
        classes: The classes, in the order of `values`.
    """

    values: tuple[Values, ...]
    classes: tuple[str, ...]


def read_scores(
    table: ForeignTable, columns: ScoreColumns, labels: Labels, given: tuple[str, ...]
) -> Scores | None:
    """Read the numbers as they are in the file, and tell which class each is for.

    Columns with names belong to the class, or the code, that their name ends in. Numbers in a list
    follow the given classes, or the integer codes.

    Args:
        table: The file.
        columns: Which columns.
        labels: The labels that occur.
        given: All classes; empty if they are not given.

    Returns:
        The numbers in the order of the file; None for columns that were guessed from a name that
        begins other columns as well, where some class has none.

    Raises:
        InvalidInputError: If a value is no number, is not finite (minus infinity may be a logit),
            lists differ in length, or the classes cannot be told.
    """
    if columns.is_list:
        values = tuple(list_numbers(table, columns.columns[0]).T)
        classes = _classes_of_list(table, columns.columns[0], labels, given, len(values))
    else:
        classes = _classes_of_columns(table, columns, labels, given)
        if columns.is_weak and not set(labels.occurring) <= set(classes):
            return None
        values = tuple(table.numbers(name) for name in columns.columns)
    _check_finite(table, columns, values)
    return Scores(values, classes)


def _check_finite(table: ForeignTable, columns: ScoreColumns, values: Sequence[Values]) -> None:
    bad = np.stack([~np.isfinite(own) for own in values])
    if columns.kind == "logits":
        # Masked classes have a logit of minus infinity; one class must be left.
        some = ~bad.all(axis=0)
        for own, of_class in zip(bad, values, strict=True):
            own &= ~(np.isneginf(of_class) & some)
    if bad.any():
        row = int(np.argmax(bad.any(axis=0)))
        column = columns.columns[0 if columns.is_list else int(np.argmax(bad[:, row]))]
        table.refuse(
            f"column {column!r} holds {table.cell(column, row)!r} in row {row + 1} ({ROWS}), "
            f"expected finite numbers with a decimal point. {int(bad.sum()):,} of "
            f"{bad.size:,} values are like that. Correct them, or leave these rows out of the file."
        )


def probabilities(
    table: ForeignTable, columns: ScoreColumns, scores: Scores, labels: Labels
) -> Scores:
    """Probabilities from probabilities, which are checked, or from logits.

    Args:
        table: The file; a note tells of the softmax.
        columns: Which columns, and whether they hold logits.
        scores: What they hold.
        labels: The classes that occur. One that is never predicted and that the model does not
            know has the probability 0, which a note says.

    Returns:
        The probabilities, in [0, 1], as `shares_of` gives them.

    Raises:
        InvalidInputError: If a class has no column, a probability is negative, rows sum neither to
            one nor to 100, or logits are probabilities already.
    """
    absent = tuple(name for name in labels.occurring if name not in scores.classes)
    if absent and not _is_unknown_to_model(absent, scores, labels):
        table.refuse(
            f"the class {absent[0]!r} occurs but has no column of {columns.kind}. "
            f"{listed(columns.columns)} were taken to be for {listed(scores.classes)}. Name one "
            f"column for each class with audit.columns.{columns.kind}, or write the same names in "
            "both places."
        )
    values = shares_of(table, columns, scores.values)
    zeros = tuple(np.zeros(table.n_rows) for _ in absent)
    table.notes.extend(
        f"{name!r} is the true class of {rows_named(labels.true.texts == name)}, and the model has "
        "no column for it: its probability is 0, and these faces count as mistaken."
        for name in absent
    )
    return Scores((*values, *zeros), (*scores.classes, *absent))


def _is_unknown_to_model(absent: Sequence[str], scores: Scores, labels: Labels) -> bool:
    """Whether classes without a column are true alone, and no column is another name of one."""
    unmet = [name for name in scores.classes if name not in labels.occurring]
    if set(absent) & set(labels.predicted.values):
        return False
    return not unmet or all(emotion(name) in EMOTIONS for name in (*absent, *unmet))


def _largest(values: Sequence[Values]) -> Values:
    largest = values[0].copy()
    for own in values[1:]:
        np.maximum(largest, own, out=largest)
    return largest


def of_occurring_classes(
    table: ForeignTable,
    scores: Scores,
    classes: tuple[str, ...],
    predicted: Codes,
) -> Scores:
    """Compare the predicted classes with the largest probabilities, and leave out empty classes.

    Args:
        table: The file; notes tell what was found.
        scores: All probabilities of the file.
        classes: The classes that occur.
        predicted: Integers of shape (n,): index of each predicted class in `classes`.

    Returns:
        The probabilities of the classes that occur. They are scaled to sum to one only where the
        file shows that its model chose among these classes alone: every prediction is then the
        largest of these, and some are not the largest of all. Otherwise they stay as the model
        gave them, for scaling would make it look surer than it was.

    Raises:
        InvalidInputError: If more than half of the predictions are not the largest probability.
    """
    values = _of_classes(scores, classes)
    chosen = np.empty(len(predicted))
    for code, own in enumerate(values):
        np.copyto(chosen, own, where=predicted == code)
    # Rounded numbers tie; a prediction that shares the largest probability is no disagreement.
    differs = chosen < _largest(scores.values) - _ROUNDING
    if differs.mean() > _LARGEST_DISAGREEMENT:
        row = int(np.argmax(differs))
        largest = scores.classes[int(np.argmax([own[row] for own in scores.values]))]
        table.refuse(
            f"in {rows_named(differs)} ({ROWS}) the predicted class does not have the largest "
            f"probability: row {row + 1} predicts {classes[predicted[row]]!r}, the largest is that "
            f"of {largest!r}. The columns are probably for {listed(scores.classes)} in another "
            "order: give audit.columns.class_names, or the columns in the order of the classes."
        )
    left_out = [name for name in scores.classes if name not in classes]
    is_masked = bool(left_out and differs.any() and (chosen >= _largest(values) - _ROUNDING).all())
    if left_out:
        table.notes.append(_left_out_note(scores, left_out, is_scaled=is_masked))
    if is_masked:
        sums = sums_of(values)
        values = tuple(own / sums for own in values)
    elif differs.any():
        table.notes.append(
            f"In {int(differs.sum()):,} of {len(differs):,} rows the predicted class does not have "
            "the largest probability. The predicted class is used; thresholds may differ."
        )
    return Scores(values, classes)


def _of_classes(scores: Scores, classes: Iterable[str]) -> tuple[Values, ...]:
    return tuple(scores.values[scores.classes.index(name)] for name in classes)


def _classes_of_columns(
    table: ForeignTable, columns: ScoreColumns, labels: Labels, given: tuple[str, ...]
) -> tuple[str, ...]:
    named = [labels.named(suffix) for suffix in columns.suffixes]
    if not any(named) and len(given) == len(named):
        return given
    pairs = zip(named, columns.suffixes, strict=True)
    classes = tuple(suffix if name is None else name for name, suffix in pairs)
    twice = next((name for name in classes if classes.count(name) > 1), None)
    if twice is not None:
        table.refuse(
            f"two of the columns {listed(columns.columns)} are for the class {twice!r}. Name one "
            f"column a class with audit.columns.{columns.kind}."
        )
    return classes


def _classes_of_list(
    table: ForeignTable, column: str, labels: Labels, given: tuple[str, ...], n_numbers: int
) -> tuple[str, ...]:
    if given:
        if len(given) != n_numbers:
            table.refuse(
                f"column {column!r} holds {n_numbers} numbers, but audit.columns.class_names names "
                f"{len(given)} classes. Name all classes, in the order of the numbers."
            )
        return given
    if not labels.codes:
        table.refuse(
            f"column {column!r} holds {n_numbers} numbers, and nothing tells which class each is "
            "for. Give audit.columns.class_names, the classes in the order of the numbers."
        )
    codes = code_range(labels.codes, n_numbers)
    outside = [code for code in labels.codes if code not in codes]
    if outside:
        table.refuse(
            f"column {column!r} holds {n_numbers} numbers, for the codes {codes[0]} to "
            f"{codes[-1]}, but the code {outside[0]} occurs. Give audit.columns.class_names, the "
            "names in code order."
        )
    return tuple(labels.codes.get(code, str(code)) for code in codes)


def _left_out_note(scores: Scores, left_out: Sequence[str], *, is_scaled: bool) -> str:
    mass = sums_of(_of_classes(scores, left_out))
    done = (
        "every prediction is the largest probability of the others and not always of all, so the "
        "others were scaled to sum to one"
        if is_scaled
        else "the others stay as the model gave them, not scaled to sum to one"
    )
    return (
        f"{listed(left_out)} occurs neither as a true nor as a predicted class and was left out: "
        f"its probability is {mass.mean():.4f} on average and {mass.max():.4f} at most; {done}."
    )
