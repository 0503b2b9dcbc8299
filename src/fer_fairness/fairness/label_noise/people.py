"""People whose groups were predicted: their counts, their probabilities, the labeller's errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import EVERYBODY, INTERSECTION, Counts, group_counts, groups_of
from fer_fairness.fairness.label_noise.confusion import (
    LabelConfusion,
    label_confusion,
    true_column,
)
from fer_fairness.fairness.label_noise.soft_labels import adapted_probabilities
from fer_fairness.fairness.metrics.reductions import Array


@dataclass(frozen=True)
class LabelledPeople:
    """People whose groups of one attribute were predicted, and how the labeller errs.

    Attributes:
        attribute: The attribute or intersection.
        people: One row a person that the labeller saw.
        labelled: Counts by label, (h, c, k).
        everybody: Counts of all of them, (c, k).
        confusion: The labeller's confusion.
        probabilities: P(group | face), (people, groups); None where they are not known.
    """

    attribute: str
    people: pd.DataFrame
    labelled: Counts
    everybody: Counts
    confusion: LabelConfusion
    probabilities: Array | None


def predicted_parts(frame: pd.DataFrame, attribute: str) -> list[str]:
    """The parts of an attribute that were predicted for anybody in the table."""
    parts = attribute.split(INTERSECTION)
    return [part for part in parts if (frame[f"{part}_source"] == "predicted").any()]


def labelled_people(
    frame: pd.DataFrame,
    attribute: str,
    predicted: list[str],
    emotions: Sequence[str],
    held_out: pd.DataFrame,
    probabilities: pd.DataFrame | None,
) -> LabelledPeople:
    """Count the people whom the labeller saw; see `evaluation.label_noise`."""
    parts = attribute.split(INTERSECTION)
    annotated = [part for part in parts if part not in predicted]
    seen = np.logical_and.reduce(
        [frame[f"{part}_source"] == "predicted" for part in predicted]
        + [frame[part].notna() for part in annotated]
    )
    people = frame[seen].reset_index(drop=True)
    confusion = label_confusion(held_out, attribute, annotated=annotated)
    answers = people["emotion"], people["predicted_emotion"]
    counted = group_counts(
        *answers, groups_of(people, attribute), classes=emotions, group_names=confusion.groups
    )
    nobody_apart = pd.Series(EVERYBODY, index=people.index)
    everybody = group_counts(
        *answers, nobody_apart, classes=emotions, group_names=(EVERYBODY,)
    ).counts[0]
    soft = None
    if probabilities is not None and len(people):
        soft = _joint_probabilities(people, parts, predicted, confusion, held_out, probabilities)
    return LabelledPeople(attribute, people, counted.counts, everybody, confusion, soft)


def _joint_probabilities(
    people: pd.DataFrame,
    parts: list[str],
    predicted: list[str],
    confusion: LabelConfusion,
    held_out: pd.DataFrame,
    probabilities: pd.DataFrame,
) -> Array:
    """P(group | face), (people, groups), adapted part by part and multiplied."""
    rows = probabilities.set_index("sample_id").reindex(people["sample_id"])
    names = [
        sorted({group.split(INTERSECTION)[place] for group in confusion.groups})
        for place in range(len(parts))
    ]
    tables = []
    for part, groups in zip(parts, names, strict=True):
        if part not in predicted:
            tables.append(
                (people[part].to_numpy()[:, np.newaxis] == np.array(groups)).astype(float)
            )
            continue
        columns = [f"probability_{part}_{group}" for group in groups]
        absent = [name for name in columns if name not in rows.columns]
        if absent or rows[columns].isna().any(axis=None):
            raise InvalidInputError(
                f"Probabilities of {part} are missing: "
                + (f"there is no column {absent[0]!r}. " if absent else "some people have none. ")
                + "Labels and probabilities must come from the same run of race_labeling."
            )
        mix = held_out[true_column(part)].value_counts().reindex(groups, fill_value=0)
        adapted, _ = adapted_probabilities(
            rows[columns].to_numpy(dtype=np.float64), np.asarray(mix, dtype=np.float64)
        )
        tables.append(adapted)
    return reduce(_multiplied, tables)


def _multiplied(first: Array, second: Array) -> Array:
    """Joint probabilities of independent parts, in the order of the groups' product."""
    return np.asarray((first[:, :, np.newaxis] * second[:, np.newaxis]).reshape(len(first), -1))
