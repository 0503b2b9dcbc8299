"""Predictions joined to demographics, one evaluation set after the other in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness import predicted_confidence
from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.tables import CONFIDENCE, PERSON, stacked
from fer_fairness.taxonomy import ATTRIBUTES, probability_column

Given = TypeVar("Given")


@dataclass(frozen=True)
class ScoredFaces:
    """Scored test faces of one evaluation set.

    Attributes:
        evaluation_set: Its name.
        variant: Whose predictions these are.
        emotions: The emotions it is scored over.
        table: `sample_id, emotion, predicted_emotion`, `probability_*` or their `confidence`, the
            attributes and their sources, and `person` where people have several faces.
    """

    evaluation_set: str
    variant: str
    emotions: tuple[str, ...]
    table: pd.DataFrame

    @property
    def confidence(self) -> npt.NDArray[np.float64] | None:
        """The probability of each predicted emotion, shape (faces,); None where it is not known."""
        columns = [probability_column(emotion) for emotion in self.emotions]
        if CONFIDENCE in self.table.columns:
            return self.table[CONFIDENCE].to_numpy(dtype=np.float64)
        if not set(columns) <= set(self.table.columns):
            return None
        predicted = self.table["predicted_emotion"]
        return predicted_confidence(
            self.table, predicted=predicted, classes=self.emotions, columns=columns
        )

    @property
    def person(self) -> str | None:
        """The column that tells people apart, None where there is none or it is empty."""
        known = PERSON in self.table.columns and self.table[PERSON].notna().any()
        return PERSON if known else None

    def attributes(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Those of the wanted attributes and intersections that somebody labelled here."""
        return tuple(
            attribute
            for attribute in wanted
            if all(self.table[part].notna().any() for part in attribute_parts(attribute))
        )

    def source(self, attribute: str) -> str:
        """Where the labels of an attribute come from; `predicted` if any part of it is."""
        sources = {
            source
            for part in attribute_parts(attribute)
            for source in self.table[f"{part}_source"].unique()
        }
        return next((name for name in ("predicted", "given") if name in sources), "annotated")


def with_confidence(part: ScoredFaces) -> pd.DataFrame:
    """The table with the one probability that is measured in place of all, where there are any.

    Of millions of people the others take more memory than all else together.
    """
    confidence = part.confidence
    if confidence is None:
        return part.table
    others = [name for name in part.table.columns if not name.startswith("probability_")]
    return part.table[others].assign(**{CONFIDENCE: confidence})


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


def with_context(tables: Sequence[tuple[ScoredFaces, pd.DataFrame]]) -> pd.DataFrame:
    """Put tables under one another, each row marked with its variant, set and attribute source."""
    marked = []
    for part, table in tables:
        table = table.assign(variant=part.variant, evaluation_set=part.evaluation_set)
        if "attribute" in table.columns:
            sources = {name: part.source(name) for name in table["attribute"].dropna().unique()}
            table["attribute_source"] = table["attribute"].map(sources).astype("str")
        marked.append(table)
    return pd.concat(marked, ignore_index=True) if marked else pd.DataFrame()
