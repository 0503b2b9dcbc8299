"""Finds the columns of a prediction file that each hold the predictions of another model."""

import re
from collections.abc import Collection
from typing import Final

from fer_fairness.sources.foreign_table import ForeignTable
from fer_fairness.sources.predictions_roles import (
    LIST_NAMES,
    PREFIXES,
    TRUE_NAMES,
    WEAK_PREFIXES,
    normal,
)

_WORDS: Final = "(?:y_pred|y_hat|predicted|predictions?|preds?)"
_OF_A_MODEL: Final = re.compile(f"{_WORDS}(?:_.+)?|.+_{_WORDS}")
_OF_SCORES: Final = re.compile(r".*_(?:conf(?:idence)?|prob(?:ability)?|scores?|logits?)")


def predicted_columns(table: ForeignTable, true: str | None) -> tuple[str, ...]:
    """Columns that are named like predictions and hold classes, true ones among them.

    Where classes are whole numbers, a column with another value holds scores, and so does one whose
    name says it ("pred_confidence").

    Args:
        table: The predictions as they were given.
        true: The column of the true class; None: guessed from the names.

    Returns:
        In the order of the table; none where there is no column of the true class.
    """
    true = _true_column(table) if true is None else true
    if true not in table.names:
        return ()
    classes = set(table.text(true).values)
    are_codes = has_true_codes(table, true)
    return tuple(
        name
        for name in table.names
        if name != true
        and _OF_A_MODEL.fullmatch(normal(name))
        and not _OF_SCORES.fullmatch(normal(name))
        and not table.is_list(name)
        and classes & set(table.text(name).values)
        and (not are_codes or all(map(_is_whole, table.text(name).values)))
    )


def columns_of_scores(table: ForeignTable) -> tuple[str, ...]:
    """Columns that look like probabilities or logits, of whichever model."""
    prefixes = (*PREFIXES["probabilities"], *PREFIXES["logits"])
    strong = tuple(prefix for prefix in prefixes if prefix not in WEAK_PREFIXES)
    lists = {*LIST_NAMES["probabilities"].split(), *LIST_NAMES["logits"].split()}
    return tuple(
        name for name in table.names if normal(name).startswith(strong) or normal(name) in lists
    )


def of_one_model(table: ForeignTable, column: str, models: Collection[str]) -> ForeignTable:
    """The table with the predictions of one model alone, and no scores: whose they are is not told.

    Args:
        table: The predictions as they were given.
        column: Those of the model.
        models: The columns of all models.
    """
    return table.without({*models, *columns_of_scores(table)} - {column})


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
