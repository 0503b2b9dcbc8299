"""Finds the columns of a prediction file that hold predictions: of a model, or of a class each."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_table import ForeignTable, listed
from fer_fairness.sources.predictions_roles import (
    LIST_NAMES,
    PREDICTED_NAMES,
    PREFIXES,
    TRUE_NAMES,
    WEAK_PREFIXES,
    Kind,
    ScoreColumns,
    normal,
)

_WORDS: Final = "(?:y_pred|y_hat|predicted|predictions?|preds?)"
_OF_A_MODEL: Final = re.compile(f"{_WORDS}(?:_.+)?|.+_{_WORDS}")
_ONE_HOT: Final = re.compile(f"(?:{_WORDS}|one_?hot)_(?=.)")
_FEWEST_ONE_HOT: Final = 3
_LARGEST: Final = "class of the largest number"
_OF_SCORES: Final = re.compile(r".*_(?:conf(?:idence)?|prob(?:ability)?|scores?|logits?)")


def predicted_columns(table: ForeignTable, true: str | None) -> tuple[str, ...]:
    """Columns that are named like predictions and hold classes, true ones among them.

    Where classes are whole numbers, a column with another value holds scores, and so does one whose
    name says it ("pred_confidence").

    Args:
        table: The predictions as they were given.
        true: The column of the true class; None: guessed from the names.

    Returns:
        In the order of the table; none where there is no column of the true class. Columns that
        are one-hot together are of one model, and none of them is named.
    """
    true = _true_column(table) if true is None else true
    if true not in table.names:
        return ()
    of_classes = one_hot_columns(table)
    classes = set(table.text(true).values)
    are_codes = has_true_codes(table, true)
    return tuple(
        name
        for name in table.names
        if name not in (true, *of_classes)
        and _OF_A_MODEL.fullmatch(normal(name))
        and not _OF_SCORES.fullmatch(normal(name))
        and not table.is_list(name)
        and classes & set(table.text(name).values)
        and (not are_codes or all(map(_is_whole, table.text(name).values)))
    )


def one_hot_columns(table: ForeignTable) -> tuple[str, ...]:
    """Columns named like predictions of a class each: in every row a single 1, else 0."""
    found = tuple(
        name
        for name in table.names
        if _ONE_HOT.match(normal(name))
        and not table.is_list(name)
        and {*table.text(name).values} <= {"0", "1", "0.0", "1.0"}
    )
    if len(found) < _FEWEST_ONE_HOT:
        return ()
    n_ones = np.sum([table.numbers(name) for name in found], axis=0)
    return found if (n_ones == 1).all() else ()


def with_largest(
    table: ForeignTable, columns: PredictionColumns
) -> tuple[ForeignTable, PredictionColumns]:
    """The predicted class where only numbers of each class are given: that of the largest.

    Args:
        table: The predictions; a note tells which columns were taken.
        columns: Which column is what, as far as it is given.

    Returns:
        Both as they are where a column of predicted classes is given or named like one, or no
        columns are named like probabilities, logits or one-hot classes.
    """
    known = " ".join(PREDICTED_NAMES).split()
    if columns.predicted is not None or any(normal(name) in known for name in table.names):
        return table, columns
    of_classes = _numbers_of_classes(table, columns)
    if not of_classes:
        return table, columns
    largest = np.stack([table.numbers(name) for name in of_classes]).argmax(axis=0)
    chosen = pa.array(np.array([*of_classes.values()], dtype=object)[largest], type=pa.string())
    table.notes.append(
        "No column names the predicted class: it is that of the largest number in "
        f"{listed(of_classes)}."
    )
    table = replace(table, data=table.data.append_column(_LARGEST, chosen))
    return table, columns.model_copy(update={"predicted": _LARGEST})


def _numbers_of_classes(table: ForeignTable, columns: PredictionColumns) -> dict[str, str]:
    """The columns of numbers with the class that each is for; empty where there are none."""
    for given in (columns.probabilities, columns.logits):
        if isinstance(given, tuple):
            return _by_class("probabilities", given)
    for kind, prefixes in PREFIXES.items():
        for prefix in prefixes:
            found = tuple(name for name in table.names if normal(name).startswith(prefix))
            if len(found) > 1 and prefix not in WEAK_PREFIXES:
                return _by_class(kind, found)
    return {name: _ONE_HOT.sub("", normal(name), count=1) for name in one_hot_columns(table)}


def _by_class(kind: Kind, columns: tuple[str, ...]) -> dict[str, str]:
    suffixes = ScoreColumns(kind, columns, is_list=False, origin="guessed").suffixes
    return dict(zip(columns, suffixes, strict=True))


def columns_of_scores(table: ForeignTable) -> tuple[str, ...]:
    """Columns that look like probabilities or logits, of whichever model."""
    prefixes = (*PREFIXES["probabilities"], *PREFIXES["logits"])
    strong = tuple(prefix for prefix in prefixes if prefix not in WEAK_PREFIXES)
    lists = {*LIST_NAMES["probabilities"].split(), *LIST_NAMES["logits"].split()}
    return tuple(
        name for name in table.names if normal(name).startswith(strong) or normal(name) in lists
    )


def of_one_model(table: ForeignTable, column: str, models: Collection[str]) -> ForeignTable:
    """The table with the predictions of one model alone; a note tells of scores left out.

    Args:
        table: The predictions as they were given.
        column: Those of the model.
        models: The columns of all models.
    """
    scores = [name for name in columns_of_scores(table) if name not in models]
    found = table.without({*models, *scores} - {column})
    if scores:
        found.notes.append(
            f"{listed(scores)} were left out: nothing tells which of the models they are of. To "
            "measure calibration too, audit that model alone."
        )
    return found


def has_true_codes(table: ForeignTable, true: str | None) -> bool:
    """Whether true classes are whole numbers, which `class_names` names.

    Args:
        table: The faces or predictions as they were given.
        true: The column of the true class; None: guessed from the names.
    """
    true = _true_column(table) if true is None else true
    return true in table.names and all(map(_is_whole, table.text(true).values))


def _is_whole(text: str) -> bool:
    return text.strip().removeprefix("-").isdecimal()


def _true_column(table: ForeignTable) -> str | None:
    for rank in TRUE_NAMES:
        for name in table.names:
            if normal(name) in rank.split():
                return name
    return None
