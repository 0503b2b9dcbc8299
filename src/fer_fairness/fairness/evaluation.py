"""One model's predictions as tables with intervals and verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from fer_fairness.fairness.comparison import compare
from fer_fairness.fairness.confidences import predicted_confidence
from fer_fairness.fairness.counts import EVERYBODY, check_predictions, group_counts, groups_of
from fer_fairness.fairness.gaps import gap_table
from fer_fairness.fairness.group_scores import confusion_table, group_table, overall_table
from fer_fairness.fairness.metrics.calibration import CalibrationCounts, calibration_counts
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

__all__ = ["Evaluation", "compare", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """What was measured on one evaluation set. Values are shares in [0, 1], `n_*` are people.

    Attributes:
        overall: metric, value, ci_low, ci_high, n_people.
        groups: attribute, group, metric, value, ci_low, ci_high, n_people (for a recall, the
            people of that emotion in the group). Groups of any size are listed.
        gaps: The columns of `gaps.GAP_COLUMNS`, one row an attribute and metric.
        confusion: emotion, predicted_emotion, n_people.
    """

    overall: pd.DataFrame
    groups: pd.DataFrame
    gaps: pd.DataFrame
    confusion: pd.DataFrame


def evaluate(
    frame: pd.DataFrame,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    params: InferenceParameters,
    seed: int,
    probabilities: Sequence[str] | None = None,
) -> Evaluation:
    """Measure recognition overall and by group, and test whether the groups differ.

    Args:
        frame: One row a person: sample_id, emotion, predicted_emotion, and the attribute columns.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the table may hold no other.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws. An attribute's draws do not depend on which others are asked for,
            but for their number where more permutations are needed for many tests.
        probabilities: The column of the probability of each emotion, in the order of `emotions`;
            with them the calibration is measured as well.

    Returns:
        Four tables; rows in the order of `attributes`, of the groups' names and of the metrics.

    Raises:
        InvalidInputError: If a column is missing, a person occurs twice, an emotion is unknown, or
            the probability of a predicted emotion is none.
    """
    check_predictions(frame)
    everybody = group_counts(
        frame["emotion"],
        frame["predicted_emotion"],
        pd.Series(EVERYBODY, index=frame.index),
        classes=emotions,
        group_names=(EVERYBODY,),
    )
    by_attribute = {
        attribute: group_counts(
            frame["emotion"],
            frame["predicted_emotion"],
            groups_of(frame, attribute),
            classes=emotions,
        )
        for attribute in attributes
    }
    overall_calibration, calibration = None, None
    if probabilities is not None:
        confidence = predicted_confidence(
            frame, predicted="predicted_emotion", classes=emotions, columns=probabilities
        )
        nobody_apart = pd.Series(EVERYBODY, index=frame.index)
        overall_calibration = _bins(frame, confidence, nobody_apart, emotions)
        calibration = {
            attribute: _bins(frame, confidence, groups_of(frame, attribute), emotions)
            for attribute in attributes
        }
    return Evaluation(
        overall=overall_table(everybody, params, seed=seed, calibration=overall_calibration),
        groups=group_table(by_attribute, params, seed=seed, calibration=calibration),
        gaps=gap_table(by_attribute, params, seed=seed, calibration=calibration),
        confusion=confusion_table(everybody),
    )


def _bins(
    frame: pd.DataFrame, confidence: Array, groups: pd.Series, emotions: Sequence[str]
) -> CalibrationCounts:
    return calibration_counts(
        frame["emotion"], frame["predicted_emotion"], confidence, groups, classes=emotions
    )
