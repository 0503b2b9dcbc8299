"""Coverage and accuracy among answered faces, of all and of each group.

A model that leaves unsure faces unanswered is right more often among those that it answers; by how
much, and how many it answers, may differ between groups, and a gap may grow (Jones et al. 2021,
arXiv 2010.14134).
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fairness.codes import Flags
from fer_fairness.fairness.group_names import groups_of
from fer_fairness.fairness.inference.intervals import (
    Interval,
    share_interval_of_people,
    wilson_interval,
)
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.people.whose_faces import people_of
from fer_fairness.tables import ABSTAINED

_OF_GROUP: Final = ("attribute", "group", "n_people", "n_faces")
ANSWER_COLUMNS: Final = (
    *_OF_GROUP,
    "n_answered",
    *("coverage", "coverage_ci_low", "coverage_ci_high"),
    *("accuracy", "accuracy_ci_low", "accuracy_ci_high"),
    *("answered_accuracy", "answered_accuracy_ci_low", "answered_accuracy_ci_high"),
)
CURVE_COLUMNS: Final = (
    *_OF_GROUP,
    *("common_coverage", "n_answered", "coverage", "accuracy", "ci_low", "ci_high"),
)

COVERAGES: Final = tuple(round(0.05 * step, 2) for step in range(20, 5, -1))
"""Shares of all faces that the curves are followed along: 1 to .3."""

Row: TypeAlias = dict[str, str | int | float | None]


class Answers(NamedTuple):
    """Two tables: what is answered (`ANSWER_COLUMNS`), and what would be (`CURVE_COLUMNS`)."""

    answers: pd.DataFrame
    answer_curves: pd.DataFrame


class _Group(NamedTuple):
    """Faces of one group, or all: `None` as attribute and group."""

    attribute: str | None
    group: str | None
    faces: Flags


class _Faces(NamedTuple):
    """What shares are counted on.

    Attributes:
        right: Whether the predicted emotion is the true one, shape (faces,).
        people: Number of each face's person; None where faces are people.
        confidence: Of the intervals.
    """

    right: Flags
    people: pd.Series | None
    confidence: float

    def n_people(self, faces: Flags) -> int:
        return int(faces.sum() if self.people is None else self.people[faces].nunique())

    def share(self, counted: Flags, among: Flags) -> tuple[float, Interval]:
        """The share of faces `among` that are `counted` too, NaN where there are none."""
        hits, n = int((counted & among).sum()), int(among.sum())
        share = hits / n if n else float("nan")
        if self.people is None:
            return share, wilson_interval(hits, n, self.confidence)
        codes = self.people.to_numpy()
        faces = np.bincount(codes[among])
        of_people = np.bincount(codes[among & counted], minlength=len(faces))
        ones = np.ones(len(faces), dtype=np.int64)
        return share, share_interval_of_people(of_people, faces, ones, self.confidence)


def answer_tables(
    frame: pd.DataFrame,
    sure: Array,
    *,
    attributes: Sequence[str],
    confidence: float,
    person: str | None = None,
) -> Answers:
    """How much is answered, and how rightly: as it is, and along all thresholds.

    Args:
        frame: One row a face: emotion, predicted_emotion, `abstained`, and the columns of groups.
        sure: The probability of each predicted emotion, shape (faces,).
        attributes: Attributes, or intersections such as "gender x race".
        confidence: Of the intervals, which are Wilson's or, where people have several faces, of
            people (`share_interval_of_people`).
        person: The column that tells people apart where they have several faces.

    Returns:
        Of `answers` a row for all faces (attribute and group missing) and for each group:
        `accuracy` is over all its faces, `answered_accuracy` over those answered, NaN where there
        are none. Of `answer_curves` a row for each of these and each of `COVERAGES`: what one
        threshold for all gives under which that share of all faces is answered (more, where faces
        are equally sure); `accuracy` is over the answered ones.
    """
    right = (frame["predicted_emotion"] == frame["emotion"]).to_numpy(dtype=bool)
    counted = _Faces(right, people_of(frame, person), confidence)
    groups = list(_groups(frame, attributes))
    answered = ~frame[ABSTAINED].to_numpy(dtype=bool)
    answers = [_answers(counted, each, answered) for each in groups]
    falling = np.sort(sure)[::-1]
    thresholds = {c: falling[int(np.ceil(c * len(sure) - 1e-9)) - 1] for c in COVERAGES}
    curve = [
        _point(counted, each, common, sure >= threshold)
        for each in groups
        for common, threshold in thresholds.items()
    ]
    return Answers(
        pd.DataFrame(answers, columns=list(ANSWER_COLUMNS)),
        pd.DataFrame(curve, columns=list(CURVE_COLUMNS)),
    )


def _groups(frame: pd.DataFrame, attributes: Sequence[str]) -> Iterator[_Group]:
    yield _Group(None, None, np.ones(len(frame), dtype=bool))
    for attribute in attributes:
        members = groups_of(frame, attribute)
        for name in members.cat.categories:
            yield _Group(attribute, str(name), (members == name).to_numpy(dtype=bool))


def _head(counted: _Faces, group: _Group) -> Row:
    return {
        "attribute": group.attribute,
        "group": group.group,
        "n_people": counted.n_people(group.faces),
        "n_faces": int(group.faces.sum()),
    }


def _answers(counted: _Faces, group: _Group, answered: Flags) -> Row:
    row = _head(counted, group) | {"n_answered": int((answered & group.faces).sum())}
    for name, hits, among in (
        ("coverage", answered, group.faces),
        ("accuracy", counted.right, group.faces),
        ("answered_accuracy", counted.right, group.faces & answered),
    ):
        share, interval = counted.share(hits, among)
        row |= {name: share, f"{name}_ci_low": interval.low, f"{name}_ci_high": interval.high}
    return row


def _point(counted: _Faces, group: _Group, common: float, answered: Flags) -> Row:
    among = group.faces & answered
    accuracy, interval = counted.share(counted.right, among)
    return _head(counted, group) | {
        "common_coverage": common,
        "n_answered": int(among.sum()),
        "coverage": counted.share(answered, group.faces)[0],
        "accuracy": accuracy,
        "ci_low": interval.low,
        "ci_high": interval.high,
    }
