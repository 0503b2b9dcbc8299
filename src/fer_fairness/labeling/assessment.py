"""How right the labeller is, for whom, and how rightly sure of itself, on faces it has not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.inference.intervals import wilson_interval
from fer_fairness.labeling.groupings import (
    FAIRFACE_GROUPINGS,
    Grouping,
    group_codes,
    grouped_labels,
)
from fer_fairness.labeling.labeller import DemographicLabeller, check_embeddings
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES

N_BINS: Final = 15
CONFIDENCE_LEVEL: Final = 0.95


@dataclass(frozen=True)
class Assessed:
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

    @property
    def about(self) -> dict[str, object]:
        """The first columns of every table."""
        return {"attribute": self.attribute, "grouping": self.grouping.name, "asked": self.asked}

    def counts(self, within: np.ndarray | None = None) -> np.ndarray:
        """Faces, or those where `within` is True, by true and most probable group; int `(g, g)`."""
        size = len(self.grouping.groups)
        pairs = self.true * size + self.predicted
        kept = pairs if within is None else pairs[within]
        counts: np.ndarray = np.bincount(kept, minlength=size * size).reshape(size, size)
        return counts


def assess(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> list[Assessed]:
    """Label faces whose groups are known; the tables of this module are made of what comes out.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none, which leaves it out.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out, and faces
            without a label of an attribute are left out of that.

    Returns:
        For every attribute the asked grouping and then, where that is coarser, FairFace's own.

    Raises:
        InvalidInputError: If shapes do not agree, or no face with an embedding carries a label of
            an attribute.
    """
    embedded = check_embeddings(embeddings, len(faces), labeller.dimension)
    assessed = []
    for attribute in ATTRIBUTES:
        classifier = labeller.classifiers[attribute]
        asked = labeller.asked[attribute]
        finest = FAIRFACE_GROUPINGS[attribute].of(classifier.groups)
        labelled = usable(faces) & grouped_labels(faces, attribute, finest).notna()
        annotated = labelled.to_numpy(dtype=bool)
        rows = np.flatnonzero(annotated & embedded)
        if len(rows) == 0:
            raise InvalidInputError(
                f"None of {len(faces)} faces carries a label of {attribute} and has an embedding: "
                "the labeller cannot be measured. Give annotated FairFace faces of the test split."
            )
        fine = classifier.probabilities(embeddings[rows])
        for grouping in (asked, finest)[: 1 + asked.is_coarser]:
            probabilities = grouping.summed(fine)
            true = grouped_labels(faces.iloc[rows], attribute, grouping)
            confidence = probabilities.max(axis=1)
            assessed.append(
                Assessed(
                    attribute=attribute,
                    grouping=grouping,
                    asked=grouping is asked,
                    rows=rows,
                    true=group_codes(true, grouping.groups),
                    predicted=probabilities.argmax(axis=1),
                    confidence=confidence,
                    abstained=labeller.abstains(confidence, attribute),
                    n_without_embedding=int((annotated & ~embedded).sum()),
                )
            )
    return assessed


def labeller_confusion(assessed: Sequence[Assessed]) -> pd.DataFrame:
    """Counts of true against most probable groups, before abstention.

    Returns:
        Tidy, `attribute, grouping, asked, true, predicted, n_faces`, a row for every pair of groups
        of a grouping, also for those that did not occur.
    """
    return pd.DataFrame(
        {**scores.about, "true": true, "predicted": predicted, "n_faces": n_faces}
        for scores in assessed
        for true, row in zip(scores.grouping.groups, scores.counts().tolist(), strict=True)
        for predicted, n_faces in zip(scores.grouping.groups, row, strict=True)
    )


def labeller_summary(assessed: Sequence[Assessed]) -> pd.DataFrame:
    """Accuracy, calibration and abstention by attribute and grouping.

    Returns:
        One row a grouping: `attribute, grouping, asked, n_faces` (annotated, with an embedding),
        `accuracy` of the most probable group, its 95 % interval `ci_low, ci_high` (Wilson 1927),
        `balanced_accuracy` (mean recall of the groups that occur), `expected_calibration_error`,
        `majority_share` (the accuracy of always answering the most frequent group),
        `share_abstained` of those faces, `accuracy_when_labelled` of the others (NaN if there are
        none), and `n_without_embedding`, annotated faces that none of this is about. Shares are in
        [0, 1].
    """
    return pd.DataFrame(map(_summary, assessed))


def labeller_recalls(assessed: Sequence[Assessed]) -> pd.DataFrame:
    """How often each group is recognised, altogether and by the other attributes.

    Returns:
        Tidy: `attribute, grouping, asked, group` (the true one), `stratum_attribute` and `stratum`
        (missing where all faces of the group are meant; else another attribute and a true group of
        it, as asked for), `n_faces, n_right, recall`, its 95 % interval `ci_low, ci_high`
        (Wilson 1927), `most_frequent_mistake` (missing where there is none) and `mistake_share`,
        the share of these faces that were given it. Abstention is not applied. A group without
        faces keeps its row, with NaN.
    """
    table = pd.DataFrame(
        {
            **scores.about,
            "group": group,
            "stratum_attribute": attribute,
            "stratum": stratum,
            **_recall(scores.counts(within)[number], number, scores.grouping.groups),
        }
        for scores in assessed
        for attribute, stratum, within in _strata(scores, assessed)
        for number, group in enumerate(scores.grouping.groups)
    )
    text = ["stratum_attribute", "stratum", "most_frequent_mistake"]
    return table.astype(dict.fromkeys(text, "str"))


def labeller_reliability(assessed: Sequence[Assessed]) -> pd.DataFrame:
    """Whether faces labelled with a confidence of 70 % are right in 70 of 100 cases.

    Returns:
        Tidy, one row a bin that holds faces: `attribute, grouping, asked, confidence_low,
        confidence_high` (borders of the bin), `mean_confidence, accuracy`, its 95 % interval
        `ci_low, ci_high` (Wilson 1927), `n_faces`. Abstention is not applied.
    """
    rows = []
    for scores in assessed:
        n_faces, n_right, confidence = reliability_bins(scores.confidence, scores.right)
        for number in np.flatnonzero(n_faces):
            people, right = int(n_faces[number]), int(n_right[number])
            rows.append(
                {
                    **scores.about,
                    "confidence_low": number / N_BINS,
                    "confidence_high": (number + 1) / N_BINS,
                    "mean_confidence": confidence[number] / people,
                    **share_with_interval("accuracy", right, people),
                    "n_faces": people,
                }
            )
    return pd.DataFrame(rows)


def reliability_bins(
    confidence: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort faces into fifteen bins of equal width; a confidence on a border goes up.

    Args:
        confidence: Probability of the predicted group, float `(n,)` in [0, 1].
        right: Whether the prediction is right, bool `(n,)`.

    Returns:
        Of each bin the number of faces, of those that are right, and the sum of confidences; each
        `(15,)`.
    """
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    n_faces, n_right, summed = (
        np.bincount(bins, weights=weights, minlength=N_BINS)
        for weights in (None, right, confidence)
    )
    return n_faces, n_right, summed


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean distance between confidence and accuracy, over bins of equal width.

    The ECE of Guo et al. 2017 (arXiv 1706.04599, equation 3) with their 15 bins, for one set of
    faces. `fairness.metrics.calibration` answers another question, how the error differs between
    groups, and has bins of equal mass over everybody for it.

    Args:
        confidence: Probability of the predicted group, float `(n,)`, n at least 1.
        right: Whether the prediction is right, bool `(n,)`.

    Returns:
        Between 0, calibrated, and 1.
    """
    _, n_right, summed = reliability_bins(confidence, right)
    # |sum of confidence - number right| of a bin is its distance times its number of faces.
    return float(np.abs(summed - n_right).sum() / len(confidence))


def share_with_interval(name: str, n_right: int, n_faces: int) -> dict[str, float]:
    """A share as `name`, with its 95 % interval `ci_low, ci_high` (Wilson 1927); NaN of nobody."""
    interval = wilson_interval(n_right, n_faces, CONFIDENCE_LEVEL)
    share = n_right / n_faces if n_faces else np.nan
    return {name: share, "ci_low": interval.low, "ci_high": interval.high}


def _summary(scores: Assessed) -> dict[str, object]:
    counts = scores.counts()
    of_group = counts.sum(axis=1)
    recalls = counts.diagonal()[of_group > 0] / of_group[of_group > 0]
    right, labelled = scores.right, ~scores.abstained
    return {
        **scores.about,
        "n_faces": len(right),
        **share_with_interval("accuracy", int(right.sum()), len(right)),
        "balanced_accuracy": float(recalls.mean()),
        "expected_calibration_error": expected_calibration_error(scores.confidence, right),
        "majority_share": float(of_group.max() / of_group.sum()),
        "share_abstained": float(scores.abstained.mean()),
        "accuracy_when_labelled": float(right[labelled].mean()) if labelled.any() else np.nan,
        "n_without_embedding": scores.n_without_embedding,
    }


def _strata(
    scores: Assessed, assessed: Sequence[Assessed]
) -> Iterator[tuple[str | None, str | None, np.ndarray]]:
    """All faces; then those of each true group, as asked for, of the other attributes."""
    yield None, None, np.ones(len(scores.rows), dtype=bool)
    for other in assessed:
        if other.asked and other.attribute != scores.attribute:
            for number, group in enumerate(other.grouping.groups):
                within = np.isin(scores.rows, other.rows[other.true == number])
                yield other.attribute, group, within


def _recall(counts: np.ndarray, number: int, groups: tuple[str, ...]) -> dict[str, object]:
    """Of the group at `number`, from its row of the confusion."""
    people, right = int(counts.sum()), int(counts[number])
    mistakes = counts.copy()
    mistakes[number] = 0
    worst = int(mistakes.argmax())
    return {
        "n_faces": people,
        "n_right": right,
        **share_with_interval("recall", right, people),
        "most_frequent_mistake": groups[worst] if mistakes[worst] else None,
        "mistake_share": mistakes[worst] / people if people else np.nan,
    }
