"""Faces as they are judged: what they show, what they are given, whose they are, and their groups.

Tests shuffle the groups of whole people over all attributes at once, so they need more than one
table of counts an attribute: which groups belong to one person, and which faces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import Codes, GroupCounts, codes_of
from fer_fairness.fairness.metrics.calibration import (
    CalibrationCounts,
    bins_of_confidence,
)
from fer_fairness.fairness.metrics.reductions import Array


@dataclass(frozen=True)
class Membership:
    """The groups of one attribute.

    Attributes:
        names: The groups, sorted.
        codes: Position of each face's group in `names`, int64, shape (faces,); -1 where missing.
    """

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True)
class JudgedFaces:
    """Faces, their groups by all attributes, and what a model made of them.

    Attributes:
        classes: All classes.
        true: True class of each face, int64 codes, shape (faces,).
        predicted: Predicted class of each face, likewise.
        memberships: The groups by attribute, intersections too.
        person: Whose face it is, int64 codes from 0, shape (faces,).
        bins: Bin of each face's confidence, shape (faces,); None without probabilities.
        bin_confidence: Mean confidence of each bin, shape (bins,); None without probabilities.
    """

    classes: tuple[str, ...]
    true: Codes
    predicted: Codes
    memberships: Mapping[str, Membership]
    person: Codes
    bins: Codes | None = None
    bin_confidence: Array | None = None

    @property
    def several_faces(self) -> bool:
        """Whether anybody has more than one face."""
        return len(self.person) > int(self.person.max(initial=-1)) + 1

    @property
    def answers(self) -> Codes:
        """True and predicted class as one code, true * classes + predicted, shape (faces,)."""
        return self.true * len(self.classes) + self.predicted

    @property
    def binned_answers(self) -> Codes:
        """True class, bin of confidence and whether right as one code, shape (faces,).

        Raises:
            ValueError: There are no probabilities.
        """
        if self.bins is None or self.bin_confidence is None:
            raise ValueError("These faces have no probabilities.")
        in_bin = 2 * self.bins + (self.true == self.predicted)
        return np.asarray(self.true * (2 * len(self.bin_confidence)) + in_bin)

    @property
    def worth(self) -> float:
        """Independent faces that tell as much about recall as one of these, at most 1."""
        if not self.several_faces:
            return 1.0
        return worth_of_faces(self.true, self.predicted, self.person)

    def counts(self, attribute: str) -> GroupCounts:
        """Faces by group, true class and predicted class."""
        n = len(self.classes)
        counted = self._counted(attribute, self.answers, n * n).reshape(-1, n, n)
        return GroupCounts(counted, self._names(attribute), self.classes, self._missing(attribute))

    def calibration(self, attribute: str) -> CalibrationCounts:
        """Faces by group, true class, and bin of confidence with whether they are right."""
        confidence = np.asarray(self.bin_confidence)
        shape = (len(self.classes), 2 * len(confidence))
        counted = self._counted(attribute, self.binned_answers, shape[0] * shape[1])
        return CalibrationCounts(
            counted.reshape(-1, *shape),
            self._names(attribute),
            self.classes,
            self._missing(attribute),
            bin_confidence=confidence,
        )

    def people_by_group(self, attribute: str) -> Codes:
        """Number of people of each group, int64, shape (groups,)."""
        membership = self.memberships[attribute]
        if not self.several_faces:
            sizes = np.bincount(membership.codes + 1, minlength=len(membership.names) + 1)
            return np.asarray(sizes[1:], dtype=np.int64)
        pairs = np.stack([self.person, membership.codes])[:, membership.codes >= 0]
        groups: Codes = np.unique(pairs, axis=1)[1]
        return np.asarray(np.bincount(groups, minlength=len(membership.names)), dtype=np.int64)

    def _names(self, attribute: str) -> tuple[str, ...]:
        return self.memberships[attribute].names

    def _missing(self, attribute: str) -> int:
        return int((self.memberships[attribute].codes < 0).sum())

    def _counted(self, attribute: str, answers: Codes, n_answers: int) -> Codes:
        membership = self.memberships[attribute]
        known = membership.codes >= 0
        cells = membership.codes[known] * n_answers + answers[known]
        size = len(membership.names) * n_answers
        return np.bincount(cells, minlength=size).astype(np.int64)


def worth_of_faces(true: Codes, predicted: Codes, person: Codes) -> float:
    """Independent faces that tell as much about recall as one of these, at most 1.

    One over the design effect, sum over people of (sum of their residuals)^2 by the sum of squared
    residuals, a residual being whether a face is recognised less the recall of its class (Kish
    1965, Survey Sampling; as in cluster-robust variances).

    Args:
        true: True class of each face, codes, shape (faces,).
        predicted: Predicted class, likewise.
        person: Whose face it is, codes from 0, shape (faces,).
    """
    right = (true == predicted).astype(np.float64)
    of_class = np.maximum(np.bincount(true), 1)
    residuals = right - (np.bincount(true, weights=right) / of_class)[true]
    independent = float((residuals**2).sum())
    together = float((np.bincount(person, weights=residuals) ** 2).sum())
    return 1.0 if independent == 0 else min(1.0, independent / max(together, independent))


def judged_faces(
    frame: pd.DataFrame,
    groups: Mapping[str, pd.Series],
    *,
    emotions: Sequence[str],
    confidence: Array | None = None,
    people: pd.Series | None = None,
) -> JudgedFaces:
    """Put together what the tests of one table of predictions need.

    Args:
        frame: Columns emotion and predicted_emotion, one row a face.
        groups: The group of each row by attribute, missing where not known.
        emotions: All classes.
        confidence: Probability of the predicted class of each row, where there are any.
        people: Whose face each row is; by default everybody has one.

    Raises:
        InvalidInputError: If a class is unknown.
    """
    bins, means = (None, None) if confidence is None else bins_of_confidence(confidence)
    person = np.arange(len(frame)) if people is None else pd.factorize(people)[0]
    return JudgedFaces(
        classes=tuple(emotions),
        true=codes_of("true class", frame["emotion"], emotions),
        predicted=codes_of("predicted class", frame["predicted_emotion"], emotions),
        memberships={name: _membership(column) for name, column in groups.items()},
        person=person.astype(np.int64),
        bins=bins,
        bin_confidence=means,
    )


def _membership(groups: pd.Series) -> Membership:
    if pd.api.types.infer_dtype(groups) == "string":  # else 1 and True would be one group
        places, texts = pd.factorize(groups)
        order, place_of = np.unique(texts.astype(object), return_inverse=True)
        codes = np.append(place_of, -1)[places].astype(np.int64)
        return Membership(tuple(map(str, order)), codes)
    known = groups.notna()
    codes = np.full(len(groups), -1, dtype=np.int64)
    found, names = pd.factorize(groups[known].astype(str), sort=True)
    codes[known.to_numpy()] = found
    return Membership(tuple(map(str, names)), codes)
