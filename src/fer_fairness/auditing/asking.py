"""Audits as they are asked for from Python."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.comparison import Comparison
from fer_fairness.auditing.options import Options
from fer_fairness.auditing.request import Request, Source
from fer_fairness.auditing.wording import Way
from fer_fairness.errors import DoubtfulInputWarning
from fer_fairness.fairness import RepeatedPeopleWarning


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
    found = Request(source, y_true, seed, options, Way.PYTHON).audit(y_pred)
    _warn(found.reading)
    return found


def audit_models(
    source: Source,
    *,
    y_true: str | None = None,
    y_pred: Sequence[str] | Mapping[str, str] | None = None,
    seed: int = 0,
    **options: Unpack[Options],
) -> Comparison:
    """Audit several models on the same people, and test what each changes against the first.

    All changes of all models are corrected as one family: the best of many looks good by chance.

    Args:
        source: As for `audit`; with a column of predictions for each model.
        y_true: As for `audit`.
        y_pred: These columns, the first of them the reference; or a mapping from what a model is
            called to its column. Not given: all columns that are named like predictions ("pred_a",
            "b_prediction") and hold classes that are true ones too.
        seed: As for `audit`.
        options: As for `audit`, but for `name`, `probabilities` and `logits`, which are of one
            model.

    Returns:
        The audits and the changes.

    Raises:
        InvalidInputError: As for `audit`, or there are not two columns of predictions.
    """
    found = Request(source, y_true, seed, options, Way.PYTHON).audit_models(y_pred)
    _warn(found.reading)
    return found


def _warn(reading: Mapping[str, Any]) -> None:
    for warning in reading["warnings"]:
        kind = RepeatedPeopleWarning if "person=" in warning else DoubtfulInputWarning
        warnings.warn(warning, kind, stacklevel=3)
