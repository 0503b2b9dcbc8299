"""Finds the columns of a prediction file that hold predictions: of a model, or of a class each."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.table import ForeignTable, listed
from fer_fairness.sources.predictions.roles import (
    ATTRIBUTE_NAMES,
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
_WORDS_AT_AN_END: Final = re.compile(f"^{_WORDS}(?:_|$)|_{_WORDS}$")
_RANK: Final = re.compile(r"(?:top|rank)?_?(\d*)(?:st|nd|rd|th)?")
_ORDINALS: Final = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
_FEWEST_ROWS: Final = 20
_LARGEST_KAPPA: Final = 0.1
"""Two models that have learnt something agree more often than by chance; answers of one differ."""

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
        are one-hot together are of one model, and none of them is named; nor is one of groups
        ("pred_gender"), or one of the further answers of a model ("pred_2").
    """
    found = _of_classes(table, true)
    further = _further_answers(table, found)
    return tuple(name for name in found if name not in further)


def with_first_answers(
    table: ForeignTable, columns: PredictionColumns
) -> tuple[ForeignTable, PredictionColumns]:
    """The table without a model's second and further answers, where it has some ("pred_2").

    Args:
        table: The predictions; a note tells what was left out.
        columns: Which column is what; the first answers are predicted where nothing else is given.
    """
    if columns.predicted is not None or len(_ranks(table.names)) < 2:
        return table, columns
    further = _further_answers(table, _of_classes(table, columns.true))
    if not further:
        return table, columns
    first = next(iter(further.values()))
    table = table.without(further)
    table.notes.append(
        f"{first!r} agrees no more often than by chance with {listed(further)}, taken for further "
        "answers of the same model and left out. To compare models, name all in "
        "audit.columns.predicted."
    )
    return table, columns.model_copy(update={"predicted": first})


def with_only_model(table: ForeignTable, columns: PredictionColumns) -> PredictionColumns:
    """Predicted is the only column named like a model's ("pred_resnet"), if none is named plainly.

    Args:
        table: The predictions.
        columns: Which column is what.
    """
    plain = {name for names in PREDICTED_NAMES for name in names.split()}
    if columns.predicted is not None or plain & {*map(normal, table.names)}:
        return columns
    found = predicted_columns(table, columns.true)
    return columns.model_copy(update={"predicted": found[0]}) if len(found) == 1 else columns


def _of_classes(table: ForeignTable, true: str | None) -> tuple[str, ...]:
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
        and _named(name).removeprefix("perceived_") not in ATTRIBUTE_NAMES.split()
        and not table.is_list(name)
        and classes & set(table.text(name).values)
        and (not are_codes or all(map(_is_whole, table.text(name).values)))
    )


def _named(column: str) -> str:
    """What a column of predictions is called besides: "gender" of "pred_gender"."""
    return _WORDS_AT_AN_END.sub("", normal(column))


def _ranks(columns: Sequence[str]) -> dict[str, int]:
    """The number of each column of numbered predictions; 0 of one without a number."""
    return {
        name: int(found[1] or 0)
        for name in columns
        if _OF_A_MODEL.fullmatch(normal(name))
        and (found := _RANK.fullmatch(_ORDINALS.get(_named(name), _named(name))))
    }


def _further_answers(table: ForeignTable, columns: Sequence[str]) -> dict[str, str]:
    """Numbered columns of one model's next best classes, with the column of its best."""
    ranks = _ranks(columns)
    if len(ranks) < 2 or table.n_rows < _FEWEST_ROWS:
        return {}
    first, *others = sorted(ranks, key=ranks.__getitem__)
    best = table.text(first).texts.astype("str")
    return {
        name: first
        for name in others
        if _agree_by_chance(best, table.text(name).texts.astype("str"))
    }


def _agree_by_chance(first: pd.Series, other: pd.Series) -> bool:
    """Whether Cohen's (1960) kappa of two columns of classes is small."""
    shares = first.value_counts(normalize=True) * other.value_counts(normalize=True)
    chance = float(shares.sum())
    return bool((first == other).mean() - chance <= _LARGEST_KAPPA * (1 - chance))


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
