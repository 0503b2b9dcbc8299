"""Predictions joined to demographics: what the fairness room is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import INTERSECTION
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS, RAF_DB_EMOTIONS, probability_column

FABRICATED_NOTE: Final = (
    "These faces are fabricated: drawn by a program, with a bias planted on purpose. Nothing here "
    "says anything about people."
)


@dataclass(frozen=True)
class EvaluationSet:
    """Scored test faces of one dataset.

    Attributes:
        name: The dataset.
        variant: Whose predictions these are.
        emotions: The emotions it is scored over.
        scored: `sample_id, emotion, predicted_emotion, probability_*`, the attributes and their
            sources.
    """

    name: str
    variant: str
    emotions: tuple[str, ...]
    scored: pd.DataFrame

    @property
    def probabilities(self) -> list[str] | None:
        """The columns of the emotions' probabilities, None where there are none."""
        columns = [probability_column(emotion) for emotion in self.emotions]
        return columns if set(columns) <= set(self.scored.columns) else None

    def attributes(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Those of the wanted attributes and intersections that somebody labelled here."""
        return tuple(
            attribute
            for attribute in wanted
            if all(self.scored[part].notna().any() for part in attribute.split(INTERSECTION))
        )

    def source(self, attribute: str) -> str:
        """Where the labels of an attribute come from; `predicted` if any part of it is."""
        sources = {
            source
            for part in attribute.split(INTERSECTION)
            for source in self.scored[f"{part}_source"].unique()
        }
        return next((name for name in ("predicted", "given") if name in sources), "annotated")


def evaluation_sets(**parts: tuple[pd.DataFrame, pd.DataFrame]) -> list[EvaluationSet]:
    """Join predictions and faces of each dataset; datasets without predictions are left out.

    Args:
        parts: Predictions and faces of each dataset, by its name.

    Raises:
        InvalidInputError: A prediction belongs to no face of the table.
    """
    return [
        _join(name, predictions, faces)
        for name, (predictions, faces) in parts.items()
        if len(predictions)
    ]


def with_context(tables: Sequence[tuple[EvaluationSet, pd.DataFrame]]) -> pd.DataFrame:
    """Put tables under one another, each row marked with its variant, set and attribute source."""
    marked = []
    for part, table in tables:
        table = table.assign(variant=part.variant, evaluation_set=part.name)
        if "attribute" in table.columns:
            sources = [None if pd.isna(name) else part.source(name) for name in table["attribute"]]
            table["attribute_source"] = pd.Series(sources, index=table.index, dtype="str")
        marked.append(table)
    return pd.concat(marked, ignore_index=True) if marked else pd.DataFrame()


def _join(name: str, predictions: pd.DataFrame, faces: pd.DataFrame) -> EvaluationSet:
    columns = ["sample_id", *ATTRIBUTES, *(f"{name}_source" for name in ATTRIBUTES)]
    unknown = set(predictions["sample_id"]) - set(faces["sample_id"])
    if unknown:
        msg = (
            f"{len(unknown)} predictions on {name} belong to no face of its table, such as "
            f"{min(unknown)!r}: predictions and faces come from different runs. Run the variant's "
            "pipeline again."
        )
        raise InvalidInputError(msg)
    return EvaluationSet(
        name=name,
        variant=predictions["variant"].iloc[0],
        emotions=RAF_DB_EMOTIONS if name == "raf_db" else EMOTIONS,
        scored=predictions.merge(faces[columns], on="sample_id", validate="one_to_one"),
    )
