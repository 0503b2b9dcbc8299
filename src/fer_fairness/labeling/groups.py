"""FairFace's groups at the grain the labeller is asked for."""

from collections.abc import Mapping

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


def group_maps(race: RaceGrouping, age: AgeGrouping) -> dict[str, dict[str, str]]:
    """For each attribute, FairFace's group -> the group that the labeller tells apart."""
    return {
        "gender": _identity(GENDERS),
        "race": _identity(FAIRFACE_RACES)
        if race == "fairface_7"
        else dict(FAIRFACE_TO_COARSE_RACE),
        "age_group": _identity(FAIRFACE_AGE_GROUPS)
        if age == "fairface_9"
        else {group: TO_COARSE_AGE_GROUP[group] for group in FAIRFACE_AGE_GROUPS},
    }


def grouped_labels(faces: pd.DataFrame, attribute: str, groups: Mapping[str, str]) -> pd.Series:
    """An attribute of the faces at the grain of `groups`, missing where the table has none.

    Raises:
        InvalidInputError: If a label is none of FairFace's.
    """
    labels = faces[attribute]
    mapped = labels.map(groups)
    unknown = labels.notna() & mapped.isna()
    if unknown.any():
        row = faces[unknown].iloc[0]
        raise InvalidInputError(
            f"Face {row['sample_id']} has {attribute} {row[attribute]!r}; the labeller learns from "
            f"and is measured on FairFace's groups: {', '.join(groups)}."
        )
    return mapped


def _identity(groups: tuple[str, ...]) -> dict[str, str]:
    return {group: group for group in groups}
