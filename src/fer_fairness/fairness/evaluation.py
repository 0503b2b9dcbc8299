"""One model's predictions as tables with intervals and verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from fer_fairness.fairness.counts import (
    EVERYBODY,
    check_predictions,
    everybody_of,
)
from fer_fairness.fairness.gaps import gap_table
from fer_fairness.fairness.group_names import groups_of, single_attributes
from fer_fairness.fairness.group_scores import confusion_table, group_table, overall_table
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.counted_people import CountedPeople
from fer_fairness.fairness.people.whose_faces import check_people, people_of
from fer_fairness.fairness.testing.people import judged_faces
from fer_fairness.params.inference import InferenceParameters


@dataclass(frozen=True)
class Evaluation:
    """What was measured on one evaluation set. Values are shares in [0, 1].

    Attributes:
        overall: metric, value, ci_low, ci_high, n_people, n_faces (rows).
        groups: attribute, group, metric, value, ci_low, ci_high, n_people, n_faces (for a recall,
            those of that emotion in the group). Groups of any size are listed.
        gaps: The columns of `gaps.GAP_COLUMNS`, one row an attribute and metric.
        confusion: emotion, predicted_emotion, n_people, n_faces.
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
    confidence: Array | None = None,
    person: str | None = None,
) -> Evaluation:
    """Measure recognition overall and by group, and test whether the groups differ.

    Args:
        frame: One row a face: sample_id, emotion, predicted_emotion, and the attribute columns.
        attributes: Attributes to compare groups by, or intersections such as "gender x race".
        emotions: The emotions scored; the table may hold no other.
        params: Number of draws, confidence, significance, smallest group.
        seed: Seed of all draws. Groups of all attributes are shuffled together, so p-values
            depend a little on which attributes are asked for, and corrected ones more.
        confidence: The probability of each row's predicted emotion (`predicted_confidence`), shape
            (rows,); with it the calibration is measured as well.
        person: The column that tells people apart where they have several faces; missing in a row
            of somebody with no other. People are then shuffled and resampled whole. Without it
            every row is a person.

    Returns:
        Four tables; rows in the order of `attributes`, of the groups' names and of the metrics.

    Raises:
        InvalidInputError: If a column is missing, a sample occurs twice, a person has two groups,
            or an emotion is unknown.
    """
    check_predictions(frame)
    people = people_of(frame, person)
    together = everybody_of(frame)
    groups = {attribute: groups_of(frame, attribute) for attribute in attributes}
    if person is not None and people is not None:
        check_people(frame, person, single_attributes(attributes))
    faces = judged_faces(frame, groups, emotions=emotions, confidence=confidence, people=people)
    by_attribute = {attribute: faces.counts(attribute) for attribute in groups}
    undivided = faces.grouped({EVERYBODY: together})
    everybody = undivided.counts(EVERYBODY)
    overall_calibration, calibration = None, None
    if confidence is not None:
        overall_calibration = undivided.calibration(EVERYBODY)
        calibration = {attribute: faces.calibration(attribute) for attribute in groups}
    overall_people, people_by = None, None
    if people is not None:
        counted = CountedPeople(frame, people, emotions, confidence)
        overall_people = counted.of(together, everybody)
        people_by = {name: counted.of(groups[name], by_attribute[name]) for name in groups}
    return Evaluation(
        overall=overall_table(
            everybody, params, seed=seed, calibration=overall_calibration, people=overall_people
        ),
        groups=group_table(
            by_attribute, params, seed=seed, calibration=calibration, people=people_by
        ),
        gaps=gap_table(faces, params, seed=seed),
        confusion=confusion_table(everybody, overall_people),
    )
