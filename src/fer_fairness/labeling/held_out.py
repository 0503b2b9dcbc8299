"""The labeller on annotated faces that it has not seen: what every measure of it starts from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.checks import check_embeddings
from fer_fairness.labeling.groups import FAIRFACE_GROUPINGS, Grouping, group_codes, grouped_labels
from fer_fairness.labeling.labeller import DemographicLabeller, most_probable
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES


@dataclass(frozen=True)
class Scored:
    """One attribute of the annotated faces that have an embedding, in one grouping.

    Attributes:
        attribute: Its name.
        grouping: The grouping.
        asked: Whether labels are given in this grouping.
        rows: Which rows of the faces table, int `(n,)`.
        true: Position of the true group among the grouping's, int `(n,)`.
        predicted: Position of the most probable group, int `(n,)`, whatever its probability.
        confidence: Its probability, float64 `(n,)`.
        abstained: Whether that is too little for a label, bool `(n,)`.
        n_without_embedding: Annotated faces that are not among `rows`.
    """

    attribute: str
    grouping: Grouping
    asked: bool
    rows: np.ndarray
    true: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    abstained: np.ndarray
    n_without_embedding: int

    @property
    def right(self) -> np.ndarray:
        """Whether the most probable group is the true one, bool `(n,)`."""
        same: np.ndarray = self.true == self.predicted
        return same


def scored(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> Iterator[Scored]:
    """Every attribute in FairFace's groups and, where that is another, in the asked grouping.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out, and faces
            without a label of an attribute are left out of that.

    Yields:
        The asked grouping of an attribute, then the finer one.

    Raises:
        InvalidInputError: If shapes do not agree, or no face with an embedding carries a label of
            an attribute.
    """
    embedded = check_embeddings(embeddings, len(faces), labeller.dimension)
    for attribute in ATTRIBUTES:
        asked, finest = labeller.asked[attribute], FAIRFACE_GROUPINGS[attribute]
        labelled = usable(faces) & grouped_labels(faces, attribute, finest).notna()
        annotated = labelled.to_numpy(dtype=bool)
        rows = np.flatnonzero(annotated & embedded)
        if len(rows) == 0:
            raise InvalidInputError(
                f"None of {len(faces)} faces carries a label of {attribute} and has an embedding: "
                "the labeller cannot be measured. Give annotated FairFace faces of the test split."
            )
        fine = labeller.classifiers[attribute].probabilities(embeddings[rows])
        n_without = int((annotated & ~embedded).sum())
        for grouping in (asked,) if asked == finest else (asked, finest):
            probabilities = grouping.summed(fine)
            true = grouped_labels(faces.iloc[rows], attribute, grouping)
            confidence = probabilities.max(axis=1)
            yield Scored(
                attribute=attribute,
                grouping=grouping,
                asked=grouping is asked,
                rows=rows,
                true=group_codes(true, grouping.groups),
                predicted=probabilities.argmax(axis=1),
                confidence=confidence,
                abstained=labeller.abstains(confidence, attribute),
                n_without_embedding=n_without,
            )


def held_out_labels(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """True and predicted groups of each annotated face: what corrections of label noise need.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none.
        faces: Their `faces` table with FairFace's groups; excluded faces and faces without any
            label are left out.

    Returns:
        One row a face: `sample_id`; for each attribute, in the asked grouping,
        `true_<attribute>` (missing where not annotated), `predicted_<attribute>` (missing where
        the labeller abstained or there is no embedding), `<attribute>_confidence` and
        `probability_<attribute>_<group>` (NaN where there is no embedding).

    Raises:
        InvalidInputError: If shapes do not agree, or a label is none of FairFace's.
    """
    check_embeddings(embeddings, len(faces), labeller.dimension)
    kept = (usable(faces) & faces[list(ATTRIBUTES)].notna().any(axis=1)).to_numpy(dtype=bool)
    faces = faces[kept].reset_index(drop=True)
    columns: dict[str, object] = {"sample_id": faces["sample_id"]}
    for attribute in ATTRIBUTES:
        grouping = labeller.asked[attribute]
        probabilities = grouping.summed(labeller.probabilities(embeddings[kept], attribute))
        confidence = probabilities.max(axis=1)
        abstained = labeller.abstains(confidence, attribute)
        predicted = most_probable(probabilities, grouping.groups)
        columns[f"true_{attribute}"] = grouped_labels(faces, attribute, grouping)
        columns[f"predicted_{attribute}"] = predicted.mask(abstained)
        columns[f"{attribute}_confidence"] = confidence
        for number, group in enumerate(grouping.groups):
            columns[f"probability_{attribute}_{group}"] = probabilities[:, number]
    return pd.DataFrame(columns)
