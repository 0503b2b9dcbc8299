"""FairFace's groups at the grain the labeller learns them, and at the grain it is asked for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.race_labeling import AgeGrouping, RaceGrouping
from fer_fairness.taxonomy import (
    FAIRFACE_AGE_GROUPS,
    FAIRFACE_RACES,
    FAIRFACE_TO_COARSE_RACE,
    GENDERS,
    TO_COARSE_AGE_GROUP,
)


@dataclass(frozen=True)
class Grouping:
    """A way to divide faces by an attribute.

    Attributes:
        name: `gender`, `fairface_7`, `fairface_9` or `coarse_4`.
        members: FairFace's group -> the group of this grouping that it belongs to.
    """

    name: str
    members: Mapping[str, str]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the taxonomy's order."""
        return tuple(dict.fromkeys(self.members.values()))

    @property
    def is_coarser(self) -> bool:
        """Whether it brings any of FairFace's groups together."""
        return len(self.groups) < len(self.members)

    def of(self, members: Collection[str]) -> "Grouping":
        """The same grouping of fewer of FairFace's groups."""
        kept = {group: name for group, name in self.members.items() if group in members}
        return Grouping(self.name, kept)

    def summed(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities of these groups, `(n, groups)`, from those of FairFace's `(n, members)`."""
        belongs = np.array([[of == group for group in self.groups] for of in self.members.values()])
        # A sum of parts of one can exceed it in the last digit; a probability must not.
        shares: np.ndarray = np.minimum(probabilities @ belongs.astype(np.float64), 1.0)
        return shares


FAIRFACE_GROUPINGS: Mapping[str, Grouping] = {
    "gender": Grouping("gender", {group: group for group in GENDERS}),
    "race": Grouping("fairface_7", {group: group for group in FAIRFACE_RACES}),
    "age_group": Grouping("fairface_9", {group: group for group in FAIRFACE_AGE_GROUPS}),
}
"""Attribute -> FairFace's own groups, which the classifiers tell apart."""


def asked_groupings(race: RaceGrouping, age: AgeGrouping) -> dict[str, Grouping]:
    """Attribute -> the grouping that labels are given in."""
    asked = dict(FAIRFACE_GROUPINGS)
    if race == "coarse_4":
        asked["race"] = Grouping(race, dict(FAIRFACE_TO_COARSE_RACE))
    if age == "coarse_4":
        members = {group: TO_COARSE_AGE_GROUP[group] for group in FAIRFACE_AGE_GROUPS}
        asked["age_group"] = Grouping(age, members)
    return asked


def grouped_labels(faces: pd.DataFrame, attribute: str, grouping: Grouping) -> pd.Series:
    """An attribute of FairFace's faces in a grouping, missing where the table has none.

    Raises:
        InvalidInputError: If a label is none of FairFace's.
    """
    labels = faces[attribute]
    mapped = labels.map(dict(grouping.members))
    unknown = labels.notna() & mapped.isna()
    if unknown.any():
        row = faces[unknown].iloc[0]
        raise InvalidInputError(
            f"Face {row['sample_id']} has {attribute} {row[attribute]!r}; the labeller learns from "
            f"and is measured on FairFace's groups, of which these have faces to learn from: "
            f"{', '.join(grouping.members)}. Give FairFace's faces, or correct the label file."
        )
    return mapped


def group_codes(labels: pd.Series, groups: tuple[str, ...]) -> np.ndarray:
    """Position of each label among `groups`, int `(n,)`; -1 where it is missing."""
    codes: np.ndarray = pd.Index(groups).get_indexer(pd.Index(labels))
    return codes
