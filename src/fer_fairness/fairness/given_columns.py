"""Columns of a table that somebody else made, as classes, groups and probabilities."""

import difflib
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import categorical, coded, looked_up
from fer_fairness.fairness.group_names import names_of, tell_merged

CLOSE_SPELLING: Final = 0.8
"""Labels more alike than this (`difflib`) may be one class with a slip of spelling."""


class SimilarLabelsWarning(UserWarning):
    """A class that is only true, or only predicted, is spelt nearly like another."""


def labels_of(frame: pd.DataFrame, y_true: str, y_pred: str) -> tuple[pd.Series, pd.Series]:
    """Both columns of labels as categories of text, alike whether numbers are int or float.

    Raises:
        InvalidInputError: A label is missing or blank, a class is spelt in two ways, or no class is
            in both columns.
    """
    labels = []
    for name in (y_true, y_pred):
        codes, values = coded(frame[name])
        missing = codes < 0
        if missing.any():
            raise InvalidInputError(
                f"Row {int(np.argmax(missing))} has no label in the column {name!r} "
                f"({int(missing.sum())} rows are like it). Leave out rows without a label."
            )
        texts = _whole_numbers(values).astype(str).str.strip()
        labels.append(categorical(codes, texts.tolist()))
    true, predicted = labels
    blank = (true == "") | (predicted == "")
    if blank.any():
        raise InvalidInputError(
            f"Row {int(np.argmax(blank))} has a blank label ({int(blank.sum())} rows are like it). "
            "Leave out rows without a label."
        )
    of_true, of_predicted = (set(column.cat.categories) for column in labels)
    _check_spelling(of_true | of_predicted)
    if not of_true & of_predicted:
        raise InvalidInputError(
            f"No class is both true and predicted: {y_true!r} has {_some(of_true)}, {y_pred!r} has "
            f"{_some(of_predicted)}. Give both columns the same names of classes."
        )
    for name in sorted(of_true ^ of_predicted):
        others = of_predicted if name in of_true else of_true
        if close := difflib.get_close_matches(name, sorted(others), n=1, cutoff=CLOSE_SPELLING):
            only = y_true if name in of_true else y_pred
            warnings.warn(
                f"The class {name!r} is in the column {only!r} only, and could be another spelling "
                f"of {close[0]!r}: they are measured as two classes.",
                SimilarLabelsWarning,
                stacklevel=4,
            )
    return true, predicted


def _check_spelling(classes: set[str]) -> None:
    """Refuse classes that differ in case or blanks only: one class would be counted as two."""
    spelt: dict[str, str] = {}
    for name in sorted(classes):
        other = spelt.setdefault("".join(name.split()).casefold(), name)
        if other != name:
            raise InvalidInputError(
                f"The labels {other!r} and {name!r} are one class spelt in two ways. Spell it in "
                "one way in both columns."
            )


def given_groups(column: pd.Series) -> pd.Series:
    """Groups as text without blanks around it; what is blank is missing.

    Blanks that alone told two groups apart are warned of.
    """
    codes, values = coded(column)
    named = names_of(_whole_numbers(values), column=column.name)
    texts = [name.strip() for name in named.cat.categories]
    repeat = pd.Series(texts, dtype=object)
    tell_merged(column.name, repeat[repeat.duplicated() & (repeat != "")])
    of_values = np.append(np.asarray(named.cat.codes), np.int8(-1))
    return categorical(looked_up(of_values, codes), [text or None for text in texts], like=column)


def _whole_numbers(column: pd.Series) -> pd.Series:
    """A column of floats that are whole numbers as integers, any other as it is."""
    whole = pd.api.types.is_float_dtype(column) and (column == column.round()).all()
    if whole and np.isfinite(column.to_numpy(dtype=np.float64)).all():
        return column.astype("int64")
    return column


def _some(labels: set[str]) -> str:
    names = sorted(labels)
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def probability_columns(
    given: Mapping[str, str] | Sequence[str] | None, classes: Sequence[str]
) -> dict[str, str]:
    """The column of each class, a class more than occurs allowed; none where none is given.

    Raises:
        InvalidInputError: It is one text, a class has no column, or two columns are for one class.
    """
    if given is None:
        return {}
    if isinstance(given, str):
        raise InvalidInputError(
            f"probabilities is {given!r}, expected a column for each class: a list of columns, or "
            "a mapping from class to column."
        )
    if isinstance(given, Mapping):
        columns = {str(name): column for name, column in given.items()}
    else:
        names = [*classes]
        columns = {}
        for column in given:
            ending = [name for name in names if str(column).endswith(name)]
            name = max(ending, key=len) if ending else str(column)
            if name in columns:
                raise InvalidInputError(
                    f"The columns of probabilities {columns[name]!r} and {column!r} both end in "
                    f"the class {name!r}. Give a mapping from each class to its column."
                )
            columns[name] = column
    lacking = [name for name in classes if name not in columns]
    if lacking:
        raise InvalidInputError(
            f"There is no column of probabilities for the class {lacking[0]!r}; given are "
            f"{', '.join(map(str, columns.values()))}. Give a mapping from each of "
            f"{', '.join(classes)} to its column."
        )
    return columns
