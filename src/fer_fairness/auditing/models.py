"""Several models of one table of predictions: read one by one, kept together, told apart again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.auditing.reading import People, name_of_file, read_people, scored_faces
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import categorical
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.params.audit import AuditParameters
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import ForeignTable
from fer_fairness.sources.predictions.of_models import of_one_model, predicted_columns
from fer_fairness.tables import MODEL

_LABELS: Final = ("emotion", "predicted_emotion")


def read_people_of_file(path: Path, parameters: AuditParameters) -> People:
    """`read_people` of a CSV, Parquet or JSON file, which gives the audit of one model its name.

    Args:
        path: The file.
        parameters: `columns.models` are those of several models, if any.

    Raises:
        InvalidInputError: The file cannot be opened, or as for `read_people`.
    """
    table = open_table(path)
    if parameters.columns.models:
        return read_people_of_models(table, parameters)
    try:
        return read_people(table, parameters, name=parameters.name or name_of_file(path))
    except InvalidInputError as error:
        asked = parameters.columns
        models = predicted_columns(table, asked.true) if asked.predicted is None else ()
        if len(models) < 2:
            raise
        told = f'{error} To compare several, give "audit.columns.predicted={";".join(models)}".'
        raise InvalidInputError(told) from error.__cause__


def read_people_of_models(table: ForeignTable, parameters: AuditParameters) -> People:
    """The people as each model predicts them, one model under the other.

    Args:
        table: The predictions as they were given.
        parameters: `columns.models` are the models, the reference first.

    Returns:
        As of `read_people`; people have the column `tables.MODEL`.

    Raises:
        InvalidInputError: As for `read_people`.
    """
    models = parameters.columns.models
    found = []
    for name in models:
        columns = parameters.columns.model_copy(update={"predicted": name})
        own = parameters.model_copy(update={"columns": columns})
        found.append(read_people(of_one_model(table, name, models), own, name=name))
    _, _, held_out, labels = found[0]
    reading = joined_reading([reading for _, reading, *_ in found])
    return _stacked([people for people, *_ in found], reading), reading, held_out, labels


def joined_reading(readings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How several models were read: as the first, and from what the others.

    Args:
        readings: Of each model, the reference first.

    Returns:
        The first with the names of all as `models`, the classes of all, and what may be wrong with
        the name of the model that it is said of, unless it is said of all.
    """
    names = [str(one["name"]) for one in readings]
    told = [one["columns"]["predicted"] for one in readings]
    predicted = {
        "columns": [one["column"] for one in told],
        "by": " and ".join(dict.fromkeys(str(one["by"]) for one in told)),
    }
    warnings = [
        text
        if all(text in other["warnings"] for other in readings)
        else f"The model “{name}”: {text}"
        for name, one in zip(names, readings, strict=True)
        for text in one["warnings"]
    ]
    return {
        **readings[0],
        "columns": {**readings[0]["columns"], "predicted": predicted},
        "classes": list(dict.fromkeys(name for one in readings for name in one["classes"])),
        "models": names,
        "warnings": list(dict.fromkeys(warnings)),
        "notes": list(dict.fromkeys(note for one in readings for note in one["notes"])),
    }


def models_of(people: pd.DataFrame, reading: Mapping[str, Any]) -> list[ScoredFaces]:
    """The people as each model predicts them, the reference first; of one model that one.

    Args:
        people: The first table of `People`.
        reading: How they were read.
    """
    if MODEL not in people.columns:
        return [scored_faces(people, dict(reading))]
    parts = []
    for name in reading["models"]:
        own = people[people[MODEL] == name].drop(columns=MODEL).reset_index(drop=True)
        own = own.assign(**{label: own[label].cat.remove_unused_categories() for label in _LABELS})
        occurring = {value for label in _LABELS for value in own[label].cat.categories}
        classes = [each for each in reading["classes"] if each in occurring]
        parts.append(scored_faces(own, {**reading, "name": name, "classes": classes}))
    return parts


def audience_of(parts: Sequence[ScoredFaces], attributes: Sequence[str]) -> Audience:
    """The people of the first model as all models predict them.

    Args:
        parts: Each model, the reference first.
        attributes: Attributes and intersections to compare groups by.
    """
    first = parts[0]
    return Audience(
        first.evaluation_set,
        {part.variant: {0: part.table} for part in parts},
        tuple(attributes),
        tuple(dict.fromkeys(name for part in parts for name in part.emotions)),
        {name: first.source(name) for name in attributes},
    )


def _stacked(people: Sequence[pd.DataFrame], reading: Mapping[str, Any]) -> pd.DataFrame:
    """One model under the other, still as categories: of millions of people texts take too much."""
    marked = []
    for name, own in zip(reading["models"], people, strict=True):
        labels = {label: own[label].cat.set_categories(reading["classes"]) for label in _LABELS}
        model = categorical(np.zeros(len(own), dtype=np.int8), [name]).cat.set_categories(
            reading["models"]
        )
        marked.append(own.assign(**labels, **{MODEL: model}))
    return pd.concat(marked, ignore_index=True)
