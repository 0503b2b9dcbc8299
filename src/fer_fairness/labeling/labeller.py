"""The labeller: perceived gender, race and age group of a face from its embedding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.classifier import AttributeClassifier, Candidate
from fer_fairness.labeling.groupings import Grouping, grouped_labels
from fer_fairness.taxonomy import ATTRIBUTES


@dataclass(frozen=True)
class Trial:
    """How a candidate did on faces it was not fitted on.

    Attributes:
        attribute: What it was to tell.
        candidate: The candidate.
        log_loss: Mean, in nats, after the best temperature for it.
        accuracy: Share of faces whose most probable group is the true one, at FairFace's grain.
        chosen: Whether it is the one that was kept.
    """

    attribute: str
    candidate: Candidate
    log_loss: float
    accuracy: float
    chosen: bool


@dataclass(frozen=True)
class DemographicLabeller:
    """Calibrated classifiers of the three attributes over one embedding.

    Its labels are what annotators of FairFace would likely have seen in the picture, not who
    someone is. It can be saved with skops.

    Attributes:
        dimension: Length of the embeddings it was fitted on.
        classifiers: attribute -> its classifier, at FairFace's own grain.
        asked: attribute -> the grouping that labels are given in.
        min_confidence: attribute -> below which probability a face gets no label.
        trials: How every candidate did, see `selection_table`.
        n_without_embedding: Faces that were left out of the fit because they have no embedding.
    """

    dimension: int
    classifiers: Mapping[str, AttributeClassifier]
    asked: Mapping[str, Grouping]
    min_confidence: Mapping[str, float]
    trials: tuple[Trial, ...]
    n_without_embedding: int

    def probabilities(self, embeddings: np.ndarray, attribute: str) -> np.ndarray:
        """Calibrated probabilities of FairFace's groups, whatever grouping is asked for.

        Args:
            embeddings: float `(n, dimension)`; NaN throughout where a face has none.
            attribute: Which.

        Returns:
            float64 `(n, groups)` in the order of the classifier's `groups`; NaN for those faces.

        Raises:
            InvalidInputError: If the shape is another, or an embedding holds infinity.
        """
        embedded = check_embeddings(embeddings, len(embeddings), self.dimension)
        classifier = self.classifiers[attribute]
        probabilities = np.full((len(embeddings), len(classifier.groups)), np.nan)
        probabilities[embedded] = classifier.probabilities(embeddings[embedded])
        return probabilities

    def predict(self, embeddings: np.ndarray, sample_ids: Sequence[str]) -> pd.DataFrame:
        """Label faces.

        Args:
            embeddings: float `(n, dimension)`; n may be 0. NaN throughout for a face that could
                not be embedded.
            sample_ids: The faces' ids, in the same order.

        Returns:
            One row a face: `sample_id`; for each attribute the most probable group of the asked
            grouping, as `<attribute>_confidence` its calibrated probability, and as
            `<attribute>_abstained` whether that is below `min_confidence` or there is no
            embedding; then `probability_<attribute>_<group>` of every group. Label, confidence and
            probabilities are missing where there is no embedding.

        Raises:
            InvalidInputError: If shapes do not agree, or an embedding holds infinity, or NaN
                beside numbers.
        """
        check_embeddings(embeddings, len(sample_ids), self.dimension)
        labels: dict[str, object] = {"sample_id": pd.Series(list(sample_ids), dtype=str)}
        all_probabilities: dict[str, object] = {}
        for attribute in ATTRIBUTES:
            grouping = self.asked[attribute]
            probabilities = grouping.summed(self.probabilities(embeddings, attribute))
            confidence = probabilities.max(axis=1)
            labels[attribute] = _most_probable(probabilities, grouping.groups)
            labels[f"{attribute}_confidence"] = confidence
            labels[f"{attribute}_abstained"] = self.abstains(confidence, attribute)
            for column, group in enumerate(grouping.groups):
                all_probabilities[f"probability_{attribute}_{group}"] = probabilities[:, column]
        return pd.DataFrame({**labels, **all_probabilities})

    def abstains(self, confidence: np.ndarray, attribute: str) -> np.ndarray:
        """Whether a face of such confidence, NaN for no embedding, gets no label; bool `(n,)`."""
        enough: np.ndarray = confidence >= self.min_confidence[attribute]
        return ~enough

    def true_labels(self, faces: pd.DataFrame, attribute: str) -> pd.Series:
        """Annotated groups of FairFace faces in the asked grouping, missing where not given."""
        return grouped_labels(faces, attribute, self.asked[attribute])


def check_embeddings(
    embeddings: np.ndarray, n_faces: int, dimension: int | None = None
) -> np.ndarray:
    """Which faces have an embedding, if the array is what goes with so many faces.

    Args:
        embeddings: To check, expected float `(n_faces, dimension)`; a row of NaN throughout says
            that the face could not be embedded.
        n_faces: Rows of the table they belong to.
        dimension: Length of an embedding; None where any will do.

    Returns:
        Boolean `(n_faces,)`, False for the rows of NaN.

    Raises:
        InvalidInputError: If the shape is another, the values are not real numbers, or a row
            holds infinity or NaN beside numbers.
    """
    if embeddings.ndim != 2 or len(embeddings) != n_faces:
        raise InvalidInputError(
            f"Embeddings have shape {embeddings.shape} for {n_faces} faces; expected ({n_faces}, "
            "dimension). The array and the table belong to different runs: make both again."
        )
    if embeddings.dtype.kind != "f":
        raise InvalidInputError(
            f"Embeddings are {embeddings.dtype}, expected float32 or float64. Give what "
            "the embedder returned."
        )
    if dimension is not None and embeddings.shape[1] != dimension:
        raise InvalidInputError(
            f"Embeddings have {embeddings.shape[1]} values a face, but the labeller was fitted on "
            f"{dimension}. Use the embedder it was fitted with, or fit it again."
        )
    finite = np.isfinite(embeddings)
    whole: np.ndarray = finite.all(axis=1)
    wrong = np.flatnonzero(~whole & ~np.isnan(embeddings).all(axis=1))
    if len(wrong):
        raise InvalidInputError(
            f"The embeddings of {len(wrong)} of {n_faces} faces hold infinity, or NaN beside "
            f"numbers, the first in row {wrong[0]}; expected numbers, or NaN throughout for a face "
            "that could not be embedded. Fit the embedder again (a lower learning rate, if it was "
            "trained here)."
        )
    return whole


def _most_probable(probabilities: np.ndarray, groups: Sequence[str]) -> pd.Series:
    """The most probable group of each row of `(n, groups)`, missing where a row is NaN."""
    known = ~np.isnan(probabilities).any(axis=1)
    best = np.where(known[:, None], probabilities, 0.0).argmax(axis=1)
    return pd.Series(np.array(groups)[best], dtype=str).where(known)


def selection_table(labeller: DemographicLabeller) -> pd.DataFrame:
    """How the classifier of each attribute was chosen.

    Returns:
        One row a candidate: `attribute, classifier, settings, log_loss` (mean, nats, after its
        best temperature), `accuracy` (in [0, 1]), both at FairFace's grain on faces that it was
        not fitted on, and `chosen`.
    """
    return pd.DataFrame(
        {
            "attribute": trial.attribute,
            "classifier": trial.candidate.name,
            "settings": trial.candidate.describe(),
            "log_loss": trial.log_loss,
            "accuracy": trial.accuracy,
            "chosen": trial.chosen,
        }
        for trial in labeller.trials
    )
