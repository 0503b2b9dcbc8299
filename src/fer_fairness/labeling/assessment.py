"""How right the labeller is, and how rightly sure of itself, on faces it has not seen."""

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.labeller import DemographicLabeller
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES

N_CALIBRATION_BINS = 15
Z_95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""


def labeller_confusion(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """Counts of true against predicted groups.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out.

    Returns:
        Tidy, `attribute, true, predicted, n_faces`, a row for every pair of groups, also for those
        that did not occur.
    """
    labels = labeller.predict(embeddings, list(faces["sample_id"]))
    tables = []
    for attribute in ATTRIBUTES:
        scored = _scored(labeller, faces, attribute)
        groups = list(labeller.classifiers[attribute].groups)
        pairs = pd.DataFrame(
            {
                "true": labeller.true_labels(faces, attribute)[scored].to_numpy(),
                "predicted": labels.loc[scored, attribute].to_numpy(),
            }
        )
        every_pair = pd.MultiIndex.from_product([groups, groups], names=["true", "predicted"])
        counts = pairs.value_counts().reindex(every_pair, fill_value=0).rename("n_faces")
        table = counts.reset_index()
        table.insert(0, "attribute", attribute)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def labeller_summary(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """Accuracy and calibration by attribute.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out.

    Returns:
        One row an attribute: `attribute, n_faces, accuracy`, its 95 % interval `ci_low, ci_high`
        (Wilson 1927), `expected_calibration_error` and `majority_share`, the accuracy of always
        answering the most frequent group. All shares, in [0, 1].

    Raises:
        InvalidInputError: If no face carries a label of an attribute.
    """
    labels = labeller.predict(embeddings, list(faces["sample_id"]))
    rows = []
    for attribute in ATTRIBUTES:
        scored = _scored(labeller, faces, attribute)
        if not scored.any():
            raise InvalidInputError(
                f"None of {len(faces)} faces carries a label of {attribute}: the labeller cannot "
                "be measured. Give annotated FairFace faces of the test split."
            )
        true = labeller.true_labels(faces, attribute)[scored]
        right = labels.loc[scored, attribute].to_numpy() == true.to_numpy()
        confidence = labels.loc[scored, f"{attribute}_confidence"].to_numpy()
        low, high = wilson_interval(int(right.sum()), len(right))
        rows.append(
            {
                "attribute": attribute,
                "n_faces": len(right),
                "accuracy": float(right.mean()),
                "ci_low": low,
                "ci_high": high,
                "expected_calibration_error": expected_calibration_error(confidence, right),
                "majority_share": float(true.value_counts(normalize=True).iloc[0]),
            }
        )
    return pd.DataFrame(rows)


def wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927): inside [0, 1] even where all or none are right.

    Args:
        n_right: Number of successes.
        n: Number of trials, at least 1.

    Returns:
        Lower and upper end.
    """
    share, spread = n_right / n, Z_95**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * share * (1 - share) + spread**2 / 4) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean distance between confidence and accuracy, over bins of equal width.

    The ECE of Guo et al. 2017 (arXiv 1706.04599, equation 3) with 15 bins.

    Args:
        confidence: Probability of the predicted group, float `(n,)`, n at least 1.
        right: Whether the prediction is right, bool `(n,)`.

    Returns:
        Between 0, calibrated, and 1.
    """
    bins = np.minimum((confidence * N_CALIBRATION_BINS).astype(int), N_CALIBRATION_BINS - 1)
    # |sum of confidence - number right| of a bin is its distance times its number of faces.
    surplus = np.bincount(bins, weights=confidence - right, minlength=N_CALIBRATION_BINS)
    return float(np.abs(surplus).sum() / len(confidence))


def _scored(labeller: DemographicLabeller, faces: pd.DataFrame, attribute: str) -> np.ndarray:
    labelled = labeller.true_labels(faces, attribute).notna()
    return (usable(faces) & labelled).to_numpy(dtype=bool)
