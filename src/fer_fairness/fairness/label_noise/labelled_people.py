"""People whose groups were predicted: their counts, their probabilities, the labeller's errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Codes, combined, places_in
from fer_fairness.fairness.counts import (
    EVERYBODY,
    Counts,
    everybody_of,
    group_counts,
)
from fer_fairness.fairness.group_names import attribute_parts, groups_of, names_of, split_names
from fer_fairness.fairness.label_noise.confusion import (
    LabelConfusion,
    label_confusion,
    true_column,
)
from fer_fairness.fairness.label_noise.soft_labels import SUM_TOLERANCE, adapted_probabilities
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.whole_people import WholePeople, whole_people
from fer_fairness.fairness.people.whose_faces import people_of
from fer_fairness.tables import PERSON


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
        whose: Whose face each row is, codes (people,); None where nobody has several.
        whole: The same faces by person and label, those without a label last; None likewise.
    """

    attribute: str
    people: pd.DataFrame
    labelled: Counts
    everybody: Counts
    confusion: LabelConfusion
    probabilities: Array | None
    whose: Codes | None
    whole: WholePeople | None

    @property
    def has_one_label_for_several_faces(self) -> bool:
        """Whether labels are people's: what several faces agree on is right more often than each.

        The errors of a labeller of single faces are then not those of the labels, and taking them
        off would make gaps up.
        """
        return self.whose is not None


def predicted_parts(frame: pd.DataFrame, attribute: str) -> list[str]:
    """The parts of an attribute that were predicted for anybody in the table.

    Raises:
        InvalidInputError: The table lacks a part, or does not say where it comes from.
    """
    parts = attribute_parts(attribute)
    for name in (column for part in parts for column in (part, f"{part}_source")):
        if name not in frame.columns:
            raise InvalidInputError(
                f"Groups by {attribute!r} need the column {name!r}, which the table lacks; it has "
                f"{', '.join(map(str, frame.columns))}. Join the demographic columns first: "
                "<attribute>, and <attribute>_source (annotated, predicted or none)."
            )
    return [part for part in parts if (frame[f"{part}_source"] == "predicted").any()]


def labelled_people(
    frame: pd.DataFrame,
    attribute: str,
    predicted: list[str],
    emotions: Sequence[str],
    held_out: pd.DataFrame,
    probabilities: pd.DataFrame | None,
) -> LabelledPeople:
    """Count the people whom the labeller saw; see `correction.label_noise`."""
    parts = attribute_parts(attribute)
    annotated = [part for part in parts if part not in predicted]
    seen = np.logical_and.reduce(
        [frame[f"{part}_source"] == "predicted" for part in predicted]
        + [frame[part].notna() for part in annotated]
    )
    people = frame[seen].reset_index(drop=True)
    confusion = label_confusion(held_out, attribute, annotated=annotated)
    answers = people["emotion"], people["predicted_emotion"]
    groups = groups_of(people, attribute)
    counted = group_counts(*answers, groups, classes=emotions, group_names=confusion.groups)
    everybody = group_counts(
        *answers, everybody_of(people), classes=emotions, group_names=(EVERYBODY,)
    ).counts[0]
    soft = None
    if probabilities is not None and len(people):
        soft = _joint_probabilities(people, parts, predicted, confusion, held_out, probabilities)
    codes = people_of(people, PERSON if PERSON in people else None)
    whose = None if codes is None else codes.to_numpy(dtype=np.int64)
    whole = None if whose is None else _whole_people(people, whose, groups, confusion, emotions)
    return LabelledPeople(
        attribute, people, counted.counts, everybody, confusion, soft, whose, whole
    )


def _whole_people(
    people: pd.DataFrame,
    whose: Codes,
    groups: pd.Series,
    confusion: LabelConfusion,
    emotions: Sequence[str],
) -> WholePeople:
    """Faces by person and label; of somebody of whom some faces have no label, those apart."""
    n_labels, n = len(confusion.groups) + 1, len(emotions)
    places = places_in(groups, confusion.groups)
    label = np.where(places < 0, n_labels - 1, places).astype(np.int64)
    answers = [places_in(people[name], emotions) for name in ("emotion", "predicted_emotion")]
    cells = combined(*((codes, n) for codes in answers))
    return whole_people(whose * n_labels + label, label, cells, n_groups=n_labels, shape=(n, n))


