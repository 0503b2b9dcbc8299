"""Predictions joined to demographics, one evaluation set after the other in one table."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.tables import PERSON, stacked
from fer_fairness.taxonomy import ATTRIBUTES

Given = TypeVar("Given")


def by_evaluation_set(given: Sequence[Given]) -> dict[str, Sequence[Given]]:
    """What a node is given of every evaluation set, by their names.

    Args:
        given: As many of each set, one set after the other in the order of the registry.
    """
    n = len(given) // len(EVALUATION_SETS)
    return {name: given[place * n : (place + 1) * n] for place, name in enumerate(EVALUATION_SETS)}


def join_faces(predictions: pd.DataFrame, faces: pd.DataFrame) -> pd.DataFrame:
    """Predictions with the demographics of their faces, and whose they are where that is known.

    Raises:
        InvalidInputError: A prediction belongs to no face of the table.
    """
    columns = ["sample_id", *ATTRIBUTES, *(f"{name}_source" for name in ATTRIBUTES)]
    columns += [PERSON] if PERSON in faces.columns else []
    unknown = set(predictions["sample_id"]) - set(faces["sample_id"])
    if unknown:
        raise InvalidInputError(
            f"{len(unknown)} predictions of {predictions['variant'].iloc[0]} belong to no face of "
            f"their dataset's table, such as {min(unknown)!r}: predictions and faces come from "
            "different runs. Run the variant's pipeline again."
        )
    return predictions.merge(faces[columns], on="sample_id", validate="one_to_one")


def scored_table(tables: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    """Scored faces of all evaluation sets, told apart by the column `evaluation_set`.

    Args:
        tables: Predictions and faces of each set by its name; sets without predictions have no
            rows.

    Raises:
        InvalidInputError: A prediction belongs to no face of its set.
    """
    return stacked(
        [
            join_faces(predictions, faces).assign(evaluation_set=name)
            for name, (predictions, faces) in tables.items()
        ]
    )


def scored_faces(scored: pd.DataFrame) -> list[ScoredFaces]:
    """The evaluation sets of a `scored_table`, in the order of the registry."""
    return [
        ScoredFaces(
            evaluation_set=part.name,
            variant=str(table["variant"].iloc[0]),
            emotions=part.emotions,
            table=table.reset_index(drop=True),
        )
        for part in EVALUATION_SETS.values()
        if len(table := scored[scored["evaluation_set"] == part.name])
    ]
