"""Faces as they are judged: what they show, what they are given, whose they are, and their groups.

Tests shuffle the groups of whole people over all attributes at once, so they need more than one
table of counts an attribute: which groups belong to one person, and which faces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from fer_fairness.fairness.codes import Codes, Part, code_type, codes_of, combined, tallied
from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.group_names import names_of
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
        codes: Position of each face's group in `names`, shape (faces,); -1 where missing.
    """

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True)
class JudgedFaces:
    """Faces, their groups by all attributes, and what a model made of them.

    Attributes:
        classes: All classes.
        true: True class of each face, codes, shape (faces,).
        predicted: Predicted class of each face, likewise.
        memberships: The groups by attribute, intersections too.
        person: Whose face it is, codes from 0, shape (faces,).
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
        n = len(self.classes)
        return combined((self.true, n), (self.predicted, n))

    @property
    def binned_answers(self) -> Codes:
        """True class, bin of confidence and whether right as one code, shape (faces,).

        Raises:
            ValueError: There are no probabilities.
        """
        if self.bins is None or self.bin_confidence is None:
            raise ValueError("These faces have no probabilities.")
        right = (self.true == self.predicted).view(np.int8)
        return combined(
            (self.true, len(self.classes)), (self.bins, len(self.bin_confidence)), (right, 2)
        )

    @property
    def worth(self) -> float:
        """Independent faces that tell as much about recall as one of these, at most 1."""
        if not self.several_faces:
            return 1.0
        return worth_of_faces(self.true, self.predicted, self.person)

    def labelled(self, *attributes: str) -> Self:
        """Where people have several faces, only those with a group of one attribute at least.

        Args:
            attributes: By default all.
        """
        if not self.several_faces:
            return self
        names = attributes or tuple(self.memberships)
        known = np.logical_or.reduce([self.memberships[name].codes >= 0 for name in names])
        if known.all():
            return self
        person: Codes = np.unique(self.person[known], return_inverse=True)[1].ravel()
        return replace(
            self,
            true=self.true[known],
            predicted=self.predicted[known],
            memberships={
                name: replace(part, codes=part.codes[known])
                for name, part in self.memberships.items()
            },
            person=person.astype(self.person.dtype),
            bins=None if self.bins is None else self.bins[known],
        )

    def grouped(self, groups: Mapping[str, pd.Series]) -> Self:
        """The same faces with other groups: that of each face by attribute."""
        memberships = {name: _membership(column) for name, column in groups.items()}
        return replace(self, memberships=memberships)

    def counts(self, attribute: str) -> GroupCounts:
        """Faces by group, true class and predicted class."""
        n = len(self.classes)
        counted = tallied(self._membership(attribute), (self.true, n), (self.predicted, n))
        return GroupCounts(counted, self._names(attribute), self.classes, self._missing(attribute))

    def calibration(self, attribute: str) -> CalibrationCounts:
        """Faces by group, true class, and bin of confidence with whether they are right."""
        confidence = np.asarray(self.bin_confidence)
        shape = (len(self.classes), 2 * len(confidence))
        counted = tallied(self._membership(attribute), (self.binned_answers, shape[0] * shape[1]))
        return CalibrationCounts(
            counted.reshape(-1, *shape),
            self._names(attribute),
            self.classes,
            self._missing(attribute),
            bin_confidence=confidence,
        )

    def people_by_group(self, attribute: str) -> Counts:
        """Number of people of each group, int64, shape (groups,)."""
        membership = self.memberships[attribute]
        if not self.several_faces:
            return tallied(self._membership(attribute))
        pairs = np.stack([self.person, membership.codes])[:, membership.codes >= 0]
        groups: Codes = np.unique(pairs, axis=1)[1]
        return np.asarray(np.bincount(groups, minlength=len(membership.names)), dtype=np.int64)

    def _names(self, attribute: str) -> tuple[str, ...]:
        return self.memberships[attribute].names

    def _missing(self, attribute: str) -> int:
        return int((self.memberships[attribute].codes < 0).sum())

    def _membership(self, attribute: str) -> Part:
        membership = self.memberships[attribute]
        return membership.codes, len(membership.names)


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
    kind = code_type(len(frame))
    rows = np.arange(len(frame), dtype=kind)
    person = rows if people is None else pd.factorize(people)[0].astype(kind)
    return JudgedFaces(
        classes=tuple(emotions),
        true=codes_of("true class", frame["emotion"], emotions),
        predicted=codes_of("predicted class", frame["predicted_emotion"], emotions),
        memberships={name: _membership(column) for name, column in groups.items()},
        person=person,
        bins=bins,
        bin_confidence=means,
    )


def _membership(groups: pd.Series) -> Membership:
    named = names_of(groups)
    return Membership(tuple(named.cat.categories), np.asarray(named.cat.codes))