def _joint_probabilities(
    people: pd.DataFrame,
    parts: list[str],
    predicted: list[str],
    confusion: LabelConfusion,
    held_out: pd.DataFrame,
    probabilities: pd.DataFrame,
) -> Array:
    """P(group | face), (people, groups), adapted part by part and multiplied."""
    rows = _rows_of(people, probabilities)
    tuples = [split_names(group) if len(parts) > 1 else (group,) for group in confusion.groups]
    names = [sorted({group[place] for group in tuples}) for place in range(len(parts))]
    tables = []
    for part, groups in zip(parts, names, strict=True):
        if part not in predicted:
            tables.append(
                (names_of(people[part]).to_numpy()[:, np.newaxis] == np.array(groups)).astype(float)
            )
            continue
        columns = [f"probability_{part}_{group}" for group in groups]
        _check_probabilities(rows, part, columns)
        mix = names_of(held_out[true_column(part)]).value_counts().reindex(groups, fill_value=0)
        adapted, _ = adapted_probabilities(
            rows[columns].to_numpy(dtype=np.float64), np.asarray(mix, dtype=np.float64)
        )
        tables.append(adapted)
    return reduce(_multiplied, tables)


def _rows_of(people: pd.DataFrame, probabilities: pd.DataFrame) -> pd.DataFrame:
    """The probabilities of these people, one row a face; missing where somebody has none.

    A face that could not be embedded has the label of its person's other faces, and their mean
    probabilities.
    """
    if "sample_id" not in probabilities.columns:
        raise InvalidInputError(
            "The table of probabilities lacks the column 'sample_id'; it has "
            f"{', '.join(map(str, probabilities.columns))}."
        )
    twice = probabilities.loc[probabilities["sample_id"].duplicated(), "sample_id"]
    if len(twice):
        raise InvalidInputError(
            f"The probabilities list sample_id {twice.iloc[0]!r} more than once ({len(twice)} rows "
            "too many): a person has one row. Give those of one labeller."
        )
    rows = probabilities.set_index("sample_id").reindex(people["sample_id"])
    if PERSON not in people:
        return rows
    found = rows.filter(regex="^probability_")
    persons = people[PERSON].to_numpy()
    return found.fillna(found.groupby(persons).mean().reindex(persons).set_axis(found.index))


def _check_probabilities(rows: pd.DataFrame, part: str, columns: list[str]) -> None:
    remedy = "Labels and probabilities must come from the same run of race_labeling."
    absent = [name for name in columns if name not in rows.columns]
    if absent:
        raise InvalidInputError(
            f"Probabilities of {part} are missing: there is no column {absent[0]!r}. {remedy}"
        )
    without = rows.index[rows[columns].isna().any(axis=1)]
    if len(without):
        raise InvalidInputError(
            f"Probabilities of {part} are missing: sample_id {without[0]!r} has none; "
            f"{len(without)} of {len(rows)} people are like it. {remedy}"
        )
    prefix = f"probability_{part}_"
    others = [name for name in rows.columns if name.startswith(prefix) and name not in columns]
    beyond = rows[others].max()
    if (beyond > SUM_TOLERANCE).any():
        group = str(beyond.idxmax()).removeprefix(prefix)
        known = ", ".join(name.removeprefix(prefix) for name in columns)
        raise InvalidInputError(
            f"Probabilities of the {part} {group} are up to {beyond.max():.2g}, but no held-out "
            f"face is of it, so nobody knows how well it is told: expected those of {known} alone. "
            "Hold out faces of that group, or join it to another one in both tables."
        )


def _multiplied(first: Array, second: Array) -> Array:
    """Joint probabilities of independent parts, in the order of the groups' product."""
    return np.asarray((first[:, :, np.newaxis] * second[:, np.newaxis]).reshape(len(first), -1))
