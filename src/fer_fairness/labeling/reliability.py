"""Whether faces labelled with a confidence of 70 % are right in 70 of 100 cases."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.fairness.inference.intervals import wilson_interval
from fer_fairness.labeling.held_out import scored
from fer_fairness.labeling.labeller import DemographicLabeller

N_BINS = 15
CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True)
class ReliabilityBins:
    """Faces in bins of equal width by their confidence.

    Attributes:
        people: Number in each bin, int `(15,)`.
        right: Of those, how many are right, float64 `(15,)`.
        confidence: Sum of their confidences, float64 `(15,)`.
    """

    people: np.ndarray
    right: np.ndarray
    confidence: np.ndarray


def reliability_bins(confidence: np.ndarray, right: np.ndarray) -> ReliabilityBins:
    """Sort faces into fifteen bins of equal width; a confidence on a border goes up.

    Args:
        confidence: Probability of the predicted group, float `(n,)` in [0, 1].
        right: Whether the prediction is right, bool `(n,)`.
    """
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    return ReliabilityBins(
        people=np.bincount(bins, minlength=N_BINS),
        right=np.bincount(bins, weights=right, minlength=N_BINS),
        confidence=np.bincount(bins, weights=confidence, minlength=N_BINS),
    )


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
    bins = reliability_bins(confidence, right)
    # |sum of confidence - number right| of a bin is its distance times its number of faces.
    return float(np.abs(bins.confidence - bins.right).sum() / len(confidence))


def labeller_reliability(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """Accuracy by confidence, of faces the labeller has not seen.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of those faces, in the order of `faces`.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out.

    Returns:
        Tidy, one row a bin that holds faces: `attribute, grouping, asked, confidence_low,
        confidence_high` (borders of the bin), `mean_confidence, accuracy`, its 95 % interval
        `ci_low, ci_high` (Wilson 1927), `n_faces`. Abstention is not applied.

    Raises:
        InvalidInputError: If shapes do not agree, or no face carries a label of an attribute.
    """
    rows = []
    for scores in scored(labeller, embeddings, faces):
        bins = reliability_bins(scores.confidence, scores.right)
        for number in np.flatnonzero(bins.people):
            people, right = int(bins.people[number]), int(bins.right[number])
            interval = wilson_interval(right, people, CONFIDENCE_LEVEL)
            rows.append(
                {
                    "attribute": scores.attribute,
                    "grouping": scores.grouping.name,
                    "asked": scores.asked,
                    "confidence_low": number / N_BINS,
                    "confidence_high": (number + 1) / N_BINS,
                    "mean_confidence": bins.confidence[number] / people,
                    "accuracy": right / people,
                    "ci_low": interval.low,
                    "ci_high": interval.high,
                    "n_faces": people,
                }
            )
    return pd.DataFrame(rows)
