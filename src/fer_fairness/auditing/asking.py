"""Audits as they are asked for from Python."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from fer_fairness.auditing.answers_of_model import PREDICTED, Predict, answers
from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.comparison import Comparison
from fer_fairness.auditing.faces import Dataset, faces_of
from fer_fairness.auditing.options import Options
from fer_fairness.auditing.request import Request, Source
from fer_fairness.auditing.wording import Way, in_words_of
from fer_fairness.errors import DoubtfulInputWarning, InvalidInputError
from fer_fairness.fairness import RepeatedPeopleWarning
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.predictions.of_models import has_true_codes
from fer_fairness.taxonomy import NO_CLASS


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


def audit_model(
    predict: Predict,
    *,
    dataset: Dataset,
    y_true: str | None = None,
    batch_size: int = 128,
    data_root: str | os.PathLike[str] = "data",
    seed: int = 0,
    **options: Unpack[Options],
) -> Audit:
    """Audit any model that can be called from Python, whatever library it is of.

    Args:
        predict: Takes a batch of images, uint8 of shape `(batch, height, width, 1 or 3)`, and gives
            one row of probabilities or logits an image. It prepares images as its model wants them.
        dataset: The faces with their true emotions and groups: `(images, table)`; `Pictures`, whose
            table may have the box of each face; or the name of an evaluation set prepared here.
        y_true: Column of the true emotion; not given: guessed from the names of columns.
        batch_size: Images at a time.
        data_root: Where evaluation sets lie.
        seed: Seed of all draws.
        options: As for `audit`. `class_names` is what the model's outputs are, in their order, "-"
            for one that is no class; not given: the eight emotions of `taxonomy.EMOTIONS` for a
            model of eight. Without "-" it also is the order of true emotions that are whole
            numbers.

    Returns:
        The audit, its attribute `name` that of the function unless `name` is given.

    Raises:
        InvalidInputError: As for `audit`, or images or outputs are not as above.

    Example:
        >>> def predict(images):  # doctest: +SKIP
        ...     batch = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        ...     return network(batch).softmax(dim=1).detach().numpy()
        >>> audit_model(predict, dataset="fer_plus", class_names=["anger", ...])  # doctest: +SKIP
    """
    names = options.pop("class_names", None)
    options.setdefault("name", getattr(predict, "__name__", type(predict).__name__))
    with in_words_of(Way.PYTHON):
        faces = faces_of(dataset, Path(data_root))
        said = answers(predict, faces.images, names, faces.emotions, batch_size=batch_size)
    if faces.held_out_labels is not None:
        options.setdefault("held_out_labels", faces.held_out_labels)
        options.setdefault("predicted_attributes", faces.predicted_attributes)
    table = faces.table
    taken = [name for name in said if name in table]
    if taken:
        raise InvalidInputError(
            f"The table of the dataset has a column {taken[0]!r}, which the model's answers get. "
            "Leave it out."
        )
    if names is not None and has_true_codes(table_of_frame(table), y_true):
        options["class_names"] = [name for name in names if name != NO_CLASS]
    found = Request(table.join(said), y_true, seed, options, Way.PYTHON).audit(PREDICTED)
    found.reading["warnings"].extend(faces.warnings)
    _warn(found.reading)
    return found


def _warn(reading: Mapping[str, Any]) -> None:
    for warning in reading["warnings"]:
        kind = RepeatedPeopleWarning if "person=" in warning else DoubtfulInputWarning
        warnings.warn(warning, kind, stacklevel=3)
