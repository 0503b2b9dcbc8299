"""Reweighing: training weights under which group and emotion are independent."""

import logging
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import

Weights: TypeAlias = npt.NDArray[np.float64]

CELL_COLUMNS: Final = ("group", "emotion", "n_people", "weight")

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reweighed:
    """Weights of training faces.

    Attributes:
        weights: float64, shape (people,): w(g, c) = N_g N_c / (N N_gc) over the people with a
            known group, whose weights sum to their number; 1 for the others.
        cells: group, emotion, n_people, weight: one row a pair that occurs.
        n_missing: People without a group.
    """

    weights: Weights
    cells: pd.DataFrame
    n_missing: int


def reweigh(labels: pd.Series, groups: pd.Series) -> Reweighed:
    """Weigh people so that every group has the same mix of emotions.

    Kamiran and Calders 2012, doi 10.1007/s10115-011-0463-8, through AIF360's `Reweighing`, which
    takes any number of groups and classes.

    Args:
        labels: Emotion of each person.
        groups: Group of each person, in the same order; may be missing.

    Raises:
        InvalidInputError: If lengths differ or an emotion is missing.
    """
    emotions = labels.to_numpy(dtype=object)
    members = groups.to_numpy(dtype=object)
    if len(emotions) != len(members):
        raise InvalidInputError(
            f"Reweighing needs an emotion and a group a person, found {len(emotions)} emotions and "
            f"{len(members)} groups."
        )
    unlabelled = np.flatnonzero(pd.isna(emotions))
    if unlabelled.size:
        raise InvalidInputError(
            f"Row {unlabelled[0]} has no emotion ({unlabelled.size} rows are like it): there is "
            "nothing to weigh it by. Give only people with a majority emotion."
        )
    known = pd.notna(members)
    weights = np.ones(len(emotions), dtype=np.float64)
    weights[known] = _aif360_weights(emotions[known], members[known])
    table = pd.DataFrame(
        {"group": members[known], "emotion": emotions[known], "weight": weights[known]}
    )
    cells = table.groupby(["group", "emotion"], as_index=False).agg(
        n_people=("weight", "size"), weight=("weight", "first")
    )
    return Reweighed(weights, cells[list(CELL_COLUMNS)], int((~known).sum()))


def reweighing_weights(labels: pd.Series, groups: pd.Series) -> Weights:
    """The weights of `reweigh`, float64, shape (people,); logs how many people have no group."""
    reweighed = reweigh(labels, groups)
    if reweighed.n_missing:
        _LOGGER.info(
            "%d of %d people have no group and keep the weight 1",
            reweighed.n_missing,
            len(reweighed.weights),
        )
    return reweighed.weights


def _aif360_weights(emotions: npt.NDArray[np.object_], members: npt.NDArray[np.object_]) -> Weights:
    if not len(emotions):
        return np.ones(0)
    with quiet_aif360_import():
        from aif360.sklearn.preprocessing import Reweighing
    people = pd.DataFrame({"person": 1.0}, index=pd.Index(members, name="group", dtype=object))
    _, weights = Reweighing("group").fit_transform(people, emotions.astype(str))
    return np.asarray(weights, dtype=np.float64)
