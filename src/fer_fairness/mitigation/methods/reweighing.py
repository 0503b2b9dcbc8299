"""Reweighing: training weights under which group and emotion are independent."""

import logging
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.mitigation.composition import Composition, training_faces
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Method, Need
from fer_fairness.modeling import WEIGHT
from fer_fairness.taxonomy import Attribute

logger = logging.getLogger(__name__)


class Reweighing(Method):
    """Weighs each face by group and emotion, w(g, c) = (N_g N_c / (N N_gc)) ** strength.

    N are numbers of the training faces that have a majority emotion and whose group is known, a
    predicted one being taken as certain; weights of strength 1 sum to their number where every
    group shows every emotion, and to less otherwise. Other faces have the weight 1. AIF360's
    `Reweighing` computes them, for any number of groups and emotions.
    """

    label: ClassVar[str] = "Reweighing (AIF360)"
    source: ClassVar[str] = "Kamiran and Calders 2012, doi 10.1007/s10115-011-0463-8"
    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.5, 1.0)}

    method: Literal["reweighing"] = "reweighing"
    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups are weighted against emotions."
    )
    strength: float = Field(
        default=1.0,
        ge=0.0,
        description="Exponent of the weights: 1 makes group and emotion independent, 0 weighs all "
        "faces alike.",
    )

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face that has an emotion, with its weight."""
        plain = super().training_set(faces, images, given)
        chosen = training_faces(faces)
        chosen = chosen[chosen["emotion"].notna()]
        weights = pd.Series(
            reweighing_weights(chosen["emotion"], chosen[self.attribute]) ** self.strength,
            index=chosen["sample_id"],
        )
        # A face with votes but no majority emotion is trained on all the same.
        weight = plain.columns["sample_id"].map(weights).fillna(1.0)
        return Composition(plain.columns.assign(**{WEIGHT: weight}), plain.added)


def reweighing_weights(emotions: pd.Series, groups: pd.Series) -> npt.NDArray[np.float64]:
    """AIF360's weights, of strength 1; logs how many people have no group.

    Args:
        emotions: Emotion of each person, never missing.
        groups: Group of each person, in the same order; may be missing.

    Returns:
        float64, shape (people,).
    """
    known = groups.notna().to_numpy()
    weights = np.ones(len(known))
    if not known.all():
        logger.info(
            "%d of %d people have no group and keep the weight 1", (~known).sum(), len(known)
        )
    if known.any():
        with quiet_aif360_import():
            from aif360.sklearn.preprocessing import Reweighing as Aif360Reweighing
        members = pd.Index(groups[known].to_numpy(dtype=object), name="group", dtype=object)
        people = pd.DataFrame({"person": 1.0}, index=members)
        labels = emotions[known].to_numpy(dtype=object).astype(str)
        _, weights[known] = Aif360Reweighing("group").fit_transform(people, labels)
    return weights
