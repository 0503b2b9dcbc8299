"""Scored faces of one evaluation set: predictions beside the groups of the people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.confidences import predicted_confidence
from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.tables import CONFIDENCE, PERSON
from fer_fairness.taxonomy import probability_column


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
