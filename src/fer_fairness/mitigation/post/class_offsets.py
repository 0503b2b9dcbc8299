"""Offsets of the logits: rare emotions are predicted more often, in a group where that helps."""

import logging
from typing import ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import softmax

from fer_fairness.mitigation.calibration import OffsetProblem
from fer_fairness.mitigation.post_method import Json, PostMethod
from fer_fairness.mitigation.scored import (
    N_EMOTIONS,
    Array,
    Flags,
    Indices,
    emotion_codes,
    group_names,
    group_shares,
    log_probabilities,
    memberships,
    probabilities_of,
    with_probabilities,
)
from fer_fairness.modeling.temperature import fit_temperature
from fer_fairness.taxonomy import Attribute

logger = logging.getLogger(__name__)

_SHARPNESS: Final = 20.0
"""Per nat: a group whose loss is a tenth of a nat below the worst one's counts a seventh of it."""


class ClassOffsetsRules(BaseModel):
    """What was fitted, JSON-able.

    Attributes:
        common: The offset of each of `EMOTIONS`, added to its logit.
        by_group: What a group has beside that.
        shares: How large each of these groups is among validation faces.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    common: list[float] = [0.0] * N_EMOTIONS
    by_group: dict[str, list[float]] = {}
    shares: list[float] = []


class ClassOffsets(PostMethod):
    """Predicts argmax_c z_c + b_c + d_gc, and gives the softmax of that as probabilities.

    Offsets b, and with `by_group` d, minimise on validation faces the mean over emotions of their
    mean log loss (a convex stand-in for mean recall; `aim: worst_group`: nearly the largest such
    mean of any group), plus `shrinkage` |b|^2 + `group_shrinkage` |d|^2. Meanwhile logits are
    divided by the temperature that fits all faces, so that a model that is too sure of itself gets
    no smaller offsets; the offsets are multiplied by it.

    Zietlow and others move the threshold of a binary answer in each group; here there is one
    number an emotion. A face of predicted group has the mean of the groups' offsets under its
    probabilities, a face of unknown group b alone. Emotions that no validation face shows have the
    offset 0, and so has d where a group has less than `minimum_faces` of an emotion; in the mean of
    that group, which `worst_group` looks at, all faces of the emotion then stand for its own.
    """

    label: ClassVar[str] = "Offsets by emotion"
    source: ClassVar[str] = "Menon et al. 2021, arXiv 2007.07314; Zietlow et al. 2022"
    search: ClassVar = {
        "shrinkage": (0.001, 0.01, 0.1),
        "group_shrinkage": (0.001, 0.01, 0.1),  # acts with by_group alone
    }

    method: Literal["class_offsets"] = "class_offsets"
    attribute: Attribute = Field(
        default="gender", description="Attribute of the groups, for by_group and worst_group."
    )
    by_group: bool = Field(default=False, description="Whether groups have offsets of their own.")
    aim: Literal["mean_recall", "worst_group"] = Field(
        default="mean_recall", description="What offsets are fitted for."
    )
    shrinkage: float = Field(
        default=0.01, gt=0.0, description="Of the offsets of all faces; large: they are 0."
    )
    group_shrinkage: float = Field(
        default=0.01, gt=0.0, description="Of the offsets of groups; large: they are 0."
    )
    minimum_faces: int = Field(
        default=10,
        ge=1,
        description="Validation faces that a group needs of an emotion for an offset of its own.",
    )

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Fit the offsets on validation predictions.

        Args:
            validation: As of every `PostMethod`.
        """
        if validation.empty:
            return ClassOffsetsRules().model_dump(mode="json")
        names = group_names(validation, self.attribute)
        shares = group_shares(validation, self.attribute, names)
        belongs = memberships(validation, self.attribute, names, shares)
        true = emotion_codes(validation["emotion"])
        counts = belongs.T @ np.eye(N_EMOTIONS)[true]
        logits = log_probabilities(validation)
        temperature, _ = fit_temperature(logits, true)
        # The last group are faces of unknown group.
        belongs = np.column_stack([belongs, belongs.sum(axis=1) == 0])
        weights, sharpness = self._weights(true, belongs, counts >= self.minimum_faces)
        importance = weights.sum(axis=0)
        is_free = np.zeros((len(names) + 2, N_EMOTIONS), dtype=bool)
        is_free[0, true] = True
        is_free[1:-1] = (counts >= self.minimum_faces) & self.by_group
        found = (
            temperature
            * OffsetProblem(
                (logits / temperature)[:, np.newaxis],
                true,
                weights / np.where(importance > 0, importance, 1.0),
                importance / importance.sum(),
                is_free,
                strength=self.shrinkage,
                group_strength=self.group_shrinkage,
                sharpness=sharpness,
            ).solution()
        )
        by_group = dict(zip(names, found[1:-1].tolist(), strict=True)) if self.by_group else {}
        return ClassOffsetsRules(
            common=found[0].tolist(),
            by_group=by_group,
            shares=shares.tolist() if by_group else [],
        ).model_dump(mode="json")

    def _weights(self, true: Indices, belongs: Array, enough: Flags) -> tuple[Array, float]:
        """How much each face counts for each group, the last being the unknown; the sharpness."""
        if self.aim == "worst_group" and enough.any():
            of_group = np.where(enough[:, true].T, belongs[:, :-1], 1.0)
            totals = of_group.T @ np.eye(N_EMOTIONS)[true]
            return np.column_stack([of_group / totals[:, true].T, np.zeros(len(true))]), _SHARPNESS
        if self.aim == "worst_group":
            logger.info(
                "%s: no group of %s has %d validation faces of an emotion: offsets are fitted for "
                "mean recall",
                self.name or self.label,
                self.attribute,
                self.minimum_faces,
            )
        return belongs / np.bincount(true)[true][:, np.newaxis], 0.0

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:  # noqa: ARG002  nothing is drawn
        """Predictions and probabilities of the moved logits; faces without offset stay as they are.

        Args:
            scored: As of every `PostMethod`.
            rules: What `fit` gave.
            seed: Not used.
        """
        fitted = ClassOffsetsRules.model_validate(rules)
        names = list(fitted.by_group)
        belongs = memberships(scored, self.attribute, names, np.array(fitted.shares))
        of_groups = np.array([*fitted.by_group.values()]).reshape(-1, N_EMOTIONS)
        offsets = np.array(fitted.common) + belongs @ of_groups
        moved = offsets.any(axis=1)
        probabilities = probabilities_of(scored)
        after = emotion_codes(scored["predicted_emotion"])
        probabilities[moved] = softmax((log_probabilities(scored) + offsets)[moved], axis=1)
        after[moved] = probabilities[moved].argmax(axis=1)
        return with_probabilities(scored, probabilities, after)
