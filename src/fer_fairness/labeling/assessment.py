"""How right the labeller is, for whom, and how rightly sure of itself, on faces it has not seen."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from fer_fairness.fairness.inference.intervals import wilson_interval
from fer_fairness.labeling.held_out import Scored, scored
from fer_fairness.labeling.labeller import DemographicLabeller
from fer_fairness.labeling.reliability import CONFIDENCE_LEVEL, expected_calibration_error
from fer_fairness.taxonomy import ATTRIBUTES


def labeller_confusion(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """Counts of true against most probable groups, before abstention.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none, which leaves it out.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out.

    Returns:
        Tidy, `attribute, grouping, asked, true, predicted, n_faces`, a row for every pair of groups
        of a grouping, also for those that did not occur. `grouping` is the asked one (`asked`
        True) and, where that is coarser, FairFace's own.

    Raises:
        InvalidInputError: If shapes do not agree, or no face carries a label of an attribute.
    """
    tables = []
    for scores in scored(labeller, embeddings, faces):
        groups = scores.grouping.groups
        pairs = pd.MultiIndex.from_product([groups, groups], names=["true", "predicted"])
        table = pairs.to_frame(index=False)
        table.insert(0, "attribute", scores.attribute)
        table.insert(1, "grouping", scores.grouping.name)
        table.insert(2, "asked", scores.asked)
        table["n_faces"] = _counts(scores).ravel()
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def labeller_summary(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """Accuracy, calibration and abstention by attribute and grouping.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out.

    Returns:
        One row a grouping: `attribute, grouping, asked, n_faces` (annotated, with an embedding),
        `accuracy` of the most probable group, its 95 % interval `ci_low, ci_high` (Wilson 1927),
        `balanced_accuracy` (mean recall of the groups that occur), `expected_calibration_error`,
        `majority_share` (the accuracy of always answering the most frequent group),
        `share_abstained` of those faces, `accuracy_when_labelled` of the others (NaN if there are
        none), and `n_without_embedding`, annotated faces that none of this is about. Shares are in
        [0, 1].

    Raises:
        InvalidInputError: If shapes do not agree, or no face carries a label of an attribute.
    """
    return pd.DataFrame(_summary(scores) for scores in scored(labeller, embeddings, faces))


def labeller_recalls(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """How often each group is recognised, altogether and by the other attributes.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none, which leaves it out.
        faces: Their `faces` table with FairFace's groups; excluded faces are left out.

    Returns:
        Tidy: `attribute, grouping, asked, group` (the true one), `stratum_attribute` and `stratum`
        (missing where all faces of the group are meant; else another attribute and a true group of
        it, as asked for), `n_faces, n_right, recall`, its 95 % interval `ci_low, ci_high`
        (Wilson 1927), `most_frequent_mistake` (missing where there is none) and `mistake_share`,
        the share of these faces that were given it. Abstention is not applied. A group without
        faces keeps its row, with NaN.

    Raises:
        InvalidInputError: If shapes do not agree, or no face carries a label of an attribute.
    """
    strata = {name: labeller.true_labels(faces, name).to_numpy() for name in ATTRIBUTES}
    names = {name: labeller.asked[name].groups for name in ATTRIBUTES}
    rows: list[dict[str, object]] = []
    for scores in scored(labeller, embeddings, faces):
        for position, stratum, within in _strata(scores, strata, names):
            counts = _counts(scores, within)
            about = {
                "attribute": scores.attribute,
                "grouping": scores.grouping.name,
                "asked": scores.asked,
            }
            where = {"stratum_attribute": position, "stratum": stratum}
            rows += [
                {**about, "group": group, **where, **_recall(row, number, scores.grouping.groups)}
                for number, (group, row) in enumerate(
                    zip(scores.grouping.groups, counts, strict=True)
                )
            ]
    table = pd.DataFrame(rows)
    text = ["stratum_attribute", "stratum", "most_frequent_mistake"]
    return table.astype(dict.fromkeys(text, "str"))


def _summary(scores: Scored) -> dict[str, object]:
    counts = _counts(scores)
    of_group = counts.sum(axis=1)
    recalls = counts.diagonal()[of_group > 0] / of_group[of_group > 0]
    right, labelled = scores.right, ~scores.abstained
    interval = wilson_interval(int(right.sum()), len(right), CONFIDENCE_LEVEL)
    return {
        "attribute": scores.attribute,
        "grouping": scores.grouping.name,
        "asked": scores.asked,
        "n_faces": len(right),
        "accuracy": float(right.mean()),
        "ci_low": interval.low,
        "ci_high": interval.high,
        "balanced_accuracy": float(recalls.mean()),
        "expected_calibration_error": expected_calibration_error(scores.confidence, right),
        "majority_share": float(of_group.max() / of_group.sum()),
        "share_abstained": float(scores.abstained.mean()),
        "accuracy_when_labelled": float(right[labelled].mean()) if labelled.any() else np.nan,
        "n_without_embedding": scores.n_without_embedding,
    }


def _strata(
    scores: Scored, labels: Mapping[str, np.ndarray], groups: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str | None, str | None, np.ndarray]]:
    yield None, None, np.ones(len(scores.rows), dtype=bool)
    for name in ATTRIBUTES:
        if name != scores.attribute:
            for stratum in groups[name]:
                yield name, stratum, labels[name][scores.rows] == stratum


def _recall(counts: np.ndarray, number: int, groups: tuple[str, ...]) -> dict[str, object]:
    """Of the group at `number`, from its row of the confusion."""
    people, right = int(counts.sum()), int(counts[number])
    interval = wilson_interval(right, people, CONFIDENCE_LEVEL)
    mistakes = counts.copy()
    mistakes[number] = 0
    worst = int(mistakes.argmax())
    return {
        "n_faces": people,
        "n_right": right,
        "recall": right / people if people else np.nan,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "most_frequent_mistake": groups[worst] if mistakes[worst] else None,
        "mistake_share": mistakes[worst] / people if people else np.nan,
    }


def _counts(scores: Scored, within: np.ndarray | None = None) -> np.ndarray:
    """Faces by true and most probable group, int `(groups, groups)`."""
    size = len(scores.grouping.groups)
    pairs = scores.true * size + scores.predicted
    kept = pairs if within is None else pairs[within]
    counts: np.ndarray = np.bincount(kept, minlength=size * size).reshape(size, size)
    return counts
