"""Audits as they are asked for from Python."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, Unpack

import pandas as pd

from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.options import Options, parameters_of
from fer_fairness.auditing.reading import name_of_file, read_people
from fer_fairness.auditing.wording import Way, in_words_of, worded
from fer_fairness.fairness import RepeatedPeopleWarning
from fer_fairness.sources.foreign_file import open_table
from fer_fairness.sources.foreign_table import ForeignTable
from fer_fairness.sources.given_frame import table_of_frame
from fer_fairness.taxonomy import probability_column

Source: TypeAlias = pd.DataFrame | str | os.PathLike[str]
"""Predictions: a table of them, or the path of a file."""

_UNNAMED: Final = "model"


def audit(
    source: Source,
    *,
    y_true: str | None = None,
    y_pred: str | None = None,
    seed: int = 0,
    **options: Unpack[Options],
) -> Audit:
    """Test how unevenly a model treats groups of people, whatever model it is.

    Args:
        source: Its predictions, one row a face: a DataFrame, or the path of a CSV (also .gz) or
            Parquet file. No row is left out; a group that is missing takes no part in that
            attribute and is counted in `n_missing`.
        y_true: Column of the true emotion, names or whole numbers. Not given: guessed from the
            names of columns, like the groups and all else; `Audit.reading` tells what was guessed.
        y_pred: Column of the predicted emotion, in the same names or numbers.
        seed: Seed of all draws.
        options: `options.Options`: `attributes`, `probabilities`, `person` and so on.

    Returns:
        The audit. With a single group, or none large enough, values are missing and the verdict is
        "too few people to say".

    Raises:
        InvalidInputError: A column is absent or ambiguous, a label is missing or probably misspelt,
            a sample is listed twice, a person has two groups of one attribute, probabilities are
            none, or an option cannot be.

    Example:
        >>> audit("predictions.csv", attributes=["gender", "gender x race"])  # doctest: +SKIP
    """
    with in_words_of(Way.PYTHON):
        table, name = _opened(source)
        probabilities = options.get("probabilities")
        if isinstance(probabilities, Mapping):
            table, options["probabilities"] = _named_by_class(table, probabilities)
        parameters = parameters_of(table.name, y_true, y_pred, options)
        people = read_people(table, parameters, name=parameters.name or name)
        _warn(people[1])
        return Audit.of(people, parameters, seed, Way.PYTHON)


def _opened(source: Source) -> tuple[ForeignTable, str]:
    """The table that is given, and what its model is called."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        return open_table(path), name_of_file(path)
    return table_of_frame(source), _UNNAMED


def _named_by_class(
    table: ForeignTable, columns: Mapping[str, str]
) -> tuple[ForeignTable, list[str]]:
    """The table with the column of each class under a name that ends in it, and these names."""
    names = {str(column): probability_column(str(name)) for name, column in columns.items()}
    return table.renamed(names), list(names.values())


def _warn(reading: dict[str, Any]) -> None:
    for warning in reading["warnings"]:
        warnings.warn(worded(warning, Way.PYTHON), RepeatedPeopleWarning, stacklevel=3)
