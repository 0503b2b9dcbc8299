"""An audit of any model from a table of its predictions, as one tidy table."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import code_type, repeated
from fer_fairness.fairness.confidences import check_probabilities, predicted_confidence
from fer_fairness.fairness.counts import PREDICTION_COLUMNS
from fer_fairness.fairness.evaluation import evaluate
from fer_fairness.fairness.gaps import GAP_COLUMNS
from fer_fairness.fairness.given_columns import given_groups, labels_of, probability_columns
from fer_fairness.fairness.group_names import (
    INTERSECTION,
    single_attributes,
)
from fer_fairness.fairness.people.repeated_people import (
    MOST_ROWS,
    RepeatedPeopleWarning,
    repeated_people,
)
from fer_fairness.params.inference import InferenceParameters

AUDIT_COLUMNS: Final = (
    "metric",
    "attribute",
    "group",
    "other_group",
    *GAP_COLUMNS[5:10],
    "verdict",
    "family",
    *GAP_COLUMNS[10:-1],
)


_PERSON: Final = "whose face"
"""Of the table that is evaluated: columns of groups may have any other name."""


def audit(  # noqa: PLR0913 -- every one of them is a column or a choice of whoever calls
    frame: pd.DataFrame,
    *,
    y_true: str,
    y_pred: str,
    attributes: str | Sequence[str],
    probabilities: Mapping[str, str] | Sequence[str] | None = None,
    sample_id: str | None = None,
    person: str | None = None,
    n_bootstrap: int = 10_000,
    n_permutations: int = 10_000,
    minimum_group_size: int = 10,
    primary: str | Sequence[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Test how unevenly a model treats groups of people, whatever model it is.

    Args:
        frame: One row a face.
        y_true: Column of the true class: text or whole numbers, none missing.
        y_pred: Column of the predicted class, in the same names or numbers.
        attributes: Columns of groups, and intersections of them such as "gender x race". People
            whose group is missing take no part in that attribute and are counted in `n_missing`.
        probabilities: Columns of the predicted probabilities: a mapping from class to column, or
            columns whose names end in the class, as `probability_anger`. They must cover every
            class and sum to one. With them the calibration error is compared as well.
        sample_id: Column that tells the rows apart; one listed twice is an error.
        person: Column that tells people, or videos, apart where they have several faces: people
            are then shuffled and resampled whole, and the groups of each must be the same in all
            its rows. A row where it is missing is a person of its own, and so is every row without
            it; if rows then look like several faces of the same people, `RepeatedPeopleWarning` is
            given.
        n_bootstrap: Resampled tables behind the intervals.
        n_permutations: Shuffles of the group labels behind each p-value; more are drawn where so
            few could find nothing after the correction for many tests.
        minimum_group_size: Groups with fewer people are named in `left_out` and not compared.
        primary: Up to five outcomes named before looking, such as "accuracy_gap by race": they are
            tested first, at the full level, and everything else only where all of them are found.
        seed: Seed of all draws.

    Returns:
        `AUDIT_COLUMNS`; see `gaps.gap_table` for the rows and what they hold. Of each attribute the
        row `any_difference` comes first: it is the question to begin with.
        With a single group, or none large enough, the values are missing and the verdict is "too
        few people to say".

    Raises:
        InvalidInputError: If a column is missing, a label is missing, true and predicted classes
            have no name in common, a sample is listed twice, a person has two groups, or
            probabilities are none.

    Example:
        >>> table = audit(frame, y_true="label", y_pred="prediction", attributes=["gender"])
        >>> table[["metric", "value", "ci_low", "ci_high", "verdict"]]  # doctest: +SKIP
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInputError(
            f"The predictions are a {type(frame).__name__}, expected a pandas DataFrame: read the "
            "file first, or audit it on the command line with audit.predictions=FILE."
        )
    given = [attributes] if isinstance(attributes, str) else list(attributes)
    wanted = [_joined_by_x(str(name)) for name in given]
    params = _parameters(
        n_bootstrap=n_bootstrap,
        n_permutations=n_permutations,
        minimum_group_size=minimum_group_size,
        primary=tuple(map(_joined_by_x, [primary] if isinstance(primary, str) else primary)),
    )
    _check_attributes(wanted)
    optional = [name for name in (sample_id, person) if name is not None]
    _check_columns(frame, [y_true, y_pred, *optional, *_parts(wanted)])
    # Rows are people in the order given: an index of any other kind would join them by its labels.
    frame = frame.reset_index(drop=True)
    true, predicted = labels_of(frame, y_true, y_pred)
    classes = tuple(sorted({*true.cat.categories, *predicted.cat.categories}))
    people = pd.DataFrame({"emotion": true, "predicted_emotion": predicted})
    if sample_id is not None:
        _check_ids(frame[sample_id], sample_id)
    # That they differ is checked: a text for each row would only cost memory.
    people.insert(0, "sample_id", np.arange(len(frame), dtype=code_type(len(frame))))
    if person is not None:
        people[_PERSON] = given_groups(frame[person])
    for name in _parts(wanted):
        people[name] = given_groups(frame[name])
    columns = probability_columns(probabilities, classes)
    for column in columns.values():
        if column not in frame.columns:
            _check_columns(frame, [column])
    if person is None:
        roles = {y_true, y_pred, *wanted, *columns.values()}
        _warn_of_repeated_people(frame, people[_parts(wanted)], roles, sample_id)
    confidence = None
    if columns:
        check_probabilities(frame, list(columns.values()))
        confidence = predicted_confidence(
            frame, predicted=predicted, classes=list(columns), columns=list(columns.values())
        )
    gaps = evaluate(
        people,
        attributes=wanted,
        emotions=tuple(columns) or classes,
        params=params,
        seed=seed,
        confidence=confidence,
        person=None if person is None else _PERSON,
    ).gaps
    return gaps[list(AUDIT_COLUMNS)]


def _check_ids(ids: pd.Series, sample_id: str) -> None:
    """Refuse a sample that is listed twice, saying what to do where ids are people."""
    twice = ids[repeated(ids)]
    if len(twice):
        raise InvalidInputError(
            f"The column {sample_id!r} lists {twice.iloc[0]!r} more than once ({len(twice):,} rows "
            "too many): audit one model and one run at a time. If the column tells people apart "
            f"who have several faces each, give person={sample_id!r} in place of sample_id."
        )


def _warn_of_repeated_people(
    frame: pd.DataFrame, groups: pd.DataFrame, roles: set[str], sample_id: str | None
) -> None:
    others = frame.iloc[:MOST_ROWS][[name for name in frame.columns if name not in roles]]
    found = repeated_people(others, groups, ids=sample_id)
    if found is not None:
        named = "a column of people" if found.in_ids else repr(found.column)
        warnings.warn(
            f"{found.sentence} Say whose faces they are with audit(person=...): {named}.",
            RepeatedPeopleWarning,
            stacklevel=3,
        )


def _parameters(**given: object) -> InferenceParameters:
    try:
        return InferenceParameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInputError(
            f"{first['loc'][0]} is {first['input']!r}: {first['msg']}."
        ) from error


def _joined_by_x(name: str) -> str:
    """A name with the report's sign of intersections as it is written here."""
    return name.replace(" \N{MULTIPLICATION SIGN} ", INTERSECTION)


def _parts(attributes: Sequence[str]) -> list[str]:
    """The columns that attributes and intersections are made of, each once."""
    if not attributes:
        raise InvalidInputError("No attribute is named. Name a column of groups, such as gender.")
    return single_attributes(attributes)


def _check_attributes(attributes: Sequence[str]) -> None:
    reserved = (*PREDICTION_COLUMNS, _PERSON)
    taken = [name for name in _parts(attributes) if name in reserved]
    if taken:
        raise InvalidInputError(
            f"A column of groups is named {taken[0]!r}, which stands for something else here. "
            "Rename it."
        )


def _check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise InvalidInputError(
                f"A column is named {name!r}, expected text. Rename the columns of the table."
            )
        if list(frame.columns).count(name) > 1:
            raise InvalidInputError(
                f"The table has several columns named {name!r}. Rename all but one."
            )
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise InvalidInputError(
            f"The table has no column {absent[0]!r}; it has {', '.join(map(str, frame.columns))}. "
            "Give the names that it has."
        )
    if frame.empty:
        raise InvalidInputError("The table has no rows. Give one row a person.")
