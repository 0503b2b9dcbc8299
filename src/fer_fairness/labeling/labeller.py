"""The labeller: perceived gender, race and age group of a face from its embedding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.checks import check_embeddings
from fer_fairness.labeling.classifier import AttributeClassifier, fit_classifier
from fer_fairness.labeling.groups import group_maps, grouped_labels
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.progress import track
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES


@dataclass(frozen=True)
class DemographicLabeller:
    """Calibrated classifiers of the three attributes over one embedding.

    Its labels are what annotators of FairFace would likely have seen in the picture, not who
    someone is. It can be saved with skops.

    Attributes:
        dimension: Length of the embeddings it was fitted on.
        classifiers: attribute -> its classifier.
        groupings: attribute -> FairFace's group -> the group that is told apart.
    """

    dimension: int
    classifiers: Mapping[str, AttributeClassifier]
    groupings: Mapping[str, Mapping[str, str]]

    def predict(self, embeddings: np.ndarray, sample_ids: Sequence[str]) -> pd.DataFrame:
        """Label faces.

        Args:
            embeddings: float `(n, dimension)`; n may be 0.
            sample_ids: The faces' ids, in the same order.

        Returns:
            One row a face: `sample_id`; for each attribute the most probable group and, as
            `<attribute>_confidence`, its calibrated probability; then
            `probability_<attribute>_<group>` of every group.

        Raises:
            InvalidInputError: If shapes do not agree, or an embedding holds NaN or infinity.
        """
        check_embeddings(embeddings, len(sample_ids), self.dimension)
        labels: dict[str, object] = {"sample_id": pd.Series(list(sample_ids), dtype=str)}
        all_probabilities: dict[str, object] = {}
        for attribute in ATTRIBUTES:
            classifier = self.classifiers[attribute]
            probabilities = classifier.probabilities(embeddings)
            best = probabilities.argmax(axis=1)
            labels[attribute] = pd.Series(np.array(classifier.groups)[best], dtype=str)
            labels[f"{attribute}_confidence"] = probabilities.max(axis=1)
            for column, group in enumerate(classifier.groups):
                all_probabilities[f"probability_{attribute}_{group}"] = probabilities[:, column]
        return pd.DataFrame({**labels, **all_probabilities})

    def true_labels(self, faces: pd.DataFrame, attribute: str) -> pd.Series:
        """Annotated groups of FairFace faces at the labeller's grain, missing where not given."""
        return grouped_labels(faces, attribute, self.groupings[attribute])


def fit_labeller(
    embeddings: np.ndarray,
    faces: pd.DataFrame,
    params: LabellerParameters,
    *,
    seed: int,
    held_out: np.ndarray | None = None,
) -> DemographicLabeller:
    """Fit and calibrate a labeller on annotated faces.

    The embedder separates the faces it was trained on better than any others. Probabilities are
    therefore calibrated, and the regularisation chosen, on faces that neither the embedder nor the
    regression has seen.

    Args:
        embeddings: float `(n, d)`, in the order of `faces`.
        faces: A `faces` table with FairFace's groups. Excluded faces and those of the test split
            are left out; a missing label leaves the face out of that attribute only.
        params: Groupings, regularisation, smallest groups.
        seed: Decides the calibration faces where `held_out` does not.
        held_out: Boolean `(n,)`, the faces that the embedder did not learn from
            (`embedding.held_out_mask`): they calibrate. None draws `calibration_share` of the
            faces, which is right only where the embedder was trained on other faces.

    Returns:
        The labeller.

    Raises:
        InvalidInputError: If shapes do not agree, an embedding is not finite, or a group has fewer
            faces than `min_faces_per_class` to fit on or none to calibrate on.
    """
    check_embeddings(embeddings, len(faces))
    calibrates = _calibration_mask(faces, params, seed, held_out)
    takes_part = (usable(faces) & (faces["split"] != "test")).to_numpy(dtype=bool)
    groupings = group_maps(params.race_grouping, params.age_grouping)
    classifiers = {}
    for attribute in track(ATTRIBUTES, description="Fitting the demographic labeller"):
        labels = grouped_labels(faces, attribute, groupings[attribute])
        labelled = takes_part & labels.notna().to_numpy(dtype=bool)
        fitting, calibration = labelled & ~calibrates, labelled & calibrates
        expected = sorted(set(groupings[attribute].values()))
        _check_enough(labels[fitting], attribute, expected, params.min_faces_per_class)
        if not calibration.any():
            raise InvalidInputError(
                f"No held-out face has a label of {attribute}: the labeller cannot be calibrated. "
                "Raise embedder.held_out_share or add labelled faces."
            )
        classifiers[attribute] = fit_classifier(
            attribute,
            (embeddings[fitting], labels[fitting].to_numpy(dtype=str)),
            (embeddings[calibration], labels[calibration].to_numpy(dtype=str)),
            params.inverse_regularisation,
        )
    return DemographicLabeller(int(embeddings.shape[1]), classifiers, groupings)


def _calibration_mask(
    faces: pd.DataFrame, params: LabellerParameters, seed: int, held_out: np.ndarray | None
) -> np.ndarray:
    if held_out is None:
        return np.random.default_rng(seed).random(len(faces)) < params.calibration_share
    if held_out.shape != (len(faces),) or held_out.dtype != bool:
        raise InvalidInputError(
            f"held_out is {held_out.dtype} of shape {held_out.shape}; expected bool of shape "
            f"({len(faces)},), one value a face."
        )
    return held_out


def _check_enough(
    labels: pd.Series, attribute: str, expected: list[str], min_faces_per_class: int
) -> None:
    counts = labels.value_counts().reindex(expected, fill_value=0)
    few = counts[counts < min_faces_per_class]
    if len(few):
        found = ", ".join(f"{group} {count}" for group, count in few.items())
        raise InvalidInputError(
            f"Too few faces to learn {attribute} from: {found}; at least {min_faces_per_class} of "
            f"each group are needed. Add faces, choose a coarser grouping of {attribute}, or lower "
            "labeller.min_faces_per_class."
        )
